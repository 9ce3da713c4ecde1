"""Wrong, missing and hostile answers: an AnswerError that names the question, never anything else."""

import json
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz import AnswerError, all_answers, decide, decision_record
from quiz.api import SITE, reply
from quiz.questions import BY_ID

GOOD = {"tried": "yes", "gap": "facts", "scale": "ordinary"}
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["<img src=x onerror=alert(1)>", "yes\x00", "Yes", " yes", "__proto__", "9" * 10_000, "\ud800"]),
    st.none(),
    st.integers(),
    st.lists(st.text(max_size=3), max_size=2),
)


@pytest.mark.parametrize("question", BY_ID)
def test_a_missing_answer_is_named_with_its_options(question):
    with pytest.raises(AnswerError, match=f"no answer to {question}; valid options: ") as caught:
        decide({key: value for key, value in GOOD.items() if key != question})
    assert caught.value.question == question
    assert caught.value.options == tuple(option.id for option in BY_ID[question].options)


@pytest.mark.parametrize("question", BY_ID)
def test_an_unknown_answer_is_named_with_the_valid_ones(question):
    with pytest.raises(AnswerError, match=f"unknown answer 'perhaps' to {question}; valid options: ") as caught:
        decide({**GOOD, question: "perhaps"})
    assert caught.value.question == question


def test_an_answer_too_many_is_refused():
    with pytest.raises(AnswerError, match="unknown question 'budget'; valid questions: tried, gap, scale"):
        decide({**GOOD, "budget": "none"})


@pytest.mark.parametrize("answers", [None, 3, "tried=yes", [("tried", "yes")]])
def test_what_is_no_mapping_is_refused(answers):
    with pytest.raises(AnswerError, match="must map question ids to option ids"):
        decide(answers)


def test_an_answer_error_is_a_value_error():
    assert issubclass(AnswerError, ValueError)


def test_any_mapping_will_do_and_its_order_does_not_matter():
    backwards = MappingProxyType(dict(reversed(GOOD.items())))
    assert decide(backwards) == decide(GOOD)


def test_a_verdict_cannot_be_spoilt_by_its_reader():
    decide(GOOD).later.append("prompt")
    decide(GOOD).changes["gap"].clear()
    assert decide(GOOD).later == []
    assert len(decide(GOOD).changes["gap"]) == len(BY_ID["gap"].options) - 1


@given(
    st.dictionaries(st.one_of(st.sampled_from([*BY_ID]), HOSTILE.filter(lambda x: not isinstance(x, list))), HOSTILE)
)
def test_hostile_answers_raise_only_answer_errors_of_one_short_line(answers):
    try:
        verdict = decide(answers)
    except AnswerError as error:
        message = str(error)
        assert message.isprintable() and len(message) < 200
    else:
        assert answers in all_answers() and verdict.now


@given(
    st.one_of(
        HOSTILE.map(json.dumps),
        st.text(),
        st.just("[" * 100_000),
        HOSTILE.map(lambda x: json.dumps({"answers": x})),
    )
)
def test_the_api_answers_anything_with_json_and_never_raises(request):
    answer = json.loads(reply(request))
    assert set(answer) == {"error"} and answer["error"]["message"]


@pytest.mark.parametrize("answers", all_answers(), ids=lambda answers: "-".join(answers.values()))
def test_the_api_gives_verdict_record_and_version(answers):
    answer = json.loads(reply(json.dumps({"answers": answers})))
    assert answer["verdict"] == decide(answers).as_dict()
    assert answer["record"] == decision_record(answers, site=SITE)
    assert set(answer) == {"verdict", "record", "rules"}


def test_the_api_names_the_question_of_a_wrong_answer():
    error = json.loads(reply(json.dumps({"answers": {**GOOD, "gap": "style"}})))["error"]
    assert error["question"] == "gap"
    assert error["options"] == [option.id for option in BY_ID["gap"].options]
