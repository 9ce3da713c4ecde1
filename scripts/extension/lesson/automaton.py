"""The block `::: automaton queue`: how the tiny schema in `docs/_data/automata/queue.yml` becomes a mask.

field, values: an object with this one field, an enum of these values. tokens: a tiny vocabulary. title, caption: of
the figure. A state of the automaton is what may still be written: the set of all endings. A token is allowed where an
ending starts with it, and leads to the rest of those endings.
"""

import json
import re
from dataclasses import dataclass
from html import escape

from scripts.extension.data_file import Entries, load
from scripts.extension.page import Page

FOLDER = "docs/_data/automata"
WIDTH = 44  # characters of code that fit into the picture
END = "end"  # the token that ends an answer, allowed where nothing more need be written
State = frozenset[str]


@dataclass(frozen=True)
class Automaton:
    """states: what may still be written, the start first. moves: number of the next state, by state and token."""

    states: list[State]
    moves: dict[tuple[int, str], int]

    def mask(self, state: int, token: str) -> bool:
        """Say whether the token may come next."""
        return "" in self.states[state] if token == END else (state, token) in self.moves


def step(state: State, token: str) -> State:
    """Return what may still be written after the token; nothing where it is not allowed."""
    return frozenset(ending.removeprefix(token) for ending in state if ending.startswith(token))


def build(texts: list[str], tokens: list[str]) -> Automaton:
    """Return the automaton over whole tokens that writes these texts, its states in the order of what is left."""
    start = frozenset(texts)
    reachable, unvisited = {start}, [start]
    while unvisited:
        state = unvisited.pop()
        new = {step(state, token) for token in tokens} - {frozenset()} - reachable
        reachable |= new
        unvisited += new
    states = sorted(reachable, key=lambda state: (-max(map(len, state)), -len(state), sorted(state)))
    number = {state: place for place, state in enumerate(states)}
    moves = {
        (number[state], token): number[step(state, token)] for state in states for token in tokens if step(state, token)
    }
    return Automaton(states, moves)


def block(argument: str, page: Page) -> str:
    """Return the figure; SiteError with file and line for a mistake, or where the tokens cannot spell a value."""
    path = page.root / FOLDER / f"{argument}.yml"
    data = load(path, page.root, "automaton")
    page.data.append(path)
    if END in data["tokens"]:
        raise data.error(f"{argument}: the token {END} is there already", "tokens")
    automaton = build([json.dumps({data["field"]: value}) for value in data["values"]], data["tokens"])
    endings = [ending for state in automaton.states for ending in sorted(state) if ending]
    if stuck := [ending for ending in endings if not ending.startswith(tuple(data["tokens"]))]:
        raise data.error(f"{argument}: no token begins {stuck[0]!r}; add one", "tokens")
    return figure(argument, data, automaton)


def figure(name: str, data: Entries, automaton: Automaton) -> str:
    """Return the four steps: schema, regular expression and states as a picture, the mask as a table."""
    start, end = json.dumps({data["field"]: ""}).rsplit('"', 1)
    choices = "|".join(escape_regex(json.dumps(value)[1:-1]) for value in data["values"])
    schema = [f'{{"properties": {{"{data["field"]}":', f'  {{"enum": {json.dumps(data["values"])}}}}}}}']
    expression = f"{escape_regex(start)}({choices}){escape_regex(chr(34) + end)}"
    if too_long := next((line for line in (*schema, expression) if len(line) > WIDTH), None):
        raise data.error(f"{name}: {too_long!r} is wider than {WIDTH} characters; use shorter values", "values")
    drawn, top = "", 22
    for number, (heading, texts) in enumerate({"Schema": schema, "Regular expression": [expression]}.items(), 1):
        drawn += f'<text class="name" x="8" y="{top}">{number}. {heading}</text>'
        for text in texts:
            top += 20
            drawn += f'<text class="code" x="8" y="{top}" xml:space="preserve">{escape(text)}</text>'
        top += 36
    drawn += f'<text class="name" x="8" y="{top}">3. States</text>'
    graph, height = states(automaton, top + 4)
    return f"""<figure class="picture automaton">
<svg viewBox="0 0 360 {height}" role="img" aria-labelledby="{name}-title {name}-desc">
<title id="{name}-title">{escape(data["title"])}</title>
<desc id="{name}-desc">The schema allows {escape(", ".join(data["values"]))} in the field {escape(data["field"])}. As a
regular expression: {escape(expression)}. Its states: {escape(describe_states(automaton))}.</desc>
{drawn}{graph}</svg>
{table(data, automaton)}
<figcaption>{escape(data["caption"])}</figcaption>
</figure>"""


