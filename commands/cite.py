"""`candlesql cite`: BibTeX of what a catalogue rests on: this package, papers of the systems, surveys, models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from ..catalogs.survey import load_survey, survey_files
from ..sql.open import open_sky
from ..udfs.taught import every_model
from ..workspace.folder import existing_sky

PAPERS = Path(__file__).with_suffix(".bib")
SYSTEMS = ("red_clump", "photometry", "distmass", "parallax")
#: How surveys and models name a paper: "Skrutskie et al. 2006, AJ 131, 1163".
CITED = re.compile(r"(?P<author>[^;]+?) (?P<year>\d{4}), (?P<journal>[A-Z][A-Za-z&]*) (?P<volume>\d+), (?P<pages>\w+)")
PREPRINT = re.compile(r"(?P<author>[^;]*?) (?P<year>\d{4}), arXiv:(?P<eprint>[\d.]+)")
#: What stands where there is nothing to cite.
NOTHING = ("the user's own", "candlesql demo")


def cite(sky: Path | None = None) -> Iterator[str]:
    """`candlesql cite`: an entry each; of a workspace those that its catalogs, products and models rest on.

    Raises
    ------
    UserError
        If there is no such workspace.
    """
    if sky is None:
        yield from _papers(SYSTEMS)
        return
    folder = existing_sky(sky)
    with open_sky(sky) as connection:
        rows = connection.execute("select product, models from candlesql.runs").fetchall()
    made = {product.split(".")[0] for product, _ in rows}
    used = " ".join(models for _, models in rows)
    told: dict[str, str] = {}
    for entry in _papers([system for system in SYSTEMS if system in made]):
        told[entry[entry.index("{") + 1 : entry.index(",")]] = entry
    for name in survey_files(folder.surveys):
        if folder.catalog(name).exists():
            survey = load_survey(name, folder.surveys)
            _add(told, survey.citation, name, f"survey {name}: {survey.title}")
    for model in every_model(folder.models):
        if model.sha256 in used:
            _add(told, model.metadata.get("citation", ""), f"model_{model.name}", f"model {model.name}")
    yield from told.values()


def _papers(systems: tuple[str, ...] | list[str]) -> Iterator[str]:
    """The package and the papers of systems."""
    for entry in PAPERS.read_text(encoding="utf-8").strip().split("\n\n"):
        wanted = re.search(r",\n  usedby = \{(\w+)\}", entry)
        if wanted and wanted[1] in ("candlesql", *systems):
            yield entry.replace(wanted[0], "").replace("VERSION", version("candlesql"))


def _add(told: dict[str, str], citation: str, name: str, what: str) -> None:
    """Add the papers that a citation names by their keys, each once; a text that names none stands in a note."""
    if not citation or citation in NOTHING:
        return
    parts = [part.strip().removeprefix("e.g. ") for part in citation.split(";")]
    found = [match for part in parts if (match := CITED.search(part) or PREPRINT.search(part))]
    for paper in found:
        fields = {name: text for name, text in paper.groupdict().items() if text}
        fields["author"] = _authors(fields["author"])
        key = re.sub(r"\W", "", fields["author"].split(" and ")[0]).lower() + fields["year"]
        if key not in told:
            told[key] = _entry(key, fields | {"note": what})
    if not found:
        told[name] = _entry(name, {"title": what, "note": citation})


def _entry(key: str, fields: dict[str, str]) -> str:
    kind = "article" if "journal" in fields else "misc"
    fields |= {"archiveprefix": "arXiv"} if "eprint" in fields else {}
    lines = ",\n".join(f"  {name} = {{{text.replace('&', chr(92) + '&')}}}" for name, text in fields.items())
    return f"@{kind}{{{key},\n{lines}\n}}"


def _authors(text: str) -> str:
    """Names as BibTeX wants them: `Schlafly, Meisner & Green` with `and` between, `et al.` as `others`."""
    names = text.replace(" et al.", ", others").replace(" & ", ", ").split(", ")
    return " and ".join(f"{{{name}}}" if " " in name else name for name in names)
