"""The downloads: the files as they are, one zip that is the same everywhere, and a page that states their hashes."""

import hashlib
import html
import io
import json
import re
import subprocess
import sys
import zipfile

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType

from scripts.downloads.snippet_files import ZIP, DownloadError, archive, publish, settings_of, size, snippets_of
from scripts.extension.page import SiteError
from scripts.measuring import results
from scripts.publishing.check import check
from tests.conftest import ROOT
from tests.tiny_site import TinySite

SNIPPETS = ROOT / "snippets"
SNIPPET = '''\
# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6"]
# ///
"""Show one thing.

    uv run one.py --fast   # in a second
    uv run one.py --docs \\
        FOLDER

No more.
"""
if __name__ == "__main__":
    print("é")
'''


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("snippets/one.py", SNIPPET)
    site.write("snippets/two.py", "NUMBER = 2\n")
    site.write("snippets/README.md", "# Snippets\n")
    site.write("snippets/case/__init__.py", "")
    site.write("snippets/case/handbook/a.md", "# A\n")
    site.write("snippets/case/.cache/x", "no")
    site.write("snippets/case/__pycache__/x.pyc", "no")
    site.write("LICENSE", "MIT\n")
    return site


def test_published_files_are_byte_identical(tmp_path):
    publish(ROOT, tmp_path)
    published = [snippet.name for snippet in snippets_of(ROOT)]
    for snippet in snippets_of(ROOT):
        assert (tmp_path / snippet.name).read_bytes() == (SNIPPETS / snippet.name).read_bytes()
    assert (tmp_path / ZIP).read_bytes() == archive(ROOT)
    with zipfile.ZipFile(io.BytesIO(archive(ROOT))) as packed:
        for path in map(SNIPPETS.joinpath, [*published, "fsdp_qlora.yaml", "arms.toml"]):
            assert (tmp_path / path.name).read_bytes() == packed.read(f"snippets/{path.name}") == path.read_bytes()


def test_what_our_own_tools_read_is_no_download():
    assert (SNIPPETS / "ruff.toml").is_file()
    assert set(settings_of(ROOT)) == {"arms.toml", "fsdp_qlora.yaml"}


def test_zip_does_not_depend_on_time_order_or_modes(site):
    before = archive(site.root)
    (site.root / "snippets" / "one.py").chmod(0o600)
    site.write("snippets/case/handbook/a.md", "# A\n")
    assert archive(site.root) == before


def test_zip_holds_all_that_runs_and_nothing_hidden(site):
    names = zipfile.ZipFile(io.BytesIO(archive(site.root))).namelist()
    expected = (
        "LICENSE",
        "README.md",
        "case/__init__.py",
        "case/handbook/a.md",
        "one.py",
        "requirements.txt",
        "two.py",
    )
    assert names == [f"snippets/{name}" for name in expected]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rag.py", "lora.py", "evals.py"])
def test_unpacked_zip_runs(tmp_path, name, request):
    """As a reader runs it: with the case that is in the zip, from any folder; one of them on the real model."""
    model = request.getfixturevalue("tiny_model") if name == "lora.py" else ROOT / "build" / "model"
    if not model.is_dir():
        pytest.skip("no build/model: run `python scripts/bootstrap.py model`")
    zipfile.ZipFile(io.BytesIO(archive(ROOT))).extractall(tmp_path)
    flags = [] if name == "evals.py" else ["--model", str(model), "--quick"]
    done = subprocess.run(
        [sys.executable, str(tmp_path / "snippets" / name), *flags], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert set(json.loads(line)) == {"config", "metrics", "environment"}
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr
    assert max(map(len, done.stderr.rpartition("\n\n\n")[2].splitlines())) <= 88


def test_page_states_hash_size_run_line_and_what_is_not_measured(site):
    page = site.render("::: downloads\n", "docs/snippets.md")
    sha256 = hashlib.sha256(SNIPPET.encode()).hexdigest()
    assert f'href="../snippets/one.py" download data-sha256="{sha256}"' in page and f"<code>{sha256}</code>" in page
    assert size(len(SNIPPET.encode())) in page and "Show one thing." in page
    assert "uv run one.py --docs FOLDER" in re.sub(r"<[^>]+>", "", page)
    assert "uv run one.py --fast" in re.sub(r"<[^>]+>", "", page) and "Not measured yet" in page
    assert hashlib.sha256(archive(site.root)).hexdigest() in page


def test_page_says_how_long_it_took_where_and_what_it_printed(site):
    seconds = {"value": 61.5, "unit": "s", "says": "A run.", "min": 60.2, "max": 63.1, "n": 2}
    results.write(
        "one",
        "cpu",
        command="python -m scripts.measure one",
        code=[site.write("results/made-of.txt", "a run")],
        measured={"run-seconds": seconds},
        printed="one.py\n\nright  90 %",
        environment={"cpu": "A CPU", "threads": "2", "torch": "2.13.0"},
        root=site.root,
    )
    site.write("results/expected.yml", "one-gpu: {machine: gpu, command: make one, says: One on a GPU.}\n")
    text = html.unescape(re.sub(r"<[^>]+>", "", site.render("::: downloads\n", "docs/snippets.md")))
    assert "one-cpu: a whole run took 61.5 s (60.2 to 63.1) on A CPU, 2 threads, torch 2.13.0." in text
    assert "one-gpu: not measured yet." in text
    assert (
        "Script What it shows On a CPU On a GPU one.py Show one thing. 1 min not measured yet All in one zip"
        in " ".join(re.sub(r"<[^>]+>", " ", site.render("::: downloads\n", "docs/snippets.md")).split())
    )
    assert "one.py\n\nright  90 %" in text


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (SNIPPET.replace("# /// script", "# script"), "a PEP 723 header"),
        (SNIPPET.replace('"""Show', 'text = """Show'), "a docstring"),
        (SNIPPET.replace("uv run", "see"), "a line that runs it"),
    ],
)
def test_snippet_that_cannot_be_offered_stops_the_build(site, text, missing):
    site.write("snippets/one.py", text)
    with pytest.raises((SiteError, DownloadError), match=f"snippets/one.py has no {missing}"):
        site.render("::: downloads\n", "docs/snippets.md")


def test_a_file_that_differs_from_its_stated_hash_is_found(tmp_path):
    (tmp_path / "one.py").write_text("other")
    wrong = hashlib.sha256(b"one").hexdigest()
    page = f'<title>A</title><h1>A</h1><a href="one.py" data-sha256="{wrong}">one</a>'
    (tmp_path / "index.html").write_text(page)
    assert any("is not the file whose sha256 it states" in problem for problem in check(tmp_path))
    right = hashlib.sha256(b"other").hexdigest()
    (tmp_path / "index.html").write_text(page.replace(wrong, right))
    assert not [problem for problem in check(tmp_path) if "sha256" in problem]


def test_settings_for_several_gpus_are_what_accelerate_reads():
    told = load_config_from_file(str(SNIPPETS / "fsdp_qlora.yaml"))
    assert (told.distributed_type, told.num_processes) == (DistributedType.FSDP, 2)
    assert told.fsdp_config["fsdp_use_orig_params"] is False
