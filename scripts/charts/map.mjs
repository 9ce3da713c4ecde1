// @ts-check
/**
 * The map: where changes move a model, across and up, in percent.
 *
 * data: {across, up: names of the axes; points: [{key, label, value, role, number, x, y, xLow, xHigh, yLow, yHigh}];
 * arrows: [{from, to: keys of points, role}]}. Bounds of an interval may be missing. Roles become classes. A point with
 * a number shows it in the narrow drawing in place of its label; the page says beside the drawing what it is.
 */

import * as Plot from "@observablehq/plot";
import { place } from "./labels.mjs";
import { classed, plot, units } from "./svg.mjs";
import { widthOf } from "./text_width.mjs";

// Units are pixels where the picture has its full width. right: room for labels beside what stands at the far end.
const SIZES = {
  wide: { width: 720, height: 530, left: 44, right: 262, top: 36, bottom: 56, text: 14, lead: 15, r: 7 },
  narrow: { width: 350, height: 450, left: 36, right: 20, top: 34, bottom: 52, text: 14, lead: 14, r: 7 },
};
const INSET = 14; // so that what stands at none or at all is whole
const BELOW = 46; // so that a label has room under what stands at none
const SYMBOLS = { knowledge: "triangle", behaviour: "diamond2", both: "star", base: "circle", other: "circle" };
const REACH = { triangle: 9, diamond2: 8, star: 12, circle: 8 }; // from a symbol's middle to its tips
const TICKS = [0, 25, 50, 75, 100];
const LINE = 1.2; // height of a line of text
// What it costs a label to lie on a line, and how close counts: an arrow has a head.
const COVERED = { arrow: { cost: 400, reach: 7 }, whisker: { cost: 30, reach: 2 }, axis: { cost: 80, reach: 2 } };

export function draw(data) {
  return Object.entries(SIZES).map(([name, size]) => ({ size, svg: drawing(data, name, size) }));
}

function drawing(data, name, size) {
  const { width, height, left, right, top, bottom } = size;
  const across = (value) => left + INSET + (value / 100) * (width - left - right - 2 * INSET);
  const up = (value) => height - bottom - BELOW - (value / 100) * (height - top - bottom - INSET - BELOW);
  const at = new Map(data.points.map((one) => [one.key, { x: across(one.x), y: up(one.y) }]));
  const arrows = data.arrows.map((arrow) => ({ ...ends(at.get(arrow.from), at.get(arrow.to)), role: arrow.role }));
  const whiskers = data.points.flatMap((one) => intervals(one, across, up));
  const [zeroX, zeroY] = [across(0), up(0)];
  const axes = [
    ends({ x: zeroX, y: top }, { x: zeroX, y: height - bottom }),
    ends({ x: left, y: zeroY }, { x: width - right, y: zeroY }),
  ];
  const leads = new Set(data.arrows.flatMap((arrow) => [arrow.from, arrow.to]));
  const labels = data.points.map((one) => label(one, at.get(one.key), leads.has(one.key), name === "narrow", size));
  const lines = Object.entries({ arrow: arrows, whisker: whiskers, axis: axes }).flatMap(([what, some]) =>
    some.map((line) => ({ ...line, ...COVERED[what] })),
  );
  const bounds = { x: left + 4, y: top - 8, width: width - left - 6, height: height - bottom - top + 6 };
  const placed = place(labels, lines, bounds).map((box, i) => ({ ...labels[i], ...box, mark: at.get(labels[i].key) }));
  return plot({
    width, height, marginLeft: left, marginRight: right, marginTop: top, marginBottom: bottom, inset: INSET, insetBottom: BELOW,
    x: { domain: [0, 100], axis: null },
    y: { domain: [0, 100], axis: null },
    marks: [
      ...grid(data, size, across, up),
      ...axes.map((line) => lineMark("zero", line)),
      ...placed.filter((one) => one.line).map((one) => lineMark("leader", one.line)),
      ...whiskers.map((line) => lineMark(`whisker ${line.role}`, line)),
      ...arrows.flatMap((arrow) => arrowMarks(arrow, size.r)),
      ...data.points.map((one) => Plot.dot([one], classed(`point ${one.role}`, {
        x: "x", y: "y", symbol: SYMBOLS[one.role], r: size.r,
      }))),
      ...placed.flatMap(labelMarks),
    ],
  }, `drawing ${name}`);
}

