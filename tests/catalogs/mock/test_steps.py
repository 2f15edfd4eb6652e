"""Steps from tracks to true stars on a handful of nodes, cells and stars: each result by hand or by brute force."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord
from candlesql.catalogs.mock import chunks, clusters, galaxy, names, sky, sphere, stars, tracks
from candlesql.catalogs.mock.apogee import giants, spectra
from candlesql.catalogs.mock.draws import Drawer, _between
from candlesql.catalogs.mock.galaxy import Galaxy, Population
from candlesql.catalogs.mock.parameters import BANDS, KS, PS1_G, PS1_Y, W1, W2, G, Parameters
from candlesql.catalogs.mock.tracks import CORE_HELIUM, LOG_L, LOG_TE, LOGG, MAIN_SEQUENCE, MASS_INITIAL, RED_GIANT

P = Parameters()


class Script:
    """In place of a random generator: gives what it was told, one after the other."""

    def __init__(self, *given):
        self.given = list(given)

    def _next(self, *_, **__):
        return np.asarray(self.given.pop(0))

    random = standard_normal = uniform = integers = choice = _next


# --- tracks


def rows(*given: dict[int, float]) -> np.ndarray:
    table = np.zeros((len(given), 5))
    for i, row in enumerate(given):
        for column, value in row.items():
            table[i, column] = value
    return table


def test_cleaned_dwarfs_are_dwarfs_whose_mass_grows():
    given = rows(*({MASS_INITIAL: m, LOGG: g} for m, g in ((1, 4), (2, 3.3), (1.5, 3.31), (1.4, 4), (1.4, 4))))
    assert tracks._clean(MAIN_SEQUENCE, given)[:, MASS_INITIAL].tolist() == [1, 1.5, 1.4]
    assert tracks._clean(RED_GIANT, given)[:, MASS_INITIAL].tolist() == [1, 2, 1.4]
    assert len(tracks._clean(MAIN_SEQUENCE, given[1:2])) == 0


@pytest.mark.parametrize(
    ("first", "n", "is_left_out"), [(2.19, 4, True), (2.21, 4, False), (2.19, 3, False), (2.6, 4, False)]
)
def test_the_tip_of_the_helium_flash_is_left_out(first, n, is_left_out):
    """It lies 0.2 dex below all others in log g, where there are more than three."""
    given = rows({MASS_INITIAL: 1, LOGG: first}, *({MASS_INITIAL: i, LOGG: 2.4 + i / 10} for i in range(1, n)))
    given[1, LOGG] = 2.4
    assert len(tracks._clean(CORE_HELIUM, given)) == n - is_left_out
    assert len(tracks._clean(RED_GIANT, given)) == n


def test_places_along_a_phase():
    """Steps of 3-4-5 in (log L, 4 log Teff); of core-helium stars the initial mass counts."""
    given = rows(
        {MASS_INITIAL: 1, LOG_L: 0, LOG_TE: 4}, {MASS_INITIAL: 2, LOG_L: 3, LOG_TE: 3},
        {MASS_INITIAL: 5, LOG_L: 3, LOG_TE: 1.75},
    )  # fmt: skip
    assert tracks.path_length(RED_GIANT, given) == pytest.approx([0, 5, 10])
    assert tracks.path_length(CORE_HELIUM, given).tolist() == [0, 1, 4]
    found = tracks.resample(CORE_HELIUM, given, np.array([0, 0.125, 0.25, 1]))
    assert found[:, MASS_INITIAL].tolist() == [1, 1.5, 2, 5]
    assert found[:, LOG_L].tolist() == [0, 1.5, 3, 3]
    assert tracks.resample(RED_GIANT, given, np.array([0.75]))[0, LOG_TE] == pytest.approx(3 - 0.625)


def test_tracks_between_metallicities(monkeypatch):
    monkeypatch.setattr(tracks, "METALLICITIES", np.array([-0.6, -0.5, -0.25, 0.0, 0.1, 0.3, 0.4]))
    nodes = np.array([10.0, 20, 40]).reshape(3, 1, 1, 1)
    found = tracks._interpolate_metallicity(np.array([-0.5, 0.0, 0.3]), nodes).ravel()
    np.testing.assert_allclose(found, [np.nan, 10, 15, 20, 20 + 20 / 3, 40, np.nan])


def table(*isochrones: tuple) -> pa.Table:
    """[M/H], log age, phase and initial masses of each."""
    columns: dict[str, list[float]] = {
        name: [] for name in ("MH", "logAge", "phase", "Mini", "Mact", "logL", "logTe", "logg")
    }
    for m_h, age, phase, masses in isochrones:
        for mass in masses:
            for name, value in zip(columns, (m_h, age, phase, mass, mass / 2, mass + 1, 3.7, 4.0), strict=True):
                columns[name].append(value)
    return pa.table(columns)


def test_isochrones_are_read_by_metallicity_age_and_phase(monkeypatch, tmp_path):
    monkeypatch.setattr(tracks, "LOG_AGES", np.array([8.0, 8.05]))
    given = [
        (m_h, age, phase, [1, 2, 3][: 2 + phase]) for m_h in (0.1, -0.2) for age in (8.0, 8.05) for phase in (0, 1)
    ]
    given += [(0.1, 8.02, 0, [1, 2]), (0.1, 8.0, 7, [1, 2]), (0.1, 8.0, 3, [1])]
    tracks.pq.write_table(table(*given), tmp_path / "t.parquet")
    metallicities, found = tracks.read_isochrones(tmp_path / "t.parquet")
    assert metallicities.tolist() == [-0.2, 0.1]
    assert {key: len(rows_) for key, rows_ in found.items()} == {
        (i, j, phase): 2 + phase for i in (0, 1) for j in (0, 1) for phase in (0, 1)
    }
    assert found[1, 0, 1].tolist() == [[m, m / 2, m + 1, 3.7, 4.0] for m in (1, 2, 3)]


@pytest.mark.parametrize("n", [1, 2])
def test_isochrones_of_one_metallicity_are_too_few(monkeypatch, tmp_path, n):
    monkeypatch.setattr(tracks, "LOG_AGES", np.array([8.0]))
    monkeypatch.setattr(tracks, "METALLICITIES", np.array([0.0]))
    given = [(m_h, 8.0, 0, [1 + m_h, 3 + m_h]) for m_h in (-0.5, 0.5)[:n]]
    tracks.pq.write_table(table(*given), tmp_path / "t.parquet")
    if n == 1:
        with pytest.raises(tracks.RefusedFile, match=r"one metallicity \(\[M/H\] = -0.5\); two are needed"):
            tracks.tabulated_tracks(tmp_path / "t.parquet")
    else:
        made = tracks.tabulated_tracks(tmp_path / "t.parquet")
        np.testing.assert_allclose(made.nodes[0, 0, :61, MASS_INITIAL], np.linspace(1, 3, 61))
        assert np.isnan(made.nodes[0, 0, 61:]).all()
        np.testing.assert_allclose(made.mass_steps[0, 0, :60], 2 / 60)


def test_the_emulator_is_asked_at_nodes_and_between_them(monkeypatch):
    """Of a phase of n nodes every (120 / (n - 1))-th place; the range of mass is asked for halfway."""
    monkeypatch.setattr(tracks, "METALLICITIES", np.array([-1.0, 0.5]))
    monkeypatch.setattr(tracks, "LOG_AGES", np.array([9.0]))

    def run(outputs, given):
        m_h, _, place = given["x"]
        base = np.array([1000 * phase + 100 * q for phase in range(5) for q in range(6)])[:, None]
        return [base + place * 60 + m_h]

    monkeypatch.setattr(tracks, "load_model", lambda path: path)
    monkeypatch.setattr(tracks, "session_of", lambda model: SimpleNamespace(run=run))
    made = tracks.emulated_tracks()
    assert made.nodes.shape == (2, 1, 227, 5)
    phase, q = tracks.NODE_PHASE[:, None].astype(int), np.arange(5)
    place = np.concatenate([np.linspace(0, 60, n) for n in tracks.NODES])[:, None]
    np.testing.assert_allclose(made.nodes[1, 0], 1000 * phase + 100 * q + place + 0.5, rtol=1e-5)
    middle = np.concatenate([(np.linspace(0, 60, n)[1:] + np.linspace(0, 60, n)[:-1]) / 2 for n in tracks.NODES])
    count = np.concatenate([np.full(n - 1, n - 1) for n in tracks.NODES])
    of = tracks.NODE_PHASE[tracks.SEGMENTS].astype(int)
    np.testing.assert_allclose(made.mass_steps[0, 0], (1000 * of + 500 + middle - 1) / count, rtol=1e-5)


# --- the library of stars


def test_extra_mixing_climbs_with_luminosity(monkeypatch):
    """At [M/H] = -0.5 from log L = 1.9 to the tip at 2.9; over 0.3 at least; none before, all after."""
    monkeypatch.setattr(stars, "METALLICITIES", np.array([-0.5, -0.5]))
    monkeypatch.setattr(stars, "NODE_PHASE", np.array([0, 2, 2, 2, 3, 4]))
    nodes = np.zeros((2, 1, 6, 5))
    nodes[0, 0, :, LOG_L] = [5, 1.8, 2.4, 2.9, 0, 0]
    nodes[1, 0, :, LOG_L] = [5, 1.9, 1.96, 2.0, 0, 0]
    found = stars._mixing(nodes)
    np.testing.assert_allclose(found[:, 0], [[0, 0, 0.5, 1, 1, 1], [0, 0, 0.2, 1 / 3, 1, 1]])


@pytest.fixture
def library(monkeypatch):
    """Two metallicities, one age of 10 Gyr; two dwarfs, two giants, two clump stars; the network is a formula."""
    monkeypatch.setattr(stars, "METALLICITIES", np.array([-0.5, 0.25]))
    monkeypatch.setattr(stars, "LOG_AGES", np.array([9.0, 10.0]))
    monkeypatch.setattr(stars, "NODE_PHASE", np.array([0, 0, 2, 2, 3, 3]))
    monkeypatch.setattr(stars, "SEGMENTS", np.array([0, 2, 4]))
    monkeypatch.setattr(stars, "FIRST_NODE", (0, 2, 2, 4, 6))
    asked = []

    def photometry(network, teff, logg, feh):
        asked.append((network, teff, logg, feh))
        bands = np.arange(13)
        return (teff[:, None] / 1000 + bands).astype(np.float32), np.tile(bands / 10, (len(teff), 1)).astype(np.float32)

    monkeypatch.setattr(stars, "photometry", photometry)
    nodes = np.full((2, 2, 6, 5), np.nan)
    nodes[:, 1, :, MASS_INITIAL] = [0.6, 0.8, 0.9, 0.91, 0.92, 0.93]
    nodes[:, 1, :, LOG_TE] = np.log10([5000, 6000, 4500, 4000, 4800, 9000])
    nodes[:, 1, :, LOG_L] = [0, 0.5, 1, 2, 1.7, 1.7]
    nodes[:, 1, :, LOGG] = [4.5, 4.4, 3, 2, 2.4, 2.4]
    steps = np.full((2, 2, 3), np.nan)
    steps[:, 1] = [0.2, 0.02, 0]
    made = stars.build_library(tracks.TrackGrid(nodes, steps), "network", replace(P, clump_shift=100.0))
    return made, asked


def test_segments_of_the_library(library):
    made, asked = library
    assert made.start.tolist() == [6, 8, 18, 20], "the third has no range of mass"
    assert made.first_dwarf.tolist() == [6, 6, 18, 18]
    np.testing.assert_allclose(made.metallicity, [-0.5, -0.5, 0.25, 0.25])
    assert made.log_age.tolist() == [10] * 4
    assert made.phase.tolist() == [0, 2, 0, 2]
    assert made.place.tolist() == [0, 0, 0, 0]

    def stars_between(low, high):  # of m^-2.3 / 2 above 0.5
        return (low**-1.3 - high**-1.3) / 2.6

    np.testing.assert_allclose(made.born[:2], [10 * stars_between(0.6, 0.8), 10 * stars_between(0.895, 0.915)])
    assert made.usable.tolist() == [True] * 4
    np.testing.assert_allclose(made.labels[6:12, LOG_TE], np.log10([5000, 6000, 4500, 4000, 4900, 9100]), rtol=1e-6)
    assert made.labels[0].tolist() == [0] * 5, "no such isochrone"
    network, teff, logg, feh = asked[0]
    assert network == "network"
    np.testing.assert_allclose(teff[:6], [5000, 6000, 4500, 4000, 4900, 9100])
    assert logg[:6].tolist() == [4.5, 4.4, 3, 2, 2.4, 2.4]
    assert feh.tolist() == [-0.5] * 6 + [0.25] * 6


def test_photometry_of_the_library(library):
    """M_G by log L and bolometric correction, other bands by the network's colours, W1 and W2 by our own extinction."""
    made, _ = library
    g = 4.74 - 2.5 * 1 - stars.bolometric_correction(np.array([4500.0]))[0]
    np.testing.assert_allclose(made.magnitudes[8], g + np.arange(13), rtol=1e-5)
    expected = np.arange(13) / 10
    expected[[W1, W2]] = P.extinction_w1, P.extinction_w2
    np.testing.assert_allclose(made.extinctions[8], expected, rtol=1e-6)
    hot = 4.74 - 2.5 * 1.7 - stars.bolometric_correction(np.array([8800.0]))[0]
    assert made.magnitudes[11, G] == pytest.approx(hot, rel=1e-5), "the correction ends at 8800 K"
    assert made.middle(2)[0] == pytest.approx((made.magnitudes[6, 2] + made.magnitudes[7, 2]) / 2)
    assert (made.magnitudes[0] == 0).all()


