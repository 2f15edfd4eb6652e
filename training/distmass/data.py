"""Training stars, read from the view `distmass.training` of a workspace; the networks stand in `networks.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from ...errors import UserError
from ...workspace.query import first_row
from ..labels import refused
from ..taught import kind_of_stars, write_list

SPECIFICATION = Path(__file__).with_name("networks.toml")
#: How a unit ends the name of a column.
SUFFIXES = {"mag": "mag", "solMass": "msun"}


@dataclass(frozen=True)
class Target:
    """A label: its column, its errors (a column, or a share of the label), and whether networks see its logarithm."""

    name: str
    unit: str
    label: str
    logarithmic: bool
    error: str = ""
    error_floor: float = 0.0
    error_ratio: float = 0.0

    @property
    def column(self) -> str:
        return f"{self.name}_{SUFFIXES[self.unit]}"


@dataclass(frozen=True)
class Stars:
    """Training stars: x [rows, inputs], the other columns of the view [rows], and the part of the split of each."""

    x: np.ndarray
    columns: dict[str, np.ndarray]
    bucket: np.ndarray
    split: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def label(self, target: Target) -> np.ndarray:
        """The label as networks learn it [rows], NaN where there is none."""
        values = self.columns[target.label]
        return np.log(values) if target.logarithmic else values

    def sigma(self, target: Target) -> np.ndarray:
        """Standard error of that label [rows]; zero where the table gives none."""
        if not target.error:
            return np.zeros(len(self))
        return np.hypot(self.columns[target.error], target.error_floor)


def specification() -> dict[str, Any]:
    """The contents of `networks.toml`, with its targets as `Target`."""
    text = tomllib.loads(SPECIFICATION.read_text())
    return text | {"targets": [Target(**entry) for entry in text["targets"]]}


def read_stars(connection: duckdb.DuckDBPyConnection, relation: str = "distmass.training") -> Stars:
    """Every row of `distmass.training`, or of a view with its columns, ordered by spectrum.

    Raises
    ------
    UserError
        If there is no such view, or it lacks a column.
    """
    text = specification()
    names = [entry["name"] for entry in text["inputs"]]
    others = {t.label for t in text["targets"]} | {t.error for t in text["targets"] if t.error} | {"is_rc"}
    wanted = ", ".join(f"{name}::double as {name}" for name in [*names, *sorted(others)])
    try:
        known = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
    except duckdb.CatalogException as error:
        raise refused(relation, error) from None
    missing = [n for n in (*names, *sorted(others), "bucket", "split", "spectrum_id") if n not in known]
    if missing:
        raise UserError(f"has no column {missing[0]}; see distmass.training for what a label view has", file=relation)
    table = connection.execute(
        f"select {wanted}, bucket::int as bucket, split from {relation} order by spectrum_id"
    ).fetchnumpy()
    filled = {n: np.ma.filled(table[n].astype(float), np.nan) for n in [*names, *others]}
    x = np.stack([filled[n] for n in names], axis=1)
    return Stars(
        x,
        {n: filled[n] for n in others},
        np.asarray(table["bucket"]).astype(int),
        np.asarray(table["split"], dtype=str),
    )


def write_training_stars(
    connection: duckdb.DuckDBPyConnection, folder: Path, relation: str = "distmass.training"
) -> dict[str, str]:
    """Write the list of the stars outside the test part beside the models; returns what their metadata says of it."""
    seen = f"""from {relation} as stars inner join distmass.inputs as inputs using (spectrum_id)
               where stars.split <> 'test'"""
    n, n_simulated = first_row(connection, f"select count(*), count(*) filter (inputs.is_simulated) {seen}")
    query = f"""select inputs.ra, inputs."dec", distmass.names(spectrum_id, inputs.apogee_id) as names {seen}
                and not inputs.is_simulated"""
    return {
        "trained_on": kind_of_stars(n, n_simulated),
        "training_stars": write_list(connection, folder, "distmass", query),
    }
