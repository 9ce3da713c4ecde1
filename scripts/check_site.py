"""Checks a built site: `python -m scripts.check_site site` prints one line a problem, exits 1 if any.

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
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself. A link that is followed by hand (a, form) may lead anywhere.
LOADS = {"src", "srcset", "poster", "data", "background", "imagesrcset"}
LINK_LOADS = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}
IN_CSS = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
# In scripts only what loads: a bare address may be a name, such as the SVG namespace.
IN_SCRIPT = re.compile(r"""(?:fetch|import|importScripts|new (?:Shared)?Worker)\s*\(\s*["'`]([^"'`]+)""")
ABSOLUTE = re.compile(r"""https?://[^\s"'`)]+""")
THEMES_OWN = "assets/javascripts/"  # Material's bundle and search worker
OTHERS = ("assets/runtime/", "assets/vendor/")  # Pyodide and npm's modules: their comments name pages
DESCRIPTION = range(70, 161)  # characters: what search engines show of a page
NAMESPACES = ("http://www.w3.org/",)  # names that look like addresses and are never fetched


class Document(HTMLParser):
    """One HTML file: its ids, what it loads, where its links lead, and what else is checked."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.hashes: list[tuple[str, str]] = []  # address, sha256 of what is there
        self.bare_images: list[str] = []
        self.headings = 0
        self.title = ""
        self.description = ""
        self.base = False
        self._inside = ""
        self._templates = 0
        self._svg = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attributes}
        self._svg += tag == "svg"
        if tag in ("script", "style") or (tag == "title" and not self._svg):
            self._inside = tag
        self._templates += tag == "template"
        if "id" in own and not self._templates:  # a template's ids are not in the page
            self.ids.append(own["id"])
        if tag == "a" and "name" in own and own["name"] != own.get("id"):
            self.ids.append(own["name"])
        self.headings += tag == "h1"
        self.base = self.base or tag == "base"
        if tag == "img" and "alt" not in own:
            self.bare_images.append(own.get("src", "?"))
        self._addresses(tag, own)

    def _addresses(self, tag: str, own: dict[str, str]) -> None:
        for name in LOADS & own.keys():
            if tag == "form" or not own[name]:
                continue
            several = name.endswith("srcset")
            self.loads += [part.split()[0] for part in own[name].split(",") if part.strip()] if several else [own[name]]
        if tag in ("image", "use", "feimage"):
            self.loads += [own[name] for name in ("href", "xlink:href") if own.get(name)]
        elif tag == "link":
            into = self.loads if LINK_LOADS & set(own.get("rel", "").lower().split()) else self.links
            # A canonical or alternate address is meant to be absolute, and nobody loads it.
            if "href" in own and not {"canonical", "alternate"} & set(own.get("rel", "").lower().split()):
                into.append(own["href"])
        elif "href" in own and tag in ("a", "area"):
            self.links.append(own["href"])
            self.hashes += [(own["href"], own["data-sha256"])] if "data-sha256" in own else []
        self.loads += _in_css(own.get("style", ""))
        if tag == "meta" and own.get("name") == "description":
            self.description = own.get("content", "")
        if tag == "meta" and own.get("http-equiv", "").lower() == "refresh":
            self.links += re.findall(r"url=(.+)$", own.get("content", ""))

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"
        self._svg -= tag == "svg"
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside == "style":
            self.loads += _in_css(data)
        elif self._inside == "script":
            self.loads += IN_SCRIPT.findall(data)


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
    for what in ("title", "description"):
        texts = {name: getattr(page, what).strip() for name, page in real.items()}
        shared = Counter(texts.values())
        problems += [
            f"{name}: shares its {what} {text!r} with another page" for name, text in texts.items() if shared[text] > 1
        ]
    for name, page in real.items():
        if len(page.description) not in DESCRIPTION:
            least, most = DESCRIPTION[0], DESCRIPTION[-1]
            problems.append(f"{name}: its description has {len(page.description)} characters; write {least} to {most}")
    for path in sorted(site.rglob("*.css")):
        name = path.relative_to(site).as_posix()
        problems += [p for url in _in_css(path.read_text(encoding="utf-8")) for p in _load(site, name, url)]
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
        found = [url for url in IN_SCRIPT.findall(text) if urlsplit(url).netloc]
    else:
        found = [url for url in ABSOLUTE.findall(text) if not url.startswith(NAMESPACES)]
    return [f"{name}: names {url}; our scripts use the site's own files" for url in found]


def _in_css(text: str) -> list[str]:
    return [url or imported for url, imported in IN_CSS.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, nargs="?", default=Path("site"), help="folder to check (default: site)")
    problems = check(parser.parse_args(arguments).site)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
