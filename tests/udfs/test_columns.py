"""Arrow's columns as NumPy arrays and back, by their buffers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from candlesql.udfs.arrow import bitmap, numbers, whole


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_numbers_of_a_part_of_a_column(kind):
    column = pa.array([9.5, *range(20), None, -1.5, None], kind)
    found = numbers(column.slice(1, 22))
    assert found.dtype == kind.to_pandas_dtype()
    assert found[:20].tolist() == list(range(20))
    assert np.isnan(found[20])
    assert found[21] == -1.5
    assert numbers(column.slice(3, 2)).tolist() == [2, 3]
    assert numbers(column.slice(0, 0)).tolist() == []


def test_a_column_in_pieces():
    pieces = pa.chunked_array([pa.array([1.0, None]), pa.array([], pa.float64()), pa.array([3.0])])
    assert str(numbers(whole(pieces)).tolist()) == "[1.0, nan, 3.0]"
    assert numbers(whole(pa.chunked_array([], pa.float64()))).tolist() == []


def test_rows_that_are_null():
    valid = np.array([True, False] * 5 + [True])
    made = pa.Array.from_buffers(pa.int64(), 11, [bitmap(valid), pa.py_buffer(np.arange(11))])
    assert made.to_pylist() == [None if i % 2 else i for i in range(11)]
