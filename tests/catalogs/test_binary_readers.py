"""Functions under the readers of FITS, HDF5, VOTable, SQLite, Arrow and Excel on files of a few bytes, by hand."""

from __future__ import annotations

import gzip
import io
import sqlite3
import struct
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from candlesql.catalogs import parquet_footer
from candlesql.catalogs.readers import (
    FileColumn,
    arrow,
    arrow_sizes,
    boundary,
    database,
    excel,
    fits_columns,
    hdf5,
    hdf5_pandas,
    votable,
    votable_binary,
)
from candlesql.catalogs.readers import fits as fits_reader
from candlesql.errors import RefusedFile

T = Path("t.csv")


# --- SQLite


@pytest.fixture
def sqlite(tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as file:
        file.execute("create table t (i, r, m, n, s, b, x)")
        file.execute("insert into t values (1, 1.5, 2, null, 'a', x'6162', 'y'), (2, 2.5, 2.5, null, 'b', null, 3)")
    file.close()
    return tmp_path / "t.db"


def test_types_of_sqlite(connection, sqlite, monkeypatch):
    monkeypatch.setattr(database, "SLICE_ROWS", 1)
    source = database.read(connection, sqlite)
    found = {name: (c.type, c.is_text, c.is_float) for name, c in source.columns.items()}
    text_ = ("VARCHAR", True, False)
    assert found == {
        "i": ("BIGINT", False, False), "r": ("DOUBLE", False, True), "m": ("DOUBLE", False, True), "n": text_,
        "s": text_,
        "b": text_, "x": text_,
    }  # fmt: skip
    rows = connection.execute(f"from {source.relation(list(found))}").fetchall()
    assert rows == [(1, 1.5, 2.0, None, "a", "ab", "y"), (2, 2.5, 2.5, None, "b", None, "3")]
    assert source.failure() is None
    source.close()


def test_a_file_of_sqlite_that_is_damaged_while_it_is_read(connection, sqlite):
    source = database.read(connection, sqlite)
    relation = source.relation(["i"])
    sqlite.write_bytes(b"no database" * 1000)
    with pytest.raises(duckdb.Error):
        connection.execute(f"from {relation}").fetchall()
    assert "table t cannot be read" in str(source.failure())
    source.close()
    with pytest.raises(RefusedFile, match="not a readable SQLite file"):
        database.read(connection, sqlite)


def test_a_view_of_sqlite_that_never_ends(connection, sqlite, monkeypatch):
    """10 steps are looked at at once; the file may take so many by byte of it, and some at least."""
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n limit 2000) select count(*) from n"
    size = sqlite.stat().st_size
    for steps, fewest, is_stopped in (
        (0, 10**6, False),
        (0, 100, True),
        (10**6 / size, 0, False),
        (100 / size, 0, True),
    ):
        monkeypatch.setattr(database, "LOOK_EVERY", 10)
        monkeypatch.setattr(database, "STEPS_A_BYTE", steps)
        monkeypatch.setattr(database, "FEWEST_STEPS", fewest)
        file = database._connect(sqlite)
        if is_stopped:
            with pytest.raises(sqlite3.OperationalError, match="interrupted"):
                file.execute(endless).fetchall()
        else:
            assert file.execute(endless).fetchall() == [(2000,)]
        file.close()


# --- FITS


def blocks(*n: int) -> io.BytesIO:
    """Headers of so many blocks, one after the other."""
    cards = [card for k in n for card in [b"X".ljust(80)] * (36 * k - 1) + [b"END".ljust(80)]]
    return io.BytesIO(b"".join(cards))


def test_headers_of_fits_end(monkeypatch):
    monkeypatch.setattr(fits_reader, "MOST_CARDS", 72)
    stream = blocks(3, 4)
    fits_reader._refuse_endless(stream)
    assert stream.tell() == 0
    stream.seek(3 * 2880)
    with pytest.raises(ValueError, match="a header has more than 72 cards"):
        fits_reader._refuse_endless(stream)


def table_of(tmp_path, name: str = "t.fits", **headers) -> fits_reader.Table:
    columns = [fits.Column("a", "J", unit=" mag ", array=[1, 2, 3]), fits.Column("s", "3A", array=["x", "y", "z"])]
    columns += [
        fits.Column("v", "2E", array=np.arange(6.0).reshape(3, 2)),
        fits.Column("p", "PJ()", array=np.array([[1], [2, 3], []], object)),
    ]
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header.update(headers)
    hdu.writeto(tmp_path / name)
    return fits_reader.Table(tmp_path / name)


def test_columns_of_fits_as_they_are_described(tmp_path):
    table = table_of(tmp_path, TUCD1="phot", TCOMM1="how bright", TSCAL1=0.5)
    found = fits_reader._described(table)
    assert found["a"] == FileColumn("a", "c0", "mag", "phot", "how bright", is_float=True, type="DOUBLE")
    assert (found["s"].is_text, found["s"].type, found["v"].is_text, found["v"].type) == (
        True,
        "VARCHAR",
        False,
        "REAL[2]",
    )
    assert (found["v[2]"].part_of, found["v[2]"].is_float, found["v[2]"].type) == ("v", True, "REAL")
    assert (found["p"].type, table.left_out, list(table.vectors)) == ("INTEGER[]", ("p",), ["v", "p"])


