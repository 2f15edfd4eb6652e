"""Small helpers around a DuckDB connection."""

import re
from pathlib import Path

import duckdb
import pytest
from candlesql.workspace import query
from candlesql.workspace.query import all_or_nothing

ROOT = Path(query.__file__).parents[1]
#: SQL that reads what a text fits, where a path has not been made literal.
PATTERN = re.compile(
    r"(?:read_\w+|parquet_\w+|glob|sniff_csv)\((?:\[?\{quoted\(|\[?'\{|\?|\$)|\b(?:from|join) (?:\{quoted\(|'\{)",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    "text", ["read_csv({quoted(path)})", "read_parquet([{quoted(p)}])", "glob(?)", "from {quoted(made)}"]
)
def test_a_path_that_is_no_literal_is_seen(text):
    assert PATTERN.search(text)


def test_no_path_is_read_as_a_pattern():
    """A file `g[1].csv` is itself, not `g1.csv`; `literal_path` and `parquet_rows` write it so."""
    outside = {"tests", "benchmarks", "docs", "packaging", "build"}
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for folder in ROOT.iterdir()
        if folder.is_dir() and folder.name not in outside and not folder.name.startswith(".")
        for path in folder.rglob("*.py")
        for match in PATTERN.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("ends", [True, False])
def test_a_block_that_fails_leaves_nothing_and_its_own_error(ends):
    """An interrupt may have ended the transaction before."""

    def fail(connection):
        with all_or_nothing(connection):
            connection.execute("insert into t values (1)")
            if ends:
                connection.rollback()
            raise KeyboardInterrupt

    with duckdb.connect() as connection:
        connection.execute("create table t(x integer)")
        with pytest.raises(KeyboardInterrupt):
            fail(connection)
        with all_or_nothing(connection):
            connection.execute("insert into t values (2)")
        assert connection.execute("from t").fetchall() == [(2,)]
