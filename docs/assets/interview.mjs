// @ts-check
/**
 * <interview-practice>: enhances the questions that the build wrote as plain HTML. Every page loads these lines; what
 * they do is loaded where the element is. Without it, or when it cannot be loaded, the page stays as it is.
 */

class InterviewPractice extends HTMLElement {
  async connectedCallback() {
    const leaving = (this.leaving = new AbortController());
    try {
      const { Practice } = await import("./interview/practice.mjs");
      if (!leaving.signal.aborted) new Practice(this, leaving.signal);
    } catch (error) {
      console.warn(error); // every question can still be read
    }
  }

  disconnectedCallback() {
    this.leaving?.abort();
  }
}

if (!customElements.get("interview-practice")) customElements.define("interview-practice", InterviewPractice);
