"""Tables of every type of DuckDB through every writer, read back by astropy and by the package's own readers."""

import json
import math

import duckdb
import numpy as np
import pytest
from astropy.table import Table
from candlesql import UserError
from candlesql.catalogs.readers import open_file
from candlesql.catalogs.survey import Column
from candlesql.catalogs.writers import write_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("pandas", reason="astropy reads Parquet through pandas")

FORMATS = ["fits", "vot", "ecsv", "parquet"]
BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
RANGES = {name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in BITS.items()}
RANGES |= {f"U{name}": (0, 2**bits - 1) for name, bits in BITS.items()}
LETTERS = st.characters(min_codepoint=33, max_codepoint=126)
VALUES: dict[str, st.SearchStrategy] = {name: st.integers(low, high) for name, (low, high) in RANGES.items()}
VALUES |= {
    "REAL": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False),
    "BOOLEAN": st.booleans(),
    "VARCHAR": st.text(LETTERS, min_size=1, max_size=6).filter(
        lambda t: t.lower() not in ("null", "nan", "none", "--")
    ),
}


def write(rows, types, path):
    """The rows, tuples in the order of `types` (name to type), in a file."""
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({', '.join(f'{name} {kind}' for name, kind in types.items())})")
        connection.executemany(f"insert into t values ({', '.join('?' for _ in types)})", rows)
        columns = [Column(name, kind) for name, kind in types.items()]
        write_file(connection, "select * from t order by n", columns, "a note", path)


def read_by_package(path):
    with duckdb.connect() as connection:
        source = open_file(connection, path)
        fields = ", ".join(
            f"trim({c.sql})::{c.type}" if c.is_text and c.type != "VARCHAR" else c.sql for c in source.columns.values()
        )
        rows = connection.execute(f"select {fields} from {source.relation(list(source.columns))}").fetchall()
        source.close()
    return dict(zip(source.columns, zip(*rows, strict=True), strict=True))


def plain(value):
    """A value of astropy's as Python's, None where it is masked or NaN."""
    if value is np.ma.masked or value is None:
        return None
    value = value.item() if hasattr(value, "item") else value
    value = value.decode() if isinstance(value, bytes) else value
    return None if isinstance(value, float) and math.isnan(value) else value


def same(seen, expected, kind):
    if expected is None:
        # FITS has NaN for a missing float; astropy has no masks for its truth values, nor for text of VOTable.
        return seen is None or seen != seen or (kind, seen) in (("BOOLEAN", False), ("VARCHAR", ""))
    if kind in ("REAL", "DOUBLE"):
        return seen is not None and float(seen) == float(expected)
    return seen == expected and isinstance(seen, bool) == isinstance(expected, bool)


def tables(kind):
    return st.lists(st.one_of(VALUES[kind], st.none()), min_size=1, max_size=8)


def check(values, kind, suffix, folder):
    path = folder / f"t.{suffix}"
    rows = [(n, value) for n, value in enumerate(values, 1)]
    if (
        kind == "UBIGINT"
        and max(v or 0 for v in values) >= 2**63
        and (suffix == "vot" or (suffix == "fits" and None in values))
    ):
        with pytest.raises(UserError, match="column x is UBIGINT"):
            write(rows, {"n": "INTEGER", "x": kind}, path)
        return
    write(rows, {"n": "INTEGER", "x": kind}, path)
    table = Table.read(path)
    by_astropy = [plain(value) for value in table["x"]]
    is_rounded = suffix == "parquet" and None in values and kind in RANGES
    for seen, expected in zip(by_astropy, values, strict=True):
        assert same(seen, expected, kind) or (is_rounded and seen == float(expected)), (suffix, seen, expected)
    ours = read_by_package(path)["x"]
    for seen, expected in zip(ours, values, strict=True):
        assert same(seen, expected, kind), (suffix, seen, expected)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kind", VALUES)
def test_some_tables_come_back(kind, suffix, tmp_path):
    extremes = list(RANGES.get(kind, ()))
    samples = {"REAL": [1.5, -2.25], "DOUBLE": [0.1, 1e300], "BOOLEAN": [True, False], "VARCHAR": ["N", "N/A"]}
    values = extremes or samples[kind]
    check(values, kind, suffix, tmp_path)
    check([values[0], None, values[1]], kind, suffix, tmp_path)
    check([None], kind, suffix, tmp_path)


@pytest.mark.heavy
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kind", VALUES)
def test_many_tables_come_back(kind, suffix, tmp_path_factory):
    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(tables(kind))
    def run(values):
        check(values, kind, suffix, tmp_path_factory.mktemp("t"))

    run()


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), suffix=st.sampled_from(FORMATS), kind=st.sampled_from(sorted(VALUES)))
def test_random_tables_come_back(data, suffix, kind, tmp_path_factory):
    check(data.draw(tables(kind)), kind, suffix, tmp_path_factory.mktemp("t"))


