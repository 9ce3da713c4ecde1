"""Checks a built site: `python -m scripts.publishing.check site` prints one line a problem, exits 1 if any.

What must hold of every page, whoever wrote its HTML (MkDocs, the theme, a block of ours, a raw tag in
Markdown): nothing loads from another host, every internal link and anchor arrives, every path is relative so
that the site works under any sub-path, and a page has one h1, its own title and description, unique ids and a text for
each image. A link that states the hash of its file (`data-sha256`) leads to a file with that hash.

Not checked: the theme's own scripts. Material's bundle holds addresses at unpkg.com and api.github.com, but
it asks for them only on a page with a Mermaid diagram or with `repo_url` set, and we use neither; the browser
tests watch the requests that are really made.
"""

import argparse
import hashlib
import re
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.publishing.html_document import IN_SCRIPT, Document, in_css

ABSOLUTE = re.compile(r"""https?://[^\s"'`)]+""")
THEMES_OWN = "assets/javascripts/"  # Material's bundle and search worker
OTHERS = ("assets/runtime/", "assets/vendor/")  # Pyodide and npm's modules: their comments name pages
DESCRIPTION = range(70, 161)  # characters: what search engines show of a page
NAMESPACES = ("http://www.w3.org/",)  # names that look like addresses and are never fetched


def check(site: Path) -> list[str]:
    """Return every problem of the site in the folder, each as `file: problem`; empty when all is well."""
    pages = {
        path.relative_to(site).as_posix(): Document(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    if not pages:
        return [f"{site}: holds no page; run the build first"]
    problems = [problem for name, page in pages.items() for problem in _page(site, name, page, pages)]
    real = {name: page for name, page in pages.items() if name != "404.html"}
    for field in ("title", "description"):
        texts = {name: getattr(page, field).strip() for name, page in real.items()}
        shared = Counter(texts.values())
        problems += [
            f"{name}: shares its {field} {text!r} with another page" for name, text in texts.items() if shared[text] > 1
        ]
    for name, page in real.items():
        if len(page.description) not in DESCRIPTION:
            least, most = DESCRIPTION[0], DESCRIPTION[-1]
            problems.append(f"{name}: its description has {len(page.description)} characters; write {least} to {most}")
    for path in sorted(site.rglob("*.css")):
        name = path.relative_to(site).as_posix()
        problems += [p for url in in_css(path.read_text(encoding="utf-8")) for p in _load(site, name, url)]
    for path in sorted([*site.rglob("*.mjs"), *site.rglob("*.js")]):
        name = path.relative_to(site).as_posix()
        if not name.startswith(THEMES_OWN):
            problems += _script(site, name, path.read_text(encoding="utf-8"))
    return problems


def _page(site: Path, name: str, page: Document, pages: dict[str, Document]) -> list[str]:
    problems = [f"{name}: the id {i!r} is there {n} times" for i, n in Counter(page.ids).items() if n > 1]
    if page.headings != 1:
        problems.append(f"{name}: has {page.headings} h1, needs one")
    if not page.title.strip():
        problems.append(f"{name}: has no title")
    if page.base:
        problems.append(f"{name}: has a <base>, which changes every link on it")
    problems += [f"{name}: the image {source} has no alt" for source in page.bare_images]
    problems += [problem for url in page.loads for problem in _load(site, name, url)]
    problems += [problem for url in page.links for problem in _link(site, name, url, pages)]
    problems += [problem for url, sha256 in page.hashes for problem in _hash(site, name, url, sha256)]
    return problems


def _load(site: Path, name: str, url: str) -> list[str]:
    """Check an address that the browser loads by itself."""
    parts = urlsplit(url.strip())
    if parts.scheme in ("data", "blob") or not (parts.scheme or parts.netloc or parts.path):
        return []
    if parts.scheme or parts.netloc:
        return [f"{name}: loads {url} from another host; put the file into docs/assets/"]
    return _arrives(site, name, url)[1]


def _link(site: Path, name: str, url: str, pages: dict[str, Document]) -> list[str]:
    """Check an address that the reader may follow."""
    parts = urlsplit(url.strip())
    if parts.scheme or parts.netloc:
        return []
    target, problems = _arrives(site, name, url) if parts.path else (name, [])
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].ids and anchor != "__top":
        problems.append(f"{name}: the link {url} leads to an id that {target} does not have")
    return problems


def _hash(site: Path, name: str, url: str, sha256: str) -> list[str]:
    """Check a stated hash against the file that the link leads to."""
    target, problems = _arrives(site, name, url)
    if problems or hashlib.sha256((site / target).read_bytes()).hexdigest() == sha256:
        return []  # a link that does not arrive is told already
    return [f"{name}: {url} is not the file whose sha256 it states"]


def _arrives(site: Path, name: str, url: str) -> tuple[str, list[str]]:
    """Return the file that an internal address leads to, and what is wrong with it."""
    path = unquote(urlsplit(url.strip()).path)
    if path.startswith("/"):
        # The page for a missing address is served at any depth, so only absolute paths work on it.
        if name != "404.html":
            return "", [f"{name}: {url} is an absolute path, which breaks under a sub-path; make it relative"]
        return "", []
    file = (site / name).parent / path
    if path.endswith("/") or file.is_dir():
        file = file / "index.html"
    try:
        target = file.resolve().relative_to(site.resolve()).as_posix()
    except ValueError:
        return "", [f"{name}: {url} leads out of the site"]
    return target, [] if file.is_file() else [f"{name}: {url} leads to {target}, which is not there"]


def _script(site: Path, name: str, text: str) -> list[str]:
    """Check a script of ours: it names no other host. A script of others only must not load from one."""
    if name.startswith(OTHERS):
        urls = [url for url in IN_SCRIPT.findall(text) if urlsplit(url).netloc]
    else:
        urls = [url for url in ABSOLUTE.findall(text) if not url.startswith(NAMESPACES)]
    return [f"{name}: names {url}; our scripts use the site's own files" for url in urls]


def main(arguments: list[str] | None = None) -> int:
    """Print every problem of a site, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, nargs="?", default=Path("site"), help="folder to check (default: site)")
    problems = check(parser.parse_args(arguments).site)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
