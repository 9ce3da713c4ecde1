"""constrained_decoding.py: the mask is what brute force says, whatever the model; shape and truth are counted apart."""

import itertools
import json
import logging
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import llguidance
import numpy
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.measure import measured_in
from scripts.measured_words import load_words
from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
# transformers 5 warns when peft asks whether a model recomputes its activations.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
con = load_snippet("constrained_decoding")
END = 0


class Letters:
    """A tiny vocabulary for llguidance. As in byte-level ones, every byte is a token, and some strings too."""

    eos_token_id, bos_token_id, special_token_ids = END, None, (END,)

    def __init__(self, letters: str, more: tuple[str, ...]):
        single = sorted({byte for letter in letters for byte in letter.encode()})
        self.tokens = [b"<end>", *(bytes([byte]) for byte in single), *(text.encode() for text in more)]

    def __call__(self, text: bytes) -> list[int]:
        ids = []
        while text:
            longest = max((token for token in self.tokens[1:] if text.startswith(token)), key=len, default=None)
            if longest is None:
                return ids
            ids.append(self.tokens.index(longest))
            text = text[len(longest) :]
        return ids


ALPHABET = "ab-é"
WORDS = Letters(ALPHABET, ("ab", "ba", "aa", "b-", "é", "a-é"))
TOKENS = llguidance.LLTokenizer(llguidance.TokenizerWrapper(WORDS))


def matches(fits, letters: str, longest: int) -> set[bytes]:
    """Brute force: every text of these letters, up to a length, that fits."""
    texts = ("".join(some) for n in range(longest + 1) for some in itertools.product(letters, repeat=n))
    return {text.encode() for text in texts if fits(text)}


def allowed_after(start, path: tuple[int, ...]) -> set[int]:
    """The tokens that the snippet's own logits processor leaves after a path of tokens."""
    constraint, ids = con.Constraint(start, 1), torch.tensor([[1]])
    for token in (*path, None):
        scores = constraint(ids, torch.zeros(1, len(WORDS.tokens)))
        if token is not None:
            assert scores[0, token] == 0
            ids = torch.cat([ids, torch.tensor([[token]])], 1)
    assert set(scores.unique().tolist()) <= {0.0, -math.inf}
    return set(torch.nonzero(scores[0] == 0).flatten().tolist())


def explore(start, wanted: set[bytes]) -> tuple[set[bytes], int]:
    """Walk every path of allowed tokens, hold each mask against the oracle -> the texts that can end, and masks seen.

    Where the next letters are forced, llguidance may leave only the tokenizer's own way to spell them.
    """
    told, seen, paths = set(), 0, [()]
    while paths:
        path = paths.pop()
        text, seen = b"".join(WORDS.tokens[token] for token in path), seen + 1
        rest = [match[len(text) :] for match in wanted if match.startswith(text)]
        oracle = {i for i, token in enumerate(WORDS.tokens) if i != END and any(one.startswith(token) for one in rest)}
        oracle |= {END} if text in wanted else set()
        allowed = allowed_after(start, path)
        forced = text not in wanted and len({one[:1] for one in rest}) == 1
        assert allowed == oracle or (forced and len(allowed) == 1 and allowed <= oracle), (path, allowed, oracle)
        told |= {text} if END in allowed else set()
        paths += [(*path, token) for token in allowed - {END}]
    return told, seen


# The mask


@pytest.mark.parametrize(
    "regex",
    ["ab", "a{1,3}", "(a|ab)(b|é)?-", "[^-]{1,3}", "(ab|ba){0,2}", "é{1,2}b?", "(?P<answer>a|b)-é", "^a?b$", "a?"],
)
def test_mask_of_a_regex_is_what_brute_force_says(regex):
    wanted = matches(re.compile(regex).fullmatch, ALPHABET, 4)
    told, seen = explore(con.start_matcher(TOKENS, con.Shape(regex=regex), "--regex"), wanted)
    assert told == wanted and seen >= len(wanted)


PIECE = st.sampled_from([("a", 1), ("b", 1), ("-", 1), ("é", 1), ("[ab]", 1), ("[^a]", 1), ("ab", 2)])
REGEXES = st.recursive(
    PIECE,
    lambda part: st.one_of(
        st.tuples(part, part).map(lambda two: (two[0][0] + two[1][0], two[0][1] + two[1][1])),
        st.tuples(part, part).map(lambda two: (f"(?:{two[0][0]}|{two[1][0]})", max(two[0][1], two[1][1]))),
        part.map(lambda one: (f"(?:{one[0]})?", one[1])),
        part.map(lambda one: (f"(?:{one[0]}){{1,2}}", 2 * one[1])),
    ),
    max_leaves=4,
).filter(lambda one: one[1] <= 4)


