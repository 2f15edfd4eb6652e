"""After the build: every link within the site leads to a place, and no page loads anything from elsewhere.

Sphinx checks the links of the text; this one reads the pages as a browser does, drawings and theme included.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.util import logging

#: What a browser fetches without being asked.
LOADS = re.compile(r"""(?:url\(|@import\s+)["']?((?:https?:)?//[^"')]+)""")


class Page(HTMLParser):
    """The links of a page, what it loads, and the places that links may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.places |= {value for name, value in attributes if name in ("id", "name") and value}
        if href := given.get("href"):
            (self.loads if tag == "link" and "canonical" not in (given.get("rel") or "") else self.links).append(href)
        if source := given.get("src"):
            self.loads.append(source)


def faults(folder: Path) -> list[str]:
    """What is wrong with the site in a folder, a line each."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    found = []
    for path, page in pages.items():
        for target in [*page.links, *page.loads]:
            parts = urlsplit(target)
            if parts.scheme in ("data", "mailto"):
                continue
            if parts.netloc:
                if target in page.loads:
                    found.append(f"{path.relative_to(folder)} loads {target}")
                continue
            other = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            is_page = other in pages
            if not other.exists() or (
                is_page and parts.fragment and unquote(parts.fragment) not in pages[other].places
            ):
                found.append(f"{path.relative_to(folder)} links to {target}")
    for sheet in folder.rglob("*.css"):
        found += [
            f"{sheet.relative_to(folder)} loads {url}" for url in LOADS.findall(sheet.read_text(encoding="utf-8"))
        ]
    return sorted(set(found))


def _check(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        for fault in faults(Path(app.outdir).resolve()):
            logging.getLogger(__name__).warning(fault)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True}
