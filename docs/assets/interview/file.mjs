// @ts-check
/** Progress as a file of the reader's own. */

import { parse, ProgressError, write } from "./progress.mjs";

const BIGGEST = 4_000_000; // bytes; a larger file is not even read

/** Offer a download. @param {import("./progress.mjs").Marks} marks @param {string} name */
export function offer(marks, name) {
  const address = URL.createObjectURL(new Blob([write(marks, 1)], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // some browsers ask for it a little later
}

/** Read a file; ProgressError when it is not progress. @param {File} file */
export async function readFile(file) {
  if (file.size > BIGGEST) throw new ProgressError("big");
  return parse(await file.text());
}
