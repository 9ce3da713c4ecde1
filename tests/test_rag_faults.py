"""Bad input to RAG ends in one line that says what to do."""

import re

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

import rag
from tests.rag_data import ASKED, STAFF, write_docs
from tests.tiny_model import command, write_rows

# peft asks transformers a question that the latter no longer likes to be asked.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """A folder of things that a reader may point at by mistake."""
    folder = tmp_path_factory.mktemp("bad")
    write_docs(folder / "docs", STAFF)
    (folder / "empty").mkdir()
    (folder / "binary").mkdir()
    (folder / "binary" / "page.md").write_bytes(b"\xff\xfe\x00\x80")
    write_rows(folder / "asked.jsonl", *ASKED)
    write_rows(folder / "unknown.jsonl", ASKED[0], ASKED[0] | {"source": "nowhere"})
    (folder / "cut.jsonl").write_text('{"question": "?", "answer": "", "source": null}\n{"question": "Wh')
    (folder / "lacking.jsonl").write_text('{"question": "?"}\n')
    (folder / "nothing.jsonl").write_text("\n")
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    other = LlamaForCausalLM(LlamaConfig(vocab_size=64, **sizes))
    lora = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")
    get_peft_model(other, lora).save_pretrained(folder / "adapter")
    return folder


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--docs missing", "--docs .*missing: no such folder; name one"),
        ("--docs empty", "--docs .*empty: no .md file"),
        ("--docs binary", r"page\.md: not UTF-8 text; save"),
        ("--questions missing.jsonl", r"missing\.jsonl: No such file or directory; check"),
        ("--questions cut.jsonl", r"cut\.jsonl, line 2: not JSON .*; each line needs question, answer, source"),
        ("--questions lacking.jsonl", r"lacking\.jsonl, line 1: no answer, source; each line needs"),
        ("--questions nothing.jsonl", r"nothing\.jsonl: empty; each line needs"),
        ("--questions unknown.jsonl", r"unknown\.jsonl, line 2: .*no page nowhere.*; "),
        ("--model ./missing", r"--model .*missing: no such folder; a hub id is like"),
        ("--model empty", r"--model empty: .*; "),
        ("--model docs/travel.md", r"--model .*: no such folder"),
        ("--adapter empty", r"--adapter .*empty: no adapter_config\.json"),
        ("--adapter adapter", r"--adapter adapter: does not fit .*; name its own base"),
        ("--search dense --embedder ./missing", r"--embedder .*missing: cannot be opened .*; name a folder"),
        ("--reranker ./missing", r"--reranker .*missing: cannot be opened .*; name a folder"),
        ("--index asked.jsonl", r"--index .*asked\.jsonl: .*; name another"),
        ("--k 0", "--k 0: at least 1"),
        pytest.param(
            "--device cuda",
            "--device cuda: no CUDA device; run with --device cpu",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here"),
        ),
    ],
)
def test_bad_input_ends_in_one_line(bad, tiny_model, capsys, monkeypatch, arguments, says):
    monkeypatch.chdir(bad)
    given = {"--model": str(tiny_model), "--docs": "docs", "--questions": "asked.jsonl", "--index": "index"}
    words = arguments.split()
    given |= dict(zip(words[::2], words[1::2], strict=True))
    status, report, err = command(rag, capsys, *[word for pair in given.items() for word in pair])
    assert status == 2 and report is None and not (bad / "index").exists()
    assert len(err.splitlines()) == 1 and re.search(says, err), err
