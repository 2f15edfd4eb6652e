"""What every reader passes: whatever a file makes go wrong is one line about that file, and files have limits."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ...errors import RefusedFile, UserError
from ..parquet_footer import MAX_COLUMNS
from ..remote.address import Place
from .source import Source

#: What is unpacked of a gzipped file for each byte of it; text of one letter comes near 1,030.
MAX_EXPANSION = 1100
BLOCK = 1 << 22
#: What a packed file may always unpack to [bytes].
SMALL = 1 << 28
#: What DuckDB says where the program's SQL is wrong, whatever the file.
OURS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
#: What DuckDB says of a line of CSV that is no row.
LINE = re.compile(r"CSV Error on Line: (\d+).*Expected Number of Columns: (\d+) Found: (\d+)", re.DOTALL)


@contextmanager
def refusing(path: Place) -> Iterator[None]:
    """Whatever is wrong with a file while it is opened or read, as one line.

    Raises
    ------
    RefusedFile
        In the place of any error but those that are the user's to mend already, the program's own SQL, and a full disk.
    """
    try:
        yield
    except (UserError, *OURS):
        raise
    except MemoryError:
        raise RefusedFile("asks for more memory than there is; damaged, or no catalog", file=path) from None
    except Exception as error:
        if "No space left" in str(error) or "interrupted" in str(error).lower():
            raise
        line = LINE.search(str(error))
        if line:
            raise RefusedFile(
                f"line {line[1]} has {line[3]} fields where {line[2]} are expected",
                file=path,
                hint="mend it, or take it away if it is no row",
            ) from error
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        last = lines[-1] if "Traceback (most recent call last)" in str(error) else lines[0]
        said = f"{type(error).__name__}: {last.strip():.200}"
        raise RefusedFile(
            f"damaged, or not what its name says ({said}); mend it, or fetch it again", file=path
        ) from error


def check_limits(source: Source) -> Source:
    """The source, unless it has more columns than any catalog."""
    try:
        refuse_many(len(source.columns) + len(source.left_out), source.path)
    except RefusedFile:
        source.close()
        raise
    return source


def refuse_many(n_columns: int, path: Place) -> None:
    """What a reader asks before it makes anything of a header that names so many columns."""
    if n_columns > MAX_COLUMNS:
        raise RefusedFile(f"has {n_columns:,} columns; more than {MAX_COLUMNS:,} are no catalog", file=path)


def refuse_twice(names: Sequence[str], path: Path, place: str = "header") -> None:
    """Columns are told apart by their names."""
    refuse_many(len(names), path)
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise RefusedFile(f"column {min(twice)} stands twice in its {place}; rename one of them", file=path)


def refuse_expanding(n_bytes: int, path: Path) -> None:
    """What a file's header promises must not be far more than the file could hold, however well it is packed."""
    there = path.stat().st_size
    if n_bytes > max(SMALL, MAX_EXPANSION * there):
        raise RefusedFile(
            f"promises {n_bytes:,} bytes of values in a file of {there:,}; damaged, or no catalog", file=path
        )


def check_gzip(path: Path) -> None:
    """Unpack a gzipped file to its end, where its checksum is: what reads on does not all look at that.

    Raises
    ------
    RefusedFile
        If it is damaged, truncated, or unpacks to far more than a catalog does.
    """
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return
    most, n = MAX_EXPANSION * path.stat().st_size, 0
    try:
        with gzip.open(path) as content:
            while block := content.read(BLOCK):
                n += len(block)
                if n > most:
                    raise RefusedFile(f"unpacks to more than {MAX_EXPANSION:,} times its size", file=path)
    except (OSError, EOFError, zlib.error) as error:
        raise RefusedFile(f"truncated or damaged ({error}); fetch it again", file=path) from None
