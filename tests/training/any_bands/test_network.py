"""The network for any bands: its factor model by another formula, its graph against PyTorch, its gaps balanced."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

from candlesql.training.any_bands.dust import Dust  # noqa: E402
from candlesql.training.any_bands.graph import any_bands_graph, networks_of, outputs  # noqa: E402
from candlesql.training.any_bands.network import means, probabilities  # noqa: E402
from candlesql.training.any_bands.noise import observed  # noqa: E402
from candlesql.training.any_bands.real import panstarrs1  # noqa: E402
from candlesql.training.any_bands.space import INPUTS, N_BANDS, PARALLAX, Factors, fit_factors  # noqa: E402
from candlesql.training.any_bands.stars import PRIOR_SHARE, Labelled, gap_patterns  # noqa: E402
from candlesql.udfs.model import load_model, write_model  # noqa: E402
from candlesql.udfs.model_files import SHIPPED  # noqa: E402
from candlesql.udfs.onnx_udf import session_of  # noqa: E402

MODEL = load_model(SHIPPED / "red_clump_any_bands.onnx")
NETWORKS, FACTORS = networks_of(MODEL)


def stars(n: int, seed: int = 0) -> np.ndarray:
    """Inputs [n, 16] drawn from the factor model, with the gaps that surveys leave."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, FACTORS.loadings.shape[1]))
    magnitudes = FACTORS.offsets + FACTORS.level + z @ FACTORS.loadings.T
    magnitudes += np.sqrt(FACTORS.variances) * rng.standard_normal((n, N_BANDS))
    x = np.column_stack([magnitudes, rng.normal(0.4, 0.3, n), rng.uniform(-90, 90, n), rng.uniform(0, 360, n)])
    x[~observed(rng, n)] = np.nan
    return x.astype(np.float32).astype(float)


def scores(x: np.ndarray) -> dict[str, np.ndarray]:
    y = session_of(MODEL).run(None, {"x": x.T.astype(np.float32)})[0]
    return {field.name: row for field, row in zip(MODEL.outputs, y, strict=True)}


def test_the_graph_is_the_network():
    x = stars(500)
    found = scores(x)
    known = np.isfinite(found["p_rc"])
    assert known.mean() > 0.9
    assert found["p_rc"][known] == pytest.approx(probabilities(NETWORKS, FACTORS, x[known]), abs=2e-5)
    labels = means(NETWORKS, FACTORS, x[known])
    assert found["any_teff_k"][known] == pytest.approx(labels[:, 0], abs=0.1)
    assert found["any_delta_p_s"][known] == pytest.approx(labels[:, 4], abs=0.05)


def test_without_the_parallax_it_is_the_same_network():
    x = stars(300)
    blind = x.copy()
    blind[:, PARALLAX] = np.nan
    seen, unseen = scores(x), scores(blind)
    assert seen["p_rc_photometric"] == pytest.approx(unseen["p_rc"], abs=1e-6, nan_ok=True)
    assert np.nanmax(np.abs(seen["p_rc"] - seen["p_rc_photometric"])) > 0.1


@pytest.mark.parametrize(
    ("bands", "parallax", "known"),
    [((8, 10), 0.5, True), ((8, 10), np.nan, False), ((10,), 0.5, False), ((0, 8, 10), np.nan, True), ((), 0.5, False)],
)
def test_a_colour_and_a_parallax_or_three_bands(bands, parallax, known):
    x = np.full((1, len(INPUTS)), np.nan)
    x[0, list(bands)] = (FACTORS.offsets + FACTORS.level)[list(bands)]
    x[0, PARALLAX] = parallax
    assert np.isfinite(scores(x)["p_rc"][0]) == known


