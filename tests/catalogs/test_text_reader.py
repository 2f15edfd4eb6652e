"""CSV and ECSV; the expected values are those in the text."""

import gzip

import duckdb
import pytest
from astropy.table import Table
from candlesql import UserError
from candlesql.catalogs.readers import open_file

#: As the Gaia archive writes its bulk files.
GAIA_ECSV = """# %ECSV 1.0
# ---
# delimiter: ','
# datatype:
# -
#   name: source_id
#   datatype: int64
#   description: Unique source identifier ("per release")
#   meta: !!omap
#   - {ucd: meta.id;meta.main}
# -
#   name: parallax
#   datatype: float64
#   unit: mas
#   description: 'Parallax, in mas'
#   meta: !!omap
#   - {ucd: pos.parallax.trig}
# -
#   name: pmra
#   datatype: float64
#   unit: mas.yr**-1
# meta: !!omap
# - {'table': 'a "quoted" note, with commas'}
# schema: astropy-2.0
source_id,parallax,pmra
4295806720,0.354,"null"
34361129088,null,-3.5
"""


@pytest.fixture
def read(tmp_path):
    def read(text: str, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        with duckdb.connect() as connection:
            source = open_file(connection, path)
            fields = ", ".join(column.sql for column in source.columns.values())
            rows = connection.execute(f"select {fields} from {source.relation(list(source.columns))}").fetchall()
        return source.columns, rows

    return read


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_delimiters(read, delimiter):
    columns, rows = read(f"a{delimiter}b{delimiter}c\n1{delimiter}{delimiter}x y\n")
    assert list(columns) == ["a", "b", "c"]
    assert rows == [("1", None, "x y")]


def test_quotes_and_missing_values(read):
    _, rows = read('"id","name, of ""it""",x\n1,"a, ""b""\nc",null\n2,,--\n')
    assert rows == [("1", 'a, "b"\nc', None), ("2", None, None)]


def test_byte_order_mark_and_windows_line_ends(read):
    columns, rows = read("\ufeffid,x\r\n1,2\r\n")
    assert list(columns) == ["id", "x"]
    assert rows == [("1", "2")]


def test_delimiters_within_quoted_names_do_not_count(read):
    columns, rows = read('"a; drop; table; x",b,"c;;"\n1,2,3\n')
    assert list(columns) == ["a; drop; table; x", "b", "c;;"]
    assert rows == [("1", "2", "3")]


def test_names_in_different_case_or_with_quotes(read):
    columns, rows = read('G,g,"a\'); drop table t; --"\n1,2,3\n')
    assert list(columns) == ["G", "g", "a'); drop table t; --"]
    assert rows == [("1", "2", "3")]


@pytest.mark.parametrize("name", ["gaia.ecsv", "gaia.ecsv.gz", "GaiaSource_000000-003111.csv.gz"])
def test_gaia_bulk_file(read, name):
    columns, rows = read(GAIA_ECSV, name)
    assert rows == [("4295806720", "0.354", None), ("34361129088", None, "-3.5")]
    assert [c.unit for c in columns.values()] == ["", "mas", "mas.yr**-1"]
    assert [c.ucd for c in columns.values()] == ["meta.id;meta.main", "pos.parallax.trig", ""]
    assert columns["parallax"].description == "Parallax, in mas"


def test_what_astropy_writes(read, tmp_path):
    table = Table({"id": [1, 2], "name": ["a b", ""], "x": [1.5, 2.5]}, units={"x": "arcsec"}, masked=True)
    table["x"].mask = [False, True]
    table.write(tmp_path / "astropy.ecsv")
    columns, rows = read((tmp_path / "astropy.ecsv").read_text(), "copy.ecsv")
    assert columns["x"].unit == "arcsec"
    assert rows == [("1", "a b", "1.5"), ("2", None, None)]


@pytest.mark.parametrize("description", ["Größe, a long one, in words " * 9, 'a "b', "say \"x\": 'y'", ' "'])
@pytest.mark.parametrize(("delimiter", "suffix"), [(" ", "ecsv"), (",", "ecsv"), (" ", "ecsv.gz")])
def test_quotation_marks_in_a_header_lose_no_row(read, tmp_path, description, delimiter, suffix):
    table = Table({"n": [1, 2, 3, 4], "name": ["x", "y, z", 'a "b"', "w"]})
    table["n"].description = description
    table.meta["comments"] = [f'"{description}', '#,"']
    table.write(tmp_path / "astropy.ecsv", delimiter=delimiter)
    columns, rows = read((tmp_path / "astropy.ecsv").read_text(), f"copy.{suffix}")
    assert columns["n"].description == description
    assert rows == [("1", "x"), ("2", "y, z"), ("3", 'a "b"'), ("4", "w")]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ('"a\nb",c\n1,2\n', "t.csv", "a name in its header runs over the end of the line"),
        ("justonecolumn\n1\n", "t.csv", "its header has one column, 'justonecolumn'"),
        ("id,x,id\n1,2,3\n", "t.csv", "column id stands twice"),
        ("# only a comment\n", "t.csv", "has no line of column names"),
        ("# %ECSV 1.0\n# datatype: [}\nid,x\n1,2\n", "t.ecsv", "its ECSV header is damaged"),
        ("# %ECSV 1.0\n# ---\nid,x\n1,2\n", "t.ecsv", "its ECSV header is damaged"),
        ("", "t.csv", "is empty"),
        ("id,x\n", "t.ods", "format .ods is unknown"),
        ("id,x\n", "t", "format (none) is unknown"),
    ],
)
def test_unreadable(read, text, name, said):
    with pytest.raises(UserError) as error:
        read(text, name)
    assert said in str(error.value)


def test_gzip_by_name_only(tmp_path):
    (tmp_path / "t.csv.gz").write_text("id,x\n1,2\n")
    with duckdb.connect() as connection, pytest.raises(UserError, match="disagree on gzip"):
        open_file(connection, tmp_path / "t.csv.gz")


def test_text_that_is_not_text(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00id")
    with duckdb.connect() as connection, pytest.raises(UserError, match="is text in UTF-16"):
        open_file(connection, tmp_path / "t.csv")
