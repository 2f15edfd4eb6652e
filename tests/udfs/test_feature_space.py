"""Spectra of other stars fit a model's space, those of other lines do not."""

import numpy as np
import pytest
from candlesql.udfs.feature_space import FeatureSpace

DETECTORS = (120, 80)
STARS = 60


def spectra(lines: int, stars: int, shift: float = 0.0, tilt: float = 0.0) -> np.ndarray:
    """Lines drawn by one seed whose depth follows one label of the stars drawn by another; a tilted continuum."""
    n = sum(DETECTORS)
    depth = np.random.default_rng(lines).choice([0.0, 0.3], n, p=[0.8, 0.2])
    rng = np.random.default_rng([stars, 100])
    label = rng.normal(1.0 + shift, 0.3, (STARS, 1))
    continuum = tilt * np.concatenate([np.linspace(-1, 1, d) for d in DETECTORS])
    return (-depth * label + continuum + rng.normal(0, 0.01, (STARS, n))).astype(np.float32)


@pytest.fixture(scope="module")
def space() -> FeatureSpace:
    return FeatureSpace.from_text(FeatureSpace.of(spectra(1, 1), DETECTORS).text())


def test_other_stars_and_nearly_the_same_continuum_fit(space):
    assert space.misfit(spectra(1, 2)) == ""
    assert space.misfit(spectra(1, 3, shift=0.15)) == ""
    assert space.misfit(spectra(1, 4, tilt=0.005)) == ""


def test_one_star_fits(space):
    assert space.misfit(spectra(1, 2)[:1]) == ""


def test_another_continuum_does_not(space):
    assert "deviations from that of training" in space.misfit(spectra(1, 2, tilt=0.1))
    assert "deviations from that of training" in space.misfit(np.exp(spectra(1, 2)))


def test_stars_that_are_all_unlike_those_of_training_do_not(space):
    """Labels 1 +- 0.3 were trained on; those of 1.6 lie two deviations away, spectra without a line more than three."""
    assert "of training in its directions" in space.misfit(spectra(1, 3, shift=0.6))
    assert "of training in its directions" in space.misfit(np.zeros((STARS, sum(DETECTORS)), np.float32))


def test_some_strangers_among_many_do_not(space):
    mixed = np.concatenate([spectra(1, 2), spectra(2, 1)[:6]])
    assert space.misfit(mixed) == "9% of them lie far from those of training, 0% did of these"


def test_spectra_moved_by_a_pixel_or_with_pixels_missing_do_not(space):
    assert space.misfit(np.roll(spectra(1, 2), 1, axis=1))
    masked = spectra(1, 2)
    masked[np.random.default_rng(1).random(masked.shape) < 0.05] = 0
    assert "lie far from those of training" in space.misfit(masked)


def test_what_is_stored_says_what_was_measured(space):
    """Shares and the rms by hand, of the sample itself."""
    given = spectra(1, 1).astype(float)
    centred = given - given.mean(axis=0)
    assert space.spread == pytest.approx(np.sqrt((centred**2).mean()), rel=1e-3)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    assert space.share == pytest.approx(values[:8].sum() / values.sum(), rel=1e-3)
    found = space.distances(given.astype(np.float32))
    assert found.offset < 0.01
    assert found.shift < 0.01
    assert found.far == space.far
    assert found.share == pytest.approx(1, abs=1e-3)


def test_other_lines_do_not(space):
    assert "deviations from that of training" in space.misfit(spectra(2, 1))


def test_other_directions_do_not(space):
    """The mean of training with noise about it, as little as training has."""
    noise = np.random.default_rng(5).normal(0, 0.01, (STARS, sum(DETECTORS)))
    assert "in the directions of training" in space.misfit(space.mean + noise)


def test_other_pixels_do_not(space):
    assert space.misfit(spectra(1, 2)[:, :-1]) == "they have 199 pixels and the model 200"