def test_slices_of_fits(tmp_path, monkeypatch):
    """A row has 4 + 3 + 8 + 8 bytes; with arrays a third of the heap more."""
    table = table_of(tmp_path)
    assert table.row_size == 23
    for size, names, expected in (
        (46, ["a"], [2, 1]),
        (45, ["a"], [1, 1, 1]),
        (1 << 20, ["a"], [3]),
        (54, ["p", "a"], [2, 1]),
        (53, ["p"], [1, 1, 1]),
        (1, ["a"], [1, 1, 1]),
    ):
        monkeypatch.setattr(fits_reader, "SLICE_BYTES", size)
        assert [batch.num_rows for batch in table.batches(names)] == expected, (size, names)
    monkeypatch.setattr(fits_reader, "SLICE_ROWS", 2)
    monkeypatch.setattr(fits_reader, "SLICE_BYTES", 1 << 20)
    batches = list(table.batches(["p", "a", "s", "v"]))
    rows = pa.Table.from_batches(batches).to_pylist()
    assert [list(row.values()) for row in rows] == [
        [[1], 1, "x", [0, 1]], [[2, 3], 2, "y", [2, 3]], [[], 3, "z", [4, 5]]
    ]  # fmt: skip
    assert table.failure is None


def test_a_gzipped_file_of_fits_that_ends_early(tmp_path, monkeypatch):
    table_of(tmp_path)
    content = (tmp_path / "t.fits").read_bytes()
    rows = content.index(b"END" + b" " * 77, 2880) // 2880 * 2880 + 2880
    (tmp_path / "u.fits.gz").write_bytes(gzip.compress(content[: rows + 2 * 23 + 5]))
    table = fits_reader.Table(tmp_path / "u.fits.gz")
    monkeypatch.setattr(fits_reader, "SLICE_ROWS", 1)
    with pytest.raises(RefusedFile, match=r"its header promises 3 rows \(it ends after 2 rows\); fetch it again"):
        list(table.batches(["a"]))
    assert "promises 3 rows" in str(table.failure)


def test_what_astropy_says_in_comments():
    header = fits.Header()
    begin, end = fits_reader.BEGIN, fits_reader.END
    for lines, expected in (
        ([begin, "datatype:", "- {name: a, un\\", "it: mag}", end], "mag"), ([begin, "x: 1"], None),
        (["x", end], None), ([], None),
    ):  # fmt: skip
        header = fits.Header([("COMMENT", line) for line in lines])
        said = fits_reader._by_astropy(header, T)
        assert said == ({} if expected is None else {"datatype": [{"name": "a", "unit": expected}]})


def test_arrays_beyond_the_end_of_a_file(tmp_path, monkeypatch):
    table = table_of(tmp_path)
    heap = fits_reader._Heap(
        table, (tmp_path / "t.fits").read_bytes().index(b"END" + b" " * 77, 2880) // 2880 * 2880 + 2880
    )
    field = table.fields["p"]
    assert [a.tolist() for a in heap.values(field, np.array([[1, 0], [2, 4], [0, 0]]))] == [[1], [2, 3], []]
    for places, words in (
        ([[-1, 0]], "1 rows say that they take 0 bytes"),
        ([[1, -4]], "1 rows say"),
        ([[1, 1 << 20]], "lies beyond"),
    ):
        with pytest.raises(EOFError, match=words):
            heap.values(field, np.array(places))
    monkeypatch.setattr(fits_reader, "MOST_OF_ARRAYS", 12)
    assert len(heap.values(field, np.array([[1, 0], [2, 4]]))) == 2
    with pytest.raises(EOFError, match="2 rows say that they take 16 bytes"):
        heap.values(field, np.array([[2, 0], [2, 4]]))


@pytest.mark.parametrize(
    ("form", "dimensions", "expected"),
    [
        ("12A3", "", ("S3", 4, 12, False)), ("9X", "", ("u1", 2, 2, False, "", 9)),
        ("1PA(5)", "", ("S1", 1, 8, False, "P")),
        ("1QL(5)", "", ("u1", 1, 16, True, "Q")), ("1PJ(5)", "", (">i4", 1, 8, False, "P")),
        ("3L", "", ("u1", 3, 3, True)),
        ("0A", "", ("", 0, 0, False)), ("0X", "", ("", 0, 0, False)), ("2C", "", ("", 2, 16, False)),
        ("1PC", "", ("", 1, 8, False)),
        ("0PJ", "", ("", 0, 0, False)), ("6A", "(7,1)", ("S6", 1, 6, False)), ("6A", "(4,2)", ("S6", 1, 6, False)),
        ("6A0", "", ("S6", 1, 6, False)),
    ],
)  # fmt: skip
def test_whole_forms_of_fits(form, dimensions, expected):
    header = fits.Header({"TFORM1": form, "TDIM1": dimensions})
    assert fits_columns._binary_form(header, 1, T) == fits_columns._Form(*expected)


def test_elements_of_long_vectors_are_no_columns(monkeypatch):
    monkeypatch.setattr(fits_columns, "MAX_ELEMENTS", 2)
    assert len(fits_columns._Form(">i4", 2, 8, False).elements("v")) == 2
    assert fits_columns._Form(">i4", 3, 12, False).elements("v") == []


