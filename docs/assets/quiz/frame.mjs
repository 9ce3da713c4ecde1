// @ts-check
/**
 * One question at a time, on a narrow screen: which one is in view, and after the last one the verdict in their place.
 * Styles hide the others there (hero.css); wide screens, paper and readers without JavaScript have all of them at once.
 */

const NARROW = matchMedia("(max-width: 44.9375em)"); // as in hero.css
const HEADER = 64; // px at the top that the theme's header covers

export class Frame {
  /**
   * @param {HTMLElement} quiz the element with the form and the verdict's place
   * @param {(at: number, of: number) => string} word says which question is in view
   */
  constructor(quiz, word) {
    this.quiz = quiz;
    this.word = word;
    this.questions = [.../** @type {NodeListOf<HTMLFieldSetElement>} */ (quiz.querySelectorAll("fieldset[data-question]"))];
    this.at = 0;
  }

  /** Whether the questions stand one at a time now. */
  get narrow() {
    return NARROW.matches;
  }

  /** The question in view; there is none when it is the verdict. */
  get question() {
    return this.questions[this.at]?.dataset.question;
  }

  /** @param {number} at number of a question from 0; their count is the verdict */
  show(at) {
    const last = this.questions.length;
    this.at = Math.min(Math.max(at, 0), last);
    this.questions.forEach((question, number) => question.toggleAttribute("data-away", number !== this.at));
    this.quiz.dataset.at = this.at === last ? "verdict" : this.at ? "question" : "first";
    const text = /** @type {Element} */ (this.quiz.querySelector("[data-at-text]"));
    text.textContent = this.at === last ? "" : this.word(this.at + 1, last);
  }

  /** Show the first question that has no answer, or the verdict. @param {Record<string, string>} answers @param {number} from */
  showOpen(answers, from = 0) {
    const open = (/** @type {HTMLElement} */ question) => !((question.dataset.question ?? "") in answers);
    const later = this.questions.findIndex((question, number) => number >= from && open(question));
    const first = later < 0 ? this.questions.findIndex(open) : later;
    this.show(first < 0 ? this.questions.length : first);
  }

  /** Go there as the reader asked: bring it into view, and let a screen reader begin at its words. @param {number} at */
  turn(at) {
    this.show(at);
    const start = this.questions[this.at]?.querySelector("legend") ?? this.quiz.querySelector("[data-slot=headline]");
    /** @type {HTMLElement | null} */ (start)?.focus({ preventScroll: true });
    if (this.quiz.getBoundingClientRect().top < HEADER) this.quiz.scrollIntoView({ block: "start" });
  }
}
