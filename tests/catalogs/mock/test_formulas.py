"""The formulas of the mock sky by hand, without chance: each draw is the middle of its distribution."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from candlesql.catalogs.mock import galaxy, observe, surveys
from candlesql.catalogs.mock.apogee import giants
from candlesql.catalogs.mock.clusters import absolute_k
from candlesql.catalogs.mock.draws import Drawer, TrueStars, delta_nu_uhz
from candlesql.catalogs.mock.galaxy import Galaxy
from candlesql.catalogs.mock.parameters import BANDS, BP, CN_RESPONSE, PHOTOMETRIC_NOISE, RP, Parameters
from candlesql.catalogs.mock.stars import bolometric_correction
from candlesql.catalogs.mock.tracks import CORE_HELIUM, EARLY_AGB, LOGG, MASS_CURRENT, RED_GIANT

P = Parameters()


class Middle:
    """In place of a random generator."""

    def standard_normal(self, size, dtype=float):
        return np.zeros(size, dtype)

    def normal(self, loc=0.0, scale=1.0, size=None):
        return np.full(np.broadcast_shapes(np.shape(loc), np.shape(scale)) if size is None else size, 1.0) * loc

    def random(self, size, dtype=float):
        return np.full(size, 0.5, dtype)

    def exponential(self, scale, size):
        return np.full(size, scale)

    def uniform(self, low, high, size):
        return np.full(size, (low + high) / 2)


MIDDLE = Middle()


def densities(x: list[float], y: list[float], z: list[float]) -> np.ndarray:
    """Of young, old and thick disc, bulge and halo [component, place], the zones of the disc put together."""
    bare = object.__new__(Galaxy)
    bare.parameters = replace(P, thin_length=2.0, thick_length=4.0, bar_angle=0.0)
    populations, each = bare._populations(*map(np.array, (x, y, z)))
    return np.stack([sum(d for p, d in zip(populations, each, strict=True) if p.component == i) for i in range(5)])


def test_densities_fall_by_e_in_a_scale_length_and_height():
    """At the Sun; a length of 2 kpc outside, which is half of the thick disc's; and scale heights above that."""
    found = densities([8.2, 10.2, 10.2, 10.2], [0, 0, 0, 0], [0, 0, 0.15, -0.9])
    hole = 1 - 0.9 * np.exp([-16.81, -26.01, -26.01, -26.01])  # (R / 2)^2
    e = np.exp(1)
    np.testing.assert_allclose(found[0, :3] / hole[:3], [0.2, 0.2 / e, 0.2 / e**2])
    np.testing.assert_allclose(found[1] / hole, 0.8 * np.exp([0, -1, -1 - 0.15 / 0.33, -1 - 0.9 / 0.33]))
    np.testing.assert_allclose(found[2], 0.08 * np.exp([0, -0.5, -0.5 - 0.15 / 0.9, -1.5]))
    np.testing.assert_allclose(found[4, [0, 3]], 0.004 * (np.sqrt([68.24, 104.04 + 1.6530612 + 1]) / 8.2) ** -2.8)


def test_the_bar_is_boxy():
    """A scale along any axis is 1; along both of the plane 2, along x and z sqrt(2)."""
    found = densities([1.5, 0, 0, 1.5, 1.5], [0, 0.62, 0, 0.62, 0], [0, 0, -0.43, 0, 0.43])[3]
    radii = np.array([1, 1, 1, 2, np.sqrt(2)])
    np.testing.assert_allclose(found, 36 * np.exp(-radii / 2))


def test_the_bar_is_turned():
    """By 27 deg: its near end lies at positive y."""
    bare = object.__new__(Galaxy)
    bare.parameters = P
    ahead = 1.5 * np.cos(np.radians(27)), 1.5 * np.sin(np.radians(27))
    assert bare._bar(*map(np.array, ahead), np.array(0.0)) == pytest.approx(1)
    assert bare._bar(np.array(ahead[0]), -np.array(ahead[1]), np.array(0.0)) > 1.5