def test_layouts_of_rows_of_fits():
    cards = {
        "XTENSION": "BINTABLE", "NAXIS1": 4 + 3 + 16 + 2 + 8 + 8 + 4 + 12, "TFIELDS": 8, "TTYPE1": "a", "TFORM1": "J",
        "TNULL1": -9,
        "TTYPE2": "a", "TFORM2": "3A", "TFORM3": "2C", "TTYPE4": "b", "TFORM4": "9X", "TTYPE5": "p", "TFORM5": "1PJ",
        "TTYPE6": "s", "TFORM6": "1PA", "TTYPE7": "o", "TFORM7": "1X", "TTYPE8": "v", "TFORM8": "3J", "TSCAL8": 2.0,
        "TZERO8": 1.0,
    }  # fmt: skip
    cards["NAXIS1"] = 4 + 3 + 16 + 2 + 8 + 8 + 1 + 12
    kept, left_out = fits_columns.layout(fits.Header(cards), T)
    found = {name: (f.sql, f.offset, f.place, f.count, f.heap, f.n_bits, f.part_of) for name, f in kept.items()}
    assert found == {
        "a": ("c0", 0, 1, 1, "", 0, ""), "a_2": ("c1", 4, 2, 1, "", 0, ""), "b": ("c2", 23, 4, 2, "", 9, ""),
        "p": ("c3", 25, 5, 1, "P", 0, ""), "s": ("c4", 33, 6, 1, "P", 0, ""), "o": ("c5", 41, 7, 1, "", 1, ""),
        "v": ("c6", 42, 8, 3, "", 0, ""), "v[1]": ("c7", 42, 8, 1, "", 0, "v"), "v[2]": ("c8", 46, 8, 1, "", 0, "v"),
        "v[3]": ("c9", 50, 8, 1, "", 0, "v"),
    }  # fmt: skip
    assert left_out == ("col3", "b", "p")
    assert (kept["a"].null, kept["v[2]"].scale, kept["v[2]"].zero) == (-9, 2, 1)
    with pytest.raises(RefusedFile, match="its columns fill 54 bytes a row, its header says 55"):
        fits_columns.layout(fits.Header(cards | {"NAXIS1": 55}), T)
    with pytest.raises(RefusedFile, match="damaged: TFORM1 is '5Z'"):
        fits_columns.layout(fits.Header(cards | {"TFORM1": "5Z"}), T)


def test_layouts_of_tables_of_letters():
    cards = {
        "XTENSION": "TABLE", "NAXIS1": 20, "TFIELDS": 4, "TTYPE1": "a", "TFORM1": "I5", "TBCOL1": 1, "TNULL1": "*",
        "TTYPE2": "b", "TFORM2": "F8.3", "TBCOL2": 7, "TFORM3": "F8.3", "TBCOL3": 7, "TSCAL3": 2.0, "TFORM4": "A3",
        "TBCOL4": 17,
        "TZERO3": 0.0,
    }  # fmt: skip
    kept, left_out = fits_columns.layout(fits.Header(cards), T)
    found = {name: (f.code, f.offset, f.place, f.is_ascii, f.null) for name, f in kept.items()}
    assert found == {
        "a": ("S5", 0, 1, "I", "*"), "b": ("S8", 6, 2, "F", None), "col4": ("S3", 16, 4, "A", None)
    }  # fmt: skip
    assert left_out == ("col3",)
    cards |= {"TSCAL3": 1.0, "TZERO3": 5.0}
    assert fits_columns.layout(fits.Header(cards), T)[1] == ("col3",)
    assert fits_columns.layout(fits.Header(cards | {"TZERO3": 0.0}), T)[1] == ()


# --- HDF5


