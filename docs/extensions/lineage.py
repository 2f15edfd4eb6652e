"""The directive `lineage`: a picture of which view reads which, made from the files of `sql/`; each view is a link.

    ```{lineage} red_clump
    ```

Columns go from what is read to what reads it: a view stands one to the right of the last that it reads. Views of other
schemas stand as one box a schema.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

from candlesql.sql import files, views
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

WIDTH, HEIGHT, GAP, ROW = 178, 20, 46, 26
#: How often the rows of a column are ordered by the mean place of their neighbours.
SWEEPS = 12


@dataclass(frozen=True)
class Graph:
    """The views of a schema: what each reads, and what it says of itself. Names without a dot are other schemas."""

    reads: dict[str, set[str]]
    said: dict[str, str]


def schemas() -> list[str]:
    """The schemas that have views."""
    return sorted({item.name.split(".")[0] for item in files.items() if not item.is_macro})


def graph(schema: str) -> Graph:
    """The lineage of a schema; macros are looked through, so that a view reads what its macros read."""
    items = {item.name: item for item in files.items()}
    known = {name for name, item in items.items() if not item.is_macro} | views.products().keys()

    def sources(name: str, seen: set[str]) -> Iterator[str]:
        for need in items[name].needs if name in items else ():
            if need in known or need.startswith(("staging.", "match.")):
                yield need
            elif need in items and need not in seen:
                yield from sources(need, seen | {need})

    mine = [name for name in known if name.startswith(f"{schema}.")]
    reads = {view: {_shown(name, schema) for name in sources(view, {view})} - {view} for view in mine}
    said = {view: items[view].header if view in items else views.products()[view]["row"] for view in mine}
    for other in set().union(*reads.values()) - reads.keys():
        reads[other] = set()
    return Graph(reads, said)


def _shown(name: str, schema: str) -> str:
    own = name.split(".")[0]
    return name if own == schema else own


def columns(reads: dict[str, set[str]]) -> list[list[str]]:
    """The names from left to right, each column ordered so that lines cross little."""
    depth: dict[str, int] = {}

    def place(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((place(other) for other in reads[name]), default=-1)
        return depth[name]

    for name in sorted(reads):
        place(name)
    found: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in sorted(reads):
        found[depth[name]].append(name)
    readers: dict[str, set[str]] = {name: set() for name in reads}
    for name, others in reads.items():
        for other in others:
            readers[other].add(name)
    for sweep in range(SWEEPS):
        neighbours = readers if sweep % 2 else reads
        row = {name: i / len(column) for column in found for i, name in enumerate(column)}
        for column in found:
            column.sort(key=lambda name: _mean([row[n] for n in neighbours[name]], row[name]))
    return found


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def svg(schema: str) -> str:
    """The picture as SVG, to stand in a page: views are links to the reference, and say in a tooltip what a row is."""
    drawn = graph(schema)
    laid = columns(drawn.reads)
    wide = len(laid) * (WIDTH + GAP) - GAP + 2
    high = max(map(len, laid)) * ROW
    at = {
        name: (1 + x * (WIDTH + GAP), high * (y + 0.5) / len(column) - HEIGHT / 2)
        for x, column in enumerate(laid)
        for y, name in enumerate(column)
    }
    lines = [
        _line(at[other], at[name], other, name) for name, others in drawn.reads.items() for other in sorted(others)
    ]
    boxes = [_box(name, *at[name], schema, drawn.said.get(name, "")) for name in drawn.reads]
    return (
        f'<div class="lineage"><svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}" role="img" aria-label="Which view of {schema} reads which">'
        + "".join(lines + boxes)
        + "</svg></div>"
    )


def _line(start: tuple[float, float], end: tuple[float, float], source: str, reader: str) -> str:
    (x, y), (x2, y2) = start, end
    x, y, y2 = x + WIDTH, y + HEIGHT / 2, y2 + HEIGHT / 2
    return (
        f'<path class="edge" data-from="{source}" data-to="{reader}" '
        f'd="M{x:.0f} {y:.1f}C{x + GAP / 2:.0f} {y:.1f} {x2 - GAP / 2:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"/>'
    )


def _box(name: str, x: float, y: float, schema: str, said: str) -> str:
    is_schema = "." not in name
    page = "surveys" if name == "staging" else name.split(".")[0]
    target = f"reference/{page}.html" + ("" if is_schema else f"#{nodes.make_id(name)}")
    text = f"{name}.*" if is_schema else name.removeprefix(f"{schema}.")
    return (
        f'<a href="{target}" data-name="{name}" class="{"schema" if is_schema else "view"}">'
        f"<title>{html.escape(name + (': ' + said if said else ''))}</title>"
        f'<rect x="{x:.0f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="3"/>'
        f'<text x="{x + 6:.0f}" y="{y + HEIGHT / 2 + 4:.1f}">{text}</text></a>'
    )


class Lineage(Directive):
    """Puts the picture of one schema into a page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", svg(self.arguments[0]), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("lineage", Lineage)
    app.add_js_file("lineage.js", loading_method="defer")
    return {"parallel_read_safe": True}
