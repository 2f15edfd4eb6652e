"""candlesql: standard candles in SQL.

`candlesql.open_sky(path)` opens a workspace as a DuckDB connection with every view, macro and network in it. The other
functions do what the commands of their names do, and return what those print.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# ONNX Runtime's telemetry writes a device's name and queued events into the user's cache; it looks once, when it is
# imported, which only modules of this package do, after this one.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from .errors import (
    Locked,
    MissingColumn,
    MissingPackage,
    NoSpace,
    NotIngested,
    NoWorkspace,
    RefusedFile,
    Stale,
    UnknownName,
    UserError,
    WrongUnit,
)

if TYPE_CHECKING:
    from .api import (
        Info,
        Joined,
        Made,
        Network,
        Product,
        Region,
        demo,
        explore,
        export,
        fetch,
        frame,
        info,
        ingest,
        join,
        match,
        models,
        nmsu,
        reddening,
        region,
        report,
        run,
        score,
        sky_map,
        spectra,
        synphot,
        table,
        train,
    )
    from .catalogs.prepare import Ingested
    from .sql.open import open_sky

__all__ = [
    "Info",
    "Ingested",
    "Joined",
    "Locked",
    "Made",
    "MissingColumn",
    "MissingPackage",
    "Network",
    "NoSpace",
    "NoWorkspace",
    "NotIngested",
    "Product",
    "RefusedFile",
    "Region",
    "Stale",
    "UnknownName",
    "UserError",
    "WrongUnit",
    "demo",
    "explore",
    "export",
    "fetch",
    "frame",
    "info",
    "ingest",
    "join",
    "match",
    "models",
    "nmsu",
    "open_sky",
    "reddening",
    "region",
    "report",
    "run",
    "score",
    "sky_map",
    "spectra",
    "synphot",
    "table",
    "train",
]
ELSEWHERE = {"Ingested": ".catalogs.prepare", "open_sky": ".sql.open"}


def __getattr__(name: str) -> Any:
    """Import DuckDB and ONNX Runtime only when they are needed, so that `candlesql --help` is quick."""
    if name in ("explore", "report"):
        return import_module(f".{name}", __name__)
    if name in __all__:
        return getattr(import_module(ELSEWHERE.get(name, ".api"), __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
