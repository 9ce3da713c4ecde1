// @ts-check
/** A table that is wider than the page scrolls sideways: then, and only then, the keyboard can reach it too. */

/** @param {Element} frame the box that the theme puts round every table */
function settle(frame) {
  const wide = frame.scrollWidth > frame.clientWidth;
  const name = frame.querySelector("table")?.getAttribute("aria-label") ?? "Table";
  const attributes = { tabindex: "0", role: "group", "aria-label": `${name}, scrolls sideways` };
  for (const [attribute, value] of Object.entries(attributes)) {
    if (wide) frame.setAttribute(attribute, value);
    else frame.removeAttribute(attribute);
  }
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => settle(target)));

function watch() {
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap")) sizes.observe(frame);
}

watch();
new MutationObserver(watch).observe(document.body, { childList: true, subtree: true }); // later pages of the same visit