@settings(max_examples=40, deadline=None)
@given(REGEXES)
def test_mask_of_any_regex_is_what_brute_force_says(drawn):
    regex, longest = drawn
    wanted = matches(re.compile(regex).fullmatch, ALPHABET, longest)
    assert explore(con.start_matcher(TOKENS, con.Shape(regex=regex), "--regex"), wanted)[0] == wanted


def test_mask_of_a_schema_is_what_brute_force_says(monkeypatch):
    letters = '{}":, xy'
    words = Letters(letters, ('"x', '": "', '"}', "xy", ": "))
    monkeypatch.setattr(sys.modules[__name__], "WORDS", words)
    tokens = llguidance.LLTokenizer(llguidance.TokenizerWrapper(words))
    shape = con.Shape(con.fields(x={"type": "string", "pattern": "^[xy]{1,2}$"}, y={"enum": ["x"]}))
    values = ["".join(some) for n in (1, 2) for some in itertools.product("xy", repeat=n)]
    wanted = {json.dumps({"x": value, "y": "x"}).encode() for value in values}
    told, _ = explore(con.start_matcher(tokens, shape, "--schema"), wanted)
    assert told == wanted and all(shape.fits(text.decode()) for text in told)


def test_rows_of_a_batch_are_held_apart_and_an_ended_row_stays_ended():
    start = con.start_matcher(TOKENS, con.Shape(regex="a{1,2}|b"), "--regex")
    constraint, token = con.Constraint(start, 2), lambda text: WORDS.tokens.index(text)
    left = lambda scores: [set(torch.nonzero(row == 0).flatten().tolist()) for row in scores]  # noqa: E731
    steps = [[1, 1], [token(b"b"), token(b"a")], [END, token(b"a")], [END, END]]
    told = [left(constraint(torch.tensor(step)[:, None], torch.zeros(2, len(WORDS.tokens)))) for step in steps]
    assert told[0] == [{token(b"a"), token(b"aa"), token(b"b")}] * 2
    assert told[1] == [{END}, {END, token(b"a")}]
    assert told[2] == [{END}, {END}] == told[3]


