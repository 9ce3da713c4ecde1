// @ts-check
/**
 * The reader's marks on the page: mark, show when a question comes back, count, export, import, forget. They are in
 * `kept`, and in the storage too where the browser allows it.
 */

import { offer, readFile } from "./file.mjs";
import { keep, KEY, load, merge, ProgressError } from "./progress.mjs";
import { dueAt, marked } from "./schedule.mjs";
import { fill, filled, label, moment, one, say } from "./words.mjs";

/** @typedef {import("./questions.mjs").Question} Question */

const LONGEST_WAIT = 3_600_000; // ms; a timer cannot wait for weeks

export class Marks {
  kept = load();
  timer = 0;

  /** @param {HTMLElement} root @param {Question[]} questions @param {AbortSignal} signal */
  constructor(root, questions, signal) {
    this.root = root;
    this.questions = questions;
    root.addEventListener("click", (event) => this.clicked(/** @type {Element} */ (event.target)), { signal });
    root.addEventListener("change", (event) => this.chosen(/** @type {any} */ (event.target)), { signal });
    one(root, "dialog").addEventListener("close", () => this.confirmed(), { signal });
    addEventListener("storage", (event) => this.elsewhere(event), { signal });
    document.addEventListener("visibilitychange", () => this.show(), { signal }); // a laptop may have slept
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  /** @param {Question} question @returns {number} ms; Infinity while it is unmarked */
  due({ id, version }) {
    return dueAt(this.kept.get(id), version);
  }

  /** When the next question is due that is not yet, in the page's words; "" if there is none. */
  get next() {
    const now = Date.now();
    const next = Math.min(...this.questions.map((question) => this.due(question)).filter((when) => when > now));
    return next < Infinity ? this.moment(next) : "";
  }

  /** Show counts and marks, and again when the next question is due. */
  show() {
    const now = Date.now();
    const moments = this.questions.map((question) => this.due(question));
    const due = moments.filter((when) => when <= now).length;
    fill(one(this.root, "[data-count=due]"), { n: due });
    fill(one(this.root, "[data-count=new]"), { n: moments.filter((when) => when === Infinity).length });
    label(one(this.root, "[data-do=queue]"), { n: due });
    for (const question of this.questions) this.showMark(question);
    const next = Math.min(...moments.filter((when) => when > now));
    clearTimeout(this.timer);
    if (next < Infinity) this.timer = window.setTimeout(() => this.show(), Math.min(next - now + 1, LONGEST_WAIT));
  }

  /** @param {Question} question */
  showMark({ article, id, version }) {
    const entry = this.kept.get(id);
    const same = entry?.version === version;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (article.querySelectorAll("[data-mark]"))) {
      button.setAttribute("aria-pressed", String(same && button.dataset.mark === entry?.mark));
    }
    const next = one(article, ".interview-next");
    if (entry && same) fill(next, { when: this.moment(Date.parse(entry.card.due)) });
    else say(next, entry ? next.dataset.changed : "");
  }

  /** @param {number} when */
  moment(when) {
    return moment(when, Date.now(), this.root.dataset.locale ?? "");
  }

  /** Say one of the things that the page may say. @param {string} key @param {Record<string, string | number>} [values] */
  tell(key, values = {}) {
    const line = one(this.root, ".interview-said");
    say(line, filled(line.getAttribute(`data-${key}`) ?? "", values));
  }

  /** Say that nothing is due, and when the next question will be. */
  sayNothingDue() {
    const { later, nothingDue } = one(this.root, ".interview-none").dataset;
    say(one(this.root, ".interview-said"), this.next ? filled(later, { when: this.next }) : nothingDue);
  }

  /** @param {Element} target */
  clicked(target) {
    const mark = /** @type {HTMLElement | null} */ (target.closest("[data-mark]"));
    const control = /** @type {HTMLElement | null} */ (target.closest("[data-do]"));
    if (mark) this.mark(mark);
    else if (control?.dataset.do === "export") this.export(control.dataset.file ?? "");
    else if (control?.dataset.do === "forget") this.askToForget();
  }

  /** @param {HTMLElement} button */
  mark(button) {
    const question = this.questions.find(({ article }) => article.contains(button));
    if (!question) return;
    const { id, version } = question;
    this.kept = merge(load(), this.kept); // another tab may have marked in the meantime
    const entry = marked(this.kept.get(id), version, button.dataset.mark ?? "", Date.now());
    this.kept.set(id, entry);
    this.save();
    this.tell("marked", { mark: button.textContent ?? "", when: this.moment(Date.parse(entry.card.due)) });
  }

  save() {
    one(this.root, ".interview-note").hidden = keep(this.kept);
    this.show();
  }

  /** Another tab has marked or forgotten. @param {StorageEvent} event */
  elsewhere({ key }) {
    if (key !== KEY && key !== null) return;
    this.kept = load();
    this.show();
  }

  /** @param {string} name */
  export(name) {
    if (!this.kept.size) return this.tell("no-marks");
    offer(this.kept, name);
    this.tell("exported", { n: this.kept.size });
  }

  /** @param {HTMLInputElement} input */
  async chosen(input) {
    const file = input.type === "file" && input.files?.[0];
    if (!file) return;
    try {
      const imported = await readFile(file);
      this.kept = merge(merge(load(), this.kept), imported);
      this.save();
      this.tell("imported", { n: imported.size });
    } catch (error) {
      this.tell(error instanceof ProgressError ? error.message : "broken");
    }
    input.value = ""; // so that the same file can be chosen again
  }

  askToForget() {
    if (!this.kept.size) return this.tell("no-marks");
    const dialog = one(this.root, "dialog");
    fill(one(dialog, "[data-text]"), { n: this.kept.size });
    dialog.returnValue = "";
    dialog.showModal();
  }

  confirmed() {
    if (one(this.root, "dialog").returnValue !== "forget") return;
    this.kept = new Map();
    this.save();
    this.tell("forgotten");
  }
}
