"""The views against brute force in NumPy: whole covariance matrices, inverted, star by star."""

import dataclasses
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime as ort
import pyarrow as pa
import pytest
from candlesql.tests.sql.photometry.conftest import AB_COLUMNS, BANDS, MODELS, N, column_of, evaluate
from candlesql.training.photometry.bands import read_bands
from candlesql.training.photometry.data import split_bucket, stars_from_table

LOG = 5 / np.log(10)


@pytest.fixture(scope="module")
def truth(sample):
    """Equations 2-9 and 18 of Green et al. 2020 for every star, with the whole matrix C of equation 4."""
    theta = np.column_stack([sample["teff"], sample["logg"], sample["feh"]]).astype(float)
    at = evaluate("photometry", theta)
    step = np.array([30.0, 0.03, 0.03])
    slopes = np.stack(
        [
            (evaluate("photometry", theta + d) - evaluate("photometry", theta - d)) / (2 * d.sum())
            for d in np.diag(step)
        ],
        axis=2,
    )
    return [_star(sample, i, at[i], slopes[i]) for i in range(N)]


def _star(sample, i, at, slopes):
    mag = np.array([sample[column_of(b)][i] - AB_COLUMNS.get(b, 0) for b in BANDS], float)
    sigma = np.array([sample[f"{column_of(b)}_error"][i] for b in BANDS], float)
    seen = np.isfinite(mag)
    labels = ("teff", "logg", "feh")
    covariance = np.array([[_covariance(sample, a, b, i) for b in labels] for a in labels], float)
    e_0, s_0 = float(sample["reddening"][i]), float(sample["reddening_error"][i])
    parallax, parallax_error = float(sample["parallax"][i]), float(sample["parallax_error"][i])
    has_modulus = parallax / parallax_error > 5
    modulus = 10 - 5 * np.log10(parallax) if has_modulus else 0.0
    modulus_error = LOG * parallax_error / parallax if has_modulus else 1e3
    r = at[13:][seen]
    miss = (mag - at[:13] - modulus)[seen]
    ebv = e_0
    for _ in range(20):  # the covariance is that at E itself
        jacobian = slopes[:13] + ebv * slopes[13:]
        terms = {
            "labels": (jacobian @ covariance @ jacobian.T)[np.ix_(seen, seen)],
            "distance": np.full((seen.sum(), seen.sum()), modulus_error**2),
            "photometry": np.diag(sigma[seen] ** 2),
        }
        inverse = np.linalg.inv(sum(terms.values()))
        precision = r @ inverse @ r + 1 / s_0**2
        ebv = max(0.0, (r @ inverse @ miss + e_0 / s_0**2) / precision)
    ebv_error = np.sqrt(max(1 / precision, 0.02**2 + (0.1 * ebv) ** 2))
    terms["reddening"] = np.outer(r, r) * ebv_error**2
    c = sum(terms.values())
    left = miss - r * ebv
    return SimpleNamespace(
        bands=[b for b, s in zip(BANDS, seen, strict=True) if s], terms=terms, covariance=c, residual=left, ebv=ebv,
        ebv_error=ebv_error, chi2=left @ np.linalg.inv(c) @ left, has_modulus=has_modulus,
    )  # fmt: skip


def _covariance(sample, a, b, i):
    name = f"cov_{a}_{b}"
    return sample[name if name in sample else f"cov_{b}_{a}"][i]


def test_every_star_has_a_reddening_by_equations_8_and_9(connection, truth):
    rows = connection.execute(
        "select ebv, ebv_error, chi2, n_bands from photometry.reddenings order by source_id"
    ).fetchall()
    assert len(rows) == N
    ebv, ebv_error, chi2, n_bands = np.array(rows).T
    assert ebv == pytest.approx([star.ebv for star in truth], abs=2e-4)
    assert ebv_error == pytest.approx([star.ebv_error for star in truth], abs=1e-4)
    assert chi2 == pytest.approx([star.chi2 for star in truth], rel=5e-3, abs=5e-3)
    assert n_bands.tolist() == [len(star.bands) for star in truth]


