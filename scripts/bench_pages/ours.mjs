// @ts-check
import { ask, subscribe } from "/assets/quiz/engine.mjs";
import { report, REQUEST, watchLongTasks } from "./verdict.mjs";

const longTasks = watchLongTasks();
subscribe(({ phase, reason }) => phase === "failed" && report({ failed: reason }));
const text = await ask(REQUEST);
report({ text, ms: performance.now(), longTasks: longTasks() });
