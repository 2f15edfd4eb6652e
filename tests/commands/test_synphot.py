"""Synthetic photometry against hand computation: a flat spectrum, black bodies through independent filter curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from candlesql import UserError, open_sky
from candlesql.commands import synphot
from candlesql.commands.synphot import (
    FILTERS,
    ab_magnitudes,
    binned_change,
    read_spectrum,
    survey_magnitudes,
    write_expected_changes,
)  # fmt: skip

pytest.importorskip("speclite", reason="speclite is not installed (extra `spectra`)")

LIGHT_ANGSTROM_S = 2.99792458e18
WAVELENGTH = np.linspace(2500.0, 60000.0, 200_000)
CURVES = {
    "g": "gaiadr2v2_g",
    "bp": "gaiadr2v2_bp",
    "rp": "gaiadr2v2_rp",
    "ps1_g": "ps1_g",
    "ps1_r": "ps1_r",
    "ps1_i": "ps1_i",
    "ps1_z": "ps1_z",
    "ps1_y": "ps1_y",
    "j": "2mass_j",
    "h": "2mass_h",
    "ks": "2mass_ks",
    "w1": "wise_rsr_w1",
    "w2": "wise_rsr_w2",
}


def flat(janskys: float) -> tuple[np.ndarray, np.ndarray]:
    """Constant f_nu as f_lambda [erg s-1 cm-2 Å-1]."""
    return WAVELENGTH, janskys * 1e-23 * LIGHT_ANGSTROM_S / WAVELENGTH**2


def black_body(kelvin: float) -> tuple[np.ndarray, np.ndarray]:
    return WAVELENGTH, 1e10 / WAVELENGTH**5 / np.expm1(1.438777e8 / WAVELENGTH / kelvin)


def by_hand(path: Path, spectrum: tuple[np.ndarray, np.ndarray]) -> float:
    """AB magnitude by the definition: photons through the curve over those of 3631 Jy."""
    text = path.read_text()
    unit = {"nm": 10.0, "um": 1e4}.get(text.split("WAVELENGTH_UNIT")[1].split()[0], 1.0)
    lines = [line.replace(",", " ").split() for line in text.splitlines() if line[:1].isdigit()]
    x, throughput = np.array(lines, dtype=float).T
    curve = np.interp(WAVELENGTH, unit * x, throughput, 0, 0)
    photons = np.trapezoid(spectrum[1] * curve * WAVELENGTH, WAVELENGTH)
    reference = 3631e-23 * LIGHT_ANGSTROM_S * np.trapezoid(curve / WAVELENGTH, WAVELENGTH)
    return -2.5 * np.log10(photons / reference)


def test_a_flat_spectrum_of_3631_jansky_has_magnitude_0():
    found = ab_magnitudes(flat(3631.0))
    assert found.keys() == FILTERS.keys()
    assert list(found.values()) == pytest.approx([0] * 13, abs=1e-4)
    assert list(ab_magnitudes(flat(36.31)).values()) == pytest.approx([5] * 13, abs=1e-4)


def test_vega_bands_are_shifted_by_their_zero_points(tiny_sky):
    with open_sky(tiny_sky) as connection:
        found = survey_magnitudes(connection, flat(3631.0))
    assert found["ps1_y"] == pytest.approx(0, abs=1e-4)
    assert found["j"] == pytest.approx(-0.91, abs=0.02), "AB - Vega of J, Blanton & Roweis 2007"
    assert found["ks"] == pytest.approx(-1.85, abs=0.02), "AB - Vega of Ks, Blanton & Roweis 2007"
    assert found["w1"] == pytest.approx(-2.699, abs=0.002), "Jarrett et al. 2011"


@pytest.mark.parametrize("band", CURVES)
def test_black_bodies_through_other_curves(band, real_data):
    path = real_data("filters") / f"{CURVES[band]}.csv"
    hot, cool = black_body(4800), black_body(4600)
    assert ab_magnitudes(hot)[band] == pytest.approx(by_hand(path, hot), abs=0.004)
    change = ab_magnitudes(hot)[band] - ab_magnitudes(cool)[band]
    assert change == pytest.approx(by_hand(path, hot) - by_hand(path, cool), abs=5e-4)


def test_an_absorbed_band_is_the_only_one_that_changes(own_sky):
    """10 % less light from 4.0 to 5.5 um: W2 alone is 0.114 mag fainter."""
    wavelength, flux = flat(1.0)
    absorbed = np.where((wavelength > 3.99e4) & (wavelength < 5.5e4), 0.9 * flux, flux)
    assert write_expected_changes(own_sky, (wavelength, flux), (wavelength, absorbed), -0.5) == 13
    with open_sky(own_sky) as connection:
        rows = dict(connection.execute("select band, change_mag from red_clump.expected_changes").fetchall())
    assert rows.pop("w2") == pytest.approx(-2.5 * np.log10(0.9), abs=0.003)
    assert list(rows.values()) == pytest.approx([0] * 12, abs=2e-4)


def test_the_change_of_flux_is_kept_by_wavelength(own_sky):
    wavelength, flux = flat(1.0)
    absorbed = np.where((wavelength > 4e4) & (wavelength < 5.5e4), 0.9 * flux, flux)
    write_expected_changes(own_sky, (wavelength, flux), (wavelength, absorbed), -0.5)
    with open_sky(own_sky) as connection:
        rows = connection.execute("select wavelength_low_um, flux_change from red_clump.expected_spectra").fetchall()
    within = [change for low, change in rows if 4.01 < low < 5.49]
    assert len(within) == pytest.approx(1000 * np.log(5.49 / 4.01), abs=1)
    assert within == pytest.approx([-0.1] * len(within), abs=1e-6)
    without = [change for low, change in rows if low < 3.99 or low > 5.51]
    assert without == pytest.approx([0] * len(without), abs=1e-6)


def test_spectra_are_kept_where_both_have_light():
    """Bins of a thousandth: 4000 and 4001 Angstrom are ln 8.29405 and 8.29430, 4010 and 4020 bins of their own."""
    before = np.array([4000, 4001, 4010, 4020.0]), np.array([1, 3, 8, 0.0])
    after = np.array([4000.5, 4010, 4020, 4030]), np.array([1, 8, 4, 1.0])
    found = binned_change(before, after).to_pydict()
    assert found["wavelength_low_um"] == pytest.approx([np.exp(8.294) / 1e4, np.exp(8.296) / 1e4])
    assert found["flux"] == [0.25, 1]
    assert found["flux_change"] == [-0.5, 0]


def test_a_spectrum_that_covers_a_band_from_end_to_end():
    curve = synphot._speclite().load_filter("twomass-J").wavelength
    wavelength = np.linspace(curve[0], curve[-1], 5000)
    assert list(ab_magnitudes((wavelength, np.ones(5000)))) == ["j"]
    for part in (slice(1, None), slice(None, -1)):
        with pytest.raises(UserError, match="covers none of the bands"):
            ab_magnitudes((wavelength[part], np.ones(4999)))


def test_bands_that_a_spectrum_does_not_cover_are_left_out():
    wavelength, flux = flat(1.0)
    red = wavelength > 9000
    assert ab_magnitudes((wavelength[red], flux[red])).keys() == {"j", "h", "ks", "w1", "w2"}


def test_bad_spectra_are_told(tmp_path):
    wavelength, flux = flat(1.0)
    with pytest.raises(UserError, match="Angstrom"):
        ab_magnitudes((wavelength / 1e4, flux))
    with pytest.raises(UserError, match="ascend"):
        ab_magnitudes((wavelength[::-1], flux))
    (tmp_path / "words.txt").write_text("wavelength flux\n1 2\n")
    with pytest.raises(UserError, match=r"words\.txt"):
        read_spectrum(tmp_path / "words.txt")
    with pytest.raises(UserError, match=r"none\.txt"):
        read_spectrum(tmp_path / "none.txt")
    (tmp_path / "good.txt").write_text("# Angstrom, flux\n4000 1.5\n4001 1.25\n")
    assert [list(part) for part in read_spectrum(tmp_path / "good.txt")] == [[4000, 4001], [1.5, 1.25]]
