// @ts-check
/** The quiz in a page of Firefox, as the scenarios speak of it. */

import assert from "node:assert/strict";

/** @typedef {import("puppeteer-core").Page} Page */

/** Choose options with the mouse. @param {Page} page @param {Record<string, string>} answers */
export async function answer(page, answers) {
  await page.waitForSelector("decision-quiz:defined");
  for (const [name, value] of Object.entries(answers)) await page.click(`decision-quiz [name=${name}][value=${value}]`);
}

/** Wait for a verdict, and for where it comes from. @param {Page} page @param {string} now @param {string} [later] @param {string} [engine] */
export async function verdict(page, now, later = "", engine = "") {
  const from = engine && `[data-engine="${engine}"]`;
  await page.waitForSelector(`[data-verdict][data-now="${now}"][data-later="${later}"]${from}`, { timeout: 60_000 });
}

/** @param {Page} page */
export const chosen = (page) =>
  page.$$eval("decision-quiz input:checked", (all) => Object.fromEntries(all.map((e) => [e.name, e.value])));

/** @param {Page} page @param {string} selector */
export async function part(page, selector) {
  return (await page.$(selector)) ?? assert.fail(`nothing on the page is ${selector}`);
}

/** @param {Page} page @param {string} selector */
export const text = async (page, selector) => (await part(page, selector)).evaluate((e) => e.textContent?.trim() ?? "");

/** Count `verdict` events from here on. @param {Page} page */
export const countVerdicts = (page) =>
  page.evaluate(() => {
    Object.assign(window, { verdicts: 0 });
    document.addEventListener("verdict", () => Object(window).verdicts++);
  });

/** @param {Page} page @returns {Promise<number>} */
export const verdicts = (page) => page.evaluate(() => Number(Object(window).verdicts));

/** Press where an element is, without asking its page to run anything. @param {Page} page @param {string} selector */
export async function press(page, selector) {
  const { x, y } = await page.evaluate((where) => {
    const element = document.querySelector(where);
    element?.scrollIntoView({ block: "center", behavior: "instant" });
    const box = element?.getBoundingClientRect();
    return { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
  }, selector);
  await page.mouse.click(x, y);
}

/** The colour at the window's lower left, beside the article, as it is on the screen. @param {Page} page */
export async function colourAtEdge(page) {
  const png = await page.screenshot({ encoding: "base64", captureBeyondViewport: false });
  return page.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas?.drawImage(image, 0, 0);
    const [red, green, blue] = canvas?.getImageData(2, image.height - 3, 1, 1).data ?? [];
    return { red, green, blue };
  }, png);
}
