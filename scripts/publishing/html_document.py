"""One HTML file as the check reads it: its ids, what it loads, where its links lead."""

import re
from html.parser import HTMLParser

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
            addresses = self.loads if LINK_LOADS & set(own.get("rel", "").lower().split()) else self.links
            # A canonical or alternate address is meant to be absolute, and nobody loads it.
            if "href" in own and not {"canonical", "alternate"} & set(own.get("rel", "").lower().split()):
                addresses.append(own["href"])
        elif "href" in own and tag in ("a", "area"):
            self.links.append(own["href"])
            self.hashes += [(own["href"], own["data-sha256"])] if "data-sha256" in own else []
        self.loads += in_css(own.get("style", ""))
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
            self.loads += in_css(data)
        elif self._inside == "script":
            self.loads += IN_SCRIPT.findall(data)


def in_css(text: str) -> list[str]:
    """Return the addresses that a style sheet loads."""
    return [url or imported for url, imported in IN_CSS.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))]
