"""Cuts, estimates, table 1 and the views of figures 2 to 6 on a small simulated APOGEE."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

TABLE_1 = [
    "2MASS_ID",
    "Gaia.parallax",
    "Gaia.parallax_err",
    "spec.parallax",
    "spec.parallax_err",
    "training.set",
    "sample",
]


def columns(connection, query: str) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in connection.execute(query).fetchnumpy().items()}


def test_the_parent_sample_and_training_set_by_hand(parallaxes):
    """Equations 6 to 10 of Hogg et al. 2018 written out in numpy."""
    s = columns(parallaxes, "from staging.apogee_gaia order by apogee_id")
    colour = s["phot_bp_mean_mag"] - s["phot_rp_mean_mag"]
    parent = (s["logg"] > 0) & (s["logg"] < 2.2) & (s["j_m"] - s["ks_m"] < 0.4 + 0.45 * colour)
    parent &= s["h_m"] - s["w2mpro"] > -0.05
    training = parent & (s["parallax_error"] < 0.1) & (s["visibility_periods_used"] >= 8)
    training &= s["astrometric_chi2_al"] / np.sqrt(s["astrometric_n_good_obs_al"] - 5) <= 35
    found = columns(parallaxes, "select apogee_id, is_training from parallax.parent order by apogee_id")
    assert found["apogee_id"].tolist() == s["apogee_id"][parent].tolist()
    assert found["is_training"].tolist() == training[parent].tolist()
    assert (s["parallax"][training] < 0).any(), "negative parallaxes are kept"


def test_the_funnel_ends_with_the_training_set(parallaxes):
    rows = parallaxes.execute("select cut, n_in_order, n_left from parallax.funnel").fetchall()
    ((total,),) = parallaxes.execute("select count(*) from staging.apogee_gaia").fetchall()
    for _, removed, left in rows:
        total -= removed
        assert left == total
    assert parallaxes.execute("select count(*) from parallax.training").fetchall() == [(rows[-1][2],)]
    assert parallaxes.execute("select count(*) from parallax.parent").fetchall() == [(rows[4][2],)]


def test_each_half_is_predicted_by_the_model_of_the_other(parallaxes):
    e = columns(parallaxes, "from parallax.estimates inner join parallax.scores using (apogee_id)")
    wanted = np.where(e["sample"] == "A", e["parallax_by_b"], e["parallax_by_a"])
    np.testing.assert_array_equal(e["spec_parallax"], wanted)
    assert not (e["parallax_by_a"] == e["parallax_by_b"]).any()
    assert 0.4 < (e["sample"] == "A").mean() < 0.6


def test_gaia_and_spectrophotometric_parallaxes_are_averaged_by_inverse_variance(parallaxes):
    e = columns(parallaxes, "from parallax.estimates")
    values = np.stack([e["spec_parallax"], e["parallax"] + 0.048]).astype(float)
    weights = np.stack([e["spec_parallax_total_error"], e["parallax_error"]]).astype(float) ** -2
    np.testing.assert_allclose(e["combined_parallax"], np.average(values, axis=0, weights=weights), rtol=1e-5)
    np.testing.assert_allclose(e["combined_parallax_error"], weights.sum(axis=0) ** -0.5, rtol=1e-5)
    np.testing.assert_allclose(e["spec_distance_kpc"], 1 / e["spec_parallax"], rtol=1e-6)


def test_the_estimates_are_near_the_true_parallaxes(parallaxes, parallax_sky):
    e = columns(parallaxes, f"from parallax.estimates inner join '{parallax_sky}/truth.parquet' as t using (apogee_id)")
    ratio = e["spec_parallax"] / e["parallax_1"] - 1
    assert abs(np.median(ratio)) < 0.1
    assert 1.4826 * np.median(abs(ratio - np.median(ratio))) < 0.35, "few stars, few iterations"


def test_table_1_as_fits_and_parquet(parallax_sky, candlesql, tmp_path):
    for name in ("table_1.fits", "table_1.parquet"):
        done = candlesql("export", parallax_sky, "parallax.table_1", tmp_path / name)
        assert done.code == 0, done.err
    fits = Table.read(tmp_path / "table_1.fits")
    assert fits.colnames == TABLE_1
    assert fits["spec.parallax"].unit == "mas"
    assert pq.read_table(tmp_path / "table_1.parquet").column_names == TABLE_1
    assert set(fits["sample"]) == {"A", "B"}
    assert set(fits["training.set"]) == {0, 1}


def test_accuracy_at_both_offsets(parallaxes):
    found = columns(parallaxes, "from parallax.accuracy")
    assert found["parallax_offset"].tolist() == [0.048, 0.029]
    e = columns(parallaxes, "from parallax.estimates where is_training")
    for place, offset in enumerate((0.048, 0.029)):
        error = np.hypot(e["parallax_error"], e["spec_parallax_total_error"])
        pull = (e["spec_parallax"] - e["parallax"] - offset) / error
        assert found["chi2_per_star"][place] == pytest.approx(np.mean(pull**2), rel=1e-4)
    best = (e["parallax"] > 0) & (e["parallax_error"] < 0.05 * e["parallax"])
    ratio = e["spec_parallax"][best] / (e["parallax"][best] + 0.048) - 1
    assert found["n_best"][0] == best.sum()
    assert found["bias"][0] == pytest.approx(np.median(ratio), abs=1e-6)
    scatter = 1.4826 * np.median(abs(ratio - np.median(ratio)))
    assert found["robust_scatter"][0] == pytest.approx(scatter, rel=1e-4)
    of_gaia = (e["parallax_error"] / (e["parallax"] + 0.048))[best]
    explained = np.median(of_gaia**2 + (e["spec_parallax_error"] / e["spec_parallax"])[best] ** 2)
    assert found["unexplained_scatter"][0] == pytest.approx(max(0, scatter**2 - explained) ** 0.5, abs=1e-4)


def test_both_offsets_and_what_is_beyond_the_paper_are_in_the_cross_validation_table(parallaxes):
    rows = parallaxes.execute("select model, parallax_offset from parallax.cross_validation").fetchall()
    assert {("linear", 0.048), ("linear", 0.029), ("linear", 0.0)} < set(rows)
    assert {model for model, _ in rows} == {"linear", "linear, errors of features", "linear and small network"}


def test_bins_hold_every_star_once(parallaxes):
    for view in ("parallax.precision", "parallax.residuals"):
        counts = parallaxes.execute(f"select sum(n) from {view} group by feature").fetchall()
        assert len(set(counts)) == 1
        assert (
            counts[0]
            in parallaxes.execute(
                "select count(*) from parallax.parent union all from (select count(*) from parallax.training)"
            ).fetchall()
        )


def test_cluster_means_are_weighted(parallaxes):
    """No cluster is simulated among so few stars: the view is there, and empty."""
    assert parallaxes.execute("select count(*) from parallax.clusters").fetchall() == [(0,)]


def test_the_disk_rotates(parallaxes):
    m = columns(parallaxes, "from parallax.motions where abs(z_kpc) < 1")
    rotation = (m["y_kpc"] * m["vx_km_s"] - m["x_kpc"] * m["vy_km_s"]) / np.hypot(m["x_kpc"], m["y_kpc"])
    assert 150 < np.mean(rotation) < 260
