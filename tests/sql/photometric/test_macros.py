"""Magnitudes, moduli and passbands by hand; what the bands are from the papers that the table names."""

from itertools import pairwise

import numpy as np
import pytest


def test_moduli_of_one_and_ten_kiloparsecs(value):
    assert value("photometric.distance_modulus(1)") == pytest.approx(10)
    assert value("photometric.distance_modulus(10)") == pytest.approx(15)
    assert value("photometric.distance_modulus(0)") is None
    assert value("photometric.distance_kpc(15)") == pytest.approx(10)
    assert value("photometric.parallax_modulus(0.1)") == pytest.approx(15)
    assert value("photometric.parallax_modulus(0)") is None


def test_error_of_a_modulus_is_its_slope(value):
    # half the difference between 1.001 and 0.999 mas
    slope = (5 * np.log10(1.001) - 5 * np.log10(0.999)) / 0.002
    assert value("photometric.parallax_modulus_error(1.0, 0.1)") == pytest.approx(0.1 * slope, rel=1e-5)
    assert value("photometric.parallax_modulus_error(2.0, 0.1)") == pytest.approx(0.05 * slope, rel=1e-5)
    assert value("photometric.parallax_modulus_error(-2.0, 0.1)") is None


def test_absolute_and_apparent_magnitudes(value):
    assert value("photometric.absolute_magnitude(15, 10, 0.5)") == pytest.approx(4.5)
    assert value("photometric.apparent_magnitude(4.5, 10, 0.5)") == pytest.approx(15)


def test_errors_of_magnitudes(value):
    assert value("photometric.floored_error(0.015)") == pytest.approx(0.025)  # 0.015 and 0.02 in quadrature
    assert value("photometric.flux_ratio_error(10)") == pytest.approx(0.10857, abs=1e-5)
    assert value("photometric.flux_ratio_error(0)") is None


@pytest.mark.parametrize(("band", "difference"), [("j", 0.912), ("ks", 1.863), ("w1", 2.699), ("w2", 3.339)])
def test_ab_is_above_vega_in_the_infrared(value, band, difference):
    assert value(f"photometric.ab_minus_vega('{band}')") == pytest.approx(difference)
    assert value(f"photometric.ab_from_vega('{band}', 10)") == pytest.approx(10 + difference)
    assert value(f"photometric.vega_from_ab('{band}', 10)") == pytest.approx(10 - difference)


def test_magnitudes_in_the_system_of_the_networks(value):
    assert value("photometric.system_of('ps1_g')") == "AB"
    assert value("photometric.system_of('w1')") == "Vega"
    assert value("photometric.in_model_system('w1', 'AB', 10)") == pytest.approx(10 - 2.699)
    assert value("photometric.in_model_system('w1', 'Vega', 10)") == pytest.approx(10)
    assert value("photometric.in_model_system('ps1_g', 'Vega', 10)") == pytest.approx(10 - 0.093)
    assert value("photometric.band_of_column('w1mpro')") == "w1"
    assert value("photometric.column_in_model_system('w1mpro', 'AB', 10)") == pytest.approx(10 - 2.699)


def test_a_column_that_is_no_band_is_an_error(value):
    with pytest.raises(Exception, match="AB - Vega of u_mag is not known: convert it from AB first"):
        value("photometric.column_in_model_system('u_mag', 'AB', 10)")


# docs/make_passband_transformations.py writes them: constant, linear, quadratic, cubic
CUBICS = {
    ("g", "dr2"): (-0.01000, 0.00130, -0.00227, 0.00198), ("g", "dr3"): (-0.00992, 0.00092, -0.00190, 0.00190),
    ("bp", "dr2"): (0.01302, -0.01481, -0.00125, 0.00116), ("bp", "dr3"): (0.01307, -0.01506, -0.00104, 0.00112),
    ("rp", "dr2"): (0.02076, -0.00899, 0.00012, -0.00001), ("rp", "dr3"): (0.02083, -0.00897, 0.00003, 0.00002),
}  # fmt: skip


