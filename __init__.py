"""candlesql: standard candles in SQL.

`candlesql.open_sky(path)` opens a workspace as a DuckDB connection with every view, macro and network in it.
"""

from typing import TYPE_CHECKING, Any

from .errors import UserError

if TYPE_CHECKING:
    from .sql.open import open_sky

__all__ = ["UserError", "open_sky"]


def __getattr__(name: str) -> Any:
    """Import DuckDB and ONNX Runtime only when a workspace is opened, so that `candlesql --help` is quick."""
    if name == "open_sky":
        from .sql.open import open_sky

        return open_sky
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
