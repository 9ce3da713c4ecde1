// @ts-check
/** The questions as the page has them, and which of them a filter lets through. */

/** @typedef {{article: HTMLElement, heading: HTMLElement, id: string, version: string, topic: string, level: string,
 *   tags: string[], text: string}} Question text: what can be searched, as `plain` gives it */
/** @typedef {{words: string, topic: string, level: string, tag: string}} Filter an empty value lets all through */

const SEARCHED = "h3, .interview-tags, .interview-answer > div, .interview-follow-ups p, dd"; // no summaries or labels

/** A text without accents and capitals. @param {string} text */
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** @param {HTMLElement} article @returns {Question} */
function read(article) {
  const { id = "", version = "", topic = "", level = "", tags = "" } = article.dataset;
  const text = [...article.querySelectorAll(SEARCHED)].map((part) => part.textContent).join("\n");
  const heading = /** @type {HTMLElement} */ (article.querySelector("h3"));
  return { article, heading, id, version, topic, level, tags: tags.split(" "), text: plain(text) };
}

/** @param {ParentNode} root @returns {Question[]} */
export function questionsIn(root) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("article[data-id]"))].map(read);
}

const IN_AN_HOUR = 12; // questions, at five minutes each

/**
 * Questions for an hour: one of each topic in turn, and within a topic those first that come first to the reader.
 * @param {Question[]} questions @param {(question: Question) => boolean} fresh
 */
export function setForAnHour(questions, fresh) {
  const ordered = [...questions.filter(fresh), ...questions.filter((question) => !fresh(question))];
  const topics = [...new Set(questions.map(({ topic }) => topic))];
  const rounds = topics.map((topic) => ordered.filter((question) => question.topic === topic));
  const turns = Math.max(...rounds.map((round) => round.length));
  const all = Array.from({ length: turns }, (_, turn) => rounds.flatMap((round) => round[turn] ?? []));
  return all.flat().slice(0, IN_AN_HOUR);
}

/** @param {Pick<Question, "topic" | "level" | "tags" | "text">} question @param {Filter} filter */
export function fits(question, { words, topic, level, tag }) {
  if (topic && question.topic !== topic) return false;
  if (level && question.level !== level) return false;
  if (tag && !question.tags.includes(tag)) return false;
  return plain(words).split(/\s+/).every((word) => question.text.includes(word));
}
