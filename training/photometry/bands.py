"""The bands of a network, and where they stand in the training table: `bands.toml`, or a file of one's own."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...udfs.names import is_plain

SYSTEMS = ("AB", "Vega")
#: One to be the reference, and a colour.
MIN_BANDS = 2


@dataclass(frozen=True)
class Band:
    """One photometric band and where it stands in the training table."""

    name: str
    column: str
    table: str
    model: str
    ab_minus_vega: float | None = None

    @property
    def offset(self) -> float:
        """Magnitudes to add to the table's column to reach the model's system [mag]."""
        if self.table == self.model:
            return 0.0
        if self.ab_minus_vega is None:
            raise UserError(f"table is {self.table}, model is {self.model}: give ab_minus_vega [mag]")
        return -self.ab_minus_vega if self.table == "AB" else self.ab_minus_vega


@dataclass(frozen=True)
class ExtinctionAnchor:
    """A known ratio of two bands' extinctions, R_band / R_of = ratio +- sigma."""

    band: str
    of: str
    ratio: float
    sigma: float


def read_bands(path: Path | None = None) -> list[Band]:
    """Bands of a bands file; without a path, the 13 bands of Green+2020.

    Raises
    ------
    UserError
        If there is no such file, an entry is missing, of another kind or unknown, or two bands have one name or column.
    """
    path = path or Path(__file__).with_name("bands.toml")
    entries = _parsed(path).get("band")
    if not isinstance(entries, list) or len(entries) < MIN_BANDS or not all(isinstance(e, dict) for e in entries):
        raise UserError(f"a bands file has at least {MIN_BANDS} tables [[band]]", file=path, hint="see bands.toml")
    bands = [_band(path, number, entry) for number, entry in enumerate(entries, start=1)]
    for what in ("name", "column"):
        named = [getattr(band, what) for band in bands]
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            raise UserError(f"two bands have the {what} {twice}", file=path)
    return bands


def read_anchor(path: Path | None = None) -> ExtinctionAnchor | None:
    """The extinction anchor of a bands file, if it has one.

    Raises
    ------
    UserError
        If an entry is missing, of another kind or unknown.
    """
    path = path or Path(__file__).with_name("bands.toml")
    entry = _parsed(path).get("extinction_anchor")
    if entry is None:
        return None
    if not isinstance(entry, dict):
        raise UserError("extinction_anchor is no table", file=path)
    anchor = ExtinctionAnchor(**_checked(path, "extinction_anchor", entry, ExtinctionAnchor))
    if anchor.sigma <= 0:
        raise UserError(f"extinction_anchor has sigma = {anchor.sigma}, which must be above 0", file=path)
    return anchor


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise UserError(f"cannot be read as a bands file ({said})", file=path) from None


def _band(path: Path, number: int, entry: Mapping[str, Any]) -> Band:
    where = f"band {number} ({entry.get('name', 'no name')})"
    band = Band(**_checked(path, where, entry, Band))
    if not is_plain(band.name):
        raise UserError(f"{where}: the name is no name for SQL: small letters, digits and _ only", file=path)
    for what in ("table", "model"):
        if getattr(band, what) not in SYSTEMS:
            raise UserError(f"{where}: {what} is {getattr(band, what)!r}, one of AB and Vega is wanted", file=path)
    try:
        _ = band.offset
    except UserError as error:
        raise UserError(f"{where}: {error}", file=path) from None
    return band


def _checked(path: Path, where: str, entry: Mapping[str, Any], of: type) -> dict[str, Any]:
    """The entries of a table, each known and of its kind: a text, or a finite number."""
    kinds = {
        field.name: (float if "float" in str(field.type) else str, "None" in str(field.type)) for field in fields(of)
    }
    unknown = [name for name in entry if name not in kinds]
    if unknown:
        raise UserError(f"{where}: {unknown[0]} is unknown; there are {', '.join(kinds)}", file=path)
    for name, (kind, may_lack) in kinds.items():
        if name not in entry and may_lack:
            continue
        if name not in entry:
            raise UserError(f"{where}: {name} is missing", file=path)
        value, number = entry[name], kind is float
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not (is_number if number else isinstance(value, str)):
            raise UserError(
                f"{where}: {name} is {value!r:.80}, a {'number' if number else 'text'} is wanted", file=path
            )
    return dict(entry)