@pytest.mark.parametrize(("teff", "is_usable"), [(3299.0, False), (3301.0, True), (8799.0, True), (8801.0, False)])
def test_segments_whose_ends_have_photometry(monkeypatch, teff, is_usable):
    monkeypatch.setattr(stars, "METALLICITIES", np.array([0.0]))
    monkeypatch.setattr(stars, "LOG_AGES", np.array([9.0]))
    monkeypatch.setattr(stars, "NODE_PHASE", np.array([2, 2, 2]))
    monkeypatch.setattr(stars, "SEGMENTS", np.array([0, 1]))
    monkeypatch.setattr(stars, "FIRST_NODE", (0, 0, 0))
    monkeypatch.setattr(stars, "photometry", lambda n, t, g, f: (np.zeros((len(t), 13)), np.zeros((len(t), 13))))
    nodes = np.ones((1, 1, 3, 5))
    nodes[0, 0, :, LOG_TE] = np.log10([5000, 5000, teff])
    made = stars.build_library(tracks.TrackGrid(nodes, np.full((1, 1, 2), 0.1)), "n", P)
    assert made.usable.tolist() == [True, is_usable]
    assert made.place.tolist() == [0, 1]


def test_photometry_is_asked_in_batches_and_within_range(monkeypatch):
    monkeypatch.setattr(stars, "BATCH", 2)
    monkeypatch.setattr(stars, "load_model", lambda path: path)
    asked = []

    def run(outputs, given):
        asked.append(given["x"].tolist())
        return [np.vstack([given["x"][:1]] * 13 + [given["x"][1:2]] * 13)]

    monkeypatch.setattr(stars, "session_of", lambda model: SimpleNamespace(run=run))
    magnitudes, extinctions = stars.photometry("n", np.array([3000.0, 5000, 9000]), np.array([-1.0, 3, 6]), np.zeros(3))
    np.testing.assert_allclose(asked[0], [[3300, 5000], [-0.2, 3], [0, 0]], rtol=1e-6)
    np.testing.assert_allclose(asked[1], [[8800], [5.3], [0]], rtol=1e-6)
    np.testing.assert_allclose(magnitudes, np.repeat([[3300], [5000], [8800]], 13, axis=1))
    np.testing.assert_allclose(extinctions, np.repeat([[-0.2], [3], [5.3]], 13, axis=1), rtol=1e-6)


