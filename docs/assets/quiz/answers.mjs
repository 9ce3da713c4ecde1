// @ts-check
/** The answers in a link and in the form: reading, writing, and saying politely what could not be read. */

/** @typedef {Record<string, string>} Answers question id -> option id */

const LONGEST_QUERY = 2000; // characters; our own longest link has fewer than 60
const NOT_OURS = /^(h|q|utm_.*)$/; // the theme's search and mail campaigns put these into links

/**
 * Read the answers out of a query string. Nothing of it is trusted: what is unknown, repeated or oversized is
 * left out and named.
 * @param {string} search the query, with or without its `?`
 * @param {(question: string) => string[] | undefined} optionsOf the valid options of a question, if there is one
 * @returns {{answers: Answers, unknown: string[], repeated: string[], tooLong: boolean}}
 */
export function readQuery(search, optionsOf) {
  if (search.length > LONGEST_QUERY) return { answers: {}, unknown: [], repeated: [], tooLong: true };
  /** @type {Answers} */
  const answers = {};
  const unknown = [];
  const repeated = new Set();
  const parameters = new URLSearchParams(search);
  for (const [question, option] of parameters) {
    const options = optionsOf(question);
    if (NOT_OURS.test(question)) continue;
    else if (!options) unknown.push(shorten(question));
    else if (parameters.getAll(question).length > 1) repeated.add(question);
    else if (!options.includes(option)) unknown.push(shorten(`${question}=${option}`));
    else answers[question] = option;
  }
  return { answers, unknown: [...new Set(unknown)].slice(0, 3), repeated: [...repeated], tooLong: false };
}

/**
 * @param {Answers} answers
 * @returns {string} `?tried=yes&gap=facts`, or nothing where there is no answer
 */
export function writeQuery(answers) {
  const query = new URLSearchParams(answers).toString();
  return query && `?${query}`;
}

/** @param {string} text */
function shorten(text) {
  // control characters and direction marks could garble the note
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");
  return plain.length > 30 ? `${plain.slice(0, 29)}…` : plain || "(empty)";
}
