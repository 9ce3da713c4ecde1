// @ts-check
/**
 * <quick-check>: enhances the questions that the build wrote as plain HTML. One at a time or all, a reason for the
 * chosen option, retry, a score. Every word comes from the page: the controls from its <template>, the reasons from
 * each question's <details>. Answers stay in the reader's own localStorage.
 */

const KEPT = "fine-tune-vs-rag/quick-check/1/"; // the number is the version of what is kept

/** @typedef {{version?: string, chosen: string[], checked: boolean}} Answer */
/** @typedef {{all: boolean, answers: Record<string, Answer>}} Kept */

/** @param {string} name @returns {Kept} */
function read(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT + name) ?? "{}");
    return { all: kept?.all === true, answers: Object(kept?.answers) };
  } catch {
    return { all: false, answers: {} }; // blocked, or not ours: as on a first visit
  }
}

/** @param {string} name @param {Kept} kept @returns {boolean} whether it could be kept */
function keep(name, kept) {
  try {
    localStorage.setItem(KEPT + name, JSON.stringify(kept));
    return true;
  } catch {
    return false; // blocked or full
  }
}

/** @param {ParentNode} within @param {string} selector @returns {any} */
const part = (within, selector) => within.querySelector(selector);

/** @param {HTMLFieldSetElement} question @returns {HTMLInputElement[]} */
const inputs = (question) => [...question.querySelectorAll("input")];

/** @param {HTMLFieldSetElement} question */
const reasons = (question) => [...question.querySelectorAll("details li")];

/** @param {HTMLFieldSetElement} question */
const isChecked = (question) => question.hasAttribute("data-checked");

/** @param {HTMLFieldSetElement} question */
function isRight(question) {
  const right = reasons(question).map((reason) => reason.classList.contains("right"));
  return inputs(question).every((input, place) => input.checked === right[place]);
}

/** @param {Element} element with data-text, such as "{n} of {m}" @param {Record<string, number>} numbers */
function fill(element, numbers) {
  const text = element.getAttribute("data-text") ?? "";
  element.textContent = text.replace(/\{(\w)\}/g, (_, letter) => String(numbers[letter]));
}

/** @param {HTMLElement} button @param {boolean} other show its second label */
function label(button, other) {
  button.dataset.first ??= button.textContent ?? "";
  button.textContent = (other ? button.dataset.other : button.dataset.first) ?? "";
}

/** Show the state of a question: its button, its feedback. @param {HTMLFieldSetElement} question */
function show(question) {
  const feedback = part(question, ".check-feedback");
  label(part(question, "[data-do=check]"), isChecked(question));
  question.dataset.result = isChecked(question) ? (isRight(question) ? "right" : "wrong") : "";
  feedback.replaceChildren();
  if (!isChecked(question)) return;
  const chosen = inputs(question).map((input) => input.checked);
  for (const reason of reasons(question).filter((_, place) => chosen[place])) {
    const line = document.createElement("p");
    line.className = reason.className;
    line.append(part(reason, ".check-why").cloneNode(true));
    feedback.append(line);
  }
  if (!isRight(question) && !part(feedback, ".wrong")) feedback.append(feedback.dataset.missing);
}

/** Make a question as new. @param {HTMLFieldSetElement} question */
function clear(question) {
  for (const input of inputs(question)) input.checked = false;
  question.removeAttribute("data-checked");
  part(question, "details").open = false;
  show(question);
}

class QuickCheck extends HTMLElement {
  /** @type {HTMLFieldSetElement[]} */ questions = [];
  all = false; // or one at a time
  at = 0; // the question that is out

  connectedCallback() {
    this.questions = [...this.querySelectorAll("fieldset")];
    if (!part(this, ":scope > .check-bar")) this.build(part(this, "template").content);
    this.listen = new AbortController();
    const { signal } = this.listen;
    this.addEventListener("click", (event) => this.onClick(/** @type {Element} */ (event.target)), { signal });
    this.addEventListener("change", (event) => this.onChange(/** @type {Element} */ (event.target)), { signal });
    this.addEventListener("keydown", (event) => this.onKey(event), { signal });
    addEventListener("hashchange", () => this.onLink(), { signal });
    this.restore();
    this.onLink();
  }