def test_residuals_and_z_scores_are_those_of_equation_18(connection, truth):
    rows = connection.execute("select source_id, quantity, residual, z_score from photometry.residuals").fetchall()
    found = {(source_id, quantity): (residual, z) for source_id, quantity, residual, z in rows}
    expected = {}
    for source_id, star in enumerate(truth, start=1):
        at = {band: row for band, row in zip(star.bands, np.eye(len(star.bands)), strict=True)}
        b = {f"{band} - g": at[band] - at["g"] for band in star.bands if band != "g"}
        pairs = [("bp", "rp"), *pairwise(["ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2"])]
        b |= {f"{blue} - {red}": at[blue] - at[red] for blue, red in pairs if blue in at and red in at}
        if star.has_modulus:
            b["M_g"] = at["g"]
        for quantity, row in b.items():
            residual = row @ star.residual
            expected[source_id, quantity] = (residual, residual / np.sqrt(row @ star.covariance @ row))
    assert found.keys() == expected.keys()
    for key, (residual, z) in expected.items():
        assert found[key][0] == pytest.approx(residual, abs=1e-3)
        assert found[key][1] == pytest.approx(z, abs=5e-3)


def test_covariance_terms_add_up_to_equation_4(connection, truth):
    star, source_id = truth[20], 21
    rows = connection.execute(
        "select band_1, band_2, term, covariance from photometry.covariance_terms where source_id = ?", [source_id]
    ).fetchall()
    assert len(rows) == 4 * len(star.bands) ** 2
    for a, b, term, covariance in rows:
        expected = star.terms[term][star.bands.index(a), star.bands.index(b)]
        assert covariance == pytest.approx(expected, rel=2e-3, abs=2e-6)


def test_distance_is_infinitely_uncertain_without_a_good_parallax(connection):
    rows = connection.execute(
        "select distinct covariance from photometry.covariance_terms where source_id = 1 and term = 'distance'"
    ).fetchall()
    assert rows == [(float("inf"),)]


@pytest.mark.heavy
def test_residual_bins_hold_every_residual_once_a_parameter(connection):
    total = connection.execute("select count(*) from photometry.residuals").fetchall()[0][0]
    rows = connection.execute("select parameter, sum(n) from photometry.residual_bins group by 1").fetchall()
    assert dict(rows) == dict.fromkeys(["teff_k", "logg", "feh", "ebv", "log_density"], total)


def test_a_bins_percentiles_are_numpys(connection):
    quantity, low, n, middle, high = connection.execute(
        "select quantity, bin_low, n, residual_median, z_high from photometry.residual_bins "
        "where parameter = 'teff_k' and held_out order by n desc, quantity limit 1"
    ).fetchall()[0]
    inside = connection.execute(
        "select residual, z_score from photometry.residuals where quantity = ? and held_out "
        "and teff_k >= ? and teff_k < ?",
        [quantity, low, low + 250],
    ).fetchall()
    assert len(inside) == n
    residual, z = np.array(inside).T
    assert (middle, high) == pytest.approx((np.median(residual), np.percentile(z, 84)))


def test_stars_that_no_network_has_seen_are_all_held_out(connection):
    """Synthetic stars: none is in the list of the shipped networks, whatever the hash of its identifier."""
    rows = connection.execute("select distinct source_id, held_out from photometry.residuals order by 1").fetchall()
    assert rows == [(i, True) for i in range(1, N + 1)]


def test_pulls_count_the_stars_that_have_a_label(connection):
    rows = connection.execute("select quantity, sum(n), bool_and(held_out) from photometry.pulls group by 1").fetchall()
    counts = connection.execute("select count(teff_k), count(logg), count(feh) from photometry.inferred").fetchall()
    assert {row[0]: row[1:] for row in rows} == {
        name: (n, True) for name, n in zip(("teff_k", "logg", "feh"), counts[0], strict=True)
    }


def test_training_reads_from_the_view_what_it_reads_from_the_sample(connection, sample):
    bands = read_bands()
    table = connection.sql('from photometry.training order by "row"').to_arrow_table()
    exported = stars_from_table(table, bands)
    given = stars_from_table(pa.table(sample), bands)
    assert (exported.observed == given.observed).all()
    for field in dataclasses.fields(given):
        expected = getattr(given, field.name)
        np.testing.assert_allclose(getattr(exported, field.name), expected, rtol=2e-6, atol=1e-6, err_msg=field.name)
    buckets = connection.execute('select bucket from photometry.training order by "row"').fetchall()
    assert [bucket for (bucket,) in buckets] == split_bucket(given.row).tolist()


