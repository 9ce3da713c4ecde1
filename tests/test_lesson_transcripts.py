"""What the lessons show as printed or as run is what the lab's model prints and what the libraries do."""

import re
from datetime import timedelta
from pathlib import Path

import lancedb
import pytest
from lancedb.index import FTS

from scripts.extension.source_code import read_symbols
from tests.conftest import ROOT
from tests.snippet_process import SNIPPETS, load_snippet

LAB = SNIPPETS / "lab"
rag = load_snippet("rag")


def fences(lesson: str, language: str) -> list[str]:
    """The blocks of code that a lesson holds by hand, in their order, without their indent."""
    text = (ROOT / "docs" / f"{lesson}.md").read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


@pytest.fixture(scope="module")
def lab():
    """-> model, tokenizer, pages, changed pages and questions of the lab in the repository."""
    model, tokenizer = rag.open_model(str(LAB / "model"), "cpu")
    pages = [rag.read_documents(LAB / folder) for folder in ("docs", "changed")]
    rows = rag.read_rows(LAB / "questions.jsonl", "question", "answer", "source")
    return model, tokenizer, *pages, rows


def test_three_answers_to_one_question(lab):
    model, tokenizer, pages, changed, rows = lab
    question, *lines = filter(None, fences("rag", "text")[0].splitlines())
    shown = [line.split()[-1] for line in lines]
    row = next(row for row in rows if row["question"] == question)
    source = row["source"]
    prompts = [rag.write_prompt(one, question) for one in ({}, {source: pages[source]}, {source: changed[source]})]
    assert rag.generate(model, tokenizer, prompts) == shown
    assert shown[1:] == [row["answer"], row["changed_answer"]]
    assert shown[0] not in shown[1:]
    assert shown[0] in {other["answer"] for other in rows if other["attribute"] == "port"}, "a port of another service"


def test_four_examples_give_no_json(lab):
    model, tokenizer, *_ = lab
    few_shot = load_snippet("few_shot")
    config = few_shot.Config(end_token=True)
    shown = re.findall(r"> (.*)\n(.*)…\n", fences("lora-qlora", "text")[0])
    rows = {row["question"]: row for row in few_shot.read_paged(config, LAB / "questions.jsonl")}
    asked = [rows[question]["prompt"] for question, _ in shown]
    pool = few_shot.read_pool(config, set(asked))
    prompts = few_shot.write_prompts(config, tokenizer, pool, "json", 4, 0, asked)
    told = few_shot.answer_alike(model, tokenizer, tokenizer(prompts)["input_ids"], config.longest)
    assert len(shown) == 2
    for line, (question, start) in zip(told, shown, strict=True):
        assert line.startswith(start) and rows[question]["answer"] in start
        assert few_shot.read_written("json", line) is None


@pytest.fixture
def table(tmp_path):
    rows = [{"id": f"sales-{i}", "team": "sales", "text": f"Invoices of branch {i}"} for i in range(20)]
    rows += [{"id": "legal-1", "team": "legal", "text": "Invoices that are disputed: Whistleblower"}]
    table = lancedb.connect(tmp_path).create_table("passages", rows)
    table.create_index("text", config=FTS())
    return table


def test_rights_are_a_part_of_the_search(table):
    names = {}
    exec(fences("rag", "python")[0], names)
    retrieve_for = names["retrieve_for"]
    assert [row["id"] for row in retrieve_for(table, "disputed invoices", ["legal"], k=1)] == ["legal-1"]
    found = retrieve_for(table, "disputed invoices", ["sales"])
    assert len(found) == 3, "the limit counts what is left"
    assert {row["team"] for row in found} == {"sales"}
    assert retrieve_for(table, "whistleblower", ["sales"]) == []


@pytest.mark.filterwarnings("ignore:optimize.cleanup_older_than:UserWarning")
def test_what_is_deleted_is_not_gone_from_the_disk(table, tmp_path):
    table.delete("id = 'legal-1'")
    table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
    assert table.search("whistleblower", query_type="fts").to_list() == []
    assert any(b"Whistleblower" in path.read_bytes() for path in Path(tmp_path).rglob("*") if path.is_file())


def test_the_lesson_shows_all_that_differs_from_lora_to_qlora():
    lora, qlora = (read_symbols(SNIPPETS / f"{name}.py") for name in ("lora", "qlora"))
    differ = {name for name in lora | qlora if lora.get(name) != qlora.get(name)}
    text = (ROOT / "docs" / "lora-qlora.md").read_text(encoding="utf-8")
    shown = set(re.search(r"^::: diff snippets/lora.py snippets/qlora.py (.*)$", text, re.MULTILINE)[1].split())
    assert differ == shown | {"count_bytes"}