def test_the_factors_are_the_conditional_mean_of_a_gaussian():
    """By the joint covariance of factors and observed magnitudes, not by the normal equations that the network uses."""
    (x,) = stars(1, seed=3)
    seen = np.isfinite(x[:N_BANDS])
    prior = np.diag(1 / FACTORS.precision)
    loadings = FACTORS.loadings[seen]
    gain = prior @ loadings.T @ np.linalg.inv(loadings @ prior @ loadings.T + np.diag(FACTORS.variances[seen]))
    z = gain @ (x[:N_BANDS] - FACTORS.offsets - FACTORS.level)[seen]
    sigma = np.sqrt(np.diag(prior - gain @ loadings @ prior))
    features = FACTORS.features(torch.tensor(x[None]))[0].numpy()
    k = len(z)
    assert features[:k] == pytest.approx(np.r_[z[0], np.clip(z[1:], -8, 8)], abs=1e-4)
    assert features[k : 2 * k] == pytest.approx(np.log(sigma), abs=1e-4)


def test_factors_that_made_magnitudes_are_found():
    rng = np.random.default_rng(5)
    loadings = np.column_stack([np.ones(N_BANDS), rng.normal(0, 0.4, (N_BANDS, 5))])
    z = rng.standard_normal((20_000, 6)) * (2, 1, 1, 1, 1, 1)
    made = 12 + z @ loadings.T + 0.05 * rng.standard_normal((20_000, N_BANDS))
    found = fit_factors(made, FACTORS.dust)
    colours = np.eye(N_BANDS) - 1 / N_BANDS
    expected = colours @ (loadings[:, 1:] @ loadings[:, 1:].T + 0.0025 * np.eye(N_BANDS)) @ colours
    got = colours @ (found.loadings[:, 1:] @ found.loadings[:, 1:].T + np.diag(found.variances)) @ colours
    assert got == pytest.approx(expected, abs=0.03)


def test_a_model_written_again_is_the_same(tmp_path):
    metadata = {"system": "red_clump", "inputs": [{"name": n, "unit": u} for n, u in INPUTS], "outputs": outputs()}
    graph = any_bands_graph(NETWORKS, Factors.from_json(FACTORS.as_json(), Dust.from_json(FACTORS.dust.as_json())))
    again = write_model(tmp_path / "again.onnx", graph, metadata | {"missing": "nan"})
    x = stars(100).T.astype(np.float32)
    first, second = (session_of(model).run(None, {"x": x})[0] for model in (MODEL, again))
    assert second == pytest.approx(first, rel=1e-3, abs=1e-3, nan_ok=True)


def test_no_pattern_of_gaps_tells_the_state():
    """Clump stars mostly lack BP and RP, as in Kepler; drawn with the weights, a gap is worth nothing."""
    rng = np.random.default_rng(2)
    state = (rng.random(2000) < 0.3).astype(float)
    x = stars(2000)
    x[:, :N_BANDS] = FACTORS.offsets + FACTORS.level
    x[:, PARALLAX] = 0.5
    x[np.flatnonzero((state == 1) & (rng.random(2000) < 0.9)), 1:3] = np.nan
    sample = Labelled(x, np.full((2000, 5), np.nan), state, np.arange(2000))
    weights = sample.weights()
    for pattern in np.unique(gap_patterns(sample)):
        of = gap_patterns(sample) == pattern
        if weights[of].sum():
            assert weights[of & (state == 1)].sum() / weights[of].sum() == pytest.approx(PRIOR_SHARE)
    alone = Labelled(x[state == 1], np.full((int(state.sum()), 5), np.nan), state[state == 1], np.arange(2000))
    assert not alone.weights().any(), "a state without another in its pattern teaches the gap, not the star"


def test_panstarrs1_from_sdss():
    """Tonry et al. 2012, table 6, at g - r = 0.8: g + (-0.011 - 0.1 - 0.0096), r + (0.001 - 0.0048 - 0.00128)."""
    g, r, i, z, y = panstarrs1(np.array(15.0), np.array(14.2), np.array(13.9), np.array(13.8))
    assert float(g) == pytest.approx(14.8794)
    assert float(r) == pytest.approx(14.19492)
    assert float(i) == pytest.approx(13.9 + 0.004 - 0.0112 + 0.00064)
    assert float(z) == pytest.approx(13.8 - 0.013 + 0.032 - 0.00064)
    assert float(y) == pytest.approx(13.8 + 0.031 - 0.0848 + 0.00704)
