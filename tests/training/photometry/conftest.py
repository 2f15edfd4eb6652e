"""Small synthetic stars and networks, and the real table where it stands beside the checkout."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from candlesql.training.photometry.bands import read_bands
from candlesql.training.photometry.data import Stars, read_stars
from candlesql.training.photometry.network import Network

GREEN = Path(__file__).resolve().parents[4] / "shared" / "data" / "green2020"
MODELS = Path(__file__).resolve().parents[3] / "udfs" / "models"


@pytest.fixture(scope="session")
def green_folder() -> Path:
    if not (GREEN / "stars_13band.parquet").exists():
        pytest.skip(f"{GREEN} is not there: the real stars are used where they are available")
    return GREEN


@pytest.fixture(scope="session")
def bands():
    return read_bands()


@pytest.fixture(scope="session")
def real_stars(green_folder, bands) -> Stars:
    return read_stars(green_folder / "stars_13band.parquet", bands)


def make_network(activation: str = "tanh", n_bands: int = 3, seed: int = 0) -> Network:
    """A random network with R near (2.5, 3, 1.8, ...)."""
    random = np.random.default_rng(seed)
    sizes = [3, 7, 6, n_bands]
    return Network(
        centre=np.array([5500.0, 4.0, -0.2]),
        scale=np.array([900.0, 0.9, 0.4]),
        weights=[random.normal(0.0, 0.7, (b, a)) for a, b in pairwise(sizes)],
        biases=[random.normal(0.0, 0.5, b) for b in sizes[1:]],
        extinction_weight=random.normal(0.0, 0.02, (n_bands, 3)),
        extinction_bias=np.log(np.linspace(2.8, 0.5, n_bands)),
        activation=activation,
    )


def make_stars(n: int, n_bands: int = 3, seed: int = 0) -> Stars:
    """Stars with all bands observed; magnitudes are noise, for algebra only."""
    random = np.random.default_rng(seed)
    root = random.normal(size=(n, 3, 3)) * 0.3 + np.eye(3)
    unit = np.diag([80.0, 0.1, 0.05])
    return Stars(
        row=np.arange(n),
        theta=np.column_stack(
            [
                random.uniform(4000, 7000, n),
                random.uniform(1, 5, n),
                random.uniform(-1.5, 0.3, n),
            ]
        ),
        theta_cov=unit @ root @ root.transpose(0, 2, 1) @ unit,
        mag=random.uniform(10, 15, (n, n_bands)),
        mag_sigma=random.uniform(0.02, 0.1, (n, n_bands)),
        modulus=random.uniform(8, 12, n),
        modulus_sigma=random.uniform(0.05, 0.3, n),
        ebv=random.uniform(0.0, 0.5, n),
        ebv_sigma=random.uniform(0.02, 0.1, n),
        parallax=random.uniform(0.3, 3.0, n),
        parallax_sigma=np.full(n, 0.04),
    )
