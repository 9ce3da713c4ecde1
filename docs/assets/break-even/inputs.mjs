// @ts-check
/** From what the reader typed to what the sum needs: what is wrong with a number, and which ones are still missing. */

import { millionths } from "./sum.mjs";

/** @typedef {Record<string, string>} Texts name of a field -> what stands in it */
/** @typedef {"negative" | "separator" | "word" | "fine" | "large" | "whole" | "none"} Problem */

/** The largest number that is no slip, by kind. @type {Record<string, bigint>} */
const LARGEST = { calls: 10n ** 12n, tokens: 10n ** 8n, price: 10n ** 6n, money: 10n ** 12n };
const MILLION = 1_000_000n;

/**
 * @param {string} text @param {string} kind
 * @returns {Problem | ""} nothing for a good number, and for an empty field
 */
export function problemWith(text, kind) {
  const plain = text.trim();
  if (!plain) return "";
  if (/^[-\u2212][\d.]*$/.test(plain)) return "negative";
  if (/^[\d.,\s'_]+$/.test(plain) && /[,\s'_]/.test(plain)) return "separator";
  if (/^\d*\.\d{7,}$/.test(plain)) return "fine";
  if (/^\d{19,}\.?\d*$/.test(plain)) return "large";
  const number = millionths(plain);
  if (number === null) return "word";
  if (number > LARGEST[kind] * MILLION) return "large";
  if (kind === "calls" && number % MILLION) return "whole";
  if (kind === "calls" && !number) return "none";
  return "";
}

/**
 * @param {Texts} texts without problems
 * @returns {string[]} fields that the sum cannot do without, in the order of the form
 */
export function missing(texts) {
  const filled = (/** @type {string} */ name) => texts[name]?.trim() !== "";
  const counts = (/** @type {string} */ name) => filled(name) && millionths(texts[name]) !== 0n;
  const hosted = (/** @type {string} */ model) => filled(`${model}-fixed`);
  return Object.keys(texts).filter((name) => {
    const [model, side] = name.split("-");
    if (filled(name) || side === "fixed") return false;
    if (side) return !hosted(model);
    if (name !== "input" && name !== "output") return true;
    return ["teacher", "student"].some((model) => !hosted(model) || counts(`${model}-${name}`));
  });
}

/**
 * @param {Texts} texts of which nothing is missing; an empty field counts as nothing
 * @returns {import("./sum.mjs").Given}
 */
export function read(texts) {
  const amountOf = (/** @type {string} */ name) => millionths(texts[name]) ?? 0n;
  const model = (/** @type {string} */ name) => ({ input: amountOf(`${name}-input`), output: amountOf(`${name}-output`), fixed: amountOf(`${name}-fixed`) });
  const [calls, input, output, making, upkeep] = ["calls", "input", "output", "making", "upkeep"].map(amountOf);
  return { calls, input, output, teacher: model("teacher"), student: model("student"), making, upkeep };
}