@pytest.mark.parametrize(("band", "release"), CUBICS)
def test_passbands_of_the_releases(value, band, release):
    polynomial = np.polynomial.Polynomial(CUBICS[band, release])
    for colour, inside in [(-1, 0.2), (0.3, 0.3), (1.1, 1.1), (2.3, 2.3), (5, 2.4)]:
        found = value(f"photometric.gaia_dr3_minus_dr2_by_{release}('{band}', {colour})")
        assert found == pytest.approx(polynomial(inside), abs=1e-9)


def test_passbands_go_there_and_back(value):
    there = CUBICS["g", "dr2"]
    shift = sum(c * 1.5**k for k, c in enumerate(there))
    assert value("photometric.in_gaia_passband('g', 'Gaia DR2', 'Gaia DR3', 15, 1.5)") == pytest.approx(15 + shift)
    shift = sum(c * 1.5**k for k, c in enumerate(CUBICS["g", "dr3"]))
    assert value("photometric.in_gaia_passband('g', 'Gaia DR3', 'Gaia DR2', 15, 1.5)") == pytest.approx(15 - shift)
    assert value("photometric.in_gaia_passband('g', 'Gaia DR3', 'Gaia DR3', 15, null)") == 15
    # without a colour that of a giant, 1.2
    for_giants = -0.00992 + 1.2 * (0.00092 + 1.2 * (-0.0019 + 1.2 * 0.0019))
    assert value("photometric.in_gaia_passband('g', 'Gaia DR3', 'Gaia DR2', 15, null)") == pytest.approx(
        15 - for_giants
    )
    assert value("photometric.in_gaia_passband('g', null, 'Gaia DR2', 15, 1)") is None
    with pytest.raises(Exception, match="no transformation from the passbands of SDSS to Gaia DR2"):
        value("photometric.in_gaia_passband('g', 'SDSS', 'Gaia DR2', 15, 1)")


# extinction of a 5500 K black body, Gordon et al. 2023; the vector of Schlafly et al. 2016; effective wavelengths
BANDS = {
    "g": ("gaia_dr2", 0.6247, 0.122, 0.8478, None), "bp": ("gaia_dr2", 0.5049, 0.059, 1.0731, None),
    "rp": ("gaia_dr2", 0.7741, 0.376, 0.6368, None), "ps1_g": ("panstarrs1", 0.4849, -0.093, 1.1612, 1.3442),
    "ps1_r": ("panstarrs1", 0.6201, 0.144, 0.8629, 1.0), "ps1_i": ("panstarrs1", 0.7535, 0.370, 0.6507, 0.7531),
    "ps1_z": ("panstarrs1", 0.8674, 0.519, 0.5181, 0.5919), "ps1_y": ("panstarrs1", 0.9628, 0.553, 0.4287, 0.4826),
    "j": ("twomass", 1.2391, 0.912, 0.2757, 0.3029), "h": ("twomass", 1.6495, 1.391, 0.1701, 0.1793),
    "ks": ("twomass", 2.1638, 1.863, 0.1071, 0.1157), "w1": ("allwise", 3.3682, 2.699, 0.0505, 0.0685),
    "w2": ("allwise", 4.6179, 3.339, 0.0318, 0.0505),
}  # fmt: skip


def test_bands_are_the_thirteen_of_green(view):
    rows = view("photometric.bands")
    names = ("survey", "wavelength_um", "ab_minus_vega", "extinction_g23", "extinction_s16")
    assert {row["band"]: tuple(row[name] for name in names) for row in rows} == BANDS
    assert {row["band"] for row in rows if row["system"] == "AB"} == {f"ps1_{b}" for b in "grizy"}


def test_colours_are_of_neighbours(view):
    view("photometric.bands")
    pairs = {(row["blue"], row["red"]) for row in view("photometric.colours")}
    chain = ["ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2"]
    assert pairs == {*pairwise(chain), ("bp", "g"), ("g", "rp"), ("bp", "rp")}