@pytest.fixture
def hdf5_file(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        rows = np.zeros(3, [("a", "i4"), ("s", "S3"), ("v", "f4", (2,)), ("z", "c8")])
        rows["a"], rows["s"] = [1, 2, 3], [b"x", b"y", b"z"]
        file["stars"] = rows
    return tmp_path / "t.h5"


def test_records_of_hdf5_in_slices(connection, hdf5_file, monkeypatch):
    monkeypatch.setattr(hdf5, "SLICE_ROWS", 2)
    source = hdf5.read(connection, hdf5_file, "stars")
    assert (list(source.columns), source.left_out, list(source.vectors)) == (["a", "s"], ("v", "z"), ["v"])
    assert connection.execute(f"from {source.relation(['s', 'a'])}").fetchall() == [("x", 1), ("y", 2), ("z", 3)]
    assert source.failure() is None
    source.close()


def test_hdf5_that_is_damaged_while_it_is_read(connection, tmp_path):
    """Its packed values, or all of it."""
    h5py = pytest.importorskip("h5py")
    file = tmp_path / "t.h5"
    with h5py.File(file, "w") as made:
        made.create_dataset(
            "stars", data=np.zeros(1000, [("a", "i4"), ("b", "i4")]), compression="gzip", chunks=(1000,)
        )
        place = made["stars"].id.get_chunk_info(0).byte_offset
    content = file.read_bytes()
    for damaged, words in (
        (content[:place] + b"damaged!" + content[place + 8 :], "truncated or damaged"),
        (b"", "not a readable HDF5"),
    ):
        file.write_bytes(content)
        source = hdf5.read(connection, file)
        relation = source.relation(["a"])
        file.write_bytes(damaged)
        with pytest.raises(duckdb.Error):
            connection.execute(f"from {relation}").fetchall()
        assert words in str(source.failure())
        source.close()


def test_columns_of_astropys_hdf5():
    said = {"datatype": [{"name": "x", "datatype": "string", "unit": "mag"}]}
    found = hdf5._column("c0", "x", np.dtype("S3"), said)
    assert (found.type, found.is_text, found.unit) == ("VARCHAR", True, "mag")
    number = {"datatype": [{"name": "x", "datatype": "float32", "unit": "mag"}]}
    assert hdf5._column("c0", "x", np.dtype("S3"), number).type == "VARCHAR", "its own type, not the header's"
    assert hdf5._column("c0", "x", np.dtype("f4"), said).type == "REAL"


def pickled(*words: str) -> bytes:
    import pickle

    return pickle.dumps(list(words))


def test_tables_of_pandas_in_hdf5():
    """Fields of several columns are elements; the labels are a column unless they only count the rows."""
    rows = np.zeros(3, [("index", "i8"), ("values_block_0", "f8", (2,)), ("b", "i8"), ("c", "i1"), ("d", "S1", (1,))])
    rows["index"] = [0, 1, 2]
    attributes = {
        "values_block_0_kind": pickled("x", "y"), "b_dtype": "datetime64[ns]", "c_meta": "category", "d_kind": b"",
        "b_kind": b"",
        "c_kind": b"",
    }  # fmt: skip

    class Dataset(SimpleNamespace):
        dtype = rows.dtype

        def __getitem__(self, key):
            return rows[key]

    def dataset(kind: str = "frame_table", **info):
        return Dataset(attrs=attributes, name="/t/table", parent=SimpleNamespace(attrs={"pandas_type": kind} | info))

    parts = hdf5_pandas.of_table(dataset())
    part = hdf5_pandas.Part
    assert parts == {
        "x": (part("/t/table", "values_block_0", 0), np.dtype("f8")),
        "y": (part("/t/table", "values_block_0", 1), np.dtype("f8")),
        "b": (part("/t/table", "b", -1), np.dtype("M8[ns]")), "c": (part("/t/table", "c", -1), hdf5_pandas.UNREAD),
        "d": (part("/t/table", "d", 0), np.dtype("S1")),
    }  # fmt: skip
    assert hdf5_pandas.of_table(dataset("frame")) == {}
    named = hdf5_pandas.of_table(dataset(info=pickled("index", "index_name", "star")))
    assert named["star"] == (part("/t/table", "index"), np.dtype("i8"))
    rows["index"] = [1, 2, 3]
    assert hdf5_pandas.of_table(dataset())["index"] == (part("/t/table", "index"), np.dtype("i8"))


@pytest.mark.parametrize(
    ("said", "meta", "expected"),
    [
        ("bool", "", "?"),
        ("datetime64[us]", "", "M8[us]"),
        ("", "", "i8"),
        ("int64", "", "i8"),
        ("bool", "category", "V1"),
    ],
)
def test_types_that_pandas_means(said, meta, expected):
    assert hdf5_pandas._meant(np.dtype("i8"), said, meta) == np.dtype(expected)


def test_bits_and_frames_of_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["n"] = [1, 2]
        kind = h5py.h5t.STD_B8LE
        h5py.h5d.create(file.id, b"bits", kind, h5py.h5s.create_simple((2,)))
        assert (hdf5_pandas._is_bits(file["bits"]), hdf5_pandas._is_bits(file["n"])) == (True, False)
        for name, kind in (("f", "frame"), ("g", "series")):
            file.create_group(name).attrs["pandas_type"] = kind
        assert [hdf5_pandas.is_fixed(file[name]) for name in "fg"] == [True, False]
    assert hdf5_pandas._words(pickled("a", "b")) == ["a", "b"]
    assert hdf5_pandas._words(b"no pickle") == hdf5_pandas._words(3.5) == []
    assert (hdf5_pandas._text(b"\xff"), hdf5_pandas._text(3)) == ("\ufffd", "3")


def test_frames_of_pandas_in_the_fixed_format(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        group = file.create_group("f")
        group["axis1"] = [5, 6]
        group["axis1"].attrs["name"] = "star"
        group["block0_values"], group["block0_items"] = [[1.5, 2.5], [3.5, 4.5]], [b"x", b"y"]
        group["block1_values"], group["block1_items"] = np.array([[1], [2]]), [b"t"]
        group["block1_values"].attrs["value_type"] = "datetime64[ns]"
        part = hdf5_pandas.Part
        assert hdf5_pandas.of_fixed(group, T) == {
            "star": (part("/f/axis1"), np.dtype("i8")), "x": (part("/f/block0_values", "", 0), np.dtype("f8")),
            "y": (part("/f/block0_values", "", 1), np.dtype("f8")),
            "t": (part("/f/block1_values", "", 0), np.dtype("M8[ns]")),
        }  # fmt: skip
        group.attrs["axis0_variety"] = "multi"
        with pytest.raises(RefusedFile, match="several levels of column names"):
            hdf5_pandas.of_fixed(group, T)


# --- VOTable


def field(datatype: str = "int", arraysize: str = "", null: str = "") -> votable_binary.Field:
    return votable_binary.Field("x", "c0", datatype, arraysize, null, "", "", "")


@pytest.mark.parametrize(
    ("datatype", "size", "expected"),
    [
        ("int", "", (False, 1, True, False, 4)), ("int", "1", (False, 1, True, False, 4)),
        ("int", "3", (False, 3, False, True, 12)),
        ("int", "*", (True, 1, False, True, 4)), ("int", "3x*", (True, 3, False, True, 12)),
        ("int", "2x3", (False, 6, False, True, 24)),
        ("char", "5", (False, 5, True, False, 5)), ("unicodeChar", "5*", (True, 1, True, False, 2)),
        ("char", "2x3", (False, 6, False, False, 6)),
        ("bit", "9", (False, 9, False, False, 2)), ("bit", "", (False, 1, True, False, 1)),
        ("floatComplex", "", (False, 1, False, False, 8)),
        ("double", "5*", (True, 1, False, True, 8)),
    ],
)  # fmt: skip
def test_fields_of_a_votable(datatype, size, expected):
    found = field(datatype, size)
    assert (found.is_variable, found.count, found.is_kept, found.is_vector, found.n_bytes) == expected
    assert found.arrow_type == (
        pa.list_(votable_binary.TYPES[datatype][2]) if expected[3] else votable_binary.TYPES[datatype][2]
    )


def test_records_of_a_votable():
    """An int, a variable short and a text of 3: pieces of 4, 2 a step, 3 bytes."""
    fields = [field("int"), field("short", "*"), field("char", "3")]
    pieces, slots = votable_binary.pieces_of(fields)
    assert [piece if isinstance(piece, int) else piece.format for piece in pieces] == [">i", 2, ">3s"]
    assert slots == [0, 1, 2]
    assert [p if isinstance(p, int) else p.format for p in votable_binary.pieces_of(fields[1:])[0]] == [2, ">3s"]
    assert [p if isinstance(p, int) else p.format for p in votable_binary.pieces_of(fields[:2])[0]] == [">i", 2]
    assert [
        p.format for p in votable_binary.pieces_of([field("short", "2"), field("bit"), field("floatComplex")])[0]
    ] == [">4sB8s"]
    one = b"\x80" + struct.pack(">iihh", 7, 2, 1, 2) + b"abc"
    two = b"\x01" + struct.pack(">ii", 8, 0) + b"def"
    data = b"x" + one + two
    masks_, rows, end = votable_binary.records(data, 1, 1, pieces, 10)
    assert (masks_, rows, end) == ([0x80, 1], [[7, b"\0\1\0\2", b"abc"], [8, b"", b"def"]], len(data))
    assert votable_binary.records(data, 1, 1, pieces, 1) == ([0x80], rows[:1], 1 + len(one))
    for cut in range(1 + len(one), len(data)):
        assert votable_binary.records(data[:cut], 1, 1, pieces, 10) == ([0x80], rows[:1], 1 + len(one))
    ends_with_list = votable_binary.pieces_of(fields[:2])[0]
    assert votable_binary.records(one[:-4], 0, 1, ends_with_list, 5)[1] == []
    assert votable_binary.records(one[:-3], 0, 1, ends_with_list, 5)[1] == [[7, b"\0\1\0\2"]]
    assert votable_binary.records(b"", 0, 0, [], 5) == ([], [], 0)


@pytest.mark.parametrize(
    ("given", "raw", "expected"),
    [
        (field("int", null="0x10"), (16, 17), [None, 17]),
        (field("boolean"), (b"T", b"f", b"1", b"?"), [True, False, True, None]),
        (field("bit"), (1, 0, 128), [True, False, True]),
        (field("char", "3", null="n"), (b"a\0b", b"n", b" ", b"\xe9"), ["a", None, None, "é"]),
        (field("unicodeChar", "2"), (b"\0a\0\0", b"\xd8\0\0a"), ["a", "\ufffda"]),
        (field("short", "*", null="2"), (b"\0\1\0\2", b""), [[1, None], []]),
        (field("boolean", "2"), (b"T?",), [[True, None]]), (field("double"), (1.5,), [1.5]),
    ],
)  # fmt: skip
def test_values_of_a_votable(given, raw, expected):
    assert votable_binary.values_of(given, raw, [0] * len(raw), 4) == expected
    masked = [4] + [3] * (len(raw) - 1)
    assert votable_binary.values_of(given, raw, masked, 4) == [None, *expected[1:]]


@pytest.mark.parametrize(
    ("text_", "expected"),
    [("0x1F", 31), (" 12 ", 12), ("1.5", 1.5), ("010", 10), ("a", None), ("", None), ("1e3", 1000.0)],
)
def test_numbers_as_votables_write_them(text_, expected):
    assert votable_binary.number_of(text_) == expected
    assert type(votable_binary.number_of(text_)) is type(expected)


@pytest.mark.parametrize(
    ("given", "text_", "expected"),
    [
        (field("int"), " 12 ", "12"), (field("int"), "0xff", "255"), (field("float"), "0xff", "0xff"),
        (field("int", null="-9"), "-9", None),
        (field("double", null="-9"), "-9.0", None), (field("char", "*", null="x"), "x", None),
        (field("char", "*", null="1"), "1.0", "1.0"),
        (field("boolean"), "?", None), (field("char"), "?", "?"), (field("int"), "  ", None),
        (field("short", "*"), "1 0x10 3", [1, 16, 3]),
        (field("float", "2", null="-9"), "1.5 -9.0", [1.5, None]), (field("float", "2"), "1.5 -9.0", [1.5, -9.0]),
        (field("boolean", "3"), "true F ?", [True, False, None]), (field("boolean", "3"), "T F 1", [True, False, True]),
        (field("double", "2"), "1 2", [1.0, 2.0]), (field("int", "*", null="5"), "5", None),
    ],
)  # fmt: skip
def test_cells_of_a_votable(given, text_, expected):
    assert votable._cell(text_, given) == expected


def test_streams_of_a_votable_come_in_pieces():
    """Four characters are three bytes; what is left of them waits for more."""
    document = votable.Document(T)
    document.text = ["YW", "Jj\n", "ZGV", "mZ"]
    assert document.taken_bytes("") == (b"abcdef", "Z")
    assert document.text == []
    document.text = ["2g="]
    assert document.taken_bytes("Z") == (b"gh", "")


def test_fields_that_a_votable_describes():
    said = {
        "datatype": "int",
        "arraysize": "2x*",
        "null": "-9",
        "unit": "mag",
        "ucd": "phot",
        "description": "said",
        "name": "a",
    }
    assert votable._field(3, said, T) == votable_binary.Field("a", "c3", "int", "2x*", "-9", "mag", "phot", "said")
    assert votable._field(3, {"datatype": "int", "ID": "b"}, T).name == "b"
    assert votable._field(3, {"datatype": "int"}, T) == votable_binary.Field("col4", "c3", "int", "", "", "", "", "")
    for bad in (
        {"datatype": "text"},
        {"datatype": "int", "arraysize": "a"},
        {"datatype": "int", "arraysize": "-1"},
        {},
    ):
        with pytest.raises(RefusedFile, match="damaged: FIELD"):
            votable._field(0, bad, T)


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("rows.fits", True),
        ("sub/../rows.fits", True),
        ("ro%77s.fits", True),
        ("other.fits", False),
        ("https://a.b/rows.fits", False),
    ],
)
def test_rows_beside_a_votable(tmp_path, address, there):
    (tmp_path / "rows.fits").touch()
    (tmp_path / "sub").mkdir()
    if there:
        assert votable._linked(tmp_path / "t.vot", address).samefile(tmp_path / "rows.fits")
    else:
        with pytest.raises(RefusedFile, match="its rows are elsewhere"):
            votable._linked(tmp_path / "t.vot", address)


