"""AB or Vega by what a survey file says, never by memory."""

import candlesql
import pytest
from candlesql.commands.ingest import ingest_survey

WIDE = """\
title = "Stars with photometry of several surveys"
citation = "none"
id = "star"
wide = true

[columns]
star = {{ type = "BIGINT", description = "Star", required = true }}
{columns}
"""
COLUMN = '{name} = {{ type = "REAL", unit = "mag", system = "{system}", description = "magnitude" }}'


def test_own_magnitudes_reach_the_networks_in_their_system(tmp_path):
    systems = {"w1mpro": "AB", "w2mpro": "Vega", "j_m": "AB", "ks_m": "Vega", "g_mean_psf_mag": "Vega"}
    lines = "\n".join(COLUMN.format(name=column, system=system) for column, system in systems.items())
    (tmp_path / "sky/surveys").mkdir(parents=True)
    (tmp_path / "sky/surveys/ours.toml").write_text(WIDE.format(columns=lines))
    (tmp_path / "ours.csv").write_text(f"star,{','.join(systems)}\n1,{','.join('10' for _ in systems)}\n")
    ingest_survey(tmp_path / "sky", "ours", [tmp_path / "ours.csv"], {}, {})
    with candlesql.open_sky(tmp_path / "sky") as connection:
        (row,) = connection.execute("select w1_mag, w2_mag, j_mag, ks_mag, ps1_g_mag from photometry.inputs").fetchall()
    # W1 of Green et al. 2020; J of Blanton & Roweis 2007; g of PS1 is 0.093 mag brighter in AB than in Vega (CALSPEC)
    assert row == pytest.approx((10 - 2.699, 10, 10 - 0.91, 10, 10 - 0.093), abs=0.005)
