"""Columns of FITS and HDF5: their types, and values of a few bytes, by hand."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from astropy.table import Table
from candlesql.catalogs.readers import FileColumn, csvw, fits_columns, hdf5, open_file
from candlesql.catalogs.survey import Column
from candlesql.catalogs.writers import fits as fits_writer
from candlesql.catalogs.writers import votable as votable_writer
from candlesql.catalogs.writers.kinds import Facts
from candlesql.errors import RefusedFile


def field(code: str = ">i2", **said) -> fits_columns.Field:
    return fits_columns.Field("x", "c0", code, 0, 1, **said)


@pytest.mark.parametrize(
    ("given", "is_whole", "declared"),
    [
        ({}, False, "SMALLINT"), ({"count": 2}, True, "SMALLINT[2]"), ({"heap": "P"}, True, "SMALLINT[]"),
        ({"code": "u1", "n_bits": 9}, True, "BOOLEAN[9]"), ({"code": "u1", "n_bits": 1}, False, "BOOLEAN"),
        ({"code": "S1", "heap": "P"}, False, "VARCHAR"), ({"scale": 0.5}, False, "DOUBLE"),
        ({"zero": 3}, False, "DOUBLE"),
        ({"zero": 2**15}, False, "USMALLINT"), ({"code": "u1", "is_logical": True}, False, "BOOLEAN"),
        ({"code": ">f4"}, False, "REAL"), ({"code": "S8", "is_ascii": "A"}, False, "VARCHAR"),
        ({"code": "S8", "is_ascii": "I"}, False, "BIGINT"), ({"code": "S8", "is_ascii": "F"}, False, "DOUBLE"),
    ],
)  # fmt: skip
def test_types_of_fits(given, is_whole, declared):
    assert (field(**given).is_whole, field(**given).declared) == (is_whole, declared)


@pytest.mark.parametrize(
    ("given", "raw", "expected"),
    [
        ({"null": -1}, np.array([1, -1], ">i2"), [1, None]),
        ({"scale": 0.5, "zero": 10, "null": 3}, np.array([1, 2, 3], ">i2"), [10.5, 11.0, None]),
        ({"zero": 2**15}, np.array([-(2**15), 0, 2**15 - 1], ">i2"), [0, 2**15, 2**16 - 1]),
        ({"code": "u1", "zero": -128}, np.array([0, 128, 255], "u1"), [-128, 0, 127]),
        ({"code": "u1", "is_logical": True}, np.frombuffer(b"TF\0", "u1"), [True, False, None]),
        ({"code": "S4"}, np.array([b"a \0x", b"", b" b", b"\xe9"]), ["a", None, "b", "é"]),
        ({"code": "S8", "is_ascii": "D"}, np.array([b" 1.5D+03", b"-2d4", b"3.0"]), ["1.5E+03", "-2E4", "3.0"]),
        ({"code": "S4", "is_ascii": "A", "null": "none it"}, np.array([b"none", b"non"]), [None, "non"]),
        ({"code": ">f4"}, np.array([1.5, np.inf], ">f4"), [1.5, float("inf")]),
    ],
)
def test_values_of_fits(given, raw, expected):
    assert fits_columns.array_of(field(**given), raw).to_pylist() == expected


@pytest.mark.parametrize(
    ("form", "dimensions", "expected"),
    [("12A3", "", ("S3", 4, 12)), ("12A", "(4,3)", ("S4", 3, 12)),
     ("12A5", "", ("S12", 1, 12)), ("9X", "", ("u1", 2, 2)),
     ("2J", "", (">i4", 2, 8)), ("D", "", (">f8", 1, 8)), ("0D", "", ("", 0, 0)),
     ("1PE(5)", "", (">f4", 1, 8)), ("1QA(5)", "", ("S1", 1, 16))],
)  # fmt: skip
def test_forms_of_fits(form, dimensions, expected):
    found = fits_columns._binary_form(fits.Header({"TFORM1": form, "TDIM1": dimensions}), 1, Path("t.fits"))
    assert (found.code, found.count, found.n_bytes) == expected


def test_values_of_a_vector_of_fits():
    form = fits_columns._Form(">i4", 3, 12, False)
    assert form.elements("v") == [("v[1]", 0, "v"), ("v[2]", 4, "v"), ("v[3]", 8, "v")]
    assert fits_columns._Form(">i4", 1, 4, False).elements("v") == [("v", 0, "")]
    assert fits_columns._Form(">i4", 1, 8, False, "P").elements("v") == []
    bits = fits_columns.whole_of(
        field("u1", n_bits=9, count=2), np.array([[0b10100000, 0b10000000]], "u1"), lambda *_: []
    )
    assert bits.to_pylist() == [[True, False, True, False, False, False, False, False, True]]
    fixed = fits_columns.whole_of(field(count=2), np.array([[1, 2], [3, 4]], ">i2"), lambda *_: [])
    assert fixed.to_pylist() == [[1, 2], [3, 4]]
    rows = [np.array([1, 2], ">i2"), np.array([], ">i2"), np.array([3], ">i2")]
    assert fits_columns.whole_of(field(heap="P"), np.zeros((3, 2)), lambda *_: rows).to_pylist() == [[1, 2], [], [3]]


@pytest.mark.parametrize(
    ("dtype", "declared", "is_text", "is_float"),
    [
        (np.dtype("<f4"), "REAL", False, True), (np.dtype("<f8"), "DOUBLE", False, True),
        (np.dtype("u2"), "USMALLINT", False, False),
        (np.dtype("i1"), "TINYINT", False, False), (np.dtype("?"), "BOOLEAN", False, False),
        (np.dtype("S5"), "VARCHAR", True, False),
        (np.dtype(("f8", (2, 3))), "DOUBLE[3][2]", False, True), (np.dtype(("S5", (2,))), "", False, False),
        (np.dtype("O", metadata={"vlen": np.dtype("i4")}), "INTEGER[]", False, False),
        (np.dtype("O", metadata={"vlen": str}), "VARCHAR", True, False),
    ],
)  # fmt: skip
def test_types_of_hdf5(dtype, declared, is_text, is_float):
    column = hdf5._column("c0", "x", dtype, {})
    assert (column.type, column.is_text, column.is_float) == (declared, is_text, is_float)


def test_units_of_hdf5_are_those_of_astropy_or_of_the_column(tmp_path):
    h5py = pytest.importorskip("h5py")
    table = Table({"a": [1.0, 2.0], "b": [1, 2]})
    table["a"].unit = "mag"
    table.write(tmp_path / "t.h5", path="stars", serialize_meta=True)
    with h5py.File(tmp_path / "u.h5", "w") as file:
        for name, unit in (("a", b"mas"), ("b", "")):
            file.create_dataset(f"stars/{name}", data=[1.0, 2.0]).attrs["units"] = unit
    with h5py.File(tmp_path / "v.h5", "w") as file:
        for name, n in (("a", 2), ("b", 3)):
            file.create_dataset(f"stars/{name}", data=np.zeros(n))
    with duckdb.connect() as connection:
        for file, units in (("t.h5", ["mag", ""]), ("u.h5", ["mas", ""])):
            source = open_file(connection, tmp_path / file)
            assert [column.unit for column in source.columns.values()] == units
            connection.execute(f"from {source.relation(['a'])}").fetchall()
            assert source.failure() is None
        with pytest.raises(RefusedFile, match=r"group /stars differ in length: \[2, 3\]"):
            open_file(connection, tmp_path / "v.h5")


@pytest.mark.parametrize(
    ("values", "layout", "expected"),
    [
        (pa.array([1, None], pa.int16()), {"letter": "I", "null": -9}, [1, -9]),
        (pa.array([True, None, False]), {"letter": "L"}, [ord("T"), 0, ord("F")]),
        (pa.array([0, 2**32 - 1], pa.uint32()), {"letter": "J", "zero": 2**31}, [-(2**31), 2**31 - 1]),
        (pa.array([1.5, None], pa.float64()), {"letter": "E"}, [1.5, np.nan]),
    ],
)
def test_numbers_as_they_stand_in_fits(values, layout, expected):
    found = fits_writer._numbers(values, fits_writer.Layout(Column("x", "DOUBLE"), **layout))
    np.testing.assert_array_equal(found.astype(float), np.array(expected, float))


def test_lists_lie_one_after_the_other_in_the_heap():
    heap = io.BytesIO(b"1234")
    heap.seek(4)
    values = pa.array([[1, 2], [], None, [3]], pa.list_(pa.int16()))
    found = fits_writer._in_heap(values, fits_writer.Layout(Column("x", "SMALLINT[]"), "I", -1), heap)
    assert found.tolist() == [[2, 4], [0, 8], [0, 8], [1, 8]]
    assert heap.getvalue()[4:] == b"\0\1\0\2\0\3"


# --- bytes of VOTable


@dataclass
class Batches:
    """In place of a connection: a query that gives these batches."""

    batches: list[pa.RecordBatch]

    def sql(self, query):
        return SimpleNamespace(to_arrow_reader=lambda n: iter(self.batches))


class Recorded(io.BytesIO):
    """In place of a path: what is written, piece by piece."""

    def __init__(self):
        super().__init__()
        self.pieces: list[bytes] = []

    def open(self, mode):
        return self

    def write(self, data):
        self.pieces.append(bytes(data))
        return len(data)


def test_a_votable_is_written_in_lines_of_57_bytes(monkeypatch):
    """A row is a byte of the mask and one of the number: 120 bytes a batch, of which two lines go at once."""
    batches = [pa.record_batch({"x": pa.array(range(first, first + 60), pa.uint8())}) for first in (0, 60)]
    file = Recorded()
    monkeypatch.setattr(votable_writer, "facts_of", lambda *_: Facts(120, nulls={"x": 0}))
    votable_writer.write(Batches(batches), "", [Column("x", "UTINYINT")], "note", file)
    rows = bytes(byte for n in range(120) for byte in (0, n))
    lines = [base64.b64encode(rows[start : start + 57]) + b"\n" for start in range(0, 240, 57)]
    assert file.pieces[1:-1] == [b"".join(lines[:2]), b"".join(lines[2:4]), lines[4]]
    assert file.pieces[0].endswith(b"<DATA><BINARY2><STREAM encoding='base64'>\n")
    assert file.pieces[-1].startswith(b"</STREAM></BINARY2></DATA></TABLE>")


def records_of(values: dict[str, pa.Array], kinds: list[str], facts: Facts, widths: dict[str, int]) -> list[str]:
    columns = [Column(name, kind) for name, kind in zip(values, kinds, strict=True)]
    return [piece.hex(" ") for piece in votable_writer._records(pa.record_batch(values), columns, widths, facts)]


def test_the_mask_of_a_votable_has_a_bit_a_column():
    """Of the first column the highest of the first byte, of the ninth that of the second."""
    for missing, expected in ((0, "80 00"), (1, "40 00"), (7, "01 00"), (8, "00 80"), (9, "00 40")):
        values = {f"c{i}": pa.array([None if i == missing else 1], pa.uint8()) for i in range(10)}
        numbers = ["00" if i == missing else "01" for i in range(10)]
        assert records_of(values, ["UTINYINT"] * 10, Facts(1), {}) == [" ".join([expected, *numbers])]


def test_rows_of_a_votable():
    """Numbers are big-endian, text is UTF-16 of a fixed width, truth values are letters."""
    values = {
        "a": pa.array([258, None], pa.int16()),
        "b": pa.array(["é", None]),
        "c": pa.array([True, None]),
        "d": pa.array([1.0, None], pa.float32()),
    }
    found = records_of(values, ["SMALLINT", "VARCHAR", "BOOLEAN", "REAL"], Facts(2), {"b": 2})
    assert found == ["00 01 02 00 e9 00 00 54 3f 80 00 00 f0 00 00 00 00 00 00 3f 7f c0 00 00"]


def test_lists_of_a_votable():
    """Of one length as they are; of several with their length, and each row by itself."""
    lists = pa.array([[1, 2], [3, 4]], pa.list_(pa.int16()))
    same = Facts(2, nulls={"v": 0}, low={"v": 2}, high={"v": 2})
    assert records_of({"v": lists}, ["SMALLINT[]"], same, {}) == ["00 00 01 00 02 00 00 03 00 04"]
    ragged = pa.array([[1], None, [3, 4]], pa.list_(pa.int16()))
    facts = Facts(3, nulls={"v": 1, "n": 0}, low={"v": 1}, high={"v": 2})
    values = {"n": pa.array([7, 8, 9], pa.uint8()), "v": ragged, "m": pa.array([4, 5, 6], pa.uint8())}
    assert records_of(values, ["UTINYINT", "SMALLINT[]", "UTINYINT"], facts, {}) == [
        "00 07 00 00 00 01 00 01 04",
        "40 08 00 00 00 00 05",
        "00 09 00 00 00 02 00 03 00 04 06",
    ]


@pytest.mark.parametrize(
    ("kind", "high", "is_refused"),
    [("UBIGINT", 2**63 - 1, False), ("UBIGINT", 2**63, True), ("UBIGINT", None, False), ("BIGINT", 2**63 - 1, False),
     ("UBIGINT[]", 1, True), ("UINTEGER[]", 1, False)],
)  # fmt: skip
def test_unsigned_numbers_that_a_votable_cannot_hold(kind, high, is_refused):
    facts = Facts(1, nulls={"x": 0}, high={} if high is None else {"x": high})
    if is_refused:
        with pytest.raises(RefusedFile, match="no unsigned numbers of 64 bits"):
            votable_writer._refuse_unholdable(Column("x", kind), facts)
    else:
        votable_writer._refuse_unholdable(Column("x", kind), facts)


# --- arrays of HDF5


#: Of lists of variable length, as h5py has it.
OF_LISTS = np.dtype("O", metadata={"vlen": np.dtype("i4")})


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (np.arange(12.0).reshape(2, 3, 2), "fixed_size_list<item: fixed_size_list<item: double>[2]>[3]",
         [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]),
        (np.array([1, 258], ">i2"), "int16", [1, 258]),
        (np.array([1.5], ">f2"), "float", [1.5]),
        (np.array([3], "u2"), "uint16", [3]),
        (np.array(["2020-01-02"], "M8[D]"), "timestamp[us]", [datetime(2020, 1, 2)]),
        (np.array([b"ab\0", b"", b"c"]), "string", ["ab", None, "c"]),
        (np.array(["d\0", None, b"e"], object), "string", ["d", None, "e"]),
        (np.array([1 + 2j]), "string", [None]),
        (np.array([np.array([1, 2], "i4"), None], OF_LISTS), "list<item: int32>", [[1, 2], None]),
    ],
)  # fmt: skip
def test_arrays_of_hdf5(values, kind, expected):
    found = hdf5._array(values)
    assert str(found.type) == kind
    assert found.to_pylist() == expected


def test_parts_of_records_of_hdf5():
    rows = np.array([(1, [2, 3]), (4, [5, 6])], [("a", "i4"), ("b", "i4", (2,))])
    assert hdf5._values(rows, hdf5.Part("/t", "b", 1), np.dtype("i4")).tolist() == [3, 6]
    assert hdf5._values(rows, hdf5.Part("/t", "b", 0), np.dtype("i4")).tolist() == [2, 5]
    assert hdf5._values(rows, hdf5.Part("/t", "a"), np.dtype("i4")).tolist() == [1, 4]
    assert hdf5._values(np.array([0, 1], "i1"), hdf5.Part("/t"), np.dtype("?")).tolist() == [False, True]


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [({"unit": "mag"}, "mag"), ({"units": b"mas"}, "mas"), ({"unit": 3}, ""), ({"unit": b"\xff"}, "\ufffd"), ({}, "")],
)
def test_units_in_attributes_of_hdf5(attributes, unit):
    assert hdf5._unit(SimpleNamespace(attrs=attributes)) == unit


def test_names_of_tables_of_hdf5():
    assert [hdf5._shown(name) for name in ("/stars/table", "/stars", "/table")] == ["/stars", "/stars", "/table"]
    of_list = np.dtype("O", metadata={"vlen": np.dtype("f4")})
    found = hdf5._column("c3", "x", of_list, {})
    assert (found.sql, found.name, found.type, found.is_float) == ("c3", "x", "REAL[]", False)


# --- CSVW


def described(tmp_path, said: dict | str | None, names=("a", "b"), name="t 1.csv"):
    if said is not None:
        (tmp_path / f"{name}-metadata.json").write_text(said if isinstance(said, str) else json.dumps(said))
    return csvw.described({n: FileColumn(n, n) for n in names}, tmp_path / name)


def entries(*names: str, **more: str) -> dict:
    columns = [{"name": f"_{n}", "titles": n} | more for n in names[:1]] + [{"name": n} for n in names[1:]]
    return {"url": "t%201.csv", "tableSchema": {"columns": columns}}


def test_what_a_file_of_csvw_says(tmp_path):
    more = {"schema:unitText": "mag", "schema:propertyID": "phot.mag", "dc:description": "how bright"}
    found = described(tmp_path, entries("a", "b", **more))
    assert found == {"a": FileColumn("a", "a", "mag", "phot.mag", "how bright"), "b": FileColumn("b", "b")}


def test_a_file_without_csvw_or_with_that_of_another(tmp_path):
    bare = {n: FileColumn(n, n) for n in ("a", "b")}
    assert described(tmp_path, None) == bare
    assert described(tmp_path, entries("c") | {"url": "other.csv"}) == bare


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (entries("a", "b", "c"), "column c is in one only"), (entries("a"), "column b is in one only"),
        ("{", "damaged, or no CSVW file"), ({"url": "t 1.csv"}, "damaged, or no CSVW file"),
        ([], "damaged, or no CSVW file"),
    ],
)  # fmt: skip
def test_csvw_that_does_not_fit(tmp_path, said, words):
    with pytest.raises(RefusedFile, match=words):
        described(tmp_path, said)
