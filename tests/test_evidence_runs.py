"""The runs to download: whole, the same bytes each time, and linked beside their result with size and hash."""

import dataclasses
import hashlib
import io
import json
import re
import zipfile

import pytest

from scripts.downloads import run_archives
from scripts.downloads.snippet_files import DownloadError
from scripts.extension.page import SiteError
from scripts.measuring import results, runs
from scripts.measuring.runs import StaleRun
from tests.evidence_data import NAME, STEM, measured, run, site_with

ZIP = f"{NAME}.zip"


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path / "root")


def members(packed):
    with zipfile.ZipFile(io.BytesIO(packed)) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_it_says_that_there_are_replies_only_where_there_are(site):
    found = run_archives.runs_of(NAME, site.root)
    bare = [dataclasses.replace(run, metrics={"right": 1}) for run in found]
    full = [dataclasses.replace(run, metrics={"replies": {}}) for run in found]
    assert run_archives.what_is_kept(full) == "every question and every reply"
    assert run_archives.what_is_kept([*full, bare[0]]) == "every number of the report"


def test_a_zip_holds_every_run_as_it_is_and_says_how_to_sum_up(site):
    packed = members(run_archives.archive(NAME, site.root))
    files = sorted((site.root / runs.RUNS / NAME).iterdir())
    assert set(packed) == {f"{NAME}/README.md", *(f"{NAME}/{file.name}" for file in files)}
    assert all(packed[f"{NAME}/{file.name}"] == file.read_bytes() for file in files)
    readme = packed[f"{NAME}/README.md"].decode()
    assert "6 runs of 2 variants, seeds 0, 1, 2" in readme and f"`results/runs/{NAME}/`" in readme
    assert readme.count("\n    python -m scripts.experiment --model build/model\n") == 1


def test_two_builds_write_the_same_bytes_whatever_the_files_modes_and_times(site, tmp_path):
    run_archives.publish(site.root, tmp_path / "first")
    for file in (site.root / runs.RUNS).rglob("*.json"):
        content = file.read_bytes()
        file.unlink()
        file.write_bytes(content)
        file.chmod(0o600)
    run_archives.publish(site.root, tmp_path / "second")
    for name in (ZIP, "tuning.zip"):
        first, second = (tmp_path / which / run_archives.FOLDER / name for which in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
    assert len(list((tmp_path / "first" / run_archives.FOLDER).iterdir())) == 2


def test_half_written_files_and_empty_folders_are_left_out(site):
    (site.root / runs.RUNS / "empty").mkdir()
    site.write(f"results/runs/{NAME}/.base-9.json", "{")
    assert run_archives.experiments(site.root) == [NAME, "tuning"]
    assert not [name for name in members(run_archives.archive(NAME, site.root)) if "base-9" in name]


def test_a_site_without_runs_has_no_downloads(tmp_path):
    run_archives.publish(tmp_path, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_runs_are_counted_in_words(site):
    assert run_archives.count([run("a", "base", 0)]) == "1 run, seed 0"
    assert run_archives.count([run("a", "base", 1), run("a", "base", 0)]) == "2 runs, seeds 0, 1"


def test_the_page_links_them_beside_their_result(site, monkeypatch):
    monkeypatch.setattr(runs, "check", lambda paths, root: None)  # the runs here are of no code
    paths = [run(NAME, arm, seed).path for arm in ("base", "lora-pages") for seed in range(3)]
    results.write(NAME, "cpu", command="x", code=paths, measured=measured(), root=site.root)
    html = site.render(f"::: experiment {STEM}\n\n::: runs tuning\n", "docs/evidence.md")
    for name, told in {NAME: "6 runs of 2 variants, seeds 0, 1, 2:", "tuning": "1 run, seed 100:"}.items():
        packed = run_archives.archive(name, site.root)
        sha256 = hashlib.sha256(packed).hexdigest()
        place = rf'href="\.\./evidence/runs/{name}\.zip" download data-sha256="{sha256}"'
        link = rf"{place}>Download {name}\.zip</a> <span>[\d.]+ kB"
        assert re.search(link, html) and f'<p class="runs">{told}' in html
    assert html.count("data-sha256") == 2


def test_a_run_that_was_edited_stops_with_its_name(site):
    file = site.root / run("tuning", "base-rate-1e-3", 100).path
    file.write_text(file.read_text(encoding="utf-8").replace("one", "two"), encoding="utf-8")
    with pytest.raises(DownloadError, match=r"base-rate-1e-3-100\.json was edited"):
        run_archives.archive("tuning", site.root)
    with pytest.raises(SiteError, match=r"^docs/evidence\.md:1: .*base-rate-1e-3-100\.json was edited"):
        site.render("::: runs tuning\n", "docs/evidence.md")


def test_a_run_of_other_code_can_still_be_read(site):
    with pytest.raises(StaleRun):
        runs.check([run(NAME, "base", 0).path], site.root)
    packed = members(run_archives.archive(NAME, site.root))
    assert json.loads(packed[f"{NAME}/base-0.json"])["arm"] == "base"
