// @ts-check
/** How wide a text is at most in the fonts that readers have: the widths of DejaVu Sans, the widest of them. */

const WIDTHS = [
  ["ijl.,:;'|! ()[]/\u00a0", 0.4],
  ["frt-\u2013", 0.44],
  ["mwMWm%@", 0.95],
  ["ABCDEFGHKLNOPQRSTUVXYZ+<>=&", 0.76],
  ["cksvxyzJ", 0.58],
];
const OTHER = 0.64; // letters and digits
const BOLD = 1.1;

export function widthOf(/** @type {string} */ text, /** @type {number} */ size, bold = false) {
  const ems = [...text].reduce((sum, letter) => sum + (WIDTHS.find(([set]) => set.includes(letter))?.[1] ?? OTHER), 0);
  return ems * size * (bold ? BOLD : 1);
}
