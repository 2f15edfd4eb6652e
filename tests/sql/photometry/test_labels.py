"""Label surveys on one scale: offsets are planted between three surveys of the same stars and must be found again."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from candlesql.catalogs.survey import load_survey
from candlesql.sql import files

N = 3000
SIGMA = np.array([50.0, 0.1, 0.05])  # of every survey's labels; the floors of 10 K, 0.05, 0.03 come on top
WITH_FLOOR = np.hypot(SIGMA, [10.0, 0.05, 0.03])
PLANTED = {"galah": [0.0, 0.0, 0.0], "apogee": [-40.0, 0.08, -0.05], "lamost": [25.0, -0.03, 0.02]}
STARS = {"lamost": slice(0, 3000), "galah": slice(0, 1000), "apogee": slice(800, 2800)}
COLUMNS = {
    "galah": ["sobject_id", "teff", "logg", "fe_h", "e_teff", "e_logg", "e_fe_h"],
    "apogee": ["apogee_id", "teff", "logg", "fe_h", "teff_err", "logg_err", "m_h_err"],
    "lamost": ["obsid", "teff", "logg", "feh", "teff_err", "logg_err", "feh_err"],
}
QUALITY = {"galah": ("snr_c3_iraf", 50), "apogee": ("aspcapflag", 0), "lamost": ("snrg", 50)}


@pytest.fixture
def truth():
    random = np.random.default_rng(2)
    return np.column_stack([random.uniform(4000, 7000, N), random.uniform(1, 5, N), random.normal(0, 0.3, N)])


@pytest.fixture
def connection(truth):
    """The label views over tables made by hand; star i of 0 to N has source_id i."""
    with duckdb.connect() as opened:
        for schema in ("staging", "match", "cuts", "stats", "photometry", "photometric"):
            opened.execute(f"create schema {schema}")
        items = files.items()
        for item in items:
            if item.is_macro and (item.name.split(".")[0] in ("cuts", "stats") or "selection" in item.path.name):
                opened.execute(item.body)
        random = np.random.default_rng(3)
        for survey, rows in STARS.items():
            theta = truth[rows] + PLANTED[survey]
            theta = theta + SIGMA * random.standard_normal(theta.shape)
            plant(opened, survey, np.arange(N)[rows], theta)
        opened.execute("create table staging.wide_stars as select 'w' as wide_survey, 0::bigint as source_id, "
                       "0::float as teff, 0::float as logg, 0::float as feh where false")  # fmt: skip
        green = ", ".join(f'"{c.name}" {c.type}' for c in load_survey("green2020").columns.values())
        opened.execute(f"create table staging.green2020 ({green})")
        for name in ("spectrum_cuts", "spectra", "label_offsets", "labels", "spectrum_funnel"):
            body = next(item.body for item in items if item.name == f"photometry.{name}")
            opened.execute(f"create view photometry.{name} as {body}")
        yield opened


def plant(connection, survey, star, theta):
    """A survey's table and its match with Gaia; identifiers are those of the stars, as the survey's type has them."""
    identifier, *names = COLUMNS[survey]
    text = pa.array([str(i) for i in star]) if survey == "apogee" else pa.array(star)
    columns = {identifier: text, **dict(zip(names, [*theta.T, *np.repeat(SIGMA[:, None], len(star), 1)], strict=True))}
    quality, good = QUALITY[survey]
    columns |= {load_survey(survey).ra: star / 100, load_survey(survey).dec: star / 100}
    table = pa.table(columns | {quality: np.full(len(star), good), "flag_sp": np.zeros(len(star), int)})
    others = [c for c in load_survey(survey).columns.values() if c.name not in table.column_names]
    nulls = ", ".join(f'null::{c.type} as "{c.name}"' for c in others)
    match = pa.table({"source_id": star, identifier: text, "survey": ["gaia_dr2"] * len(star)})
    connection.register("given", table)
    connection.execute(f"create table staging.{survey} as select *, {nulls} from given")
    connection.register("given", match)
    connection.execute(f"create table match.{survey} as from given")


def offsets(connection):
    rows = connection.execute(
        "select label_survey, label, label_offset, label_offset_error, n_common, reference_survey "
        "from photometry.label_offsets"
    ).fetchall()
    return {(survey, label): values for survey, label, *values in rows}


def test_planted_offsets_are_found(connection):
    found = offsets(connection)
    assert len(found) == 9
    common = {"galah": 1000, "apogee": 2000}
    for survey, planted in PLANTED.items():
        for i, label in enumerate(("teff_k", "logg", "feh")):
            add, error, n, reference = found[survey, label]
            assert reference == "galah"
            # the mean of n differences of two labels; APOGEE's goes by way of LAMOST, in quadrature with GALAH's
            parts = {"galah": [], "lamost": [1000], "apogee": [1000, 2000]}[survey]
            expected_error = WITH_FLOOR[i] * np.sqrt(sum(2 / part for part in parts))
            assert n == common.get(survey, 1000)
            assert error == pytest.approx(expected_error, rel=0.01)
            assert abs(add + planted[i]) < 4.5 * error + 1e-12


def test_labels_are_on_galahs_scale(connection, truth):
    rows = connection.execute(
        "select source_id, label_survey, teff_k, logg, feh, variance_teff from photometry.labels order by source_id"
    ).fetchnumpy()
    assert rows["source_id"].tolist() == list(range(N))
    first = np.array(["galah"] * 1000 + ["apogee"] * 1800 + ["lamost"] * 200)
    assert (rows["label_survey"] == first).all()
    assert rows["variance_teff"] == pytest.approx(50**2 + 10**2)
    for survey in STARS:
        mine = rows["label_survey"] == survey
        for i, label in enumerate(("teff_k", "logg", "feh")):
            miss = rows[label][mine] - truth[mine, i]
            assert abs(miss.mean()) < 4.5 * SIGMA[i] * np.sqrt(1 / mine.sum() + 2 / 1000 + 2 / 2000)


def test_weighted_mean_by_hand(connection):
    """Differences of 3 and 1 K: variances 200 + 200 (with the floor of 10 K) and 200 + 500, that of 900 K clipped."""
    connection.execute("create or replace macro cuts.green_min_common_stars() as 1")
    for survey in STARS:
        connection.execute(f"delete from match.{survey}")
        connection.execute(f"insert into match.{survey} select i, i, 'gaia_dr2' from range(800, 803) as t (i)")
    connection.execute("update staging.apogee set teff = 5000, teff_err = if(apogee_id = '801', 20, 10)")
    connection.execute(
        "update staging.lamost set teff = case obsid when 800 then 5003 when 801 then 5001 else 5900 end, teff_err = 10"
    )
    connection.execute("delete from match.galah")
    add, error, n, reference = offsets(connection)["lamost", "teff_k"]
    assert (n, reference) == (3, "apogee")
    weights = np.array([1 / 400, 1 / 700])
    assert add == pytest.approx(-(weights @ [3.0, 1.0]) / weights.sum())
    assert error == pytest.approx(1 / np.sqrt(weights.sum()))


def test_without_stars_in_common_labels_stay(connection):
    connection.execute("delete from match.lamost where source_id < 2795")
    assert offsets(connection) == {}
    given, kept = connection.execute(
        "select teff, teff_k from staging.apogee join (select source_id, teff_k from photometry.labels "
        "where label_survey = 'apogee') on source_id = apogee_id::bigint limit 1"
    ).fetchall()[0]
    assert given == kept


def test_bad_spectra_have_no_labels(connection):
    connection.execute("update staging.apogee set aspcapflag = 1 << 23 where apogee_id = '1500'")
    connection.execute("update staging.apogee set aspcapflag = 1 << 7 where apogee_id = '1501'")
    connection.execute("update staging.apogee set aspcapflag = 1 << 6 where apogee_id = '1502'")
    connection.execute("update staging.galah set flag_sp = 1 where sobject_id = 3")
    connection.execute("update staging.galah set snr_c3_iraf = 15 where sobject_id in (4, 5)")
    connection.execute("update staging.galah set snr_c1_iraf = 25 where sobject_id = 5")
    connection.execute("update staging.lamost set snrg = 15 where obsid in (2997, 2999)")
    connection.execute("update staging.lamost set snrz = 25 where obsid = 2997")
    connection.execute("update staging.lamost set qflag_chi2 = 'bad' where obsid = 2998")
    connection.execute("update staging.lamost set flag_singlestar = 'NO' where obsid = 2996")
    rows = connection.execute(
        "select source_id, label_survey from photometry.labels "
        "where source_id in (3, 4, 5, 1500, 1501, 1502, 2996, 2997, 2998, 2999) order by source_id"
    ).fetchall()
    assert rows == [
        (3, "lamost"), (4, "lamost"), (5, "galah"), (1500, "lamost"), (1501, "lamost"), (1502, "apogee"),
        (2997, "lamost"),
    ]  # fmt: skip
    funnel = connection.execute("from photometry.spectrum_funnel").fetchall()
    assert funnel == [("apogee", 2000, 0, 2, 0, 1998), ("galah", 1000, 1, 1, 0, 998), ("lamost", 3000, 1, 2, 0, 2997)]


def test_apogee_gives_its_metallicity_and_covariances(connection):
    """[M/H] stands for [Fe/H], and what lies off the diagonal is that before calibration."""
    connection.execute(
        "update staging.apogee set m_h = 0.25, cov_teff_logg = 3, cov_teff_m_h = -2, cov_logg_m_h = 0.001 "
        "where apogee_id = '1500'"
    )
    row = connection.execute(
        "select feh, covariance_teff_logg, covariance_teff_feh, covariance_logg_feh from photometry.spectra "
        "where source_id = 1500 and label_survey = 'apogee'"
    ).fetchall()
    assert row == [(0.25, 3, -2, pytest.approx(0.001))]
