"""`candlesql cuts`: the thresholds in force in a workspace, and taking replacements back."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import duckdb

from ..errors import UnknownName
from ..sql import files
from ..sql.open import open_sky, writing
from .steps.cuts import apply_cuts
from .steps.shown import Rows, as_table, listed


def cuts_command(path: Path, word: str = "", unset: Sequence[str] = (), width: int | None = None) -> str:
    """`candlesql cuts`: the thresholds, or those that hold a word; or what of them is taken back, `all` for every one.

    Raises
    ------
    UnknownName
        If no cut has a name that is to be taken back.
    """
    if not unset:
        with open_sky(path) as connection:
            return as_table(cut_rows(connection, word), width=width)
    back = take_back(path, unset)
    if not back:
        return "these cuts are as published"
    said = ", ".join(f"{name} = {value}" for name, value in back.items())
    return f"as published again: {said}; next: candlesql run {path} SYSTEM"


def take_back(path: str | Path, names: Sequence[str]) -> dict[str, str]:
    """Give cuts their published values again, `all` for every one; returns those that were others, with that value."""
    published = files.cuts()
    for name in names:
        if name not in published and name != "all":
            near = difflib.get_close_matches(name, published, n=3)
            hint = f"nearest: {', '.join(near)}" if near else "candlesql cuts SKY lists them"
            raise UnknownName(f"there is no cut {name}", value=name, nearest=near, hint=hint)
    with writing(path, whole=True) as connection:
        rows = connection.execute("select name from candlesql.cuts order by name").fetchall()
        back = {name: published[name].value for (name,) in rows if name in published and {name, "all"} & set(names)}
        apply_cuts(connection, back)
    return back


def cut_rows(connection: duckdb.DuckDBPyConnection, word: str = "") -> Rows:
    """Name, value in force, published value where that is another, unit and source of each cut, or of those that hold
    a word."""
    published = files.cuts()
    values = _row(connection, [f"cuts.{name}()::varchar" for name in published])
    same = _row(connection, [f"cuts.{name}() = {cut.value}" for name, cut in published.items()])
    rows = [
        (name, cut.value if is_same else value, "" if is_same else cut.value, cut.unit, cut.source)
        for (name, cut), value, is_same in zip(published.items(), values, same, strict=True)
    ]
    return listed(("cut", "value", "published", "unit", "source"), word, rows)


def _row(connection: duckdb.DuckDBPyConnection, texts: list[str]) -> tuple:
    return connection.execute(f"select {', '.join(texts)}").fetchall()[0]
