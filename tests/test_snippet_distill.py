"""distill.py: what is cut out of a teacher, what each method minimises, when it pays, and what a stopped run leaves."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import accelerate
import pytest
import torch
import transformers

from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
# transformers 5 warns when peft asks whether a model recomputes its activations.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
distill = load_snippet("distill")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # the same sums in the same order, in every process
SIZES = {
    "vocab_size": 1024,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}


def build(kind="Llama", **changed):
    """A random model in which every weight counts, gains and biases too."""
    torch.manual_seed(1)
    config = getattr(transformers, f"{kind}Config")(**{**SIZES, "tie_word_embeddings": True, **changed})
    model = getattr(transformers, f"{kind}ForCausalLM")(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(1 if "norm" in name else 0, 0.2)
    return model


def learn(model, rows, method, checkpoint, teacher, tokenizer, **changed):
    config = distill.Config(**{"steps": 6, "warm_up": 3, "batch": 4, "lr": 1e-3, **changed})
    accelerator = accelerate.Accelerator(cpu=True)
    return distill.distil(method, model, teacher, rows, tokenizer, 12, config, accelerator, checkpoint)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A teacher that passes: two layers that have learned forty tickets' team; tickets hold every tenth out."""
    folder = tmp_path_factory.mktemp("tiny")
    model, things = build(), ("bill", "door", "lamp")
    tokenizer = transformers.AutoTokenizer.from_pretrained(LAB / "model")
    tickets = {f"Ticket {i}: the {things[i % 3]} is wrong.\n": f'{{"team": "{i % 3}"}}' for i in range(40)}
    rows = [{"prompt": prompt, "completion": completion} for prompt, completion in tickets.items()]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    encoded = distill.encode(tokenizer, rows, 256)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(60):
        loss = distill.sum_loss(model, distill.pick_batch(encoded, step, 16, 0), 2) / 100
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder / "teacher")
    tokenizer.save_pretrained(folder / "teacher")
    return folder


def open_tiny(tiny):
    """-> teacher, a student of one layer and half its width, tokenizer, and rows to learn on."""
    teacher, tokenizer = distill.open_model(str(tiny / "teacher"), "cpu")
    rows = distill.encode(tokenizer, distill.read_rows(tiny / "mine.jsonl", "prompt", "completion"), 256)
    teacher.requires_grad_(False)
    return teacher, distill.cut_student(teacher, 1, 32, rows[:8], 2), tokenizer, rows


# The student


