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


def test_other_stars_other_kinds_of_stars_and_another_continuum_fit(space):
    assert space.misfit(spectra(1, 2)) == ""
    assert space.misfit(spectra(1, 3, shift=0.8)) == ""
    assert space.misfit(spectra(1, 4, tilt=0.1)) == ""


def test_one_star_fits(space):
    assert space.misfit(spectra(1, 2)[:1]) == ""


def test_other_lines_do_not(space):
    assert "deviations from that of training" in space.misfit(spectra(2, 1))


def test_other_directions_do_not(space):
    """The mean of training with noise about it."""
    noise = np.random.default_rng(5).normal(0, space.spread, (STARS, sum(DETECTORS)))
    assert "in the directions of training" in space.misfit(space.mean + noise)


def test_other_pixels_do_not(space):
    assert space.misfit(spectra(1, 2)[:, :-1]) == "they have 199 pixels and the model 200"
