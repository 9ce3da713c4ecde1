"""The decision record: complete, specific, and Markdown that a pull request shows as meant."""

import re

import pytest
from markdown import markdown

from quiz import RULES_VERSION, AnswerError, all_answers, decide, decision_record
from quiz.outcomes import OUTCOMES
from quiz.questions import QUESTIONS
from quiz.rules import STEPS

EACH = pytest.mark.parametrize("answers", all_answers(), ids=lambda answers: "-".join(answers.values()))
SECTIONS = [
    "Context",
    "Decision",
    "Why",
    "Options not chosen now",
    "What would change it",
    "How we will know",
    "Links",
]


@EACH
def test_the_record_has_its_sections_in_order(answers):
    record = decision_record(answers)
    assert re.findall(r"^# (.+)$", record, re.MULTILINE) and record.startswith("# Decision: ")
    assert re.findall(r"^## (.+)$", record, re.MULTILINE) == SECTIONS


@EACH
def test_the_record_holds_everything_that_the_verdict_says(answers):
    record, verdict = decision_record(answers), decide(answers)
    for text in (verdict.headline, verdict.avoid, *verdict.because, *verdict.first_moves):
        assert text in record
    for question in QUESTIONS:
        assert f"`{question.id}={answers[question.id]}`" in record
        for change in verdict.changes[question.id]:
            assert change["text"] in record
    assert OUTCOMES[verdict.now].proof in record
    assert f"version {RULES_VERSION}" in record


@EACH
def test_every_step_is_decided_deferred_or_rejected_with_a_reason(answers):
    record, verdict = decision_record(answers), decide(answers)
    section = record.split("## Options not chosen now")[1].split("## What would change it")[0]
    for step in STEPS:
        line = f"- {OUTCOMES[step].label}: "
        assert (line in section) == (step != verdict.now)
        if step in verdict.later:
            assert line + "Not yet." in section


@EACH
def test_what_a_diagnosis_may_ask_for_is_left_open(answers):
    section = decision_record(answers).split("## Options not chosen now")[1].split("## What would change it")[0]
    open_steps = re.findall(r"^- ([\w-]+): Open\.", section, re.MULTILINE)
    assert open_steps == (["Constrain", "RAG", "Fine-tune"] if answers["gap"] == "unknown" else [])


@EACH
def test_links_start_at_the_given_site(answers):
    record = decision_record(answers, site="https://docs.example/rag/")
    links = re.findall(r"\]\(([^)]+)\)", record)
    assert len(links) >= 3
    assert all(link.startswith("https://docs.example/rag/") for link in links)
    query = "&".join(f"{key}={value}" for key, value in answers.items())
    assert f"https://docs.example/rag/?{query}" in links


@EACH
def test_the_record_is_well_formed_markdown(answers):
    html = markdown(decision_record(answers))
    assert html.count("<h2>") == len(SECTIONS)
    assert html.count("<ol>") == 1 and html.count("<ul>") == 5
    assert "**" not in html and "`" not in html


def test_a_wrong_answer_gives_no_record():
    with pytest.raises(AnswerError):
        decision_record({"tried": "yes"})
