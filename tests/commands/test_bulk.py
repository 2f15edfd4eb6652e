"""A small network over the rows of a query: what is written, and in which order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.commands.steps import bulk
from candlesql.udfs.graph import GraphBuilder
from candlesql.udfs.model import write_model


@pytest.fixture
def model(tmp_path):
    """a = 2 g and b = g + j."""
    builder = GraphBuilder()
    parts = [
        builder.add("Mul", builder.rows("x", 0, 1), builder.constant(2.0)),
        builder.add("Add", builder.rows("x", 0, 1), builder.rows("x", 1, 2)),
    ]
    fields = {
        "inputs": [{"name": k, "unit": ""} for k in "gj"],
        "outputs": [{"name": k, "unit": ""} for k in "ab"],
    }
    graph = builder.finish(builder.concat(parts), 2, 2, "m")
    return write_model(tmp_path / "m.onnx", graph, {"system": "m", **fields})


READ = '(range % 7)::float as "input 0", if(range = 1, null, 0.5)::float as "input 1"'


def test_rows_are_written_in_order_with_what_is_inferred(empty, model, tmp_path):
    """In batches of 2,048; NULL in, NULL out."""
    query = f"select range as id, 'x' || range % 2 as name, {READ} from range(5000) order by range"
    what = bulk.Inference(model, ["b"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BATCH_ROWS", bulk.CHUNK_ROWS)
        bulk.write_inferred(empty, query, what, tmp_path / "out", {"made": "by hand"})
    found = pq.ParquetFile(tmp_path / "out")
    table = found.read()
    assert table.column_names == ["id", "name", "b"]
    assert table["id"].to_pylist() == list(range(5000))
    assert table["b"].to_pylist() == [None if i == 1 else i % 7 + 0.5 for i in range(5000)]
    assert found.schema_arrow.metadata[b"made"] == b"by hand"
    encodings = [found.metadata.row_group(0).column(i).encodings for i in range(3)]
    assert ["RLE_DICTIONARY" in encoding for encoding in encodings] == [False, True, False]
    assert found.metadata.row_group(0).column(0).compression == "SNAPPY"


def test_whether_a_star_is_inside_the_hull(empty, model, monkeypatch):
    """By the two columns before the inputs: the sum of (1, 0.5) is below 4, that of (6, 0.5) is not."""
    hull = SimpleNamespace(names=("p", "q"))
    monkeypatch.setattr(bulk, "inside_hull", lambda _, given: pa.array(np.add(*given) < 4))
    what = bulk.Inference(model, ["a"], hull)
    bounds = '(range % 7)::double as "bound 0", 0.5::double as "bound 1"'
    schema, batches = bulk.inferred_batches(empty, f"select range as id, {bounds}, {READ} from range(1, 7, 5)", what)
    assert schema == pa.schema([("id", pa.int64()), ("inside_hull", pa.bool_()), ("a", pa.float32())])
    (batch,) = batches
    assert batch.to_pylist() == [
        {"id": 1, "inside_hull": True, "a": None}, {"id": 6, "inside_hull": False, "a": 12.0},
    ]  # fmt: skip


def test_so_many_batches_are_worked_at_ahead():
    """Of one thread three at the most before the first is given."""
    begun = []
    given = bulk._in_order(1, lambda batch: begun.append(batch) or batch, iter(range(10)))
    assert next(given) == 0
    assert len(begun) <= 3
    assert list(given) == list(range(1, 10))
