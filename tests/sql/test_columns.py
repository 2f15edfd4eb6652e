"""Every column of every view says what it is."""

from __future__ import annotations

import tomllib

from candlesql import open_sky
from candlesql.sql import files


def undescribed(sky) -> list[str]:
    with open_sky(sky) as connection:
        rows = connection.execute(
            """select c.schema_name || '.' || c.table_name || '.' || c.column_name
               from duckdb_columns() as c
               join duckdb_views() as v on v.schema_name = c.schema_name and v.view_name = c.table_name
               where not v.internal and c.comment is null
                   and v.database_name = current_database() and c.database_name = current_database()
               order by 1"""
        ).fetchall()
    return [row[0] for row in rows]


def test_every_column_of_every_view_is_described(tiny_sky):
    assert undescribed(tiny_sky) == []


def test_no_description_stands_without_a_view(tiny_sky):
    described = tomllib.loads((files.ROOT / "columns.toml").read_text())
    with open_sky(tiny_sky) as connection:
        names = {row[0] for row in connection.execute("select distinct column_name from duckdb_columns()").fetchall()}
    assert sorted(described.keys() - names) == []
