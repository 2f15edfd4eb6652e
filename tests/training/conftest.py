"""What the tests of training share."""

from __future__ import annotations

import dataclasses

import pytest


@pytest.fixture
def quick(monkeypatch):
    """The shipped recipes, with few epochs."""
    specification = pytest.importorskip("candlesql.training.specification", reason="the extra `train` is not installed")
    system = pytest.importorskip("candlesql.training.system", reason="the extra `train` is not installed")
    load = specification.load_system

    def short(name: str, present: set[str] | None = None):
        loaded = load(name, present)
        networks = [
            dataclasses.replace(n, recipe=dataclasses.replace(n.recipe, epochs=8, batch=64), members=1)
            for n in loaded.networks
        ]
        return dataclasses.replace(loaded, networks=networks)

    monkeypatch.setattr(system, "load_system", short)
    own = pytest.importorskip("candlesql.training.any_bands.own")
    monkeypatch.setattr(own, "STEPS", 4)
    monkeypatch.setattr(own, "MOCK_CHUNKS", 1)
