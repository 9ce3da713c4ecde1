// @ts-check
/**
 * The quiz in the stock Firefox, driven over WebDriver BiDi:
 *
 *     node tests/firefox.mjs FIREFOX ADDRESS SLOW_ADDRESS [scenario...]
 *
 * ADDRESS is the built site's; SLOW_ADDRESS serves the same with Pyodide's wasm held back for seconds. One line of
 * JSON on stdout for each scenario: {name, ok, seconds, error?, said, elsewhere}. `said` is what the page put on the
 * console, threw or asked in a dialog, `elsewhere` its requests to other hosts; both must be empty. Exit status 1 when
 * a scenario failed.
 */

import puppeteer from "puppeteer-core";
import { SETTINGS, scenarios } from "./firefox_scenarios.mjs";

const PATIENCE = 90_000; // ms for a whole scenario on a busy machine

/** @param {string} firefox @param {object} [extraPrefsFirefox] */
const launch = (firefox, extraPrefsFirefox) =>
  puppeteer.launch({ browser: "firefox", executablePath: firefox, headless: true, extraPrefsFirefox });

/**
 * Run one scenario in a fresh page of a fresh profile.
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} name
 * @param {string[]} addresses
 */
async function run(browser, name, [address, slow]) {
  const said = /** @type {string[]} */ ([]);
  const elsewhere = /** @type {string[]} */ ([]);
  const ours = [`${address}/`, `${slow}/`, "data:", "blob:"];
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(`uncaught: ${error}`));
  page.on("dialog", (dialog) => said.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("request", (request) => ours.some((start) => request.url().startsWith(start)) || elsewhere.push(request.url()));

  const began = Date.now();
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error(`not done in ${PATIENCE / 1000} s`)).unref());
  const work = scenarios[name](page, address, slow);
  const error = await Promise.race([work, late]).then(() => undefined, (reason) => String(reason));
  const ok = !error && said.length + elsewhere.length === 0;
  console.log(JSON.stringify({ name, ok, seconds: (Date.now() - began) / 1000, error, said, elsewhere }));
  if (!ok) process.exitCode = 1;
  await Promise.race([context.close(), late]).catch(() => {}); // its browser may be gone, which the error then says
}

const [firefox, address, slow, ...named] = process.argv.slice(2);
const common = await launch(firefox);
for (const name of named.length ? named : Object.keys(scenarios)) {
  const own = SETTINGS[name] && (await launch(firefox, SETTINGS[name]));
  await run(own || common, name, [address, slow]);
  await own?.close();
}
await common.close();
