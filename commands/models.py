"""`candlesql models`: what each model file says of itself."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from ..errors import UnknownName
from ..udfs.feature_space import EarlierVersion, FeatureSpace
from ..udfs.model import Model
from ..udfs.spectral import SpectralModel
from ..udfs.taught import every_model, has_list
from ..workspace.folder import Sky, existing_sky
from .steps.shown import Rows, as_table, rows_of

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


def describe_models(path: Path, name: str = "", width: int | None = None) -> Iterator[str]:
    """`candlesql models`: a table of the networks; of one all that its file says.

    Raises
    ------
    UnknownName
        If no model has the name.
    """
    sky = existing_sky(path)
    if name:
        yield from describe_model(sky, name)
        return
    yield as_table(model_rows(sky), width=width)
    yield f"candlesql models {path} NAME says inputs with units, metrics, domain and citation of one"


def model_rows(sky: Sky) -> Rows:
    """Each model with what its stars were, how many they were, what it reads and gives."""
    rows = []
    for model in every_model(sky.models):
        inputs, outputs = _fields(model)
        gives = ", ".join(field["name"] for field in outputs)
        whose = "workspace" if model.path.parent == sky.models else "shipped"
        rows.append((model.name, whose, _trained_on(model), _stars(model), f"{len(inputs)} inputs", gives))
    return rows_of(("model", "whose", "trained on", "stars", "reads", "gives"), rows)


def describe_model(sky: Sky, name: str) -> Iterator[str]:
    """All that a model's file says of it.

    Raises
    ------
    UnknownName
        If no model has the name.
    """
    known = {model.name: model for model in every_model(sky.models)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        raise UnknownName(
            f"there is no model {name}", value=name, nearest=near, hint=f"there are {', '.join(near or known)}"
        )
    model = known[name]
    inputs, outputs = _fields(model)
    yield f"{model.name}  {model.path}"
    yield f"  reads    {', '.join(map(_with_unit, inputs))}"
    yield f"  gives    {', '.join(map(_with_unit, outputs))}"
    said = model.metadata | {"trained_on": _which_stars(model)}
    for key in KEYS:
        if key in said:
            yield f"  {key:<8} {said[key]}"
    if "feature_space" in model.metadata:
        yield f"  feature_space {_space(model.metadata['feature_space'])}"
    yield f"  sha256   {model.sha256}"


def _fields(model: Model | SpectralModel) -> list[list[dict[str, str]]]:
    return [json.loads(model.metadata[key]) for key in ("inputs", "outputs")]


def _stars(model: Model | SpectralModel) -> str:
    n = model.metadata.get("n_train", "")
    return f"{int(n):,}" if n.isdecimal() and len(n) < 20 else ""


def _trained_on(model: Model | SpectralModel) -> str:
    return model.metadata.get("trained_on", "the file does not say")


def _which_stars(model: Model | SpectralModel) -> str:
    """Whether its stars were simulated, and whether they can be told from others."""
    kind = _trained_on(model)
    return (
        kind if has_list(model) or kind == "simulated" else f"{kind}; which stars is not known, so `trained_on` is NULL"
    )


def _space(stored: str) -> str:
    """The pixels of the spectra that it was trained on, and a fingerprint of their mean and directions."""
    try:
        detectors = FeatureSpace.from_text(stored).detectors
        print_of = hashlib.sha256(json.loads(stored)["arrays"].encode()).hexdigest()[:12]
    except EarlierVersion:
        return "of an earlier version: train it again"
    except Exception:  # of base64, zlib, JSON and NumPy
        return "damaged: train it again"
    return f"{', '.join(map(str, detectors))} pixels; mean and directions of the spectra {print_of}"


def _with_unit(field: dict[str, str]) -> str:
    return f"{field['name']} [{field['unit']}]" if field.get("unit") else field["name"]
