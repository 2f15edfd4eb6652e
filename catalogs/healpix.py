"""HEALPix order 29, NESTED: the sort key of every stored catalog."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy_healpix import lonlat_to_healpix

from ..udfs.arrow import bitmap, numbers, whole

ORDER = 29


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Register `healpix_29(ra, dec) -> BIGINT` [deg], unless the connection has it; NULL off the sphere."""
    if connection.execute("select 1 from duckdb_functions() where function_name = 'healpix_29'").fetchall():
        return
    connection.create_function(  # type: ignore[call-overload]
        "healpix_29",
        _healpix,
        ["DOUBLE", "DOUBLE"],
        "BIGINT",
        type="arrow",
        null_handling="special",
    )


def _healpix(ra: pa.ChunkedArray, dec: pa.ChunkedArray) -> pa.Array:
    lon, lat = (numbers(whole(column)) for column in (ra, dec))
    on_sphere = np.isfinite(lon) & (np.abs(lat) <= 90)
    known = None
    if not on_sphere.all():
        lon, lat = np.where(on_sphere, lon, 0.0), np.where(on_sphere, lat, 0.0)
        known = bitmap(on_sphere)
    index = lonlat_to_healpix(lon * u.deg, lat * u.deg, 2**ORDER, order="nested")
    return pa.Array.from_buffers(pa.int64(), len(index), [known, pa.py_buffer(index.astype(np.int64, copy=False))])
