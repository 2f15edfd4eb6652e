"""Writers by format: one function `write(connection, query, columns, note, path)` each, listed in `WRITERS`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import numpy as np

from ...errors import RefusedFile
from ...udfs.names import identifier
from ...workspace.ledger import replaced
from ...workspace.query import quoted
from ..metadata import CSVW_SUFFIX, astropy_header, csvw_header, kv_metadata
from ..survey import Column
from .kinds import INTEGERS, VECTOR, element, facts_of, storable

#: Most masks, rows times columns, in the metadata of a Parquet file, a byte each.
MOST_MASKED = 500_000
Writer = Callable[[duckdb.DuckDBPyConnection, str, list[Column], str, Path], None]


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path
) -> None:
    metadata = kv_metadata(connection, f"({query})", columns, note, _masks(connection, query, columns))
    connection.execute(f"copy ({query}) to {quoted(path)} (format parquet, compression zstd, {metadata})")


def _masks(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column]) -> dict[str, np.ndarray]:
    """Which rows of each column but floats are NULL, for astropy, which would read the text None or NaN; of long tables
    none, since the masks stand in the file's metadata."""
    texts = [column for column in columns if column.type in ("VARCHAR", "BOOLEAN", *INTEGERS)]
    if not texts:
        return {}
    facts = facts_of(connection, query, texts)
    masked = [column.name for column in texts if facts.nulls[column.name]]
    if not masked or facts.n_rows * len(masked) > MOST_MASKED:
        return {}
    tests = ", ".join(f"{identifier(name)} is null as m{i}" for i, name in enumerate(masked))
    rows = connection.execute(f"select {tests} from ({query})").fetchnumpy()
    return {name: np.asarray(rows[f"m{i}"], bool) for i, name in enumerate(masked)}


def _write_csv(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    connection.execute(f"copy ({query}) to {quoted(path)} (format csv, header)")


def _write_ecsv(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path
) -> None:
    """CSV under a header with units and descriptions; the ECSV format of astropy (APE 6)."""
    facts = facts_of(connection, query, columns)
    lengths = {c.name: facts.fixed(c.name) for c in columns if element(c)}
    header = [
        "%ECSV 1.0",
        "---",
        "delimiter: ','",
        *astropy_header(columns, lengths=lengths).splitlines(),
        "meta:",
        "  comments:",
        *(f"  - {json.dumps(line)}" for line in note.splitlines()),
        "schema: astropy-2.0",
    ]
    rows = path.with_name(f"{path.name}.rows")
    try:
        _write_csv(connection, _as_ecsv(query, columns), columns, note, rows)
        with path.open("wb") as file, rows.open("rb") as body:
            file.write("".join(f"# {line}\n" for line in header).encode())
            shutil.copyfileobj(body, file)
    finally:
        rows.unlink(missing_ok=True)


def _as_ecsv(query: str, columns: list[Column]) -> str:
    """The query with truth values in astropy's words and lists as JSON."""
    fields = []
    for column in columns:
        name = identifier(column.name)
        if column.type == "BOOLEAN":
            fields.append(f"case {name} when true then 'True' when false then 'False' end as {name}")
        elif VECTOR.fullmatch(column.type):
            fields.append(f"to_json({name})::VARCHAR as {name}")
        else:
            fields.append(name)
    return f"select {', '.join(fields)} from ({query})"


def _write_fits(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path
) -> None:
    from . import fits

    fits.write(connection, query, columns, note, path)


def _write_votable(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path
) -> None:
    from . import votable

    votable.write(connection, query, columns, note, path)


def _write_hats(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path
) -> None:
    from . import collection

    collection.write(connection, query, columns, note, path)


WRITERS: dict[str, Writer] = {
    ".parquet": _write_parquet,
    ".fits": _write_fits,
    ".ecsv": _write_ecsv,
    ".csv": _write_csv,
    ".vot": _write_votable,
    ".hats": _write_hats,
}


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Refuse, before any work, a file whose folder is missing, whose format is unknown, or that is there already.

    Raises
    ------
    UserError
        A folder that is there is never overwritten.
    """
    if path.suffix.lower() not in WRITERS:
        raise RefusedFile(f"format {path.suffix or '(none)'} is unknown; it writes {', '.join(WRITERS)}", file=path)
    if not path.parent.is_dir():
        raise RefusedFile(f"folder {path.parent} does not exist", file=path)
    if path.is_dir():
        raise RefusedFile("is there already; remove that folder, or choose another name", file=path)
    if path.exists() and not overwrite:
        raise RefusedFile("is there already; say --overwrite, or choose another name", file=path)


def write_file(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    """Write a query's rows in the format that the path's name says, under a temporary name until complete.

    Beside a CSV file goes what the other formats hold inside (W3C's CSVW).

    Raises
    ------
    UserError
        If the format is unknown or the folder is missing or full.
    """
    refuse_existing(path, overwrite=True)
    temporary, beside = (path.with_name(f".{path.name}{end}.candlesql.tmp") for end in ("", CSVW_SUFFIX))
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        query, columns = storable(connection, query, columns, path.suffix.lower())
        WRITERS[path.suffix.lower()](connection, query, columns, note, temporary)
        if path.suffix.lower() == ".csv":
            beside.write_text(csvw_header(columns, note, path.name), encoding="utf-8")
            with replaced(beside, path.with_name(path.name + CSVW_SUFFIX)):
                temporary.replace(path)
        else:
            temporary.replace(path)
    except RefusedFile as error:
        error.file = error.file or path
        raise
    except (OSError, duckdb.IOException) as error:
        raise RefusedFile(f"cannot be written ({str(error).splitlines()[0]})", file=path) from None
    finally:
        with suppress(OSError):  # of a disk that cannot be written
            beside.unlink(missing_ok=True)
            shutil.rmtree(temporary, ignore_errors=True) if temporary.is_dir() else temporary.unlink(missing_ok=True)
