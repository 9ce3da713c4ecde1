// Runs calls of the interview page's modules: `node interview_node.mjs FOLDER`, a list of [name, ...arguments] on stdin,
// a list of what they returned, or {error}, on stdout. Marks go in and out as objects, as JSON has no maps.
import { readFileSync } from "node:fs";

const from = (name) => import(`${process.argv[2]}/interview/${name}.mjs`);
const [progress, schedule, questions] = await Promise.all(["progress", "schedule", "questions"].map(from));
const map = (marks) => new Map(Object.entries(marks));
const calls = {
  parse: (text, whole) => Object.fromEntries(progress.parse(text, whole)),
  write: (marks) => progress.write(map(marks)),
  merge: (one, other) => Object.fromEntries(progress.merge(map(one), map(other))),
  marked: (before, version, mark, now) => schedule.marked(before ?? undefined, version, mark, now),
  due: (entry, version) => String(schedule.dueAt(entry ?? undefined, version)),
  fits: questions.fits,
};
const answers = JSON.parse(readFileSync(0, "utf-8")).map(([name, ...values]) => {
  try {
    return calls[name](...values);
  } catch (error) {
    return { error: `${error.constructor.name}: ${error.message}` };
  }
});
console.log(JSON.stringify(answers));
