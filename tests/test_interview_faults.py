"""A mistake in an interview question names its file and line."""

import re

import pytest

from tests.interview_data import ANSWER, FOLDER, fault, good, site_with


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)


FAULTS = {
    "no rubric mark": ("    good: Says rag and why.\n", "", ":12: rag-one, rubric has no good; every entry has"),
    "no rubric": ("  rubric:\n", "  rubrik:\n", ":11: question 1 has an unknown field rubrik; did you mean rubric"),
    "unknown rubric mark": ("    good: ", "    poor: x\n    good: ", ":13: .* unknown field poor; "),
    "same rubric twice": ("Says rag and why.", "says RAG", ":13: rag-one, good says the same as .*rag.yml:12;"),
    "unknown level": ("working", "seniour", ":2: rag-one: unknown level seniour; did you mean senior"),
    "unknown tag": ("memory]", "memori]", ":3: rag-one: unknown tag memori; did you mean memory"),
    "tag that is no word": ("memory]", "4]", ":3: question 1: tags must be text \\(quote it\\), not 4"),
    "no form": ("[explain, memory]", "[memory]", ":3: rag-one has 0 forms; give it one of debug, explain"),
    "two forms": ("[explain, memory]", "[explain, debug]", ":3: rag-one has 2 forms"),
    "tag twice": ("[explain, memory]", "[explain, memory, memory]", ":3: rag-one has the tags .*; write 1 to 4"),
    "no tag": ("[explain, memory]", "[]", ":3: question 1: tags is empty"),
    "one follow-up": (
        "    - question: Is rag dear?\n      answer: No.\n",
        "",
        ":6: rag-one has 1 follow-ups; write 2",
    ),
    "three follow-ups": (
        "  rubric:\n",
        "    - question: And then?\n      answer: So.\n  rubric:\n",
        ":6: rag-one has 3 follow-ups; write 2",
    ),
    "follow-up without an answer": ("      answer: No.\n", "", ":9: rag-one, follow-up 2 has no answer"),
    "follow-up that is a sentence": (
        "    - question: Is rag dear?\n      answer: No.\n",
        "    - Dear?\n",
        ":6: rag-one, follow-up 2 must be a mapping",
    ),
    "bad id": ("rag-one", "Rag_One", ":1: question 1: id must be words"),
    "id of another topic": ("rag-one", "decision-one", r":1: the id decision-one is also in .*decision\.yml:1;"),
    "short answer": (ANSWER, "No.", ":5: rag-one: the answer has 1 words; write 60 to 160"),
    "long answer": (ANSWER, f"{ANSWER} {ANSWER} {ANSWER}", ":5: rag-one: the answer has 180 words; write"),
    "question on two lines": (
        "  question: What does rag change in ash and ash leaves?\n",
        "  question: |\n    What does rag\n    change?\n",
        ":4: rag-one: write the question on one line",
    ),
    "unknown lesson": ("rag.md#", "rga.md#", ":15: rag-one: there is no lesson rga.md; did you mean rag.md"),
    "unknown heading": ("#when-it-fails", "#when-it-fail", ":15: .* no heading #when-it-fail; did you mean when-it"),
    "no heading": ("#when-it-fails", "", ":15: rag-one: rag.md has no heading #;"),
    "comment in code": ("#when-it-fails", "#a-comment", ":15: rag-one: rag.md has no heading #a-comment;"),
    "loose number": ("Because.", "It takes 48 GB.", ":8: rag-one, follow-up 1: loose number '48 GB'; cite a source"),
    "loose number in a rubric": ("Says rag and why.", "Says 3 times.", ":13: rag-one, good: loose number '3 times'"),
    "loose number in a question": ("rag change", "rag change by 5%", ":4: rag-one: loose number '5%'"),
    "number of an unread source": (
        "Because.",
        "It takes 48 GB [@qlora].",
        r":8: .* loose number '48 GB'; \[@qlora\] was not read far enough",
    ),
    "number cited elsewhere": (
        f"answer: {ANSWER}",
        f"answer: |\n    It takes 48 GB.\n\n    {ANSWER} [@lora]",
        ":5: rag-one: loose number '48 GB'; cite",
    ),
    "number of the next list item": (
        f"answer: {ANSWER}",
        f"answer: |\n    {ANSWER}\n\n    - 48 GB\n    - more [@lora]",
        ":5: rag-one: loose number '48 GB'; cite",
    ),
    "unknown citation": ("Because.", "Because [@lorra].", ":8: .* there is no reference lorra; did you mean lora"),
    "measured value": ("Because.", "It was [=rag-cpu:x].", r":8: .*\[=rag-cpu:x\] is our own value .*; point to"),
    "same question": (
        "What does rag change in ash and ash leaves?",
        "In oak and oak leaves, what does decision change?",
        r":4: 'In oak .*' asks nearly the same as docs/_data/interview/decision\.yml:4; ask something else",
    ),
    "same short follow-up": ("Is rag dear?", "rag?", r":9: 'rag\?' asks nearly the same as .*rag\.yml:7"),
    "order with a gap": ("  level", "  order: 2\n  level", ":2: rag-one: order 2, but nothing has order 1"),
    "order that is no number": ("  level", "  order: first\n  level", ":2: .* order must be a whole number"),
    "unknown field": ("  level", "  topic: rag\n  level", ":2: question 1 has an unknown field topic"),
    "entry that is a sentence": ("- id", "- What?\n- id", ":1: question 1 must be a mapping"),
}


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_names_file_and_line(site, old, new, message):
    assert old in good("rag")
    said = fault(site, good("rag").replace(old, new, 1))
    assert re.match(rf"{FOLDER}/rag\.yml{message}", said), said
