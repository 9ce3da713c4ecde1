"""The program of the experiment: what it makes, what it leaves alone, and how it ends; with a toy for the snippet."""

import pytest

from scripts import experiment
from scripts.experiment import evidence, make_all
from scripts.measuring import runs
from scripts.measuring.make_run import claim
from scripts.measuring.runs import BadRun
from tests.made_runs import edit, put
from tests.toy_experiment import files, toy_experiment


@pytest.fixture
def root(tmp_path, monkeypatch):
    return toy_experiment(tmp_path, monkeypatch)


def test_every_arm_runs_on_every_seed_and_is_summed_up(root, capsys):
    assert experiment.main([]) == 0
    folder = "fine-tune-vs-rag"
    assert files(root) == [f"{folder}/{arm}-{seed}.json" for arm in ("base", "tuned") for seed in (0, 1)]
    said = capsys.readouterr().err
    assert "experiment: 0 of 4 runs are there\n" in said and "tuned, seed 1 (4 of 4)" in said
    assert said.endswith("experiment: results/fine-tune-vs-rag-cpu.json written\n") and "A table" not in said
    run = runs.load(folder, root)[3]
    out = "build/measure/fine-tune-vs-rag/tuned-1"
    given = f"--model build/model --arms tuned --seeds 1 --embedder build/embedder --device cpu --out {out}/out"
    assert run.arguments == given.split() and run.protocol == 1 and run.command.endswith("--model build/model")
    assert run.metrics["after"]["with_page"]["right"]["value"] == 0.6 and not (root / out).exists()


def test_what_is_there_is_not_made_again(root, capsys):
    experiment.main(["--arms", "base"])
    before = {name: (root / "results/runs" / name).stat().st_mtime_ns for name in files(root)}
    assert experiment.main([]) == 0
    assert "experiment: 2 of 4 runs are there" in capsys.readouterr().err
    assert before == {name: (root / "results/runs" / name).stat().st_mtime_ns for name in before}
    edit(root, "snippets/arms.toml", "rate = 1e-3", "rate = 2e-3")
    assert experiment.main([]) == 0
    assert "experiment: 2 of 4 runs are there" in capsys.readouterr().err  # the others are of another arm


def test_a_new_version_of_the_protocol_makes_the_evidence_anew_and_no_trial(root, capsys):
    experiment.main(["--tuning"])
    experiment.main([])
    edit(root, "decisions/the-protocol.md", "Version 1", "Version 2")
    capsys.readouterr()
    assert experiment.main(["--tuning"]) == 0 and experiment.main([]) == 0
    said = capsys.readouterr().err
    assert "2 of 2 runs are there" in said and "0 of 4 runs are there" in said


def test_trials_are_made_with_their_settings_on_development_pages(root, capsys):
    assert experiment.main(["--tuning"]) == 0
    assert files(root) == ["tuning/tuned-1e-2-100.json", "tuning/tuned-1e-4-100.json"]
    run = runs.read(runs.path_of("tuning", "tuned-1e-4", 100), root)
    assert " ".join(run.arguments).startswith(
        "--model build/model --arms tuned --seeds 100 --split development --embedder build/embedder "
        "--change wide=false rate=1e-4 --out"
    )
    assert run.command == "python -m scripts.experiment --tuning --model build/model" and run.protocol == 0
    assert run.settings == '{"passes": 8}'
    assert "results/fine-tune-vs-rag-cpu.json" not in capsys.readouterr().err


def test_a_seed_out_of_plan_or_another_machine_is_in_the_command(root):
    (job,) = evidence(["base"], [7], "gpu", "build/model", root)
    assert job.command == "python -m scripts.experiment --model build/model --machine gpu --seeds 7"
    assert job.path.as_posix() == "results/runs/fine-tune-vs-rag-gpu/base-7.json" and job.threads == 0
    (job,) = evidence(["base"], [1], "cpu", "build/model", root)
    assert job.command == "python -m scripts.experiment --model build/model" and str(job.threads) == "1"


def test_what_fails_is_named_and_stops_nothing_else(root, capsys, monkeypatch):
    def refuse(*of):
        raise BadRun("no seed has a run of every arm")

    put(root, "snippets/arms.toml", "[broken]\n\n[base]\n")
    assert experiment.main([]) == 1
    said = capsys.readouterr().err
    assert "not made: broken, seed 0: fine_tune_vs_rag.py ended with status 2; toy: no such thing\n" in said
    assert files(root) == ["fine-tune-vs-rag/base-0.json", "fine-tune-vs-rag/base-1.json"]
    monkeypatch.setattr(experiment, "summarise", refuse)
    assert experiment.main(["--seeds", "1"]) == 2
    said = capsys.readouterr().err
    assert "not made: broken, seed 1" in said and said.endswith("experiment: no seed has a run of every arm\n")


def test_a_run_that_another_process_makes_is_left_to_it(root):
    jobs = evidence(["base", "tuned"], [0], "cpu", "build/model", root)
    with claim(jobs[0], root) as mine:
        assert mine and make_all(jobs, root) == []
    assert files(root) == ["fine-tune-vs-rag/tuned-0.json"]


def test_an_edited_run_stops_it_in_one_line(root, capsys):
    experiment.main(["--arms", "base"])
    edit(root, "results/runs/fine-tune-vs-rag/base-0.json", '"losses":[1.0,0.5]', '"losses":[1.0,0.4]')
    capsys.readouterr()
    assert experiment.main([]) == 2
    said = capsys.readouterr().err
    assert "base-0.json was edited" in said and "delete it and run: python -m scripts.experiment" in said
    assert said.count("\n") == 1


def test_an_unknown_arm_is_named_with_near_ones(root, capsys):
    assert experiment.main(["--arms", "tund"]) == 2
    assert "--arms tund: no such arm; did you mean tuned?" in capsys.readouterr().err


def test_stopped_it_says_where_to_go_on(root, capsys, monkeypatch):
    monkeypatch.setattr(experiment, "make", lambda *of, **more: (_ for _ in ()).throw(KeyboardInterrupt))
    assert experiment.main([]) == 130
    assert capsys.readouterr().err.endswith("stopped; what is finished is in results/runs, run it again to go on\n")
