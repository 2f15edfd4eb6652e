"""`candlesql region`: a region of any shape (a MOC file) in a workspace, as ranges of the HEALPix index."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from ..catalogs.regions import _ranges
from ..errors import UserError
from ..sql.open import writing
from ..workspace.query import first_row

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
    with writing(path) as connection:
        connection.execute("create schema if not exists region")
        connection.execute(f"create or replace table region.{name} as select low, high from ranges order by low")
        (n,) = first_row(connection, f"select count(*) from region.{name}")
    return n, part
