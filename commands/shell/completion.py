"""What may stand at the cursor: views after FROM, columns of the statement's views elsewhere, names after their dot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import duckdb
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

COMMON = """select from where group by order having limit join left using on as with union all distinct case when then
else end and or not in is null between like desc asc count avg sum min max median quantile_cont stddev round describe
summarize explain qualify over partition"""
KEYWORDS = COMMON.split()
#: After these a view is wanted.
BEFORE_VIEW = {"from", "join", "describe", "summarize"}
WORDS = re.compile(r"[\w.\"]+")
NAMED_VIEWS = re.compile(r"\b(?:from|join|describe|summarize)\s+(\w+)\.(\w+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)


class Names(Completer):
    """Completes the names of a workspace.

    Parameters
    ----------
    connection
        Of the workspace; read once.
    dots
        The commands that begin with a dot, and what completes their argument: `view`, `cut` or words.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, dots: Mapping[str, str]) -> None:
        self.dots = dots
        self.columns: dict[str, list[str]] = {}
        mine = "not internal and database_name = current_database()"
        for view, column in connection.execute(
            f"""select schema_name || '.' || table_name, column_name from duckdb_columns() where {mine}
                order by schema_name, table_name, column_index"""
        ).fetchall():
            self.columns.setdefault(view, []).append(column)
        self.functions = [
            row[0]
            for row in connection.execute(
                f"""select distinct schema_name || '.' || function_name from duckdb_functions()
                    where {mine} and schema_name <> 'main' order by 1"""
            ).fetchall()
        ]
        named = [*self.columns, *self.functions]
        self.schemas = sorted({name.split(".")[0] for name in named})

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        before = document.text_before_cursor
        typed = re.search(r"[\w.]*$", before)
        word = typed[0] if typed else ""
        if before.startswith((".", "\\")):
            yield from self._of_dot_command(before)
        elif "." in word:
            yield from self._after_dot(word, document.text)
        elif word or complete_event.completion_requested:
            yield from _matching(word, self._anywhere(before[: len(before) - len(word)], document.text))

    def _of_dot_command(self, before: str) -> Iterator[Completion]:
        name, space, argument = before.partition(" ")
        if not space:
            yield from _matching(name, self.dots)
            return
        kind = self.dots.get(name, "")
        cuts = (f.removeprefix("cuts.") for f in self.functions if f.startswith("cuts."))
        found = self.columns if kind == "view" else cuts if kind == "cut" else kind.split()
        yield from _matching(argument, found)

    def _after_dot(self, word: str, text: str) -> Iterator[Completion]:
        """Views and functions of a schema; columns of a view, or of what the statement calls so."""
        left, _, part = word.rpartition(".")
        known = self._aliases(text)
        if left in known:
            yield from _matching(part, self.columns[known[left]])
        elif left in self.schemas:
            inside = [name for name in (*self.columns, *self.functions) if name.startswith(f"{left}.")]
            yield from _matching(part, [name.removeprefix(f"{left}.") for name in inside])

    def _anywhere(self, before: str, text: str) -> Iterator[str]:
        words = [word.lower() for word in WORDS.findall(before)]
        if words and words[-1] in BEFORE_VIEW:
            yield from (f"{schema}." for schema in self.schemas)
            yield from self.columns
            return
        views = dict.fromkeys(self._aliases(text).values())
        yield from dict.fromkeys(column for view in views for column in self.columns[view])
        yield from KEYWORDS
        yield from (f"{schema}." for schema in self.schemas)
        yield from self.columns
        yield from self.functions

    def _aliases(self, text: str) -> dict[str, str]:
        """The views that a statement names, by their names and by what it calls them."""
        found: dict[str, str] = {}
        for schema, view, alias in NAMED_VIEWS.findall(text):
            name = f"{schema}.{view}".lower()
            if name in self.columns:
                found |= {name: name, view: name}
                if alias and alias.lower() not in KEYWORDS:
                    found[alias] = name
        return found


def _matching(typed: str, names: Iterable[str]) -> Iterator[Completion]:
    """Names that begin with what is typed, then those that hold it."""
    low = typed.lower()
    known = list(dict.fromkeys(names))
    first = [name for name in known if name.lower().startswith(low)]
    others = [name for name in known if len(low) > 1 and low in name.lower() and name not in first]
    for name in [*first, *others]:
        if name != typed:
            yield Completion(name, start_position=-len(typed))
