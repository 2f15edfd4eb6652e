"""Model files that a stranger made: their names never become SQL, what they compute ends and has its promised shape."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import onnx
import pytest
from candlesql import UserError
from candlesql.udfs import functions, spectral
from candlesql.udfs.hull import read_hull
from candlesql.udfs.metadata import PREFIX
from candlesql.udfs.model import load_model
from candlesql.udfs.names import is_plain, run_one
from candlesql.udfs.onnx_udf import outputs_of
from candlesql.udfs.soundness import graph_hash
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

HOSTILE = st.one_of(
    st.sampled_from(
        [
            "t'; copy (select 1) to '{file}'; --",
            "t\"; copy (select 1) to '{file}'; --",
            "t) as x, (select content from read_text('/etc/passwd')) as (y",
            "0); create or replace macro sqrt(x) as (1",
            "v.x[1])::FLOAT), (select 1",
            "select",
            "*/ copy",
            "t\n-- ",
            "t\0",
            "ünï",
            "",
            "a" * 100_000,
        ]
    ),
    st.text(min_size=1, max_size=20),
)


def change(path: Path, edit: Callable[[onnx.ModelProto], object]) -> Path:
    """The same file after `edit`, with the hash that its maker would give it."""
    proto = onnx.load(path)
    edit(proto)
    values = {p.key: p.value for p in proto.metadata_props} | {PREFIX + "graph_sha256": graph_hash(proto.graph)}
    del proto.metadata_props[:]
    helper.set_model_props(proto, values)
    path.write_bytes(proto.SerializeToString())
    return path


def renamed(graph: onnx.GraphProto, number: int, name: str) -> None:
    """Give an inner tensor, or a weight, another name wherever it stands."""
    names = [n.output[0] for n in graph.node if n.output[0] != "y"] + [t.name for t in graph.initializer]
    old = names[number % len(names)]
    for node in graph.node:
        node.input[:] = [name if other == old else other for other in node.input]
        node.output[:] = [name if other == old else other for other in node.output]
    for tensor in graph.initializer:
        tensor.name = name if tensor.name == old else tensor.name


def macros(own: Path, x: np.ndarray) -> np.ndarray:
    """What the stored macro makes of x [3, rows]."""
    with duckdb.connect() as connection:
        functions.create_stored_macros(connection, own)
        connection.register("made", dict(zip(("a", "b", "c"), x, strict=True)))
        found = connection.execute("select red_clump_net(a, b, c).teff_k as t from made").fetchnumpy()["t"]
    return np.asarray(found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=HOSTILE, number=st.integers(0, 40))
def test_names_of_tensors_are_no_sql(make, tmp_path, x, name, number):
    mark = tmp_path / "written"
    model = make().model
    expected = outputs_of(model, x[:, :8])[0]
    change(
        model.path,
        lambda proto: renamed(proto.graph, number, name.format(file=mark)[:200] if "{file}" in name else name),
    )
    try:
        load_model(model.path)
    except UserError:
        return
    np.testing.assert_allclose(macros(model.path.parent, x[:, :8]), expected, rtol=1e-4)
    assert not mark.exists()


@pytest.mark.parametrize("key", ["system", "inputs", "outputs"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=HOSTILE)
def test_names_in_metadata_are_plain_or_refused(make, key, name):
    assume(key != "system" or not is_plain(name))
    path = make().model.path
    text = name if key == "system" else json.dumps([{"name": name, "unit": ""}])
    change(
        path,
        lambda proto: helper.set_model_props(
            proto, {p.key: p.value for p in proto.metadata_props} | {PREFIX + key: text}
        ),
    )
    with pytest.raises(UserError) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("system", ["cuts", "candlesql", "staging", "main", "information_schema", "sphere"])
def test_a_model_has_no_say_in_schemas_that_are_no_systems(make, system):
    path = make().model.path
    change(
        path,
        lambda proto: helper.set_model_props(
            proto, {p.key: p.value for p in proto.metadata_props} | {PREFIX + "system": system}
        ),
    )
    with pytest.raises(UserError, match="is a schema of candlesql's own"):
        load_model(path)


@pytest.mark.parametrize("key", ["system", "function", "inputs", "outputs"])
@pytest.mark.parametrize("name", ["f() as 1; copy (select 1) to '{file}'; --", "a.b", "select 1", "x" * 80])
def test_names_of_a_model_over_spectra(tmp_path, key, name):
    mark = tmp_path / "written"
    name = name.format(file=mark)
    said: dict[str, object] = {
        "system": "parallax",
        "function": "estimate",
        "inputs": [{"name": "g_mag", "error": "g_mag_error"}, {"name": "features", "error": "features_error"}],
        "outputs": [{"name": "parallax"}],
    }
    said[key] = name if isinstance(said[key], str) else [*said[key], {"name": name, "error": name}][-len(said[key]) :]
    path = tmp_path / "spectra" / "parallax.onnx"
    with pytest.raises(UserError, match="is no name for SQL"):
        spectral.write_spectral(path, np.ones((1, 1)), np.ones((3, 1)), np.ones(1), said)
    with duckdb.connect() as connection, pytest.raises(UserError):
        spectral.create_stored_macros(connection, tmp_path)
    assert not mark.exists()


def test_one_statement_a_call():
    with duckdb.connect() as connection:
        assert run_one(connection, "select 1;").fetchall() == [(1,)]
        with pytest.raises(ValueError, match="2 statements"):
            run_one(connection, "create table a as select 1; create table b as select 1")
        assert connection.execute("show tables").fetchall() == []


def graph_of(nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], outputs: int = 1) -> onnx.GraphProto:
    return helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, "rows"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [outputs, "rows"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )


def swap_graph(path: Path, graph: onnx.GraphProto) -> Path:
    outputs = json.dumps(
        [{"name": f"o{i}", "unit": ""} for i in range(graph.output[0].type.tensor_type.shape.dim[0].dim_value)]
    )

    def edit(proto: onnx.ModelProto) -> None:
        proto.graph.CopyFrom(graph)
        helper.set_model_props(proto, {p.key: p.value for p in proto.metadata_props} | {PREFIX + "outputs": outputs})

    return change(path, edit)


def test_fewer_rows_than_promised_are_refused_not_read_from_memory(make, x):
    short = np.array([[0, 0], [1, 2]], np.int64)
    nodes = [helper.make_node("Slice", ["x", "from", "to"], ["y"])]
    path = swap_graph(make().model.path, graph_of(nodes, {"from": short[0], "to": short[1]}))
    with pytest.raises(UserError, match=r"gives float32 \(1, 2\) where float32 \(1, 8\) is promised"):
        outputs_of(load_model(path), x[:, :8])
    with duckdb.connect() as connection:
        functions.register_models(connection, path.parent)
        with pytest.raises(duckdb.Error, match="is promised"):
            connection.execute("select red_clump_net(i::float, 1, 1) from range(100) t(i)").fetchall()


def loop(rounds: np.ndarray | None) -> onnx.GraphProto:
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c2"]), helper.make_node("Identity", ["v"], ["v2"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("c2", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v2", TensorProto.FLOAT, None),
        ],
    )
    nodes = [helper.make_node("Loop", ["n" if rounds is not None else "", "go", "x"], ["y"], body=body)]
    return graph_of(nodes, {"go": np.array(True)} | ({"n": rounds} if rounds is not None else {}), 3)


@pytest.mark.parametrize("rounds", [None, np.array(2**62), np.array(1001)])
def test_a_loop_without_end_is_refused(make, rounds):
    with pytest.raises(UserError, match="does not say that it ends within 1000 rounds"):
        load_model(swap_graph(make().model.path, loop(rounds)))


def test_loops_in_loops_go_round_as_often_as_their_product(make):
    inner = loop(np.array(40))
    body = onnx.GraphProto()
    body.CopyFrom(loop(np.array(40)).node[0].attribute[0].g)
    body.node.extend(inner.node)
    body.initializer.extend(inner.initializer)
    outer = loop(np.array(40))
    outer.node[0].attribute[0].g.CopyFrom(body)
    with pytest.raises(UserError, match="does not say that it ends within 1000 rounds"):
        load_model(swap_graph(make().model.path, outer))


def test_a_graph_that_asks_for_all_memory_is_told(make, x):
    """Twenty-five doublings of two thousand columns: 800 GB."""
    names = ["x", *(f"t{i}" for i in range(25))]
    nodes = [helper.make_node("Concat", [name, name], [after], axis=1) for name, after in pairwise(names)]
    nodes += [helper.make_node("ReduceSum", [names[-1]], ["y"])]
    model = load_model(swap_graph(make().model.path, graph_of(nodes, {})))
    with pytest.raises(UserError, match="cannot be run"):
        outputs_of(model, np.ones((3, 2048), np.float32))


def test_a_model_file_that_is_larger_than_any_model(tmp_path):
    with (tmp_path / "red_clump.onnx").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UserError, match="a model has less than 268,435,456"):
        functions.fingerprint(tmp_path)


@pytest.mark.parametrize("operator", ["Expand", "Tile", "RandomNormal", "ConstantOfShape", "NonZero"])
def test_operators_that_no_model_needs_are_refused(make, operator):
    nodes = [helper.make_node(operator, ["x"], ["y"])]
    with pytest.raises(UserError, match=f"has the operator '{operator}'"):
        load_model(swap_graph(make().model.path, graph_of(nodes, {})))


def test_attributes_that_sql_does_not_heed_have_no_sql_form(make, x):
    """A Gemm with alpha = 2 gave half of ONNX's answer in the plain shell."""
    nodes = [helper.make_node("Gemm", ["w", "x", "b"], ["y"], alpha=2.0)]
    weights = {"w": np.ones((1, 3), np.float32), "b": np.zeros((1, 1), np.float32)}
    path = swap_graph(make().model.path, graph_of(nodes, weights))
    with duckdb.connect() as connection:
        functions.create_stored_macros(connection, path.parent)
        with pytest.raises(duckdb.Error, match="has no SQL form"):
            connection.execute("select red_clump_net(1, 2, 3)").fetchall()


