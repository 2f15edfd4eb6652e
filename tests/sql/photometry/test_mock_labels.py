"""Zero-points between label surveys on a mock sky: GALAH and APOGEE tables with planted offsets, by the whole path."""

import duckdb
import numpy as np
import pytest
from candlesql import open_sky
from candlesql.catalogs.mock import make_sky
from candlesql.commands.match import match_surveys

pytestmark = pytest.mark.heavy

# What GALAH and APOGEE add to the truth; LAMOST of the mock adds nothing. Teff [K], log g, [Fe/H].
PLANTED = {"galah": (60.0, -0.10, 0.08), "apogee": (-45.0, 0.12, -0.06), "lamost": (0.0, 0.0, 0.0)}
LABELS = ("teff_k", "logg", "feh")

GALAH = """
select row_number() over () as sobject_id, gaia.ra as ra_dr2, gaia."dec" as dec_dr2, 60 as snr_c3_iraf, 0 as flag_sp,
    {labels}, 60.0 as e_teff, 0.1 as e_logg, 0.05 as e_fe_h
"""
APOGEE = """
select 'mock' || row_number() over () as apogee_id, gaia.ra, gaia."dec", 0 as aspcapflag,
    {labels}, 60.0 as teff_err, 0.1 as logg_err, 0.05 as m_h_err
"""
SHARED = """
from (from read_parquet('{folder}/mock_truth.parquet') where lamost_obsid is not null) as truth
inner join read_parquet('{folder}/gaia_dr2.parquet') as gaia using (source_id)
"""


def plant(connection, folder, survey, query):
    """Write a survey's table: the truth of LAMOST's stars, its offset, and noise of its stated errors."""
    noise = [f"{sigma} * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())" for sigma in (60.0, 0.1, 0.05)]
    names = ("teff", "logg", "fe_h")
    labels = ", ".join(
        f"(truth.{label} + {add} + {e})::float as {name}"
        for label, add, e, name in zip(LABELS, PLANTED[survey], noise, names, strict=True)
    )
    table = query.format(labels=labels) + SHARED.format(folder=folder)
    connection.execute(f"copy ({table}) to '{folder}/{survey}.parquet'")


@pytest.fixture(scope="module")
def sky(new_sky, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    files = make_sky(folder, stars=30_000, seed=11)
    with duckdb.connect() as connection:
        connection.execute("select setseed(0.5)").fetchall()
        connection.execute("set threads = 1")
        plant(connection, folder, "galah", GALAH)
        plant(connection, folder, "apogee", APOGEE)
    tables = {name: files[name] for name in ("gaia_dr2", "lamost")}
    sky = new_sky(folder / "sky", tables | {n: folder / f"{n}.parquet" for n in ("galah", "apogee")})
    for survey in ("lamost", "galah", "apogee"):
        match_surveys(sky, "gaia_dr2", survey, 1.0, "best")
    return sky


def test_offsets_planted_on_the_mock_are_found(sky):
    with open_sky(sky) as connection:
        rows = connection.execute(
            "select label_survey, label, label_offset, label_offset_error, n_common from photometry.label_offsets"
        ).fetchall()
    assert len(rows) == 9
    for survey, label, add, error, n in rows:
        i = LABELS.index(label)
        assert n > 300
        assert abs(add - (PLANTED["galah"][i] - PLANTED[survey][i])) < 4 * error + 1e-9


def test_labels_of_all_surveys_agree_with_the_truth_on_galahs_scale(sky):
    with open_sky(sky) as connection:
        found = connection.execute(
            "select spectra.label_survey, spectra.teff_k + o.label_offset - truth.teff_k as teff_k "
            "from photometry.spectra as spectra "
            "inner join photometry.label_offsets as o on o.label_survey = spectra.label_survey and o.label = 'teff_k' "
            "inner join read_parquet(?) as truth using (source_id)",
            [str(sky.parent / "mock_truth.parquet")],
        ).fetchnumpy()
    for survey in PLANTED:
        mine = found["teff_k"][found["label_survey"] == survey]
        assert abs(np.median(mine) - PLANTED["galah"][0]) < 5 * 90 / np.sqrt(len(mine))
