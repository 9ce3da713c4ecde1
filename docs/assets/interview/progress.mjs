// @ts-check
/**
 * A reader's marks: what they look like, how they are kept, and which file is one. Whatever comes from the storage or
 * a file is checked field by field and copied, and is never more than data.
 */

export const KEY = "fine-tune-vs-rag/interview/1"; // the number is the version of what is kept
const FORMAT = "fine-tune-vs-rag/interview";
const SCHEMA = 1;
const BIGGEST = 1_000_000; // characters of a file, ten times what all questions need
const MOST = 5_000; // marks
const LONGEST = 36_500; // days
const MARKS = ["weak", "hard", "good", "excellent"]; // "hard" is an older page's: it can be read, and is no button now

/**
 * What the scheduler knows of a question; dates as ISO texts.
 * @typedef {{due: string, last_review: string, stability: number, difficulty: number, scheduled_days: number,
 *   learning_steps: number, reps: number, lapses: number, state: number}} Card
 */
/** @typedef {{version: string, mark: string, card: Card}} Entry version: of the words that were marked */
/** @typedef {Map<string, Entry>} Marks question id -> its last mark */

export class ProgressError extends Error {} // its message is a word: big, no-json, foreign, newer or broken

const isNumber = (/** @type {any} */ value, least = 0, most = LONGEST) => Number.isFinite(value) && value >= least && value <= most;
const isWhole = (/** @type {any} */ value, least = 0, most = LONGEST) => Number.isInteger(value) && value >= least && value <= most;
const isObject = (/** @type {any} */ value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {any} value */
function isDate(value) {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value));
}

/** Copy a card, or null if it is not one. @param {any} card @returns {Card | null} */
function checkedCard(card) {
  if (!isObject(card)) return null;
  const { due, last_review, stability, difficulty, scheduled_days, learning_steps, reps, lapses, state } = card;
  const dates = isDate(due) && isDate(last_review) && Date.parse(due) >= Date.parse(last_review);
  const memory = isNumber(stability, 0.0001) && isNumber(difficulty, 1, 10);
  const counts = [scheduled_days, learning_steps, lapses].every((value) => isWhole(value)) && isWhole(reps, 1);
  if (!dates || !memory || !counts || !isWhole(state, 1, 3)) return null;
  return { due, last_review, stability, difficulty, scheduled_days, learning_steps, reps, lapses, state };
}

/** Copy a mark, or null if it is not one. @param {string} id @param {any} entry @returns {Entry | null} */
function checkedEntry(id, entry) {
  const validId = /^[a-z0-9]+(-[a-z0-9]+)*$/.test(id) && id.length <= 100;
  if (!validId || !isObject(entry) || !MARKS.includes(entry.mark)) return null;
  if (typeof entry.version !== "string" || !/^[0-9a-f]{8}$/.test(entry.version)) return null;
  const card = checkedCard(entry.card);
  return card && { version: entry.version, mark: entry.mark, card };
}

/** Read what `write` wrote; ProgressError when it is anything else.
 * @param {string} text @param {boolean} [whole] or leave out marks that are damaged @returns {Marks} */
export function parse(text, whole = true) {
  if (text.length > BIGGEST) throw new ProgressError("big");
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ProgressError("no-json");
  }
  if (!isObject(data) || data.format !== FORMAT) throw new ProgressError("foreign");
  if (!isWhole(data.schema, 1) || !isObject(data.marks)) throw new ProgressError("broken");
  if (data.schema > SCHEMA) throw new ProgressError("newer");
  const entries = Object.entries(data.marks);
  if (entries.length > MOST) throw new ProgressError("broken");
  const marks = new Map();
  for (const [id, value] of entries) {
    const entry = checkedEntry(id, value);
    if (entry) marks.set(id, entry);
    else if (whole) throw new ProgressError("broken");
  }
  return marks;
}

/** @param {Marks} marks @param {number} [indent] for a file that people may look into */
export function write(marks, indent) {
  return JSON.stringify({ format: FORMAT, schema: SCHEMA, marks: Object.fromEntries(marks) }, null, indent);
}

/** Both together; of two marks of a question the later one. @param {Marks} marks @param {Marks} others @returns {Marks} */
export function merge(marks, others) {
  const both = new Map(marks);
  for (const [id, entry] of others) {
    const known = both.get(id);
    if (!known || Date.parse(entry.card.last_review) > Date.parse(known.card.last_review)) both.set(id, entry);
  }
  return both;
}

/** What is kept in this browser; nothing where it is blocked or not ours. @returns {Marks} */
export function load() {
  try {
    return parse(localStorage.getItem(KEY) ?? "", false);
  } catch {
    return new Map();
  }
}

/** @param {Marks} marks @returns {boolean} whether they could be kept: the storage may be blocked or full */
export function keep(marks) {
  try {
    if (marks.size) localStorage.setItem(KEY, write(marks));
    else localStorage.removeItem(KEY);
    return true;
  } catch {
    return false;
  }
}
