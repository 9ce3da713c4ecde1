// Runs the break-even form's modules: `node break_even_node.mjs`, a list of [name, ...arguments] on stdin, a list of what
// they returned on stdout. `sum` takes the texts of the form; whole numbers too large for JSON go out as text.
import { readFileSync } from "node:fs";

const from = (name) => import(`../docs/assets/break-even/${name}.mjs`);
const [{ breakEven, UNITS }, { missing, problemWith, read }] = await Promise.all(["sum", "inputs"].map(from));
const calls = { missing, problem: problemWith, sum: (texts) => ({ units: UNITS, ...breakEven(read(texts)) }) };
const answers = JSON.parse(readFileSync(0, "utf-8")).map(([name, ...values]) => calls[name](...values));
console.log(JSON.stringify(answers, (_, value) => (typeof value === "bigint" ? String(value) : value)));
