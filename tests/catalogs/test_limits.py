"""Small files that ask for much: each is refused in one line before anything is made of it."""

from __future__ import annotations

import gzip
import sqlite3
import struct
import zipfile

import duckdb
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from candlesql import UserError
from candlesql.catalogs import parquet_footer
from candlesql.catalogs.readers import arrow_sizes, database, excel, open_file, text
from candlesql.workspace import short

NAMES = "source_id,ra,dec,parallax,parallax_error,phot_g_mean_mag"


def read_all(path):
    with duckdb.connect() as connection:
        source = open_file(connection, path)
        try:
            connection.execute(f"select count(*) from {source.relation(list(source.columns or source.vectors))}")
        except duckdb.Error:
            raise source.failure() or AssertionError from None


@pytest.fixture
def refusal(tmp_path):
    """What opening and reading a file of this name and content is refused with."""

    def refusal(name, content):
        path = tmp_path / name
        if isinstance(content, str):
            content = content.encode()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError) as raised:
            read_all(path)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return refusal


def ecsv(meta):
    columns = "".join(f"# - {{name: {name}, datatype: float64}}\n" for name in NAMES.split(","))
    return f"# %ECSV 1.0\n# ---\n{meta}# datatype:\n{columns}{NAMES.replace(',', ' ')}\n1 2 3 4 5 6\n"


@pytest.mark.parametrize("form", ["[{}]", "{{<<: [{}]}}", "[[{}]]"])
def test_aliases_that_unfold(refusal, form):
    lines = ["# meta:\n#   - &a0 {k: v}\n"]
    lines += [f"#   - &a{i} {form.format(', '.join(9 * [f'*a{i - 1}']))}\n" for i in range(1, 12)]
    assert "more than 1,000,000 values" in refusal("a.ecsv", ecsv("".join(lines)))


@pytest.mark.parametrize("meta", [f"# meta: {'[' * 60}{']' * 60}\n", f"# meta: {'{a: ' * 60}1{'}' * 60}\n"])
def test_a_deep_header(refusal, meta):
    assert "lies more than 50 deep" in refusal("a.ecsv", ecsv(meta))


def test_aliases_that_unfold_to_little_are_read(tmp_path):
    meta = f"# meta:\n#   - &a [x, y]\n#   - [*a, *a]\n#   - 1{':1' * 100_000}\n"
    (tmp_path / "a.ecsv").write_text(ecsv(meta))
    with duckdb.connect() as connection:
        source = open_file(connection, tmp_path / "a.ecsv")
        assert connection.execute(f"select count(*) from {source.relation([])}").fetchall() == [(1,)]


def test_lines_that_never_end(refusal, monkeypatch):
    for module in (short, text):
        monkeypatch.setattr(module, "LONGEST_LINE", 2000)
    line, comments = NAMES + 3000 * "x", 300 * "# comment\n"
    assert "a line of more than 2,000 letters" in refusal("a.csv", f"{line}\n1\n")
    assert "a line of more than 2,000 letters" in refusal("b.csv", f"{NAMES}\n{line}\n")
    assert "a line of more than 2,000 letters" in refusal("c.csv.gz", gzip.compress(f"{line}\n".encode()))
    assert "more than 2,000 letters before its rows" in refusal("d.csv", f"{comments}{NAMES}\n1,2,3,4,5,6\n")
    title = "Byte-by-byte Description of file: a\n" + 30 * "-" + "\n"
    assert "a line of more than 2,000 letters" in refusal("e.mrt", title + line)
    assert "a line of more than 2,000 letters" in refusal("f.tbl", f"|a|b|\n|{line}|\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", NAMES + 30_000 * ",c" + "\n1\n"),
        ("a.tbl", 30_000 * "|a" + "|\n1\n"),
        ("a.mrt", "Byte-by-byte Description\n" + (rule := 30 * "-" + "\n") * 2 + 30_000 * "  1- 2 I2 --- a a\n" + rule),
        ("a.vot", "<VOTABLE><RESOURCE><TABLE>" + 30_000 * '<FIELD name="a" datatype="int"/>'),
    ],
)
def test_more_columns_than_a_catalog_has(refusal, name, content):
    assert "more than 20,000 are no catalog" in refusal(name, content)


def test_a_cell_of_a_votable_that_never_ends(refusal):
    head = b'<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><DATA><TABLEDATA><TR><TD>'
    content = gzip.compress(head + bytes(40_000_000).replace(b"\0", b"1"), 1)
    assert "one comment, tag or value is longer than" in refusal("a.vot.gz", content)


def test_arrays_of_fits_that_share_a_place(tmp_path, refusal):
    """A thousand rows, each of the same hundred thousand numbers."""
    n, heap = 1000, bytes(800_000)
    cards = ["XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 16", f"NAXIS2  = {n}", "GCOUNT  = 1"]
    cards += [f"PCOUNT  = {len(heap)}", "TFIELDS = 1", "TTYPE1  = 'v'", "TFORM1  = '1QD(100000)'", "END"]
    primary = ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"]
    head = b"".join("".join(card.ljust(80) for card in cards).ljust(2880).encode() for cards in (primary, cards))
    data = struct.pack(">qq", 100_000, 0) * n + heap
    content = head + data + bytes(-len(data) % 2880)
    assert "the arrays of 1,000 rows say that they take 800,000,000 bytes" in refusal("a.fits", content)


