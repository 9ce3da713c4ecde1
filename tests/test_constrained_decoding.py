"""Constrained decoding: the mask is what brute force says; a reply that fits ends, whatever a model prefers."""

import copy
import itertools
import json
import math

import pytest
import torch
from llguidance.hf import from_tokenizer
from transformers import LogitsProcessorList

import constrained_decoding as con
from case import CASE
from case.files import read_docs, read_questions
from case.judge import judge
from case.prompt import NOT_THERE, reply
from tests.tiny_model import command

FORMS = {"schema": con.write_schema, "expression": con.write_expression}


@pytest.fixture(scope="module")
def opened(tiny_model):
    return con.open_model(str(tiny_model), con.choose_device("cpu"))


@pytest.fixture(scope="module")
def names():
    return list(read_docs(CASE / "handbook"))


@pytest.fixture(params=FORMS, scope="module")
def matcher(request, opened, names):
    return con.compile_grammar(*opened, FORMS[request.param](names))


def fits(matcher, tokenizer, text: str) -> bool:
    """Say whether a whole text, in the tokenizer's own tokens, is let through and may end."""
    follower, tokens = matcher.deep_copy(), tokenizer(text)["input_ids"]
    return follower.try_consume_tokens(tokens) == len(tokens) and follower.is_accepting()


# The mask


@pytest.mark.parametrize("form", FORMS)
def test_the_mask_is_what_brute_force_says(opened, monkeypatch, form):
    """Walk every text that the masks allow, and hold each mask against all replies of a small language."""
    model, tokenizer = opened
    monkeypatch.setattr(con, "TEXT", "[né]{1,2}")
    pages = ["pets", "pets-é"]
    answers = ["".join(letters) for n in (1, 2) for letters in itertools.product("né", repeat=n)]
    language = {reply(answer, page)["content"].encode() for answer in answers for page in pages}
    nulls = answers if form == "schema" else [NOT_THERE]
    language |= {reply(answer, None)["content"].encode() for answer in nulls}
    tokens = from_tokenizer(tokenizer)
    ids = {tokens.decode_bytes([i]): i for i in range(len(tokenizer)) if i not in tokenizer.all_special_ids}
    end = tokenizer.eos_token_id

    matcher = con.compile_grammar(model, tokenizer, FORMS[form](pages))
    states, seen, ended = [(b"", con.Mask(matcher, 1), 0)], {b""}, set()
    while states:
        text, mask, token = states.pop()
        scores = mask(torch.tensor([[token]]), torch.zeros(1, len(tokenizer)))[0]
        assert set(scores.unique().tolist()) <= {0.0, -math.inf}
        allowed = set(torch.nonzero(scores == 0).flatten().tolist())
        rests = [whole[len(text) :] for whole in language if whole.startswith(text)]
        beginnings = {rest[:length] for rest in rests for length in range(1, len(rest) + 1)}
        oracle = {ids[beginning] for beginning in beginnings if beginning in ids} | ({end} if b"" in rests else set())
        forced = (
            len({rest[:1] for rest in rests}) == 1
        )  # then the tokenizer's own way to write it may be all that is left
        assert allowed == oracle or (forced and len(allowed) == 1 and allowed < oracle), text
        ended |= {text} if end in allowed else set()
        for token in allowed - {end}:
            longer = text + tokens.decode_bytes([token])
            if longer not in seen:
                seen.add(longer)
                after = copy.copy(mask)
                after.matchers = [matcher.deep_copy() for matcher in mask.matchers]
                states.append((longer, after, token))
    assert ended == language


