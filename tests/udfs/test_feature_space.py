"""Spectra of other stars fit a model's space, those of other lines do not."""

import numpy as np
import pytest
from candlesql.udfs.feature_space import FeatureSpace, most_of
from scipy.stats import binom

DETECTORS = (600, 400)
STARS = 100
ERRORS = np.full((STARS, sum(DETECTORS)), 0.01, np.float32)


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
    return FeatureSpace.from_text(FeatureSpace.of(spectra(1, 1), ERRORS, DETECTORS).text())


def misfit(space: FeatureSpace, given: np.ndarray) -> str:
    """What is wrong with spectra whose errors are all the same."""
    return space.misfit(given, np.full(given.shape, 0.01, np.float32))


def test_other_stars_and_nearly_the_same_continuum_fit(space):
    assert misfit(space, spectra(1, 2)) == ""
    assert misfit(space, spectra(1, 3, shift=0.15)) == ""
    assert misfit(space, spectra(1, 4, tilt=0.005)) == ""


def test_few_stars_fit(space):
    for n in (1, 2, 5, 20):
        assert misfit(space, spectra(1, 2)[:n]) == ""


def test_stars_that_are_all_alike_fit(space):
    """A cluster's differ by noise alone, in no direction of training."""
    line = space.mean / space.mean.min()
    noise = np.random.default_rng(1).normal(0, 0.01, (20, sum(DETECTORS)))
    assert misfit(space, (-0.36 * line + noise).astype(np.float32)) == ""


@pytest.mark.parametrize("n", [1, 5, 20])
def test_a_few_of_other_lines_do_not(space, n):
    """One by one, and any n of them."""
    given = spectra(2, 1)
    assert all(misfit(space, given[i : i + n]) for i in range(0, STARS - n + 1, n))


def test_a_pixel_without_a_value_hides_nothing(space):
    mixed = spectra(2, 1)
    mixed[0, 3], mixed[1, 4] = np.nan, np.inf
    assert "deviations from that of training" in misfit(space, mixed)
    own = spectra(1, 2)
    own[0, 3], own[1, 4] = np.nan, np.inf
    assert misfit(space, own) == ""
    own[:, 7] = np.nan
    assert misfit(space, own) == "each has pixels without a value"


def test_another_continuum_does_not(space):
    assert "deviations from that of training" in misfit(space, spectra(1, 2, tilt=0.1))
    assert "deviations from that of training" in misfit(space, np.exp(spectra(1, 2)))


def test_stars_that_are_all_unlike_those_of_training_do_not(space):
    """Labels 1 +- 0.3 were trained on; those of 1.6 lie two deviations away, spectra without a line more than three."""
    assert "of training in its directions" in misfit(space, spectra(1, 3, shift=0.6))
    assert "of training in its directions" in misfit(space, np.zeros((STARS, sum(DETECTORS)), np.float32))


def test_some_strangers_among_many_do_not(space):
    mixed = np.concatenate([spectra(1, 2), spectra(2, 1)[:3]])
    assert misfit(space, mixed) == "3 of 103 are far beyond their errors unlike any of training, at most 2 may be"


def test_spectra_moved_by_a_pixel_or_with_pixels_missing_do_not(space):
    assert misfit(space, np.roll(spectra(1, 2), 1, axis=1))
    masked = spectra(1, 2)
    masked[np.random.default_rng(1).random(masked.shape) < 0.05] = 0
    assert "beyond their errors unlike any of training" in misfit(space, masked)


def test_a_few_pixels_that_are_known_to_be_missing_fit(space):
    masked = spectra(1, 2)
    missing = np.random.default_rng(1).random(masked.shape) < 0.003
    masked[missing] = 0
    assert "beyond their errors" in misfit(space, masked)
    assert space.misfit(masked, np.where(missing, np.float32(0.1), np.float32(0.01))) == ""


def test_what_is_stored_says_what_was_measured(space):
    """Shares and the rms by hand, of the sample itself."""
    given = spectra(1, 1).astype(float)
    centred = given - given.mean(axis=0)
    assert space.spread == pytest.approx(np.sqrt((centred**2).mean()), rel=1e-3)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    assert space.share == pytest.approx(values[:8].sum() / values.sum(), rel=1e-3)
    found = space.distances(given.astype(np.float32), ERRORS)
    assert found.offset < 0.01
    assert found.shift < 0.01
    assert found.strangers == 0


def test_the_limit_is_what_noise_leaves():
    """Noise of 0.01 in errors of 0.01 beside the floor of 0.005: 0.8 a pixel, and a tenth above that."""
    rng = np.random.default_rng(3)
    found = FeatureSpace.of(rng.normal(0, 0.01, (200, 5000)), np.full((200, 5000), 0.01), (3000, 2000))
    assert found.strange == pytest.approx(0.8 * 1.1, rel=0.08)


def test_other_lines_do_not(space):
    assert "deviations from that of training" in misfit(space, spectra(2, 1))


