"""The page: pictures and tables in one HTML file that needs no other."""

from __future__ import annotations

import base64
import math
from html import escape
from pathlib import Path

import duckdb

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
img { max-width: 100% } figure { margin: 1rem 0 2.5rem } figcaption { color: #555; max-width: 60rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.5rem 0 1.5rem }
.wide { overflow-x: auto } .wide td { white-space: nowrap }
th, td { padding: 0.15rem 0.7rem; text-align: right; border-bottom: 1px solid #ddd } th { border-color: #888 }
td:first-child, th:first-child { text-align: left } nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem }
"""

#: Title, caption and query of each table.
TABLES = (
    (
        "Tiers (table 1)",
        "red_clump.tiers: the catalogue's stars, and contamination and completeness among labelled giants, against "
        "labels, networks held out. Base rate: share of red clump among all labelled giants there.",
        "select tier, region, n as stars, contamination, completeness, base_rate from red_clump.tiers",
    ),
    (
        "Contamination of the catalogue (section 4.1)",
        "red_clump.final_contamination: the sum of P(RC), as the labels have it, over the catalogue's own stars, with "
        "68 % intervals; completeness is of all red clump stars that pass the quality cuts, refused ones too. Beside "
        "them those of the labelled giants as they are.",
        "select final.*, tiers.base_rate from red_clump.final_contamination as final "
        "left join red_clump.tiers as tiers using (tier, region)",
    ),
    (
        "The same by the truth of a mock sky",
        "red_clump.final_truth: contamination and completeness of the catalogue itself, whatever labels say; "
        "completeness of all core-helium-burning stars that pass the quality cuts. Empty for real stars.",
        "from red_clump.final_truth",
    ),
    (
        "Quality cuts (section 2.2)",
        "red_clump.funnel: stars that each cut removes alone, after those before it, and what is left.",
        "from red_clump.funnel",
    ),
    (
        "Validation (sections 3.2 to 3.4)",
        "red_clump.validation: reference minus inferred; distances as their ratio minus 1.",
        "from red_clump.validation",
    ),
    (
        "Anchor of the distances (section 3.4)",
        "red_clump.anchor: absolute W1 magnitude by parallaxes beside the calibrated one.",
        "from red_clump.anchor",
    ),
)


def table(connection: duckdb.DuckDBPyConnection, title: str, caption: str, query: str) -> str:
    """A query's rows as HTML."""
    result = connection.execute(query)
    head = "".join(f"<th>{escape(column[0].replace('_', ' '))}</th>" for column in result.description)
    names = [column[0] for column in result.description]
    rows = [
        "".join(f"<td>{escape(_text(value))}</td>" for value in _rounded(dict(zip(names, row, strict=True))).values())
        for row in result.fetchall()
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows) or "<tr><td>no rows</td></tr>"
    shown = f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
    return f"<h2>{escape(title)}</h2><p>{escape(caption)}</p>{shown}"


def figure(name: str, title: str, caption: str, file: Path | None) -> str:
    """A picture embedded in the page, or the word that there is none."""
    if file is None:
        shown = "<p><em>There are no rows to draw.</em></p>"
    else:
        data = base64.b64encode(file.read_bytes()).decode()
        shown = f'<img src="data:image/png;base64,{data}" alt="{escape(title)}">'
    return f'<h2 id="{name}">{escape(title)}</h2><figure>{shown}<figcaption>{escape(caption)}</figcaption></figure>'


def page(title: str, made: str, parts: list[str], links: dict[str, str]) -> str:
    """The whole page."""
    nav = "".join(f'<a href="#{name}">{escape(text)}</a>' for name, text in links.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1><p>{escape(made)}</p><nav>{nav}</nav>{''.join(parts)}</html>\n"
    )


def _rounded(row: dict[str, object]) -> dict[str, object]:
    """A figure and its error to the second digit of the error, as a paper writes them."""
    shown = dict(row)
    for name, error in row.items():
        base = name.removesuffix("_error")
        if base != name and isinstance(error, float) and math.isfinite(error) and error > 0:
            digits = max(1 - math.floor(math.log10(error)), 0)
            for other in (base, name, f"{base}_low", f"{base}_high", f"{base}_labelled"):
                if isinstance(row.get(other), float):
                    shown[other] = f"{row[other]:.{digits}f}"
    return shown


def _text(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    try:
        return str(value) if isinstance(value, str) else f"{float(value):.3g}"  # type: ignore[arg-type]
    except ValueError:
        return str(value)