def test_whatever_a_model_prefers_the_reply_fits_and_ends(opened, matcher, names):
    _, tokenizer = opened
    draw, rows = torch.Generator().manual_seed(0), 6
    mask, ids = LogitsProcessorList([con.Mask(matcher, rows)]), torch.zeros(rows, 1, dtype=torch.long)
    while not (ids == tokenizer.eos_token_id).any(1).all():
        scores = torch.randn(rows, len(tokenizer), generator=draw)
        masked = mask(ids, scores)
        kept = masked > -math.inf
        assert torch.equal(masked[kept], scores[kept]) and kept.any(1).all()
        ids = torch.cat([ids, masked.argmax(1, keepdim=True)], 1)
        assert ids.shape[1] <= con.TOKENS
    texts = tokenizer.batch_decode(ids[:, 1:], skip_special_tokens=True)
    assert len(set(texts)) == rows
    for text in texts:
        said = json.loads(text)
        assert judge(text, {"source": None}).valid_json and reply(**said)["content"] == text
        assert said["source"] in [*names, None] and 1 <= len(said["answer"]) <= con.LONGEST


def test_every_right_reply_of_the_case_fits(opened, matcher):
    rows = [row for name in ("questions", "development") for row in read_questions(CASE / f"{name}.jsonl")]
    replies = {reply(row["answer"], row["source"])["content"] for row in rows}
    assert len(replies) > 100 and all(fits(matcher, opened[1], text) for text in replies)


@pytest.mark.parametrize(
    "text",
    [
        '{"answer": "", "source": "cabins"}',
        '{"answer": "' + "x" * (con.LONGEST + 1) + '", "source": "cabins"}',
        '{"answer": "a "quote"", "source": "cabins"}',
        '{"answer":"9 euros","source":"cabins"}',
        '{"answer": "9 euros",  "source": "cabins"}',
        '{"source": "cabins", "answer": "9 euros"}',
        '{"answer": "9 euros", "source": "the moon"}',
        '{"answer": "9 euros"}',
        '{"answer": 9, "source": "cabins"}',
        '{"answer": "9 euros", "source": "cabins"} Sure',
        "Sure",
    ],
)
def test_what_is_out_of_form_is_refused(opened, matcher, text):
    assert fits(matcher, opened[1], '{"answer": "9 euros", "source": "cabins"}')
    assert not fits(matcher, opened[1], text)


def test_the_expression_ties_the_source_to_the_answer(opened, names):
    tied = {form: con.compile_grammar(*opened, write(names)) for form, write in FORMS.items()}
    without_source = reply("9 euros", None)["content"]
    assert fits(tied["schema"], opened[1], without_source) and not fits(tied["expression"], opened[1], without_source)


def test_odd_page_names_are_written_as_json_writes_them(opened):
    odd = ["a page (new)", "100 %", 'the "inn"', "café", "a.b*c", "back\\slash"]
    for write in FORMS.values():
        matcher = con.compile_grammar(*opened, write(odd))
        assert all(fits(matcher, opened[1], reply("9", name)["content"]) for name in odd)
        assert not fits(matcher, opened[1], reply("9", "aXbbc")["content"])


# The whole script


def test_a_run_reports_free_and_held_and_every_held_reply_is_valid(tiny_model, capsys):
    status, report, err = command(con, capsys, "--model", tiny_model, "--limit", "4", "--shots", "1")
    assert status == 0 and set(report) == {"config", "metrics", "environment"}
    assert list(report["metrics"]) == ["no_examples", "with_examples"]
    for arms in report["metrics"].values():
        assert list(arms) == ["free", "schema", "expression"]
        assert [arms[form]["valid_json"]["value"] for form in arms] == [0.0, 1.0, 1.0]
        assert (
            arms["free"]["mask_ms_per_token"]
            == 0
            < arms["schema"]["mask_ms_per_token"]
            < arms["schema"]["ms_per_token"]
        )
    assert "llguidance" in report["environment"]
    assert max(map(len, err.split("Percent, free")[-1].splitlines())) <= 88


@pytest.mark.parametrize(
    ("flag", "value", "says"), [("--shots", "0", "--shots: at least 1"), ("--limit", "-1", "--limit: at least 0")]
)
def test_bad_input_ends_in_one_line(tiny_model, capsys, flag, value, says):
    status, report, err = command(con, capsys, "--model", tiny_model, flag, value)
    assert status == 2 and report is None and len(err.splitlines()) == 1 and says in err
