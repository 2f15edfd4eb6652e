"""A small simulated APOGEE, trained on and scored."""

import shutil
from pathlib import Path

import pytest
from candlesql.sql.open import open_sky

STARS = 800


@pytest.fixture(scope="session")
def simulated_sky(empty_sky, tmp_path_factory) -> Path:
    """Simulated giants and the features of their spectra; no model of its own."""
    from candlesql.commands.mock_apogee import simulate

    sky = Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("parallax") / "sky"))
    simulate(sky, STARS, 7)
    return sky


@pytest.fixture(scope="session")
def parallax_sky(simulated_sky, tmp_path_factory) -> Path:
    """The same with models trained on its two halves."""
    pytest.importorskip("torch")
    from candlesql.training.parallax.fit import Settings
    from candlesql.training.parallax.train import train_sky

    sky = Path(shutil.copytree(simulated_sky, tmp_path_factory.mktemp("trained") / "sky"))
    train_sky(sky, 0, {}, settings=Settings(iterations=60), strengths=(100.0,))
    return sky


@pytest.fixture(scope="session")
def parallaxes(parallax_sky):
    with open_sky(parallax_sky) as connection:
        yield connection
