// @ts-check
// The page's side of the reader's Python: one worker for the whole visit, kept in this module, which instant navigation
// does not load again. Holds no words; the element that subscribes has them from the build.

/**
 * @typedef {object} State
 * @property {"idle" | "loading" | "slow" | "ready" | "failed"} phase
 * @property {string} [python] version, when ready
 * @property {"no-wasm" | "no-worker" | "offline" | "failed-to-load" | "crashed"} [reason] when failed
 */

const RUNTIME = new URL("../runtime/", import.meta.url).href;
export const SLOW_AFTER = 20_000; // ms
const DEAD_AFTER = 15_000; // ms without an answer that takes Python milliseconds

/** @type {State} */
let state = { phase: "idle" };
/** @type {Worker | undefined} */
let worker;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let asked = 0;
/** @type {Map<number, {resolve: (text: string) => void, reject: (error: Error) => void}>} */
const pending = new Map();
/** @type {Set<(state: State) => void>} */
const subscribers = new Set();

/** Begin to load Python; does nothing when that has begun, or has failed. */
export function start() {
  if (state.phase === "idle") launch(false);
}

/** Give up the worker there is and start afresh, past the browser's cache: a bad file may be in it. */
export function retry() {
  stop("failed-to-load");
  launch(true);
}

/**
 * Put one request to Python, starting it where needed. Rejects, with the reason as message, when it has failed or fails.
 * @param {string} text JSON
 * @returns {Promise<string>} JSON
 */
export function ask(text) {
  start();
  return new Promise((resolve, reject) => {
    if (!worker) return reject(new Error(state.reason));
    const id = ++asked;
    pending.set(id, { resolve, reject });
    worker.postMessage({ id, text });
    if (state.phase === "ready") watch();
  });
}

/**
 * Call `fn` with the state, now and whenever it changes.
 * @param {(state: State) => void} fn
 * @returns {() => void} ends the subscription
 */
export function subscribe(fn) {
  subscribers.add(fn);
  fn(state);
  return () => subscribers.delete(fn);
}

/** @param {State} next */
function enter(next) {
  state = next;
  for (const fn of [...subscribers]) fn(state);
}

/** @param {boolean} reload ask the network for every file, whatever the cache holds */
function launch(reload) {
  if (typeof WebAssembly !== "object") return enter({ phase: "failed", reason: "no-wasm" });
  const made = makeWorker(reload ? `?reload=${Date.now()}` : "");
  if (!made) return enter({ phase: "failed", reason: "no-worker" });
  worker = made;
  made.onmessage = ({ data }) => made === worker && receive(data);
  made.onerror = (event) => {
    event.preventDefault(); // it is reported as a phase, not as an uncaught error
    if (made === worker) fail(state.phase === "ready" ? "crashed" : "failed-to-load");
  };
  timer = setTimeout(() => enter({ phase: "slow" }), SLOW_AFTER);
  // Asked for beside the worker's own file, and never from the cache unchecked: the addresses of all the rest are in it.
  fetch(`${RUNTIME}manifest.json`, { cache: reload ? "reload" : "no-cache" })
    .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
    .then((files) => made.postMessage({ boot: { runtime: RUNTIME, files, reload } }))
    .catch(() => made === worker && fail("failed-to-load"));
  enter({ phase: "loading" });
}

/** @param {string} query */
function makeWorker(query) {
  let modules = false;
  const options = {
    name: "quiz",
    /** @returns {"module"} */
    get type() {
      modules = true; // only a browser that knows module workers reads this
      return "module";
    },
  };
  try {
    const made = new Worker(new URL(`worker.mjs${query}`, import.meta.url), options);
    if (modules) return made;
    made.terminate();
  } catch {
    // no workers at all, or a policy that forbids ours
  }
  return undefined;
}

/** @param {any} message from the worker */
function receive(message) {
  if (message.failed) return fail(message.failed);
  if (message.ready) {
    clearTimeout(timer);
    enter({ phase: "ready", python: message.python });
  } else {
    pending.get(message.id)?.resolve(message.text);
    pending.delete(message.id);
  }
  watch();
}

/** A worker that the browser killed says nothing: call it dead when answers are due and none comes. */
function watch() {
  clearTimeout(timer);
  if (pending.size) timer = setTimeout(() => fail("crashed"), DEAD_AFTER);
}

/** @param {NonNullable<State["reason"]>} reason */
function fail(reason) {
  const why = reason === "failed-to-load" && !navigator.onLine ? "offline" : reason;
  stop(why);
  enter({ phase: "failed", reason: why });
}

/** @param {string} reason */
function stop(reason) {
  clearTimeout(timer);
  worker?.terminate();
  worker = undefined;
  for (const { reject } of pending.values()) reject(new Error(reason));
  pending.clear();
}
