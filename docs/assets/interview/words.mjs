// @ts-check
/** Puts numbers and dates into the page's own words. */

/** @param {ParentNode} within @param {string} selector @returns {any} */
export const one = (within, selector) => within.querySelector(selector);

/** @param {string} text such as "{n} of {m}" @param {Record<string, string | number>} values */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Say something; the same words again are left alone, so that they are not read out twice.
 * @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Fill an element's data-text. @param {HTMLElement} element @param {Record<string, string | number>} values */
export const fill = (element, values) => say(element, filled(element.dataset.text ?? "", values));

/** Fill a button's own words, of which it keeps a copy. @param {HTMLElement} button @param {Record<string, string | number>} values */
export function label(button, values, other = false) {
  button.dataset.first ??= button.textContent ?? "";
  say(button, filled((other ? button.dataset.other : button.dataset.first) ?? "", values));
}

/** The hour of a moment that is near, else its day. @param {number} when @param {number} now both in ms @param {string} locale */
export function moment(when, now, locale) {
  const today = new Date(when).toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(locale, today ? { timeStyle: "short" } : { dateStyle: "medium" }).format(when);
}
