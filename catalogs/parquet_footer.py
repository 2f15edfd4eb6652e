"""What the first bytes of a Parquet file's footer say, before anything reads the rest."""

from __future__ import annotations

import re
from contextlib import suppress
from io import SEEK_END
from pathlib import Path

#: Of a catalog, of any format.
MAX_COLUMNS = 20_000
#: A version, and a list of 15 or more entries, in Thrift's compact protocol.
FOOTER = re.compile(rb"\x15[\x80-\xff]*[\x00-\x7f]\x19\xfc([\x80-\xff]*[\x00-\x7f])")
#: Entries of a schema for a column, at most: a list has three.
ENTRIES = 4


def too_wide(path: Path) -> str | None:
    """What to say of a file with more columns than any catalog has: to describe them takes DuckDB a time that goes with
    the square of their number, minutes for 200,000."""
    entries = schema_entries(path)
    wide = entries > ENTRIES * MAX_COLUMNS
    return f"has {entries - 1:,} columns; more than {MAX_COLUMNS:,} are no catalog" if wide else None


def schema_entries(path: Path) -> int:
    """How many entries the schema has; 0 where there is no footer, or one of fewer than 15."""
    with path.open("rb") as file, suppress(OSError):
        file.seek(-8, SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, SEEK_END)
        if found := FOOTER.match(file.read(32)):
            return sum((byte & 127) << (7 * place) for place, byte in enumerate(found[1]))
    return 0
