"""Distilling: the cut student is the teacher with layers skipped, the loss is what two plain passes give."""

import re

import pytest
import torch
from datasets import Dataset
from torch.nn.functional import kl_div
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig

import distill
from case.files import read_examples
from case.model import open_model
from layer_pruning import choose_layers, cut_student
from teacher_student import keep_share
from tests.tiny_model import command

EXAMPLES = read_examples(distill.CASE / "examples.jsonl")


@pytest.fixture(scope="module")
def teacher(tiny_model):
    """A tiny random model of six layers, its third to fifth nearly without effect, and the tokenizer."""
    tokenizer = open_model(str(tiny_model), torch.device("cpu"))[1]
    config = AutoConfig.from_pretrained(tiny_model, num_hidden_layers=6)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(30)  # a random layer moves the stream too little to tell
            layer.mlp.down_proj.weight.mul_(30)
        for layer in model.model.layers[2:5]:
            layer.self_attn.o_proj.weight.mul_(1e-4)
            layer.mlp.down_proj.weight.mul_(1e-4)
    return model, tokenizer


def test_the_layers_that_change_least_go(teacher):
    assert choose_layers(*teacher, EXAMPLES[:4], keep=0.5) == [0, 1, 5]
    assert choose_layers(*teacher, EXAMPLES[:4], keep=1.0) == [0, 1, 2, 3, 4, 5]


def test_student_is_the_teacher_with_layers_skipped(teacher):
    model, tokenizer = teacher
    ids = tokenizer("When is the heat switched on for the bread?", return_tensors="pt")["input_ids"]
    student = cut_student(model, [0, 1, 5])
    skip = [layer.register_forward_hook(lambda _, inputs, __: inputs[0]) for layer in model.model.layers[2:5]]
    with torch.inference_mode():
        expected, got = model(ids).logits, student(ids).logits
        for hook in skip:
            hook.remove()
        assert torch.allclose(got, expected, atol=1e-6) and not torch.allclose(got, model(ids).logits, atol=1e-6)
        step_by_step = student.generate(ids, max_new_tokens=8, do_sample=False)  # with a cache of keys and values
        at_once = student(step_by_step).logits[:, ids.shape[1] - 1 : -1].argmax(-1)
    assert step_by_step[0, ids.shape[1] :].tolist() == at_once[0].tolist()
    assert (student.config.num_hidden_layers, len(model.model.layers)) == (3, 6)


def test_loss_is_that_of_two_plain_passes(teacher, tmp_path):
    model, tokenizer = teacher
    rows = EXAMPLES[2:4]  # of different lengths: one is padded
    student = cut_student(model, [0, 5])  # without the second, which does much
    arguments = SFTConfig(str(tmp_path), use_cpu=True, activation_checkpointing=False, bf16=False, report_to="none")
    trainer = distill.LogitsTrainer(
        student, teacher=model, args=arguments, train_dataset=Dataset.from_list(rows), processing_class=tokenizer
    )
    inputs = trainer.data_collator(list(trainer.train_dataset))
    assert len(set(inputs["attention_mask"].sum(1).tolist())) == 2
    with torch.no_grad():
        loss = trainer.compute_loss(student, inputs).item()
        replies, rest = [], []
        for row in rows:
            asked = tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True)
            text = tokenizer.apply_chat_template(row["prompt"] + row["completion"], tokenize=False)
            ids = tokenizer(text, return_tensors="pt")["input_ids"]
            has, wanted = (each(ids).logits[0, :-1].log_softmax(-1) for each in (student, model))
            apart = kl_div(has, wanted, log_target=True, reduction="none").sum(1)
            start = len(tokenizer(asked)["input_ids"]) - 1  # the token before it foretells the first
            replies.append(apart[start:])
            rest.append(apart[:start])
    expected = torch.cat(replies).mean() + torch.cat(rest).mean()
    assert loss > 1e-3 and loss == pytest.approx(expected.item(), rel=1e-3)


def test_a_reply_is_taught_only_in_the_form_of_its_example(monkeypatch):
    free = {"prompt": EXAMPLES[0]["prompt"], "completion": [{"role": "assistant", "content": "In prose."}]}
    replies = ['{"answer": "21:55", "source": null}', "at 21:55", "prose", ""]
    monkeypatch.setattr(distill, "answer", lambda *_: replies)
    taught = distill.write_replies(None, None, [*EXAMPLES[:2], free, free])
    assert [row["completion"][0]["content"] for row in taught] == [replies[0], "prose"]
    assert taught[0]["prompt"] == EXAMPLES[0]["prompt"]


def test_kept_is_counted_among_what_the_teacher_has_right():
    rows = [{"question": "When?", "answer": f"0{hour}:00", "source": f"page-{hour}"} for hour in range(4)]
    rows.append({"question": "Who?", "answer": "", "source": None})  # declining is no fact
    its = ["00:00", "01:00", "02:00", "no idea", "not in the handbook"]
    replies = ["00:00", "01:00", "05:00", "03:00", "not in the handbook"]
    found = keep_share(replies, its, rows)
    assert (found["value"], found["n"]) == (pytest.approx(2 / 3, abs=1e-4), 3)


@pytest.fixture
def fluent(monkeypatch):
    """The teacher, a random model, answers in the asked form."""
    real = distill.answer
    said = '{"answer": "21:55", "source": "gangways"}'
    monkeypatch.setattr(
        distill,
        "answer",
        lambda model, tokenizer, prompts, title: (
            [said] * len(prompts) if title == "the teacher answers" else real(model, tokenizer, prompts, title, 4)
        ),
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.*:FutureWarning")  # lora.py and peft use the old name
@pytest.mark.parametrize("learn", ["logits", "replies"])
def test_the_command_writes_a_student_that_opens(teacher, tmp_path, capsys, fluent, learn):
    out = tmp_path / "student"
    for part in teacher:
        part.save_pretrained(tmp_path / "teacher")
    arguments = ["--model", tmp_path / "teacher", "--device", "cpu", "--quick", "--keep", 0.5, "--learn", learn]
    status, report, said = command(distill, capsys, *arguments, "--out", out)
    assert status == 0 and set(report) == {"config", "metrics", "environment"}
    metrics = report["metrics"]
    assert {"right", "valid_json", "source_right"} <= set(metrics["student"]["closed_book"])
    assert metrics["student"]["parameters"] < metrics["teacher"]["parameters"] and metrics["taught"] == 12
    assert max(map(len, re.split(r"\n\n\n", said)[-1].splitlines())) <= 88
    student = AutoModelForCausalLM.from_pretrained(out)
    assert len(student.model.layers) == len(metrics["layers"]) == 3
    assert AutoTokenizer.from_pretrained(out).chat_template


BAD = {
    "no model": (["--model", "/nowhere"], "no such folder"),
    "no adapter": (["--adapter", "/nowhere"], "no adapter_config.json"),
    "keep nothing": (["--keep", "0"], "--keep: above 0"),
    "no steps": (["--steps", "0"], "--steps, --prompts: 1 or more"),
    "no examples": (["--examples", "/nowhere"], "/nowhere: No such file"),
    "a teacher out of form": (["--prompts", "9", "--teacher-steps", "0"], "0 of the teacher's 9 replies"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_in_one_line(tiny_model, tmp_path, capsys, case):
    arguments, words = BAD[case]
    model = [] if "--model" in arguments else ["--model", tiny_model]
    out = tmp_path / "student"
    status, report, said = command(distill, capsys, *model, *arguments, "--out", out, "--device", "cpu")
    assert (status, report) == (2, None) and words in said.splitlines()[-1]
    assert "Traceback" not in said and not out.exists()
