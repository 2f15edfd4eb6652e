"""Columns of FITS and HDF5: their types, and values of a few bytes, by hand."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from astropy.table import Table
from candlesql.catalogs.readers import fits_columns, hdf5, open_file
from candlesql.catalogs.survey import Column
from candlesql.catalogs.writers import fits as fits_writer
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
