// @ts-check
/**
 * Practice on the interview page: a list of questions that open, found by a filter or stepped through one at a time.
 * What is shown is in the page: the filter form, data-out for what it keeps out, data-away for what is not its turn,
 * data-open for what is unfolded below its title.
 */

import { Marks } from "./marks.mjs";
import { fits, questionsIn, setForAnHour } from "./questions.mjs";
import { fill, filled, label, one, say } from "./words.mjs";

/** @typedef {import("./questions.mjs").Question} Question */

export class Practice {
  /** @type {Question[]} those that the filter lets through, in the order of stepping */ shown = [];
  at = 0; // place in `shown` of the one that is out
  single = false; // one at a time, or all
  open = false; // whether all answers were last shown
  /** @type {Set<Question>} whose parts are to be seen in the list */ unfolded = new Set();
  /** @type {Set<Question> | undefined} those of the set for an hour, while it is practised */ set;

  /** @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(root, signal) {
    this.root = root;
    this.questions = questionsIn(root);
    if (!one(root, ":scope > .interview-bar")) this.build(one(root, "template").content);
    this.form = /** @type {HTMLFormElement} */ (one(root, ".interview-filter"));
    this.marks = new Marks(root, this.questions, signal);
    root.addEventListener("click", (event) => this.clicked(/** @type {Element} */ (event.target)), { signal });
    this.form.addEventListener("input", () => this.all(), { signal });
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
      const open = /** @type {HTMLElement} */ (one(controls, ".interview-open").cloneNode(true));
      open.append(...[...heading.childNodes].filter((node) => !(node instanceof HTMLAnchorElement)));
      heading.prepend(open);
      one(article, ".interview-lesson").before(one(controls, ".interview-marks").cloneNode(true));
    }
  }

  /** Find what is shown. A mark alone changes nothing here: the question would vanish under the reader's hand. */
  filter() {
    const now = Date.now();
    const choice = /** @type {any} */ (Object.fromEntries(new FormData(this.form)));
    const due = (/** @type {Question} */ question) => this.marks.due(question);
    this.shown = this.questions.filter((question) => fits(question, choice) && (this.set?.has(question) ?? true));
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
      const open = this.unfolded.has(question) || (this.single && question === current);
      question.article.toggleAttribute("data-open", open);
      one(question.heading, "button").setAttribute("aria-expanded", String(open));
    }
    for (const section of this.root.querySelectorAll("section")) {
      section.toggleAttribute("data-out", !section.querySelector("article:not([data-out])"));
    }
    const steps = one(this.root, ".interview-steps");
    steps.hidden = !this.single || this.shown.length === 0;
    fill(one(steps, "[data-text]"), { n: this.at + 1, m: this.shown.length });
    one(steps, "[data-do=previous]").disabled = this.at === 0;
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
    if (action === "open") this.unfold(target);
    if (action === "queue") this.startQueue();
    if (action === "hour") this.startHour();
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
      this.unfolded = new Set(this.open ? this.questions : []);
      for (const details of this.root.querySelectorAll(".interview-question details")) details.toggleAttribute("open", this.open);
      this.arrange();
    }
  }

  /** @param {Element} target the title that was pressed */
  unfold(target) {
    const question = this.questions.find(({ article }) => article.contains(target));
    if (question && !this.unfolded.delete(question)) this.unfolded.add(question);
    this.arrange();
  }

  /** What is due, one at a time, the longest overdue first. Where nothing is, the page stays as it is. */
  startQueue() {
    if (!this.questions.some((question) => this.marks.due(question) <= Date.now())) return this.marks.sayNothingDue();
    this.start("due");
  }

  /** Twelve questions across the topics, those first that have no mark. */
  startHour() {
    this.set = new Set(setForAnHour(this.questions, (question) => this.marks.due(question) === Infinity));
    this.start("");
  }

  /** @param {"due" | ""} state what to step through, one at a time */
  start(state) {
    this.form.reset();
    one(this.form, "[name=state]").value = state;
    if (state) this.set = undefined;
    this.single = true;
    this.filter();
    this.focus();
  }

  /** Leave the set for an hour: the filter looks at all questions again. */
  all() {
    this.set = undefined;
    this.filter();
  }

  /** Browsers that cannot unfold by style rules print what is folded as folded. */
  unfoldForPaper() {
    const folded = /** @type {NodeListOf<HTMLDetailsElement>} */ (this.root.querySelectorAll(".interview-question details:not([open])"));
    for (const details of folded) details.open = true;
    addEventListener("afterprint", () => folded.forEach((details) => details.toggleAttribute("open", false)), { once: true });
  }

  clear() {
    this.form.reset();
    this.all();
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
    if (!question) return;
    this.unfolded.add(question);
    if (!(this.single || question.article.hasAttribute("data-out"))) return this.arrange();
    if (!this.shown.includes(question)) this.clear();
    this.at = this.shown.indexOf(question);
    this.arrange();
    this.focus();
  }
}
