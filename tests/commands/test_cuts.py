"""Thresholds in force, replaced, and taken back."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.commands import cuts
from candlesql.commands.steps import cuts as cut_steps


def test_thresholds_in_force(database):
    (row,) = cuts.cut_rows(database, "max_ruwe").rows
    published = cuts.files.cuts()["max_ruwe"]
    assert row == ("max_ruwe", published.value, "", published.unit, published.source)
    database.execute("create or replace macro cuts.max_ruwe() as 9.5")
    (row,) = cuts.cut_rows(database, "max_ruwe").rows
    assert row[1:3] == ("9.5", published.value)


@pytest.fixture
def connection(empty):
    empty.execute("create schema candlesql")
    return empty


@pytest.fixture
def changed(connection, monkeypatch):
    """A workspace whose cuts are replaced; what was."""
    replaced = []
    connection.execute("create table candlesql.cuts(name varchar, value varchar)")
    published = {name: SimpleNamespace(value=value) for name, value in (("a", "1"), ("b", "2"), ("c", "3"))}
    monkeypatch.setattr(cut_steps.files, "cuts", lambda: published)
    monkeypatch.setattr(cuts, "writing", lambda path, whole: contextlib.nullcontext(connection))

    def replace_cut(_, name, value):
        replaced.append((name, value))
        return published[name].value != value

    monkeypatch.setattr(cut_steps, "replace_cut", replace_cut)
    return replaced


def stored(connection) -> list[tuple]:
    return connection.execute("from candlesql.cuts order by name").fetchall()


def test_replaced_thresholds_are_kept_while_they_differ(connection, changed):
    cut_steps.apply_cuts(connection, {"a": "7", "b": "8"})
    assert stored(connection) == [("a", "7"), ("b", "8")]
    cut_steps.apply_cuts(connection, {"a": "9", "b": "2"})
    assert stored(connection) == [("a", "9")]


@pytest.mark.parametrize(
    ("error", "given", "said"),
    [
        (UserError("no"), {"a": "5", "c": "6"}, "no (what --cut has changed is taken back)"),
        (UserError("no"), {}, "no"),
        (KeyboardInterrupt("stopped"), {"a": "5"}, "stopped"),
    ],
)
def test_thresholds_are_taken_back_where_the_block_fails(connection, changed, error, given, said):
    cut_steps.apply_cuts(connection, {"a": "7"})
    during = []

    def fail():
        with cut_steps.cuts_applied(connection, given):
            during.extend(stored(connection))
            raise error

    with pytest.raises(type(error)) as stop:
        fail()
    assert str(stop.value) == said
    assert during == sorted(({"a": "7"} | given).items())
    assert stored(connection) == [("a", "7")]
    with cut_steps.cuts_applied(connection, {"a": "8"}):
        pass
    assert stored(connection) == [("a", "8")]


def test_taking_back_some_or_all(connection, changed):
    cut_steps.apply_cuts(connection, {"a": "7", "b": "8", "c": "9"})
    assert cuts.take_back("sky", ["b"]) == {"b": "2"}
    assert stored(connection) == [("a", "7"), ("c", "9")]
    assert cuts.cuts_command(Path("sky"), unset=["a", "b"]) == (
        "as published again: a = 1; next: candlesql run sky SYSTEM"
    )
    assert cuts.take_back("sky", ["all"]) == {"c": "3"}
    assert cuts.cuts_command(Path("sky"), unset=["all"]) == "these cuts are as published"
