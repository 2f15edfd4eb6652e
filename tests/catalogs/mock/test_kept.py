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


def tables() -> dict[str, pa.Table]:
    rng = np.random.default_rng(11)
    giants = draw_giants(1200, rng)
    flux, error = observed_spectra(Lines.drawn(rng), giants, np.arange(40), rng)
    pixels = {"flux": flux[:, ::50].ravel(), "error": np.minimum(error[:, ::50], 1).ravel()}
    clusters = [row for cluster in CLUSTERS for row in stars_of(cluster, rng)]
    sky = Sky(seed=11).chunk(0, limit=12_000)
    return sky.tables | {
        "apogee": catalogue(giants),
        "apogee_truth": truth(giants),
        "spectra": pa.table(pixels),
        "clusters": pa.Table.from_pylist(clusters),
    }


@pytest.fixture(scope="module")
def made() -> dict[str, pa.Table]:
    return tables()


@pytest.mark.parametrize("name", json.loads(KEPT.read_text()) if KEPT.exists() else [])
def test_a_seed_keeps_its_stars(name, made):
    kept = json.loads(KEPT.read_text())[name]
    table = made[name]
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
    lines = [
        f'"{name}": {{"rows": {table.num_rows}, "columns": {json.dumps(said_of(table))}}}'
        for name, table in tables().items()
    ]
    KEPT.write_text("{" + ",\n".join(lines) + "}\n")
