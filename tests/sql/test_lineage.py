"""What a query's columns are, by hand: units and descriptions come along where a column is only renamed."""

import duckdb
import pytest
from candlesql import UserError
from candlesql.sql.lineage import is_ordered, query_columns


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        connection.execute("create view staging.a as select 1 as id, 2.0 as ra, 3.0 as plx")
        connection.execute("create view staging.b as select 1 as id, 4.0 as mag")
        connection.execute("create view staging.c as select 1 as id, 0.1 as ra")
        connection.execute("comment on column staging.c.ra is '[rad] Right ascension'")
        for column, note in (
            ("a.ra", "[deg] Right ascension"),
            ("a.plx", "[mas] Parallax"),
            ("b.mag", "[mag] Brightness"),
        ):
            connection.execute(f"comment on column staging.{column} is '{note}'")
        connection.execute("create macro cone(survey, r) as table select * from query_table('staging.' || survey)")
        yield connection


@pytest.mark.parametrize(
    ("query", "units"),
    [
        ("from staging.a", {"id": "", "ra": "deg", "plx": "mas"}),
        (
            "select ra as alpha, plx::float as p, plx / 1000 as arcsec from staging.a",
            {"alpha": "deg", "p": "mas", "arcsec": ""},
        ),
        ("select RA from staging.A", {"ra": "deg"}),
        ("select x.ra, mag as m from staging.a as x join staging.b as y using (id)", {"ra": "deg", "m": "mag"}),
        ("select y.* from staging.a x join staging.b y using (id)", {"id": "", "mag": "mag"}),
        ("select * exclude (id) replace (plx * 2 as plx) from staging.a", {"ra": "deg", "plx": ""}),
        ("select * rename (ra as alpha) from staging.a", {"id": "", "alpha": "deg", "plx": "mas"}),
        ("with c as (select ra as r from staging.a) select r as ra from c", {"ra": "deg"}),
        ("select s.r from (select ra + 1 as r, ra from staging.a) s", {"r": ""}),
        ("select ra from staging.a union all select mag as ra from staging.b", {"ra": ""}),
        ("select ra from staging.a union all select ra from staging.a", {"ra": "deg"}),
        ("select ra + 1 as plx, plx as ra from staging.a", {"plx": "", "ra": "mas"}),
        ("select max(ra) as ra from staging.a", {"ra": ""}),
        ("from cone('a', 1)", {"id": "", "ra": "deg", "plx": "mas"}),
        (
            "select y.ra, x.ra as other from staging.a as x join staging.c as y using (id)",
            {"ra": "rad", "other": "deg"},
        ),
        ("select staging.a.ra from staging.a order by 1 limit 1", {"ra": "deg"}),
    ],
)
def test_units_of_queries(connection, query, units):
    assert {column.name: column.unit for column in query_columns(connection, query)} == units


def test_descriptions_and_types(connection):
    (column,) = query_columns(connection, "select ra::float as alpha from staging.a")
    assert (column.name, column.type, column.description) == ("alpha", "REAL", "Right ascension")


def test_two_columns_of_one_name_are_refused(connection):
    with pytest.raises(UserError, match="two columns called ra"):
        query_columns(connection, "select ra, plx as ra from staging.a")


@pytest.mark.parametrize(
    ("query", "is_so"), [("from staging.a order by ra", True), ("from (from staging.a order by ra)", False)]
)
def test_order(connection, query, is_so):
    assert is_ordered(connection, query) == is_so