def test_loci_are_the_networks_colours_without_dust(connection, sample):
    theta = np.column_stack([sample["teff"], sample["logg"], sample["feh"]])
    answer = evaluate("photometry", theta)
    rows = connection.execute(
        "select predicted_colour, predicted_absolute_g, observed_colour, colour_excess from photometry.loci "
        "where blue = 'j' and red = 'h' order by source_id"
    ).fetchnumpy()
    assert rows["predicted_colour"] == pytest.approx(answer[:, 8] - answer[:, 9], abs=2e-5)
    assert rows["predicted_absolute_g"] == pytest.approx(answer[:, 0], abs=2e-5)
    assert rows["colour_excess"] == pytest.approx(answer[:, 21] - answer[:, 22], abs=2e-5)
    observed = np.ma.filled(rows["observed_colour"], np.nan)
    assert observed == pytest.approx(sample["j_mag"] - sample["h_mag"], abs=1e-5, nan_ok=True)


def test_colours_are_neighbours_in_wavelength_and_that_of_the_gaia_diagram(connection):
    rows = connection.execute("select blue, red from photometric.colours").fetchall()
    chain = ["ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2"]
    assert sorted(rows) == sorted([("bp", "g"), ("g", "rp"), ("bp", "rp"), *pairwise(chain)])


def test_locus_cells_hold_every_star_in_every_colour(connection):
    assert connection.execute("select sum(n) from photometry.locus_cells").fetchall() == [(N * 12,)]


def test_reddening_slopes(connection):
    """Of Schlafly et al. 2016 by hand from their mean vector; of the network from its own R."""
    rows = connection.execute("select band, extinction, slope, slope_s16 from photometry.reddening_vector").fetchall()
    by_band = {band: values for band, *values in rows}
    r = dict(zip(BANDS, evaluate("photometry", np.array([[5400.0, 4.1, -0.25]]))[0, 13:], strict=True))
    assert by_band["j"][0] == pytest.approx(r["j"], abs=1e-5)
    assert by_band["ps1_r"][1] == pytest.approx((r["ps1_g"] - r["ps1_r"]) / (r["ps1_r"] - r["ps1_i"]), abs=1e-4)
    assert by_band["ps1_r"][2] == pytest.approx((0.65373 - 0.39064) / (0.39064 - 0.20198), abs=0.005)
    assert by_band["h"][2] == pytest.approx((-0.14214 + 0.23661) / (-0.23661 + 0.28523), abs=0.05)


def test_reddening_variation_is_relative_to_the_reference_labels(connection, sample):
    theta = np.column_stack([sample["teff"], sample["logg"], sample["feh"]])
    reference = evaluate("photometry", np.array([[5400.0, 4.1, -0.25]]))[0, 13]
    variation = evaluate("photometry", theta)[:, 13] / reference - 1
    rows = connection.execute(
        "select is_giant, bin_low, extinction_variation, n from photometry.reddening_variation where band = 'g'"
    ).fetchall()
    assert sum(row[3] for row in rows) == N
    for is_giant, low, mean, n in rows:
        inside = (theta[:, 1] < 3.5) == is_giant
        inside &= (theta[:, 0] >= low) & (theta[:, 0] < low + 250)
        assert inside.sum() == n
        assert mean == pytest.approx(variation[inside].mean(), abs=1e-5)


def test_cells_of_reddening_variation_hold_every_star_of_a_band(connection, sample):
    theta = np.column_stack([sample["teff"], sample["logg"], sample["feh"]])
    reference = evaluate("photometry", np.array([[5400.0, 4.1, -0.25]]))[0, 14]
    variation = evaluate("photometry", theta)[:, 14] / reference - 1
    rows = connection.execute(
        "select bin_low, variation_low, n, logg from photometry.reddening_variation_cells where band = 'bp'"
    ).fetchall()
    assert sum(row[2] for row in rows) == N
    low, variation_low, n, logg = max(rows, key=lambda row: row[2])
    inside = (theta[:, 0] >= low) & (theta[:, 0] < low + 50)
    inside &= (variation >= variation_low - 1e-6) & (variation < variation_low + 0.005 + 1e-6)
    assert inside.sum() == n
    assert logg == pytest.approx(theta[inside, 1].mean())


def test_colour_transformations_are_numpys_fits(connection, sample):
    theta = np.column_stack([sample["teff"], sample["logg"], sample["feh"]])
    answer, density = evaluate("photometry", theta), evaluate("photometry_density", theta)
    g, r, blue, red = (BANDS.index(name) for name in ("g", "ps1_r", "ps1_g", "ps1_i"))
    inside = (density[:, [g, r, blue, red]] >= 0.001).all(axis=1)
    x, y = (answer[:, blue] - answer[:, red])[inside], (answer[:, g] - answer[:, r])[inside]
    fit = np.polynomial.polynomial.polyfit(x, y, 3)
    row = connection.execute(
        "select c0, c1, c2, c3, n, scatter from photometry.colour_transformations where target = 'g'"
    ).fetchall()[0]
    assert row[4] == inside.sum()
    assert row[:4] == pytest.approx(fit, abs=2e-3)
    miss = y - np.polynomial.polynomial.polyval(x, fit)
    assert row[5] == pytest.approx(1.4826 * np.median(np.abs(miss - np.median(miss))), abs=5e-4)


