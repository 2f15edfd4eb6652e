"""Mass function, photometry and tracks against integrals, the Sun and real isochrones."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.catalogs.mock import tracks
from candlesql.catalogs.mock.parameters import BANDS, KS, Parameters
from candlesql.catalogs.mock.stars import (
    PHOTOMETRY_NETWORK,
    bolometric_correction,
    build_library,
    kroupa_number,
    photometry,
)
from candlesql.catalogs.mock.tracks import (
    CORE_HELIUM,
    LOG_AGES,
    LOG_L,
    LOG_TE,
    LOGG,
    MAIN_SEQUENCE,
    MASS_CURRENT,
    MASS_INITIAL,
    METALLICITIES,
    NODE_PHASE,
    RED_GIANT,
)
from candlesql.errors import UserError
from scipy.integrate import quad

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def tabulated():
    path = DATA / "isochrones" / "parsec.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return tracks.tabulated_tracks(path)


@pytest.mark.parametrize(("low", "high"), [(0.08, 0.3), (0.3, 0.7), (0.79, 0.81), (0.5, 12.0)])
def test_kroupa_integral(low, high):
    def density(mass):
        return mass**-1.3 if mass < 0.5 else 0.5 * mass**-2.3

    expected, _ = quad(density, low, high, points=[0.5])
    assert kroupa_number(high) - kroupa_number(low) == pytest.approx(expected, rel=1e-9)


def test_bolometric_correction_of_the_sun_and_continuity():
    assert bolometric_correction(np.array([5772.0]))[0] == pytest.approx(0.06)
    below, above = bolometric_correction(np.array([4000.0, 4000.001]))
    assert below == pytest.approx(above, abs=0.03)


def test_sun_on_the_emulated_main_sequence(emulated):
    """[M/H] = 0, 4.5 Gyr, 1 Msun: the Sun, as well as this table of PARSEC has it (5861 K)."""
    i, j = np.argmin(np.abs(METALLICITIES)), np.argmin(np.abs(LOG_AGES - 9.65))
    dwarfs = emulated.nodes[i, j, NODE_PHASE == MAIN_SEQUENCE]
    dwarfs = dwarfs[: np.argmax(dwarfs[:, MASS_INITIAL])]
    at = [np.interp(1.0, dwarfs[:, MASS_INITIAL], dwarfs[:, q]) for q in (LOG_L, LOG_TE, LOGG)]
    assert at[0] == pytest.approx(0.0, abs=0.06)
    assert 10 ** at[1] == pytest.approx(5772, rel=0.025)
    assert at[2] == pytest.approx(4.438, abs=0.04)


def test_surface_gravity_follows_mass_radius(emulated):
    """log g = log GM/R^2 with R from L and Teff, in solar units."""
    mass, log_l, log_te, logg = (emulated.nodes[..., q] for q in (MASS_CURRENT, LOG_L, LOG_TE, LOGG))
    expected = 4.438 + np.log10(mass) + 4 * (log_te - np.log10(5772)) - log_l
    assert np.abs(logg - expected).max() < 0.01


def test_emulated_clump_is_that_of_the_isochrones(emulated, tabulated):
    """Old core-helium stars, between the first and last 5 % of the phase."""
    places = np.flatnonzero(NODE_PHASE == CORE_HELIUM)[3:-3]
    rows = np.ix_(METALLICITIES >= -1.0, LOG_AGES >= 9.3, places)
    difference = np.abs(emulated.nodes[rows] - tabulated.nodes[rows])
    teff = np.abs(10 ** emulated.nodes[rows][..., LOG_TE] - 10 ** tabulated.nodes[rows][..., LOG_TE])
    assert np.median(teff) < 8
    assert np.percentile(teff, 90) < 30
    assert np.median(difference[..., LOGG]) < 0.005
    assert np.median(difference[..., LOG_L]) < 0.005


def test_emulated_star_counts_are_those_of_the_isochrones(emulated, tabulated):
    """Range of initial mass in each late phase, by metallicity and age."""
    phase = NODE_PHASE[tracks.SEGMENTS]
    for number, tolerance in ((RED_GIANT, 0.05), (CORE_HELIUM, 0.05)):
        ours, theirs = (grid.mass_steps[:, :, phase == number].sum(axis=2) for grid in (emulated, tabulated))
        assert np.median(np.abs(ours / theirs - 1)) < tolerance
        assert ours.sum() == pytest.approx(theirs.sum(), rel=tolerance)


def test_missing_ages_are_named(tmp_path):
    columns = ("MH", "logAge", "phase", "Mini", "Mact", "logL", "logTe", "logg")
    pq.write_table(pa.table({name: [8.0] for name in columns}), tmp_path / "few.parquet")
    with pytest.raises(UserError, match=r"few.parquet: no isochrone of logAge 8.05"):
        tracks.tabulated_tracks(tmp_path / "few.parquet")


def test_missing_columns_are_named(tmp_path):
    pq.write_table(pa.table({"MH": [0.0]}), tmp_path / "few.parquet")
    with pytest.raises(UserError, match=r"few.parquet: column Mact is missing"):
        tracks.tabulated_tracks(tmp_path / "few.parquet")


def test_own_isochrones_make_no_stars_beyond_their_metallicities(tmp_path):
    """One isochrone shape at [M/H] = -0.3 and 0: a line of dwarfs, and a giant branch."""
    mass = np.linspace(0.5, 1.0, 30)
    rows = [
        (metallicity, age, phase, m, m, 4 * m - 4 + 2 * phase, 3.6 + 0.1 * m, 4.5 - phase)
        for metallicity in (-0.3, 0.0)
        for age in LOG_AGES
        for phase in (MAIN_SEQUENCE, RED_GIANT)
        for m in (mass if phase == MAIN_SEQUENCE else 1 + mass / 100)
    ]
    names = ("MH", "logAge", "phase", "Mini", "Mact", "logL", "logTe", "logg")
    columns = dict(zip(names, np.array(rows).T, strict=True))
    pq.write_table(pa.table(columns), tmp_path / "own.parquet")
    own = tracks.tabulated_tracks(tmp_path / "own.parquet")
    library = build_library(own, PHOTOMETRY_NETWORK, Parameters())
    assert library.metallicity.min() == pytest.approx(-0.3)
    assert library.metallicity.max() == pytest.approx(0.0)
    assert set(library.phase.tolist()) == {MAIN_SEQUENCE, RED_GIANT}
    assert own.nodes[METALLICITIES == -0.15][0, 0, 0, MASS_INITIAL] == pytest.approx(0.5)


def test_photometry_of_the_sun():
    """Gaia M_G 4.67 and colours of the Sun (Casagrande & VandenBerg 2018)."""
    magnitudes, extinctions = photometry(PHOTOMETRY_NETWORK, np.array([5772.0]), np.array([4.438]), np.array([0.0]))
    sun = dict(zip(BANDS, magnitudes[0], strict=True))
    assert sun["bp"] - sun["rp"] == pytest.approx(0.82, abs=0.05)
    assert sun["g"] - sun["ks"] == pytest.approx(1.40, abs=0.08)
    assert sun["w1"] - sun["w2"] == pytest.approx(-0.04, abs=0.06)
    assert 2.0 < extinctions[0, 0] < 3.0
    assert (np.diff(extinctions[0, 3:11]) < 0).all()


def test_library_weights_are_the_mass_function(emulated):
    """Stars on all segments of one isochrone: the integral over its range of initial mass."""
    library = build_library(emulated, PHOTOMETRY_NETWORK, Parameters())
    i, j = np.argmin(np.abs(METALLICITIES)), np.argmin(np.abs(LOG_AGES - 9.5))
    here = (library.metallicity == np.float32(METALLICITIES[i])) & (library.log_age == np.float32(LOG_AGES[j]))
    masses = emulated.nodes[i, j, :, MASS_INITIAL]
    low, high = masses[NODE_PHASE == MAIN_SEQUENCE].min(), masses.max()
    expected, _ = quad(lambda m: m**-1.3 if m < 0.5 else 0.5 * m**-2.3, low, high, points=[0.5])
    assert library.born[here].sum() / 10**0.5 == pytest.approx(expected, rel=0.03)
    assert library.magnitudes[library.start[here & (library.phase == CORE_HELIUM)], KS].max() < 0