TABLE = (
    '<TABLE name="{}"><FIELD name="a" datatype="int"/><DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE>'
)


@pytest.mark.parametrize(
    ("inside", "wanted", "place"),
    [
        (TABLE.format("t"), "", 0), (TABLE.format("t"), "t", 1), (TABLE.format("t") + TABLE.format("u"), "u", 2),
        (TABLE.format("t") + TABLE.format("u"), "2", 2), (TABLE.format("t") + TABLE.format("1"), "1", 2),
        (TABLE.format("t") + '<TABLE name="empty"/>', "", 0), (TABLE.format("OVERFLOW"), "", 0),
        (TABLE.format("t") + TABLE.format("u"), "", "holds 2 tables: t, u"),
        (TABLE.format("t"), "x", "holds no table x"),
        ('<INFO name="QUERY_STATUS" value="OVERFLOW"/>' + TABLE.format("t"), "", "has cut the answer off"),
        (TABLE.format("t") + "<TABLE", "t", "not a readable VOTable"),
        (TABLE.format("t") + "<TABLE ", "", "not a readable VOTable"),
        ("<TABLE ", "", 0),
    ],
)  # fmt: skip
def test_which_table_of_a_votable(tmp_path, monkeypatch, inside, wanted, place):
    file = tmp_path / "t.vot"
    file.write_text(f"<VOTABLE><RESOURCE>{inside}</RESOURCE></VOTABLE>")
    for block in (1 << 20, 100):
        monkeypatch.setattr(votable, "BLOCK", block)
        if isinstance(place, int):
            assert votable._place(file, wanted) == place
        else:
            with pytest.raises(RefusedFile, match=place):
                votable._place(file, wanted)


