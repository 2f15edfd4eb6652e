"""Regions of the sky of any shape (MOC files) in a workspace, as ranges of the HEALPix index of the catalogs."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from ..errors import UserError
from ..sql.query import first_row
from ..sql.workspace import existing_sky, open_sky

FORMATS = {".fits": "fits", ".fit": "fits", ".json": "json", ".txt": "ascii", ".moc": "ascii"}
NAME = re.compile(r"[a-z_][a-z0-9_]*")


def store_region(path: Path, name: str, file: Path) -> tuple[int, float]:
    """`candlesql region`: a MOC as table `region.<name>(low, high)`, both ends included; ranges and part of the sky.

    Raises
    ------
    UserError
        If the file is no MOC, or empty, or the name no plain one; or without the extra `regions`.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"region {name!r}: a name has small letters, digits and _ only")
    low, high, part = _ranges(file)
    ranges = pa.table({"low": low, "high": high})  # noqa: F841 - DuckDB finds it by name
    with open_sky(existing_sky(path).root, read_only=False) as connection:
        connection.execute("create schema if not exists region")
        connection.execute(f"create or replace table region.{name} as select low, high from ranges order by low")
        (n,) = first_row(connection, f"select count(*) from region.{name}")
    return n, part


def _ranges(file: Path) -> tuple[pa.Array, pa.Array, float]:
    try:
        from mocpy import MOC
    except ImportError:
        raise UserError("regions need mocpy: pip install 'candlesql[regions]'") from None
    if not file.is_file():
        raise UserError(f"{file}: no such file")
    if file.suffix.lower() not in FORMATS:
        raise UserError(f"{file}: a MOC is {', '.join(FORMATS)} by its name")
    try:
        moc = MOC.load(str(file), format=FORMATS[file.suffix.lower()])
    except Exception as error:  # mocpy raises what its Rust library says, of several kinds
        raise UserError(f"{file}: not a readable MOC ({str(error).splitlines()[0]})") from None
    ranges = moc.to_depth29_ranges.astype("int64")
    if not len(ranges):
        raise UserError(f"{file}: an empty region")
    return pa.array(ranges[:, 0]), pa.array(ranges[:, 1] - 1), float(moc.sky_fraction)