@pytest.fixture(scope="module")
def model():
    return con.open_model(str(LAB / "model"), "cpu")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A random Llama of one layer, an adapter on it, and a reader's own pages and questions."""
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.LlamaConfig(vocab_size=1024, max_position_embeddings=512, eos_token_id=1, **sizes)
    transformers.LlamaForCausalLM(config).save_pretrained(folder / "model")
    transformers.AutoTokenizer.from_pretrained(LAB / "model").save_pretrained(folder / "model")
    lora = load_snippet("lora")
    lora.save_adapter(lora.add_adapters(lora.open_model(str(folder / "model"), "cpu")[0], 2), folder / "adapter")
    (folder / "docs").mkdir()
    (folder / "docs" / "invoices.md").write_text("Invoices are kept for ten years.")
    asked = [{"question": f"How long, {i}?", "answer": "ten years", "source": "invoices"} for i in range(4)]
    (folder / "asked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    (folder / "unbounded.json").write_text(json.dumps(con.fields(answer={"type": "string"})))
    return folder


def test_any_scores_at_all_give_answers_that_fit(model):
    """Whatever a model prefers: random scores in its place, and the lab's tokenizer."""
    net, tokenizer = model
    shapes = con.read_shapes(con.Config())
    starts, draw = con.compile_shapes(net, tokenizer, shapes), torch.Generator().manual_seed(0)
    for name, start in starts.items():
        constraint, ids = con.Constraint(start, 6), torch.zeros(6, 1, dtype=torch.long)
        while (ids[:, 1:] == tokenizer.eos_token_id).any(1).sum() < 6:
            scores = constraint(ids, torch.randn(6, 1024, generator=draw))
            ids = torch.cat([ids, scores.argmax(1)[:, None]], 1)
            assert ids.shape[1] <= con.Config().longest
        texts = tokenizer.batch_decode(ids[:, 1:], skip_special_tokens=True)
        assert len(set(texts)) == 6 and all(shapes[name].fits(text) for text in texts), texts


def test_json_has_no_free_white_space(model):
    starts = con.compile_shapes(*model, {"answer_first": con.Shape(con.SCHEMAS["answer_first"])})
    (brace,) = model[1]("{", add_special_tokens=False)["input_ids"]
    constraint, ids = con.Constraint(starts["answer_first"], 1), torch.tensor([[5]])
    for token in (brace, None):
        left = torch.nonzero(constraint(ids, torch.zeros(1, 1024))[0] == 0).flatten().tolist()
        ids = torch.tensor([[token]]) if token else ids
    assert [model[1].decode([one]) for one in left] == ['"']


# Answers


def test_free_answers_are_those_of_the_other_snippets_and_batches_change_none(model):
    rows = con.read_both_ways(con.Config(lab=str(LAB), limit=5))
    prompts = [row["paged"] for row in rows]
    told = con.answer_within(*model, prompts, None, 24, 5)
    assert [text.strip() for text, _, _ in told] == load_snippet("rag").generate(*model, prompts, 24)
    start = con.compile_shapes(*model, {"regex": con.Shape(regex="[a-z]{1,9}-[0-9]{1,3}")})["regex"]
    held = con.answer_within(*model, prompts, start, 24, 5)
    assert held == [con.answer_within(*model, [prompt], start, 24, 1)[0] for prompt in prompts]
    assert all(re.fullmatch("[a-z]{1,9}-[0-9]{1,3}", text) and not cut for text, _, cut in held)


def test_an_unbounded_string_is_cut_and_counted_as_not_valid(tiny):
    net, tokenizer = con.open_model(str(tiny / "model"), "cpu")
    shapes = con.read_shapes(con.Config(schema=str(tiny / "unbounded.json")))
    starts = con.compile_shapes(net, tokenizer, shapes)
    config = con.Config(docs=str(tiny / "docs"), questions=str(tiny / "asked.jsonl"), longest=20)
    cell = con.compare_answers(net, tokenizer, starts, shapes, con.read_both_ways(config), True, config)["schema"]
    assert cell["cut"]["value"] == 1 and cell["valid_format"]["value"] == 0 and cell["tokens"] == 20


@pytest.mark.parametrize(
    ("name", "text", "true_of_it"),
    [
        ("answer_first", '{"answer": "x", "source": "s"}', {"valid_format", "facts_right", "source_right"}),
        ("answer_first", '{"answer": "x", "source": null}', {"valid_format", "facts_right"}),
        ("answer_first", '{"answer": "y", "source": "s"}', {"valid_format", "valid_but_wrong", "source_right"}),
        ("answer_first", "x\nand more", {"facts_right"}),
        ("answer_first", '{"answer": "x"}', {"facts_right"}),
        ("answer_first", '{"answer": "", "source": "s"}', set()),
        ("answer_first", '{"answer": "y"', set()),
        ("answer_first", "", set()),
        (
            "quote_first",
            '{"quote": "the page about s says x", "answer": "x", "source": "s"}',
            {"valid_format", "facts_right", "source_right", "quote_in_page"},
        ),
        (
            "quote_first",
            '{"quote": "nobody ever said such a thing", "answer": "x", "source": "t"}',
            {"valid_format", "facts_right"},
        ),
        ("regex", "[x] (s)", {"valid_format", "facts_right", "source_right"}),
        ("regex", "[y] (t)", {"valid_format", "valid_but_wrong"}),
        ("regex", "[y] (t).", set()),
        ("regex", "x", {"facts_right"}),
    ],
)
def test_shape_and_truth_are_judged_apart(name, text, true_of_it):
    page = "Here the page about s says x."
    judged = con.judge_within(con.read_shapes(con.Config())[name], {"answer": "x", "source": "s"}, text, page)
    assert {name for name, true in judged.items() if true} == true_of_it


def test_a_regex_without_groups_is_the_answer():
    assert con.Shape(regex="[a-z]+").read("abc") == {"answer": "abc"}


# Numbers


def test_paired_difference_of_hand_made_cases():
    told = con.paired_difference([False] * 6 + [True] * 4, [True] * 6 + [False] + [True] * 3)
    up, down = 7 / 12, 2 / 12
    spread = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / 12)
    assert told == {"value": 0.5, "low": round(up - down - spread, 4), "high": round(up - down + spread, 4), "n": 10}
    back = con.paired_difference([True] * 6 + [False] + [True] * 3, [False] * 6 + [True] * 4)
    assert (back["value"], back["low"], back["high"]) == (-told["value"], -told["high"], -told["low"])
    same = con.paired_difference([True] * 40, [True] * 40)
    assert same["value"] == 0 and -0.1 < same["low"] < 0 < same["high"] < 0.1


