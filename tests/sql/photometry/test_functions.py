"""Magnitudes, extinction and magnitude systems as SQL functions."""

from pathlib import Path

import astropy.units as u
import duckdb
import numpy as np
import pytest
from astropy.coordinates import Distance
from candlesql.catalogs.survey import load_survey
from candlesql.tests.sql.photometry.conftest import BANDS, evaluate

GREEN = Path(__file__).resolve().parents[4] / "shared/data/green2020"


def one(connection, expression):
    return connection.execute(f"select {expression}").fetchall()[0][0]


def test_absolute_magnitudes_and_extinction_are_the_networks(connection):
    answer = evaluate("photometry", np.array([[5777.0, 4.44, 0.0]]))[0]
    magnitudes = one(connection, "photometry.absolute_magnitudes(5777, 4.44, 0)")
    assert list(magnitudes) == BANDS
    assert list(magnitudes.values()) == pytest.approx(answer[:13], abs=2e-5)
    extinction = one(connection, "photometry.extinction(5777, 4.44, 0, 0.3)")
    assert list(extinction) == BANDS
    assert list(extinction.values()) == pytest.approx(0.3 * answer[13:], abs=2e-5)


def test_apparent_magnitudes_add_modulus_and_extinction(connection):
    answer = evaluate("photometry", np.array([[4800.0, 2.4, -0.1]]))[0]
    apparent = one(connection, "photometry.apparent_magnitudes(4800, 2.4, -0.1, 0.5, 12)")
    assert list(apparent.values()) == pytest.approx(answer[:13] + 0.5 * answer[13:] + 12, abs=2e-5)


def test_colour_names_two_bands(connection):
    answer = evaluate("photometry", np.array([[5200.0, 4.5, -0.5]]))[0]
    expected = answer[1] - answer[2] + 0.2 * (answer[14] - answer[15])
    assert one(connection, "photometry.colour('bp', 'rp', 5200, 4.5, -0.5, 0.2)") == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(
    "call",
    [
        "photometry.absolute_magnitudes(null, 4.4, 0)",
        "photometry.extinction(5777, 4.4, 0, null)",
        "photometry.apparent_magnitudes(5777, 4.4, 'nan'::float, 0, 0)",
        "photometry.is_valid(5777, null, 0)",
    ],
)
def test_null_in_null_out(connection, call):
    assert one(connection, call) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("photometry.absolute_magnitudes(3.7617, 4.44, 0)", r"Teff = 3.7617 is not in K"),
        ("photometry.is_valid(5.777, 4.44, 0)", r"Teff = 5.777 is not in K"),
        ("photometry.extinction(5777, 4.44, 0, -999)", r"E = -999 mag is negative"),
        ("photometry.colour('bp', 'rp', 5777, 4.44, 0, -0.1)", r"E = -0.1 mag is negative"),
    ],
)
def test_wrong_units_and_negative_reddening_are_refused(connection, call, message):
    with pytest.raises(duckdb.InvalidInputException, match=message):
        one(connection, call)


def test_a_sun_is_valid_and_a_white_dwarf_is_not(connection):
    assert all(one(connection, "photometry.is_valid(5777, 4.44, 0)").values())
    assert not any(one(connection, "photometry.is_valid(12000, 8, 0)").values())


def test_validity_is_density_above_the_cuts(connection):
    theta = np.array([[4000.0, 1.0, -1.5]])
    density = evaluate("photometry_density", theta)[0]
    valid = one(connection, "photometry.is_valid(4000, 1, -1.5)")
    assert valid["magnitude"] == (density[13] >= 0.01)
    assert [valid[band] for band in BANDS] == [d >= 0.001 for d in density[:13]]


def test_magnitude_systems(connection):
    assert one(connection, "photometric.vega_from_ab('w1', 10.0)") == pytest.approx(10 - 2.699)
    assert one(connection, "photometric.ab_from_vega('w2', 10.0)") == pytest.approx(10 + 3.339)
    assert one(connection, "photometric.in_model_system('w2', 'AB', 10.0)") == pytest.approx(10 - 3.339)
    assert one(connection, "photometric.in_model_system('w2', 'Vega', 10.0)") == pytest.approx(10)
    assert one(connection, "photometric.in_model_system('ps1_g', 'AB', 10.0)") == pytest.approx(10)


def test_ab_minus_vega_of_2mass_is_near_that_of_blanton_and_roweis_2007(connection):
    for band, published in (("j", 0.91), ("h", 1.39), ("ks", 1.85)):
        assert one(connection, f"photometric.ab_minus_vega('{band}')") == pytest.approx(published, abs=0.03)


def test_bands_agree_with_what_the_survey_files_say(connection):
    rows = connection.execute("select band, survey, magnitude_column, system from photometric.bands").fetchall()
    assert [row[0] for row in rows] == BANDS
    for _, survey, column, system in rows:
        assert load_survey(survey).columns[column].system == system


def test_the_published_sample_says_that_its_wise_magnitudes_are_ab():
    columns = load_survey("green2020").columns
    stated = {name: column.system for name, column in columns.items() if name.endswith("_mag")}
    assert stated == {
        **dict.fromkeys(("g_mag", "bp_mag", "rp_mag", "j_mag", "h_mag", "ks_mag"), "Vega"),
        **dict.fromkeys([f"ps1_{x}_mag" for x in "grizy"] + ["w1_ab_mag", "w2_ab_mag"], "AB"),
    }


@pytest.mark.parametrize("kpc", [0.01, 0.35, 8.2])
def test_distance_moduli_are_astropys(connection, kpc):
    modulus = Distance(kpc * u.kpc).distmod.value
    assert one(connection, f"photometric.distance_modulus({kpc})") == pytest.approx(modulus)
    assert one(connection, f"photometric.distance_kpc({modulus})") == pytest.approx(kpc)
    assert one(connection, f"photometric.parallax_modulus({1 / kpc})") == pytest.approx(modulus)


def test_no_modulus_without_a_positive_parallax(connection):
    assert one(connection, "photometric.parallax_modulus(-0.1)") is None
    assert one(connection, "photometric.distance_modulus(0)") is None


def test_the_network_agrees_with_the_published_one(connection):
    """By NumPy from the published arrays, whose output 0 is M_G and whose others are colours."""
    path = GREEN / "published_model.npz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    arrays = np.load(path)
    grid = [(5777, 4.4, 0.0), (4800, 2.4, -0.1), (4500, 4.6, -0.2), (6300, 4.1, -0.3), (5000, 3.2, -0.4)]
    z = (np.array(grid) - arrays["theta_median"]) / arrays["theta_std"]
    for layer in ("hidden1", "hidden2"):
        z = 1 / (1 + np.exp(-(z @ arrays[f"{layer}_kernel"] + arrays[f"{layer}_bias"])))
    published = z @ arrays["bm_kernel"] + arrays["bm_bias"]
    published[:, 11:] -= np.array([2.699, 3.339])  # W1, W2 from AB to Vega
    for theta, wanted in zip(grid, published, strict=True):
        ours = np.array(list(one(connection, f"photometry.absolute_magnitudes{theta}").values()))
        assert ours[1:] - ours[0] == pytest.approx(wanted[1:], abs=0.03)
        assert ours[0] == pytest.approx(wanted[0], abs=0.15)
