"""What a workspace holds, looked at and taken out."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ..sql.open import open_sky
from ..udfs.functions import models_of
from ..udfs.names import identifier
from ..workspace.folder import existing_sky
from ..workspace.query import first_row
from .values import Info, Joined, Network, Product, Sky, StrPath, connected

if TYPE_CHECKING:
    import polars as pl
    from astropy.table import QTable


def export(sky: Sky, view: str, file: StrPath, overwrite: bool = False) -> int:
    """Write a view or a query to a file with units, descriptions and provenance in it; returns the number of rows.

    Parameters
    ----------
    sky
        The workspace folder, or a connection of `open_sky`.
    view
        Such as `red_clump.catalogue`; or a query, or the path of a `.sql` file with one. Columns that a query only
        renames keep unit, UCD and description.
    file
        Parquet, FITS, VOTable (`.vot`), ECSV, CSV or `.hats` by its name.
    overwrite
        Whether the file may be there already.

    Raises
    ------
    UnknownName
        If there is no such view.
    UserError
        If it is empty, or the file cannot be written or is there already.
    """
    from ..commands.export import export as write

    with connected(sky) as connection:
        return write(connection, view, Path(file), overwrite)


def join(
    sky: Sky,
    file: StrPath,
    out: StrPath,
    on: str | None = None,
    radius_arcsec: float | None = None,
    view: str = "red_clump.catalogue",
    overwrite: bool = False,
) -> Joined:
    """Add result columns to any catalog, by identifier or by position; every row of it stays, once, and a warning names
    columns that cannot be read.

    Parameters
    ----------
    sky
        The workspace folder, or a connection of `open_sky`.
    file, out
        Your catalog, in any format and at any place that `ingest` reads, and where to write it with the new columns.
    on
        Its column of `source_id`.
    radius_arcsec
        How far to look by ra, dec instead [arcsec].
    view
        The view whose columns are added.
    overwrite
        Whether `out` may be there already.

    Raises
    ------
    UserError
        If the file lacks the columns, the view has a star twice, nothing joins, or `out` is there already.
    """
    from ..catalogs.remote.address import place_of
    from ..commands.join import join as add

    with connected(sky) as connection:
        return Joined(*add(connection, place_of(file), Path(out), view, on, radius_arcsec, overwrite, warnings.warn))


def sky_map(sky: Sky, view: str, file: StrPath, order: int = 6) -> tuple[int, int]:
    """Count the rows of a view in each HEALPix pixel; returns rows with and without a position.

    Parameters
    ----------
    sky
        The workspace folder, or a connection of `open_sky`.
    view
        A view with `ra` and `dec` [deg], such as `red_clump.catalogue`.
    file
        HEALPix FITS (`.fits`), or a picture (`.png`) with the extra `report`.
    order
        Of the pixels: 12 * 4**order of them cover the sky.

    Raises
    ------
    UserError
        If the view has no positions or no rows, or the file cannot be written.
    """
    from ..report.sky_map import write_map

    with connected(sky) as connection:
        return write_map(connection, view, Path(file), order)


def table(sky: Sky, view: str) -> QTable:
    """A view as an astropy QTable: columns with units are Quantities, NULL is masked.

    Parameters
    ----------
    sky
        The workspace folder, or a connection of `open_sky`.
    view
        Such as `red_clump.catalogue`.

    Raises
    ------
    UnknownName
        If there is no such view; `nearest` has the names that are like it.
    """
    from ..commands.export import to_qtable

    with connected(sky) as connection:
        return to_qtable(connection, view)


def frame(sky: Sky, view: str) -> pl.DataFrame:
    """A view as a Polars DataFrame, without units; needs `polars`.

    Parameters and errors are those of `table`. Of a query: `connection.sql("select …").pl()`.
    """
    from ..sql.describe import named, view_columns

    with connected(sky) as connection:
        view_columns(connection, view)
        return connection.sql(f"from {named(view)}").pl()


def models(sky: StrPath) -> tuple[Network, ...]:
    """The networks of a workspace: the shipped ones and its own."""
    return tuple(
        Network(
            model.name,
            model.path,
            {field.name: field.unit for field in model.inputs},
            {field.name: field.unit for field in model.outputs},
            model.metadata.get("n_train", ""),
            json.loads(model.metadata.get("metrics", "{}")),
            model.metadata.get("citation", ""),
            model.sha256,
        )
        for model in models_of(existing_sky(sky).models)
    )


def info(sky: StrPath) -> Info:
    """What a workspace holds, what made it, and every cut that is not the published one.

    Raises
    ------
    NoWorkspace
        If there is none.
    """
    from ..catalogs.survey import survey_files

    folder = existing_sky(sky)
    with open_sky(sky, trust=False) as connection:
        (version,) = first_row(connection, "select version from candlesql.state")
        names = [name for name in survey_files(folder.surveys) if folder.catalog(name).exists()]
        rows = {n: first_row(connection, f"select count(*) from staging.{identifier(n)}")[0] for n in names}
        runs = connection.execute(
            "select product, n_rows, made_by, made_at from candlesql.runs order by made_at"
        ).fetchall()
        cuts = dict(connection.execute("select name, value from candlesql.cuts order by name").fetchall())
    return Info(folder.root, version, rows, {product: Product(*said) for product, *said in runs}, cuts)