@pytest.mark.parametrize("shares", [(0.7, 0.2, 0.05, 0.05), (0.3, 0.3, 0.2, 0.2), (0.05, 0.6, 0.05, 0.3)])
def test_paired_interval_covers_the_truth(shares):
    draw, truth, covered = numpy.random.default_rng(0), shares[1] - shares[2], 0
    for _ in range(400):
        cells = draw.choice(4, size=40, p=shares)  # neither, gained, lost, both
        told = con.paired_difference(list((cells == 2) | (cells == 3)), list((cells == 1) | (cells == 3)))
        covered += told["low"] <= truth <= told["high"]
    assert 0.93 <= covered / 400 <= 0.995


def test_median_and_its_interval():
    told = con.median_with_interval([*range(12, 0, -1)])
    assert told == {"value": 6.5, "n": 12, "low": 3, "high": 10}  # P(two or fewer of twelve below) is 1.9 %
    assert con.median_with_interval([3, 1, 2]) == {"value": 2, "n": 3}
    draw = numpy.random.default_rng(0)
    intervals = [con.median_with_interval(list(draw.normal(size=12))) for _ in range(400)]
    assert 0.94 <= sum(one["low"] <= 0 <= one["high"] for one in intervals) / 400 <= 1


def test_overhead_sees_a_constraint_that_is_slow(model, monkeypatch):
    start = con.compile_shapes(*model, {"regex": con.Shape(regex="[a-z]{8}")})["regex"]
    prompts = [row["bare"] for row in con.read_both_ways(con.Config(lab=str(LAB), limit=6))]

    class Slow(con.Constraint):
        def __call__(self, *given):
            until = time.process_time() + 0.03
            while time.process_time() < until:
                pass
            return super().__call__(*given)

    fast = con.time_overhead(*model, start, prompts, 8)
    monkeypatch.setattr(con, "Constraint", Slow)
    slow = con.time_overhead(*model, start, prompts, 8)
    assert fast["n"] == slow["n"] == 6 and slow["value"] > fast["value"] + 0.5 and fast["value"] > 0.5


# As a reader runs it


def as_json(done: subprocess.CompletedProcess) -> dict:
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


@pytest.mark.slow
def test_own_files_and_an_adapter_and_every_number_has_words(tiny):
    own = ["--model", tiny / "model", "--docs", tiny / "docs", "--questions", tiny / "asked.jsonl"]
    told = as_json(run_snippet("constrained_decoding", *own, "--adapter", tiny / "adapter", "--pairs", 1))
    for name in ("base", "adapter"):
        cells = told["metrics"][name]["with_page"]
        assert list(cells) == ["free", "answer_first", "source_first", "quote_first", "regex"]
        assert all(cell["valid_format"]["value"] == 1 for key, cell in cells.items() if key != "free")
        assert cells["free"]["facts_right"]["value"] == 0 and cells["regex"]["valid_but_wrong"]["value"] == 1
        assert {"question", "told", "right"} == cells["regex"]["wrong"][0].keys() and len(cells["regex"]["wrong"]) == 3
        assert set(told["metrics"][name]["overhead"]) == {*cells} - {"free"}
    measured = measured_in([{"report": told, "seconds": 1.0}], load_words("constrained-decoding"))
    assert {"adapter.with-page.quote-first.minus-answer-first", "base.overhead.regex"} <= set(measured)


