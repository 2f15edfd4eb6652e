"""What is taken out of a workspace: which query is meant, and a view in memory."""

from __future__ import annotations

import pytest
from astropy import units as u
from candlesql import UserError
from candlesql.catalogs.survey import Column
from candlesql.commands import export


@pytest.fixture
def connection(empty):
    empty.execute(
        """create schema red; create table red.stars as
            from (values (1, 10.5, 3.5, null), (2, 20.5, null, 7)) as t(id, ra, mag, n);
        comment on column red.stars.ra is '[deg] where it is'; comment on column red.stars.mag is '[mag] its G'"""
    )
    return empty


def test_a_view_in_memory_has_units_and_masks(connection, monkeypatch):
    monkeypatch.setattr(export, "provenance", lambda *_: "red.stars by candlesql\ncuts {}")
    table = export.to_qtable(connection, "red.stars")
    assert table.meta["comments"] == ["red.stars by candlesql", "cuts {}"]
    assert table.colnames == ["id", "ra", "mag", "n"]
    assert isinstance(table["ra"], u.Quantity)
    assert table["ra"].unit == u.deg
    assert table["ra"].info.description == "where it is"
    assert list(table["ra"].value) == [10.5, 20.5]
    assert table["mag"].unit == u.mag
    assert table["mag"].info.description == "its G"
    assert list(table["mag"].mask) == [False, True]
    assert not isinstance(table["id"], u.Quantity)
    assert table["id"].unit is None
    assert list(table["n"].mask) == [True, False]


def test_a_query_in_a_file(connection, tmp_path):
    file = tmp_path / "Q.SQL"
    file.write_text("select 1 as n;\n")
    assert export.query_of(connection, str(file)) == "select 1 as n"
    file.write_bytes(b"select '\xff'")
    with pytest.raises(UserError, match="cannot be read"):
        export.query_of(connection, str(file))
    assert export.query_of(connection, " red.stars ") is None
    assert export.query_of(connection, "from(values(1))") == "from(values(1))"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select 1; select 2", "2 statements are there to export; it must be one SELECT"),
        ("drop table red.stars", "1 statements are there to export; it must be one SELECT"),
        ("selec 1", "neither a view nor a query: Parser Error: syntax error"),
    ],
)
def test_what_is_no_query(connection, text, said):
    with pytest.raises(UserError, match=said):
        export.query_of(connection, text)


@pytest.mark.parametrize(
    ("query", "order"), [("from red.stars", " order by all"), ("from red.stars order by ra desc", "")]
)
def test_rows_without_an_order_are_in_that_of_their_values(connection, monkeypatch, tmp_path, query, order):
    written = []
    monkeypatch.setattr(export, "write_file", lambda *given: written.append(given))
    columns = [Column("ra", "DOUBLE"), Column("n", "BIGINT")]
    assert export.write_query(connection, query, columns, "note", tmp_path / "a.csv") == 2
    ((_, text, told, note, path),) = written
    assert text == f'select "ra"::DOUBLE as "ra", "n"::BIGINT as "n" from ({query}){order}'
    assert (told, note, path) == (columns, "note", tmp_path / "a.csv")
    with pytest.raises(UserError, match=r"^red\.stars has no rows: `candlesql run SKY SYSTEM` makes"):
        export.write_query(connection, "from red.stars where false", columns, "red.stars by candlesql 1", tmp_path)


def test_a_view_and_a_query_say_what_they_are(connection, monkeypatch, tmp_path):
    """Columns of a view have the epoch of its survey; the note of a query has its text."""
    written = []
    monkeypatch.setattr(export, "provenance", lambda _, what, query: f"{what} {query}")
    monkeypatch.setattr(export, "placed", lambda _, columns, rows, view: [*columns[:1], rows, view])
    monkeypatch.setattr(export, "query_columns", lambda _, query: [query])
    monkeypatch.setattr(
        export, "write_query", lambda _, rows, columns, note, path: written.append((rows, columns, note))
    )
    export.export(connection, "red.stars", tmp_path / "a.csv")
    export.export(connection, "select 1;", tmp_path / "a.csv")
    (view, columns, note), of_query = written
    assert (view, columns[1:], note) == ('from "red"."stars"', ['"red"."stars"', "red.stars"], "red.stars None")
    assert of_query == ("select 1", ["select 1"], "select 1; select 1")
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(UserError, match="--overwrite"):
        export.export(connection, "red.stars", tmp_path / "a.csv")
    export.export(connection, "red.stars", tmp_path / "a.csv", overwrite=True)
    assert len(written) == 3


def test_a_query_that_cannot_be_answered_is_told_in_a_line(connection):
    with pytest.raises(UserError, match='Referenced column "nothing" not found'):
        export.columns_of(connection, "select nothing from red.stars")
