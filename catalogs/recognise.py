"""Which columns of a table are those of `wide`: by name, UCD and unit, as archives, VizieR and people call them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ..errors import MissingColumn
from .readers import FileColumn, Source
from .survey import Survey, load_survey
from .units import conversion, in_brackets

NAMES = Path(__file__).with_name("names.toml")
#: How errors of a column NAME are called.
ERROR = re.compile(
    r"^(e|err|error|sigma|sig|s)_|(_|\b)(e|err|error|sig|sigma|unc|uncert|msigcom|sigmpro|rms)$", re.IGNORECASE
)
ERROR_BEHIND = re.compile(r"(err|error|sigma|sigcom|sigmpro)$", re.IGNORECASE)
#: What is in magnitudes and is none of a star's: extinction, reddening, distance modulus, amplitudes, absolute ones.
NO_BAND = re.compile(
    r"^(a_?[a-z0-9]{1,3}|e\W?b\W?v\w*|e\(.*|ext\w*|red\w*|dm|dist\w*|.*modul\w*|abs\w*|.*_abs|.*amp\w*|.*zero.*|zp.*)$",
    re.IGNORECASE,
)
MAGNITUDES = ("mag", "mmag", "magnitude", "magnitudes", "mag(ab)", "mag(vega)")
NUMBERS = ("INT", "FLOAT", "DOUBLE", "REAL", "DECIMAL")
BANDS_OF_PS1 = ("g", "r", "i", "z", "y")


def recognised(columns: dict[str, FileColumn], types: dict[str, str]) -> dict[str, str]:
    """Columns of `wide` to those of a file, given DuckDB's types of the latter.

    Each column of the file is taken once; a name comes before a UCD, and a UCD counts where only one column has it.
    """
    found: dict[str, str] = {}
    for ours, entry in _entries().items():
        theirs = [n for n, c in columns.items() if n not in found.values() and _is_named(ours, entry, c, types[n])]
        by_ucd = [n for n, c in columns.items() if n not in found.values() and _has_ucd(ours, entry, c, types[n])]
        if theirs or len(by_ucd) == 1:
            found[ours] = _best(theirs, ours, columns) if theirs else by_ucd[0]
    return found | _of_lone_letters(columns, types, found)


def is_photometry(column: FileColumn, kind: str) -> bool:
    """Whether a column looks like a magnitude of a star in some band."""
    if not _is_number(kind) or is_error(column) or NO_BAND.fullmatch(column.name):
        return False
    if column.ucd:
        return column.ucd.lower().startswith("phot.mag")
    return column.unit.lower() in MAGNITUDES or bool(re.search(r"(^mag_?|_?mag$|_?mag_)", column.name, re.IGNORECASE))


def is_error(column: FileColumn) -> bool:
    name = column.name.rpartition(".")[2]
    return column.ucd.startswith("stat.") or bool(ERROR.search(name) or ERROR_BEHIND.search(name))


@cache
def wide() -> Survey:
    """The survey of tables that hold several surveys' photometry."""
    return load_survey("wide")


@cache
def _entries() -> dict[str, dict]:
    return tomllib.loads(NAMES.read_text(encoding="utf-8"))