# --- the Galaxy's grid


@pytest.fixture
def grid():
    """Two populations on the true grid of shells: stars in the first three shells of three cells."""
    bare = object.__new__(Galaxy)
    bare.parameters = P
    counts = np.zeros((2, galaxy.N_LON, galaxy.N_LAT, galaxy.N_MODULUS))
    counts[0, 0, 3, :3] = [1, 2, 0]
    counts[0, 2, 5, :3] = [3, 0, 4]
    counts[1, 7, 0, 1] = 5
    bare._count(counts)
    return bare


CELL = np.array([3, 2 * galaxy.N_LAT + 5, 7 * galaxy.N_LAT])


def test_counts_along_the_distance_modulus(grid):
    assert grid.cumulative[:, :5].tolist() == [[0, 4, 6, 10, 10], [0, 0, 5, 5, 5]]
    assert grid.cumulative.shape == (2, galaxy.N_MODULUS + 1)
    modulus = np.array([3.0, 4.0, 4.125, 4.25, 4.375, 4.5, 4.6875, 19])
    np.testing.assert_allclose(grid.count_nearer(0, modulus), [0, 0, 2, 4, 5, 6, 9, 10])
    np.testing.assert_allclose(grid.count_nearer(np.array([1, 0]), np.array([4.375, 4.375])), [2.5, 5])


