// @ts-check
/** What a reader takes away from a verdict: its link, its decision record, a sheet of paper. */

/**
 * Copy a text, or show it to copy by hand where the browser does not allow it.
 * @param {HTMLElement} quiz the element with the status line and the field
 * @param {string} text
 * @param {string} done what to say then
 * @param {string} failed what to say where it is shown instead
 */
export async function copy(quiz, text, done, failed) {
  const byHand = /** @type {HTMLTextAreaElement} */ (quiz.querySelector("[data-by-hand]"));
  try {
    await navigator.clipboard.writeText(text);
    byHand.hidden = true;
    say(quiz, done);
  } catch {
    say(quiz, failed);
    byHand.hidden = false;
    byHand.value = text;
    byHand.select();
  }
}

/** Take back what was said of copying: the verdict is another one. @param {HTMLElement} quiz */
export function forgetCopy(quiz) {
  say(quiz, "");
  /** @type {HTMLElement} */ (quiz.querySelector("[data-by-hand]")).hidden = true;
}

/**
 * Let the links hold the record and the verdict's own page.
 * @param {HTMLElement} quiz
 * @param {string} record Markdown
 * @param {string} page address of the page
 */
export function offer(quiz, record, page) {
  const link = (/** @type {string} */ where) => /** @type {HTMLAnchorElement} */ (quiz.querySelector(where));
  link("[data-download]").href = `data:text/markdown;charset=utf-8,${encodeURIComponent(record)}`;
  link("[data-share]").href = page;
}

/** Print the answers and the verdict, and nothing else of the page. */
export function printVerdict() {
  const { dataset } = document.documentElement;
  dataset.print = "verdict";
  addEventListener("afterprint", () => delete dataset.print, { once: true });
  print();
}

/** @param {HTMLElement} quiz @param {string} text */
function say(quiz, text) {
  const status = /** @type {Element} */ (quiz.querySelector("[data-copied]"));
  if (status.textContent !== text) status.textContent = text;
}