def test_own_regex_on_the_lab(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--lab", LAB, "--limit", 6, "--pairs", 0, "--regex", "[A-Za-z0-9.-]{1,20}"]
    monkeypatch.setattr(sys, "argv", ["constrained_decoding.py", *map(str, flags)])
    con.main()
    cells = json.loads(capsys.readouterr().out)["metrics"]["base"]
    assert cells["with_page"]["regex"]["valid_format"] == {"value": 1.0, "low": 0.6097, "high": 1.0, "n": 6}
    assert list(cells["closed_book"]) == ["free", "regex"] and list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_ends_in_one_line():
    flags = [sys.executable, SNIPPETS / "constrained_decoding.py", "--lab", LAB, "--limit", 0]
    with subprocess.Popen([*map(str, flags)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and "base" not in process.stderr.readline():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""
    assert err.splitlines()[-1] == "constrained_decoding: stopped; run it again to go on" and "Traceback" not in err


# Bad input


@pytest.fixture
def bad(tiny, tmp_path, monkeypatch):
    """A folder of bad things to name, and the folder to stand in."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    good = {"question": "?", "answer": "!", "source": "invoices"}
    texts = {
        "broken.jsonl": json.dumps(good) + "\n{broken",
        "elsewhere.jsonl": json.dumps(good | {"source": "no-such-page"}),
        "public.jsonl": json.dumps(good | {"source": None}),
        "broken.json": "{broken",
        "list.json": "[]",
        "type.json": json.dumps(con.fields(answer={"type": "strong"})),
        "keyword.json": json.dumps(con.fields(answer={"type": "string", "maxLength": 9, "not": {"const": "x"}})),
        "pattern.json": json.dumps(con.fields(answer={"type": "string", "pattern": "(a"})),
        "nothing.json": json.dumps(con.fields(text={"type": "string", "maxLength": 9})),
        "look.json": json.dumps(con.fields(answer={"type": "string", "pattern": "^(?=a)b$"})),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    for name in ("docs", "model", "asked.jsonl"):
        (tmp_path / name).symlink_to(tiny / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    yield tmp_path
    logging.disable(logging.NOTSET)
    transformers.utils.logging.enable_progress_bar()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


BAD = [
    ("--regex [a-z", "constrained_decoding: --regex [a-z: not a regular expression (unterminated character set"),
    ("--regex (?=a)b", "--regex: llguidance cannot use it (error: look-around, including look-ahead and look-behind"),
    (r"--regex [^\s\S]", "--regex: llguidance cannot use it (nothing fits it); write it more simply"),
    ("--schema list.json", "--schema list.json: not a JSON schema"),
    ("--schema broken.json", "--schema broken.json: cannot be read as JSON (Expecting property name"),
    ("--schema binary.json", "--schema binary.json: cannot be read as JSON"),
    ("--schema no-such.json", "--schema no-such.json: cannot be read as JSON ([Errno 2] No such file"),
    ("--schema type.json", "--schema type.json: not a JSON schema ('strong' is not valid"),
    ("--schema keyword.json", '--schema: llguidance cannot use it (Unimplemented keys: ["not"]); write it more simply'),
    ("--schema pattern.json", "--schema pattern.json: a pattern is no regular expression (missing ), unterminated"),
    ("--schema nothing.json", "--schema nothing.json: no property answer, where the fact is read from; add one"),
    ("--schema look.json", "--schema: llguidance cannot use it (error: look-around"),
    ("--schema a.json --regex b", "--schema and --regex: an answer is held to one of them; leave one out"),
    ("--adapter empty", "--adapter empty: no adapter_model.safetensors there; name a folder that a run wrote"),
    ("--limit -1", "constrained_decoding: --limit -1: use 0 or more"),
    ("--longest 0", "constrained_decoding: --longest 0: use 1 or more"),
    ("--pairs many", "constrained_decoding: argument --pairs: invalid int value: 'many'; --help lists the flags"),
    ("--device tpu", "constrained_decoding: --device tpu: use auto, cpu or cuda"),
    pytest.param("--device cuda", "--device cuda: no CUDA device; run with --device cpu", marks=NO_GPU),
    ("--lab empty", "empty/questions.jsonl: no lab here; unpack snippets.zip"),
    ("--docs empty", "constrained_decoding: empty: no Markdown with text in it"),
    ("--model no-such", "constrained_decoding: --model no-such: no model there, or no network to fetch it"),
    ("--questions no-such", "constrained_decoding: no-such: cannot be read as JSON lines (FileNotFoundError)"),
    ("--questions binary.json", "binary.json: cannot be read as JSON lines (UnicodeDecodeError)"),
    ("--questions broken.jsonl", "constrained_decoding: broken.jsonl:2: not JSON"),
    ("--questions elsewhere.jsonl", "elsewhere.jsonl: its source 'no-such-page' is no page"),
    ("--questions public.jsonl", "constrained_decoding: public.jsonl: no test question names a page"),
]


@pytest.mark.parametrize(("flags", "line"), BAD, ids=lambda value: value if value.startswith("--") else "")
def test_bad_input_is_one_line(bad, monkeypatch, capfd, flags, line):
    own = {"--model": "model", "--docs": "docs", "--questions": "asked.jsonl", "--limit": "1", "--pairs": "0"}
    if "--lab" in flags:
        del own["--questions"]
    given = [word for flag, value in own.items() if flag not in flags for word in (flag, value)]
    monkeypatch.setattr(sys, "argv", ["constrained_decoding.py", *given, *flags.split()])
    before = sorted(bad.rglob("*"))
    with pytest.raises(SystemExit) as end:
        con.run(con.main)
    out, err = capfd.readouterr()
    assert end.value.code == 2 and out == ""
    assert line in err and err.rstrip("\n").splitlines()[-1].startswith("constrained_decoding: ")
    assert err.count("\n") == 1
    assert sorted(bad.rglob("*")) == before