def test_cells_stand_in_quantiles_by_their_counts(grid):
    first = grid.cell_quantiles[0, 0]
    assert np.unique(first).tolist() == [CELL[0], CELL[1]]
    assert (first == CELL[0]).sum() == galaxy.QUANTILES / 4
    assert (np.diff(first) >= 0).all()
    assert np.unique(grid.cell_quantiles[0, 2]).tolist() == [CELL[1]]
    assert np.unique(grid.cell_quantiles[1, 1]).tolist() == [CELL[2]]
    assert (grid.cell_quantiles[1, 0] == 0).all()


def test_places_are_drawn_between_two_distances(grid):
    """Three quarters of the way through the 10 stars of the first population; halfway of the second's from 4.25."""
    grid.reddening = np.arange(galaxy.N_LON * galaxy.N_LAT)[:, None] + np.arange(galaxy.N_MODULUS + 1.0) / 100
    population, near, far = np.array([0, 1, 0]), np.array([4.0, 4.25, 4.0]), np.array([18.0, 18, 4.25])
    rng = Script([0.75, 0.5, 0.25], [0.0, 0.9, 0.9], [0.0, 1, 0])
    modulus, cell, ebv = grid.draw_places(population, near, far, rng)
    np.testing.assert_allclose(modulus, [4.5 + 0.25 * 1.5 / 4, 4.375, 4 + 0.25 / 4], rtol=1e-6)
    assert cell.tolist() == [CELL[1], CELL[2], CELL[1]]
    expected = [CELL[1] + 0.02 + 0.00375, (CELL[2] + 0.015) * np.exp(0.1), CELL[1] + 0.0025]
    np.testing.assert_allclose(ebv, expected, rtol=1e-6)


def test_dust_adds_up_outwards(monkeypatch):
    """Without clumps: 0.24 mag/kpc at the Sun's radius in the plane, half of that at 1.5 kpc from the centre."""
    bare = object.__new__(Galaxy)
    bare.parameters = replace(P, dust_clumps=0.0, dust_length=1e9)
    shape = (galaxy.N_LON, galaxy.N_LAT, galaxy.N_MODULUS)
    radius, z = np.full(shape, 8.2), np.zeros(shape)
    radius[1], z[2] = 1.5, -0.1
    monkeypatch.setattr(galaxy, "gaussian_filter", lambda noise, *_, **__: noise)
    found = bare._redden(radius, z, np.random.default_rng(1))
    assert found.shape == (galaxy.N_LON * galaxy.N_LAT, galaxy.N_MODULUS + 1)
    edges = 10 ** (galaxy.MODULUS_EDGES / 5 - 2)
    whole = 0.2 * 0.24 * edges[0] + 0.24 * (edges - edges[0])
    n = galaxy.N_LAT
    np.testing.assert_allclose(found[0], whole, rtol=1e-5)
    for cell, factor in ((n, 0.5), (2 * n, np.exp(-1))):
        np.testing.assert_allclose(found[cell] - found[cell, 0], factor * (whole - whole[0]), rtol=1e-4, atol=1e-7)
    far = replace(P, dust_clumps=0.0)
    bare.parameters = far
    radius[3] = P.sun_radius + P.dust_length
    fallen = bare._redden(radius, z, np.random.default_rng(1))[3 * n]
    np.testing.assert_allclose(fallen - fallen[0], (whole - whole[0]) / np.e, rtol=1e-4, atol=1e-7)