# --- footers, batches and rows


def test_batches_of_arrow_that_unpack_to_too_much(tmp_path, monkeypatch):
    """8,000 bytes of zeros and a bitmap of 125, rounded up to 128 by none: what the buffers say."""
    table = pa.table({"x": pa.array([0] * 999 + [None])})
    for name, compression in (("a.arrow", "zstd"), ("b.arrow", None)):
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with (
            pa.OSFile(str(tmp_path / name), "wb") as sink,
            pa.ipc.new_file(sink, table.schema, options=options) as writer,
        ):
            writer.write_table(table)
    with pa.OSFile(str(tmp_path / "c.arrows"), "wb") as sink:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
    with pa.OSFile(str(tmp_path / "a.arrow")) as file:
        file.seek(8)
        messages = pa.ipc.MessageReader.open_stream(file)
        assert messages.read_next_message().type == "schema"
        size = arrow_sizes._unpacked(messages.read_next_message())
    assert 8000 <= size <= 8256
    monkeypatch.setattr(arrow_sizes, "MOST_BYTES", size)
    for name in ("a.arrow", "b.arrow", "c.arrows"):
        arrow_sizes.refuse_expanding(tmp_path / name)
    monkeypatch.setattr(arrow_sizes, "MOST_BYTES", size - 1)
    arrow_sizes.refuse_expanding(tmp_path / "b.arrow")
    for name in ("a.arrow", "c.arrows"):
        with pytest.raises(RefusedFile, match=f"one of its batches unpacks to {size:,} bytes"):
            arrow_sizes.refuse_expanding(tmp_path / name)


def test_columns_that_a_footer_of_parquet_promises(tmp_path, monkeypatch):
    import pyarrow.parquet as pq

    pq.write_table(pa.table({f"c{i}": [1] for i in range(300)}), tmp_path / "t.parquet")
    assert parquet_footer.schema_entries(tmp_path / "t.parquet") == 301
    monkeypatch.setattr(parquet_footer, "MAX_COLUMNS", 75)
    assert parquet_footer.too_wide(tmp_path / "t.parquet") == "has 300 columns; more than 75 are no catalog"
    monkeypatch.setattr(parquet_footer, "MAX_COLUMNS", 76)
    assert parquet_footer.too_wide(tmp_path / "t.parquet") is None
    (tmp_path / "u").write_bytes(b"abc")
    assert parquet_footer.schema_entries(tmp_path / "u") == 0