def test_what_errors_do_not_explain_does_not(space):
    """The mean of training with noise about it: as the errors say, and three times as much."""
    noise = np.random.default_rng(5).normal(0, 0.01, (STARS, sum(DETECTORS)))
    assert misfit(space, space.mean + noise) == ""
    assert "beyond their errors" in misfit(space, space.mean + 3 * noise)


def test_other_pixels_do_not(space):
    assert misfit(space, spectra(1, 2)[:, :-1]) == "they have 999 pixels and the model 1000"


#: The cubic and the quartic over five pixels: what is left beside a continuum of second order.
CUBIC, QUARTIC = (np.array(v) / np.linalg.norm(v) for v in ([-1, 2, 0, -2, 1], [1, -4, 6, -4, 1]))
FIVE = FeatureSpace(np.zeros(5), QUARTIC[None], (5,), spread=0.02, share=0.64, strange=1.5)


@pytest.mark.parametrize(("unknown", "left"), [([], 8 / 5), ([2], 8 / 4), ([0, 2], 7.2 / 3), ([0, 1, 2], np.inf)])
def test_what_is_left_in_squared_errors_a_pixel(unknown, left):
    """0.01 (-1, 2, 0, -2, 1) is left; errors of 0.01 and 0.005 make squares of 1.25e-4: 0.8, 3.2, 0, 3.2 and 0.8."""
    given = 0.01 * np.array([-1, 2, 0, -2, 1]) + 3 * QUARTIC + 0.5 + 0.1 * np.arange(5) ** 2
    errors = np.full(5, 0.01)
    errors[unknown] = 0.05
    assert FIVE.left(given[None], errors[None]).tolist() == pytest.approx([left])


def test_distances_in_deviations_of_training():
    """0.03 / sqrt(5) of 0.02 outside the direction, and 0.04 / sqrt(5) of 0.02 * sqrt(0.64) in it."""
    given = 0.03 * CUBIC + 0.04 * QUARTIC + np.array([[0.01], [-0.01]]) * QUARTIC
    found = FIVE.distances(given, np.full((2, 5), 0.01))
    assert (found.offset, found.shift) == pytest.approx((0.6708, 1.1180), abs=1e-4)
    assert (found.strangers, found.far) == (0, 0)  # 9e-4 / 1.25e-4 / 5 = 1.44


#: Spectra, the share of them that may be strangers (0.02) or far ones (0.002), and how many that are at most.
BOUNDS = [(2, 0.02, 1), (20, 0.02, 3), (100, 0.02, 7), (1000, 0.02, 33), (20, 0.002, 1), (100, 0.002, 2)]


@pytest.mark.parametrize(
    ("n", "offset", "shift", "said"),
    [
        (4, 0.03, 0, ""),  # hypot(0.15, 3.5 * 0.6 / 2) = 1.06
        (36, 0.03, 0, "their mean lies 0.67 deviations from that of training, at most 0.38 is allowed"),
        (144, 0, 0.04, ""),  # 0.9 + 3 / 12 = 1.15
        (225, 0, 0.04, "their mean lies 1.12 deviations from that of training in its directions, at most 1.10 is "
         "allowed"),
    ],
)  # fmt: skip
def test_the_fewer_the_farther_a_mean_may_lie(n, offset, shift, said):
    given = np.tile(offset * CUBIC + shift * QUARTIC, (n, 1))
    assert FIVE.misfit(given, np.full((n, 5), 0.01)) == said


def with_strangers(n: int, strangers: int, squares: float) -> str:
    """What is wrong with n spectra, some of which have `squares` left a pixel, of either sign."""
    given = np.zeros((n, 5))
    given[:strangers] = np.sqrt(squares * 5 * 1.25e-4) * CUBIC * np.resize([[1], [-1]], (strangers, 1))
    return FIVE.misfit(given, np.full((n, 5), 0.01))


@pytest.mark.parametrize(("n", "share", "most"), BOUNDS)
def test_no_more_than_chance_gives(n, share, most):
    """By SciPy's binomial distribution: what is exceeded in less than one table of 400."""
    assert most_of(n, share) == most
    assert binom.sf(most, n, share) < 0.0025 <= binom.sf(most - 1, n, share)


@pytest.mark.parametrize(("n", "share", "most"), BOUNDS)
def test_how_many_strangers_may_be(n, share, most):
    """1.6 is above the limit of 1.5, and below the 3 of those that are far; 3.2 is above that."""
    squares, kind = (1.6, "") if share == 0.02 else (3.2, "far ")
    assert with_strangers(n, most, squares) == ""
    said = f"{most + 1} of {n} are {kind}beyond their errors unlike any of training, at most {most} may be"
    assert with_strangers(n, most + 1, squares) == said


def test_one_stranger_alone_may_be_and_one_far_one_not():
    assert with_strangers(1, 1, 1.6) == ""
    assert with_strangers(1, 1, 3.2) == "1 of 1 are far beyond their errors unlike any of training, at most 0 may be"