def test_inferred_is_what_onnx_runtime_says_with_nan_for_missing(connection, sample):
    mags = [sample[column_of(b)] - np.float32(AB_COLUMNS.get(b, 0)) for b in BANDS]
    errors = [sample[f"{column_of(b)}_error"] for b in BANDS]
    rest = [sample[name] for name in ("parallax", "parallax_error", "reddening", "reddening_error")]
    x = np.stack([*mags, *errors, *rest]).astype(np.float32)
    y = ort.InferenceSession(MODELS / "photometry_infer.onnx").run(None, {"x": x})[0]
    rows = connection.execute("select * from photometry.inferred order by source_id").fetchnumpy()
    kept = y[11] >= 3
    assert len(rows["source_id"]) == kept.sum()
    assert rows["n_bands"].tolist() == y[11, kept].tolist()
    misfit, poor = y[10, kept] / y[11, kept] > 3, y[4, kept] - 2 * y[5, kept] < -1
    flags = np.where(misfit, "chi-square per band", np.where(poor, "[Fe/H]", ""))
    assert np.ma.filled(np.ma.asarray(rows["flag"], object), "").tolist() == flags.tolist()
    assert np.ma.getmaskarray(rows["teff_k"]).tolist() == misfit.tolist()
    assert np.ma.getmaskarray(rows["feh"]).tolist() == (misfit | poor).tolist()
    assert rows["teff_k"][~misfit] == pytest.approx(y[0, kept][~misfit], rel=2e-3)
    assert rows["ebv"][~misfit] == pytest.approx(y[6, kept][~misfit], abs=5e-3)
    assert rows["distance_kpc"][~misfit] == pytest.approx(10 ** (y[8, kept][~misfit] / 5 - 2), rel=5e-3)


def test_tracks_get_the_networks_magnitudes(connection):
    row = connection.execute(
        "select teff_k, absolute_g, extinction_ks, density_parallax from photometry.tracks"
    ).fetchall()
    theta = np.array([[10**3.7617, 4.44, 0.0]])
    answer = evaluate("photometry", theta)[0]
    expected = (theta[0, 0], answer[0], answer[23], evaluate("photometry_density", theta)[0, 13])
    assert row == [pytest.approx(expected, rel=1e-4)]


def test_elimination_gives_schur_complement_and_solution(connection):
    random = np.random.default_rng(1)
    rows = random.normal(size=(9, 4))
    matrix = rows.T @ rows
    normal = connection.execute("select stats.normal_matrix(?, 4)", [rows.tolist()]).fetchall()[0][0]
    assert normal == pytest.approx(matrix.ravel())
    half = connection.execute(
        "select stats.eliminate(stats.eliminate(?, 0, 4), 1, 4)", [matrix.ravel().tolist()]
    ).fetchall()[0][0]
    schur = matrix[2:, 2:] - matrix[2:, :2] @ np.linalg.inv(matrix[:2, :2]) @ matrix[:2, 2:]
    assert np.reshape(half, (4, 4))[2:, 2:] == pytest.approx(schur)
    assert np.reshape(half, (4, 4))[:2, 3] == pytest.approx(np.linalg.solve(matrix[:2, :2], matrix[:2, 3]))


def test_every_column_is_described(connection):
    bare = connection.execute(
        "select table_name, column_name from duckdb_columns() where comment is null "
        "and schema_name in ('photometry', 'photometric') and database_name = current_database()"
    ).fetchall()
    assert bare == []


def test_the_plain_shell_gives_the_same_reddenings(sky, connection):
    shell = shutil.which("duckdb", path=str(Path(sys.executable).parent))
    if shell is None:
        pytest.skip("the DuckDB shell is not installed")
    query = "select avg(ebv), avg(chi2) from photometry.reddenings"
    done = subprocess.run(
        [shell, "-readonly", "-csv", "-noheader", sky / "sky.duckdb", query], capture_output=True, text=True, check=True
    )
    here = connection.execute(query).fetchall()[0]
    assert [float(value) for value in done.stdout.split(",")] == pytest.approx(here, rel=1e-3)
