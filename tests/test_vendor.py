"""npm's modules in the site: as they are, at the pinned version, with their licence."""

import json

import pytest

from scripts.publishing import vendor
from scripts.publishing.check import check
from tests.conftest import ROOT


def test_module_and_licence_are_published_as_they_are(tmp_path):
    vendor.publish(ROOT, tmp_path)
    for name, module in vendor.MODULES.items():
        assert (tmp_path / f"{name}.mjs").read_bytes() == (ROOT / "node_modules" / name / module).read_bytes()
        assert "Permission is hereby granted" in (tmp_path / f"{name}.LICENSE.txt").read_text(encoding="utf-8")
        assert "from '" not in (tmp_path / f"{name}.mjs").read_text(encoding="utf-8"), "needs no other module"


@pytest.mark.parametrize("found", ["0.1.0", None])
def test_another_version_than_the_pinned_one_stops_the_build(tmp_path, found):
    (tmp_path / "package.json").write_text('{"dependencies": {"ts-fsrs": "9.9.9"}}')
    if found:
        stated = tmp_path / "node_modules/ts-fsrs/package.json"
        stated.parent.mkdir(parents=True)
        stated.write_text(json.dumps({"version": found}))
    with pytest.raises(
        vendor.VendorError, match=rf"^node_modules has ts-fsrs {found or 'none'}, .* 9.9.9; run: npm ci$"
    ):
        vendor.publish(tmp_path, tmp_path / "out")


def test_others_scripts_may_name_a_page_but_not_load_from_another_host(tmp_path):
    script = tmp_path / "assets/vendor/a.mjs"
    script.parent.mkdir(parents=True)
    described = f'<meta name="description" content="{"A page. " * 10}">'
    (tmp_path / "index.html").write_text(f"<title>A</title>{described}<h1>A</h1>")
    script.write_text("// see https://example.org\n")
    assert check(tmp_path) == []
    script.write_text('import("https://example.org/b.mjs")')
    assert check(tmp_path) != []
