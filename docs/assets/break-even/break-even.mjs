// @ts-check
/**
 * `<break-even>`: does the sum for the form that the build wrote, and keeps its numbers in the link. Its words are in the
 * page's <template>; what the reader or a link gives goes in as text only.
 */

import { readQuery, writeQuery } from "../quiz/answers.mjs";
import { missing, problemWith, read } from "./inputs.mjs";
import { UNITS, breakEven } from "./sum.mjs";

const PAUSE = 300; // ms without a key before the result is said and the link follows

class BreakEven extends HTMLElement {
  connectedCallback() {
    this.words = JSON.parse(/** @type {HTMLTemplateElement} */ (this.part("[data-words]")).content.textContent ?? "");
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    this.addEventListener("input", (event) => this.typed(/** @type {HTMLInputElement} */ (event.target)), { signal });
    this.addEventListener("change", () => this.settle(), { signal });
    this.addEventListener("submit", (event) => (event.preventDefault(), this.settle()), { signal });
    this.addEventListener("reset", () => setTimeout(() => this.cleared()), { signal });
    addEventListener("popstate", () => this.readLink(), { signal });
    this.readLink();
  }

  disconnectedCallback() {
    this.leaving?.abort();
    clearTimeout(this.pause);
  }

  /** @param {HTMLInputElement} input */
  typed(input) {
    this.mark(input);
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.settle(), PAUSE);
  }

  /** The reader is done with a number: the link follows, and the result. */
  settle() {
    clearTimeout(this.pause);
    const kept = Object.fromEntries(Object.entries(this.texts()).filter(([, text]) => text));
    const address = location.pathname + writeQuery(kept) + location.hash;
    if (address !== location.pathname + location.search + location.hash) history.replaceState(history.state, "", address);
    this.setText("[data-note]", "");
    this.show();
  }

  cleared() {
    this.inputs().forEach((input) => this.mark(input));
    this.settle();
    this.inputs()[0].focus();
  }

  /** Fill in what the address says, and say politely what it should not. */
  readLink() {
    const { answers, unknown, repeated, tooLong } = readQuery(location.search, (name) => this.valuesOf(name));
    for (const input of this.inputs()) {
      input.value = answers[input.name] ?? "";
      this.mark(input);
    }
    const leftOut = [...unknown, ...repeated.map((name) => this.word("repeated", { what: name }))];
    this.setText("[data-note]", tooLong ? this.word("too-long") : leftOut.length ? this.word("ignored", { what: leftOut.join(", ") }) : "");
    this.show();
  }

  /**
   * What a link may give to a field, as the list that `readQuery` asks for; it only ever asks what the list includes.
   * @param {string} name @returns {string[] | undefined}
   */
  valuesOf(name) {
    const input = this.inputs().find((field) => field.name === name);
    const isGood = (/** @type {string} */ text) => text.trim() !== "" && !problemWith(text, input?.dataset.kind ?? "");
    return input && /** @type {any} */ ({ includes: isGood });
  }

  /** @param {HTMLInputElement} input whose problem, if it has one, is said beside it */
  mark(input) {
    const problem = problemWith(input.value, input.dataset.kind ?? "");
    input.toggleAttribute("data-wrong", Boolean(problem));
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    this.setText(`#${input.id}-problem`, problem && this.words.problems[problem]);
  }

  show() {
    const texts = this.texts();
    const wrong = this.inputs().filter((input) => input.hasAttribute("data-wrong"));
    const names = missing(texts);
    const open = wrong.length ? wrong : this.inputs().filter((input) => names.includes(input.name));
    /** @type {HTMLElement} */ (this.part("[data-figures]")).hidden = open.length > 0;
    if (open.length) {
      const state = wrong.length ? "wrong" : Object.values(texts).some(Boolean) ? "missing" : "empty";
      return this.setText("[data-state]", this.word(state, { what: open.map((input) => input.dataset.called).join("; ") }));
    }
    this.setText("[data-state]", this.word("done"));
    for (const [slot, text] of Object.entries(this.figures(breakEven(read(texts))))) this.setText(`[data-slot=${slot}]`, text);
  }

  /** @param {import("./sum.mjs").Result} result @returns {Record<string, string>} the words for each slot */
  figures({ teacher, student, saving, making, callsToPayBack, volume, atVolume }) {
    const amount = money(saving < 0n ? -saving : saving);
    const months = Number(making) / Number(saving);
    const pays = callsToPayBack === null ? "pays-never" : months < 0.05 ? "pays-soon" : "pays";
    return {
      teacher: money(teacher),
      student: money(student),
      saving: this.word(saving > 0n ? "saves" : saving ? "dearer" : "saves-nothing", { amount }),
      payback: this.word(pays, { months: round(months, 1), calls: (callsToPayBack ?? 0n).toLocaleString("en") }),
      volume: this.word(volume, { calls: (atVolume ?? 0n).toLocaleString("en") }),
    };
  }

  /** @returns {Record<string, string>} what stands in the fields, in their order */
  texts() {
    return Object.fromEntries(this.inputs().map((input) => [input.name, input.value.trim()]));
  }

  inputs() {
    return [.../** @type {NodeListOf<HTMLInputElement>} */ (this.querySelectorAll("input"))];
  }

  /** @param {string} key @param {Record<string, string>} filled values for the word's `{names}` */
  word(key, filled = {}) {
    return Object.entries(filled).reduce((text, [name, value]) => text.replace(`{${name}}`, () => value), this.words[key]);
  }

  /** @param {string} selector @param {string} text */
  setText(selector, text) {
    const element = this.part(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  /** @param {string} selector @returns {Element} */
  part(selector) {
    return /** @type {Element} */ (this.querySelector(selector));
  }
}

/** @param {bigint} units of money */
function money(units) {
  const amount = Number(units) / Number(UNITS);
  return amount && amount < 1 ? amount.toLocaleString("en", { maximumSignificantDigits: 3 }) : round(amount, 2);
}

/** @param {number} number @param {number} digits */
function round(number, digits) {
  return number.toLocaleString("en", { maximumFractionDigits: digits });
}

if (!customElements.get("break-even")) customElements.define("break-even", BreakEven);
