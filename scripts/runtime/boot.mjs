// @ts-check
// Pyodide in Node, with the quiz's wheel loaded by its lock file, exactly as the browser's worker does it.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

// Say what happened in a line; by itself Node prints the line of code that threw, which in Pyodide is a megabyte long.
process.on("uncaughtException", (error) => {
  console.error(String(error.message ?? error).trim().split("\n").at(-1));
  process.exit(1);
});

/**
 * @param {string} folder that holds pyodide.mjs and its parts
 * @param {string} packages folder with the lock file and the wheel
 * @param {string} [standardLibrary] zip to boot from; Pyodide's own when left out
 * @returns {Promise<any>} Pyodide
 */
export async function boot(folder, packages, standardLibrary) {
  const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")).href);
  const lock = JSON.parse(readFileSync(join(packages, "pyodide-lock.json"), "utf8"));
  return loadPyodide({
    indexURL: `${resolve(folder)}/`,
    lockFileContents: lock,
    packageBaseUrl: `${resolve(packages)}/`,
    packages: Object.keys(lock.packages),
    ...(standardLibrary && { stdLibURL: resolve(standardLibrary) }),
    // A fixed seed orders sets in byte code the same way each time; no column tables makes byte code a quarter smaller.
    env: { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" },
  });
}
