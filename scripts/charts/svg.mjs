// @ts-check
/** What all forms share: a document for Plot to draw in, and its drawing as text that any page may hold. */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

export const { document } = parseHTML("<html><body></body></html>");

// What Plot writes for a page without a stylesheet, and names that a picture told by its description does not need.
const LEFT_OUT = ["aria-label", "aria-hidden", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
  "stroke-miterlimit", "stroke-opacity", "font-size", "font-family", "font-weight", "font-variant", "class", "style",
  "xmlns", "xmlns:xlink"];

/** Options of a mark, whose group gets these classes: colours are the stylesheet's. */
export function classed(names, options) {
  const render = (index, scales, values, dimensions, context, next) => {
    const group = next(index, scales, values, dimensions, context);
    group?.setAttribute("data-class", names);
    return group;
  };
  return { ...options, render };
}

/** Options of a channel that is in units of the picture already. */
export function units(value) {
  return { value, scale: null };
}

/** Return Plot's drawing for its options, cleaned: no style, no colour, numbers with one decimal. */
export function plot(options, names) {
  const svg = Plot.plot({ ...options, document });
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    for (const name of LEFT_OUT) element.removeAttribute(name);
    for (const { name, value } of [...element.attributes]) {
      if (name === "data-class") {
        element.removeAttribute(name);
        element.setAttribute("class", value);
      } else {
        element.setAttribute(name, value.replace(/-?\d+\.\d+(e-?\d+)?/g, (number) => `${rounded(Number(number))}`));
      }
    }
  }
  svg.setAttribute("class", names);
  for (const side of ["width", "height"]) svg.setAttribute(side, "100%");
  return svg;
}

/** Return a figure's picture: its drawings, the widest first, of which the stylesheet shows the one that fits. */
export function whole({ name, title, description }, drawings) {
  const text = (content) => content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const [{ width, height }] = drawings.map((drawing) => drawing.size);
  for (const { svg } of drawings.slice(1)) svg.setAttribute("display", "none"); // where there is no stylesheet
  return [
    `<svg class="chart-picture" width="${width}" height="${height}" role="img" ` +
      `aria-labelledby="${name}-title ${name}-desc">`,
    `<title id="${name}-title">${text(title)}</title>`,
    `<desc id="${name}-desc">${text(description)}</desc>`,
    ...drawings.map((drawing) => drawing.svg.outerHTML),
    "</svg>\n",
  ].join("\n");
}

export function rounded(number) {
  return Math.round(number * 10) / 10 + 0; // + 0: no minus zero
}
