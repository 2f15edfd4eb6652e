"""What a survey is: the contents of one TOML file in `surveys/` (or in a workspace's own `surveys/`)."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import RefusedFile, UnknownName
from ..workspace.short import short_text
from .typed import listed, refuse_other_types

SHIPPED = Path(__file__).parent / "surveys"
TYPES = {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE", "VARCHAR"}
EPOCH_FORMATS = ("jd", "mjd")
#: What `errors` must say, and may.
ERRORS = (
    ({"east", "north"}, {"east", "north", "co", "pm_east", "pm_north"}),
    ({"major", "minor", "angle"}, {"major", "minor", "angle"}),
)
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Element:
    """One element of a vector or matrix `of` a file: its `index` in each dimension, counted from 1, of a row's `shape`.

    The last index runs fastest, as in numpy; a file may hold a matrix as a vector of as many elements.
    """

    of: str
    index: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def label(self) -> str:
        """How it is named among a file's columns, unlike any of them."""
        index, shape = (",".join(map(str, numbers)) for numbers in (self.index, self.shape))
        return f"{self.of}[{index} of {shape}]"

    @property
    def place(self) -> int:
        """Where it stands, from 1, in a vector of all elements."""
        place = 0
        for index, length in zip(self.index, self.shape, strict=True):
            place = place * length + index - 1
        return place + 1


@dataclass(frozen=True)
class Column:
    """One column of a survey, as it is stored.

    `aka` are names that other carriers of the table use. `constant`, or `by` with `values`, fill a column that the
    file lacks: one value for all rows, or one for each value of another column of the file. `system` is that of a
    magnitude (Vega or AB), `passband` the release whose passband it was measured in, where releases differ. `epoch` is
    the Julian year of a position (ICRS) that is the same in all rows. `element` is where a file has it that has no
    column of its own for it.
    """

    name: str
    type: str
    unit: str = ""
    ucd: str = ""
    description: str = ""
    system: str = ""
    passband: str = ""
    aka: tuple[str, ...] = ()
    required: bool = False
    constant: float | None = None
    by: str = ""
    values: dict[str, float] = field(default_factory=dict)
    epoch: float | None = None
    element: Element | None = None

    @property
    def derived(self) -> bool:
        return self.constant is not None or bool(self.by)


@dataclass(frozen=True)
class Layout:
    """How the lines of a text file without a header worth the name are cut into fields.

    `names` in order, between `delimiter` (white space if it is empty); or `bytes`, name to "first-last" as in a CDS
    ReadMe, counted from 1. Lines that start with `comment` are left out.
    """

    names: tuple[str, ...] = ()
    delimiter: str = ""
    bytes: dict[str, tuple[int, int]] = field(default_factory=dict)
    comment: str = "#"