def test_rows_of_excel(connection, tmp_path, monkeypatch):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("a", " b ", None), (1, 2.5, None), (None, None, None), (3.0, "x", "beside")):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    monkeypatch.setattr(excel, "SLICE_ROWS", 2)
    source = excel.read(connection, tmp_path / "t.xlsx")
    assert [(n, c.sql, c.is_text) for n, c in source.columns.items()] == [("a", "c0", True), ("b", "c1", True)]
    rows = connection.execute(f"from {source.relation(['b', 'a'])}").fetchall()
    assert rows == [("2.5", "1"), ("x", "3")]
    source.close()
    monkeypatch.setattr(excel, "MOST_BYTES", 10)
    with pytest.raises(RefusedFile, match="it unpacks to"):
        excel._workbook(tmp_path / "t.xlsx")


def document_of(tmp_path, inside: str) -> votable.Document:
    file = tmp_path / "d.vot"
    file.write_text(f"<v:VOTABLE xmlns:v='x'><RESOURCE>{inside}</RESOURCE></v:VOTABLE>")
    document = votable.Document(file)
    for _ in document.blocks():
        pass
    return document


def test_what_a_document_of_votable_says(tmp_path):
    """Of its first table alone, whose rows stand between tags; a null value may be that of another field."""
    inside = """<INFO name="QUERY_STATUS" value="OK"> all
        well </INFO><INFO name="other" value="x">not this</INFO><TABLE ID="t"><DESCRIPTION>no field's</DESCRIPTION>
        <FIELD name="a" datatype="int"><VALUES ID="n" null="-9"/><DESCRIPTION> how
        bright </DESCRIPTION></FIELD><FIELD name="b" datatype="int"><VALUES ref="n"/></FIELD>
        <DATA><v:TABLEDATA>between<TR>and<TD>1</TD>between<TD> 2</TD></TR><TR><TD/><TD>4</TD></TR></v:TABLEDATA></DATA>
        </TABLE><TABLE><FIELD name="c" datatype="int"/><DATA>
        <TABLEDATA><TR><TD>5</TD><TD>6</TD><TD>7</TD></TR></TABLEDATA>
        </DATA></TABLE>"""
    document = document_of(tmp_path, inside)
    assert (document.status, document.said, document.serialisation, document.is_done) == (
        "OK",
        "all well",
        "TABLEDATA",
        True,
    )
    assert document.tables == ["t", "(no name)"]
    assert document.elements == [
        {"name": "a", "datatype": "int", "null": "-9", "description": "how bright"},
        {"name": "b", "datatype": "int", "null": "-9"},
    ]  # fmt: skip
    assert document.rows == [["1", " 2"], ["", "4"]]


def test_a_stream_of_votable_ends(tmp_path):
    inside = """<TABLE><FIELD name="a" datatype="int"/><DATA><BINARY2><STREAM encoding="base64"> AAAA
        AAE= </STREAM> behind </BINARY2></DATA></TABLE> far behind"""
    document = document_of(tmp_path, inside)
    assert (document.serialisation, document.stream, document.said) == ("BINARY2", {"encoding": "base64"}, "")
    assert document.taken_bytes("") == (bytes(4) + b"\1", "")


def test_documents_of_votable_that_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(votable, "DEEPEST", 4)
    assert document_of(tmp_path, "<a><b/></a>").tables == []
    with pytest.raises(ValueError, match="elements lie more than 4 deep"):
        document_of(tmp_path, "<a><b><c/></b></a>")
    monkeypatch.setattr(votable, "DEEPEST", 9)
    monkeypatch.setattr(votable, "MOST_TABLES", 1)
    with pytest.raises(ValueError, match="more than 1 tables"):
        document_of(tmp_path, "<TABLE><DATA/></TABLE><TABLE><DATA/></TABLE>")
    field_, rows = '<FIELD name="a" datatype="int"/>', "<TR><TD>1</TD><TD>2</TD></TR>"
    with pytest.raises(ValueError, match="a row has more cells than the header's 1 fields"):
        document_of(tmp_path, f"<TABLE>{field_}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE>")
    monkeypatch.setattr(boundary, "MAX_COLUMNS", 1)
    assert len(document_of(tmp_path, f"<TABLE>{field_}</TABLE>").elements) == 1
    with pytest.raises(RefusedFile, match="has 2 columns"):
        document_of(tmp_path, f"<TABLE>{field_}{field_}</TABLE>")
    monkeypatch.setattr(votable, "LONGEST_PIECE", 150)
    monkeypatch.setattr(votable, "BLOCK", 100)
    assert document_of(tmp_path, "<!--" + "x" * 90 + "-->" + " " * 400).tables == []
    for long in (
        "<!--" + "x" * 400 + "-->",
        f"<TABLE><DATA><TABLEDATA><TR><TD>{'x' * 400}</TD></TR></TABLEDATA></DATA></TABLE>",
    ):
        with pytest.raises(ValueError, match="one comment, tag or value is longer than 150 bytes"):
            document_of(tmp_path, long)