def test_clumps_of_dust_keep_its_mean():
    """exp(0.9 x - 0.405) of a normal x of unit width has mean 1."""
    bare = object.__new__(Galaxy)
    bare.parameters = replace(P, dust_length=1e9, dust_height=1e9)
    radius = np.full((galaxy.N_LON, galaxy.N_LAT, galaxy.N_MODULUS), 8.2)
    found = np.diff(bare._redden(radius, 0 * radius, np.random.default_rng(2)).astype(float), axis=1)
    clumps = np.log(found / (0.24 * np.diff(10 ** (galaxy.MODULUS_EDGES / 5 - 2))))
    assert clumps.mean() == pytest.approx(-0.405, abs=0.02)
    assert clumps.std() == pytest.approx(0.9, abs=0.02)


def test_places_inside_cells():
    """Cell 3 + 60: l 3 to 6 deg; between the sines of its edges."""
    cell = np.array([63, 63, 0])
    lon, lat = galaxy.draw_in_cells(cell, Script([0.0, 1, 0.5], [0.0, 0.5, 1]))
    assert lon.tolist() == [3, 6, 1.5]
    edges = galaxy.LAT_EDGES
    middle = np.degrees(np.arcsin((np.sin(np.radians(edges[3])) + np.sin(np.radians(edges[4]))) / 2))
    np.testing.assert_allclose(lat, [edges[3], middle, edges[1]], atol=1e-9)
    assert galaxy.distance_kpc(np.array([10.0, 15])).tolist() == [1, 10]


# --- draws


def drawer(**given) -> Drawer:
    bare = object.__new__(Drawer)
    bare.parameters = P
    for name, value in given.items():
        setattr(bare, name, value)
    return bare


def test_distances_at_which_gaia_lists_a_star():
    """Ks < 15.05 and G < 20.5 with 0.1 mag more, inside the grid; not 6.5 mag above Pan-STARRS1's brightest."""
    absolute = np.zeros((4, len(BANDS)))
    absolute[1], absolute[1, KS], absolute[1, G] = 12, 10, 16
    absolute[2], absolute[3, KS] = -10, 12
    made = drawer(library=SimpleNamespace(middle=lambda band: absolute[:, band]))
    nearest, farthest = made._visible_range()
    np.testing.assert_allclose(farthest, [15.15, 4.6, 18.499, 3.15], rtol=1e-6)
    np.testing.assert_allclose(nearest, [5.9, 4, 15.9, 3.15], rtol=1e-6)
    absolute[0, PS1_Y] = -3
    assert made._visible_range()[0][0] == pytest.approx(7.5), "10.5 + 3 - 6"


def test_star_formation_of_the_components():
    age = np.array([1.4, 1.6, 7.6, 8.6, 9.6, 10.3])
    found = np.array([drawer()._star_formation(component, age) for component in range(5)])
    disc = [0, *np.exp((age[1:5] - 10) / 12), 0]
    np.testing.assert_allclose(
        found[[0, 2, 3, 4]], [[1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]]
    )
    np.testing.assert_allclose(found[1], disc)


@pytest.mark.parametrize(("component", "slope"), [(1, 0.012), (3, 0.0)])
def test_weights_of_segments(component, slope):
    """Stars born, where the metallicity is that of the population, times those near enough; 8 and 9 Gyr."""
    library = SimpleNamespace(
        log_age=np.log10([8e9, 9e9, 9e9]), metallicity=np.array([0.1, 0.3, 0.3]), born=np.array([2.0, 3, 5]),
        usable=np.array([True, True, False]),
    )  # fmt: skip
    near = SimpleNamespace(count_nearer=lambda number, modulus: 10 * number + modulus**2)
    made = drawer(library=library, galaxy=near, nearest=np.array([1.0, 2, 0]), farthest=np.array([3.0, 4, 9]))
    found = made._weights(2, Population(component, 0.1, 0.2))
    age = np.array([8, 9, 9])
    formed = np.exp((age - 10) / 12) if component == 1 else np.ones(3)
    offset = (library.metallicity - (0.1 - slope * (age - 4))) / 0.2
    born = formed * np.exp(-(offset**2) / 2) * library.born
    np.testing.assert_allclose(found, born / born.sum() * [8, 12, 0])
    assert (drawer(**vars(made) | {"library": SimpleNamespace(**vars(library) | {"born": np.zeros(3)})})._weights(
        2, Population(component, 0.1, 0.2)) == 0).all()  # fmt: skip


class Weighted(Drawer):
    """Two populations; the weights of the first are so small that many of them share a place in the guide."""

    def _visible_range(self):
        return np.zeros(10), np.ones(10)

    def _weights(self, number, population):
        return np.array([1e-9] * 9 + [0]) if number == 0 else np.array([0, 1.0, 3] + [0] * 7)


def test_pairs_of_segments_and_populations():
    made = Weighted(None, SimpleNamespace(populations=[Population(0, 0, 1), Population(2, 0, 1)]), P)
    assert made.component.tolist() == [0, 2]
    u_ = np.array([0, 0.5e-9, 1.1e-9, 1.9e-9, 0.1, 0.2499, 0.2501, 0.99999]) / 1.0
    weights = np.array([1e-9] * 9 + [1, 3]) / (4 + 9e-9)
    expected = np.searchsorted(weights.cumsum(), u_)
    segment, population = made._pairs(u_)
    assert segment.tolist() == [[*range(9), 1, 2][i] for i in expected]
    assert population.tolist() == [[*[0] * 9, 1, 1][i] for i in expected]
    assert len(set(segment[:4].tolist())) > 2

    class Nothing(Weighted):
        def _weights(self, number, population):
            return np.zeros(10)

    with pytest.raises(sky.UserError, match="no star of these isochrones can be seen"):
        Nothing(None, SimpleNamespace(populations=[Population(0, 0, 1)]), P)


