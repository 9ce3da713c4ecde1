// @ts-check
/**
 * Finds a place for each label beside its mark, so that none covers another label or a mark.
 *
 * Each label has many candidates, from close beside its mark to anywhere in the picture, each with a cost of its own:
 * how far it is, what it covers. Then the labels take turns, each moving to its cheapest candidate given the others,
 * until none moves. Several orders are tried and the cheapest outcome is kept. Nothing is drawn by chance.
 */

const GAP = 7; // between a mark's edge and its label
const NEAR = 10; // a label this close to its mark needs no line to it
const BESIDE = 7; // a line this close to another is hard to tell from it
const STEP = 8; // of the grid of candidates
const TURNS = 30;

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{x1: number, y1: number, x2: number, y2: number}} Line
 * @typedef {Line & {cost: number, reach: number}} Obstacle  cost: of a label closer to it than its reach
 * @typedef {{x: number, y: number, r: number, width: number, height: number}} Label  where its mark is, its own size
 * @typedef {Box & {cost: number, line: Line | null}} Place
 */

/** @returns {Place[]} one a label, with the line that leads to it where it is far from its mark */
export function place(/** @type {Label[]} */ labels, /** @type {Obstacle[]} */ lines, /** @type {Box} */ bounds) {
  const choices = labels.map((label) => candidates(label, labels, lines, bounds));
  const sorted = [...labels.keys()].sort((a, b) => labels[a].y - labels[b].y || a - b);
  // From above, from below, and with each label first in turn: who comes first has the free choice.
  const orders = [sorted, [...sorted].reverse(), ...sorted.map((i) => [i, ...sorted.filter((j) => j !== i)])];
  const outcomes = orders.map((order) => settle(order, choices));
  return outcomes.reduce((best, next) => (total(next) < total(best) - 1e-6 ? next : best));
}

/** Let the labels take turns until none moves. */
function settle(order, choices) {
  const places = choices.map(() => null);
  for (let turn = 0; turn < TURNS; turn++) {
    let moved = false;
    for (const i of order) {
      const others = places.filter((other, j) => other && j !== i);
      let best = places[i];
      let least = best ? best.cost + between(best, others) : Infinity;
      for (const choice of choices[i]) {
        if (choice.cost >= least) break; // they are sorted
        const cost = choice.cost + between(choice, others);
        if (cost < least - 1e-6) [best, least] = [choice, cost];
      }
      moved ||= best !== places[i];
      places[i] = best;
    }
    if (!moved) break;
  }
  return places;
}

function total(places) {
  return places.reduce((sum, one, i) => sum + one.cost + between(one, places.slice(i + 1)), 0);
}

/** What a place costs because of the other labels. */
function between(/** @type {Place} */ one, /** @type {Place[]} */ others) {
  let cost = 0;
  for (const other of others) {
    if (overlap(one, other, 3)) cost += 5000;
    if (other.line && crosses(other.line, one)) cost += 400;
    if (one.line && crosses(one.line, other)) cost += 400;
    if (one.line && other.line && meet(one.line, other.line)) cost += 400;
  }
  return cost;
}

/** Return the places that a label may take, cheapest first. */
function candidates(label, labels, lines, bounds) {
  const { x, y, r, width, height } = label;
  const off = r + GAP;
  const middle = { x: x - width / 2, y: y - height / 2 };
  const beside = [
    { x: x + off, y: middle.y, cost: 0 },
    { x: x - off - width, y: middle.y, cost: 2 },
    { x: middle.x, y: y - off - height, cost: 5 },
    { x: middle.x, y: y + off, cost: 6 },
    ...[x - r, x + r - width].flatMap((left) => [y + off - 2, y - off + 2 - height].map((top) => (
      { x: left, y: top, cost: 4 }))),
    ...[x + r, x - r - width].flatMap((left) => [y + r, y - r - height].map((top) => ({ x: left, y: top, cost: 8 }))),
  ];
  for (let left = bounds.x; left <= bounds.x + bounds.width - width; left += STEP) {
    for (let top = bounds.y; top <= bounds.y + bounds.height - height; top += STEP) {
      beside.push({ x: left, y: top, cost: 12 });
    }
  }
  return beside
    .map((one) => ({ ...one, width, height }))
    .filter((box) => inside(box, bounds))
    .map((box) => costed(box, label, labels, lines))
    .sort((a, b) => a.cost - b.cost || a.y - b.y || a.x - b.x);
}

/** Return a candidate with its line and what it costs by itself. */
function costed(box, label, labels, lines) {
  const end = nearest(box, label);
  const away = Math.hypot(end.x - label.x, end.y - label.y) - label.r;
  const line = away > NEAR ? { ...start(label, end), x2: end.x, y2: end.y } : null;
  let cost = box.cost + Math.max(0, away - GAP) + (line ? 10 : 0);
  for (const other of labels) {
    const mark = { x: other.x - other.r, y: other.y - other.r, width: 2 * other.r, height: 2 * other.r };
    if (overlap(box, mark, 3)) cost += 2500;
    if (other === label) continue;
    if (line && crosses(line, grown(mark, 3))) cost += 400;
    const near = nearest(box, other);
    if (!line && Math.hypot(near.x - other.x, near.y - other.y) - other.r < away + 6) cost += 200; // whose is it?
  }
  for (const one of lines) {
    if (crosses(one, grown(box, one.reach))) cost += one.cost;
    if (line && (meet(line, one) || along(line, one))) cost += one.cost / 2;
  }
  return { ...box, cost, line };
}

/** Where the line leaves the mark. */
function start({ x, y, r }, end) {
  const length = Math.hypot(end.x - x, end.y - y);
  return { x1: x + ((end.x - x) * (r + 2)) / length, y1: y + ((end.y - y) * (r + 2)) / length };
}

function nearest(/** @type {Box} */ box, point) {
  return {
    x: Math.min(Math.max(point.x, box.x), box.x + box.width),
    y: Math.min(Math.max(point.y, box.y), box.y + box.height),
  };
}

function inside(box, bounds) {
  return box.x >= bounds.x && box.y >= bounds.y &&
    box.x + box.width <= bounds.x + bounds.width && box.y + box.height <= bounds.y + bounds.height;
}

function overlap(a, b, apart) {
  return a.x < b.x + b.width + apart && b.x < a.x + a.width + apart &&
    a.y < b.y + b.height + apart && b.y < a.y + a.height + apart;
}

function grown({ x, y, width, height }, by) {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

/** Whether a line touches a box. */
function crosses(line, { x, y, width, height }) {
  const within = (px, py) => px >= x && px <= x + width && py >= y && py <= y + height;
  if (within(line.x1, line.y1) || within(line.x2, line.y2)) return true;
  const [right, low] = [x + width, y + height];
  return meet(line, { x1: x, y1: y, x2: right, y2: low }) || meet(line, { x1: x, y1: low, x2: right, y2: y });
}

/** Whether the middle of a line is hardly beside another. */
function along({ x1, y1, x2, y2 }, other) {
  const middle = { x: (x1 + x2) / 2 - BESIDE, y: (y1 + y2) / 2 - BESIDE, width: 2 * BESIDE, height: 2 * BESIDE };
  return crosses(other, middle);
}

/** Whether two lines cross. */
function meet(a, b) {
  const side = (line, x, y) => (line.x2 - line.x1) * (y - line.y1) - (line.y2 - line.y1) * (x - line.x1);
  return side(a, b.x1, b.y1) * side(a, b.x2, b.y2) < 0 && side(b, a.x1, a.y1) * side(b, a.x2, a.y2) < 0;
}
