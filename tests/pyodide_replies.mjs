// @ts-check
// Boot the very files that ship, and print as JSON what Python answers to requests.
// node pyodide_replies.mjs RUNTIME_FOLDER < JSON list of request texts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { boot } from "../scripts/runtime/boot.mjs";

const [runtime] = process.argv.slice(2);
const requests = JSON.parse(readFileSync(0, "utf8"));
const unpacked = mkdtempSync(join(tmpdir(), "runtime-"));
const library = join(unpacked, "python_stdlib.zip");
writeFileSync(library, gunzipSync(readFileSync(join(runtime, "python_stdlib.gzip")))); // as the browser does
const python = await boot(runtime, runtime, library);
rmSync(unpacked, { recursive: true });
const reply = python.pyimport("quiz.api.reply");
const replies = requests.map((/** @type {string} */ text) => reply(text));
console.log(JSON.stringify({ replies, version: python.runPython("import sys; sys.version.split()[0]") }));