def test_motions_are_those_of_rotation_and_of_the_sun():
    """Towards rotation (l = 90), the centre and the pole, 1 kpc away, for the old disc's 215 km/s."""
    bare = object.__new__(Galaxy)
    bare.parameters = P
    lon, lat = np.array([90.0, 0, 0, 180]), np.array([0.0, 0, 90, 0])
    pm_lon, pm_lat = bare.motions(np.ones(4, int), lon, lat, np.ones(4), MIDDLE)
    radius = np.hypot(8.2, 1)
    u, local = 215 / radius - 11.1, 215 - 232.24 - 12.24
    np.testing.assert_allclose(pm_lon * 4.74047, [-u, local, local, -local], rtol=1e-5)
    np.testing.assert_allclose(pm_lat * 4.74047, [-7.25, -7.25, 11.1, -7.25], rtol=1e-5)


@pytest.mark.parametrize(
    ("phase", "mass", "feh", "progress", "delta_nu", "expected"),
    [
        (CORE_HELIUM, 1.0, -0.1, 0.5, 4, 302),  # 272 + 30
        (CORE_HELIUM, 1.0, 0.4, 0.0, 4, 266),  # 272 - 12 * 0.5
        (CORE_HELIUM, 3.0, 0.4, 0.5, 4, 275),  # 170 + 60 + 45: the secondary clump
        (CORE_HELIUM, 9.0, 0.4, 0.0, 4, 260),  # 170 + 60 * 1.5
        (CORE_HELIUM, 1.9, -0.1, 0.0, 4, 221),  # half 272, half 170
        (CORE_HELIUM, 1.96, -0.1, 0.0, 4, (272 + 170 * math.e) / (1 + math.e)),
        (EARLY_AGB, 1.0, 0.0, 0.5, 4, 142),  # 300 - 158
        (EARLY_AGB, 1.0, 0.0, 1.0, 4, 70),
        (RED_GIANT, 1.0, 0.0, 0.5, 10, 78),  # 58 + 20
        (RED_GIANT, 1.0, 0.0, 0.5, 40, 115),
        (RED_GIANT, 1.0, 0.0, 0.5, -10, 50),
    ],
)
def test_period_spacings(phase, mass, feh, progress, delta_nu, expected):
    given = [np.array([v], float) for v in (mass, feh, progress, delta_nu)]
    found = Drawer._period_spacing(SimpleNamespace(parameters=P), np.array([phase]), *given, MIDDLE)
    assert found == pytest.approx([expected], abs=1e-4)


def test_carbon_and_nitrogen_of_giants():
    """A fall of 0.7 (0.3 + 0.65) - 0.35 * 0.35 dex at [Fe/H] = -0.7 and 0.85 Msun, 0.7 * 0.3 + 0.35 * 0.8 at 2 Msun;
    a dwarf and a hot star change nothing."""
    labels = np.zeros((4, 10), np.float32)
    labels[:, MASS_CURRENT], labels[:, LOGG] = [0.85, 2.0, 1, 1], [2.5, 2.5, 4.5, 2.5]
    self = SimpleNamespace(parameters=P, library=SimpleNamespace(mixing=np.full(4, 0.7, np.float32)))
    teff, feh = np.array([4800, 4800, 4800, 6000.0]), np.array([-0.7, 0, 0, 0])
    found = Drawer._carbon_nitrogen(self, np.arange(4), labels, teff, feh, MIDDLE)
    np.testing.assert_allclose(found, np.outer([0.5425 / 0.79, 0.49 / 0.79, 0, 0], CN_RESPONSE), rtol=1e-5)


def test_delta_nu_is_the_suns_scaled():
    """16^-1/4 = 1/2; 4/3 dex of gravity less are a tenth."""
    found = delta_nu_uhz(np.array([1, 16, 1.0]), np.array([4.438, 4.438, 4.438 - 4 / 3]))
    assert found == pytest.approx([135.1, 67.55, 13.51])


def test_bolometric_corrections_of_andrae():
    """Term by term: 1.749 - 3.954 + 1.4948 + 0.71728 - 0.66928 at 3772 K; 0.06 + 0.06731 - 0.06647 + 0.02859 - 0.007197
    at 6772 K."""
    assert bolometric_correction(np.array([3772.0, 6772.0])) == pytest.approx([-0.66220, 0.082233], abs=1e-6)


