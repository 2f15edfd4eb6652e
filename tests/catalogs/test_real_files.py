"""Published files as their authors ship them; expected values come from astropy, or from the files' own notes."""

import csv

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.survey import load_survey, read_survey

APOKASC = """
title = "APOKASC"
citation = "Pinsonneault et al. 2014"
id = "kic"
ra = "ra"
dec = "dec"
sentinels = [-9999]
[columns]
kic = { type = "BIGINT", aka = ["KEPLER ID"], required = true }
ra = { type = "DOUBLE", unit = "deg", required = true }
dec = { type = "DOUBLE", unit = "deg", required = true }
state = { type = "VARCHAR", aka = ["SEISMO EVOL"] }
teff = { type = "REAL", unit = "K", aka = ["KIC TEFF (K)"] }
quality = { type = "VARCHAR", aka = ["2MASS_QUAL"] }
"""
COROT = """
title = "CoRoT giants with APOGEE spectra"
citation = "Anders et al. 2017"
id = "corot"
ra = "ra"
dec = "dec"
[columns]
corot = { type = "BIGINT", aka = ["CoRoT"], required = true }
ra = { type = "DOUBLE", unit = "deg", aka = ["RAJ2000"], required = true }
dec = { type = "DOUBLE", unit = "deg", aka = ["DEJ2000"], required = true }
apogee = { type = "VARCHAR" }
delta_nu_uhz = { type = "REAL", unit = "uHz", aka = ["Dnu"] }
n_visits = { type = "INTEGER", aka = ["NVisits"] }
"""


@pytest.fixture
def stored(tmp_path):
    """Ingest a file as a survey, shipped or given as text; returns what was done and the stored table."""

    def stored(file, survey):
        if "\n" in survey:
            (tmp_path / "own.toml").write_text(survey)
            survey = read_survey(tmp_path / "own.toml")
        else:
            survey = load_survey(survey)
        done = ingest(survey, [file], tmp_path / "stored.parquet")
        return done, pq.read_table(tmp_path / "stored.parquet").to_pydict()

    return stored


def test_fits_with_spaces_in_its_names(stored, real_data):
    file = real_data("kepler/apokasc_v7.1.fits")
    done, rows = stored(file, APOKASC)
    raw = {int(row["KEPLER ID"]): row for row in Table.read(file)}
    assert done.rows == len(raw) == 1997
    for i in range(0, 1997, 50):
        row = raw[rows["kic"][i]]
        assert rows["ra"][i] == pytest.approx(float(row["RA"]))
        assert rows["quality"][i] == (str(row["2MASS_QUAL"]).strip() or None)
        assert rows["state"][i] == (str(row["SEISMO EVOL"]).strip() or None)
        assert rows["teff"][i] == (None if row["KIC TEFF (K)"] == -9999 else pytest.approx(float(row["KIC TEFF (K)"])))


def test_ascii_table_with_null_markers_wider_than_its_columns(stored, real_data):
    done, rows = stored(real_data("corot/corot_apogee_anders2017.fit"), COROT)
    assert done.rows == 606
    assert all(apogee.startswith("2M") for apogee in rows["apogee"])
    assert all(0.5 < value < 20 for value in rows["delta_nu_uhz"] if value is not None)
    assert {n is None or 1 <= n < 50 for n in rows["n_visits"]} == {True}


def test_apo_k2(stored, real_data):
    file = real_data("apo_k2/apo_k2.csv")
    done, rows = stored(file, "apo_k2")
    with file.open() as lines:
        raw = {int(row["gaia_source"]): row for row in csv.DictReader(lines)}
    assert done.rows == len(raw) == 5335
    assert sum(value is None for value in rows["delta_nu_uhz"]) == 155
    assert set(rows["evolutionary_state"]) == {"RC", "RGB"}
    assert all(value == pytest.approx(-0.017) for value in rows["parallax_zero_point"])
    for i in range(0, 5335, 100):
        row = raw[rows["source_id"][i]]
        assert (rows["l"][i], rows["b"][i]) == (float(row["glon"]), float(row["glat"]))
        assert rows["parallax"][i] == float(row["para"])
        assert rows["j_m"][i] == pytest.approx(float(row["jmag"]))


def test_kepler_giants_keep_two_zero_points_and_no_state(stored, real_data):
    file = real_data("kepler/kepler_giants.parquet")
    done, rows = stored(file, "kepler_giants")
    raw = pq.read_table(file).to_pydict()
    assert done.rows == len(raw["kic"]) == 12607
    assert "evolutionary_state" not in rows
    zero_points = dict(zip(rows["source_id"], rows["parallax_zero_point"], strict=True))
    expected = {"DR2": -0.05, "EDR3": -0.017, None: None}
    for kic, source in zip(raw["kic"][::100], raw["parallax_src"][::100], strict=True):
        assert zero_points[kic] == pytest.approx(expected[source])
    g = dict(zip(rows["source_id"], rows["phot_g_mean_mag"], strict=True))
    for kic, value in zip(raw["kic"][::100], raw["G"][::100], strict=True):
        assert g[kic] == (None if value is None or np.isnan(value) else pytest.approx(value))
