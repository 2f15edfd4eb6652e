"""Small helpers around a DuckDB connection."""

import duckdb
import pytest
from candlesql.workspace.query import all_or_nothing


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