def test_a_hull_that_unpacks_to_more_than_memory(tmp_path):
    path = tmp_path / "red_clump_hull.npz"
    header = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    header += "{'descr': '<f8', 'fortran_order': False, 'shape': (9007199254740992, 2), }".ljust(117).encode() + b"\n"

    with zipfile.ZipFile(path, "w") as file:
        file.writestr("names.npy", header)
        file.writestr("corners.npy", header)
    with pytest.raises(UserError, match="truncated or no convex hull"):
        read_hull(path)


@pytest.mark.parametrize("values", [{"names": np.array("a"), "corners": np.zeros((9, 1))}, {"names": np.array(["a"])}])
def test_a_hull_of_another_form(tmp_path, values):
    path = tmp_path / "red_clump_hull.npz"
    np.savez(path, **values)
    with pytest.raises(UserError, match="convex hull"):
        read_hull(path)


def test_a_hull_whose_header_is_no_python(tmp_path):
    path = tmp_path / "red_clump_hull.npz"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("names.npy", "corners.npy"):
            file.writestr(name, b"\x93NUMPY\x01\x00\x0a\x00{'descr': \"")
    with pytest.raises(UserError, match="truncated or no convex hull"):
        read_hull(path)


def test_a_model_whose_texts_are_none(make):
    path = make().model.path
    path.write_bytes(path.read_bytes().replace(b"candlesql.system", b"candlesql.\xff\xfeystem"))
    with pytest.raises(UserError, match="truncated or not an ONNX model"):
        load_model(path)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("inputs", '[{"name": ["a"], "unit": ""}]'),
        ("inputs", '[{"name": {"a": 1}, "unit": ""}]'),
        ("metrics", "[1]"),
        ("factors", "5"),
        ("domain", "{"),
        ("relative_scatter", '{"teff_k": NaN}'),
        ("relative_scatter", '{"teff_k": "1); drop table x"}'),
        ("input_systems", 2000 * "["),
    ],
)
def test_metadata_of_another_kind(make, key, text):
    path = make().model.path
    kept = {p.key: p.value for p in onnx.load(path).metadata_props}
    change(path, lambda proto: helper.set_model_props(proto, kept | {PREFIX + key: text}))
    with pytest.raises(UserError) as caught:
        load_model(path)
    assert str(path) in str(caught.value)


def test_weights_of_a_model_over_spectra_that_are_in_another_file(tmp_path):
    path = tmp_path / "parallax.onnx"
    tensor = TensorProto(name="plain_weight", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/hostname")
    proto = helper.make_model(helper.make_graph([], "g", [], [], [tensor]))
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(UserError, match="a weight is in another file"):
        spectral.load_spectral(path)
