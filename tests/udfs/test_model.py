"""Model files that must not run, each refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import onnx
import pytest
from candlesql import UserError
from candlesql.udfs.functions import create_stored_macros, register_models
from candlesql.udfs.model import Field, load_model
from candlesql.udfs.model_files import SHIPPED
from onnx import TensorProto, helper, numpy_helper


@pytest.fixture
def path(make: Callable) -> Path:
    return make().model.path


def change(path: Path, edit: Callable[[onnx.ModelProto], object]) -> Path:
    """The same file after `edit` of its protobuf."""
    proto = onnx.load(path)
    edit(proto)
    path.write_bytes(proto.SerializeToString())
    return path


def refused(path: Path, *words: str) -> None:
    with pytest.raises(UserError) as caught:
        load_model(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    for word in words:
        assert word in text


def set_property(proto: onnx.ModelProto, key: str, value: str) -> None:
    next(p for p in proto.metadata_props if p.key == f"candlesql.{key}").value = value


def test_a_sound_file_is_read(path):
    model = load_model(path)
    assert model.name == model.system == "red_clump"
    assert model.inputs[2] == Field("parallax", "mas")
    assert [output.function for output in model.outputs] == ["teff", "teff_error", "delta_p", "delta_p_error", "p_rc"]


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.onnx")), ids=lambda file: file.stem)
def test_shipped_files_are_sound(file):
    assert load_model(file).metadata["citation"]


def test_origin_is_read(path):
    def edit(proto):
        origin = {"trained_on": "both", "input_systems": '{"ks_m": "2MASS"}', "training_stars": "red_clump_stars"}
        helper.set_model_props(proto, {p.key: p.value for p in proto.metadata_props} | origin_keys(origin))

    model = load_model(change(path, edit))
    assert (model.trained_on, model.input_systems, model.training_stars) == (
        "both",
        {"ks_m": "2MASS"},
        "red_clump_stars",
    )


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("trained_on", "dreams", "simulated, real, both"),
        ("input_systems", '{"w9mpro": "WISE"}', "w9mpro', which is not an input"),
        ("input_systems", "Gaia DR2", "no JSON object"),
    ],
)
def test_wrong_origin(path, key, value, word):
    def edit(proto):
        helper.set_model_props(proto, {p.key: p.value for p in proto.metadata_props} | origin_keys({key: value}))

    refused(change(path, edit), key, word)


def origin_keys(values: dict[str, str]) -> dict[str, str]:
    return {f"candlesql.{key}": value for key, value in values.items()}


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_truncated(path, kept):
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    refused(path)


def test_no_model_at_all(path):
    path.write_bytes(b"source_id,ra,dec\n1,2,3\n")
    refused(path, "not an ONNX model")
    refused(path.with_name("absent.onnx"), "no such model file")


def test_changed_weight(path):
    def edit(proto):
        tensor = proto.graph.initializer[0]
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.01), tensor.name))

    refused(change(path, edit), "changed since it was written")


def test_changed_node(path):
    def edit(proto):
        next(node for node in proto.graph.node if node.op_type == "Exp").op_type = "Sqrt"

    refused(change(path, edit), "changed since it was written")


def test_nan_weight(path):
    def edit(proto):
        tensor = proto.graph.initializer[0]
        values = numpy_helper.to_array(tensor).copy()
        values.flat[0] = np.nan
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))

    refused(change(path, edit), "NaN", "c0")


def test_weight_in_another_file(path):
    def edit(proto):
        tensor = proto.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", "../../etc/passwd"

    refused(change(path, edit), "in another file")


def test_weight_of_a_node_in_another_file(path):
    def edit(proto):
        tensor = numpy_helper.from_array(np.ones(1, np.float32), "hidden")
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", "weights.bin"
        proto.graph.node.insert(0, helper.make_node("Constant", [], ["unused"], value=tensor))

    refused(change(path, edit), "in another file")


@pytest.mark.parametrize("domain", ["com.evil", "com.microsoft"])
def test_custom_operators(path, domain):
    def edit(proto):
        proto.opset_import.append(helper.make_opsetid(domain, 1))
        proto.graph.node[0].domain = domain

    refused(change(path, edit), "custom operators", domain)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("inputs", '[{"name": "parallax", "unit": "mas"}]', "3 rows"),
        ("outputs", '[{"name": "p_rc", "unit": ""}]', "5 rows"),
        ("inputs", "parallax", "no list of names and units"),
        ("inputs", '[{"title": "parallax"}]', "no list of names and units"),
        ("system", "red clump; drop table x", "no name for SQL"),
        ("outputs", '[{"name": "p\\" rc", "unit": ""}]', "no name for SQL"),
        ("inputs", '[{"name": "parallax", "unit": "m\'as"}]', "unit"),
    ],
)
def test_metadata_that_does_not_fit(path, key, value, words):
    refused(change(path, lambda proto: set_property(proto, key, value)), words)


def test_missing_metadata(path):
    def edit(proto):
        del proto.metadata_props[:]

    refused(change(path, edit), "candlesql.system is missing")


def test_a_file_name_that_is_no_sql_name(path):
    other = path.rename(path.with_name("my model.onnx"))
    refused(other, "file name 'my model'")


def test_a_bad_file_in_the_folder_is_named_when_functions_are_made(path):
    path.with_name("broken.onnx").write_bytes(b"\x08")
    with duckdb.connect() as connection:
        for use in (create_stored_macros, register_models):
            with pytest.raises(UserError, match=r"broken\.onnx"):
                use(connection, path.parent)
