"""`candlesql sql`: a query's rows, printed."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql.describe import provenance
from ..sql.lineage import query_columns
from ..sql.open import open_sky
from ..sql.views import explain_missing
from ..workspace.limits import TOO_LITTLE_MEMORY
from ..workspace.progress import watched
from ..workspace.query import quoted
from .steps.shown import Rows, as_table, fetched

#: Statements that read, or change only what the connection holds for itself, by how DuckDB calls their kind.
HARMLESS = frozenset(
    {"SELECT", "EXPLAIN", "CREATE", "INSERT", "UPDATE", "DELETE", "MERGE_INTO", "DROP", "ALTER", "CALL"}
    | {"TRANSACTION", "MULTI"}
)
EXPLAIN = re.compile(r"explain\s*(\([^)]*\)|analyze\b)?", re.IGNORECASE)
#: The columns of a statement that answers nothing but that it is done.
DONE = (["Success"], ["Count"])
#: Rows of a printed table; the other formats give all.
MOST_ROWS = 60

#: What `--format` may say, and the name of such a file.
FORMS = {"table": "", "csv": ".csv", "json": ".json", "parquet": ".parquet", "fits": ".fits", "votable": ".vot"}


def print_query(path: Path, query: str, form: str, read: Sequence[Path] = (), trust: bool = False) -> None:
    """`candlesql sql`: print a query's result.

    Raises
    ------
    UserError
        For an unknown format, or a query that DuckDB refuses.
    """
    if form not in FORMS:
        raise UserError(f"--format {form}: it is one of {', '.join(FORMS)}")
    with tempfile.TemporaryDirectory() as folder, open_sky(path, read=[*read, folder], trust=trust) as connection:
        try:
            statements = connection.extract_statements(query)
            if not trust:
                refuse_untrusted(connection, statements)
            if not statements:
                raise UserError('the query is empty; try "from red_clump.catalogue limit 5"')
            if form == "table":
                width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
                for statement in statements:
                    found = watched(connection, "running", partial(rows_of_statement, connection, statement))
                    if found is not None:
                        print(as_table(found, width=width, height=MOST_ROWS))
                return
            _copy_to_stdout(connection, query, form, Path(folder) / "out")
        except duckdb.Error as error:
            if is_ours(error):
                raise
            raise explain(connection, query, error) from None


def rows_of_statement(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> Rows | None:
    """Run a statement; None where it answers nothing but that it is done."""
    relation = connection.sql(statement)
    found = None if relation is None else fetched(relation)
    is_done = found and not found.rows and found.columns in DONE and _kind(statement) != "SELECT"
    return None if is_done else found


def refuse_untrusted(connection: duckdb.DuckDBPyConnection, statements: list[duckdb.Statement]) -> None:
    """Refuse statements that write files or change what DuckDB may do; a variable may be set."""
    for statement in statements:
        text = statement.query.strip()
        kind = _kind(statement)
        is_variable = re.match(r"(re)?set\s+variable\b", text, re.IGNORECASE)
        if kind not in HARMLESS and not is_variable:
            raise UserError(f"{text.split()[0].upper()} is only done for those who say --trust")
        if kind == "EXPLAIN":
            refuse_untrusted(connection, connection.extract_statements(EXPLAIN.sub("", text, count=1)))


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type).rsplit(".")[-1].upper()
    except ValueError:
        return "of a kind that DuckDB's Python does not know"


def is_ours(error: duckdb.Error) -> bool:
    """Whether the program is at fault, not the query: its traceback is wanted."""
    return isinstance(error, duckdb.InternalException) or "Traceback (most recent call last)" in str(error)


def explain(connection: duckdb.DuckDBPyConnection, query: str, error: duckdb.Error) -> UserError:
    """DuckDB's complaint about a user's query in one line; for a missing view the nearest names."""
    lines = str(error).split("\n")
    missing = re.search(r'Table with name "?([^"\s]+)"? does not exist', lines[0])
    if isinstance(error, duckdb.CatalogException) and missing:
        name = missing[1]
        named = re.search(rf"\b\w+\.{re.escape(name)}\b", query, re.IGNORECASE)
        return explain_missing(connection, named[0] if named else name)
    if isinstance(error, duckdb.OutOfMemoryException):
        return UserError(TOO_LITTLE_MEMORY)
    if isinstance(error, duckdb.PermissionException):
        return UserError(f"{lines[0]}; name what may be read with --read PATH, or say --trust")
    taken_for_file = re.search(r'capable of reading the file "(\w+\.\w+)"', lines[0])
    if taken_for_file:
        return explain_missing(connection, taken_for_file[1])
    hint = next((line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))), "")
    return UserError(f"{lines[0]} {hint}".strip())


def _copy_to_stdout(connection: duckdb.DuckDBPyConnection, query: str, form: str, path: Path) -> None:
    """A query's rows as they are, or with what is known of its columns in formats that hold that."""
    query = query.rstrip().rstrip(";") + "\n"
    if form in ("csv", "json"):
        options = {"csv": "format csv, header", "json": "format json"}[form]
        connection.execute(f"copy ({query}) to {quoted(path)} ({options})")
    else:
        from ..catalogs.writers import write_file

        path = path.with_suffix(FORMS[form])
        write_file(connection, query, query_columns(connection, query), provenance(connection, "", query), path)
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
