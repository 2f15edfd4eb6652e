"""What a system's TOML file says of its networks, held against what the training rows have."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import UserError
from .features import Features
from .mdn import Recipe

FOLDER = Path(__file__).parent
RECIPE_KEYS = {field.name for field in fields(Recipe)}


@dataclass(frozen=True)
class Label:
    """What a network infers: the name of the output, the training column, the unit."""

    output: str
    column: str
    unit: str


@dataclass(frozen=True)
class Network:
    """One network, or several averaged: its labels, the rows that it is trained on, and how.

    `most` is the cut that says how many rows at most. One label gives the mean and width of the paper; several give the
    mean and standard deviation of each, and the covariance of each two. A state gives its probability.
    """

    labels: tuple[Label, ...]
    state: Label | None
    giants_only: bool
    features: Features
    recipe: Recipe
    members: int
    most: str

    @property
    def is_joint(self) -> bool:
        return len(self.labels) > 1 or self.state is not None

    @property
    def outputs(self) -> list[dict[str, str]]:
        """The columns that it gives, in the order of its rows in the model."""
        values = [_output(label.output, label.unit) for label in self.labels]
        errors = [_output(f"{label.output}_error", label.unit) for label in self.labels]
        if not self.is_joint:
            first = self.labels[0]
            total = [_output(f"{first.output}_total_error", first.unit)] if self.recipe.components > 1 else []
            return values + errors + total
        covariances = [_covariance(a, b) for i, b in enumerate(self.labels) for a in self.labels[:i]]
        state = [_output(self.state.output, self.state.unit)] if self.state else []
        return values + errors + covariances + state


@dataclass(frozen=True)
class System:
    """A system's networks and the inputs that they share, in the order of its functions' arguments; and the columns of
    its convex hull, with the cut that says of how many stars it is made, and the inputs of its density."""

    name: str
    citation: str
    view: str
    id: tuple[str, ...]
    inputs: list[dict[str, str]]
    networks: list[Network]
    hull: list[str]
    hull_stars: str
    density: list[dict[str, str]]

    @property
    def input_names(self) -> list[str]:
        return [entry["name"] for entry in self.inputs]

    @property
    def label_columns(self) -> list[str]:
        labels = [label for n in self.networks for label in (*n.labels, n.state) if label]
        return sorted({label.column for label in labels})

    @property
    def outputs(self) -> list[dict[str, str]]:
        return [output for network in self.networks for output in network.outputs]


def load_system(name: str, present: set[str] | None = None) -> System:
    """Read `<name>.toml`; with `present`, only the inputs and labels among those columns.

    Raises
    ------
    UserError
        If the system is unknown, or no network is left.
    """
    path = FOLDER / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
        raise UserError(f"system {name!r} has no networks to train; there are {known}")
    text = tomllib.loads(path.read_text())
    inputs = [entry for entry in text["inputs"] if present is None or entry["name"] in present]
    found = (_network(entry, inputs, present) for entry in text["networks"])
    networks = [network for network in found if network is not None]
    if not inputs or not networks:
        raise UserError(
            f"no labelled star has what the networks of {name} read; "
            "are the surveys and their labels ingested and matched? (`candlesql info`)",
            file=text["view"],
        )
    hull = [column for column in text["hull"]["columns"] if column in {entry["name"] for entry in inputs}]
    density = [entry for entry in text["inputs"] if entry["name"] in text["density"]["columns"]]
    return System(
        name, text["citation"], text["view"], tuple(text["id"]), inputs, networks, hull, text["hull"]["most"], density
    )


def _network(entry: dict, inputs: list[dict[str, str]], present: set[str] | None) -> Network | None:
    """The network with the labels that are present; none, where it lacks them all."""

    def is_present(label: Label) -> bool:
        return present is None or label.column in present

    labels = tuple(label for label in (Label(**text) for text in entry["labels"]) if is_present(label))
    state = Label(**entry["state"]) if "state" in entry else None
    if state and not is_present(state):
        state = None
    if not labels:
        return None
    without = entry.get("without", [])
    columns = tuple(i["name"] for i in inputs if i["name"] not in without)
    bands = entry.get("luminosity_bands", []) if "parallax" in columns else []
    shape: dict[str, Any] = {k: tuple(v) if k == "hidden" else v for k, v in entry.items() if k in RECIPE_KEYS}
    return Network(
        labels=labels,
        state=state,
        giants_only=entry["rows"] == "giants",
        features=Features(columns, tuple(band for band in bands if band in columns)),
        recipe=Recipe(**shape),
        members=entry.get("members", 1),
        most=entry["most"],
    )


def _output(name: str, unit: str) -> dict[str, str]:
    return {"name": name, "unit": unit}


def _covariance(a: Label, b: Label) -> dict[str, str]:
    """Of two labels, named without what says that they are joint and without units."""
    stems = [label.output.removeprefix("joint_").removesuffix(f"_{label.unit.lower()}") for label in (a, b)]
    return _output(f"covariance_{stems[0]}_{stems[1]}", f"{a.unit} {b.unit}")
