// @ts-check
/** Fills the empty verdict card with one reply of the quiz. Text goes in as text, never as HTML. */

import { writeQuery } from "./answers.mjs";

/** @typedef {import("./answers.mjs").Answers} Answers */
/** @typedef {{option: string, now: string, later: string[], text: string}} Change */
/** @typedef {{now: string, later: string[], headline: string, because: string[], first_moves: string[],
 *   avoid: string, changes: Record<string, Change[]>, lesson: string, snippet: string, evidence: string[]}} Verdict */
/** @typedef {{verdict: Verdict, record: string, rules: string}} Reply */

/**
 * Fill the card.
 * @param {Element} card the element with the slots
 * @param {Reply} reply
 * @param {Answers} answers the answers that the reply is for
 * @param {{steps: Record<string, string>, sources: Record<string, string>, snippets: string[],
 *   questions: Record<string, {name: string}>, words: {unpublished: string}}} names
 * @param {URL} root address of the site's root
 */
export function fillCard(card, { verdict, record }, answers, names, root) {
  /** @param {string} name @param {...(Node | string)} content */
  const fill = (name, ...content) => card.querySelector(`[data-slot="${name}"]`)?.replaceChildren(...content);
  /** @param {string} name */
  const file = (name) => new URL(name, root).href;

  const then = /** @type {HTMLElement} */ (card.querySelector("[data-then]"));
  then.hidden = verdict.later.length === 0;
  fill("now", names.steps[verdict.now]);
  fill("later", verdict.later.map((step) => names.steps[step]).join(", then "));
  fill("headline", verdict.headline);
  fill("because", ...verdict.because.map((text) => item(text)));
  fill("first_moves", ...verdict.first_moves.map((text) => item(text)));
  fill("avoid", verdict.avoid);
  fill("changes", ...Object.entries(verdict.changes).flatMap(([question, others]) =>
    others.map(({ option, text }) =>
      item(`${names.questions[question].name}: `, link(writeQuery({ ...answers, [question]: option }), text)))));
  fill("lesson", link(file(verdict.lesson), names.steps[verdict.now]));
  fill("snippet", ...snippet(verdict.snippet));
  fill("evidence", ...verdict.evidence.flatMap((key, number) =>
    [number ? ", " : "", link(file(`references/#${key}`), names.sources[key])]));
  fill("record", withSite(record, root));

  /** @param {string} name @returns {(Node | string)[]} */
  function snippet(name) {
    const code = element("code", name);
    if (!names.snippets.includes(name)) return [code, names.words.unpublished];
    const download = link(file(`snippets/${name}`), code);
    download.download = name;
    return [download];
  }
}

/**
 * The quiz writes `{site}` where the address of the site belongs, because only the page knows it.
 * @param {string} record Markdown
 * @param {URL} root
 */
export const withSite = (record, root) => record.replaceAll("{site}", root.href);

/** @param {string} href @param {Node | string} content */
function link(href, content) {
  const anchor = /** @type {HTMLAnchorElement} */ (element("a", content));
  anchor.href = href;
  return anchor;
}

/** @param {...(Node | string)} content */
const item = (...content) => element("li", ...content);

/** @param {string} tag @param {...(Node | string)} content */
function element(tag, ...content) {
  const node = document.createElement(tag);
  node.append(...content);
  return node;
}