  disconnectedCallback() {
    this.listen?.abort();
  }

  /** @param {DocumentFragment} controls */
  build(controls) {
    part(this, "template").after(part(controls, ".check-bar").cloneNode(true));
    this.append(part(controls, ".check-steps").cloneNode(true));
    for (const question of this.questions) {
      question.tabIndex = -1; // takes the focus when it is stepped to
      part(question, "details").before(part(controls, ".check-act").cloneNode(true));
    }
  }

  restore() {
    const { all, answers } = read(this.dataset.name ?? "");
    this.all = all;
    for (const question of this.questions) {
      const answer = answers[question.id];
      const known = answer?.version === question.dataset.version && Array.isArray(answer.chosen);
      for (const input of inputs(question)) input.checked = known && answer.chosen.includes(input.value);
      question.toggleAttribute("data-checked", known && answer.checked === true);
      show(question);
    }
    this.arrange();
  }

  save() {
    /** @type {Kept} */
    const kept = { all: this.all, answers: {} };
    for (const question of this.questions) {
      const chosen = inputs(question).filter((input) => input.checked).map((input) => input.value);
      if (chosen.length) {
        kept.answers[question.id] = { version: question.dataset.version, chosen, checked: isChecked(question) };
      }
    }
    part(this, ".check-note").hidden = keep(this.dataset.name ?? "", kept);
    this.arrange();
  }

  /** Show which questions are out, and the score. */
  arrange() {
    const m = this.questions.length;
    this.questions.forEach((question, place) => question.toggleAttribute("data-away", !this.all && place !== this.at));
    const steps = part(this, ".check-steps");
    steps.hidden = this.all || m === 1;
    fill(part(steps, "[data-text]"), { n: this.at + 1, m });
    part(steps, "[data-do=previous]").disabled = this.at === 0;
    part(steps, "[data-do=next]").disabled = this.at === m - 1;
    label(part(this, "[data-do=mode]"), !this.all);
    fill(part(this, "output"), { n: this.questions.filter((question) => isChecked(question) && isRight(question)).length, m });
  }

  /** @param {Element} target */
  onClick(target) {
    const action = target.closest("[data-do]")?.getAttribute("data-do");
    const question = target.closest("fieldset");
    if (action === "check" && question) this.check(question);
    if (action === "previous") this.step(this.at - 1);
    if (action === "next") this.step(this.at + 1);
    if (action === "mode") {
      this.all = !this.all;
      this.save();
    }
    if (action === "reset") {
      this.questions.forEach(clear);
      this.save();
      this.step(0);
    }
  }

  /** Check, or try again when it has been. @param {HTMLFieldSetElement} question */
  check(question) {
    const chosen = inputs(question).some((input) => input.checked);
    if (isChecked(question)) clear(question);
    else if (chosen) question.setAttribute("data-checked", "");
    show(question);
    this.save();
    if (!isChecked(question)) inputs(question)[0].focus();
    if (!chosen) part(question, ".check-feedback").textContent = part(question, ".check-feedback").dataset.empty;
  }

  /** @param {number} place */
  step(place) {
    this.at = place;
    this.arrange();
    this.questions[place].focus();
  }

  /** Another choice is a new try: the old feedback goes. @param {Element} target */
  onChange(target) {
    const question = target.closest("fieldset");
    if (!question) return;
    question.removeAttribute("data-checked");
    show(question);
    this.save();
  }

  /** Enter checks, as in a form. @param {KeyboardEvent} event */
  onKey(event) {
    const target = /** @type {Element} */ (event.target);
    const question = target.closest("fieldset");
    if (event.key === "Enter" && target.tagName === "INPUT" && question && !isChecked(question)) this.check(question);
  }

  /** A link to a question brings it out. */
  onLink() {
    const place = this.questions.findIndex((question) => `#${question.id}` === location.hash);
    if (place >= 0) this.step(place);
  }
}

if (!customElements.get("quick-check")) customElements.define("quick-check", QuickCheck);