@pytest.mark.parametrize(
    ("band", "limit", "sign"), [(KS, 15.05, 1), (G, 20.5, 1), (PS1_G, 21.5, 1), (PS1_G, 11.9, -1), (PS1_Y, 10.5, -1)]
)
def test_stars_inside_the_limits_are_listed(band, limit, sign):
    """A quarter of the way from 1 to 3 mag, 8 mag of distance, 0.5 times the extinction."""
    magnitudes = np.array([np.ones(13), np.full(13, 3.0)])
    extinctions = np.zeros((2, 13))
    found = []
    for beyond in (-0.001, 0.001):
        extinctions[0] = 2 * (13 - 9.5)
        extinctions[0, band] = 2 * (limit + sign * beyond - 9.5)
        library = SimpleNamespace(magnitudes=magnitudes, extinctions=extinctions)
        given = (np.array([0]), np.array([0.25]), np.array([8.0]), np.array([0.5]))
        found += drawer(library=library)._is_listed(*given).tolist()
    assert found == [True, False]


def test_the_bright_limit_is_that_of_each_band():
    """Of g and y; 0.5 mag above them stars are listed still."""
    p = replace(P, ps1_brightest=(13.0, 99, 99, 99, 12.0))
    for band, found in ((PS1_G, [False, True]), (PS1_Y, [True, True])):
        magnitudes = np.full((2, 13), 12.45)
        listed = []
        for magnitude in (12.45, 12.55):
            magnitudes[:, PS1_G], magnitudes[:, PS1_Y] = 13, 13
            magnitudes[:, band] = magnitude
            library = SimpleNamespace(magnitudes=magnitudes, extinctions=np.zeros((2, 13)))
            made = drawer(library=library, parameters=p)
            listed += made._is_listed(np.array([0]), np.array([0.0]), np.array([0.0]), np.array([0.0])).tolist()
        assert listed == found


def test_pixels_without_data_have_a_huge_error():
    rng = np.random.default_rng(6)
    flux, error = spectra.observed_spectra(spectra.Lines.drawn(rng), giants.draw_giants(5, rng), np.arange(2), rng)
    assert 5 < (flux == 0).sum() < 80
    assert np.unique(error[flux == 0]).tolist() == [1e10]
    assert error[flux != 0].max() < 1


def test_companions_brighten_binaries():
    """By a lighter dwarf of the same isochrone; by 2.5 log10 2 if it is as bright; it is 3 mag brighter at most."""
    labels = np.zeros((70, 5))
    labels[[10, 11, 12, 13], MASS_INITIAL] = [0.5, 0.9, 0, 0.4]
    library = SimpleNamespace(labels=labels, magnitudes=np.full((70, 2), 5.0), first_dwarf=np.array([0, 10]))
    magnitudes = np.array([[5.0, 9], [5, 5], [5, 5], [5, 5], [-9, 5]])
    rng = Script([0.059, 0.059, 0.059, 0.061, 0.0], [0, 1, 2, 3])
    segment = np.ones(5, int)
    is_binary = drawer(library=library)._add_companions(magnitudes, segment, np.array([1.0, 0.9, 1, 1, 1]), rng)
    assert is_binary.tolist() == [True, False, False, False, True]
    equal, much = 2.5 * np.log10(2), 2.5 * np.log10(1 + 10**1.2)
    little = 2.5 * np.log10(1 + 10**-3.2)
    np.testing.assert_allclose(magnitudes, [[5 - equal, 9 - much], [5, 5], [5, 5], [5, 5], [-9 - little, 5 - equal]])


def test_a_few_dwarfs_move_fast():
    """Between 200 and 3000 mas/yr, evenly in the logarithm, in any direction; giants never."""
    labels = np.zeros((4, 5))
    labels[:, LOGG] = [4, 4, 3.7, 4]
    zero = np.zeros(4)
    calm = SimpleNamespace(motions=lambda *_: (zero + 3, zero + 4))
    rng = Script([0.0, 0.5, 0, 0.0009], [0.0, 0.5], [0.25, 0.5])
    ra, dec = sphere.to_equatorial(zero, zero)
    pmra, pmdec = drawer(galaxy=calm)._motions(zero, zero, zero, ra, dec, zero, labels, rng)
    np.testing.assert_allclose(np.hypot(pmra, pmdec), [200, 5, 5, np.sqrt(200 * 3000)])
    np.testing.assert_allclose([pmra[0], pmdec[3]], [200, -np.sqrt(600_000)])


def test_between_nodes():
    nodes = np.array([[0.0, 10], [1, 20], [5, 0]])
    assert _between(nodes, np.array([0, 1]), np.array([0.5, 0.25])).tolist() == [[0.5, 15], [2, 15]]


# --- the sphere and names


