"""candlesql: standard candles in SQL.

`candlesql.open_sky(path)` opens a workspace as a DuckDB connection with every view, macro and network in it.
"""

from .errors import UserError
from .sql.workspace import open_sky

__all__ = ["UserError", "open_sky"]
