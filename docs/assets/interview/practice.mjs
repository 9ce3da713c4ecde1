// @ts-check
/**
 * Practice on the interview page: find questions, and step through them one at a time. What is shown is in the page:
 * the filter form, data-out for what it keeps out, data-away for what is not its turn.
 */

import { Marks } from "./marks.mjs";
import { fits, questionsIn } from "./questions.mjs";
import { fill, filled, label, one, say } from "./words.mjs";

/** @typedef {import("./questions.mjs").Question} Question */

export class Practice {
  /** @type {Question[]} those that the filter lets through, in the order of stepping */ shown = [];
  at = 0; // place in `shown` of the one that is out
  single = false; // one at a time, or all
  open = false; // whether all answers were last shown

  /** @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(root, signal) {
    this.root = root;
    this.questions = questionsIn(root);
    if (!one(root, ":scope > .interview-bar")) this.build(one(root, "template").content);
    this.form = /** @type {HTMLFormElement} */ (one(root, ".interview-filter"));
    this.marks = new Marks(root, this.questions, signal);
    root.addEventListener("click", (event) => this.clicked(/** @type {Element} */ (event.target)), { signal });
    this.form.addEventListener("input", () => this.filter(), { signal });
    this.form.addEventListener("submit", (event) => event.preventDefault(), { signal });
    addEventListener("hashchange", () => this.linked(), { signal });
    addEventListener("beforeprint", () => this.unfoldForPaper(), { signal });
    this.filter();
    this.linked();
  }

  /** @param {DocumentFragment} controls */
  build(controls) {
    one(this.root, "template").after(one(controls, ".interview-bar").cloneNode(true));
    this.root.append(one(controls, ".interview-steps").cloneNode(true), one(controls, "dialog").cloneNode(true));
    for (const { article, heading } of this.questions) {
      heading.tabIndex = -1; // takes the focus when it is stepped to
      one(article, ".interview-lesson").before(one(controls, ".interview-marks").cloneNode(true));
    }
  }

  /** Find what is shown. A mark alone changes nothing here: the question would vanish under the reader's hand. */
  filter() {
    const now = Date.now();
    const choice = /** @type {any} */ (Object.fromEntries(new FormData(this.form)));
    const due = (/** @type {Question} */ question) => this.marks.due(question);
    this.shown = this.questions.filter((question) => fits(question, choice));
    if (choice.state === "new") this.shown = this.shown.filter((question) => due(question) === Infinity);
    if (choice.state === "due") {
      this.shown = this.shown.filter((question) => due(question) <= now).sort((question, other) => Math.sign(due(question) - due(other)) || 0);
    }
    this.at = 0;
    this.arrange();
  }

  arrange() {
    const shown = new Set(this.shown);
    const current = this.shown[this.at];
    this.root.toggleAttribute("data-single", this.single);
    for (const question of this.questions) {
      question.article.toggleAttribute("data-out", !shown.has(question));
      question.article.toggleAttribute("data-away", this.single && question !== current);
    }
    for (const section of this.root.querySelectorAll("section")) {
      section.toggleAttribute("data-out", !section.querySelector("article:not([data-out])"));
    }
    const steps = one(this.root, ".interview-steps");
    steps.hidden = !this.single || this.shown.length === 0;
    fill(one(steps, "[data-text]"), { n: this.at + 1, m: this.shown.length });
    label(one(this.root, "[data-do=mode]"), {}, this.single);
    label(one(this.root, "[data-do=answers]"), {}, this.open);
    fill(one(this.root, "[data-count=shown]"), { n: this.shown.length, m: this.questions.length });
    this.marks.show();
    this.showNone();
  }

  /** Say why nothing is shown. */
  showNone() {
    const none = one(this.root, ".interview-none");
    const { nothing, nothingDue, later } = none.dataset;
    const { words, topic, level, tag, state } = Object.fromEntries(new FormData(this.form));
    const next = this.marks.next;
    none.hidden = this.shown.length > 0;
    if (state !== "due" || words || topic || level || tag) say(none, nothing);
    else say(none, next ? filled(later, { when: next }) : nothingDue);
  }

  /** @param {Element} target */
  clicked(target) {
    const action = target.closest("[data-do]")?.getAttribute("data-do");
    if (action === "queue") this.startQueue();
    if (action === "clear") this.clear();
    if (action === "previous") this.step(-1);
    if (action === "next") this.step(1);
    if (action === "mode") {
      this.single = !this.single;
      this.arrange();
      if (this.single) this.focus();
    }
    if (action === "answers") {
      this.open = !this.open;
      for (const details of this.root.querySelectorAll(".interview-question details")) details.toggleAttribute("open", this.open);
      this.arrange();
    }
  }

  /** What is due, one at a time, the longest overdue first. */
  startQueue() {
    this.form.reset();
    one(this.form, "[name=state]").value = "due";
    this.single = true;
    this.filter();
    this.focus();
  }

  /** Browsers that cannot unfold by style rules print what is folded as folded. */
  unfoldForPaper() {
    const folded = /** @type {NodeListOf<HTMLDetailsElement>} */ (this.root.querySelectorAll(".interview-question details:not([open])"));
    for (const details of folded) details.open = true;
    addEventListener("afterprint", () => folded.forEach((details) => details.toggleAttribute("open", false)), { once: true });
  }

  clear() {
    this.form.reset();
    this.filter();
  }

  /** Step to a neighbour, round the end. What is no longer due has left the queue by then. @param {1 | -1} by */
  step(by) {
    const before = this.shown;
    const start = this.at;
    for (const details of before[start].article.querySelectorAll("details")) details.open = this.open;
    this.filter();
    for (let distance = 1; distance <= before.length; distance++) {
      const place = this.shown.indexOf(before[(start + by * distance + before.length * distance) % before.length]);
      if (place < 0) continue;
      this.at = place;
      break;
    }
    this.arrange();
    this.focus();
  }

  focus() {
    const target = this.shown[this.at]?.heading ?? one(this.root, ".interview-none");
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "start" });
  }

  /** A link to a question brings it out. */
  linked() {
    const question = this.questions.find(({ heading }) => `#${heading.id}` === location.hash);
    if (!question || !(this.single || question.article.hasAttribute("data-out"))) return;
    if (!this.shown.includes(question)) this.clear();
    this.at = this.shown.indexOf(question);
    this.arrange();
    this.focus();
  }
}
