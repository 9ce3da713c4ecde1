// @ts-check
/** When a student pays: the sum itself, exact, with no word and no page. Amounts are decimals, kept as millionths. */

/**
 * What the reader gave, each in millionths of its unit, calls too.
 * @typedef {object} Given
 * @property {bigint} calls a month, whole
 * @property {bigint} input tokens that go into a call
 * @property {bigint} output tokens that come out of it
 * @property {Model} teacher
 * @property {Model} student
 * @property {bigint} making what the student costs once
 * @property {bigint} upkeep what keeping it costs a month
 *
 * @typedef {{input: bigint, output: bigint, fixed: bigint}} Model prices of a million tokens, and a fixed cost a month
 *
 * @typedef {"any" | "from" | "below" | "never"} Volume at which numbers of calls a month the student is cheaper
 *
 * @typedef {object} Result money in UNITS of the reader's currency
 * @property {bigint} teacher what it costs a month
 * @property {bigint} student what it costs a month, upkeep included
 * @property {bigint} saving the difference, below zero where the student is dearer
 * @property {bigint} making
 * @property {bigint | null} callsToPayBack the first number of calls that save more than making cost; null for never
 * @property {Volume} volume
 * @property {bigint | null} atVolume the first such number with `from`, the last one with `below`
 */

const MILLION = 1_000_000n;
export const UNITS = MILLION ** 3n; // millionths of tokens, of prices, of a million tokens

/**
 * @param {string} text digits, and up to six more behind a point
 * @returns {bigint | null} millionths; null for anything else
 */
export function millionths(text) {
  const [, whole, part = ""] = /^(?=\.?\d)(\d{0,18})(?:\.(\d{0,6}))?$/.exec(text.trim()) ?? [];
  return whole === undefined ? null : BigInt(whole || "0") * MILLION + BigInt(part.padEnd(6, "0"));
}

/** @param {Given} given @returns {Result} */
export function breakEven({ calls, input, output, teacher, student, making, upkeep }) {
  const number = calls / MILLION;
  const aCall = (/** @type {Model} */ model) => input * model.input + output * model.output;
  const money = (/** @type {bigint} */ amount) => amount * MILLION ** 2n;
  const savedACall = aCall(teacher) - aCall(student);
  const moreFixed = money(student.fixed + upkeep - teacher.fixed);
  const saving = savedACall * number - moreFixed;
  return {
    teacher: money(teacher.fixed) + aCall(teacher) * number,
    student: money(student.fixed + upkeep) + aCall(student) * number,
    saving,
    making: money(making),
    callsToPayBack: saving > 0n ? (money(making) * number) / saving + 1n : null,
    ...volumes(savedACall, moreFixed),
  };
}

/**
 * The numbers of calls at which savedACall * calls > moreFixed.
 * @param {bigint} savedACall @param {bigint} moreFixed
 * @returns {{volume: Volume, atVolume: bigint | null}}
 */
function volumes(savedACall, moreFixed) {
  if (moreFixed >= 0n) {
    if (savedACall <= 0n) return { volume: "never", atVolume: null };
    const first = moreFixed / savedACall + 1n;
    return first === 1n ? { volume: "any", atVolume: null } : { volume: "from", atVolume: first };
  }
  if (savedACall >= 0n) return { volume: "any", atVolume: null };
  const last = (moreFixed + 1n) / savedACall; // the division cuts towards zero
  return last ? { volume: "below", atVolume: last } : { volume: "never", atVolume: null };
}