def test_rows_of_votable_in_slices(tmp_path, monkeypatch):
    """Rows of text with too few cells are named; binary rows come in slices, and end with the stream."""
    monkeypatch.setattr(votable, "SLICE_ROWS", 2)
    fields = '<FIELD name="a" datatype="short"/><FIELD name="b" datatype="char" arraysize="1"/>'
    rows = b"".join(struct.pack(">Bhc", mask, n, b"xyz"[n : n + 1]) for n, mask in enumerate((0, 0x80, 0x40)))
    file = tmp_path / "t.vot"
    head, tail = f"<VOTABLE><RESOURCE><TABLE>{fields}<DATA>", "</DATA></TABLE></RESOURCE></VOTABLE>"

    def read(body: str) -> list[list]:
        file.write_text(head + body + tail)
        table = votable.Table(file)
        batches = list(table.batches(["b", "a"]))
        assert table.failure is None
        return [[list(row.values()) for row in batch.to_pylist()] for batch in batches]

    def binary(data: bytes, kind: str = "BINARY2") -> str:
        import base64

        return f"<{kind}><STREAM encoding='base64'>{base64.b64encode(data).decode()}</STREAM></{kind}>"

    assert read(binary(rows)) == [[["x", 0], ["y", None]], [[None, 2]]]
    bare = b"".join(struct.pack(">hc", n, b"x") for n in range(2))
    assert read(binary(bare, "BINARY")) == [[["x", 0], ["x", 1]]]
    for damaged in (binary(rows[:-1]), binary(rows).replace("</STREAM>", "A</STREAM>")):
        with pytest.raises(RefusedFile, match=r"truncated or damaged \(its stream ends within a row\)"):
            read(damaged)
    text_rows = "".join(f"<TR><TD>{n}</TD><TD>x</TD></TR>" for n in range(2))
    assert read(f"<TABLEDATA>{text_rows}</TABLEDATA>") == [[["x", "0"], ["x", "1"]]]
    with pytest.raises(RefusedFile, match="row 3 has 1 cells, the header 2"):
        read(f"<TABLEDATA>{text_rows}<TR><TD>3</TD></TR></TABLEDATA>")
    head = head.replace('arraysize="1"', 'arraysize="9000"')
    monkeypatch.setattr(votable, "LONGEST_PIECE", 4000)
    with pytest.raises(RefusedFile, match="a row is longer than 4,000 bytes"):
        read(binary(bytes(4001)))
    with pytest.raises(RefusedFile, match="its stream ends within a row"):
        read(binary(bytes(4000)))


def test_a_table_of_fits_behind_an_image(tmp_path):
    """100 bytes of an image fill a block of 2,880."""
    image = fits.ImageHDU(np.zeros((10, 10), "u1"), name="IMAGE")
    table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=[7])])
    fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(tmp_path / "t.fits")
    assert next(fits_reader.Table(tmp_path / "t.fits").batches(["a"]))["c0"].to_pylist() == [7]
    with pytest.raises(RefusedFile, match="holds no table IMAGE"):
        fits_reader.Table(tmp_path / "t.fits", "IMAGE")


@pytest.mark.parametrize(
    ("row", "n_fields", "size", "is_refused"),
    [(b"\0 \0", 2, 3, True), (b"\0 \0", 1, 3, False), (b"\0a\0", 2, 3, False), (bytes(2880), 2, 2880, False),
        (b"", 2, 3, False),
     (bytes(2879), 2, 2879, True)],
)  # fmt: skip
def test_a_last_row_of_fits_that_only_fills_its_block(row, n_fields, size, is_refused):
    table = object.__new__(fits_reader.Table)
    table.path, table.fields, table.row_size, table.n_rows = T, dict.fromkeys(range(n_fields)), size, 5
    if is_refused:
        with pytest.raises(RefusedFile, match="the last of the 5 rows that its header promises is nothing but zeros"):
            table._check_end(io.BytesIO(), row)
    else:
        table._check_end(io.BytesIO(), row)


def test_types_of_arrow(tmp_path):
    """Half floats, words and views as DuckDB takes them, from a file or a stream."""
    words = pa.array(["a", "b", "a"]).dictionary_encode()
    table = pa.table(
        {"h": pa.array(np.array([1, 2, 3], np.float16)), "w": words, "s": pa.array(["x", "y", None], pa.string_view())}
    )
    for name, new in (("a", pa.ipc.new_file), ("b", pa.ipc.new_stream)):
        with pa.OSFile(str(tmp_path / name), "wb") as sink, new(sink, table.schema) as writer:
            writer.write_table(table, 2)
        schema = arrow._known(table.schema)
        assert [str(kind) for kind in schema.types] == ["float", "string", "string"]
        batches = list(arrow._batches(tmp_path / name))
        assert [batch.num_rows for batch in batches] == [2, 1]
        made = [arrow._as_known(batches[0].column(n), schema.field(n).type).to_pylist() for n in "hws"]
        assert made == [[1, 2], ["a", "b"], ["x", "y"]]
    assert arrow._duckdb_types(schema) == {"h": "FLOAT", "w": "VARCHAR", "s": "VARCHAR"}
    (tmp_path / "c").write_bytes(b"nothing at all")
    with pytest.raises(RefusedFile, match="not a readable Feather or Arrow file"):
        arrow._stream_schema(tmp_path / "c")


@pytest.mark.parametrize("is_linked", [False, True])
def test_rows_of_fits_inside_a_votable_or_beside_it(connection, tmp_path, is_linked):
    import base64

    fits.BinTableHDU.from_columns(
        [fits.Column("a", "J", unit="K", array=[7]), fits.Column("b", "J", unit="s", array=[8])]
    ).writeto(tmp_path / "r.fits")
    content = base64.b64encode((tmp_path / "r.fits").read_bytes()).decode()
    stream = '<STREAM href="r.fits"/>' if is_linked else f"<STREAM encoding='base64'>{content}</STREAM>"
    (tmp_path / "t.vot").write_text(
        "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int' unit='mag' ucd='phot'>"
        "<DESCRIPTION>said</DESCRIPTION></FIELD>"
        f"<DATA><FITS>{stream}</FITS></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    source = votable.read(connection, tmp_path / "t.vot")
    assert [(c.unit, c.ucd, c.description) for c in source.columns.values()] == [("mag", "phot", "said"), ("s", "", "")]
    assert source.path == tmp_path / "t.vot"
    assert connection.execute(f"from {source.relation(['b', 'a'])}").fetchall() == [(8, 7)]
    source.close()