def test_motions_are_turned_as_by_astropy():
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(0, 360, 20), rng.uniform(-89, 89, 20)
    pm_lon, pm_lat = rng.normal(0, 10, (2, 20))
    given = SkyCoord(
        lon * u.deg, lat * u.deg, frame="galactic", pm_l_cosb=pm_lon * u.mas / u.yr, pm_b=pm_lat * u.mas / u.yr
    ).icrs
    ra, dec = sphere.to_equatorial(lon, lat)
    np.testing.assert_allclose([ra, dec], [given.ra.deg, given.dec.deg], atol=1e-9)
    found = sphere.motion_to_equatorial(ra, dec, lon, lat, pm_lon, pm_lat)
    np.testing.assert_allclose(found, [given.pm_ra_cosdec.value, given.pm_dec.value], atol=1e-6)
    np.testing.assert_allclose(sphere.to_galactic(ra, dec), [lon, lat], atol=1e-9)


def test_steps_across_the_sky():
    """3.6e6 mas are a degree in the tangent plane; a step to the east of the pole goes down."""
    ra, dec = sphere.displace(np.array([10.0, 0]), np.array([0.0, 60]), np.array([3.6e6, 0]), np.array([0.0, -3.6e6]))
    degree = np.degrees(np.arctan(np.pi / 180))
    np.testing.assert_allclose([ra, dec], [[10 + degree, 0], [0, 60 - degree]], atol=1e-9)
    assert sphere.angles(np.array([[1.0], [-1e-30], [0]]))[0].tolist() == [0], "never 360"


def test_identifiers_of_gaia_and_panstarrs():
    from astropy_healpix import HEALPix

    cell = HEALPix(4096, order="nested").lonlat_to_healpix(10 * u.deg, 20 * u.deg)
    assert names.source_ids(np.array([10.0]), np.array([20.0]), np.array([12345])).tolist() == [cell * 2**35 + 12345]
    assert names.panstarrs1_ids(np.array([-90.0, 0.01]), np.array([7, 8])).tolist() == [7, 10801 * 10**13 + 8]


def test_a_register_of_names():
    """A name repeated among those that come together is taken; registers have 1,024 words at least, 2^24 at most."""
    register = names.NameRegister(1)
    keys = np.array([5, 6, 5, 7], np.uint64)
    assert register.admit(keys).tolist() == [True, True, False, True]
    assert register.admit(np.array([6, 8], np.uint64)).tolist() == [False, True]
    assert [len(names.NameRegister(n)._words) for n in (0, 512, 513, 1000, 10**9)] == [1024, 1024, 2048, 2048, 1 << 24]


def test_sources_whose_name_another_has_are_left_out():
    """The star of such a source has no counterpart then."""
    truth = {"source_id": [1, 2, 3], "twomass_designation": ["a", "b", "c"]}
    made = chunks.Chunk(
        {
            "twomass": pa.table({"designation": ["a", "b", "c", "x"]}),
            "mock_truth": pa.table(truth),
            "gaia_dr2": pa.table(truth),
        },
        {"twomass": (np.array([1, 2, 1, 2], np.uint64), np.array([0, 1, 2, -1]))},
    )
    assert len(made) == 3
    made.drop_taken_names("twomass", SimpleNamespace(admit=lambda keys: np.ones(4, bool)))
    assert made.tables["twomass"].num_rows == 4
    made.drop_taken_names("twomass", SimpleNamespace(admit=lambda keys: np.array([True, True, False, False])))
    assert made.tables["twomass"]["designation"].to_pylist() == ["a", "b"]
    assert made.tables["mock_truth"]["twomass_designation"].to_pylist() == ["a", "b", None]
    assert made.tables["mock_truth"].column_names == ["source_id", "twomass_designation"]


# --- clusters


class OneStar:
    """A star of the clump or of the branch; each normal number is told."""

    def __init__(self, share, logg, teff, *noise):
        self.share, self.normal = share, [logg, teff, np.array(noise)]

    def random(self):
        return self.share

    def standard_normal(self, n=1):
        return self.normal.pop(0)

    def uniform(self, low, high):
        return (low + high) / 2


@pytest.mark.parametrize(("share", "state"), [(0.399, "RC"), (0.401, "RGB")])
def test_stars_of_a_cluster(monkeypatch, share, state):
    """Of 10^0.1 Msun and [M/H] = -0.5, 2 kpc away; a clump star at log g = 2.3974 + 0.02235 + 0.09184 + 0.08."""
    monkeypatch.setattr(clusters, "mass_of_age", lambda log_age, m_h: 10**0.1 if (log_age, m_h) == (9.5, -0.5) else 0)
    one = clusters.Cluster("c", 2.0, 9.5, -0.5, 0.151, 1)
    rng = OneStar(share, 1.0, 2.0, 1, -1, 2, -2, 3, -3)
    (found,) = clusters.stars_of(one, rng)
    logg = 2.59159 if state == "RC" else 2.35
    g = logg - 2.5
    if state == "RC":
        teff = 4703.5 + 510.5 * g - 125.5 * g**2 + 259.25 + 36.71 + 70
        c_fe, n_fe = (
            0.0526 - 0.0166 * g - 0.02605 - 0.08352 + 0.008208,
            0.1740 - 0.0780 * g - 0.0393 + 0.05295 + 0.001529,
        )
    else:
        teff = 4513.4 + 456.3 * g - 50.3 * g**2 + 199.3 + 74.23 + 70
        c_fe, n_fe = (
            0.0607 - 0.0112 * g - 0.02675 - 0.08353 + 0.008699,
            0.1889 - 0.0230 * g - 0.0801 + 0.05384 - 0.001105,
        )
    luminosity = 0.1 + 4 * np.log10(teff / 5772) - (logg - 4.438)
    absolute = 4.74 - 2.5 * luminosity - (1.9614 - 0.6958 * (teff - 4800) / 1000 + 0.0299)
    expected = {
        "teff": (teff, 1), "logg": (logg + 0.03, 4), "m_h": (-0.51, 4), "c_fe": (c_fe + 0.1, 4),
        "n_fe": (n_fe - 0.1, 4), "k": (absolute + 5 * np.log10(200) + 0.151 + 0.06, 4),
        "parallax": (0.5 - 0.12, 5), "sfd_ebv": (0.5, 9),
    }  # fmt: skip
    for name, (value, decimals) in expected.items():
        assert found[name] == pytest.approx(value, abs=0.6 * 10**-decimals), name
        assert round(found[name], decimals) == found[name]
    assert (found["star_id"], found["member"], found["parallax_error"], found["k_err"]) == ("c_0", "c", 0.04, 0.02)
    assert found["parallax_zero_point"] == 0


