"""Several models of one system as one model in memory, so that a star is read once for all of them."""

from __future__ import annotations

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .model import Field, Model, derived_model


def merged_model(models: list[Model], names: list[dict[str, str]]) -> Model:
    """The models side by side, with the name, file and metadata of the first; NaN in an input that a model cannot do
    without gives NaN in all its outputs.

    Parameters
    ----------
    names
        For each model, other names of some outputs; of two outputs with one name the first stays.
    """
    inputs = list({field.name: field for model in models for field in model.inputs}.values())
    place = {field.name: number for number, field in enumerate(inputs)}
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    outputs: list[Field] = []
    kept: list[str] = []
    for number, (model, renamed) in enumerate(zip(models, names, strict=True)):
        prefix = f"m{number}_"
        rows = np.array([place[field.name] for field in model.inputs])
        weights.append(numpy_helper.from_array(rows, prefix + "rows"))
        nodes.append(helper.make_node("Gather", ["x", prefix + "rows"], [prefix + "x"], axis=0))
        nodes += [_prefixed(node, prefix) for node in model.graph.node]
        weights += [_renamed(tensor, prefix + tensor.name) for tensor in model.graph.initializer]
        fields = [Field(renamed.get(field.name, field.name), field.unit) for field in model.outputs]
        new = [i for i, field in enumerate(fields) if field.name not in {known.name for known in outputs}]
        weights.append(numpy_helper.from_array(np.array(new), prefix + "kept"))
        nodes.append(helper.make_node("Gather", [prefix + "y", prefix + "kept"], [prefix + "new"], axis=0))
        outputs += [fields[i] for i in new]
        kept.append(prefix + "new")
    nodes.append(helper.make_node("Concat", kept, ["y"], axis=0))
    graph = helper.make_graph(
        nodes,
        models[0].name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [len(inputs), "rows"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [len(outputs), "rows"])],
        weights,
    )
    whole = derived_model(models[0], models[0].name, graph, inputs, outputs)
    systems = [model.input_systems for model in reversed(models)]
    whole.metadata["missing"] = "nan"
    whole.metadata["input_systems"] = json.dumps({name: system for known in systems for name, system in known.items()})
    return whole


def _prefixed(node: onnx.NodeProto, prefix: str) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.ClearField("input")
    copy.ClearField("output")
    copy.input.extend(prefix + name if name else name for name in node.input)
    copy.output.extend(prefix + name for name in node.output)
    return copy


def _renamed(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy
