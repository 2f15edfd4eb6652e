"""`candlesql info --bug`: what a report of a bug needs, and nothing of anyone's data."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..errors import UserError
from ..sql import files
from ..sql.open import open_sky
from ..udfs.taught import every_model
from ..workspace.folder import existing_sky

PACKAGES = ("duckdb", "onnxruntime", "onnx", "numpy", "pyarrow", "polars", "astropy", "numba", "torch", "dask")


def describe_bug(path: Path | None) -> Iterator[str]:
    """Versions; of a workspace its cuts, products by name, and models by hash, even where it cannot be opened."""
    yield f"candlesql {version('candlesql')}, Python {platform.python_version()}, {platform.platform()}"
    yield ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    if path is None:
        return
    try:
        sky = existing_sky(path)
        with open_sky(path) as connection:
            (made,) = connection.execute("select version from candlesql.state").fetchall()[0]
            cuts = connection.execute("select name, value from candlesql.cuts order by name").fetchall()
            products = connection.execute("select product, version from candlesql.runs order by made_at").fetchall()
    except UserError as error:
        yield f"workspace: {type(error).__name__}: {error.what}"
        return
    yield f"workspace of candlesql {made}"
    published = files.cuts()
    yield "cuts: " + (", ".join(f"{n} = {v} (published {published[n].value})" for n, v in cuts) or "as published")
    yield "made: " + (", ".join(f"{product} ({by})" for product, by in products) or "nothing")
    for model in every_model(sky.models):
        whose = "workspace" if sky.models in model.path.parents else "shipped"
        yield f"model {model.name}: {whose}, {model.metadata.get('trained_on', 'unknown')}, {model.sha256[:12]}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
