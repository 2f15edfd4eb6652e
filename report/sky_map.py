"""`candlesql map`: how many rows of a view stand in each HEALPix pixel, as a file of the standard or as a picture."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np

from ..catalogs import healpix
from ..errors import MissingPackage, RefusedFile, UserError
from ..sql.describe import named, provenance, view_columns

MOST_ORDER = 11
FORMATS = (".fits", ".png")


class Mapped(NamedTuple):
    """Rows of the view that have a position, and rows that have none."""

    rows: int
    without_position: int


def write_map(connection: duckdb.DuckDBPyConnection, view: str, file: Path, order: int) -> Mapped:
    """Write how many rows of a view stand in each pixel: HEALPix FITS (NESTED, ICRS), or a picture (Galactic).

    Parameters
    ----------
    view
        A view with `ra` and `dec` [deg].
    file
        Its name ends in `.fits` or `.png`.
    order
        Of the pixels: 12 * 4**order of them cover the sky.

    Raises
    ------
    UserError
        If the view has no positions or no rows, or the file cannot be written.
    """
    if file.suffix.lower() not in FORMATS:
        raise RefusedFile(f"format {file.suffix or '(none)'} is no map; it writes {', '.join(FORMATS)}", file=file)
    if not file.parent.is_dir():
        raise RefusedFile(f"folder {file.parent} does not exist", file=file)
    if not 0 <= order <= MOST_ORDER:
        raise UserError(f"--order {order}: it is 0 to {MOST_ORDER}", value=order)
    counts, without = counted(connection, view, order)
    temporary = file.with_name(f".{file.name}.candlesql.tmp{file.suffix.lower()}")
    try:
        if file.suffix.lower() == ".fits":
            _write_fits(temporary, counts, order, provenance(connection, view))
        else:
            _draw(temporary, counts, order, view)
        temporary.replace(file)
    except OSError as error:
        raise RefusedFile(f"cannot be written ({error})", file=file) from None
    finally:
        with suppress(OSError):  # of a disk that cannot be written
            temporary.unlink(missing_ok=True)
    return Mapped(int(counts.sum()), without)


def counted(connection: duckdb.DuckDBPyConnection, view: str, order: int) -> tuple[np.ndarray, int]:
    """Rows of a view in each pixel [12 * 4**order], NESTED, a pixel without rows 0; and rows without a position."""
    names = [column.name for column in view_columns(connection, view)]
    if not {"ra", "dec"} <= set(names):
        raise UserError(f"{view} has no ra and dec, so it cannot be mapped; it has {', '.join(names[:8])}")
    healpix.register(connection)
    found = connection.execute(
        f'select sphere.healpix_pixel(healpix_29(ra, "dec"), {order}) as pixel, count(*) as n '
        f"from {named(view)} group by all"
    ).fetchnumpy()
    if not len(found["n"]):
        raise UserError(f"{view} has no rows to map")
    pixels = np.ma.asarray(found["pixel"])
    placed = ~np.ma.getmaskarray(pixels)
    counts = np.zeros(12 * 4**order, dtype=np.int64)
    counts[pixels.data[placed]] = found["n"][placed]
    return counts, int(found["n"].sum() - counts.sum())


def _write_fits(file: Path, counts: np.ndarray, order: int, note: str) -> None:
    """A map of the whole sky as healpy, Aladin and TOPCAT read it: rows are pixels, in their order."""
    from astropy.io import fits

    area = 4 * np.pi * np.degrees(1) ** 2 / len(counts)
    columns = [
        fits.Column("N", "K", array=counts),
        fits.Column("DENSITY", "D", unit="deg-2", array=counts / area),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="HEALPIX")
    table.header["PIXTYPE"] = ("HEALPIX", "HEALPix pixelisation")
    table.header["ORDERING"] = ("NESTED", "pixel ordering scheme")
    table.header["COORDSYS"] = ("C", "celestial (ICRS)")
    table.header["NSIDE"] = (2**order, "resolution parameter")
    table.header["FIRSTPIX"], table.header["LASTPIX"] = 0, len(counts) - 1
    table.header["INDXSCHM"] = ("IMPLICIT", "row number is pixel number")
    table.header["OBJECT"] = ("FULLSKY", "sky coverage")
    for line in note.splitlines():
        table.header.add_history(line.encode("ascii", "replace").decode())
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(file, overwrite=True)


def _draw(file: Path, counts: np.ndarray, order: int, view: str) -> None:
    """The sky in Galactic coordinates, the centre of the Galaxy in the middle, longitude growing to the left."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingPackage("a picture needs matplotlib, which is not installed: pip install 'candlesql[report]'")
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from astropy_healpix import lonlat_to_healpix

    from .figure import counts as counts_scale
    from .figure import panels

    x_edges, y_edges = np.radians(np.linspace(-180, 180, 1201)), np.radians(np.linspace(-90, 90, 601))
    x, y = np.meshgrid((x_edges[1:] + x_edges[:-1]) / 2, (y_edges[1:] + y_edges[:-1]) / 2)
    place = SkyCoord(l=-x * u.rad, b=y * u.rad, frame="galactic").icrs
    seen = counts[lonlat_to_healpix(place.ra, place.dec, 2**order, order="nested")].astype(float)
    figure, axes = panels(1, 1, 8.4, 4.6, subplot_kw={"projection": "mollweide"})
    image = axes[0, 0].pcolormesh(
        x_edges, y_edges, np.where(seen > 0, seen, np.nan), norm=counts_scale(seen), rasterized=True
    )
    axes[0, 0].set(xticks=[], title=f"{view}: {int(counts.sum()):,} rows")
    axes[0, 0].grid(color="#cccccc", lw=0.5)
    side = np.sqrt(4 * np.pi / len(counts)) * np.degrees(1)
    figure.colorbar(image, ax=axes, shrink=0.7, label=f"rows in a pixel, {side:.2g} deg wide")
    figure.savefig(file, dpi=110)