def test_absolute_k_of_the_sun_and_of_a_giant():
    """Of 4800 K: 4.74 - 2.5 (0.3 + 4 log10(4800 / 5772) + 2) - (1.9614 - 0.00598)."""
    assert absolute_k(1, 5772, 4.438, 0.0) == pytest.approx(4.74 - 1.9614 + 0.6958 * 0.972)
    assert absolute_k(10**0.3, 4800, 2.438, 0.1) == pytest.approx(
        4.74 - 2.5 * (2.3 + 4 * np.log10(4800 / 5772)) - 1.95542, abs=1e-4
    )


def true_stars(n: int, **given) -> TrueStars:
    columns = dict.fromkeys(TrueStars.__dataclass_fields__, np.zeros(n))
    return TrueStars(**columns | {name: np.array(value) for name, value in given.items()})


def test_parallaxes_have_gaias_error_and_zero_point():
    """At G = 15: 1.3e-3 sqrt(713.498) and 0.025 in quadrature; -0.040, at l = 30 with the wave's 0.008; at G = 20,
    z = 100."""
    stars = true_stars(
        3, distance_kpc=[2.0, 2, 4], lon=[0.0, 30, 30], lat=[0.0, 0, 45], magnitudes=[[15.0] * 13, [15] * 13, [20] * 13]
    )
    found = observe.observe_parallax(stars, P, MIDDLE)
    pure = 1.3e-3 * np.sqrt([713.498, 713.498, 68076.6 + 327320])
    assert found.errors == pytest.approx(np.hypot(pure, 0.025))
    assert found.values == pytest.approx([0.46, 0.468, 0.25 - 0.04 - 0.02])


def test_magnitude_errors_have_a_floor_and_a_slope():
    """The reference's error at its magnitude, ten times that 1 / slope mag below it; the floor in quadrature."""
    floor, reference, at, slope = (PHOTOMETRIC_NOISE[:, i].astype(float) for i in range(4))
    fainter = at + 1 / slope
    seen = observe.observe_magnitudes(np.stack([at, fainter]).astype(np.float32), P, MIDDLE)
    np.testing.assert_allclose(seen.errors, np.hypot(floor, [reference, 10 * reference]), rtol=1e-4)
    of_extra = surveys._errors_at(np.stack([at, fainter]), slice(None), P)
    np.testing.assert_allclose(of_extra, np.hypot(floor, [reference, 10 * reference]), rtol=1e-4)


def test_quality_in_the_plane_and_out_of_it():
    """0.02 + 0.04 + 0.12 < 0.5: neither is bad; the excess is 1.12 + 0.035 colour^2."""
    magnitudes = np.zeros((2, len(BANDS)), np.float32)
    magnitudes[:, BP], magnitudes[:, RP] = [2, 1], 0
    seen = observe.Photometry(magnitudes, magnitudes)
    ruwe, excess = observe.observe_quality(true_stars(2, lat=[0.0, 90], is_binary=[True, False]), seen, MIDDLE)
    assert ruwe.tolist() == [1, 1]
    assert excess == pytest.approx([1.26, 1.155])


def test_signal_to_noise_of_an_error_in_magnitudes():
    assert observe.flux_over_error(np.array([0.010857, 0.0])) == pytest.approx([100, 1.0857 / 2e-4])
    assert observe.flux_over_error(np.array([0.0030]), 0.0018) == pytest.approx([1.0857 / 0.0024])


def test_who_gets_a_spectrum():
    """The anticentre first, 70 deg from it less; thinner below 15 and 5 deg; 1 dex fainter than r = 13 by 10 / 3 mag;
    none too bright, faint or far south."""
    lon, lat = [180.0, 250, 180, 180, 180, 180, 180, 180], [20.0, 20, 10, -4, 20, 20, 20, 20]
    r, dec = [13.0, 13, 13, 13, 13 + 10 / 3, 11.9, 18, 13], [0.0] * 7 + [-11]
    stars = true_stars(8, lon=lon, lat=lat, dec=dec)
    expected = [1, 0.45 + 0.55 / math.e, 0.5, 0.25, 0.1, 0, 0, 0]
    assert observe._targeting(stars, np.array(r), P) == pytest.approx(expected)


def test_completeness_falls_at_the_limit():
    """With half drawn, those brighter than the limit are listed."""
    assert surveys._completeness(np.array([14.8, 14.99]), 14.9, P, MIDDLE).tolist() == [True, False]


