"""A prompt over a workspace: history, completion of views and columns, and the networks as functions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import FuzzyWordCompleter
from prompt_toolkit.history import FileHistory

from ..errors import UserError
from ..sql.open import open_sky
from ..workspace.folder import find_sky
from ..workspace.query import quoted
from .sql import explain, is_ours, refuse_untrusted

KEYWORDS = "select from where group by order having limit join left using with as count avg median describe summarize"
HELP = "SQL ends with a semicolon. `.views` lists views, `.columns VIEW` its columns, `.quit` leaves."
VIEWS = """select schema_name || '.' || view_name as view, comment as "a row is"
from duckdb_views() where not internal and database_name = current_database() order by 1;"""
COLUMNS = """select column_name, data_type, comment from duckdb_columns()
where schema_name = {schema} and table_name = {view} and database_name = current_database() order by column_index;"""


def run_shell(path: Path, read: Sequence[Path] = (), trust: bool = False) -> None:
    """Read statements until the user leaves; errors are shown and the prompt goes on."""
    sky = find_sky(path)
    with open_sky(path, read=read, trust=trust) as connection:
        words = sorted({*KEYWORDS.split(), *_names(connection)})
        session: PromptSession[str] = PromptSession(
            history=FileHistory(str(sky.root / ".shell_history")), completer=FuzzyWordCompleter(words)
        )
        print(HELP)
        statement = ""
        while True:
            try:
                line = session.prompt("sky> " if not statement else "...> ")
            except KeyboardInterrupt:
                statement = ""
                continue
            except EOFError:
                return
            if not statement and line.strip() in (".quit", ".exit"):
                return
            statement = step(connection, f"{statement}\n{line}".strip(), trust)


def step(connection: duckdb.DuckDBPyConnection, statement: str, trust: bool = True) -> str:
    """Run a statement if it is complete and show its result; returns what is still to be finished."""
    if statement.startswith("."):
        statement = _meaning(statement)
    if not statement.endswith(";"):
        return statement
    try:
        if not trust:
            refuse_untrusted(connection.extract_statements(statement))
        relation = connection.sql(statement)
        if relation is not None:
            relation.show(max_rows=60)
    except duckdb.Error as error:
        if is_ours(error):
            raise
        print(explain(connection, statement, error))
    except UserError as error:
        print(error)
    except KeyboardInterrupt:
        connection.interrupt()
        print("interrupted")
    return ""


def _meaning(command: str) -> str:
    """The SQL of a command that begins with a dot."""
    name, _, argument = command.partition(" ")
    if name == ".views":
        return VIEWS
    if name == ".columns" and argument:
        schema, _, view = argument.strip().rstrip(";").rpartition(".")
        return COLUMNS.format(schema=quoted(schema), view=quoted(view))
    return f"select {quoted(HELP)} as help;"


def _names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        """select schema_name || '.' || view_name from duckdb_views()
           where not internal and database_name = current_database()
           union select column_name from duckdb_columns()
           where not internal and database_name = current_database()
           union select schema_name || '.' || function_name from duckdb_functions()
           where not internal and database_name = current_database() and schema_name <> 'main'"""
    ).fetchall()
    return [row[0] for row in rows]
