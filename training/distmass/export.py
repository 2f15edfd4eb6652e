"""Writes trained networks as ONNX files; a label that no star had is a constant far outside every training space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx

from ...udfs.gradient import Jacobian
from ...udfs.graph import GraphBuilder
from ...udfs.model import write_model
from .data import Target, specification
from .distil import Student
from .errors import DistanceErrors
from .networks import Networks
from .regression import Trained

#: ln density of a training space without stars.
NOWHERE = -99.0


def density_name(target: Target) -> str:
    """The output that says how densely the training stars of this label lie around a star."""
    known_as = target.name.removeprefix("mass_")
    return "log_density" if target.name == "absolute_k" else f"log_density_{known_as}"


def paper_graph(networks: dict[str, Trained], errors: DistanceErrors | None = None) -> onnx.GraphProto:
    """One output for each label of `networks.toml`, from the paper's networks by name of their label.

    The last is the fractional error of the distance.
    """
    builder = GraphBuilder()
    parts = []
    for target in specification()["targets"]:
        network = networks.get(target.name)
        if not network:
            parts.append(_everywhere(builder, 0))
            continue
        h = "x"
        for layer in network.layers:
            h = builder.layer(h, layer)
        scaled = builder.add("Mul", h, builder.constant(network.target_scale))
        parts.append(builder.add("Add", scaled, builder.constant(network.target_mean)))
    parts.append(_distance_error(builder, errors) if errors else _everywhere(builder, 0))
    return builder.finish(builder.concat(parts), len(specification()["inputs"]), len(parts), "paper")


def _distance_error(builder: GraphBuilder, errors: DistanceErrors) -> str:
    place = [entry["name"] for entry in specification()["inputs"]].index("logg")
    logg = builder.add("Max", builder.rows("x", place, place + 1), builder.constant(errors.logg[0]))
    logg = builder.add("Min", logg, builder.constant(errors.logg[1]))
    a, b, c = (builder.constant(value) for value in errors.coefficients)
    inner = builder.add("Add", builder.add("Mul", logg, c), b)
    return builder.add("Add", builder.add("Mul", logg, inner), a)


def write_state(path: Path, student: Student, metadata: dict[str, Any]) -> None:
    """The network that reads the evolutionary state too: value and error of the absolute magnitude."""
    inputs = [*specification()["inputs"], {"name": "is_rc", "unit": ""}]
    targets = [ensemble.target for ensemble in student.ensembles]
    builder = GraphBuilder()
    parts = student.add_to(builder)
    graph = builder.finish(builder.concat(parts), len(inputs), len(parts), "student")
    write_model(path, graph, metadata | {"inputs": inputs, "outputs": _values(targets)})


def write_student(path: Path, networks: Networks, metadata: dict[str, Any]) -> None:
    """Values and errors, densities of the training spaces, and the derivatives of the values by the inputs."""
    text = specification()
    inputs, targets = text["inputs"], text["targets"]
    builder = GraphBuilder()
    trained = [target.name for target in networks.targets]
    values = iter(networks.student.add_to(builder))
    parts = []
    for target in targets:
        parts += [next(values), next(values)] if target.name in trained else [_everywhere(builder, 0)] * 2
    graph = builder.finish(builder.concat(parts), len(inputs), len(parts), "student")
    model = write_model(path, graph, metadata | {"inputs": inputs, "outputs": _values(targets)})
    jacobian = Jacobian(model, "x")
    slopes = [jacobian.row(2 * i) for i in range(len(targets))]
    builder = jacobian.builder
    spaces = dict(zip(trained, networks.spaces, strict=True))
    densities = [spaces[t.name].add_to(builder) if t.name in spaces else _everywhere(builder, NOWHERE) for t in targets]
    outputs = _values(targets) + [{"name": density_name(target), "unit": ""} for target in targets]
    outputs += [
        {"name": f"d_{t.column}_d_{entry['name']}", "unit": f"{t.unit} / ({entry['unit']})"}
        for t in targets
        for entry in inputs
    ]
    everything = builder.concat([jacobian.tensors["y"], *densities, *slopes])
    graph = builder.finish(everything, len(inputs), len(outputs), "student")
    write_model(path, graph, metadata | {"inputs": inputs, "outputs": outputs})


def _values(targets: list[Target]) -> list[dict[str, str]]:
    return [{"name": name, "unit": t.unit} for t in targets for name in (t.column, f"{t.column}_error")]


def _everywhere(builder: GraphBuilder, value: float) -> str:
    """The same value for every row of the catalog."""
    zeros = builder.add("Mul", builder.rows("x", 0, 1), builder.constant(0.0))
    return builder.add("Add", zeros, builder.constant(value))