def test_physics_of_the_giants_of_apogee():
    """By hand for a star of the thin disc at R = 9 kpc and one of the thick disc, log g = 2.35 - 0.75."""
    position = np.array([[9.0, 0, 0], [0, 5, 0]])
    found = giants._physics(position, np.array([False, True]), MIDDLE)
    assert found["m_h"] == pytest.approx([-0.01, -0.5])
    assert found["mass"] == pytest.approx([1.25, 1.0])
    assert found["logg"] == pytest.approx([1.6, 1.6])
    assert found["teff"] == pytest.approx([3680 + 720 + 3.1 - 0.006 + 420 * 0.09691, 3680 + 720 + 155 - 15], abs=1e-2)
    assert found["alpha_m"] == pytest.approx([0.0308, 0.22])
    assert found["c_n"] == pytest.approx([-0.25 - 1.5 * 0.09691 - 0.001, -0.30], abs=1e-5)


def test_clusters_have_one_metallicity_mass_and_distance():
    n = 1001
    stars = {name: np.zeros(n) for name in ("teff", "logg", "m_h", "mass", "c_n")} | {"position": np.zeros((n, 3))}
    cluster = giants._make_clusters(stars, n, MIDDLE)
    assert np.unique(cluster, return_counts=True)[1].tolist() == [n - 120, 40, 40, 40]
    assert cluster[[0, 39, 40, 119, 120]].tolist() == [0, 0, 1, 2, -1]
    assert stars["m_h"][[0, 40, 80, 120]].tolist() == [-0.1, -0.78, -1.4, 0]
    sun = np.array([-8.122, 0, 0.0208])
    distance = np.linalg.norm(stars["position"][[0, 40, 80]] - sun, axis=1)
    assert distance == pytest.approx([2.4, 4.0, 7.7])
    assert stars["logg"][0] == pytest.approx(1.525)
    expected = 3680 + 450 * stars["logg"][0] + 31 - 0.6 - 420 * 0.0222764
    assert stars["teff"][0] == pytest.approx(expected, abs=1e-3)
    assert stars["c_n"][0] == pytest.approx(-0.25 + 1.5 * 0.0222764 - 0.01, abs=1e-6)


def test_colours_of_the_giants_of_apogee():
    """At 4500 K and 5500 K; luminosity 0 at the Sun's log g for (T / 5772)^4."""
    teff = np.array([4500.0, 5500])
    found = giants.absolute_magnitudes(teff, np.full(2, 4.438), np.zeros(2), np.ones(2))
    k = [4.74 - 10 * np.log10(4500 / 5772) - 2.30, 4.74 - 10 * np.log10(5500 / 5772) - 1.45]
    at_4500 = [2.55, 2.55 - 0.35 - 0.3036 + 1.32, 2.55 - 0.35 - 0.3036, 0.74, 0.14, 0, -0.06, 0.02]
    at_5500 = [1.25, 1.25 - 0.35 - 0.1656 + 0.72, 1.25 - 0.35 - 0.1656, 0.51, 0.08, 0, -0.09, 0.11]
    np.testing.assert_allclose(found - np.array(k)[:, None], [at_4500, at_5500], atol=1e-9)


def test_photometry_of_the_giants_of_apogee():
    """At 17.5 Gaia's errors are sqrt(2) of those of bright stars; W1 and W2 are blended, most at b = 0."""
    magnitudes, errors = giants._photometry(np.full((2, 8), 17.5), np.array([0.0, 4.0]), MIDDLE)
    np.testing.assert_allclose(errors[0, :3], giants.ERRORS[:3] * np.sqrt(2))
    np.testing.assert_allclose(errors[0, 3:], giants.ERRORS[3:])
    assert magnitudes[:, 0].tolist() == [17.5, 17.5]
    assert magnitudes[:, 6] == pytest.approx([17.485, 17.5 - 0.015 / math.e])
    assert magnitudes[:, 7] == pytest.approx([17.485, 17.5 - 0.015 / math.e])


def test_galactocentric_places_of_the_mock_sky():
    """Towards the centre, along rotation, up."""
    found = galaxy.galactocentric(np.array([0.0, 90, 0]), np.array([0.0, 0, 90]), np.array([1.0, 2, 3]), P)
    np.testing.assert_allclose(found, [[7.2, 8.2, 8.2], [0, 2, 0], [0.02, 0.02, 3.02]], atol=1e-12)
