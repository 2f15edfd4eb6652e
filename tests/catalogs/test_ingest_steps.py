"""Steps of an ingest on a few rows: surveys, fields, checks, releases, cones and proposals, each by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.catalogs import (
    any_table,
    checks,
    cone,
    elements,
    fields,
    in_place,
    prepare,
    proposal,
    recognise,
    regions,
    releases,
    survey,
    typed,
    units,
)
from candlesql.catalogs.any_table import Theirs
from candlesql.catalogs.readers import FileColumn
from candlesql.catalogs.readers.source import Source
from candlesql.catalogs.remote.address import Address
from candlesql.catalogs.survey import Column, Element, Layout, Release, Survey
from candlesql.catalogs.units import Conversion
from candlesql.errors import MissingColumn, RefusedFile, UnknownName, UserError, WrongUnit

T = Path("t.csv")


def rows_of(connection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()


def survey_of(*columns: Column, **given) -> Survey:
    said = {"name": "mine", "title": "t", "citation": "c", "id": columns[0].name}
    return Survey(columns={column.name: column for column in columns}, **said | given)


ID, RA, DEC = Column("id", "BIGINT"), Column("ra", "DOUBLE", "deg"), Column("dec", "DOUBLE", "deg")
PLACED = survey_of(ID, RA, DEC, ra="ra", dec="dec")


def source_of(*columns: FileColumn, rows: str = "t", **given) -> Source:
    return Source(T, {column.name: column for column in columns}, lambda names: rows, **given)


# --- which column is which


def test_columns_are_chosen_by_name_or_another_known_name():
    mine = survey_of(
        ID, Column("mag", "REAL", aka=("Vmag", "v")), Column("x", "REAL"), Column("one", "REAL", constant=1.0),
        Column("e", "REAL", element=Element("m", (1, 2), (2, 2))), Column("right", "DOUBLE"), ra="right", dec="x",
    )  # fmt: skip
    there = [FileColumn(name, name) for name in ("ID", "vMAG", "X", "x", "one", "m[1,2 of 2,2]", "RA", "beside")]
    assert fields.choose(mine, source_of(*there), {}) == {
        "id": "ID", "mag": "vMAG", "x": "x", "e": "m[1,2 of 2,2]", "right": "RA"
    }  # fmt: skip
    renamed = fields.choose(mine, source_of(*there), {"beside": "mag", "x": "id"})
    assert (renamed["mag"], renamed["id"], renamed["x"]) == ("beside", "x", "X")


@pytest.mark.parametrize(
    ("given", "left_out", "renames", "kind", "words"),
    [
        (("id",), (), {}, MissingColumn, "column need is missing; .* --rename THEIRS=need"),
        (("id",), ("NEED",), {}, MissingColumn, "column NEED is of a kind that is not read"),
        (("id", "need"), (), {"a": "need"}, MissingColumn, "column a is not in the file$"),
        (("id", "need"), (), {"NEED": "need"}, MissingColumn, "column NEED is not in the file; it has need"),
        (("id", "need"), ("v",), {"v": "need"}, MissingColumn, "column v has several values a row"),
        (("id", "need"), (), {"need": "other"}, UnknownName, "survey mine has no column other"),
        (("id", "need"), (), {"id": "need", "need": "need"}, UserError, "two columns cannot both become need"),
    ],
)
def test_columns_that_cannot_be_chosen(given, left_out, renames, kind, words):
    mine = survey_of(ID, Column("need", "REAL", required=True))
    with pytest.raises(kind, match=words):
        fields.choose(mine, source_of(*(FileColumn(n, n) for n in given), left_out=left_out), renames)


def test_a_column_by_another_needs_that():
    mine = survey_of(ID, Column("mass", "REAL", by="kind", values={"a": 1.0}))
    with pytest.raises(MissingColumn, match=r"column kind is missing; .* fills mass by it"):
        fields.choose(mine, source_of(FileColumn("id", "id")), {})
    assert fields.choose(mine, source_of(FileColumn("id", "id"), FileColumn("kind", "kind")), {}) == {"id": "id"}


@pytest.mark.parametrize(
    ("ucd", "is_refused"),
    [("pos.eq.ra;meta.main", False), ("POS.EQ.RA", False), ("", False), ("stat.error;pos.eq", False),
        ("pos.galactic.lon", True),
     ("pos.eq.dec", True)],
)  # fmt: skip
def test_positions_that_are_others_by_their_ucd(ucd, is_refused):
    source = source_of(
        FileColumn("id", "id"), FileColumn("ra", "ra", ucd=ucd), FileColumn("dec", "dec", ucd="pos.eq.dec")
    )
    if is_refused:
        with pytest.raises(RefusedFile, match="column ra is pos"):
            fields.choose(PLACED, source, {})
    else:
        fields.choose(PLACED, source, {})


# --- the SQL of a column


@pytest.mark.parametrize(
    ("column", "said", "given", "expected"),
    [
        (Column("x", "REAL", constant=2.5), None, "1", 2.5),
        (Column("x", "REAL", by="theirs", values={"a": 1.0, "b": 2.0}), FileColumn("theirs", "theirs", is_text=True),
            "' b '", 2.0),
        (Column("x", "REAL"), None, "1", None),
        (Column("x", "REAL", "mag"), FileColumn("theirs", "theirs", "mmag", type="REAL"), "1500.0::real", 1.5),
        (Column("x", "REAL", "mag"), FileColumn("theirs", "theirs", "mmag", type="REAL"), "-9.0::real", -9.0),
        (Column("x", "DOUBLE"), FileColumn("theirs", "theirs", is_text=True), "' 1.5 '", 1.5),
        (Column("x", "DOUBLE"), FileColumn("theirs", "theirs", is_text=True, type="VARCHAR"), "'None'", None),
        (Column("x", "INTEGER"), FileColumn("theirs", "theirs", is_float=True, type="DOUBLE"), "'nan'::double", None),
        (Column("x", "INTEGER"), FileColumn("theirs", "theirs", is_float=True, type="DOUBLE"), "3.0::double", 3),
        (Column("x", "VARCHAR"), FileColumn("theirs", "theirs", type="VARCHAR", is_text=True), "' a '", " a "),
        (Column("x", "VARCHAR"), FileColumn("theirs", "theirs", is_text=True), "' a '", "a"),
        (Column("x", "VARCHAR"), FileColumn("theirs", "theirs", type="BIGINT"), "7", "7"),
        (Column("id", "BIGINT"), FileColumn("theirs", "theirs", is_text=True), "'gaia  dr3 12'", 12),
        (Column("id", "VARCHAR"), FileColumn("theirs", "theirs", is_text=True), "'Gaia DR3 a'", "a"),
        (Column("id", "BIGINT"), FileColumn("theirs", "theirs", type="BIGINT"), "12", 12),
        (Column("x", "SMALLINT", "K"), FileColumn("theirs", "theirs", "kK", type="DECIMAL(3,1)"), "1.5::decimal(3,1)",
            1500),
    ],
)  # fmt: skip
def test_fields_from_a_file(connection, column, said, given, expected):
    mine = survey_of(
        *([column] if column.name == "id" else [ID, column]), sentinels=(-9.0,), id_prefixes=("Gaia DR3 ",)
    )
    source = source_of(*([said] if said else []))
    theirs = "theirs" if said and not column.by else None
    sql = fields.typed_field(mine, column, theirs, source, {})
    ((found,),) = rows_of(connection, f"select {sql} from (select {given} as theirs)")
    assert found == expected


@pytest.mark.parametrize(
    ("column", "said", "given"),
    [
        (Column("x", "INTEGER"), FileColumn("t", "t", is_float=True, type="DOUBLE"), "3.5::double"),
        (Column("x", "INTEGER"), FileColumn("t", "t", is_text=True), "'3.5'"),
        (Column("x", "BIGINT"), FileColumn("t", "t", is_float=True, type="DOUBLE"), f"{2**53}::double"),
        (Column("x", "BIGINT"), FileColumn("t", "t", is_float=True, type="REAL"), f"{2**24}::real"),
        (Column("x", "BIGINT"), FileColumn("t", "t", is_text=True), "'1e5'"),
        (Column("x", "BIGINT"), FileColumn("t", "t", is_text=True), f"'{2**53}.0'"),
        (Column("id", "BIGINT"), FileColumn("t", "t", is_text=True), "'1.5'"),
        (Column("x", "INTEGER"), FileColumn("t", "t", type="DECIMAL(3,1)"), "1.5::decimal(3,1)"),
    ],
)
def test_numbers_that_are_not_whole(connection, column, said, given):
    mine = survey_of(*([column] if column.name == "id" else [ID, column]))
    sql = fields.typed_field(mine, column, "t", source_of(said), {})
    with pytest.raises(duckdb.Error, match="not whole"):
        rows_of(connection, f"select {sql} from (select {given} as t)")
    whole = given.replace("3.5", "3").replace("1.5", "1").replace(f"{2**53}", "12").replace(f"{2**24}", f"{2**24 - 1}")
    rows_of(connection, f"select {sql} from (select {whole.replace('1e5', '15')} as t)")


def test_times_are_those_of_greenwich(connection):
    column = Column("x", "VARCHAR")
    sql = fields.typed_field(
        survey_of(ID, column), column, "t", source_of(FileColumn("t", "t", type="TIMESTAMP WITH TIME ZONE")), {}
    )
    connection.execute("set timezone = 'Asia/Tokyo'")
    given = "timestamptz '2020-01-02 03:04:05+02:00'"
    assert rows_of(connection, f"select {sql} from (select {given} as t)") == [("2020-01-02 01:04:05Z",)]


def test_positions_in_hours_and_degrees(connection):
    texts = [FileColumn(name, name, is_text=True) for name in ("ra", "dec")]
    source = source_of(*texts, rows="(select '01:30:36' as ra, '-01:30:36' as dec)")
    in_parts = fields.sexagesimal(connection, PLACED, source, {"ra": "ra", "dec": "dec"})
    assert in_parts == {"ra", "dec"}
    made = [fields.typed_field(PLACED, PLACED.columns[n], n, source, {}, in_parts) for n in ("ra", "dec")]
    ((ra, dec),) = rows_of(connection, f"select {', '.join(made)} from {source.relation([])}")
    assert (ra, dec) == (pytest.approx(22.65), pytest.approx(-1.51))
    for said, rows in (
        ({"unit": "deg"}, "'01:30:36'"), ({"is_text": False}, "'01:30:36'"), ({}, "'1.5'"), ({}, "null::varchar"),
        ({"unit": "hourangle"}, "'1 2 3'"),
    ):  # fmt: skip
        other = source_of(replace(texts[0], **said), rows=f"(select {rows} as ra)")
        assert fields.sexagesimal(connection, PLACED, other, {"ra": "ra"}) == frozenset()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("x", "REAL"), {-9: True, 99.5: True, 1: False, "inf": True, "nan": True, 95: False, None: None}),
        (Column("x", "REAL", "mag"), {-9: True, 90: True, -90: True, 89.9: False, "inf": True}),
        (Column("x", "INTEGER"), {-9: True, 99: False, 1: False}),
        (Column("x", "INTEGER", "mag"), {90: True, 89: False}),
    ],
)
def test_values_that_stand_for_missing_ones(connection, column, expected):
    test = fields.is_sentinel(survey_of(ID, column, sentinels=(-9.0, 99.5)), column)
    for given, is_one in expected.items():
        value = "null" if given is None else f"'{given}'::{column.type}"
        assert rows_of(connection, f"select {test} from (select {value} as x)") == [(is_one,)], given


def test_columns_that_have_no_sentinels():
    mine = survey_of(
        replace(ID, type="INTEGER"),
        replace(RA, required=True),
        DEC,
        Column("s", "VARCHAR"),
        ra="ra",
        dec="dec",
        sentinels=(1.0,),
    )
    found = {name: bool(fields.is_sentinel(mine, column)) for name, column in mine.columns.items()}
    assert found == {"id": False, "ra": False, "dec": True, "s": False}
    assert fields.is_sentinel(survey_of(ID, Column("n", "INTEGER")), Column("n", "INTEGER")) == ""
    assert fields.is_sentinel(survey_of(ID, Column("x", "REAL")), Column("x", "REAL")) == 'not isfinite("x")'


@pytest.mark.parametrize(
    ("kind", "said", "value", "words"),
    [
        ("BIGINT", {}, "99999999999999999999", "too large for x, a 64-bit integer"),
        ("BIGINT", {}, "1.5e18", "has lost digits of x"),
        ("BIGINT", {}, f"{2**53}.5", "has lost digits"),
        ("BIGINT", {}, "3.5", "which is no BIGINT; mend the file or its delimiter"),
        ("BIGINT", {}, "Gaia DR2 12", "an identifier of Gaia DR2, which is another release"),
        ("REAL", {}, "a", "which is no REAL"),
        ("BIGINT", {}, "inf", "which is no BIGINT"), ("BIGINT", {}, "Gaia EDR3 1", "an identifier of Gaia EDR3"),
        ("INTEGER", {}, "2.5", "which is no INTEGER"),
    ],
)  # fmt: skip
def test_the_first_value_that_does_not_fit(connection, kind, said, value, words):
    column = Column("x", kind)
    source = source_of(FileColumn("x", "x", is_text=True), rows=f"(select unnest(['1', null, 'nan', '{value}']) as x)")
    found = fields.first_misfit(connection, survey_of(ID, column), source, {"x": "x"}, duckdb.Error("an error"))
    assert words in str(found)
    assert repr(value) in str(found)


def test_faults_that_are_of_no_value(connection):
    source = source_of(FileColumn("x", "x", is_text=True), rows="(select '1' as x)")
    mine = survey_of(ID, Column("x", "REAL"))
    assert "damaged" in str(fields.first_misfit(connection, mine, source, {"x": "x"}, duckdb.Error("an error")))
    position = fields.first_misfit(connection, mine, source, {}, duckdb.Error("Error: no position: " + "1" * 70))
    assert f"'{'1' * 60}' is no position in hours" in str(position)
    plain = fields.first_misfit(
        connection, mine, source_of(FileColumn("x", "x"), rows="(select 'a' as x)"), {"x": "x"}, duckdb.Error("")
    )
    assert str(plain).endswith("which is no REAL; mend the file")


@pytest.mark.parametrize(
    ("ours", "theirs", "stated", "expected"),
    [
        ("mag", "mmag", None, Conversion(0.001)), ("mag", "mmag", "mag", Conversion()),
        ("", "mmag", None, Conversion()),
        ("dex", "", None, Conversion()), ("dex", "solMass", None, "cannot be converted to dex"),
        ("K", "log(K)", None, "'log\\(K\\)', a logarithm"),
        ("K", "[K]", None, "CDS writes the logarithm"), ("K", "[K]", "dex(K)", Conversion(1.0, power=1.0)),
        ("K", "mas", None, "say --unit x=K"),
        ("K", "lg K", None, r"say --unit 'x=dex\(K\)'"), ("dex", "[K]", None, Conversion()),
    ],
)  # fmt: skip
def test_conversions_from_what_a_file_says(ours, theirs, stated, expected):
    column, said = Column("x", "REAL", ours), FileColumn("x", "x", theirs)
    if isinstance(expected, str):
        with pytest.raises(WrongUnit, match=expected):
            fields._conversion(column, source_of(said), said, stated)
    else:
        assert fields._conversion(column, source_of(said), said, stated) == expected
    assert fields._conversion(Column("x", "VARCHAR", "K"), source_of(said), said, "mas") == Conversion()


# --- units


def test_units_by_hand():
    assert Conversion(2.0, 1.0).sql("x") == "x * 2.0 + 1.0"
    assert Conversion(2.0).sql("x") == "x * 2.0"
    assert Conversion(3.0, power=0.4).sql("x") == "3.0 * pow(10, 0.4 * x)"
    assert (Conversion().is_identity, Conversion(1.1).is_identity) == (True, False)
    assert units.conversion("dex(m / s2)", "dex(cm / s2)") == Conversion(1.0, 2.0)
    jansky = units.conversion("mag(AB)", "Jy")
    assert (jansky.factor, jansky.offset, jansky.power) == (pytest.approx(3630.78, abs=0.01), 0, -0.4)
    assert units.conversion("K", "K") == Conversion()
    assert (units.in_brackets(" [K] "), units.in_brackets("K]"), units.in_brackets("[K")) == (True, False, False)
    assert [units.standard(text, "fits") for text in ("mag", "", "nonsense", "dex")] == ["mag", "", "", ""]
    found = [units.is_only_astropys(text) for text in ("electron / s", "mag", "", "nonsense", "dex(cm / s2)")]
    assert found == [units.standard("electron / s", "fits") == "", False, False, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", False), ("[K]", False), ("dex", False), ("dex(K)", False), ("K", True), ("mag", True),
        ("mag(AB)", True),
     ("%", False), ("rad", True)],
)  # fmt: skip
def test_units_other_than_dex(text, expected):
    assert units.is_other_than_dex(text) is expected


# --- checks of rows


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("(1, 10, 20), (2, 10, 20)", ""),
        ("(1, 10, 20), (1, 11, 20), (3, 1, 1), (3, 1, 1)", r"id 1 stands in 2 rows \(2 such identifiers\)"),
        ("(1, 10, 20), (null, 10, 20)", "id is NULL in 1 rows; give every row an identifier"),
        ("(1, 360, 90), (2, 0, -90)", ""),
        ("(1, 361, 20), (2, -1, 20), (7, 10, 20)", r"ra is 361.0 for id 1 \(2 such rows\), outside 0 to 360 deg"),
        ("(4, 10, 20), (5, 10, -90.5)",
            r"dec is -90.5 for id 5 \(1 such rows\), outside -90 to 90 deg; .* --unit dec=hourangle"),
        ("(4, null, 20), (3, 10, null), (5, 1, 1)", "ra or dec is NULL in 2 rows, the first is id 3; leave those out"),
    ],
)  # fmt: skip
def test_rows_that_are_refused(connection, rows, words):
    mine = survey_of(ID, replace(RA, required=True), DEC, ra="ra", dec="dec")
    relation = f"(select id::bigint as id, ra::double as ra, d::double as dec from (values {rows}) as t(id, ra, d))"
    ((*found,),) = rows_of(connection, f"select {', '.join(checks.facts_sql(mine).values())} from {relation}")
    facts = dict(zip(checks.facts_sql(mine), found, strict=True))
    if words:
        with pytest.raises(RefusedFile, match=f"^t.csv: {words}"):
            checks.check_rows(connection, mine, relation, facts, [T], {})
    else:
        checks.check_rows(connection, mine, relation, facts, [T], {})
    free = replace(mine, unique=False, columns=mine.columns | {"ra": RA})
    if "stands in" in words or "is NULL in 2" in words:
        checks.check_rows(connection, free, relation, {k: v for k, v in facts.items() if k != "n_different"}, [T], {})
    assert "n_different" not in checks.facts_sql(free)
    assert list(checks.facts_sql(survey_of(ID))) == ["n", "n_missing", "n_different"]


@pytest.mark.parametrize(("form", "odd", "fine"), [("jd", 2396757, 2451545), ("mjd", 106333, 51544)])
def test_epochs_that_are_refused(connection, form, odd, fine):
    mine = survey_of(ID, RA, DEC, Column("t", "DOUBLE"), ra="ra", dec="dec", epoch={"column": "t", "format": form})
    for day, words in (
        (fine, ""),
        (odd, rf"t is {odd}.0 for id 2 \(1 such rows\), no date as {form.upper()} between 1850 and 2150"),
    ):
        values = f"(1, 10.0, 20.0, {fine}::double), (2, 11.0, 20.0, {day}::double)"
        relation = f"(select * from (values {values}) as x(id, ra, dec, t))"
        ((*found,),) = rows_of(connection, f"select {', '.join(checks.facts_sql(mine).values())} from {relation}")
        facts = dict(zip(checks.facts_sql(mine), found, strict=True))
        if words:
            with pytest.raises(RefusedFile, match=words):
                checks.check_rows(connection, mine, relation, facts, [T], {})
        else:
            checks.check_rows(connection, mine, relation, facts, [T], {})


def test_positions_that_look_like_hours(connection):
    facts = {"n_off": 0, "low": 0.1, "high": 23.9, "south": -30.0, "north": 60.0, "n_ra": 9}
    rows = checks.Rows(connection, "t", "t.csv", "id", "ra", "dec", "say --unit ra={}")
    said = (
        "ra runs from 0.100 to 23.900 over 90 deg of declination, which looks like hours; say --unit ra=hourangle, or "
    )
    with pytest.raises(RefusedFile, match=f"{said}say --unit ra=deg"):
        checks.check_places(rows, facts)
    checks.check_places(rows, facts, is_unit_said=True)
    with pytest.raises(RefusedFile, match="looks like radians; say --unit ra=rad"):
        checks.check_places(rows, facts | {"high": 6.2, "south": -0.5, "north": 0.5})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0, 24, -15, 15, 5), "hourangle"), ((0, 24, -15, 15, 4), ""), ((12.1, 24, -15, 15, 5), ""),
        ((12, 24, -15, 15, 5), "hourangle"),
        ((0, 24, -15, 14.9, 5), ""), ((0, 24, None, None, 5), ""), ((0, 3.2, -0.4, 0.4, 5), "rad"),
        ((0, 3.19, -0.4, 0.4, 5), ""), ((0.5, 3.6, -0.4, 0.4, 5), ""),
        ((0, 3.2, -0.4, 0.39, 5), ""), ((0, 6.28, -1.57, 0, 5), "rad"), ((0, 6.29, -1.57, 0, 5), ""),
        ((0, 6.28, -1.58, 0, 5), ""),
        ((0, 6.28, 0, 1.58, 5), ""),
    ],
)  # fmt: skip
def test_what_positions_look_like(given, expected):
    assert checks.looks_like(*given) == expected


# --- elements of vectors


def test_places_of_elements():
    element = Element("m", (2, 3), (4, 5))
    assert (element.label, element.place) == ("m[2,3 of 4,5]", 8)
    assert Element("m", (1,), (3,)).place == 1


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("INTEGER[6]", "[1, 2, 3, 4, 5, 6]", 6), ("INTEGER[]", "[1, 2, 3, 4, 5, 6]", 6),
        ("INTEGER[]", "[1, 2, 3]", None),
        ("INTEGER[3][2]", "[[1, 2, 3], [4, 5, 6]]", 6), ("INTEGER[][]", "[[1, 2, 3], [4, 5]]", None),
        ("INTEGER[5]", "", ""),
        ("INTEGER[2][3]", "", ""), ("INTEGER[3][2][1]", "", ""),
    ],
)  # fmt: skip
def test_elements_of_vectors(connection, kind, given, expected):
    """The last of two rows of three, in a vector of six or in a matrix."""
    sql = elements._sql(Element("m", (2, 3), (2, 3)), FileColumn("m", "m", type=kind))
    assert (sql == "") is (expected == "")
    if sql:
        assert rows_of(connection, f"select {sql} from (select {given} as m)") == [(expected,)]


def test_elements_are_columns_of_their_own():
    mine = survey_of(
        ID,
        Column("e", "REAL", element=Element("M", (2,), (3,))),
        Column("f", "REAL", element=Element("other", (1,), (3,))),
    )
    asked = []
    vector = FileColumn("m", "m", "mag", type="REAL[3]")
    source = Source(T, {"id": FileColumn("id", "id")}, lambda names: asked.append(names) or "t", vectors={"m": vector})
    found = elements.with_elements(mine, source)
    assert list(found.columns) == ["id", "M[2 of 3]"]
    column = found.columns["M[2 of 3]"]
    assert (column.unit, column.type, column.part_of) == ("", "REAL", "m")
    assert found.relation(["id", "M[2 of 3]", "m"]) == "t"
    assert asked == [["id", "m"]]
    plain = replace(source, vectors={})
    assert elements.with_elements(mine, plain) is plain


# --- releases


OURS = Release("Gaia DR2", "Gaia", {"designation": ["Gaia DR2"]}, {"ref_epoch": [2015.5]}, ("old",))
OTHER = Release("Gaia DR3", "Gaia", {"designation": ["Gaia DR3"]}, {"ref_epoch": [2016.0]}, ("new", "both"))
FAR = Release("2MASS", "2MASS", columns=("j",))


@pytest.mark.parametrize(
    ("columns", "row", "expected"),
    [
        (("designation",), "'Gaia DR2 12'", True),
        (("designation",), "'Gaia DR3 12'", r"is of Gaia DR3 \(designation is 'Gaia DR3 12'\), not of Gaia DR2"),
        (("ref_epoch",), "2015.5", True), (("ref_epoch",), "'2015.50'", True),
        (("ref_epoch",), "2016", "is of Gaia DR3 .*; ingest it as dr3"),
        (("ref_epoch",), "1999", "ref_epoch is 1999, which no file of Gaia DR2 has; .*: dr2, dr3$"),
        (("ref_epoch",), "'x'", "which no file of Gaia DR2 has"), (("ref_epoch",), "null", False),
        (("NEW",), "1", r"is of Gaia DR3 \(new is a column of it\)"),
        (("OLD",), "1", True), (("x",), "1", False), (("j",), "1", False),
        (("both", "old"), "1, 2", r"is of Gaia DR3 \(both"),
    ],
)  # fmt: skip
def test_files_of_a_release(connection, monkeypatch, columns, row, expected):
    monkeypatch.setattr(releases, "_releases", lambda: {"dr2": OURS, "dr3": OTHER, "twomass": FAR})
    names = ", ".join(f"c{i}" for i in range(len(columns)))
    source = source_of(
        *(FileColumn(n, f"c{i}") for i, n in enumerate(columns)), rows=f"(select * from (values ({row})) as t({names}))"
    )
    mine = survey_of(ID, release=OURS)
    if isinstance(expected, str):
        with pytest.raises(RefusedFile, match=expected):
            releases.check_release(connection, mine, source)
    else:
        assert releases.check_release(connection, mine, source) is expected
    assert releases.check_release(connection, survey_of(ID), source) is True


# --- survey files


def test_types_of_entries_of_toml():
    made = survey_of(ID)
    typed.refuse_other_types(made)
    for given, words in (
        ({"title": 3}, "mine: title is 3, where a text is wanted"), ({"unique": 1}, "unique is 1, where true or false"),
        ({"epoch": True}, "epoch is True, where a number or a table is wanted"),
        ({"sentinels": (1, "a")}, "where a list is wanted"),
        ({"columns": {"id": replace(ID, required="x")}}, "id: required is 'x', where true or false"),
        ({"errors": {"east": 1}}, "where a table"),
        ({"layout": 3}, "where another kind of value is wanted"),
        ({"columns": {"id": replace(ID, constant=True)}}, "where a number is wanted"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=words):
            typed.refuse_other_types(replace(made, **given))
    for given in (
        {"epoch": 2000},
        {"epoch": {"column": 1}},
        {"sentinels": (1, 2.5)},
        {"layout": Layout(("a",))},
        {"path": T},
    ):
        typed.refuse_other_types(replace(made, **given))
    assert typed.listed("x", [1, 2]) == (1, 2)
    with pytest.raises(TypeError, match="x is 'ab', where a list is wanted"):
        typed.listed("x", "ab")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ra": "ra"}, "ra and dec, and pmra and pmdec, go together"), ({"pmra": "ra"}, "go together"),
        ({"id": "x"}, "id = 'x' is not among"),
        ({"id": ""}, "id = '' is not among"), ({"parallax": "x"}, "parallax = 'x' is not among"),
        ({"sentinels": (1.0, float("nan"))}, "nan and inf are no numbers"),
        ({"epoch": float("inf")}, "nan and inf"), ({"name": "a b"}, "is no plain name"), ({"title": 3}, "3 is no text"),
        ({"epoch": {"column": "x", "format": "jd"}}, "wants one of its columns"),
        ({"epoch": {"column": "ra", "format": "x"}}, "a format of jd, mjd"),
        ({"errors": {"east": "ra"}}, "wants east and north, or major, minor and angle"),
        ({"errors": {"east": "ra", "north": "x"}}, "'x' is not among"),
        ({"errors": {"major": "ra", "minor": "ra", "angle": "ra", "co": "ra"}}, "wants east"),
    ],
)  # fmt: skip
def test_surveys_that_do_not_fit_together(given, words):
    survey._check(PLACED)
    survey._check(
        replace(PLACED, errors={"east": "ra", "north": "dec", "co": "ra"}, epoch={"column": "ra", "format": "mjd"})
    )
    with pytest.raises((ValueError, TypeError), match=words):
        survey._check(replace(survey_of(ID, RA, DEC), **given))
    for column in (replace(RA, constant=float("inf")), replace(RA, values={"a": float("nan")})):
        with pytest.raises(ValueError, match="nan and inf"):
            survey._check(survey_of(ID, column))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, "layout says either names, or bytes"), ({"names": ["a"], "bytes": {"a": "1"}}, "either names, or bytes"),
        ({"bytes": {"a": "0-3"}}, "the bytes of a are '0-3'"), ({"bytes": {"a": "3-2"}}, "the bytes of a"),
        ({"bytes": {"a": "x"}}, "bytes of a"),
        ({"names": ["a", "a"]}, "a name stands twice"),
        ({"names": ["a"], "comments": "#"}, "entry 'comments' is unknown, perhaps comment"),
    ],
)  # fmt: skip
def test_layouts_that_are_none(entry, words):
    with pytest.raises(ValueError, match=words):
        survey._layout(entry)


def test_layouts_of_text():
    assert survey._layout({"bytes": {"a": "1", "b": " 2 - 5 ", "c": 7}}) == Layout(
        ("a", "b", "c"), "", {"a": (1, 1), "b": (2, 5), "c": (7, 7)}
    )
    assert survey._layout({"names": ["a"], "delimiter": ",", "comment": "%"}) == Layout(("a",), ",", {}, "%")


@pytest.mark.parametrize(
    ("name", "entry", "words"),
    [
        ("a b", {"type": "REAL"}, "is no plain name"), ("a", {}, "column a has no type"),
        ("a", {"type": "FLOAT"}, "has type FLOAT, not one of BIGINT"),
        ("a", {"type": "REAL", "constant": "x"}, "is to be filled with 'x'"),
        ("a", {"type": "REAL", "units": "K"}, "entry 'units' is unknown, perhaps unit"),
        ("a", {"type": "REAL", "element": {"of": "m", "index": [4], "shape": [3]}},
            r"m\[4 of 3\] is no element of a shape \[3\]"),
        ("a", {"type": "REAL", "element": {"of": "m", "index": [0], "shape": [3]}}, "is no element"),
        ("a", {"type": "REAL", "element": {"of": "m", "index": [1, 1], "shape": [3]}}, "is no element"),
        ("a", {"type": "REAL", "element": {"of": "m", "index": [], "shape": []}}, "is no element"),
    ],
)  # fmt: skip
def test_columns_of_surveys_that_are_none(name, entry, words):
    with pytest.raises(ValueError, match=words):
        survey._column(name, entry, None)


def test_a_survey_like_another(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'like = "twomass"\ntitle = "t"\nsentinels = [1, 2]\nid_prefixes = ["a"]\n[release]\nname = "r"\nfamily = "f"\n'
        "[layout]\nnames = ['a']\n"
    )
    found = survey.read_survey(file)
    shipped = survey.load_survey("twomass")
    assert (found.name, found.title, found.citation, found.sentinels, found.id_prefixes) == (
        "mine",
        "t",
        shipped.citation,
        (1.0, 2.0),
        ("a",),
    )
    assert found.release == Release("r", "f")
    assert found.layout == Layout(("a",))
    assert found.path == file
    for text, words in (
        ("like = 'gaia_dr2'\nunique = 1", "unique is 1, where true or false is wanted"),
        ("like = 'mine'", 'like = "mine" names no other survey'), ("like = 'x'", 'like = "x" names no other'),
        ("x = ", "not a TOML file"),
        ("id = 'a'\n[columns]\na = {type = 'REAL'}", "entry 'title' is missing"),
        ("titel = 'a'\n[columns]\n", "entry 'titel' is unknown, perhaps title"),
    ):  # fmt: skip
        file.write_text(text)
        with pytest.raises(RefusedFile, match=words):
            survey.read_survey(file, tmp_path)
    with pytest.raises(UnknownName, match="survey 'twomas' is unknown; nearest: twomass"):
        survey.load_survey("twomas", tmp_path)
    with pytest.raises(UnknownName, match=r"there are .*mine"):
        survey.load_survey("zzzzzz", tmp_path)


def test_epochs_of_surveys():
    assert replace(PLACED, epoch=2015.5).epoch_sql == "2015.5::double"
    by_row = replace(PLACED, epoch={"column": "t", "format": "mjd", "instant": True})
    assert by_row.epoch_sql == 'sphere.year_of_mjd("t")'
    assert (by_row.is_seen_from_earth, PLACED.is_seen_from_earth) == (True, False)
    assert replace(by_row, epoch={"column": "t", "format": "mjd"}).is_seen_from_earth is False
    assert (PLACED.has_position, survey_of(ID).has_position, PLACED.passband) == (True, False, "")
    assert survey_of(ID, Column("g", "REAL", passband="Gaia DR2")).passband == "Gaia DR2"
    assert (Column("x", "REAL", constant=0.0).derived, Column("x", "REAL", by="y").derived, ID.derived) == (
        True,
        True,
        False,
    )


# --- a catalog of one's own as Parquet


def test_names_that_differ_by_more_than_case():
    columns = {name: FileColumn(name, name) for name in ("g", "G", "g_2", "x")}
    assert any_table._distinct(columns) == {"g": "g", "G": "G_2", "g_2": "g_2_2", "x": "x"}


def test_text_that_holds_nothing_but_numbers(connection):
    given = {
        "a": ("'1'", "' 2 '", "null"), "b": ("'1.5'", "'2'", "'x'"), "c": ("'1.5'", "'2'", "'3e5'"),
        "d": ("'true'", "'FALSE'", "null"),
        "e": ("'007'", "'1'", "'2'"), "f": (f"'{2**64 - 1}'", "'1'", "'2'"), "g": (f"'{2**53 + 1}'", "'1.5'", "'2'"),
        "h": ("null", "null", "null"), "i": (f"'{2**53}'", "'1.5'", "'2'"), "j": ("'-5'", "'+3'", "'0'"),
    }  # fmt: skip
    rows = ", ".join("(" + ", ".join(column[i] for column in given.values()) + ")" for i in range(3))
    relation = f"(select * from (values {rows}) as t({', '.join(given)}))"
    found = any_table._casts(connection, relation, list(given))
    assert {cast.partition(")::")[2].replace('"', "") for cast in found} == {
        "bigint as a", "double as c", "boolean as d", "ubigint as f", "double as i", "bigint as j"
    }  # fmt: skip
    assert any_table._casts(connection, relation, []) == []


def test_columns_as_their_file_has_them():
    vector, part = FileColumn("v", "v", type="REAL[2]"), FileColumn("v[1]", "v1", part_of="v")
    lone, other = FileColumn("w[1]", "w1", part_of="w"), FileColumn("u", "u", type="INTEGER[]")
    source = source_of(FileColumn("a", "a"), part, lone, vectors={"v": vector, "u": other})
    assert list(any_table._whole(source).values()) == [FileColumn("a", "a"), vector, lone, other]
    declared = [
        any_table._declared(FileColumn("x", "x", is_text=t, type=k))
        for t, k in ((True, "REAL"), (True, ""), (True, "VARCHAR"), (False, "REAL"))
    ]
    assert declared == ["trim(x)::REAL", "x", "x", "x"]


def test_text_that_is_not_of_its_declared_type(connection):
    column = FileColumn("x", "x", is_text=True, type="REAL")
    source = source_of(column, rows="(select unnest([null, ' 1 ', 'a']) as x)")
    with pytest.raises(RefusedFile, match="column x holds 'a', which is no REAL, as its header says"):
        any_table._refuse_misfit(connection, source, source.columns)
    any_table._refuse_misfit(connection, source, {"x": replace(column, type="VARCHAR")})


# --- proposals


def theirs_of(rows: str, **types: str) -> Theirs:
    said = {name: FileColumn(name, name) for name in types}
    return Theirs(f"({rows})", types, said, T)


@pytest.mark.parametrize(
    ("types", "rows", "expected"),
    [
        ({"x": "DOUBLE", "n": "INTEGER", "star": "VARCHAR"}, "(1, 1, 'a'), (2, 2, 'b')", "star"),
        ({"n": "INTEGER", "star": "VARCHAR"}, "(1, 'a'), (2, 'a')", "n"),
        ({"star": "VARCHAR"}, "('a'), ('a')", "star"), ({"x": "DOUBLE"}, "(1), (2)", None),
        ({"n": "INTEGER"}, "(1), (1)", None),
        ({"myid": "BIGINT", "kic": "BIGINT"}, "(1, 1), (1, 2)", "kic"), ({"n": "INTEGER"}, "(1), (2)", "n"),
    ],
)  # fmt: skip
def test_columns_that_name_the_rows(connection, types, rows, expected):
    theirs = theirs_of(f"select * from (values {rows}) as t({', '.join(types)})", **types)
    if expected is None:
        with pytest.raises(RefusedFile, match="has no column of identifiers"):
            proposal._identifier(connection, theirs, theirs.said, types)
    else:
        assert proposal._identifier(connection, theirs, theirs.said, types) == expected
    first = next(iter(types))
    main = {**theirs.said, first: FileColumn(first, first, ucd="meta.id;meta.main")}
    if expected:
        assert proposal._identifier(connection, theirs, main, types) in (first, expected)


@pytest.mark.parametrize(
    ("columns", "known", "rows", "expected"),
    [
        ({"REF_EPOCH": ""}, {}, "2015.5", ("Gaia DR2", 2015.5, "column ref_epoch")),
        ({"ref_epoch": ""}, {}, "2016.0", ("Gaia DR3", 2016.0, "column ref_epoch")),
        ({"ref_epoch": ""}, {}, "1991.25", ("Gaia DR3", 2000.0, "a guess")),
        ({"x": "of DR2"}, {"ra": "RAJ2000"}, "1", ("Gaia DR2", 2000.0, "the name RAJ2000")),
        ({"x": "DR2 and DR3"}, {"parallax": "x"}, "1",
            ("Gaia DR3", 2016.0, "a guess by Gaia's columns; if they are not of Gaia DR3, say so here and below")),
        ({"x": "at 2015.5"}, {"phot_g_mean_mag": "x"}, "1", ("Gaia DR2", 2015.5, None)),
        ({"x": ""}, {}, "1", ("Gaia DR3", 2000.0, "a guess")),
    ],
)  # fmt: skip
def test_epochs_that_are_proposed(connection, columns, known, rows, expected):
    said = {name: FileColumn(name, name, description=text) for name, text in columns.items()}
    theirs = Theirs(f"(select {rows} as {next(iter(columns))})", {}, said, T)
    found = proposal._epoch(connection, theirs, said, known)
    assert found[:2] == expected[:2]
    assert expected[2] is None or found[2] == expected[2]


def test_lines_of_a_proposal(connection):
    columns = {n: FileColumn(n, n) for n in ("pmRA", "pmDE", "x y", "1x", "Ra", "ra", "é")}
    names = proposal._plain_names(columns, {"ra": "Ra"})
    assert names == {"pmRA": "pmRA", "pmDE": "pmDE", "x y": "x_y", "1x": "_1x", "ra": "ra_2", "é": "column"}
    assert proposal._motions(columns, names) == ['pmra = "pmRA"', 'pmdec = "pmDE"']
    assert proposal._motions({"pmRA": columns["pmRA"]}, names) == []
    said = {"x y": FileColumn("x y", "x", "mag", "phot", "how"), "n": FileColumn("n", "n"), "d": FileColumn("d", "d")}
    theirs = Theirs(
        "t", {"x y": "FLOAT", "n": "UTINYINT", "d": "DECIMAL(3,1)", "s": "DATE"}, said | {"s": FileColumn("s", "s")}, T
    )
    assert proposal._line(theirs, "x y", "x_y") == (
        'x_y = { type = "REAL", unit = "mag", ucd = "phot", description = "how", aka = ["x y"] }'
    )  # fmt: skip
    assert [proposal._line(theirs, n, n) for n in "nds"] == [
        'n = { type = "SMALLINT" }', 'd = { type = "DOUBLE" }', 's = { type = "VARCHAR" }'
    ]  # fmt: skip
    assert (
        proposal._line(theirs, "n", "n", "ra")
        == 'n = { type = "DOUBLE", unit = "deg", ucd = "pos.eq.ra;meta.main", required = true }'
    )
    assert proposal._line(theirs, "n", "n", "id") == 'n = { type = "SMALLINT", required = true }'
    known = {"phot_g_mean_mag": "G", "parallax": "PARALLAX"}
    assert proposal._known_lines(theirs, known, "Gaia DR2") == [
        'phot_g_mean_mag = { aka = ["G"], passband = "Gaia DR2" }', "parallax = {}"
    ]  # fmt: skip
    assert [
        proposal._role(n, "n", {"ra": "x"}, w) for n, w in (("n", False), ("x", False), ("y", False), ("n", True))
    ] == ["id", "ra", "", ""]


def test_what_the_rows_of_a_proposal_say(connection):
    rows = (
        "select * from (values ('Gaia DR3 1', -999.0::float, 1, 5.0), ('TIC 22', 1.5, null, 99.999)) as t(s, x, n, y)"
    )
    types = {"s": "VARCHAR", "x": "FLOAT", "n": "INTEGER", "y": "DOUBLE"}
    theirs = theirs_of(rows, **types)
    assert proposal._prefixes(connection, theirs, "s", types) == ["Gaia DR3 ", "TIC "]
    assert proposal._prefixes(connection, theirs, "n", types) == []
    assert proposal._sentinels(connection, theirs, types) == [-999.0, 99.999]
    assert proposal._sentinels(connection, theirs, {"n": "INTEGER"}) == []
    assert [proposal._is_whole(connection, theirs, n, types) for n in ("s", "n", "x")] == [True, True, False]
    other = theirs_of("select unnest(['Gaia DR3 1', 'x']) as s", s="VARCHAR")
    assert proposal._is_whole(connection, other, "s", {"s": "VARCHAR"}) is False
    assert (proposal._has_gaps(connection, theirs, "n"), proposal._has_gaps(connection, theirs, "s")) == (True, False)
    assert (proposal._is_unique(connection, theirs, "s"), proposal._is_unique(connection, theirs, "n")) == (True, False)


@pytest.mark.parametrize(
    ("rows", "names", "unit", "kinds", "expected"),
    [
        ("(0, -60), (23, 60), (5, 0), (6, 0), (7, 0)", ("ra", "d"), "", ("DOUBLE", "DOUBLE"), {"ra": "hourangle"}),
        ("(0, -1.2), (6, 1.2), (5, 0), (6, 0), (1, 0)", ("ra", "d"), "", ("DOUBLE", "DOUBLE"),
            {"ra": "rad", "dec": "rad"}),
        ("(0, -60), (359, 60), (5, 0), (6, 0), (7, 0)", ("ra", "d"), "", ("DOUBLE", "DOUBLE"), {}),
        ("(0, -60), (23, 60)", ("ra", "d"), "deg", ("DOUBLE",) * 2, {}),
        ("(0, -60), (23, 60)", ("ra", "d"), "", ("VARCHAR", "DOUBLE"), {}),
        ("(1, 1)", ("ra_rad", "d"), "", ("DOUBLE",) * 2, {"ra": "rad", "dec": "rad"}),
        ("(0, -60), (23, 60), (5, 0), (6, 0), ('nan'::double, 'inf'::double)", ("ra", "d"), "", ("DOUBLE",) * 2, {}),
    ],
)  # fmt: skip
def test_units_of_positions_that_are_proposed(connection, rows, names, unit, kinds, expected):
    said = {names[0]: FileColumn(names[0], names[0], unit), names[1]: FileColumn(names[1], names[1])}
    relation = f"(select a::double as {names[0]}, b::double as {names[1]} from (values {rows}) as t(a, b))"
    theirs = Theirs(relation, dict(zip(names, kinds, strict=True)), said, T)
    assert proposal._units(connection, theirs, {"ra": names[0], "dec": names[1]}) == expected


# --- which columns those of `wide` are


@pytest.mark.parametrize(
    ("name", "unit", "ucd", "kind", "expected"),
    [
        ("Vmag", "mag", "", "DOUBLE", True), ("V", "mag", "", "DOUBLE", True), ("V", "", "", "DOUBLE", False),
        ("mag_x", "", "", "REAL", True),
        ("xmag", "", "", "DOUBLE", True), ("V", "", "phot.mag;em.opt.V", "DOUBLE", True),
        ("Vmag", "mag", "meta.code", "DOUBLE", False),
        ("e_Vmag", "mag", "", "DOUBLE", False), ("A_V", "mag", "", "DOUBLE", False),
        ("Vmag", "mag", "", "VARCHAR", False), ("Vmag", "mag", "", "DOUBLE[]", False),
        ("V", "MMag", "", "DECIMAL(5,3)", True),
    ],
)  # fmt: skip
def test_columns_that_look_like_photometry(name, unit, ucd, kind, expected):
    assert recognise.is_photometry(FileColumn(name, name, unit, ucd), kind) is expected


def test_columns_that_are_errors():
    names = ("e_V", "V_err", "sigma_x", "Vmsigcom", "parallax_error", "t.e_V", "V", "errand", "series")
    assert [recognise.is_error(FileColumn(n, n)) for n in names] == [True] * 6 + [False] * 3
    assert recognise.is_error(FileColumn("x", "x", ucd="stat.error"))


@pytest.mark.parametrize(
    ("names", "described", "expected"),
    [
        (("g", "r", "y"), "", {"g_mean_psf_mag": "g", "r_mean_psf_mag": "r", "y_mean_psf_mag": "y"}),
        (("g", "r", "u", "y"), "", {}), (("g", "r"), "", {}),
        (("gmag", "rmag"), "PS1 mean", {"g_mean_psf_mag": "gmag", "r_mean_psf_mag": "rmag"}),
        (("mag_g",), "from Pan-STARRS", {"g_mean_psf_mag": "mag_g"}),
        (("e_g", "r", "y"), "", {"r_mean_psf_mag": "r", "y_mean_psf_mag": "y"}),
        (("e_g", "y"), "", {}), (("x", "y", "z"), "", {}), (("y",), "Pan-STARRS", {"y_mean_psf_mag": "y"}),
    ],
)  # fmt: skip
def test_letters_of_bands_without_a_survey(names, described, expected):
    columns = {n: FileColumn(n, n, description=described) for n in names}
    types = dict.fromkeys(names, "DOUBLE")
    assert recognise._of_lone_letters(columns, types, {}) == expected
    lone = {"g": FileColumn("g", "g")}
    assert recognise._of_lone_letters(lone, {"g": "DOUBLE"}, {"phot_bp_mean_mag": "bp"}) == {"phot_g_mean_mag": "g"}
    both = {"phot_bp_mean_mag": "bp", "phot_g_mean_mag": "gg"}
    assert recognise._of_lone_letters(lone, {"g": "DOUBLE"}, both) == {}
    assert recognise._of_lone_letters({"y": replace(lone["g"], name="y", unit="K")}, {"y": "DOUBLE"}, {}) == {}
    assert recognise._of_lone_letters({"y": FileColumn("y", "y")}, {"y": "VARCHAR"}, {}) == {}
    assert recognise._of_lone_letters({"y": FileColumn("y", "y")}, {"y": "DOUBLE"}, {"x": "y"}) == {}


def test_the_best_of_several_names():
    columns = {
        n: FileColumn(n, n, ucd=ucd) for n, ucd in (("a", ""), ("gaia_x", ""), ("m", "meta.id;meta.main"), ("RA", ""))
    }
    assert recognise._best(list(columns), "ra", columns) == "RA"
    assert recognise._best(["a", "gaia_x", "m"], "ra", columns) == "m"
    assert recognise._best(["a", "gaia_x"], "ra", columns) == "gaia_x"
    assert recognise._best(["a", "b"], "ra", columns | {"b": FileColumn("b", "b")}) == "a"


def test_bands_that_would_be_left_out(connection):
    wide, known = recognise.wide(), {"phot_g_mean_mag": "phot_g_mean_mag"}
    there = {n: FileColumn(n, n, "mag", type="DOUBLE") for n in ("phot_g_mean_mag", "Xmag")}
    assert recognise.unread_photometry(wide, source_of(*there.values()), known) == ["Xmag"]
    with pytest.raises(MissingColumn, match="none of its photometry is known: Xmag"):
        recognise.unread_photometry(wide, source_of(there["Xmag"]), {})
    with pytest.raises(MissingColumn, match=r"column plx looks like parallax, .*; say --rename plx=parallax"):
        recognise.unread_photometry(wide, source_of(FileColumn("plx", "plx", "mas", type="DOUBLE")), known)
    part = FileColumn("plx", "plx", "mas", type="DOUBLE", part_of="v")
    assert recognise.unread_photometry(wide, source_of(part), known) == []


# --- a cone out of partitions, and catalogs in place


@pytest.mark.parametrize("radius", [0.5, 3.0])
def test_partitions_near_a_cone_are_within_its_radius_and_their_own(radius):
    """1.2 sides of a pixel: of order 3 7.33 deg, sqrt(pi / 3) / 8 rad."""
    import astropy.units as u
    from astropy.coordinates import SkyCoord
    from astropy_healpix import HEALPix

    partitions = [(3, pixel) for pixel in range(768)] + [(1, pixel) for pixel in range(48)]
    centre = SkyCoord(200.0, -37.0, unit="deg")
    expected = []
    for order, n in ((1, 48), (3, 768)):
        middle = SkyCoord(*HEALPix(2**order, order="nested").healpix_to_lonlat(np.arange(n)))
        own = 1.2 * np.degrees(np.sqrt(np.pi / 3) / 2**order)
        expected += [(order, int(p)) for p in np.flatnonzero(middle.separation(centre) <= (radius + own) * u.deg)]
    assert cone._touched(partitions, 200.0, -37.0, radius) == expected


def test_ranges_of_an_index_that_may_hold_a_part_of_a_cone(monkeypatch):
    """At order 8 where there are a thousand cells or less, else coarser; both ends are looked at."""
    asked = []
    monkeypatch.setattr(cone, "_touched", lambda cells, *given: asked.append(cells) or [])
    first = 12345 << 42
    for low, high, order, expected in (
        (first, first, 8, (12345, 12345)), (first, first + (1000 << 42), 8, (12345, 13345)),
        (first, first + (1001 << 42), 7, (12345 >> 2, 13346 >> 2)),
        (0, (12 << 58) - 1, 3, (0, 767)),
    ):  # fmt: skip
        assert cone._may_hold(low, high, (1.0, 2.0, 3.0)) is False
        assert (asked[-1][0], asked[-1][-1]) == ((order, expected[0]), (order, expected[1]))
        assert len(asked[-1]) == expected[1] - expected[0] + 1


SEPARATION = """create macro sphere.separation_arcsec(ra1, dec1, ra2, dec2) as
    3600 * sqrt(pow(ra1 - ra2, 2) + pow(dec1 - dec2, 2))"""


@pytest.fixture
def hats_folder(tmp_path):
    """Two partitions of order 0; the pixels are not looked at."""
    folder = tmp_path / "catalog"
    rows = {5: [(1, 10.0, 20.0, 1.5), (2, 10.4, 20.0, 2.5), (3, 11.0, 20.0, 3.5)], 6: [(4, 100.0, 0.0, 4.5)]}
    for pixel, stars in rows.items():
        file = folder / f"dataset/Norder=0/Dir=0/Npix={pixel}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        table = pa.table(dict(zip(("source_id", "ra", "dec", "x"), map(list, zip(*stars, strict=True)), strict=True)))
        pq.write_table(table.append_column("PARALLAX", pa.array([1.0] * len(stars), pa.float32())), file)
    (folder / "partition_info.csv").write_text("Norder,Npix\n0,5\n0,6\n")
    (folder / "hats.properties").write_text("a=b\n")
    return folder


def test_a_cone_out_of_a_catalog(hats_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(cone, "_touched", lambda partitions, *_: partitions)
    gaia = survey.load_survey("gaia_dr2")
    work = tmp_path / "work"
    given = (str(hats_folder), gaia, 10.0, 20.0, 0.5, work, SEPARATION)
    assert cone.fetch_cone(*given) == [work]
    part = work / "dataset/Norder=0/Dir=0/Npix=5.parquet"
    assert pq.read_table(part).to_pylist() == [
        {"source_id": 1, "ra": 10.0, "dec": 20.0, "PARALLAX": 1.0},
        {"source_id": 2, "ra": 10.4, "dec": 20.0, "PARALLAX": 1.0}
    ]  # fmt: skip
    assert (work / "hats.properties").read_text() == "hats_nrows=2\n"
    assert pq.read_metadata(work / "dataset/Norder=0/Dir=0/Npix=6.parquet").num_rows == 0
    before = part.stat().st_mtime_ns
    cone.fetch_cone(*given)
    assert part.stat().st_mtime_ns == before, "it is there from before"
    with pytest.raises(RefusedFile, match=r"has no row within 0\.1 deg of 50, 50"):
        cone.fetch_cone(str(hats_folder), gaia, 50.0, 50.0, 0.1, tmp_path / "other", SEPARATION)


def test_row_groups_that_a_cone_does_not_touch_are_not_read(hats_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(cone, "_groups", lambda file, place: [])
    catalog = cone._Catalog(str(hats_folder))
    part = tmp_path / "p.parquet"
    cone._copy_rows(catalog, 0, 5, survey.load_survey("gaia_dr2"), (10.0, 20.0, 0.5), part, SEPARATION)
    assert (pq.read_table(part).num_rows, pq.read_schema(part).names) == (0, ["source_id", "ra", "dec", "PARALLAX"])
    kind = pq.ParquetFile(part).schema_arrow.field("PARALLAX").type
    assert kind == pa.float32()
    twomass = survey.load_survey("apogee")
    for file, words in ((b"PAR1", "not a readable Parquet file"), (None, "cannot be read")):
        place = hats_folder / "dataset/Norder=0/Dir=0/Npix=6.parquet"
        place.write_bytes(file) if file else place.unlink()
        with pytest.raises(UserError, match=words):
            cone._copy_rows(catalog, 0, 6, twomass, (10.0, 20.0, 0.5), part, SEPARATION)
    (hats_folder / "partition_info.csv").unlink()
    with pytest.raises(UserError, match="cannot be read"):
        catalog.partitions()


def test_partitions_of_a_catalog_behind_an_address():
    found = [SimpleNamespace(order=o, pixel=p, address=f"{o}/{p}") for o, p in ((0, 5), (1, 7))]
    catalog = object.__new__(cone._Catalog)
    catalog.remote, catalog.objects = SimpleNamespace(partitions=found), SimpleNamespace(open=lambda address: address)
    assert catalog.partitions() == [(0, 5), (1, 7)]
    assert catalog.open(1, 7) == "1/7"


# --- the ingest itself


def test_sentinels_of_files_are_counted(connection, tmp_path):
    mine = survey_of(ID, Column("m", "REAL", "mag"), Column("x", "REAL"), Column("e", "REAL"), sentinels=(-9.0,))
    table = pa.table({"id": [1, 2, 3], "m": pa.array([1.5, 99, None], pa.float32()),
        "x": pa.array([1, 2, 3], pa.float32()),
                      "e": pa.array([-9, None, float("nan")], pa.float32())})  # fmt: skip
    pq.write_table(table, tmp_path / "p.parquet")
    numbers, emptied, facts = prepare._clean(connection, mine, [tmp_path / "p.parquet"])
    assert (numbers, emptied) == ({"m": 1, "e": 2}, ["e"])
    assert facts == {"n": 3, "n_missing": 0, "n_different": 3}
    assert rows_of(connection, "from cleaned order by id") == [
        (1, 1.5, 1, None),
        (2, None, 2, None),
        (3, None, 3, None),
    ]


def test_rows_of_one_place(connection, tmp_path):
    for places, expected in (([1, 1, 2, 2, 2, 3], 3), ([1, 2], 0), ([None, None, 1], 0)):
        pq.write_table(pa.table({"_healpix_29": pa.array(places, pa.int64())}), tmp_path / "p.parquet")
        assert prepare._same_place(connection, PLACED, tmp_path / "p.parquet") == expected
    assert prepare._same_place(connection, survey_of(ID), tmp_path / "none") == 0


def test_files_of_a_survey_have_the_same_columns():
    prepare._refuse_mixed(T, {"a"}, Path("u"), {"a"})
    for expected, there, words in (
        ({"a", "b", "c"}, {"a"}, "^u: has no column b, which t.csv has"),
        ({"a"}, {"a", "b"}, "^t.csv: has no column b, which u has"),
    ):
        with pytest.raises(RefusedFile, match=words):
            prepare._refuse_mixed(T, expected, Path("u"), there)


def test_columns_as_the_first_file_says():
    said = {"m": FileColumn("m", "m", "mag", "phot", "how"), "ra": FileColumn("ra", "ra", "rad", "x", "y")}
    mine = replace(survey_of(ID, RA, DEC, Column("m", "REAL"), ra="ra", dec="dec"), epoch=2015.5)
    found = {n: prepare._completed(mine, c, said.get(n)) for n, c in mine.columns.items()}
    assert found["m"] == Column("m", "REAL", "mag", "phot", "how")
    assert (found["ra"].unit, found["ra"].epoch, found["dec"].epoch, found["id"].epoch, found["m"].epoch) == (
        "deg",
        2015.5,
        2015.5,
        None,
        None,
    )
    assert prepare._completed(replace(mine, epoch={"column": "m", "format": "jd"}), RA, None) == RA
    assert {n: c.unit for n, c in prepare._in_first_units(mine, said).columns.items()} == {
        "id": "",
        "ra": "deg",
        "dec": "deg",
        "m": "mag",
    }
    by = survey_of(ID, Column("k", "REAL", by="kind"))
    columns = [FileColumn(n, n) for n in ("kind", "b", "a")]
    assert prepare._columns_to_read(by, source_of(*columns), {"id": "a"}) == ["kind", "a"]
    with pytest.raises(UserError, match="--unit x=mag: survey mine has no column x"):
        prepare._refuse_unknown_units(by, {"x": "mag"})


def test_signatures_of_what_becomes_of_a_file(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a")
    first = prepare._signature(PLACED, file, {}, {}, {})
    assert (first, len(first)) == (prepare._signature(PLACED, file, {}, {}, {}), 32)
    others = [
        prepare._signature(survey_of(ID), file, {}, {}, {}), prepare._signature(PLACED, file, {"a": "b"}, {}, {}),
        prepare._signature(PLACED, file, {}, {"a": "b"}, {}),
        prepare._signature(PLACED, tmp_path / "u.csv", {}, {}, {}),
    ]  # fmt: skip
    file.write_text("ab")
    assert len({first, *others, prepare._signature(PLACED, file, {}, {}, {})}) == 6
    assert prepare.stored_in(tmp_path / "t.fits[2]") == [tmp_path / "t.fits"]


def test_identifiers_of_floating_point_make_no_wide_table(connection):
    """Digits may be lost in them; the survey file that is proposed says so when it is used."""
    rows = "select unnest([1.0, 2.0]) as source_id, 5.0 as parallax, 10.0 as ra, 20.0 as dec"
    theirs = theirs_of(rows, source_id="DOUBLE", parallax="DOUBLE", ra="DOUBLE", dec="DOUBLE")
    found = proposal.propose(connection, theirs)
    assert found.text.startswith('id = "source_id"\n')
    assert found.known == {"ra": "ra", "dec": "dec"}
    gaps = theirs_of(f"select * replace (-999.0 as parallax) from ({rows})", **theirs.types)
    assert "sentinels = [-999.0]\n" in proposal.propose(connection, gaps).text
    assert "sentinels" not in found.text


# --- any catalog as Parquet, and catalogs in place


def test_a_catalog_is_copied_where_it_is_no_parquet(connection, tmp_path):
    (tmp_path / "t.csv").write_text("g,G,name\n1,2.5,a\n2,3.5,\n")
    with any_table.as_parquet(connection, tmp_path / "t.csv", tmp_path / "work") as found:
        assert (found.types, found.names) == (
            {"g": "BIGINT", "G_2": "DOUBLE", "name": "VARCHAR"},
            {"g": "g", "G_2": "G", "name": "name"},
        )
        assert rows_of(connection, f"select g, G_2, name from {found.relation}") == [(1, 2.5, "a"), (2, 3.5, None)]
    assert not (tmp_path / "work").exists()
    pq.write_table(pa.table({"g": [1], "v": [[1, 2]]}), tmp_path / "t.parquet")
    with any_table.as_parquet(connection, tmp_path / "t.parquet", tmp_path / "work") as found:
        assert not (tmp_path / "work").exists(), "it is read where it is"
        assert (found.types, found.left_out) == ({"g": "BIGINT", "v": "BIGINT[]"}, ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FILE_ROW_NUMBER,a\n1,2\n", "column file_row_number has a name that DuckDB keeps for itself"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields where 2 are expected"),
        ("# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\n# - {name: b, datatype: string}\na b\nx y\n",
         "column a holds 'x', which is no BIGINT, as its header says"),
    ],
)  # fmt: skip
def test_catalogs_that_cannot_be_copied(connection, tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(RefusedFile, match=words), any_table.as_parquet(connection, tmp_path / "t.csv", tmp_path / "w"):
        pass
    assert not (tmp_path / "w").exists()


def test_what_is_remembered_of_an_address():
    import hashlib

    place = Address("https://a.b/c", "me:pass")
    expected = hashlib.sha256(b"gaia is read at https://a.b/c").hexdigest()
    assert in_place.word_for("gaia", place) == expected
    in_place.refuse_kept(Address("https://a.b/c"))
    in_place.refuse_kept(T)
    for secret in (place, Address("https://a.b/c", "", "?sig=1")):
        with pytest.raises(RefusedFile, match="holds no user, password or query"):
            in_place.refuse_kept(secret)


# --- regions, and columns by UCD


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ([[0, 5], [7, 12 * 4**29]], ""), ([[0, 0], [0, 1]], ""), ([], "an empty region"),
        ([[-1, 5]], "names cells that are not on the sky"),
        ([[0, 12 * 4**29 + 1]], "not on the sky"), ([[0, 5], [4, 6]], "or some twice"), ([[5, 4]], "or some twice"),
        ("broken", r"not a readable MOC \(broken\)"),
    ],
)  # fmt: skip
def test_ranges_of_a_region(monkeypatch, tmp_path, ranges, words):
    mocpy = pytest.importorskip("mocpy")
    asked = []

    def load(file, format):
        asked.append((Path(file).name, format))
        if ranges == "broken":
            raise ValueError(ranges)
        return SimpleNamespace(
            to_depth29_ranges=np.array(ranges, "uint64" if ranges and min(ranges[0]) >= 0 else "int64").reshape(-1, 2),
            sky_fraction=0.5,
        )

    monkeypatch.setattr(mocpy.MOC, "load", load)
    file = tmp_path / "r.JSON"
    file.touch()
    if words:
        with pytest.raises(RefusedFile, match=words):
            regions._ranges(file)
    else:
        first, last, share = regions._ranges(file)
        assert (first.to_pylist(), last.to_pylist()) == ([r[0] for r in ranges], [r[1] - 1 for r in ranges])
        assert share == 0.5
        assert asked == [("r.JSON", "json")]
    for name, said in (("none.fits", "no such file"), ("r.png", r"a MOC is \.fits, \.fit")):
        (tmp_path / "r.png").touch()
        with pytest.raises(RefusedFile, match=said):
            regions._ranges(tmp_path / name)


def test_columns_of_wide_by_name_and_by_ucd():
    def found(*columns: FileColumn, **types: str) -> dict[str, str]:
        return recognise.recognised(
            {c.name: c for c in columns}, {c.name: types.get(c.name, "DOUBLE") for c in columns}
        )

    plx = FileColumn("p", "p", "mas", "pos.parallax")
    assert found(plx, FileColumn("ra", "ra", "deg")) == {"ra": "ra", "parallax": "p"}
    assert found(plx, replace(plx, name="q")) == {}, "two have it"
    assert found(replace(plx, ucd="stat.error;pos.parallax")) == {}
    assert found(replace(plx, unit="mag")) == {}
    assert found(plx, p="VARCHAR") == {}
    assert found(plx, FileColumn("parallax", "x", "mas"))["parallax"] == "parallax"
    assert (
        recognise._is_another({"unless": ["Galex"]}, FileColumn("j", "j", description="of GALEX"), "DOUBLE", "ra")
        is True
    )
    assert recognise._is_another({"unless": ["Galex"]}, FileColumn("j", "j"), "DOUBLE", "ra") is False
    assert recognise._is_another({}, FileColumn("s", "s"), "VARCHAR", "evolutionary_state") is False
    assert recognise._is_another({}, FileColumn("s", "s"), "DOUBLE", "evolutionary_state") is True
    mags = {n: FileColumn(n, n, "mag") for n in ("Vmag", "Bmag")}
    assert recognise.unknown_photometry(mags, dict.fromkeys(mags, "DOUBLE"), ["Vmag"]) == ["Bmag"]
    assert recognise.unknown_photometry({"x": FileColumn("x", "x")}, {"x": "DOUBLE"}, []) == []
