"""Text without a header, cut as the survey file says; the expected values are those in the text."""

import duckdb
import pyarrow.parquet as pq
import pytest
from candlesql import UserError
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.readers import open_file
from candlesql.catalogs.survey import read_survey

COLUMNS = """
[columns]
id = { type = "BIGINT", required = true }
ra = { type = "DOUBLE", unit = "deg", required = true }
dec = { type = "DOUBLE", unit = "deg", required = true }
name = { type = "VARCHAR" }
"""
HEAD = 'title = "T"\ncitation = "c"\nid = "id"\nra = "ra"\ndec = "dec"\nsentinels = [-9999]\n'


@pytest.fixture
def stored(tmp_path):
    def stored(text, layout, name="t.dat"):
        (tmp_path / "mine.toml").write_text(HEAD + layout + COLUMNS)
        (tmp_path / name).write_text(text)
        ingest(read_survey(tmp_path / "mine.toml"), [tmp_path / name], tmp_path / "mine.parquet")
        rows = pq.read_table(tmp_path / "mine.parquet").to_pydict()
        return sorted(zip(rows["id"], rows["ra"], rows["dec"], rows["name"], strict=True))

    return stored


WHITE = '[layout]\nnames = ["id", "ra", "dec", "name"]\n'


def test_white_space(stored):
    text = "# id ra dec\n  1   10.5 +20.25  a\n\n2\t11 -3 nan\r\n#3 1 1 x\n4 1e1 1 it's;\n"
    assert stored(text, WHITE) == [(1, 10.5, 20.25, "a"), (2, 11, -3, None), (4, 10, 1, "it's;")]


def test_delimiter_without_header(stored):
    layout = WHITE + 'delimiter = "|"\n'
    assert stored("1|10|20| a b \n2|11|20|\n", layout, "t.csv") == [(1, 10, 20, "a b"), (2, 11, 20, None)]


def test_a_name_is_no_pattern(stored):
    stored("9 9 9 other\n", WHITE, "g1.dat")
    assert stored("1 10 20 own\n", WHITE, "g[1].dat") == [(1, 10, 20, "own")]


def test_fixed_width(stored):
    layout = '[layout.bytes]\nid = "1-3"\nra = "4-9"\ndec = " 10- 15"\nname = "17"\n'
    text = "  1 10.50+20.25 a\n100  0.00-89.50 b\n  7300.00  1.00\n"
    with pytest.raises(UserError, match=r"the line '  7300\.00  1\.00' ends before its last field begins"):
        stored(text, layout)
    assert stored(text.replace("1.00\n", "1.00  \n").replace("  7300.00  1.00  ", "  7300.00  1.00 c"), layout) == [
        (1, 10.5, 20.25, "a"),
        (7, 300, 1, "c"),
        (100, 0, -89.5, "b"),
    ]


def test_line_with_another_number_of_fields(stored):
    with pytest.raises(UserError, match=r"t\.dat: the line '2 11 -3' has not the 4 fields"):
        stored("1 10 20 a\n2 11 -3\n", WHITE)


def test_value_at_fault(stored):
    with pytest.raises(UserError, match="column ra holds 'east', which is no DOUBLE"):
        stored("1 east 20 a\n", WHITE)


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ("[layout]\n", "either names, or bytes"),
        ('[layout]\nnames = ["a", "a"]\n', "a name stands twice"),
        ('[layout.bytes]\nid = "3-1"\n', 'not "first-last"'),
        ('[layout]\nnames = ["a"]\nwidth = 3\n', "entry 'width' is unknown"),
    ],
)
def test_layout_that_is_wrong(stored, layout, said):
    with pytest.raises(UserError, match=said):
        stored("1 2 3 4\n", layout)


def test_text_without_a_layout(tmp_path):
    (tmp_path / "t.dat").write_text("1 2 3\n")
    with duckdb.connect() as connection, pytest.raises(UserError, match=r"say it in a survey file, \[layout\]"):
        open_file(connection, tmp_path / "t.dat")


def test_lamost_disk_giants(real_data, tmp_path):
    """The 21,954 stars of the file, and its first line."""
    names = "obsid ra dec l b teff logg feh rv Mgb MK MKerr_low MKerr_up AK K dist disterr_low disterr_up Z R r_gc lnnu"
    (tmp_path / "disk.toml").write_text(
        'title = "T"\ncitation = "c"\nid = "obsid"\nra = "ra"\ndec = "dec"\n'
        f"[layout]\nnames = {names.split()}\n[columns]\n"
        'obsid = { type = "BIGINT", required = true }\nra = { type = "DOUBLE", unit = "deg", required = true }\n'
        'dec = { type = "DOUBLE", unit = "deg", required = true }\nteff = { type = "REAL", unit = "K" }\n'
        'distance_kpc = { type = "REAL", unit = "kpc", aka = ["dist"] }\n'
    )
    done = ingest(
        read_survey(tmp_path / "disk.toml"), [real_data("lamost/dr3_disk_rgb.dat")], tmp_path / "disk.parquet"
    )
    assert done.rows == 21_954
    star = duckdb.sql(f"from '{tmp_path}/disk.parquet' where obsid = 75606117")
    (row,) = star.select("ra", '"dec"', "teff", "distance_kpc").fetchall()
    assert row == (337.46744, 6.01526, 4829.0, pytest.approx(7.79))