def test_masses_of_ages(monkeypatch):
    """The age falls from 10.2 at 0.8 Msun by 0.5 a Msun, whatever the metallicity; the network knows -0.5 to 0.5."""
    asked = []

    def run(outputs, given):
        asked.append(given["x"])
        return [(10.2 - 0.5 * (given["x"][0] - 0.8))[None]]

    monkeypatch.setattr(clusters, "load_model", lambda path: path)
    monkeypatch.setattr(clusters, "session_of", lambda model: SimpleNamespace(run=run))
    assert clusters.mass_of_age(10.0, -1.9) == pytest.approx(1.2, abs=1e-4)
    assert clusters.mass_of_age(10.3, 0.7) == pytest.approx(0.8)
    assert (asked[0].shape, asked[0][0, -1], asked[0][1, 0], asked[1][1, 0], asked[0][2, 0]) == (
        (3, 2000),
        4,
        -0.5,
        0.5,
        0,
    )


def test_clusters_are_written_beside_their_stars(monkeypatch, tmp_path):
    monkeypatch.setattr(clusters, "stars_of", lambda cluster, rng: [{"star_id": cluster.cluster, "x": rng.random()}])
    for _ in range(2):
        first, second = clusters.write_mock_clusters(tmp_path / "new" / "folder", 3)
    assert (first.name, second.name) == ("mock_clusters.csv", "mock_cluster_stars.csv")
    lines = first.read_text().splitlines()
    assert lines[:2] == ["cluster,distance_kpc,log_age,m_h,a_k,n", "mock_open_1,0.9,9.05,0.05,0.02,60"]
    assert len(lines) == 9
    drawn = np.random.default_rng(3).random()
    assert second.read_text().splitlines()[:2] == ["star_id,x", f"mock_open_1,{drawn}"]


def test_a_shell_whose_stars_are_in_the_last_cell():
    bare = object.__new__(Galaxy)
    bare.parameters = P
    counts = np.zeros((1, galaxy.N_LON, galaxy.N_LAT, galaxy.N_MODULUS))
    counts[0, -1, -1, 2] = 3
    bare._count(counts)
    assert np.unique(bare.cell_quantiles[0, 2]).tolist() == [galaxy.N_LON * galaxy.N_LAT - 1]


def test_no_star_is_below_the_lowest_mass():
    assert stars.kroupa_number(0.08) == pytest.approx(0, abs=1e-12)
    assert stars.kroupa_number(0.5) == pytest.approx((0.08**-0.3 - 0.5**-0.3) / 0.3)


def test_giants_of_apogee_are_named_by_their_place():
    made = giants.draw_giants(20, np.random.default_rng(5))
    assert made.names == [f"2M{i:08d}+{int(1e4 * ra):07d}" for i, ra in enumerate(made.observed["ra"].tolist())]
    assert (len(made), set(made.clusters)) == (20, {None})


@pytest.mark.parametrize("rows_at_once", [1, 2, 100])
def test_tables_are_written_in_pieces(monkeypatch, tmp_path, rows_at_once):
    monkeypatch.setattr(sky, "ROW_GROUP", rows_at_once)
    tables = {name: pa.table({"x": [1, 2]}) for name in sky.TABLES}
    with sky._Files(tmp_path) as files:
        files.write(tables)
        files.write({name: pa.table({"x": [3]}) for name in sky.TABLES})
        assert not any(path.exists() for path in files.paths.values())
    for path in files.paths.values():
        with sky.pq.ParquetFile(path) as file:
            assert file.read()["x"].to_pylist() == [1, 2, 3]
            assert file.num_row_groups == (1 if rows_at_once == 100 else 2)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"{name}.parquet" for name in sky.TABLES)


@pytest.mark.parametrize(("n", "threads"), [(1, 1), (10, 2), (11, 2), (35, 1), (35, 3)])
def test_chunks_in_order(n, threads):
    """Of ten stars each, the last cut to size."""

    class Ten:
        def chunk(self, number, limit=10):
            return [(number, i) for i in range(10)][:limit]

    found = [star for chunk in sky._chunks(Ten(), n, threads) for star in chunk]
    assert found == [(i // 10, i % 10) for i in range(n)]
