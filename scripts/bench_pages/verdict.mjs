// @ts-check
export const REQUEST = JSON.stringify({ answers: { tried: "yes", gap: "both", scale: "narrow" } });

/** @returns {() => number[]} durations in ms of the main thread's tasks above 50 ms so far */
export function watchLongTasks() {
  /** @type {number[]} */
  const durations = [];
  const observer = new PerformanceObserver((list) => durations.push(...list.getEntries().map((entry) => entry.duration)));
  observer.observe({ type: "longtask", buffered: true });
  return () => [...durations, ...observer.takeRecords().map((entry) => entry.duration)];
}

/** @param {object} result what the benchmark reads from the page */
export function report(result) {
  const pre = document.createElement("pre");
  pre.id = "result";
  pre.textContent = JSON.stringify(result);
  document.body.append(pre);
}
