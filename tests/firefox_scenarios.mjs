// @ts-check
/** What a reader does in Firefox, each in a fresh page. `tests/test_firefox.py` names every one. */

import assert from "node:assert/strict";
import { answer, chosen, colourAtEdge, countVerdicts, part, press, text, verdict, verdicts } from "./firefox_page.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const FACTS = { tried: "yes", gap: "facts", scale: "ordinary" };
const QUERY = "/?tried=yes&gap=facts&scale=ordinary";

/** Firefox's own settings for the scenarios that need a browser of their own. @type {Record<string, object>} */
export const SETTINGS = {
  "without JavaScript": { "javascript.enabled": false },
  "without WebAssembly": { "javascript.options.wasm": false },
  "dark mode": { "ui.systemUsesDarkTheme": 1 },
};

/** name -> what to do. @type {Record<string, (page: Page, address: string, slow: string) => Promise<void>>} */
export const scenarios = {
  async "three clicks, then Python"(page, address) {
    await page.goto(`${address}/`);
    await countVerdicts(page);
    await answer(page, FACTS);
    await verdict(page, "rag", "", "python");
    assert.match(await text(page, "[data-state-text]"), /^Checked by Python 3\.\d+ in your browser\.$/);
    assert.equal(page.url(), address + QUERY);
    assert.equal(await verdicts(page), 1, "Python's confirmation is not a new verdict");
  },

  async "a link shows its verdict"(page, address) {
    await page.goto(address + QUERY);
    await verdict(page, "rag");
    assert.deepEqual(await chosen(page), FACTS);
    const [header, now, headline] = await Promise.all(
      [".md-header", "[data-slot=now]", "[data-slot=headline]"].map(async (place) => (await part(page, place)).boundingBox()),
    );
    assert.ok(header && now && headline && now.y >= header.height && headline.y + headline.height <= 900, "the verdict is not in view");
    assert.equal(await text(page, "[data-note]"), "");
  },

  async "back and forward"(page, address) {
    await page.goto(address + QUERY);
    await verdict(page, "rag", "", "python");
    await answer(page, { gap: "both" });
    await verdict(page, "rag", "fine-tune");
    await answer(page, { tried: "no" });
    await verdict(page, "prompt", "rag fine-tune");
    await page.goBack();
    await verdict(page, "rag", "fine-tune");
    await page.goBack();
    await verdict(page, "rag", "");
    assert.deepEqual(await chosen(page), FACTS);
    await page.goForward();
    await verdict(page, "rag", "fine-tune");
    assert.deepEqual(await chosen(page), { ...FACTS, gap: "both" });
  },

  async "keyboard only"(page, address) {
    await page.goto(`${address}/`);
    await page.waitForSelector("decision-quiz:defined");
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name"));
    for (let presses = 0; (await focused()) !== "tried"; presses++) {
      assert.ok(presses < 80, "the Tab key never came to the quiz");
      await page.keyboard.press("Tab");
    }
    for (const key of /** @type {const} */ (["ArrowDown", "Tab", " ", "ArrowDown", "Tab", " "])) await page.keyboard.press(key);
    await verdict(page, "rag");
    await page.keyboard.press("Enter"); // submits the form: on to the verdict
    assert.ok(await page.evaluate(() => document.activeElement?.matches("[data-slot=headline]")));
  },

  async "two instant navigations"(page, address) {
    const workers = /** @type {string[]} */ ([]);
    page.on("workercreated", (worker) => workers.push(worker.url()));
    await page.goto(`${address}/`);
    await countVerdicts(page);
    await answer(page, FACTS);
    await verdict(page, "rag", "", "python");
    for (const _ of ["once", "twice"]) {
      await page.click('.md-tabs__link[href*="evidence"]');
      await page.waitForSelector("decision-quiz", { hidden: true });
      await page.click(".md-header__button.md-logo");
      await page.waitForSelector("decision-quiz[data-phase=ready]");
    }
    const before = await verdicts(page);
    assert.ok(before >= 1, "the navigation was not an instant one");
    await answer(page, { ...FACTS, gap: "both" });
    await verdict(page, "rag", "fine-tune", "python");
    assert.equal(await verdicts(page), before + 1);
    assert.equal(workers.filter((url) => url.includes("/assets/quiz/worker.mjs")).length, 1);
  },

  // The page's own JavaScript is off. What looks and clicks here is the driver; it may not wait in the page, though.
  async "without JavaScript"(page, address) {
    await page.goto(`${address}/`);
    assert.ok(await page.evaluate(() => document.querySelector("html.no-js decision-quiz:not(:defined)") !== null));
    const visible = () => page.evaluate(() =>
      [...document.querySelectorAll(".verdict-head")].filter((e) => e.checkVisibility()).map((e) => e.id));
    assert.deepEqual(await visible(), []);
    for (const [name, value] of Object.entries(FACTS)) await press(page, `[name=${name}][value=${value}]`);
    assert.deepEqual(await visible(), ["verdict-yes-facts-ordinary"]);
    await press(page, "[name=gap][value=none]");
    assert.deepEqual(await visible(), ["verdict-yes-none-ordinary"]);
    await press(page, "quick-check details summary");
    assert.ok(await page.evaluate(() => document.querySelector("quick-check details li")?.checkVisibility()));
  },

  async "without WebAssembly"(page, address) {
    await page.goto(address + QUERY);
    await verdict(page, "rag", "", "static");
    await page.waitForSelector("decision-quiz[data-phase=failed]");
    assert.match(await text(page, "[data-state-text]"), /WebAssembly is blocked or missing in this browser/);
    await answer(page, { gap: "both" });
    await verdict(page, "rag", "fine-tune", "static");
  },

  async "slow files"(page, _address, slow) {
    await page.goto(slow + QUERY);
    await verdict(page, "rag", "", "static");
    assert.equal(await text(page, "[data-state-text]"), "From the table in this page. Python is on its way to check it.");
    await answer(page, { gap: "both" });
    await verdict(page, "rag", "fine-tune", "static");
    await verdict(page, "rag", "fine-tune", "python");
  },

  async "dark mode"(page, address) {
    await page.goto(address + QUERY);
    await verdict(page, "rag");
    assert.equal(await page.evaluate(() => document.body.getAttribute("data-md-color-scheme")), "slate");
    const { red, green, blue } = await colourAtEdge(page);
    assert.ok(Math.max(red, green, blue) < 80, `the background is rgb(${red}, ${green}, ${blue})`);
  },

  async "a hostile link"(page, address) {
    await page.goto(`${address}/?tried=yes&gap=${encodeURIComponent("<img src=x onerror=alert(1)>")}&__proto__=x&gap=`);
    await page.waitForFunction(() => document.querySelector("[data-note]")?.textContent);
    assert.match(await text(page, "[data-note]"), /__proto__.*gap \(more than once\)/);
    await page.goto(`${address}/?tried=yes&gap=${encodeURIComponent("<img src=x onerror=alert(1)>")}`);
    await page.waitForFunction(() => document.querySelector("[data-note]")?.textContent);
    assert.match(await text(page, "[data-note]"), /gap=<img src=x onerror/);
    assert.equal((await page.$$("decision-quiz img")).length, 0);
    await answer(page, FACTS);
    await verdict(page, "rag");
    assert.equal(await text(page, "[data-note]"), "");
  },
  async "a situation opens in the quiz"(page, address) {
    await page.goto(`${address}/`);
    await page.waitForSelector("decision-quiz:defined");
    await page.click("#scenario-valid-json summary");
    await page.click("#scenario-valid-json .scenario-open");
    await verdict(page, "constrain");
    assert.deepEqual(await chosen(page), { tried: "yes", gap: "structure", scale: "ordinary" });
    await page.goBack();
    await page.waitForFunction(() => !document.querySelector("decision-quiz input:checked"));
  },

  async "a mark is there after a reload"(page, address) {
    await page.goto(`${address}/interview/`);
    const good = ".interview-question [data-mark=good]";
    await page.waitForSelector(good);
    await page.click(".interview-question .interview-open");
    await page.click(".interview-question > .interview-answer summary");
    await page.click(good);
    await page.waitForSelector(`${good}[aria-pressed=true]`);
    await page.reload();
    await page.waitForSelector(`${good}[aria-pressed=true]`);
    assert.match(await text(page, "[data-count=new]"), /^84 not marked yet/);
  },

  async "the break-even stays in the link"(page, address) {
    await page.goto(`${address}/distillation/`);
    await page.waitForSelector("break-even:defined");
    const given = { calls: 1000, input: 1000, output: 1000, "teacher-input": 9, "teacher-output": 9, "student-input": 1, "student-output": 1, making: 160, upkeep: 4 };
    for (const [name, value] of Object.entries(given)) await page.type(`break-even [name=${name}]`, String(value));
    const pays = (/** @type {string} */ words) => page.waitForFunction((part) => document.querySelector("break-even")?.textContent?.includes(part), {}, words);
    await pays("From 251 calls a month on");
    await page.goto(page.url());
    await pays("From 251 calls a month on");
  },
};
