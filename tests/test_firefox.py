"""The site in the stock Firefox: `firefox_scenarios.mjs` says what a reader does, this that each went well."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.bootstrap import FIREFOX, path
from scripts.publishing.static_host import Fault, StaticHost
from tests.conftest import ROOT, SITE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCENARIOS = [
    "three clicks, then Python",
    "a link shows its verdict",
    "back and forward",
    "keyboard only",
    "two instant navigations",
    "without JavaScript",
    "without WebAssembly",
    "slow files",
    "dark mode",
    "a hostile link",
    "a situation opens in the quiz",
    "a mark is there after a reload",
    "the break-even stays in the link",
]


@pytest.fixture(scope="module")
def outcomes(host):
    """Run every scenario of the file once; return name -> its line."""
    firefox = next(filter(None, map(shutil.which, FIREFOX)), None)
    if not firefox:
        pytest.skip("no Firefox on the path; make test installs Debian's where it can")
    with StaticHost({"/": SITE}) as slow:
        slow.faults["/assets/runtime/pyodide.asm.wasm"] = Fault(delay=3)
        command = [shutil.which("node", path=path()), Path(__file__).with_name("firefox.mjs")]
        done = subprocess.run(
            [*command, firefox, host.address, slow.address],
            cwd=ROOT,
            env={**os.environ, "PATH": path()},
            stdout=subprocess.PIPE,
            text=True,
            timeout=1200,
        )
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_every_scenario_of_the_file_is_named_here(outcomes):
    assert list(outcomes) == SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_in_firefox(outcomes, name):
    line = outcomes[name]
    assert line["said"] == []
    assert line["elsewhere"] == []
    assert line["ok"], line.get("error")
