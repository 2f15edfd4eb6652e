"""A seed keeps its stars: what the mock skies of one seed hold, by column, against what was written down.

Formulas and constants have their own tests by hand; these notice any other change of them, of a draw or of a cut, and
say which column it moves. A change that is wanted is written down anew: `python tests/catalogs/mock/test_kept.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from candlesql.catalogs.mock import TABLES
from candlesql.catalogs.mock.apogee.giants import draw_giants
from candlesql.catalogs.mock.apogee.spectra import Lines, observed_spectra
from candlesql.catalogs.mock.clusters import CLUSTERS, stars_of
from candlesql.catalogs.mock.sky import Sky
from candlesql.commands.mock_apogee import catalogue, truth

KEPT = Path(__file__).with_name("kept.json")
#: Of a column's size: what rounding of another processor or library may do.
CLOSE = 1e-5


def said_of(table: pa.Table) -> dict[str, dict[str, float]]:
    """Of each column how many are NULL, and mean and standard deviation, or of text how many words there are
    and the mean of the numbers that they begin with."""
    found = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
            names = column.drop_null().to_pylist()
            leading = [int(number[0]) for name in names if (number := re.match(r"\d{1,8}", name))]
            said = {"words": float(len(set(names)))} | ({"mean": float(f"{np.mean(leading):.7g}")} if leading else {})
        else:
            values = np.asarray(column.drop_null().to_numpy(zero_copy_only=False), float)
            said = {"mean": float(f"{values.mean():.7g}"), "deviation": float(f"{values.std():.7g}")}
        found[name] = said | {"nulls": float(column.null_count)}
    return found


def of_giants() -> dict[str, pa.Table]:
    giants = draw_giants(1200, np.random.default_rng(11))
    return {"apogee": catalogue(giants), "apogee_truth": truth(giants)}


def of_spectra() -> dict[str, pa.Table]:
    rng = np.random.default_rng(12)
    flux, error = observed_spectra(Lines.drawn(rng), draw_giants(60, rng), np.arange(40), rng)
    return {"spectra": pa.table({"flux": flux[:, ::50].ravel(), "error": np.minimum(error[:, ::50], 1).ravel()})}


def of_clusters() -> dict[str, pa.Table]:
    rng = np.random.default_rng(13)
    return {"clusters": pa.Table.from_pylist([row for cluster in CLUSTERS for row in stars_of(cluster, rng)])}


def of_surveys(sky: Sky) -> dict[str, pa.Table]:
    return sky.chunk(0, limit=12_000).tables


@pytest.mark.parametrize("made", [of_giants, of_spectra, of_clusters])
def test_a_seed_keeps_its_stars(made):
    for name, table in made().items():
        _compare(name, table)


@pytest.fixture(scope="module")
def surveys(seeded) -> dict[str, pa.Table]:
    return of_surveys(seeded)


@pytest.mark.parametrize("name", TABLES)
def test_a_seed_keeps_its_sky(name, surveys):
    _compare(name, surveys[name])


def _compare(name: str, table: pa.Table) -> None:
    kept = json.loads(KEPT.read_text())[name]
    assert table.num_rows == kept["rows"]
    found = said_of(table)
    assert found.keys() == kept["columns"].keys()
    for column, said in kept["columns"].items():
        size = CLOSE * max(abs(said.get("mean", 0)), said.get("deviation", 0))
        assert found[column].keys() == said.keys()
        for what, number in said.items():
            close = size if what in ("mean", "deviation") else 0
            assert found[column][what] == pytest.approx(number, rel=0, abs=close), (column, what)


if __name__ == "__main__":
    tables = of_surveys(Sky(seed=7)) | of_giants() | of_spectra() | of_clusters()
    lines = [
        f'"{name}": {{"rows": {table.num_rows}, "columns": {json.dumps(said_of(table))}}}'
        for name, table in tables.items()
    ]
    KEPT.write_text("{" + ",\n".join(lines) + "}\n")
