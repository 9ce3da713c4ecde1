"""`python -m quiz` as a person and as a script would use it, in a process of its own."""

import json
import os
import pty
import subprocess
import sys

import pytest

from quiz import all_answers, decide, decision_record
from quiz.__main__ import main

GOOD = ["tried=yes", "gap=facts", "scale=ordinary"]


def run(*arguments, typed="", **more):
    command = [sys.executable, "-m", "quiz", *arguments]
    return subprocess.run(command, input=typed, capture_output=True, text=True, **more)


@pytest.mark.parametrize("answers", all_answers()[::5], ids=lambda answers: "-".join(answers.values()))
def test_json_has_exactly_the_verdict(answers):
    done = run(*[f"{key}={value}" for key, value in answers.items()], "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == decide(answers).as_dict()


def test_markdown_is_the_decision_record():
    done = run(*GOOD, "--format", "markdown", "--site", "https://x.example/")
    assert done.stdout == decision_record(dict(part.split("=") for part in GOOD), site="https://x.example/")


def test_text_says_everything_within_the_width_of_the_terminal():
    done = run(*GOOD, env={**os.environ, "COLUMNS": "60"})
    verdict = decide(dict(part.split("=") for part in GOOD))
    said = " ".join(done.stdout.split())
    for text in (verdict.headline, verdict.avoid, *verdict.because, *verdict.first_moves):
        assert text in said
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_answers_come_through_a_pipe_as_numbers_or_ids():
    done = run("--format", "json", typed="2\nFACTS\n 1 \n")
    assert json.loads(done.stdout)["now"] == "rag"
    assert "What is still wrong with the answers?" in done.stderr


def test_a_wrong_line_is_asked_again():
    done = run("--format", "json", typed="yes\nperhaps\nnone\nordinary\n")
    assert json.loads(done.stdout)["now"] == "ship"
    assert "'perhaps' is not one of them." in done.stderr


def test_it_works_in_a_real_terminal():
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "quiz"])
    said = b""
    for line in (b"2\n", b"4\n", b"2\n"):
        while not said.endswith((b"2: ", b"6: ")):
            said += os.read(terminal, 1024)
        said += b"\n"
        os.write(terminal, line)
    try:
        while chunk := os.read(terminal, 4096):
            said += chunk
    except OSError:  # how Linux says that the other side of a terminal is gone
        pass
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0
    assert b"Fine-tune now, then Distill." in said


BAD = {
    "unknown-option": (["tried=maybe", *GOOD[1:]], "valid options: no, yes"),
    "unknown-question": ([*GOOD, "cost=low"], "valid questions: tried, gap, scale"),
    "missing": (GOOD[:2], "no answer to scale; valid options: ordinary, narrow"),
    "twice": ([*GOOD, "tried=no"], "answered twice"),
    "no-equals": (["rag"], "expected QUESTION=OPTION"),
    "empty": (["tried=", *GOOD[1:]], "valid options: no, yes"),
    "format": ([*GOOD, "--format", "xml"], "invalid choice"),
    "flag": ([*GOOD, "--fast"], "unrecognized arguments"),
    "huge": ([f"tried={'9' * 50_000}", *GOOD[1:]], "valid options: no, yes"),
    "control": (["tried=\x1b[31m\n", *GOOD[1:]], "valid options: no, yes"),
}


@pytest.mark.parametrize(("arguments", "hint"), BAD.values(), ids=BAD)
def test_bad_input_ends_in_one_line_and_status_2(arguments, hint):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("quiz: ") and done.stderr.count("\n") == 1
    assert hint in done.stderr
    assert done.stderr[:-1].isprintable() and len(done.stderr) < 250


def test_input_that_ends_early_is_one_line_and_status_2():
    done = run(typed="2\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("quiz: the input ended before gap was answered; valid options: none")


def test_bytes_that_are_no_text_are_refused_in_one_line():
    done = subprocess.run([sys.executable, "-m", "quiz", b"tried=\xff"], capture_output=True)
    assert done.returncode == 2 and done.stdout == b"" and done.stderr.count(b"\n") == 1


def test_a_reader_that_leaves_early_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m quiz {' '.join(GOOD)} | head -n 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stderr == ""


def test_ctrl_c_is_one_line_and_status_130(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("quiz.__main__.ask_all", interrupted)
    assert main([]) == 130
    assert capsys.readouterr().err.strip() == "quiz: stopped, nothing was decided"


# The same paths in this process, where their coverage is counted.
@pytest.mark.parametrize(("arguments", "hint"), BAD.values(), ids=BAD)
def test_main_returns_2_and_prints_nothing(arguments, hint, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and hint in err


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_main_prints_every_format(form, capsys):
    assert main([*GOOD, "--format", form]) == 0
    assert len(capsys.readouterr().out) > 500


def test_main_asks_and_listens(monkeypatch, capsys):
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("2\nnonsense\n1\n1\n"))
    assert main([]) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main([]) == 2
    assert "the input ended before tried" in capsys.readouterr().err


def test_main_survives_a_closed_pipe(monkeypatch):
    class Closed:
        def write(self, text):
            raise BrokenPipeError

        def flush(self):
            raise BrokenPipeError

        def fileno(self):
            return os.dup(1)

    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(GOOD) == 0
