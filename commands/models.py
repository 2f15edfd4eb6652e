"""`candlesql models`: what each model file says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..udfs.functions import models_of
from ..workspace.folder import existing_sky


def describe_models(path: Path) -> Iterator[str]:
    """`candlesql models`: what each model file says of itself."""
    for model in models_of(existing_sky(path).models):
        yield f"{model.name}  {model.path}"
        yield f"  reads    {', '.join(_with_unit(f.name, f.unit) for f in model.inputs)}"
        yield f"  gives    {', '.join(_with_unit(f.name, f.unit) for f in model.outputs)}"
        for key in (
            "trained_on",
            "input_systems",
            "training_stars",
            "n_train",
            "training_sha256",
            "metrics",
            "domain",
            "citation",
            "version",
        ):
            if key in model.metadata:
                yield f"  {key:<8} {model.metadata[key]}"
        yield f"  sha256   {model.sha256}"


def _with_unit(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name