NOPE = {"no_rope_layers": [1, 0], "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}}


@pytest.mark.parametrize(
    "kind, changed",
    [
        ("Llama", {"attention_bias": True, "mlp_bias": True}),
        ("Qwen2", {"tie_word_embeddings": False}),
        ("Qwen3", {"head_dim": 24}),
        ("SmolLM3", NOPE),
    ],
)
def test_cutting_nothing_off_changes_nothing(kind, changed, tiny):
    """Logits within 1e-4 of each other, where they are about 3: folded gains round differently."""
    _, _, _, rows = open_tiny(tiny)
    teacher = build(kind, **changed)
    student = distill.cut_student(teacher, 2, 64, rows[:4], 2)
    ids = torch.arange(3, 67)[None]
    with torch.no_grad():
        wanted = teacher(ids).logits
        torch.testing.assert_close(student(ids).logits, wanted, rtol=1e-4, atol=1e-4)
    assert wanted.abs().max() > 1


@pytest.mark.parametrize("kind, changed", [("Llama", {}), ("SmolLM3", {"no_rope_layers": [1, 0, 0]})])
def test_what_a_teacher_does_not_use_is_what_is_cut_off(kind, changed, tiny):
    """Hide a small model in one twice as wide, turned at random, with a layer, heads and neurons that write nothing."""
    _, _, _, rows = open_tiny(tiny)
    teacher, width = build(kind, num_hidden_layers=3, head_dim=16, **changed), 16
    source, random_turn = teacher.model, torch.linalg.qr(torch.randn(64, 64))[0]
    with torch.no_grad():
        source.layers[1].self_attn.o_proj.weight.zero_()
        source.layers[1].mlp.down_proj.weight.zero_()
        for layer in source.layers:
            layer.self_attn.o_proj.weight[:, : 2 * width] = 0  # the query heads of the first key
            layer.mlp.down_proj.weight[:, ::2] = 0
            for part in (layer.self_attn.o_proj, layer.mlp.down_proj):
                part.weight[32:] = 0
                part.weight.copy_(random_turn @ part.weight)
            for norm in (layer.input_layernorm, layer.post_attention_layernorm):
                norm.weight.fill_(1.3)
        source.norm.weight.fill_(0.9)
        source.embed_tokens.weight[:, 32:] = 0
        source.embed_tokens.weight.copy_(source.embed_tokens.weight @ random_turn.T)
        student, ids = distill.cut_student(teacher, 2, 32, rows[:16], 2), torch.arange(3, 67)[None]
        wanted = teacher(ids).logits
        torch.testing.assert_close(student(ids).logits, wanted, rtol=1e-3, atol=1e-3)
    config = student.config
    assert (config.hidden_size, config.num_hidden_layers, config.intermediate_size) == (32, 2, 48)
    assert (config.num_attention_heads, config.num_key_value_heads, config.head_dim) == (2, 1, 16)
    assert getattr(config, "no_rope_layers", [1, 0])[:2] == [1, 0]
    assert distill.choose_layers(teacher, 2, rows[:16], 2) == [0, 2] and wanted.abs().max() > 1


def test_sizes_count_tied_embeddings_once(tiny):
    teacher, student, _, _ = open_tiny(tiny)
    layer = lambda d, queries, keys, ffn: 2 * d * 16 * (queries + keys) + 3 * d * ffn + 2 * d  # noqa: E731
    big, small = 2 * layer(64, 4, 2, 96) + 64, layer(32, 2, 1, 48) + 32
    assert distill.compare_sizes(teacher, student) == {
        "teacher_parameters": big + 1024 * 64,
        "teacher_without_embeddings": big,
        "student_parameters": small + 1024 * 32,
        "student_without_embeddings": small,
        "ratio": round((big + 1024 * 64) / (small + 1024 * 32), 3),
        "ratio_without_embeddings": round(big / small, 3),
    }


# What is minimised


def test_log_probabilities_are_those_of_the_learned_tokens(tiny):
    teacher, _, _, rows = open_tiny(tiny)
    told = distill.log_probabilities(teacher, rows[:5], 2)
    learned = torch.tensor([label for _, labels in rows[:5] for label in labels if label != -100])
    cross_entropy = -told.gather(1, learned[:, None]).sum().item()
    assert cross_entropy == pytest.approx(distill.sum_loss(teacher, rows[:5], 2).item(), rel=1e-5)


@pytest.mark.parametrize("reverse", [False, True])
def test_divergence_is_the_kl_of_the_textbook(tiny, reverse):
    teacher, student, _, rows = open_tiny(tiny)
    wanted = 0.0
    for ids, labels in rows[:5]:  # one by one, without padding
        places = [at - 1 for at, label in enumerate(labels) if label != -100]
        each = [torch.distributions.Categorical(logits=model(torch.tensor([ids])).logits[0, places].detach().double())
                for model in (teacher, student)]  # fmt: skip
        wanted += torch.distributions.kl_divergence(*(each[::-1] if reverse else each)).sum().item()
    told = distill.measure_divergence(student, teacher, rows[:5], 2, reverse)
    assert told.item() == pytest.approx(wanted, rel=1e-4) and wanted > 1
    assert distill.measure_divergence(teacher, teacher, rows[:5], 2, reverse).item() == pytest.approx(0, abs=1e-5)
    told.backward()
    assert all(weight.grad is None for weight in teacher.parameters())
    assert any(weight.grad is not None for weight in student.parameters())


def test_a_padded_vocabulary_is_compared_where_both_have_it(tiny):
    teacher, _, _, rows = open_tiny(tiny)
    wider, _ = distill.open_model(str(tiny / "teacher"), "cpu")
    wider.resize_token_embeddings(1088)
    told = distill.measure_divergence(wider, teacher, rows[:5], 2, False)
    assert told.item() == pytest.approx(0, abs=1e-5)


def test_gumbel_noise_samples_the_softmax():
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    noise = distill.GumbelNoise([str(i) for i in range(4000)])
    drawn = noise(None, logits.expand(4000, 4)).argmax(1)
    frequencies = drawn.bincount(minlength=4) / 4000
    torch.testing.assert_close(frequencies, logits.softmax(0), rtol=0, atol=4 * math.sqrt(0.25 / 4000))


def test_own_answers_do_not_depend_on_the_rows_beside_them(tiny):
    _, student, _, rows = open_tiny(tiny)
    seeds = [str(i) for i in range(8)]
    told = distill.write_own_answers(student, rows[:8], seeds, 2, 1, 12)
    assert distill.write_own_answers(student, rows[3:6], seeds[3:6], 2, 1, 12) == told[3:6]
    assert distill.write_own_answers(student, rows[:8], seeds[::-1], 2, 1, 12) != told
    for (ids, labels), row in zip(told, rows[:8], strict=True):
        start = distill.find_answer(row)
        assert ids[:start] == row[0][:start] and labels[:start] == [-100] * start
        assert labels[start:] == ids[start:] and 1 <= len(ids[start:]) <= 12 and 1 not in ids[start:-1]


def test_on_policy_is_logits_until_the_warm_up_ends(tiny, tmp_path):
    losses = {}
    for method in distill.METHODS:
        teacher, student, tokenizer, rows = open_tiny(tiny)
        losses[method] = learn(student, rows, method, tmp_path / method, teacher, tokenizer)["losses"]
    assert losses["on-policy"][:3] == losses["logits"][:3] != losses["sequences"][:3]
    assert losses["on-policy"][3:] != losses["logits"][3:]


@pytest.mark.parametrize("method", distill.METHODS)
def test_students_learn_and_the_teacher_does_not_move(method, tiny, tmp_path):
    teacher, student, tokenizer, rows = open_tiny(tiny)
    before = [weight.clone() for weight in teacher.parameters()]
    far = distill.measure_divergence(student, teacher, rows[:16], 2, False).item()
    learn(student, rows, method, tmp_path / "checkpoint", teacher, tokenizer, steps=40, warm_up=30, lr=3e-3)
    assert all(map(torch.equal, before, teacher.parameters()))
    assert distill.measure_divergence(student, teacher, rows[:16], 2, False).item() < far / 4


def test_a_loss_that_is_no_number_stops_the_run(tiny, tmp_path):
    teacher, student, tokenizer, rows = open_tiny(tiny)
    with torch.no_grad():
        next(student.parameters()).fill_(float("nan"))
    with pytest.raises(distill.Problem, match="step 1; use a lower rate"):
        learn(student, rows, "logits", tmp_path / "checkpoint", teacher, tokenizer)
    assert not list(tmp_path.iterdir())


# What is judged


@pytest.mark.parametrize(
    "teacher, student, making, calls",
    [
        (3, 1, 10, 6),  # five calls save 10, which is not yet more
        (3, 1, 9, 5),
        (0.8, 0.7, 1, 11),  # as written, not as floats have it
        (0.02, 0.005, 120, 8001),
        (1, 0, 0, 1),
        (1, 1, 5, None),
        (1, 2, 5, None),
    ],
)
def test_break_even(teacher, student, making, calls):
    assert distill.break_even(teacher, student, making) == calls


def test_a_saving_too_small_for_a_float_still_breaks_even():
    calls = distill.break_even(5e-324, 0, 1e308)
    assert calls * Fraction("5e-324") > Fraction("1e308") >= (calls - 1) * Fraction("5e-324")


def test_passed_is_right_in_every_part(tiny, monkeypatch):
    replies = ['{"answer": "a", "source": "s"}', '{"answer": "a", "source": "t"}', "a", "yes"]
    monkeypatch.setattr(distill, "generate", lambda *_: replies)
    page = {"answer": "a", "source": "s"}
    cases = {"with_page": [("", page)] * 3, "free": [("", {"answer": "yes"})]}
    told = distill.evaluate(None, None, cases, 9)
    assert told["passed"] == distill.share([True, False, False, True])
    assert {part: one["value"] for part, one in told["with_page"].items()} == {
        "valid_json": 0.6667, "answer_right": 1.0, "source_right": 0.3333, "passed": 0.3333}  # fmt: skip
    assert told["free"]["passed"]["value"] == 1.0
    assert told["passed"]["low"] < 0.5 < told["passed"]["high"] and told["passed"]["n"] == 4


def test_quality_is_kept_against_what_the_teacher_passes():
    def grades(whole, page, public):
        return {
            "passed": {"value": whole},
            "page": {"passed": {"value": page}},
            "public": {"passed": {"value": public}},
        }

    told = distill.keep_quality(grades(0.45, 0.8, 0.1), grades(0.9, 0.8, 0.0), ("page", "public"))
    assert told == {"all": 0.5, "page": 1.0}  # nothing can be kept of nothing


def test_speeds_are_of_the_same_work(tiny):
    teacher, _, tokenizer, _ = open_tiny(tiny)
    told = distill.compare_speeds(teacher, teacher, tokenizer, ["a", "b b b"], tokens=6, pairs=3)
    assert 0.2 < told["ratio"] < 5 and told["batch"] == 2
    for name in ("teacher", "student"):
        assert told[f"{name}_tokens_a_second"] * told[f"{name}_seconds_a_call"] == pytest.approx(6, rel=0.05)


def test_lab_questions_come_with_their_page_or_are_public():
    examples, cases = distill.read_prompts(distill.Config(lab=str(LAB)))
    rows = [row for row in distill.read_rows(LAB / "questions.jsonl", "set") if row["split"] == "test"]
    assert set(cases) == {"with_page", "public"} and len(examples) > 1000
    assert sum(map(len, cases.values())) == len(rows)
    assert not {prompt for some in cases.values() for prompt, _ in some} & {row["prompt"] for row in examples}


# Stopping and going on


@pytest.mark.parametrize("method", ["logits", "on-policy"])
def test_resumed_training_is_the_uninterrupted_training(method, tiny, tmp_path):
    teacher, whole, tokenizer, rows = open_tiny(tiny)
    losses = learn(whole, rows, method, tmp_path / "whole", teacher, tokenizer)["losses"]
    stop, divergence = SimpleNamespace(left=5), distill.measure_divergence

    def interrupt(*args, **how):
        stop.left -= 1
        if stop.left < 0:
            raise KeyboardInterrupt
        return divergence(*args, **how)

    teacher, part, _, _ = open_tiny(tiny)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(distill, "measure_divergence", interrupt)
        learn(part, rows, method, tmp_path / "part", teacher, tokenizer, save_every=2)
    teacher, again, _, _ = open_tiny(tiny)
    with torch.no_grad():
        for weight in again.parameters():
            weight.zero_()  # everything must come from the checkpoint
    assert learn(again, rows, method, tmp_path / "part", teacher, tokenizer, resume=True)["losses"] == losses
    assert all(map(torch.equal, again.parameters(), whole.parameters()))


def test_a_checkpoint_of_another_teacher_is_refused(tiny, tmp_path):
    teacher, student, tokenizer, rows = open_tiny(tiny)
    learn(student, rows, "logits", tmp_path / "checkpoint", teacher, tokenizer)
    with torch.no_grad():
        teacher.model.norm.weight += 0.01
    with pytest.raises(distill.Problem, match="made with another lr, teacher; use the same again"):
        learn(student, rows, "logits", tmp_path / "checkpoint", teacher, tokenizer, resume=True, lr=2e-3)


# Bad input


def refusal(capsys, monkeypatch, *flags):
    """Run main as the guard does -> its one line on stderr; it must end with status 2 and print nothing else."""
    monkeypatch.setattr(sys, "argv", ["distill.py", *map(str, flags)])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as stop:
        distill.run(distill.main)
    printed = capsys.readouterr()
    assert stop.value.code == 2, printed.err
    assert printed.out == ""
    assert printed.err.count("\n") == 1 and printed.err.startswith("distill: "), printed.err
    return printed.err


ADAPTED = ["--teacher", "", "--model", "{tiny}/teacher"]


@pytest.mark.parametrize(
    "flags, said",
    [
        (["--steps", "0"], "--steps 0: use 1 or more"),
        (["--steps", "many"], "argument --steps: invalid int value: 'many'; --help lists the flags"),
        (["--student-layers", "-1"], "--student-layers -1: use 0 or more"),
        (["--methods", "logits,magic"], "--methods logits,magic: use one or more of sequences,logits,on-policy"),
        (["--methods", ","], "--methods ,: use one or more of"),
        (["--lr", "nan"], "--lr nan: use a rate between 0 and 1"),
        (["--teacher-floor", "0"], "--teacher-floor 0.0: use a share above 0"),
        (["--steps", "9", "--warm-up", "9"], "--warm-up 9: of 9 steps none is left for on-policy"),
        (["--making-cost", "5"], "--making-cost and the two costs per call: give all three"),
        (["--making-cost", "nan", "--teacher-cost-per-call", "1", "--student-cost-per-call", "1"], "give all three"),
        (["--model", "x"], "--teacher: it teaches as it is; leave out --model and --adapter"),
        (["--student", "{tiny}/teacher", "--student-layers", "1"], "--student: it has its size"),
        (["--student-layers", "3"], "--student-layers 3: the teacher has 2; use 2 or less"),
        (["--student-hidden", "65"], "--student-hidden 65: the teacher has 64; use 64 or less"),
        (["--student", "{here}/none"], "--student {here}/none: no model there"),
        (["--student", "{here}/stranger"], "--student {here}/stranger: another tokenizer than the teacher's"),
        (["--teacher", "{here}/none"], "--teacher {here}/none: no model there"),
        (["--teacher", "{here}/gpt"], "a gpt2 is not laid out as a Llama"),
        ([*ADAPTED, "--adapter", "{here}/none"], "--adapter {here}/none: no adapter_model.safetensors there"),
        (["--teacher", "{here}/fresh"], "--teacher-floor 0.8: it passes 0.0, and a teacher must pass the evals first"),
        (["--examples", "{here}/none.jsonl"], "none.jsonl: cannot be read as JSON lines (FileNotFoundError)"),
        (["--examples", "{here}/bytes.jsonl"], "bytes.jsonl: cannot be read as JSON lines (UnicodeDecodeError)"),
        (["--examples", "{here}/broken.jsonl"], "broken.jsonl:2: not JSON"),
        (["--examples", "{here}/column.jsonl"], "column.jsonl:1: no completion"),
        (["--examples", "{here}/numbers.jsonl"], "prompt and completion must be text"),
        (["--examples", "{here}/few.jsonl"], "few.jsonl: nothing to measure on; write ten examples or more"),
        (["--examples", "", "--lab", "{here}"], "behaviour.jsonl: no lab here"),
        (["--out", "{here}"], "--out {here}: {here}/"),
        (["--out", "{tiny}/logits"], "--out {tiny}/logits: {tiny}/logits/other is something else"),
    ],
)
def test_bad_input_ends_in_one_line(flags, said, tiny, tmp_path, monkeypatch, capsys):
    here, work = tmp_path / "here", tmp_path / "work"
    here.mkdir()
    work.mkdir()
    (tiny / "logits").mkdir(exist_ok=True)
    (tiny / "logits" / "other").touch()
    (here / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    (here / "broken.jsonl").write_text('{"prompt": "a", "completion": "b"}\n{"prompt"\n')
    (here / "column.jsonl").write_text('{"prompt": "a"}\n')
    (here / "numbers.jsonl").write_text('{"prompt": 1, "completion": 2}\n')
    (here / "few.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    if "{here}/stranger" in flags:
        build(vocab_size=300, num_hidden_layers=1).save_pretrained(here / "stranger")
        own = transformers.AutoTokenizer.from_pretrained(LAB / "model")
        own.add_tokens(["stranger"])
        own.save_pretrained(here / "stranger")
    if "{here}/gpt" in flags:
        sizes = {"n_embd": 16, "n_layer": 1, "n_head": 1, "vocab_size": 1024, "bos_token_id": 0, "eos_token_id": 1}
        transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes)).save_pretrained(here / "gpt")
        transformers.AutoTokenizer.from_pretrained(LAB / "model").save_pretrained(here / "gpt")
    monkeypatch.chdir(work)
    if "{here}/fresh" in flags:
        build().save_pretrained(here / "fresh")
        transformers.AutoTokenizer.from_pretrained(LAB / "model").save_pretrained(here / "fresh")
    own = ["--teacher", tiny / "teacher", "--examples", tiny / "mine.jsonl", "--lab", LAB]
    given = [flag.format(here=here, tiny=tiny) for flag in flags]
    assert said.format(here=here, tiny=tiny) in refusal(capsys, monkeypatch, *own, *given)
    assert not list(work.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the GPU that the test must not find")
def test_a_gpu_that_is_not_there_ends_in_one_line(capsys, monkeypatch):
    assert "--device cuda: no CUDA device; run with --device cpu" in refusal(capsys, monkeypatch, "--device", "cuda")


# As a process


def own(tiny):
    """Flags for a small run on the reader's own teacher and examples."""
    flags = {"--teacher": tiny / "teacher", "--examples": tiny / "mine.jsonl", "--steps": 60, "--warm-up": 40}
    flags |= {"--batch": 4, "--save-every": 5, "--methods": "on-policy,logits", "--lr": 3e-3, "--student-layers": 1}
    return [str(word) for pair in flags.items() for word in pair]


@pytest.fixture(scope="module")
def uninterrupted(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    costs = ("--teacher-cost-per-call", "0.8", "--student-cost-per-call", "0.7", "--making-cost", "1")
    done = run_snippet("distill", *own(tiny), *costs, cwd=folder, env=ONE_THREAD)
    assert done.returncode == 0 and done.stderr == "" and done.stdout.count("\n") == 1, done.stderr
    return folder / "distilled", json.loads(done.stdout)


@pytest.mark.slow
def test_a_teacher_makes_students_that_stand_alone(uninterrupted, tiny):
    folder, told = uninterrupted
    metrics = told["metrics"]
    assert set(told) == {"config", "metrics", "environment"} and list(metrics["methods"]) == ["logits", "on-policy"]
    assert metrics["teacher"]["passed"]["value"] == 1 and metrics["answers"]["prompts"] == 36
    assert sorted(path.name for path in folder.iterdir()) == ["logits", "on-policy"]
    assert [path.name for path in folder.parent.iterdir()] == ["distilled"]
    for name, one in metrics["methods"].items():
        assert len(one["losses"]) == 60 and one["losses"][39] < one["losses"][0] / 2
        assert one["break_even_calls"] == 11 and one["making_cost"] == 1
        assert one["passed"]["value"] >= 0.5  # of four
        assert one["quality_kept"] == dict.fromkeys(("all", "held_out"), one["passed"]["value"])
        student, tokenizer = distill.open_model(str(folder / name), "cpu")
        assert sum(weight.numel() for weight in student.parameters()) == metrics["size"]["student_parameters"]
        said = distill.generate(student, tokenizer, ["Ticket 9: the bill is wrong.\n"])
        assert said == ['{"team": "0"}']


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(tiny, tmp_path, uninterrupted):
    checkpoint = tmp_path / "distilled.checkpoint" / "on-policy"
    process = subprocess.Popen(
        [sys.executable, SNIPPETS / "distill.py", *own(tiny)], cwd=tmp_path, env={**os.environ, **ONE_THREAD}
    )
    for _ in range(6000):
        assert process.poll() is None
        if checkpoint.exists() and len(torch.load(checkpoint, weights_only=True)["losses"]) > 40:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "distilled" / "on-policy").exists()
    done = run_snippet("distill", *own(tiny), "--resume", cwd=tmp_path, env=ONE_THREAD)
    assert done.returncode == 0, done.stderr
    whole, told = uninterrupted
    for name, one in json.loads(done.stdout)["metrics"]["methods"].items():
        assert one["losses"] == told["metrics"]["methods"][name]["losses"]
        weights = [(folder / name / "model.safetensors").read_bytes() for folder in (whole, tmp_path / "distilled")]
        assert weights[0] == weights[1]
    assert [path.name for path in tmp_path.iterdir()] == ["distilled"]


@pytest.mark.slow
def test_two_processes_give_one_processs_losses(tiny, tmp_path, uninterrupted):
    """Within 1e-3 of each loss over 60 steps, on-policy too: only the order of the sums differs."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    run = [*launch, SNIPPETS / "distill.py", *own(tiny)]
    done = subprocess.run(run, cwd=tmp_path, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    told, alone = json.loads(done.stdout)["metrics"], uninterrupted[1]["metrics"]
    assert (told["processes"], alone["processes"]) == (2, 1)
    for name, one in told["methods"].items():
        assert one["losses"] == pytest.approx(alone["methods"][name]["losses"], rel=1e-3, abs=1e-3)
        assert one["passed"] == alone["methods"][name]["passed"]
    assert told["answers"]["tokens"] == alone["answers"]["tokens"]


@pytest.mark.slow
def test_ctrl_c_is_one_line(tiny, tmp_path):
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would not hear it
    process = subprocess.Popen(
        [sys.executable, SNIPPETS / "distill.py", *own(tiny), "--steps", "5000"],
        cwd=tmp_path,
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not (tmp_path / "distilled.checkpoint" / "logits").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    signal.signal(signal.SIGINT, heard)
    assert (process.returncode, out) == (130, "")
    assert err == "\ndistill: stopped; run it again with --resume to go on\n"


@pytest.mark.slow
def test_a_teacher_that_fails_its_evals_is_refused(tmp_path):
    """Two steps do not make the lab's model cite."""
    few = tmp_path / "lab"
    few.mkdir()
    for name in ("model", "docs", "behaviour.jsonl"):
        (few / name).symlink_to(LAB / name)
    rows = [json.dumps(row) + "\n" for row in distill.read_rows(LAB / "questions.jsonl", "split")]
    (few / "questions.jsonl").write_text("".join(row for row in rows if '"test"' in row and '"private"' in row)[:2000])
    lines = (few / "questions.jsonl").read_text().splitlines()[:-1]
    (few / "questions.jsonl").write_text("\n".join(lines) + "\n")
    done = run_snippet("distill", "--lab", few, "--teacher-steps", "2", cwd=tmp_path, env=ONE_THREAD)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "distill: --teacher-floor 0.8: it passes 0.0, and a teacher must pass the evals first"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]
