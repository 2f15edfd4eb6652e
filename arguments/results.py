"""Commands that look at a workspace and take things out of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UserError
from .common import Overwrite, Reads, SkyPath, Trust


def sql(
    sky: SkyPath,
    query: Annotated[str, typer.Argument(metavar="SELECT", help="Any DuckDB query.")],
    form: Annotated[str, typer.Option("--format", help="table, csv, json, parquet, fits or votable.")] = "table",
    read: Reads = None,
    trust: Trust = False,
) -> None:
    """Run a query on a workspace; the networks are functions in it.

    Example: candlesql sql sky "select tier, count(*) from red_clump.catalogue group by tier"
    """
    from ..commands.sql import print_query

    print_query(sky, query, form, read or [], trust)


def shell(sky: SkyPath, read: Reads = None, trust: Trust = False) -> None:
    """A prompt with history and completion, where the networks work.

    Example: candlesql shell sky
    """
    from ..commands.shell import run_shell

    run_shell(sky, read or [], trust)


def export(
    sky: SkyPath,
    view: Annotated[
        str, typer.Argument(metavar="VIEW", help="A view, such as red_clump.catalogue; a query, or a .sql file of one.")
    ],
    file: Annotated[Path, typer.Argument(help="Parquet, FITS, VOTable (.vot), ECSV, CSV or .hats by its name.")],
    overwrite: Overwrite = False,
) -> None:
    """Write a view or a query to a file with units, descriptions and provenance in it.

    Example: candlesql export sky "from red_clump.catalogue where tier = 1" tier1.fits
    """
    from .. import open_sky
    from ..commands.export import export as write

    with open_sky(sky, trust=True) as connection:
        print(f"{write(connection, view, file, overwrite):,} rows in {file}")


def join(
    sky: SkyPath,
    file: Annotated[str, typer.Argument(help="Your catalog, in any format and at any place that ingest reads.")],
    out: Annotated[Path, typer.Argument(help="Where to write it with the new columns.")],
    on: Annotated[str | None, typer.Option(metavar="ID", help="Its column of source_id.")] = None,
    radius: Annotated[float | None, typer.Option(metavar="ARCSEC", help="Join by ra, dec instead.")] = None,
    view: Annotated[str, typer.Option(help="The view whose columns are added.")] = "red_clump.catalogue",
    overwrite: Overwrite = False,
) -> None:
    """Add result columns to any catalog, by identifier or by position.

    Example: candlesql join sky mine.parquet mine_rc.parquet --on source_id
    """
    from .. import open_sky
    from ..catalogs.remote.address import place_of
    from ..commands.join import join as add

    with open_sky(sky, trust=True) as connection:
        rows, matched = add(connection, place_of(file), out, view, on, radius, overwrite)
    print(f"{matched:,} of {rows:,} rows found a star; {out}")


def map(
    sky: SkyPath,
    view: Annotated[str, typer.Argument(help="A view with ra and dec, such as red_clump.catalogue.")],
    file: Annotated[Path, typer.Argument(help="HEALPix FITS (.fits), or a picture (.png) with the extra `report`.")],
    order: Annotated[int, typer.Option(help="Of the HEALPix pixels: 5 is 1.8 deg wide, each one more half that.")] = 6,
) -> None:
    """Count the rows of a view in each HEALPix pixel: a map of their density on the sky.

    Example: candlesql map sky red_clump.catalogue red_clump.png
    """
    from .. import open_sky
    from ..report.sky_map import write_map

    with open_sky(sky) as connection:
        rows, without = write_map(connection, view, file, order)
    print(f"{rows:,} rows in {file}" + (f"; {without:,} have no position" if without else ""))


def report(
    sky: SkyPath,
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Instead of SKY/report.")] = None,
) -> None:
    """Draw the figures of the red clump paper from the views: one HTML page, and PNGs.

    Example: candlesql report sky
    """
    from ..report.command import write_report

    for line in write_report(sky, output):
        print(line)


def explore(
    sky: SkyPath,
    port: Annotated[int, typer.Option(help="Where to listen, on this machine alone; a free port if 0.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Move the cuts of the red clump catalogue by hand, on a page in the browser.

    Example: candlesql explore sky
    """
    from ..explore.command import serve

    for line in serve(sky, port, browser):
        print(line, flush=True)


def models(
    sky: SkyPath,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Of one network all that its file says.")] = "",
) -> None:
    """List the networks of a workspace: training stars, outputs; of one also inputs, metrics, domain, citation.

    Example: candlesql models sky red_clump_any_bands
    """
    from ..commands.models import describe_models

    for line in describe_models(sky, name, _width()):
        print(line)


def cuts(
    sky: SkyPath,
    word: Annotated[str, typer.Argument(metavar="[WORD]", help="Only those that hold it.")] = "",
    unset: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="NAME", help="Give it the published value again; all: each."),
    ] = None,
) -> None:
    """List every threshold with value, unit and source, or take back what `--cut` has replaced.

    Example: candlesql cuts sky ruwe
    """
    from ..commands.cuts import cuts_command

    print(cuts_command(sky, word, unset or [], _width()))


def info(
    sky: Annotated[Path | None, typer.Argument(metavar="SKY", help="The workspace folder; --bug needs none.")] = None,
    bug: Annotated[bool, typer.Option("--bug", help="What a bug report needs; no data.")] = False,
) -> None:
    """Show what a workspace holds, what made it, why tiers or distances are NULL, and cuts that are not published.

    Example: candlesql info sky
    """
    from ..commands.bug import describe_bug
    from ..commands.info import describe_sky

    if sky is None and not bug:
        raise UserError("info: of which workspace? As in candlesql info sky")
    for line in describe_bug(sky) if bug or sky is None else describe_sky(sky):
        print(line)


def cite(
    sky: Annotated[Path | None, typer.Argument(metavar="[SKY]", help="Of a workspace what it rests on.")] = None,
) -> None:
    """Print BibTeX of the package and the papers; of a workspace also of its surveys and models.

    Example: candlesql cite sky
    """
    from ..commands.cite import cite as entries

    print("\n\n".join(entries(sky)))


def _width() -> int | None:
    """Columns of the terminal that reads the output; None where none does."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