def escape_regex(text: str) -> str:
    """Return a regular expression for just this text, with no more backslashes than it needs."""
    return re.sub(r"([\\^$.|?*+(){}\[\]])", r"\\\1", text)


def edges(automaton: Automaton) -> dict[tuple[int, int], list[str]]:
    """Return from each state to the next the tokens that lead there."""
    tokens_between: dict[tuple[int, int], list[str]] = {}
    for (state, token), end in automaton.moves.items():
        tokens_between.setdefault((state, end), []).append(token)
    return tokens_between


def describe_states(automaton: Automaton) -> str:
    """Return the states in words."""
    moves = [f"from {start}, {' or '.join(tokens)} leads to {end}" for (start, end), tokens in edges(automaton).items()]
    ends = [f"in {i}, the answer may end" for i, state in enumerate(automaton.states) if "" in state]
    return "; ".join([*moves, *ends])


def states(automaton: Automaton, top: float) -> tuple[str, float]:
    """Return the states as circles from top to bottom with their moves as arrows, and where the drawing ends."""
    x, step_down, radius, drawn = 160, 62, 15, ""

    def y(state: int) -> float:
        return top + radius + 4 + state * step_down

    for (start, end), tokens in edges(automaton).items():
        middle = (y(start) + y(end)) / 2 + 5
        if end == start + 1:
            drawn += f'<path class="line" d="M{x} {y(start) + radius}V{y(end) - radius}"/>'
            drawn += f'<path class="tip" d="M{x} {y(end) - radius}l-5 -9h10z"/>'
            drawn += f'<text class="code" x="{x + 10}" y="{middle}">{escape(", ".join(tokens))}</text>'
        else:
            left = x - 24 - 14 * (end - start)
            drawn += f'<path class="line" d="M{x - radius} {y(start)}C{left} {y(start)} {left} {y(end)}'
            drawn += f' {x - radius - 8} {y(end)}"/><path class="tip" d="M{x - radius} {y(end)}l-9 -5v10z"/>'
            for place, token in enumerate(tokens):
                above = 18 * (place - (len(tokens) - 1) / 2)
                drawn += f'<text class="code far" x="{left + 4}" y="{middle + above:g}">{escape(token)}</text>'
    for number, state in enumerate(automaton.states):
        drawn += f'<circle cx="{x}" cy="{y(number)}" r="{radius}"/>'
        if "" in state:
            drawn += f'<circle class="line" cx="{x}" cy="{y(number)}" r="{radius - 4}"/>'
            drawn += f'<text class="small" x="{x + 24}" y="{y(number) + 5}">may end here</text>'
        drawn += f'<text class="state" x="{x}" y="{y(number) + 5}">{number}</text>'
    return drawn, y(len(automaton.states) - 1) + radius + 8


def table(data: Entries, automaton: Automaton) -> str:
    """Return the mask: a row for each token, a column for each state."""
    numbers = range(len(automaton.states))
    rows = ""
    for token in (*data["tokens"], END):
        cells = ""
        for state in numbers:
            allowed = automaton.mask(state, token)
            text = ("stop" if token == END else f"→ {automaton.moves[state, token]}") if allowed else "no"
            cells += f'<td class="{"allowed" if allowed else "masked"}">{text}</td>'
        word = f"<i>{END}</i>" if token == END else f"<code>{escape(token)}</code>"
        rows += f'<tr><th scope="row">{word}</th>{cells}</tr>'
    heads = "".join(f'<th scope="col">{number}</th>' for number in numbers)
    return f"""<table class="mask"><caption><b>4. Mask.</b> By token and state: allowed, with the state that comes next,
or no: masked.</caption><thead><tr><th scope="col">Token</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"""