@dataclass(frozen=True)
class Release:
    """What tells a file of this release from one of another of the same `family`.

    In such a file each column of `prefix` begins with one of these texts and each of `value` is one of these numbers;
    no other release has the names of `columns`. `aka` are other names of the first two, where the known
    texts and numbers tell too.
    """

    name: str
    family: str
    prefix: dict[str, list[str]] = field(default_factory=dict)
    value: dict[str, list[float]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    aka: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """A survey: its columns, and which of them hold the identifier, the position and the epoch.

    `epoch` is a year, or the column and format ("jd" or "mjd") of a per-row epoch. `sentinels` are numbers that stand
    for a missing value. `wide` tables hold several surveys' photometry in one row and need no match. `layout` is that
    of its text files where they have no header, `hdu` the table of its FITS files where they hold several. `release`
    tells its files from those of other releases. `only` is a column that is 1 in rows that other surveys' stars may be
    matched to; where it is NULL they may too. `id_prefixes` are what archives write before an identifier, such as
    "Gaia DR3 ".
    """

    name: str
    title: str
    citation: str
    id: str
    columns: dict[str, Column]
    ra: str = ""
    dec: str = ""
    pmra: str = ""
    pmdec: str = ""
    epoch: float | dict[str, Any] = 2000.0
    parallax: str = ""
    radial_velocity: str = ""
    magnitude: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    sentinels: tuple[float, ...] = ()
    unique: bool = True
    wide: bool = False
    layout: Layout | None = None
    hdu: str = ""
    release: Release | None = None
    only: str = ""
    id_prefixes: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def has_position(self) -> bool:
        return bool(self.ra)

    @property
    def passband(self) -> str:
        """The Gaia release in whose passbands its G, BP and RP are; empty where it says none."""
        return next((column.passband for column in self.columns.values() if column.passband), "")

    @property
    def is_seen_from_earth(self) -> bool:
        """Whether a position is that of one moment, with the star's parallax in it."""
        return isinstance(self.epoch, dict) and bool(self.epoch.get("instant"))

    @property
    def epoch_sql(self) -> str:
        """The epoch of a row in Julian years, as an SQL expression over the survey's columns."""
        if isinstance(self.epoch, dict):
            return f'sphere.year_of_{self.epoch["format"]}("{self.epoch["column"]}")'
        return f"{self.epoch}::double"


def survey_files(own: Path | None = None) -> dict[str, Path]:
    """Survey name to TOML file; a workspace's `own` surveys come before the shipped ones."""
    there = {path.stem: path for path in sorted(own.glob("*.toml"))} if own and own.is_dir() else {}
    return _shipped_files() | there


@cache
def _shipped_files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def load_survey(name: str, own: Path | None = None) -> Survey:
    """Read the survey called `name`.

    Raises
    ------
    UserError
        If there is no such survey (the nearest names are shown) or its file is malformed.
    """
    files = survey_files(own)
    if name not in files:
        near = difflib.get_close_matches(name, files, n=3)
        known = f"nearest: {', '.join(near)}" if near else f"there are {', '.join(sorted(files))}"
        raise UnknownName(
            f"survey {name!r} is unknown",
            value=name,
            nearest=near,
            hint=f"{known}. For a table of your own write a survey file (docs/own-table.md) and give its path.",
        )
    return read_survey(files[name], own)


def read_survey(path: Path, own: Path | None = None) -> Survey:
    """Parse one survey file; with `like = "other"` the entries of that survey stand where this file says nothing.

    Raises
    ------
    UserError
        If the file is not TOML, or an entry is missing, unknown or of the wrong kind.
    """
    return _read_shipped(path) if path.parent == SHIPPED else _read(path, own)


@cache
def _read_shipped(path: Path) -> Survey:
    """They are many, are asked for often, and do not change."""
    return _read(path, None)


def _read(path: Path, own: Path | None) -> Survey:
    entries = _parse(path)
    try:
        parent = _parent(path, entries.pop("like", None), own)
        survey = _build(path, entries, parent)
        if path.parent != SHIPPED:
            refuse_other_types(survey)
        _check(survey)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise RefusedFile(f"{_said(error)}; see surveys/gaia_dr2.toml for the form", file=path) from None
    return survey


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(short_text(path))
    except OSError as error:
        raise RefusedFile(f"cannot be read ({error.strerror})", file=path) from None
    except (ValueError, RecursionError) as error:
        raise RefusedFile(f"not a TOML file: {error}", file=path) from None


def _parent(path: Path, name: str | None, own: Path | None) -> Survey | None:
    """The survey that `like` names; a file may be like the shipped one of its own name."""
    if name is None:
        return None
    files = survey_files() if name == path.stem else survey_files(own)
    if name not in files or files[name].resolve() == path.resolve():
        raise ValueError(f'like = "{name}" names no other survey')
    return read_survey(files[name], own)


def _build(path: Path, entries: dict[str, Any], parent: Survey | None) -> Survey:
    known = {entry.name for entry in fields(Survey)} - {"name", "path"}
    _refuse_unknown(entries, known)
    if "columns" in entries or not parent:
        before = parent.columns if parent else {}
        entries["columns"] = {
            name: _column(name, entry, before.get(name)) for name, entry in entries["columns"].items()
        }
    if "sentinels" in entries:
        entries["sentinels"] = tuple(float(value) for value in entries["sentinels"])
    if "id_prefixes" in entries:
        entries["id_prefixes"] = listed("id_prefixes", entries["id_prefixes"])
    if "layout" in entries:
        entries["layout"] = _layout(entries["layout"])
    if "release" in entries:
        said = {"columns": []} | entries["release"]
        _refuse_unknown(said, {each.name for each in fields(Release)})
        entries["release"] = Release(**(said | {"columns": listed("columns", said["columns"])}))
    given: dict[str, Any] = {"name": path.stem, "path": path} | entries
    if parent:
        return replace(parent, **given)
    for entry in ("title", "citation", "id"):
        if entry not in given:
            raise KeyError(entry)
    return Survey(**given)


def _layout(entry: dict[str, Any]) -> Layout:
    _refuse_unknown(entry, {each.name for each in fields(Layout)})
    if ("names" in entry) == ("bytes" in entry):
        raise ValueError("layout says either names, or bytes")
    places = {}
    for name, text in entry.get("bytes", {}).items():
        found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", str(text))
        if not found or not 0 < int(found[1]) <= int(found[2] or found[1]):
            raise ValueError(f'layout: the bytes of {name} are {text!r}, not "first-last" counted from 1')
        places[name] = (int(found[1]), int(found[2] or found[1]))
    names = listed("names", entry.get("names", [*places]))
    if len(set(names)) < len(names):
        raise ValueError("layout: a name stands twice")
    return Layout(names, entry.get("delimiter", ""), places, entry.get("comment", "#"))


def _column(name: str, entry: dict[str, Any], parent: Column | None) -> Column:
    _refuse_unknown(entry, {each.name for each in fields(Column)} - {"name"})
    if not PLAIN_NAME.fullmatch(name):
        raise ValueError(f"column {name!r} is no plain name (letters, digits, _); put the file's name into its aka")
    if "aka" in entry:
        entry = entry | {"aka": listed("aka", entry["aka"])}
    if "element" in entry:
        entry = entry | {"element": _element(name, entry["element"])}
    if "type" not in entry and not parent:
        raise ValueError(f"column {name} has no type")
    column = replace(parent, **entry) if parent else Column(name=name, **entry)
    if column.type not in TYPES:
        raise ValueError(f"column {name} has type {column.type}, not one of {', '.join(sorted(TYPES))}")
    for value in (column.constant, *column.values.values()):
        if value is not None and not isinstance(value, int | float):
            raise ValueError(f"column {name} is to be filled with {value!r}, which is no number")
    return column


def _element(name: str, entry: dict[str, Any]) -> Element:
    _refuse_unknown(entry, {each.name for each in fields(Element)})
    element = Element(str(entry["of"]), tuple(entry["index"]), tuple(entry["shape"]))
    inside = all(0 < index <= length for index, length in zip(element.index, element.shape, strict=False))
    if not inside or not element.index or len(element.index) != len(element.shape):
        raise ValueError(f"column {name}: {element.label} is no element of a shape {list(element.shape)}")
    return element


def _refuse_unknown(entries: dict[str, Any], known: set[str]) -> None:
    for name in entries:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ValueError(f"entry {name!r} is unknown" + (f", perhaps {near[0]}" if near else ""))


def _check(survey: Survey) -> None:
    """What only the whole survey shows."""
    if not PLAIN_NAME.fullmatch(survey.name):
        raise ValueError(f"the file's name is the survey's, and {survey.name!r} is no plain name (letters, digits, _)")
    numbers = list(survey.sentinels)
    if isinstance(survey.epoch, int | float):
        numbers.append(survey.epoch)
    for column in survey.columns.values():
        numbers += [value for value in (column.constant, *column.values.values()) if value is not None]
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("nan and inf are no numbers here; NaN and infinities are NULL anyhow")
    for text in (survey.name, survey.title, survey.citation, survey.id):
        if not isinstance(text, str):
            raise TypeError(f"{text!r} is no text")
    _refuse_narrower(survey)
    for role in ("id", "ra", "dec", "pmra", "pmdec", "parallax", "radial_velocity", "magnitude", "only"):
        column = getattr(survey, role)
        if (column or role == "id") and column not in survey.columns:
            raise ValueError(f"{role} = {column!r} is not among its columns")
    _check_errors(survey)
    if bool(survey.ra) != bool(survey.dec) or bool(survey.pmra) != bool(survey.pmdec):
        raise ValueError("ra and dec, and pmra and pmdec, go together")
    epoch = survey.epoch
    if isinstance(epoch, dict) and (epoch["column"] not in survey.columns or epoch["format"] not in EPOCH_FORMATS):
        raise ValueError(f"epoch {epoch} wants one of its columns, and a format of {', '.join(EPOCH_FORMATS)}")


def _check_errors(survey: Survey) -> None:
    given = set(survey.errors)
    if given and not any(needed <= given <= known for needed, known in ERRORS):
        raise ValueError(f"errors {survey.errors} wants east and north, or major, minor and angle")
    for name in survey.errors.values():
        if name not in survey.columns:
            raise ValueError(f"errors: {name!r} is not among its columns")


def _refuse_narrower(survey: Survey) -> None:
    """A survey that takes the place of a shipped one needs its columns, since views read them."""
    shipped = SHIPPED / f"{survey.name}.toml"
    if survey.path is None or not shipped.exists() or survey.path.resolve() == shipped.resolve():
        return
    missing = sorted(_parse(shipped)["columns"].keys() - survey.columns.keys())
    if missing:
        raise ValueError(
            f"it takes the place of the shipped survey {survey.name} without its column {missing[0]}, which views "
            "read; give the file another name"
        )


def _said(error: Exception) -> str:
    text = error.args[0] if error.args else str(error)
    return f"entry {text!r} is missing" if isinstance(error, KeyError) else str(text)
