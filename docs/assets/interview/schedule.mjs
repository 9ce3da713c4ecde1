// @ts-check
/** When a question comes back: FSRS, by the library ts-fsrs. decisions/spaced-repetition.md says why these settings. */

import { createEmptyCard, fsrs, Rating } from "../vendor/ts-fsrs.mjs";

/** @typedef {import("./progress.mjs").Entry} Entry */

/** @type {Record<string, any>} */
const RATINGS = { weak: Rating.Again, hard: Rating.Hard, good: Rating.Good, excellent: Rating.Easy };
const scheduler = fsrs({
  enable_fuzz: false, // the same marks, the same dates
  learning_steps: ["10m"],
  relearning_steps: ["10m"],
  maximum_interval: 365,
});

/**
 * The entry after a mark. New words start anew: what was known were other words.
 * @param {Entry | undefined} before @param {string} version of the words @param {string} mark @param {number} now in ms
 * @returns {Entry}
 */
export function marked(before, version, mark, now) {
  const same = before?.version === version;
  const at = new Date(same ? Math.max(now, Date.parse(before.card.last_review)) : now); // a clock may be set back
  const card = same ? { ...before.card, elapsed_days: 0 } : createEmptyCard(at); // elapsed_days: computed, not read
  const { card: after } = scheduler.next(/** @type {any} */ (card), at, RATINGS[mark]);
  const { stability, difficulty, scheduled_days, learning_steps, reps, lapses, state } = after;
  const dates = { due: after.due.toISOString(), last_review: at.toISOString() };
  return { version, mark, card: { ...dates, stability, difficulty, scheduled_days, learning_steps, reps, lapses, state } };
}

/** When a question is due, in ms: at once when its words have changed, never while it is unmarked.
 * @param {Entry | undefined} entry @param {string} version */
export function dueAt(entry, version) {
  if (!entry) return Infinity;
  return entry.version === version ? Date.parse(entry.card.due) : -Infinity;
}
