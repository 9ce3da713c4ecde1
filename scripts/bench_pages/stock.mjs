// @ts-check
import { report, REQUEST, watchLongTasks } from "./verdict.mjs";

const longTasks = watchLongTasks();
const worker = new Worker(new URL("stock-worker.mjs", import.meta.url), { type: "module" });
worker.onerror = (event) => report({ failed: event.message });
worker.onmessage = ({ data }) => report({ ...data, ms: performance.now(), longTasks: longTasks() });
worker.postMessage({ text: REQUEST, wheel: new URLSearchParams(location.search).get("wheel") });
