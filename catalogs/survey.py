"""What a survey is: the contents of one TOML file in `surveys/` (or in a workspace's own `surveys/`)."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import UserError

SHIPPED = Path(__file__).parent / "surveys"
TYPES = {"BOOLEAN", "TINYINT", "INTEGER", "BIGINT", "REAL", "DOUBLE", "VARCHAR"}


@dataclass(frozen=True)
class Column:
    """One column of a survey, as it is stored.

    `aka` are names that other carriers of the table use. `constant`, or `by` with `values`, fill a column that the
    file lacks: one value for all rows, or one for each value of another column of the file.
    """

    name: str
    type: str
    unit: str = ""
    ucd: str = ""
    description: str = ""
    system: str = ""
    aka: tuple[str, ...] = ()
    required: bool = False
    constant: float | None = None
    by: str = ""
    values: dict[str, float] = field(default_factory=dict)

    @property
    def derived(self) -> bool:
        return self.constant is not None or bool(self.by)


@dataclass(frozen=True)
class Survey:
    """A survey: its columns, and which of them hold the identifier, the position and the epoch.

    `epoch` is a year, or the column and format ("jd" or "mjd") of a per-row epoch. `wide` tables hold several surveys'
    photometry in one row and need no match.
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
    epoch: float | dict[str, str] = 2000.0
    sentinels: tuple[float, ...] = ()
    unique: bool = True
    wide: bool = False
    path: Path | None = None

    @property
    def has_position(self) -> bool:
        return bool(self.ra)

    @property
    def epoch_sql(self) -> str:
        """The epoch of a row in Julian years, as an SQL expression over the survey's columns."""
        if isinstance(self.epoch, dict):
            return f'sphere.year_of_{self.epoch["format"]}("{self.epoch["column"]}")'
        return f"{self.epoch}::double"


def survey_files(own: Path | None = None) -> dict[str, Path]:
    """Survey name to TOML file; a workspace's `own` surveys come before the shipped ones."""
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    if own and own.is_dir():
        files |= {path.stem: path for path in sorted(own.glob("*.toml"))}
    return files


def load_survey(name: str, own: Path | None = None) -> Survey:
    """Read the survey called `name`.

    Raises
    ------
    UserError
        If there is no such survey (the nearest names are shown) or its file is malformed.
    """
    files = survey_files(own)
    if name not in files:
        near = difflib.get_close_matches(name, files, n=3) or sorted(files)
        raise UserError(
            f"survey {name!r} is unknown; nearest: {', '.join(near)}. "
            "For a table of your own write a survey file (docs/own-table.md) and give its path."
        )
    return read_survey(files[name], own)


def read_survey(path: Path, own: Path | None = None) -> Survey:
    """Parse one survey file; `like = "other"` takes everything from that survey that this file does not say.

    Raises
    ------
    UserError
        If the file is not TOML, or an entry is missing or unknown.
    """
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a TOML file: {error}") from None
    parent = load_survey(text.pop("like"), own) if "like" in text else None
    try:
        columns = {
            name: _column(name, entry, parent.columns.get(name) if parent else None)
            for name, entry in text.pop("columns").items()
        }
        if "sentinels" in text:
            text["sentinels"] = tuple(text["sentinels"])
        given: dict[str, Any] = {"name": path.stem, "columns": columns, "path": path} | text
        survey = replace(parent, **given) if parent else Survey(**given)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: {_said(error)}; see surveys/gaia_dr2.toml for the form") from None
    for role in ("id", "ra", "dec", "pmra", "pmdec"):
        column = getattr(survey, role)
        if column and column not in survey.columns:
            raise UserError(f"{path}: {role} = {column!r} is not among its columns")
    return survey


def _column(name: str, entry: dict, parent: Column | None) -> Column:
    if "aka" in entry:
        entry = entry | {"aka": tuple(entry["aka"])}
    column = replace(parent, **entry) if parent else Column(name=name, **entry)
    if column.type not in TYPES:
        raise ValueError(f"column {name} has type {column.type}, not one of {sorted(TYPES)}")
    return column


def _said(error: Exception) -> str:
    text = error.args[0] if error.args else str(error)
    return f"entry {text!r} is missing" if isinstance(error, KeyError) else str(text)
