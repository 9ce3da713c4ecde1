// @ts-check
// Boot the very files that ship, and print as JSON what Python answers to requests.
// node pyodide_replies.mjs RUNTIME_FOLDER < JSON list of request texts
import { readFileSync } from "node:fs";
import { boot } from "../scripts/runtime/boot.mjs";

const [runtime] = process.argv.slice(2);
const requests = JSON.parse(readFileSync(0, "utf8"));
const python = await boot(runtime, runtime, `${runtime}/python_stdlib.zip`);
const reply = python.pyimport("quiz.border.reply");
const replies = requests.map((/** @type {string} */ text) => reply(text));
console.log(JSON.stringify({ replies, version: python.runPython("import sys; sys.version.split()[0]") }));
