"""What must hold for all complete answers, by enumeration."""

import json
from itertools import pairwise
from math import prod
from pathlib import Path

import pytest

from quiz import all_answers, decide
from quiz.questions import BY_ID, QUESTIONS
from quiz.rules import DIAGNOSE, STEPS

GOLDEN = Path(__file__).parent / "golden" / "verdicts.json"
ALL = all_answers()
EACH = pytest.mark.parametrize("answers", ALL, ids=lambda answers: "-".join(answers.values()))


def steps(answers):
    verdict = decide(answers)
    return [step for step in (verdict.now, *verdict.later) if step in STEPS]


def test_all_complete_answers_are_there_once():
    assert len({tuple(answers.items()) for answers in ALL}) == prod(len(question.options) for question in QUESTIONS)
    assert {question.id: [option.id for option in question.options] for question in QUESTIONS} == {
        "tried": ["no", "yes"],
        "gap": ["none", "facts", "structure", "behavior", "both", "unknown"],
        "scale": ["ordinary", "narrow"],
    }


def test_every_need_is_a_step_and_every_step_is_needed_somewhere():
    assert {step for question in QUESTIONS for option in question.options for step in option.needs} == set(STEPS)


def test_every_verdict_is_the_reviewed_one():
    """The golden file is read by a person when it changes: `python -m tests.golden` writes it anew."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {"-".join(a.values()): decide(a).as_dict() for a in ALL} == golden


# The rules of the design, written a second time and by hand, so that a slip in the data shows.
def by_hand(tried, gap, scale):
    needs = {
        "none": [],
        "facts": ["rag"],
        "structure": ["constrain"],
        "behavior": ["fine-tune"],
        "both": ["rag", "fine-tune"],
        "unknown": [],
    }[gap]
    needs = needs + (["distill"] if scale == "narrow" else [])
    if tried == "no":
        return "prompt", needs
    if gap == "unknown":
        return "diagnose", needs
    return (needs[0], needs[1:]) if needs else ("ship", [])


@EACH
def test_the_engine_agrees_with_the_rules_by_hand(answers):
    verdict = decide(answers)
    assert (verdict.now, verdict.later) == by_hand(**answers)


@EACH
def test_steps_are_in_order_of_effort(answers):
    places = [STEPS.index(step) for step in steps(answers)]
    assert all(first < second for first, second in pairwise(places))


@EACH
def test_nothing_is_recommended_before_a_prompt_has_been_tried(answers):
    if answers["tried"] == "no":
        assert decide(answers).now == "prompt"
    else:
        assert "prompt" not in steps(answers)


@EACH
def test_adding_a_need_never_removes_a_step(answers):
    for question in QUESTIONS:
        needs = question.option(answers[question.id]).needs
        for option in question.options:
            if set(needs) <= set(option.needs):
                assert set(steps(answers)) <= set(steps({**answers, question.id: option.id}))


@EACH
def test_every_text_is_there(answers):
    verdict = decide(answers)
    assert len(verdict.because) == len(QUESTIONS)
    assert len(verdict.first_moves) == 3
    for text in (verdict.headline, verdict.avoid, *verdict.because, *verdict.first_moves):
        assert len(text.split()) >= 5, text
        assert text[0].isupper() or text[0] == '"', text
        assert text.rstrip('"')[-1] in ".!?", text


@EACH
def test_every_reason_names_the_answer_that_caused_it(answers):
    for question, reason in zip(QUESTIONS, decide(answers).because, strict=True):
        assert question.option(answers[question.id]).label in reason


def test_no_two_verdicts_say_the_same():
    verdicts = [decide(answers) for answers in ALL]
    for field in ("headline", "avoid"):
        assert len({getattr(verdict, field) for verdict in verdicts}) == len(ALL), field
    for field in ("because", "first_moves"):
        assert len({tuple(getattr(verdict, field)) for verdict in verdicts}) == len(ALL), field


@EACH
def test_changes_say_what_flipping_one_answer_gives(answers):
    changes = decide(answers).changes
    assert list(changes) == list(BY_ID)
    for question in QUESTIONS:
        others = [option.id for option in question.options if option.id != answers[question.id]]
        assert [change["option"] for change in changes[question.id]] == others
        for change in changes[question.id]:
            flipped = decide({**answers, question.id: change["option"]})
            assert (change["now"], change["later"]) == (flipped.now, flipped.later)


def words_of(answers):
    verdict = decide(answers)
    return " ".join([verdict.headline, verdict.avoid, *verdict.because, *verdict.first_moves]).lower()


@EACH
def test_the_exits_that_a_good_engineer_names_are_named(answers):
    words = words_of(answers)
    if answers["gap"] in ("facts",):
        assert "context window" in words
    if answers["gap"] in ("structure", "both"):
        assert "constrained decoding" in words
    if answers["gap"] == "behavior" or (decide(answers).now == DIAGNOSE and answers["scale"] == "ordinary"):
        assert "next better model" in words
    if answers["gap"] == "unknown":
        assert "paste" in words and "piles" in words
    if decide(answers).now == "fine-tune":
        assert "eval set" in words and "allowed to tune" in words and "inputs with outputs" in words
        assert "reinforcement learning" in words
    if decide(answers).now == "distill":
        assert "teacher" in words
    if decide(answers).now == "rag":
        assert "right passage" in words


OTHER_STEPS = {
    "prompt": (),
    "diagnose": ("fine-tune", "index", "schema"),
    "constrain": ("fine-tune", "index", "paste"),
    "rag": ("fine-tune", "schema", "adapter"),
    "fine-tune": ("schema", "constrained", "index", "retriev", "paste"),
    "distill": ("fine-tune", "index", "schema"),
    "ship": ("fine-tune", "index", "schema", "adapter"),
}


@EACH
def test_the_first_move_is_about_the_step_to_do_now(answers):
    """A headline in large letters and a first move about another step would contradict each other."""
    verdict = decide(answers)
    assert not [word for word in OTHER_STEPS[verdict.now] if word in verdict.first_moves[0].lower()]


def test_asking_whether_it_was_retrieved_comes_before_blaming_the_answer():
    assert "was the answer in the retrieved text" in words_of({"tried": "yes", "gap": "facts", "scale": "ordinary"})


@EACH
def test_links_lead_somewhere(answers):
    verdict = decide(answers)
    assert verdict.lesson.endswith("/") and not verdict.lesson.startswith("/")
    assert verdict.snippet.endswith(".py")
    assert verdict.evidence
