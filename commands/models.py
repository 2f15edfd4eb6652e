"""`candlesql models`: what each model file says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..udfs.model import Model
from ..udfs.spectral import SpectralModel
from ..udfs.taught import every_model, has_list
from ..workspace.folder import existing_sky

KEYS = (
    "trained_on",
    "input_systems",
    "training_stars",
    "n_train",
    "training_sha256",
    "metrics",
    "domain",
    "citation",
    "version",
)


def describe_models(path: Path) -> Iterator[str]:
    """`candlesql models`: what each model file says of itself, those that read spectra too."""
    for model in every_model(existing_sky(path).models):
        inputs, outputs = (json.loads(model.metadata[key]) for key in ("inputs", "outputs"))
        yield f"{model.name}  {model.path}"
        yield f"  reads    {', '.join(_with_unit(**f) for f in inputs)}"
        yield f"  gives    {', '.join(_with_unit(**f) for f in outputs)}"
        said = model.metadata | {"trained_on": _trained_on(model)}
        for key in KEYS:
            if key in said:
                yield f"  {key:<8} {said[key]}"
        yield f"  sha256   {model.sha256}"


def _trained_on(model: Model | SpectralModel) -> str:
    """Whether its stars were simulated, and whether they can be told from others."""
    kind = model.metadata.get("trained_on", "the file does not say")
    listed = has_list(model) or kind == "simulated"
    return kind if listed else f"{kind}; which stars is not known, so `trained_on` is NULL"


def _with_unit(name: str, unit: str, **_: str) -> str:
    return f"{name} [{unit}]" if unit else name