def _small(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_named(ours: str, entry: dict, column: FileColumn, kind: str) -> bool:
    if (is_error(column) != ours.endswith("_error")) or _is_another(entry, column, kind, ours):
        return False
    # In a join of an archive's tables a name stands behind the table's.
    if any(_is_called(ours, entry, name) for name in {column.name, column.name.rpartition(".")[2]}):
        return True
    name = _small(column.name)
    letter = entry.get("letter", "")
    around = ["", *entry.get("of", ())] if entry.get("alone") else entry.get("of", ())
    bands = (letter, f"{letter}mag", f"mag{letter}") if letter else ()
    return any(name in (survey + band, band + survey) for survey in around for band in bands)


def _is_called(ours: str, entry: dict, name: str) -> bool:
    is_own = name == ours if len(ours) == 1 else _small(name) == _small(ours)
    return is_own or _small(name) in entry.get("names", ()) or name in entry.get("exact", ())


def _has_ucd(ours: str, entry: dict, column: FileColumn, kind: str) -> bool:
    ucds = [ucd.lower() for ucd in entry.get("ucd", ())]
    return column.ucd.lower() in ucds and not is_error(column) and not _is_another(entry, column, kind, ours)


def _is_another(entry: dict, column: FileColumn, kind: str, ours: str) -> bool:
    """Whether a column cannot be meant: no number or no text, of another kind by its unit, or of another survey by its
    words."""
    is_number = _is_number(kind)
    if ours == "evolutionary_state":
        return is_number
    if not is_number and ours not in ("source_id", "ra", "dec"):
        return True
    expected = wide().columns[ours].unit
    if expected and is_number and not in_brackets(column.unit) and conversion(column.unit, expected) is None:
        return True
    return any(word.lower() in f"{column.name} {column.description}".lower() for word in entry.get("unless", ()))


def _is_number(kind: str) -> bool:
    return any(word in kind for word in NUMBERS) and not kind.endswith("]")


def _best(names: list[str], ours: str, columns: dict[str, FileColumn]) -> str:
    """Of several names the archive's own, then the one whose UCD says that it is the main one, then Gaia's, then the
    first."""
    return min(
        names,
        key=lambda name: (
            name.lower() != ours,
            "meta.main" not in columns[name].ucd,
            "gaia" not in name.lower(),
            names.index(name),
        ),
    )


def _of_lone_letters(columns: dict[str, FileColumn], types: dict[str, str], found: dict[str, str]) -> dict[str, str]:
    """`gmag`, `rmag` … without a survey's name: Pan-STARRS1 if there is a y beside g, r or i and no u, or if they say
    so; SDSS has a u and no y, and y and z alone are places. A g alone beside BP is Gaia's."""
    lone = {
        band: name
        for name, column in columns.items()
        for band in (*BANDS_OF_PS1, "u")
        if _small(name) in (band, f"{band}mag", f"mag{band}") and name not in found.values() and not is_error(column)
        if _is_number(types[name]) and column.unit.lower() in ("", *MAGNITUDES)
    }
    said = " ".join(columns[name].description for name in lone.values()).lower()
    if set(lone) == {"g"} and "phot_bp_mean_mag" in found and "phot_g_mean_mag" not in found:
        return {"phot_g_mean_mag": lone["g"]}
    if "u" in lone or not (("y" in lone and lone.keys() & {"g", "r", "i"}) or "pan-starrs" in said or "ps1" in said):
        return {}
    return {f"{band}_mean_psf_mag": name for band, name in lone.items() if f"{band}_mean_psf_mag" not in found}


def unknown_photometry(columns: dict[str, FileColumn], types: dict[str, str], taken: Iterable[str]) -> list[str]:
    """The columns that look like photometry and are not among those taken."""
    used = set(taken)
    return [name for name, column in columns.items() if name not in used and is_photometry(column, types[name])]


def unread_photometry(survey: Survey, source: Source, chosen: dict[str, str]) -> list[str]:
    """Columns of a file that a survey leaves out and that look like photometry of no known band, if it is for any.

    Raises
    ------
    UserError
        If one of them is a band or the parallax of the survey under another name, or all its photometry is unknown.
    """
    unread = {n: c for n, c in source.columns.items() if n not in chosen.values() and not c.part_of}
    kinds = {name: column.type or "DOUBLE" for name, column in unread.items()}
    for ours, name in recognised(unread, kinds).items():
        is_wanted = ours in survey.columns and ours not in chosen and survey.columns[ours].unit in ("mag", "mas")
        if is_wanted and not survey.columns[ours].derived:
            raise MissingColumn(
                f"column {name} looks like {ours}, and would be left out",
                file=source.path,
                column=name,
                hint=f"say --rename {name}={ours}; if it is something else, name it in a survey file of your own "
                "(`candlesql ingest SKY FILE` proposes one)",
            )
    unknown = unknown_photometry(unread, kinds, ()) if survey.wide else []
    bands = [name for name, column in survey.columns.items() if column.system]
    if unknown and bands and not any(name in chosen for name in bands):
        raise MissingColumn(
            f"none of its photometry is known: {', '.join(unknown)}",
            file=source.path,
            column=unknown[0],
            hint="say --rename THEIRS=OURS for each band, or let `candlesql ingest SKY FILE` propose a survey file",
        )
    return unknown