@pytest.mark.parametrize("suffix", ["fits", "vot", "ecsv", "parquet"])
@pytest.mark.parametrize("lists", [[[1.5, 2.5], [3.5, 4.5]], [[1.5], [2.5, 3.5], []]], ids=["fixed", "variable"])
def test_lists_of_numbers_come_back(lists, suffix, tmp_path):
    write(list(enumerate(lists)), {"n": "INTEGER", "x": "DOUBLE[]"}, tmp_path / f"t.{suffix}")
    table = Table.read(tmp_path / f"t.{suffix}")
    assert [np.asarray(value).tolist() for value in table["x"]] == lists
    with duckdb.connect() as connection:
        source = open_file(connection, tmp_path / f"t.{suffix}")
        query = f"select {source.vectors['x'].sql} from {source.relation(['n', 'x'])}"
        assert [list(row[0]) for row in connection.execute(query).fetchall()] == lists
        source.close()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("date '2020-01-02'", "2020-01-02"),
        ("timestamp '2020-01-02 03:04:05.5'", "2020-01-02T03:04:05.500000"),
        ("'x'::enum('x', 'y')", "x"),
        ("'0199e3a4-0000-7000-8000-000000000001'::uuid", "0199e3a4-0000-7000-8000-000000000001"),
    ],
)
@pytest.mark.parametrize("suffix", ["fits", "vot", "ecsv"])
def test_times_and_names_are_text(value, text, suffix, tmp_path):
    with duckdb.connect() as connection:
        query = f"select 1 as n, {value} as x"
        write_file(connection, query, [Column("n", "INTEGER"), Column("x", "VARCHAR")], "", tmp_path / f"t.{suffix}")
    assert [plain(value) for value in Table.read(tmp_path / f"t.{suffix}")["x"]] == [text]


@pytest.mark.parametrize(
    ("value", "expected"), [("7::hugeint", 7), ("(2**63)::hugeint + 1", 2**63 + 1), ("1.25::decimal(5, 2)", 1.25)]
)
@pytest.mark.parametrize("suffix", ["fits", "ecsv", "parquet"])
def test_wide_numbers_that_fit_stay_exact(value, expected, suffix, tmp_path):
    with duckdb.connect() as connection:
        query = f"select 1 as n, {value} as x"
        write_file(connection, query, [Column("n", "INTEGER"), Column("x", "DOUBLE")], "", tmp_path / f"t.{suffix}")
    assert Table.read(tmp_path / f"t.{suffix}")["x"][0] == expected


@pytest.mark.parametrize(
    ("value", "suffix"),
    [
        ("(2::hugeint ** 90)::hugeint + 1", "fits"),
        ("['a', 'b']", "fits"),
        ("{'a': 1}", "vot"),
        ("'x'::blob", "ecsv"),
        ("interval 1 day", "fits"),
        ("[1, null]", "fits"),
        ("[1, null]", "vot"),
        ("[[1, 2], [3, 4]]", "fits"),
        ("(2**63)::ubigint", "vot"),
        ("union_value(a := 1)", "parquet"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_by_name(value, suffix, tmp_path):
    with duckdb.connect() as connection:
        query = f"select 1 as n, {value} as strange"
        with pytest.raises(UserError, match=r"t\.\w+: column strange (is|holds) "):
            write_file(connection, query, [Column("n", "INTEGER"), Column("strange", "")], "", tmp_path / f"t.{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_structs_are_json_in_ecsv(tmp_path):
    with duckdb.connect() as connection:
        query = "select 1 as n, {'a': 1, 'b': ['x']} as s"
        write_file(connection, query, [Column("n", "INTEGER"), Column("s", "")], "", tmp_path / "t.ecsv")
    assert json.loads(json.dumps(Table.read(tmp_path / "t.ecsv")["s"][0])) == {"a": 1, "b": ["x"]}


def test_parquet_says_to_astropy_which_text_is_missing(tmp_path):
    write([(1, "Y"), (2, None), (3, "N")], {"n": "INTEGER", "x": "VARCHAR"}, tmp_path / "t.parquet")
    column = Table.read(tmp_path / "t.parquet")["x"]
    assert column.mask.tolist() == [False, True, False]
    assert duckdb.sql(f"select x from '{tmp_path}/t.parquet' order by n").fetchall() == [("Y",), (None,), ("N",)]


def test_units_are_those_of_the_standards(tmp_path, recwarn):
    columns = [Column("n", "INTEGER"), Column("m", "DOUBLE", "Msun"), Column("feh", "DOUBLE", "dex", "", "Metallicity")]
    for suffix in ("fits", "vot"):
        with duckdb.connect() as connection:
            write_file(connection, "select 1 as n, 1.5 as m, -0.5 as feh", columns, "", tmp_path / f"t.{suffix}")
        table = Table.read(tmp_path / f"t.{suffix}")
        assert str(table["m"].unit) == "solMass"
        assert str(table["feh"].unit) == {"fits": "dex", "vot": "None"}[suffix]
    assert [str(w.message) for w in recwarn if "Unit" in type(w.message).__name__] == []
    assert table["feh"].description == "Metallicity [dex]"
