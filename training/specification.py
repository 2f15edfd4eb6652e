"""What a system's TOML file says of its networks, held against what the training rows have."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from ..errors import UserError
from .features import Features
from .mdn import Recipe

FOLDER = Path(__file__).parent
RECIPE_KEYS = {field.name for field in fields(Recipe)}


@dataclass(frozen=True)
class Network:
    """One output: its label among the training columns, the rows that it is trained on, and how."""

    output: str
    label: str
    unit: str
    giants_only: bool
    features: Features
    recipe: Recipe
    members: int

    @property
    def outputs(self) -> list[dict[str, str]]:
        """The columns that it gives: a classifier its probability, a mixture its mean and width."""
        first = {"name": self.output, "unit": self.unit}
        return [first, {"name": f"{self.output}_error", "unit": self.unit}] if self.recipe.components else [first]


@dataclass(frozen=True)
class System:
    """A system's networks and the inputs that they share, in the order of its functions' arguments."""

    name: str
    citation: str
    view: str
    id: str
    inputs: list[dict[str, str]]
    networks: list[Network]

    @property
    def input_names(self) -> list[str]:
        return [entry["name"] for entry in self.inputs]

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
    networks = [_network(entry, inputs) for entry in text["networks"] if present is None or entry["label"] in present]
    if not inputs or not networks:
        raise UserError(
            f"{text['view']}: no labelled star has what the networks of {name} read; "
            "are the surveys and their labels ingested and matched? (`candlesql info`)"
        )
    return System(name, text["citation"], text["view"], text["id"], inputs, networks)


def _network(entry: dict, inputs: list[dict[str, str]]) -> Network:
    without = entry.get("without", [])
    columns = tuple(i["name"] for i in inputs if i["name"] not in without)
    bands = entry.get("luminosity_bands", []) if "parallax" in columns else []
    recipe = Recipe(**{k: tuple(v) if k == "hidden" else v for k, v in entry.items() if k in RECIPE_KEYS})
    return Network(
        output=entry["output"],
        label=entry["label"],
        unit=entry["unit"],
        giants_only=entry["rows"] == "giants",
        features=Features(columns, tuple(band for band in bands if band in columns)),
        recipe=recipe,
        members=entry.get("members", 1),
    )