def test_hdf5_that_promises_more_than_it_could_hold(tmp_path, refusal):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("stars", (2**44,), dtype=[("source_id", "i8"), ("ra", "f8")], chunks=(1024,))
    assert "promises 281,474,976,710,656 bytes" in refusal("a.h5", None)


@pytest.mark.parametrize("is_virtual", [True, False])
def test_hdf5_of_the_values_of_other_files(tmp_path, refusal, is_virtual):
    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("source_id", "ra"):
            if is_virtual:
                layout = h5py.VirtualLayout((10,), "f8")
                layout[:] = h5py.VirtualSource(tmp_path / "b.h5", "x", (10,), "f8")
                file.create_virtual_dataset(f"stars/{name}", layout)
            else:
                file.create_dataset(f"stars/{name}", (10,), "f8", external=[(str(tmp_path / "secret"), 0, 80)])
    assert "stand in another file, which is not read" in refusal("a.h5", None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [("i as source_id, 1.0 as ra", "interrupted"), ("hex(zeroblob(1000000)) as source_id, 1.0 as ra", "too big")],
)
def test_a_view_of_sqlite_without_end(tmp_path, monkeypatch, refusal, fields, said):
    monkeypatch.setattr(database, "FEWEST_STEPS", 3_000_000)
    with sqlite3.connect(tmp_path / "a.sqlite") as file:
        numbers = "with recursive n(i) as (select 1 union all select i + 1 from n)"
        file.execute(f"create view stars as {numbers} select {fields} from n")
    file.close()
    assert said in refusal("a.sqlite", None)


def test_a_batch_of_arrow_that_unpacks_to_much(tmp_path, refusal, monkeypatch):
    monkeypatch.setattr(arrow_sizes, "MOST_BYTES", 1_000_000)
    stars = pa.table({"source_id": np.zeros(200_000), "ra": np.zeros(200_000)})
    for compression in ("zstd", "lz4"):
        pyarrow.feather.write_feather(stars, tmp_path / "a.feather", compression=compression, chunksize=10**9)
        assert "unpacks to 3,200,000 bytes; write it again in smaller ones" in refusal("a.feather", None)
    words = pa.table({"word": pa.array(["x" * 2_000_000] * 2).dictionary_encode(), "ra": [1.0, 2.0]})
    pyarrow.feather.write_feather(words, tmp_path / "a.feather", compression="zstd")
    assert "one of its batches unpacks to" in refusal("a.feather", None)
    pyarrow.feather.write_feather(stars, tmp_path / "a.feather", compression="zstd", chunksize=50_000)
    with duckdb.connect() as connection:
        source = open_file(connection, tmp_path / "a.feather")
        assert connection.execute(f"select count(*) from {source.relation(['ra'])}").fetchall() == [(200_000,)]


@pytest.mark.parametrize("name", ["xl/sharedStrings.xml", "xl/worksheets/s.xml"])
def test_a_workbook_that_unpacks_to_much(tmp_path, refusal, monkeypatch, name):
    monkeypatch.setattr(excel, "MOST_BYTES", 2_000_000)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(name, "<a>" + 500_000 * "<c><v>1</v></c>")
    assert "not a readable Excel workbook" in (said := refusal("a.xlsx", None))
    assert "it unpacks to 7,500,003 bytes" in said or "a row takes more than 4,194,304 bytes" in said


def test_a_collection_of_hats_names_what_is_in_it(tmp_path, refusal):
    (tmp_path / "a.hats").mkdir()
    (tmp_path / "a.hats" / "collection.properties").write_text("hats_primary_table_url = ../other\n")
    with duckdb.connect() as connection, pytest.raises(UserError, match="names a catalog that is not in it"):
        open_file(connection, tmp_path / "a.hats")


def test_a_file_that_says_how_something_is_has_an_end(tmp_path):
    with (tmp_path / "a.toml").open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(UserError, match="has more than 16,777,216 bytes"):
        short.short_text(tmp_path / "a.toml")


@pytest.mark.parametrize("columns", [14, 15, 126, 127, 128, 300])
@pytest.mark.parametrize("writer", ["pyarrow", "duckdb"])
def test_how_many_entries_a_schema_has(tmp_path, columns, writer):
    path = tmp_path / "a.parquet"
    if writer == "pyarrow":
        pyarrow.parquet.write_table(pa.table({f"c{k}": [1] for k in range(columns)}), path)
    else:
        duckdb.execute(f"copy (select {', '.join(f'1 as c{k}' for k in range(columns))}) to '{path}'")
    assert parquet_footer.schema_entries(path) == columns + 1  # the root is one


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 8 + b"PAR1", bytes(100)])
def test_no_footer_has_no_entries(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    assert parquet_footer.schema_entries(tmp_path / "a.parquet") == 0


def test_columns_of_parquet_are_counted_before_they_are_described(tmp_path, monkeypatch):
    pyarrow.parquet.write_table(pa.table({f"c{k}": [1] for k in range(60)}), tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_footer, "MAX_COLUMNS", 14)
    with duckdb.connect() as connection, pytest.raises(UserError, match="has 60 columns; more than 14 are no catalog"):
        open_file(connection, tmp_path / "a.parquet")
