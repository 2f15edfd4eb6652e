"""Tables of the surveys and what instruments add, on a handful of stars: random numbers are told, results by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from candlesql.catalogs.mock import observe, surveys
from candlesql.catalogs.mock.draws import TrueStars
from candlesql.catalogs.mock.observe import Parallaxes, Photometry, Spectra
from candlesql.catalogs.mock.parameters import (
    BP,
    KS,
    PHOTOMETRIC_NOISE,
    PS1,
    PS1_G,
    PS1_Y,
    RP,
    TWOMASS,
    W1,
    G,
    Parameters,
)
from candlesql.catalogs.mock.surveys import Sources

P = Parameters()
#: Magnitude errors of bright stars.
FLOOR = PHOTOMETRIC_NOISE[:, 0]


class Script:
    """In place of a random generator: `random` and `uniform` give what they were told, normal numbers are all one."""

    def __init__(self, *given):
        self.given = list(given)

    def random(self, size=None, dtype=float):
        return np.asarray(self.given.pop(0), dtype)

    def integers(self, low, high, size):
        return np.asarray(self.given.pop(0))

    def choice(self, of, size):
        return np.asarray(self.given.pop(0)).reshape(size)

    def standard_normal(self, size, dtype=float):
        return np.ones(size, dtype)


class Told(Script):
    def uniform(self, low, high, size):
        return np.full(size, (low + high) / 2)

    def choice(self, of, size):
        return np.resize(of, size)


def true_stars(n: int, **given) -> TrueStars:
    columns = dict.fromkeys(TrueStars.__dataclass_fields__, np.zeros(n))
    return TrueStars(**columns | {name: np.asarray(value) for name, value in given.items()})


def sources(n: int, bands: int, **given) -> Sources:
    made = Sources(
        star=np.arange(n), ra=np.full(n, 10.0), dec=np.full(n, 20.0), epoch=np.full(n, 2010.5),
        magnitudes=np.full((n, bands), 12.0, np.float32), errors=np.full((n, bands), 0.03, np.float32),
        is_ghost=np.zeros(n, bool),
    )  # fmt: skip
    return replace(made, **{name: np.asarray(value) for name, value in given.items()})


# --- what instruments add


def test_noise_of_magnitudes():
    """One sigma on every draw: errors are exp(0.12) of the model's, five times that in G of a variable star; 0.6 mag
    above its onset Pan-STARRS1 scatters by half of 0.02 mag more."""
    true = np.full((2, 13), -20, np.float32)
    true[:, PS1] = 13.0
    seen = observe.observe_magnitudes(true, P, Script([0.5, 0.0029]))
    spread = np.exp(0.12)
    gaia = [FLOOR[G] * spread, 5 * FLOOR[G] * spread]
    np.testing.assert_allclose(seen.errors[:, G], gaia, rtol=1e-5)
    np.testing.assert_allclose(seen.magnitudes[:, G], -20 + np.array(gaia), rtol=1e-6)
    np.testing.assert_allclose(seen.errors[:, KS], FLOOR[KS] * spread, rtol=1e-5)
    np.testing.assert_allclose(seen.magnitudes[:, PS1] - seen.errors[:, PS1], 13.01, rtol=1e-6)
    bright = observe.observe_magnitudes(np.full((1, 13), 10, np.float32), P, Script([0.5]))
    np.testing.assert_allclose(bright.magnitudes[:, PS1] - bright.errors[:, PS1], 10.02, rtol=1e-6)
    faint = observe.observe_magnitudes(np.full((1, 13), 13.7, np.float32), P, Script([0.5]))
    np.testing.assert_allclose(faint.magnitudes[:, PS1] - faint.errors[:, PS1], 13.7, rtol=1e-6)


def test_noise_of_parallaxes():
    """At G = 15 the pure error is 1.3e-3 sqrt(713.498), 0.025 mas in quadrature, all exp(0.15) of it; zero -0.04."""
    found = observe.observe_parallax(true_stars(1, distance_kpc=[2.0], magnitudes=np.full((1, 13), 15.0)), P, Script())
    error = np.hypot(1.3e-3 * np.sqrt(713.498), 0.025) * np.exp(0.15)
    assert found.errors == pytest.approx([error])
    assert found.values == pytest.approx([0.5 - 0.04 + error])


def test_bad_astrometry_and_photometry():
    """In the plane 6 % are bad, 18 % of the binaries; elsewhere 2 %. Of the excess factor 6 % and 1 %."""
    magnitudes = np.zeros((4, 13), np.float32)
    magnitudes[:, BP] = 2
    stars = true_stars(4, lat=[0.0, 0, 90, 0], is_binary=[False, True, False, False])
    rng = Script([0.061, 0.17, 0.0199, 0.059], [0.5] * 4, [0.0599, 0.061, 0.011, 0.0099], [0.25] * 4)
    ruwe, excess = observe.observe_quality(stars, Photometry(magnitudes, magnitudes), rng)
    good, bad = np.exp(0.05), np.exp(0.05) * 1.6
    np.testing.assert_allclose(ruwe, [good, bad, bad, bad], rtol=1e-6)
    usual = 1.12 + 0.14 + 0.02
    np.testing.assert_allclose(excess, [usual + 0.15, usual, usual, usual + 0.15], rtol=1e-6)


def test_labels_of_a_spectrum():
    """A star of r = 13 at the anticentre: S/N 75 exp(0.4 + 0.55), and every label one sigma too high."""
    stars = true_stars(
        2, lon=[180.0, 180], lat=[20.0, 20], dec=[0.0, 0], teff_k=[4800.0, 4800], logg=[2.5, 2.5], feh=[-0.2, -0.2],
        delta_nu_uhz=[4.0, 4], delta_p_s=[280.0, 280], phase=[3, 3],
    )  # fmt: skip
    magnitudes = np.full((2, 13), 13.0)
    rng = Script([0.99, 1.1], [0.5])
    found = observe.observe_spectra(stars, Photometry(magnitudes, magnitudes), P, rng)
    snr = 75 * np.exp(0.95)
    share = 30 / snr
    errors = [np.hypot(a, b * share) for a, b in ((50, 80), (0.09, 0.15), (0.05, 0.1), (0.08, 0.16), (25, 45))]
    assert found.rows.tolist() == [0]
    named = {
        "snr": snr, "teff": 4800 + errors[0], "teff_error": errors[0], "logg": 2.5 + errors[1], "logg_error": errors[1],
        "feh": -0.2 + errors[2], "feh_error": errors[2], "delta_nu": 4 * np.exp(errors[3]) + 0.25,
        "delta_nu_error": np.hypot(errors[3] * (4 * np.exp(errors[3]) + 0.25), 0.25), "delta_p": 280 + errors[4],
        "delta_p_error": errors[4],
    }  # fmt: skip
    for name, expected in named.items():
        assert getattr(found, name) == pytest.approx([expected], rel=1e-5), name
    assert found.in_hull.tolist() == [True]


@pytest.mark.parametrize(("r", "snr"), [(12.5, 75 * np.exp(0.6)), (17.0, 75 * np.exp(-1.2))])
def test_signal_to_noise_falls_with_brightness(r, snr):
    p = replace(P, lamost_snr_spread=0.0, lamost_faint=0.0)
    stars = true_stars(1, lon=[180.0], lat=[20.0])
    seen = Photometry(np.full((1, 13), r), np.zeros((1, 13)))
    assert observe.observe_spectra(stars, seen, p, Script([0.0], [0.5])).snr == pytest.approx([snr])
    for mean, limit in ((1e9, 700), (1e-9, 5)):
        found = observe.observe_spectra(stars, seen, replace(p, lamost_snr=mean), Script([0.0], [0.5]))
        assert found.snr.tolist() == [limit]


@pytest.mark.parametrize(
    ("teff", "logg", "feh", "is_in"),
    [(4800, 2.5, 0, True), (4100, 2.5, 0, False), (5400, 2.5, 0, False), (4800, 1.7, 0, False), (4800, 3.2, 0, False),
     (4800, 2.5, -1.2, False)],
)  # fmt: skip
def test_the_hull_of_the_seismic_labels(teff, logg, feh, is_in):
    stars = true_stars(1, lon=[180.0], lat=[20.0], teff_k=[teff], logg=[logg], feh=[feh])
    p = replace(P, teff_noise=(0.0, 0), logg_noise=(0.0, 0), feh_noise=(0.0, 0))
    seen = Photometry(np.full((1, 13), 13.0), np.zeros((1, 13)))
    assert observe.observe_spectra(stars, seen, p, Script([0.0], [0.5])).in_hull.tolist() == [is_in]


def test_labels_of_the_other_state():
    """1.5 % of giants at S/N 75, half of that at high and ten times that at low S/N."""
    stars = true_stars(
        7, delta_p_s=np.full(7, 1.0), phase=[3, 2, 3, 3, 3, 3, 3], logg=[2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 3.2]
    )
    snr = np.array([75, 75, 75, 500, 500, 7, 75.0])
    drawn = [0.0149, 0.0149, 0.0151, 0.0074, 0.0076, 0.149, 0.001]
    found = observe._mislabelled(stars, snr, P, Script(drawn))
    assert found.tolist() == [75, 290, 1, 75, 1, 75, 1]
    assert observe._mislabelled(stars, np.full(7, 7.0), P, Script([0.151] * 7)).tolist() == [1] * 7


# --- what surveys list


def test_stars_of_a_survey_and_sources_that_gaia_lacks(monkeypatch):
    """Of four stars one is not listed and one lost; beside the two others a source of the field and an artefact."""
    stars = true_stars(
        4, ra=[10.0, 10, 10, 10], dec=[0.0] * 4, lat=[90.0, 0, 90, 0], pmra=[1000.0] * 4, pmdec=[-500.0] * 4
    )
    magnitudes = np.arange(4 * 13, dtype=np.float32).reshape(4, 13) / 10
    seen = Photometry(magnitudes, magnitudes / 100)
    listed = np.array([True, True, True, False])
    p = replace(P, extra_share=0.5, ghost_share=0.5)
    rng = Told([0.0101, 0.0401, 0.0099, 1])
    found = surveys._detect(stars, seen, listed, TWOMASS, (1999.5, 2001.5), 0.1, p, rng)
    assert found.star.tolist() == [0, 1, -1, -1]
    assert found.is_ghost.tolist() == [False, False, False, True]
    assert found.epoch.tolist() == [2000.5] * 4
    step = 1 / 3.6e6
    east, north = 100 - 15_000, 100 + 7500  # 100 mas of noise, 15 years back
    np.testing.assert_allclose(found.ra[:2], 10 + east * step, atol=1e-9)
    np.testing.assert_allclose(found.dec[:2], north * step, atol=1e-9)
    np.testing.assert_allclose(found.ra[2:], 10 + 100 * step, atol=1e-6)
    np.testing.assert_allclose(found.dec[2:], np.array([100 - 0.3 * 3.6e6, 100 - 7000]) * step, atol=1e-5)
    np.testing.assert_allclose(found.magnitudes[:, 0], [0.8, 2.1, 0.8 + 1.5, 2.1 + 1.5], rtol=1e-6)
    np.testing.assert_allclose(found.errors[:2, 0], [0.008, 0.021], rtol=1e-6)
    floor, reference, at, slope = PHOTOMETRIC_NOISE[TWOMASS].T
    model = np.hypot(floor, reference * 10 ** (slope * (found.magnitudes[2:] - at)))
    np.testing.assert_allclose(found.errors[2:], model, rtol=1e-5)
    none = surveys._detect(stars, seen, ~listed & False, TWOMASS, (1999.5, 2001.5), 0.1, p, Told([1.0] * 4))
    assert len(none) == 0


@pytest.mark.parametrize(
    ("survey", "band", "limit", "epochs", "noise", "n_bands"),
    [("twomass", KS, 14.9, (1997.44, 2001.12), 0.08, 3), ("allwise", W1, 17.1, (2010.03, 2010.60), 0.06, 2)],
)
def test_limits_of_surveys(monkeypatch, survey, band, limit, epochs, noise, n_bands):
    """A logistic 0.03 mag wide: a chance of 1 / (1 + e) that far beyond."""
    magnitudes = np.zeros((3, 13))
    magnitudes[:, band] = [limit - 0.03, limit + 0.03, limit]
    seen = Photometry(np.zeros((3, 13), np.float32), np.zeros((3, 13), np.float32))
    asked = {}

    def detect(true, seen, listed, bands, epochs, noise, p, rng):
        asked.update(listed=listed.tolist(), epochs=epochs, noise=noise, n=seen.magnitudes[:, bands].shape[1])

    monkeypatch.setattr(surveys, "_detect", detect)
    far = 1 / (1 + np.e)
    make = getattr(surveys, f"detect_{survey}")
    for drawn, listed in (
        ([1 - far - 0.001, far - 0.001, 0.499], [True] * 3),
        ([1 - far + 0.001, far + 0.001, 0.501], [False] * 3),
    ):
        make(true_stars(3, magnitudes=magnitudes), seen, P, Script(drawn))
        assert asked == {"listed": listed, "epochs": epochs, "noise": noise, "n": n_bands}


def test_limits_of_panstarrs(monkeypatch):
    magnitudes = np.full((5, 13), 15.0)
    magnitudes[1, PS1_G], magnitudes[2, PS1_Y], magnitudes[3, PS1_G] = 12.39, 10.99, 12.41
    asked = {}
    monkeypatch.setattr(surveys, "_detect", lambda *given: asked.update(listed=given[2].tolist(), rest=given[3:6]))
    surveys.detect_panstarrs1(true_stars(5, magnitudes=magnitudes, dec=[0.0, 0, 0, 0, -30.1]), None, P, None)
    assert asked == {"listed": [True, False, False, True, False], "rest": (PS1, (2010.5, 2014.2), 0.02)}


# --- their tables


def test_the_table_of_gaia():
    """Errors of places and motions go with that of the parallax; all are one sigma off."""
    stars = true_stars(1, ra=[10.0], dec=[0.0], pmra=[3.0], pmdec=[4.0], number=[5], lat=[90.0])
    magnitudes = np.full((1, 13), 15, np.float32)
    errors = np.full((1, 13), 0.010857, np.float32)
    errors[0, G] = np.hypot(0.010857, 0.0018)
    made = surveys.gaia_dr2(
        stars, Photometry(magnitudes, errors), Parallaxes(np.array([2.0]), np.array([0.1])), P, Script(*[[1.0]] * 4)
    ).to_pylist()[0]
    expected = {
        "ra_error": 0.085, "dec_error": 0.08, "pmra_error": 0.17, "pmdec_error": 0.1615, "pmra": 3.17, "pmdec": 4.1615,
        "parallax": 2, "parallax_error": 0.1, "phot_g_mean_mag": 15, "phot_g_mean_flux_over_error": 100,
        "phot_bp_mean_flux_over_error": 100, "phot_rp_mean_flux_over_error": 100,
    }  # fmt: skip
    assert {name: made[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    assert ((made["ra"] - 10) * 3.6e6, made["dec"] * 3.6e6) == pytest.approx((0.085, 0.08), abs=1e-5)
    assert made["source_id"] & (2**35 - 1) == 5


def test_letters_of_quality():
    """A from S/N 10 on, B from 7, C from 5, D below, U without a measurement."""
    errors = 1.0857 / np.array([[10.001, 9.999, 7.001], [6.999, 5.001, 4.999], [10.001, 1, 1]])
    missing = np.array([[False] * 3, [False] * 3, [False, True, False]])
    letters = surveys._letters(errors, missing)
    assert ["".join(map(chr, row)) for row in letters] == ["ABB", "CCD", "AUD"]


def test_blends_are_more_where_it_is_crowded():
    """5 % in the plane, 1 % far from it, 3 % of the sources that Gaia lacks."""
    given = sources(6, 3, star=[0, 0, 1, 1, -1, -1])
    found = surveys._is_blended(given, np.array([0.0, 90]), Script([0.0499, 0.0501, 0.0099, 0.0101, 0.0299, 0.0301]))
    assert found.tolist() == [True, False] * 3


def test_the_table_of_2mass():
    given = sources(3, 3, magnitudes=np.full((3, 3), 12.34567), errors=np.full((3, 3), 0.03156))
    rng = Script([[0.5] * 3, [0.0039, 0.5, 0.0041], [0.5] * 3], [0.5, 0.0, 0.5])
    made = surveys.twomass(given, np.full(3, 90.0), P, rng).to_pylist()
    assert [row["ph_qual"] for row in made] == ["AAA", "UEE", "AAA"]
    assert [row["j_m"] for row in made] == pytest.approx([12.346, None, 12.346])
    assert [row["h_msigcom"] for row in made] == pytest.approx([0.032] * 3)
    assert made[1]["j_msigcom"] is None
    assert made[0]["j_date"] == 2451545 + 10.5 * 365.25
    assert made[0]["designation"] == "00400000+2000000"


def test_the_table_of_allwise():
    given = sources(4, 2, magnitudes=[[10.9, 1]] * 2 + [[11.1, 1]] * 2, is_ghost=[False, True, False, False])
    rng = Script(
        [[0.5, 0.5]] * 3 + [[0.003, 0.5]], [0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0199, 0.0201], [ord("D"), ord("p")],
        [0.0099, 0.5, 0.0101, 0.5], [3, 4, 5, 1],
    )  # fmt: skip
    made = surveys.allwise(given, np.full(4, 90.0), P, rng).to_pylist()
    assert [row["ph_qual"] for row in made] == ["AABU", "AABU", "CCUU", "UCUU"]
    assert [row["cc_flags"] for row in made] == ["0000", "DD00", "pp00", "0000"]
    assert [row["ext_flag"] for row in made] == [3, 0, 0, 0]
    assert made[0]["w1mjd_mean"] == 51544.5 + 10.5 * 365.25
    assert made[3]["w1mpro"] is None
    assert made[3]["w2mpro"] == 1
    assert made[0]["designation"] == "J004000.00+200000.0"


def test_the_table_of_panstarrs():
    given = sources(2, 5)
    made = surveys.panstarrs1(given, 100, P, Script([[0.5, 0.003, 0.5, 0.5, 0.5], [0.5] * 5])).to_pylist()
    assert [row["r_mean_psf_mag"] for row in made] == [-999, 12]
    assert [row["r_mean_psf_mag_error"] for row in made] == pytest.approx([-999, 0.03])
    assert [row["g_mean_psf_mag"] for row in made] == [12, 12]
    assert made[0]["epoch_mean"] == 51544.5 + 10.5 * 365.25
    assert [row["obj_id"] for row in made] == [13200 * 10**13 + 100, 13200 * 10**13 + 101]


def spectra_of(rows: list[int], in_hull: list[bool]) -> Spectra:
    values = {name: np.arange(len(rows)) + k / 10 for k, name in enumerate(Spectra.__dataclass_fields__)}
    return Spectra(**values | {"rows": np.array(rows), "in_hull": np.array(in_hull)})


def test_the_tables_of_lamost_and_of_seismology():
    """Places at 2000.0 with 50 mas of noise; 3 % stand where no star is."""
    stars = true_stars(3, ra=[0.0, 10, 20], dec=[0.0] * 3, pmra=[0.0, 100, 100], pmdec=[0.0, 200, 200])
    spectra = spectra_of([1, 2], [False, True])
    made, star = surveys.lamost(stars, spectra, 1000, P, Script([0.0301, 0.0299]))
    assert star.tolist() == [1, -1]
    step = 1 / 3.6e6
    there = made.to_pylist()
    assert (there[0]["ra"] - 10, there[0]["dec"]) == pytest.approx(((50 - 1550) * step, (50 - 3100) * step), abs=1e-9)
    assert (there[1]["ra"] - 20, there[1]["dec"]) == pytest.approx((0.3 - 1500 * step, 0.3 - 3050 * step), abs=1e-4)
    assert [row["obsid"] for row in there] == [100_001_000, 100_001_001]
    assert there[1] == there[1] | {
        "snrg": pytest.approx(1.1), "teff": pytest.approx(1.2), "teff_err": pytest.approx(1.3),
        "logg": pytest.approx(1.4), "feh": pytest.approx(1.6), "feh_err": pytest.approx(1.7),
    }  # fmt: skip
    seismic = surveys.seismology(spectra, made).to_pylist()
    assert [row["star_id"] for row in seismic] == [100_001_001]
    assert seismic[0]["delta_nu_uhz"] == pytest.approx(1.9)
    assert seismic[0]["delta_p_s_error"] == pytest.approx(2.2)
    assert seismic[0]["evolutionary_state"] is None


def test_counterparts_of_stars():
    """Of four stars the second and the last have one; the third source is of no star."""
    found = surveys.counterparts(pa.chunked_array([["a", "b", "c"]]), np.array([3, 1, -1]), 4)
    assert found.to_pylist() == [None, "b", None, "a"]


def test_the_truth_of_the_mock_sky():
    stars = true_stars(2, component=[0, 4], phase=np.array([1, 3], np.int8), teff_k=[5000.0, 6000])
    made = surveys.mock_truth(stars, pa.array([7, 8]), {"twomass_designation": pa.array(["a", None])}).to_pylist()
    assert [row["component"] for row in made] == ["thin_young", "halo"]
    assert [row["twomass_designation"] for row in made] == ["a", None]
    assert [row["teff_k"] for row in made] == [5000, 6000]


def test_crowding_falls_by_e_in_six_degrees():
    np.testing.assert_allclose(observe.crowding(np.array([0.0, 6, -12])), np.exp([0, -1, -2]), rtol=1e-6)
    magnitudes = np.zeros((1, 13))
    magnitudes[0, RP] = 1
    assert surveys._column(magnitudes, RP).tolist() == [1]
    assert SimpleNamespace(real=surveys._real(np.array([1.5]))).real.dtype == np.float32
