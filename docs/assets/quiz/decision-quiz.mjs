// @ts-check
/**
 * `<decision-quiz>`: takes over the form that the build wrote. A verdict comes at once from the table in the page;
 * Python, when it is there, computes it again and takes over. No rule and no wording of a verdict is in here.
 */

import { readQuery, writeQuery } from "./answers.mjs";
import { SLOW_AFTER, ask, retry, start, subscribe } from "./engine.mjs";
import { Frame } from "./frame.mjs";
import { copy, forgetCopy, offer, printVerdict } from "./taking-away.mjs";
import { fillCard, withSite } from "./verdict-card.mjs";

/** @typedef {import("./answers.mjs").Answers} Answers */
/** @typedef {import("./verdict-card.mjs").Reply} Reply */

const ROOT = new URL("../../", import.meta.url); // the site's root, whatever the sub-path
const PATIENCE = 150; // ms that a running Python gets before the table answers first
const LOOK = 150; // ms that a choice is seen before the next question takes its place

// Whether the reader comes from outside. After a reload, or back and forward, the place on the page is theirs to keep.
let arriving = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0])?.type === "navigate";

class DecisionQuiz extends HTMLElement {
  connectedCallback() {
    this.table = JSON.parse(/** @type {HTMLTemplateElement} */ (this.part("template[data-table]")).content.textContent ?? "");
    this.querySelector(".verdicts-static")?.remove(); // for readers without JavaScript
    this.form = /** @type {HTMLFormElement} */ (this.part("form"));
    this.region = /** @type {HTMLElement} */ (this.part("[data-verdict]"));
    this.frame = new Frame(this, (at, of) => this.word("at", { at: String(at), of: String(of) }));
    this.byPointer = false; // whether the choice at hand is made with a mouse or a finger
    this.phase = "idle";
    this.requests = 0; // counts questions to Python, so that a late answer to an earlier one is dropped
    this.shown = ""; // the reply on show, to tell a new verdict from the same one confirmed
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    this.addEventListener("change", this, { signal });
    this.addEventListener("click", this, { signal });
    document.addEventListener("click", this, { signal, capture: true }); // before the theme, which listens on the body
    this.addEventListener("submit", this, { signal });
    this.addEventListener("pointerdown", this, { signal });
    this.addEventListener("keydown", this, { signal });
    this.addEventListener("focusin", start, { signal, once: true });
    window.addEventListener("popstate", this, { signal });
    this.unsubscribe = subscribe((state) => this.showState(state));
    this.readLink();
    if (this.complete()) this.arrived();
    arriving = false;
  }

  disconnectedCallback() {
    this.leaving?.abort();
    this.unsubscribe?.();
    this.requests++;
  }

