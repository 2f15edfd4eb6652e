"""What stands where in a HATS catalog (IVOA note on HATS, 2025), whether it is a folder here or elsewhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping

from ..errors import RefusedFile

PROPERTIES = ("hats.properties", "properties")
COLLECTION, PRIMARY = "collection.properties", "hats_primary_table_url"
INFO = "partition_info.csv"


def entries(text: str) -> dict[str, str]:
    """What a file of properties says."""
    lines = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in lines}


def promised_rows(said: Mapping[str, str]) -> int | None:
    """The number of rows that a catalog's properties promise."""
    rows = said.get("hats_nrows", "")
    return int(rows) if re.fullmatch(r"[0-9]{1,18}", rows) else None


def text_of(said: Mapping[str, object]) -> str:
    """A file of properties that says this."""
    return "".join(f"{key}={value}\n" for key, value in said.items())


def listed(text: str, catalog: object) -> list[tuple[int, int]]:
    """Order and pixel of each partition that the catalog's list names.

    Raises
    ------
    RefusedFile
        If it lists none of that.
    """
    try:
        rows = csv.DictReader(text.splitlines(), skipinitialspace=True)
        found = [(int(row["Norder"]), int(row["Npix"])) for row in rows]
    except (KeyError, ValueError, TypeError):
        raise RefusedFile(f"its {INFO} does not list Norder and Npix", file=catalog) from None
    for order, pixel in found:
        if not (0 <= order <= 29 and 0 <= pixel < 12 * 4**order):
            raise RefusedFile(f"its {INFO} lists Norder={order}, Npix={pixel}, which is no pixel", file=catalog)
    return found


def partition_name(order: int, pixel: int, suffix: str = ".parquet") -> str:
    """The file of a pixel's rows, below the catalog."""
    return f"dataset/Norder={order}/Dir={pixel // 10_000 * 10_000}/Npix={pixel}{suffix}"
