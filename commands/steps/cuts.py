"""Thresholds replaced in a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ...errors import UserError
from ...sql import files
from ...sql.cuts import replace_cut
from ...workspace.query import all_or_nothing


def apply_cuts(connection: duckdb.DuckDBPyConnection, cuts: dict[str, str]) -> None:
    """Replace thresholds in the workspace for good, all or none; a published value takes its replacement away."""
    with all_or_nothing(connection):
        for name, value in cuts.items():
            differs = replace_cut(connection, name, value)
            connection.execute("delete from candlesql.cuts where name = ?", [name])
            if differs:
                connection.execute("insert into candlesql.cuts values (?, ?)", [name, value])


@contextmanager
def cuts_applied(connection: duckdb.DuckDBPyConnection, cuts: dict[str, str]) -> Iterator[None]:
    """Replace thresholds for good if the block ends well."""
    published = {name: cut.value for name, cut in files.cuts().items()}
    before = published | dict(connection.execute("select name, value from candlesql.cuts").fetchall())
    apply_cuts(connection, cuts)
    try:
        yield
    except BaseException as error:
        apply_cuts(connection, {name: before[name] for name in cuts})
        if cuts and isinstance(error, UserError):
            raise UserError(f"{error} (what --cut has changed is taken back)") from None
        raise
