"""Statements under a progress bar do what they do without one."""

import sys

import duckdb
import pytest
from candlesql.workspace.progress import run_with_bar


@pytest.mark.parametrize("is_terminal", [True, False])
def test_statement_runs_and_its_error_arrives(monkeypatch, is_terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal, raising=False)
    run = run_with_bar("counting")
    with duckdb.connect() as connection:
        run(connection, "create table t as select sum(range) as s from range(1000000)")
        assert connection.execute("from t").fetchone() == (499999500000,)
        with pytest.raises(duckdb.CatalogException):
            run(connection, "from nowhere")


def test_nothing_is_printed_where_nobody_looks(capfd):
    with duckdb.connect() as connection:
        run_with_bar("counting")(connection, "select 1")
    assert capfd.readouterr() == ("", "")
