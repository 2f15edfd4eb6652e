import pyarrow.parquet as pq
import pytest
from candlesql.catalogs.mock import TABLES, make_sky
from candlesql.catalogs.mock import sky as module
from candlesql.errors import UserError

SCHEMAS = {
    "gaia_dr2": {
        "source_id": "BIGINT",
        "ra": "DOUBLE",
        "dec": "DOUBLE",
        "ra_error": "FLOAT",
        "dec_error": "FLOAT",
        "parallax": "DOUBLE",
        "parallax_error": "FLOAT",
        "pmra": "DOUBLE",
        "pmra_error": "FLOAT",
        "pmdec": "DOUBLE",
        "pmdec_error": "FLOAT",
        "phot_g_mean_mag": "FLOAT",
        "phot_bp_mean_mag": "FLOAT",
        "phot_rp_mean_mag": "FLOAT",
        "phot_g_mean_flux_over_error": "FLOAT",
        "phot_bp_mean_flux_over_error": "FLOAT",
        "phot_rp_mean_flux_over_error": "FLOAT",
        "phot_bp_rp_excess_factor": "FLOAT",
        "ruwe": "FLOAT",
        "l": "DOUBLE",
        "b": "DOUBLE",
    },
    "twomass": {
        "designation": "VARCHAR",
        "ra": "DOUBLE",
        "dec": "DOUBLE",
        "j_m": "FLOAT",
        "j_msigcom": "FLOAT",
        "h_m": "FLOAT",
        "h_msigcom": "FLOAT",
        "ks_m": "FLOAT",
        "ks_msigcom": "FLOAT",
        "ph_qual": "VARCHAR",
        "j_date": "DOUBLE",
    },
    "allwise": {
        "designation": "VARCHAR",
        "ra": "DOUBLE",
        "dec": "DOUBLE",
        "w1mpro": "FLOAT",
        "w1mpro_error": "FLOAT",
        "w2mpro": "FLOAT",
        "w2mpro_error": "FLOAT",
        "cc_flags": "VARCHAR",
        "ext_flag": "INTEGER",
        "ph_qual": "VARCHAR",
        "w1mjd_mean": "DOUBLE",
    },
    "panstarrs1": {
        "obj_id": "BIGINT",
        "ra": "DOUBLE",
        "dec": "DOUBLE",
        "epoch_mean": "DOUBLE",
        **{f"{b}_mean_psf_mag{e}": "FLOAT" for b in "grizy" for e in ("", "_error")},
    },
    "lamost": {
        "obsid": "BIGINT",
        "ra": "DOUBLE",
        "dec": "DOUBLE",
        "snrg": "FLOAT",
        "teff": "FLOAT",
        "teff_err": "FLOAT",
        "logg": "FLOAT",
        "logg_err": "FLOAT",
        "feh": "FLOAT",
        "feh_err": "FLOAT",
    },
    "seismology": {
        "star_id": "BIGINT",
        "ra": "DOUBLE",
        "dec": "DOUBLE",
        "snr": "FLOAT",
        "delta_nu_uhz": "FLOAT",
        "delta_nu_uhz_error": "FLOAT",
        "delta_p_s": "FLOAT",
        "delta_p_s_error": "FLOAT",
        "evolutionary_state": "VARCHAR",
    },
    "mock_truth": {
        "source_id": "BIGINT",
        "twomass_designation": "VARCHAR",
        "allwise_designation": "VARCHAR",
        "panstarrs1_obj_id": "BIGINT",
        "lamost_obsid": "BIGINT",
        "phase": "TINYINT",
        "teff_k": "FLOAT",
        "logg": "FLOAT",
        "feh": "FLOAT",
        "mass_msun": "FLOAT",
        "log_age": "FLOAT",
        "distance_kpc": "DOUBLE",
        "ebv": "FLOAT",
        "delta_nu_uhz": "FLOAT",
        "delta_p_s": "FLOAT",
        "component": "VARCHAR",
        "is_binary": "BOOLEAN",
    },
}


@pytest.mark.parametrize("table", TABLES)
def test_columns_and_types(sky, table):
    found = {name: kind for name, kind, *_ in sky.execute(f"describe {table}").fetchall()}
    assert found == SCHEMAS[table]


def test_threads_and_chunks_do_not_change_the_sky(sky_files, tmp_path):
    again = make_sky(tmp_path, stars=120_000, seed=7, threads=3)
    for name in TABLES:
        assert again[name].read_bytes() == sky_files[name].read_bytes()


def test_another_seed_is_another_sky(sky_files, tmp_path):
    other = make_sky(tmp_path, stars=10, seed=8)
    ids = pq.read_table(other["gaia_dr2"])["source_id"].to_pylist()
    assert len(ids) == 10
    assert ids != pq.read_table(sky_files["gaia_dr2"])["source_id"].to_pylist()[:10]


def test_exactly_the_stars_wanted(sky):
    for table in ("gaia_dr2", "mock_truth"):
        assert sky.sql(f"select count(*) from {table}").fetchall() == [(120_000,)]


def test_one_star(tmp_path):
    files = make_sky(tmp_path, stars=1, seed=1)
    assert pq.read_metadata(files["gaia_dr2"]).num_rows == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"{t}.parquet" for t in TABLES)


def test_no_stars_is_an_error(tmp_path):
    with pytest.raises(UserError, match="stars is 0"):
        make_sky(tmp_path, stars=0, seed=1)


def test_progress_ends_at_the_number_wanted(tmp_path):
    calls = []
    make_sky(tmp_path, stars=100, seed=1, progress=lambda done, of: calls.append((done, of)))
    assert calls[-1] == (100, 100)


def test_a_failure_leaves_the_old_files_alone(tmp_path, monkeypatch):
    (tmp_path / "gaia_dr2.parquet").write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(module._Files, "_flush", fail)
    with pytest.raises(OSError, match="disk full"):
        make_sky(tmp_path, stars=10, seed=1)
    assert [p.name for p in tmp_path.iterdir()] == ["gaia_dr2.parquet"]
    assert (tmp_path / "gaia_dr2.parquet").read_text() == "old"


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("gaia_dr2", "source_id"),
        ("twomass", "designation"),
        ("allwise", "designation"),
        ("panstarrs1", "obj_id"),
        ("lamost", "obsid"),
        ("seismology", "star_id"),
    ],
)
def test_identifiers_are_unique(sky, table, column):
    n, unique = sky.sql(f"select count(*), count(distinct {column}) from {table}").fetchall()[0]
    assert n == unique > 0


@pytest.mark.parametrize(
    ("table", "column", "low", "high"),
    [
        ("twomass", "designation", 0.80, 0.95),
        ("allwise", "designation", 0.95, 0.99),
        ("panstarrs1", "obj_id", 0.85, 0.95),
        ("lamost", "obsid", 0.02, 0.05),
    ],
)
def test_counterparts_exist_and_extras_have_none(sky, table, column, low, high):
    matched, listed, total = sky.sql(
        f"""
        select count({table}_{column}), count({column}), (select count(*) from {table})
        from mock_truth left join {table} on {column} = {table}_{column}
        """
    ).fetchall()[0]
    assert matched == listed
    assert low < matched / 120_000 < high
    assert 0.015 < (total - matched) / total < 0.06
