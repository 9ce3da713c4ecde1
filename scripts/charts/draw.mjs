// @ts-check
/**
 * Draws a chart with Observable Plot, without a browser: `node draw.mjs < chart.json > chart.svg`.
 *
 * stdin, or the file named: {"form": a name of FORMS, "name": what its ids start with, "title", "description",
 * "data": what the form takes}. stdout: one `<svg>` without script and style, the same for the same input; the page's
 * stylesheet colours it by class.
 */

import { readFileSync } from "node:fs";

const FORMS = { map: "./map.mjs" };

try {
  const chart = JSON.parse(readFileSync(process.argv[2] ?? 0, "utf8"));
  if (!Object.hasOwn(FORMS, chart.form)) {
    throw new Error(`there is no form ${chart.form}; known: ${Object.keys(FORMS).join(", ")}`);
  }
  const { draw } = await import(FORMS[chart.form]);
  const { whole } = await import("./svg.mjs");
  process.stdout.write(whole(chart, draw(chart.data)));
} catch (error) {
  process.stderr.write(`${error.message.split("\n")[0]}\n`);
  process.exitCode = 1;
}