/** Lines at the ticks, the ticks' values, and the name of each axis at its end. */
function grid(data, { width, height, left, right, top, bottom, text }, across, up) {
  const [low, end] = [height - bottom, width - right];
  return [
    ...TICKS.filter(Boolean).flatMap((tick) => [
      lineMark("grid", ends({ x: across(tick), y: top }, { x: across(tick), y: low })),
      lineMark("grid", ends({ x: left, y: up(tick) }, { x: end, y: up(tick) })),
    ]),
    ...TICKS.flatMap((tick) => [
      textMark("tick", across(tick), low + text, `${tick}`, "middle"),
      textMark("tick", left - 6, up(tick), `${tick}`, "end"),
    ]),
    textMark("axis", 2, text, `\u2191 ${data.up}`, "start"),
    textMark("axis", end, height - text, `${data.across} \u2192`, "end"),
  ];
}

function intervals({ x, y, xLow, xHigh, yLow, yHigh, role }, across, up) {
  const lines = [];
  if (xLow !== undefined) lines.push(ends({ x: across(xLow), y: up(y) }, { x: across(xHigh), y: up(y) }));
  if (yLow !== undefined) lines.push(ends({ x: across(x), y: up(yLow) }, { x: across(x), y: up(yHigh) }));
  return lines.map((line) => ({ ...line, role }));
}

/** Return the lines of a point's label, its size, and where its mark is. lead: an arrow ends there. */
function label({ key, label, value, role, number }, { x, y }, lead, narrow, { text, lead: large }) {
  const named = lead ? { class: `name lead ${role}`, size: large, bold: true } : { class: "name", size: text };
  const lines = narrow && number
    ? [{ ...named, class: "name number", text: `${number}`, bold: true }]
    : [{ ...named, text: label }, { class: "value", size: text, text: value }];
  const width = Math.max(...lines.map((line) => widthOf(line.text, line.size, line.bold)));
  return { key, x, y, r: REACH[SYMBOLS[role]], lines, width, height: lines.reduce((sum, line) => sum + line.size * LINE, 0) };
}

/** Write a label where its place is, towards its mark. */
function labelMarks({ lines, mark, x, y, width, r }) {
  const anchor = x >= mark.x - r - 1 ? "start" : x + width <= mark.x + r + 1 ? "end" : "middle";
  const along = { start: x, middle: x + width / 2, end: x + width }[anchor];
  let top = y;
  return lines.map((line) => {
    const middle = top + (line.size * LINE) / 2;
    top += line.size * LINE;
    return textMark(line.class, along, middle, line.text, anchor);
  });
}

/** An arrow that leaves its ends free. That of both has two colours, one over the other. */
function arrowMarks({ role, ...line }, r) {
  const insets = { insetStart: r + 5, insetEnd: r + 8, strokeWidth: 4 };
  const arrow = Plot.arrow([line], classed(`arrow ${role}`, { ...channels(line), ...insets, headLength: 7 }));
  const over = Plot.arrow([line], classed(`arrow ${role} over`, { ...channels(line), ...insets, headLength: 0 }));
  return role === "both" ? [arrow, over] : [arrow];
}

function textMark(names, x, y, text, textAnchor) {
  return Plot.text([text], classed(names, { x: units([x]), y: units([y]), text: [text], textAnchor }));
}

function lineMark(names, line) {
  return Plot.link([line], classed(names, channels(line)));
}

function channels({ x1, y1, x2, y2 }) {
  return { x1: units([x1]), y1: units([y1]), x2: units([x2]), y2: units([y2]) };
}

function ends(from, to) {
  return { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
}
