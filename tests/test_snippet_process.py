"""A snippet's process: its table is found, its words pass through, and it ends when the program is stopped."""

import signal
import sys
import time

import pytest

from scripts.measuring.snippet_process import RunError, run, table_of
from tests.made_runs import checkout


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


TABLES = {
    "behind bars": "\r50%|##   |\r100%|####|\n\nwords\n\r100%|###|\n\n\nA table\n\nright",
    "behind words": "loading\n\n\nA table\n\nright",
    "alone": "\n\nA table\n\nright\n",
}


@pytest.mark.parametrize("stderr", TABLES.values(), ids=TABLES)
def test_the_table_is_what_stands_behind_the_progress(stderr):
    assert table_of(stderr) == "A table\n\nright"


def test_stopped_it_ends_the_process_too(root):
    """A signal of its own kind, as no test should send Ctrl-C to the others."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run([sys.executable, "-c", "import time; time.sleep(30)"], root, quiet=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < 20


def test_stderr_of_a_process_passes_through_unless_it_is_quiet(root, capsys):
    code = "import sys; print(1); print('working', file=sys.stderr)"
    printed, said = run([sys.executable, "-c", code], root)
    assert (printed, said, capsys.readouterr().err) == ("1\n", "working\n", "working\n")
    assert run([sys.executable, "-c", code], root, quiet=True) == ("1\n", "working\n")
    assert capsys.readouterr().err == ""
    with pytest.raises(RunError, match=r"^-c ended with status 3; no such thing$") as raised:
        run(
            [sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"], root, quiet=True
        )
    assert raised.value.status == 3