  /** @param {Event} event */
  handleEvent(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.type === "popstate") this.readLink();
    else if (event.type === "keydown") this.byPointer = false;
    else if (event.type === "pointerdown") this.touched();
    else if (event.type === "change" && target.matches("input")) this.answered();
    else if (event.type === "submit") this.submitted(event);
    else if (event.currentTarget === document) this.followed(/** @type {MouseEvent} */ (event), target);
    else if (event.type === "click") this.clicked(event, target);
  }

  touched() {
    this.byPointer = true;
    start();
  }

  /** A link with answers, in the quiz or beside a situation: the page stays. @param {MouseEvent} event @param {HTMLElement} target */
  followed(event, target) {
    const link = /** @type {HTMLAnchorElement | null} */ (target.closest("[data-slot=changes] a, .verdict-table a, .scenario-verdict a"));
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation(); // the theme would take it for a link to another page
    this.goTo(link.search);
    this.toHeadline();
    (this.contains(link) ? this.region : this)?.scrollIntoView({ block: this.contains(link) ? "nearest" : "start" });
  }

  /** @param {Event} event @param {HTMLElement} target */
  clicked(event, target) {
    const copied = /** @type {HTMLElement | null} */ (target.closest("[data-copy]"))?.dataset.copy;
    if (copied) this.copy(copied);
    else if (target.closest("[data-print]")) printVerdict();
    else if (target.closest("[data-retry]")) retry();
    else if (target.closest("[data-back]")) this.frame?.turn(this.frame.at - 1);
    else if (target.matches("input[type=radio]")) this.goOn();
    else if (target.closest("[type=reset]")) {
      event.preventDefault();
      this.goTo("");
      this.form?.querySelector("input")?.focus();
    }
  }

  /** A finger goes from a choice to the next question by itself; keys change a choice on the way, and have a button. */
  goOn() {
    const { frame } = this;
    if (!frame?.narrow || !this.byPointer) return;
    this.byPointer = false;
    const from = frame.at;
    setTimeout(() => {
      frame.showOpen(this.answers(), from + 1);
      frame.turn(frame.at);
    }, LOOK);
  }

  /** A radio button was chosen: the link follows, and back undoes a verdict, not every click on the way to it. */
  answered() {
    this.keepInLink(this.answers(), this.complete());
    this.note("");
    if (!this.frame?.narrow) this.frame?.showOpen(this.answers());
    this.show();
  }

  /** On to the next question, or to the verdict; a question without an answer is named. @param {Event} event */
  submitted(event) {
    event.preventDefault();
    const { frame } = this;
    const open = frame?.narrow && frame.question ? this.open(frame.question) : this.open();
    if (open) {
      this.note(this.word("incomplete", { question: this.table.questions[open].asks }));
      frame?.showOpen(this.answers());
      this.form?.querySelector(`[name=${open}]`)?.focus();
    } else if (frame?.narrow) frame.turn(frame.at + 1);
    else this.toHeadline();
  }

  /** @param {string} [question] @returns {string | undefined} it, or the first question, if it has no answer */
  open(question) {
    const questions = question ? [question] : Object.keys(this.table.questions);
    return questions.find((id) => !(id in this.answers()));
  }

  toHeadline() {
    /** @type {HTMLElement} */ (this.part("[data-slot=headline]")).focus({ preventScroll: true });
  }

  /** Answer what the address says. */
  readLink() {
    const { answers, unknown, repeated, tooLong } = readQuery(location.search, (id) => this.optionsOf(id));
    for (const input of this.inputs()) input.checked = answers[input.name] === input.value;
    const leftOut = [...unknown, ...repeated.map((question) => this.word("repeated", { question }))];
    this.note(tooLong ? this.word("too-long") : leftOut.length ? this.word("ignored", { what: leftOut.join(", ") }) : "");
    this.frame?.showOpen(answers);
    this.show();
  }

  /** The reader followed a link to a verdict. */
  arrived() {
    start();
    const target = document.getElementById(location.hash.slice(1)); // none for a verdict, which has been taken out
    if (arriving && (!target || this.contains(target))) this.region?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} search the query to go to, as if the reader had followed a link */
  goTo(search) {
    const { answers } = readQuery(search, (id) => this.optionsOf(id));
    this.keepInLink(answers, true);
    this.readLink();
  }

  /** @param {Answers} answers @param {boolean} step whether back should return to what is there now */
  keepInLink(answers, step) {
    const address = location.pathname + writeQuery(answers);
    const state = { ...history.state, x: scrollX, y: scrollY }; // the theme scrolls there when going back
    if (step && address !== location.pathname + location.search) {
      history.replaceState(state, "");
      history.pushState(state, "", address);
    } else history.replaceState(state, "", address);
  }

  /** Show the verdict on the answers, or none while they are incomplete. */
  show() {
    const answers = this.answers();
    const request = ++this.requests;
    this.setText("[data-progress]", this.word("progress", { answered: String(Object.keys(answers).length), questions: String(Object.keys(this.table.questions).length) }));
    if (!this.complete()) return this.clear();
    const stored = this.table.replies[["verdict", ...Object.values(answers)].join("-")];
    const fromTable = () => request === this.requests && this.fill(stored, answers, "static");
    if (this.phase !== "ready") return fromTable(); // Python is asked as soon as it is up
    const timer = setTimeout(() => this.shown !== stored && fromTable(), PATIENCE);
    ask(JSON.stringify({ answers })).then(
      (text) => {
        clearTimeout(timer);
        if (request === this.requests && JSON.parse(text).verdict) this.fill(text, answers, "python");
      },
      () => fromTable(), // the state line says why
    );
  }

  /** @param {string} text the reply, as JSON text @param {Answers} answers @param {"static" | "python"} engine */
  fill(text, answers, engine) {
    const region = /** @type {HTMLElement} */ (this.region);
    region.dataset.engine = engine;
    if (text === this.shown) return;
    this.shown = text;
    /** @type {Reply} */
    const reply = JSON.parse(text);
    region.dataset.now = reply.verdict.now;
    region.dataset.later = reply.verdict.later.join(" ");
    fillCard(this, reply, answers, this.table, ROOT);
    this.record = withSite(reply.record, ROOT);
    offer(this, this.record, new URL(`v/${Object.values(answers).join("-")}/`, ROOT).href);
    this.reveal(true);
    this.dispatchEvent(new CustomEvent("verdict", { bubbles: true, detail: reply.verdict }));
  }

  clear() {
    const region = /** @type {HTMLElement} */ (this.region);
    this.reveal(false);
    this.shown = "";
    region.dataset.engine = "static";
    delete region.dataset.now;
    delete region.dataset.later;
  }

  /** @param {boolean} verdict whether there is one to show */
  reveal(verdict) {
    for (const part of ["[data-head]", "[data-card]"]) /** @type {HTMLElement} */ (this.part(part)).hidden = !verdict;
    /** @type {HTMLElement} */ (this.part("[data-waiting]")).hidden = verdict;
    forgetCopy(this);
  }

  /** @param {{phase: string, python?: string, reason?: string}} state what the engine says of itself */
  showState({ phase, python, reason }) {
    const news = phase !== this.phase;
    this.phase = phase;
    this.dataset.phase = phase;
    const because = this.table.words.reasons[reason ?? ""] ?? reason ?? "";
    this.setText("[data-state-text]", this.word(phase, { python: python ?? "", reason: because, seconds: String(SLOW_AFTER / 1000) }));
    /** @type {HTMLElement} */ (this.part("[data-retry]")).hidden = phase !== "failed" && phase !== "slow";
    if (news && phase === "ready" && this.complete()) this.show();
  }

  /** @param {string} what `link` or `record` */
  copy(what) {
    const text = what === "link" ? location.origin + location.pathname + writeQuery(this.answers()) : (this.record ?? "");
    copy(this, text, this.word(`copied-${what}`), this.word("copy-failed"));
  }

  /** @param {string} text */
  note(text) {
    this.setText("[data-note]", text);
  }

  /** @returns {Answers} the chosen options, in the order of the questions */
  answers() {
    return Object.fromEntries(this.inputs().filter((input) => input.checked).map((input) => [input.name, input.value]));
  }

  complete() {
    return Object.keys(this.answers()).length === Object.keys(this.table.questions).length;
  }

  /** @param {string} question */
  optionsOf(question) {
    const options = this.inputs().filter((input) => input.name === question).map((input) => input.value);
    return options.length ? options : undefined;
  }

  inputs() {
    return [.../** @type {NodeListOf<HTMLInputElement>} */ (this.querySelectorAll("input[type=radio]"))];
  }

  /** @param {string} key @param {Record<string, string>} filled values for the word's `{names}` */
  word(key, filled = {}) {
    return Object.entries(filled).reduce((text, [name, value]) => text.replace(`{${name}}`, () => value), this.table.words[key]);
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

if (!customElements.get("decision-quiz")) customElements.define("decision-quiz", DecisionQuiz);
