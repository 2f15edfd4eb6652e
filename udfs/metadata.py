"""What a model file says of itself: names and units of what it reads and gives, and what it was trained on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from .names import is_plain

PREFIX = "candlesql."
UNIT = re.compile(r"[^'\"\n\0]{0,80}")
#: Schemas of SQL that are no system's, so that no model may put functions there.
RESERVED = {
    *("candlesql", "staging", "match", "quality", "cuts", "sphere", "stats", "region", "photometric"),
    *("main", "temp", "system", "sky", "memory", "pg_catalog", "information_schema"),
}
TRAINED_ON = ("simulated", "real", "both")
#: Beyond them no star is, by unit: archives write 99.999, -999 or -9999 for what they have not.
POSSIBLE = {"mag": (-90, 90), "dex": (-90, 90), "K": (1, 1_000_000), "mas": (-900, 900)}
SENTINELS = (-9999, -999)


@dataclass(frozen=True)
class Field:
    """An input or output: its name and unit."""

    name: str
    unit: str

    def possible(self, value: str) -> str:
        """The SQL of a value of this input, NULL where it can only stand for a missing one."""
        if self.unit.partition("(")[0] in POSSIBLE:
            low, high = POSSIBLE[self.unit.partition("(")[0]]
            return f"case when {value} between {low} and {high} then {value} end"
        return f"case when {value} not in ({', '.join(map(str, SENTINELS))}) then {value} end"

    @property
    def function(self) -> str:
        """The name without its unit: `delta_p_s` [s] is the function `delta_p`."""
        suffix = "_" + self.unit.lower()
        words = self.name.removesuffix("_error")
        stem = words.removesuffix(suffix) if self.unit else words
        return stem + self.name[len(words) :]


def fields_of(metadata: dict[str, str], key: str) -> tuple[Field, ...]:
    """The fields that metadata lists under `inputs` or `outputs`."""
    return tuple(Field(**entry) for entry in json.loads(metadata[key]))


def check_metadata(path: Path, metadata: dict[str, str]) -> None:
    """Names become SQL: they must be plain words."""
    for key in ("system", "inputs", "outputs"):
        if key not in metadata:
            raise UserError(f"metadata {PREFIX}{key} is missing; this is not a candlesql model", file=path)
    names = {"file name": path.stem, "system": metadata["system"]}
    try:
        fields = [Field(**f) for key in ("inputs", "outputs") for f in json.loads(metadata[key])]
    except (ValueError, TypeError, RecursionError):
        raise UserError(f"metadata {PREFIX}inputs or outputs is no list of names and units", file=path) from None
    for number, entry in enumerate(fields):
        names[f"column {number}"] = entry.name
        if not isinstance(entry.unit, str) or not UNIT.fullmatch(entry.unit):
            raise UserError(f"unit {entry.unit!r:.80} of {entry.name!r:.80} is not plain text", file=path)
    for what, name in names.items():
        if not is_plain(name):
            raise UserError(f"{what} {name!r:.80} is no name for SQL: small letters, digits and _ only", file=path)
    check_tables(path, metadata)
    _check_origin(path, metadata, {f["name"] for f in json.loads(metadata["inputs"])})
    for key in ("inputs", "outputs"):
        named = [entry["name"] for entry in json.loads(metadata[key])]
        if len(set(named)) < len(named):
            raise UserError(f"metadata {PREFIX}{key} names a column twice", file=path)
    if metadata["system"] in RESERVED:
        raise UserError(f"system {metadata['system']!r} is a schema of candlesql's own; give it another", file=path)
    if any(not is_plain(Field(**entry).function) for entry in json.loads(metadata["outputs"])):
        raise UserError("an output's name is nothing but its unit; give it a name", file=path)


def check_tables(path: Path, metadata: dict[str, str]) -> None:
    """What else a model says of itself in JSON must be an object, and a scatter a number."""
    for key in ("metrics", "domain", "relative_scatter", "factors"):
        try:
            said = json.loads(metadata.get(key) or "{}")
        except (ValueError, RecursionError):
            said = None
        values = said.values() if isinstance(said, dict) else [None]
        if not isinstance(said, dict) or (
            key == "relative_scatter" and not all(isinstance(v, int | float) and abs(v) < 1e300 for v in values)
        ):
            raise UserError(f"metadata {PREFIX}{key} is no JSON object of the form that models have", file=path)


def _check_origin(path: Path, metadata: dict[str, str], inputs: set[str]) -> None:
    """What a model says of its training must be one of the known words, and of its inputs."""
    trained_on = metadata.get("trained_on", TRAINED_ON[0])
    if trained_on not in TRAINED_ON:
        raise UserError(
            f"metadata {PREFIX}trained_on is {trained_on!r:.80}; it is one of {', '.join(TRAINED_ON)}", file=path
        )
    try:
        systems = dict(json.loads(metadata.get("input_systems", "{}")))
    except (ValueError, TypeError, RecursionError):
        raise UserError(f"metadata {PREFIX}input_systems is no JSON object of inputs and systems", file=path) from None
    if metadata.get("training_stars") and not is_plain(metadata["training_stars"]):
        raise UserError(f"metadata {PREFIX}training_stars is no name: small letters, digits and _ only", file=path)
    foreign = sorted(set(systems) - inputs)
    if foreign:
        raise UserError(f"metadata {PREFIX}input_systems names {foreign[0]!r:.80}, which is not an input", file=path)
