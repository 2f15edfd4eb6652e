"""The `candlesql` command: each function parses, calls one function, and prints."""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .errors import UserError

if TYPE_CHECKING:
    from .catalogs.prepare import Ingested

app = typer.Typer(
    help="Standard candles in SQL: red clump samples, distances, masses and ages of giants as DuckDB queries.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
)

#: Exit code after Ctrl-C: 128 + SIGINT.
INTERRUPTED = 130

SkyPath = Annotated[Path, typer.Argument(metavar="SKY", help="The workspace folder.")]
System = Annotated[str, typer.Argument(help="red_clump, photometry, distmass or parallax.")]
Cuts = Annotated[
    list[str] | None,
    typer.Option("--cut", metavar="NAME=VALUE", help="Replace a threshold in the workspace."),
]

Reads = Annotated[
    list[Path] | None,
    typer.Option("--read", metavar="PATH", help="A file or folder outside the workspace that the query may read."),
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Let the query write files, attach databases, load extensions, change settings.")
]


def main() -> None:
    """Run the command; bad input is one line on stderr and exit code 2, an error of the program keeps its traceback."""
    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), _interrupt)
    try:
        code = app(_hoisted(sys.argv[1:]) or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        _stop(str(error), 2)
    except KeyboardInterrupt:
        _interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except SystemExit:
        raise SystemExit(0) from None  # typer's answer to a reader that has gone, on which it stops with 1
    except Exception as error:
        if "Query interrupted" in str(error) or "INTERRUPT Error" in str(error):
            _interrupted()
        if not hasattr(error, "format_message"):
            raise
        _stop(f"{error.format_message()} (`candlesql --help`, `candlesql COMMAND --help`)", 2)
    if code == INTERRUPTED:
        _interrupted()
    raise SystemExit(code if isinstance(code, int) else 0)


def _interrupt(number: int, frame: object) -> NoReturn:
    """SIGTERM and SIGHUP end a command as Ctrl-C does."""
    raise KeyboardInterrupt


def _hoisted(arguments: list[str]) -> list[str]:
    """`--wait` may stand anywhere before a bare `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    if "--wait" not in arguments[:end]:
        return arguments
    return ["--wait", *(text for place, text in enumerate(arguments) if text != "--wait" or place > end)]


def _interrupted() -> NoReturn:
    from .workspace.change import finished

    kept = ", ".join(dict.fromkeys(finished))
    said = f"finished before that, and kept: {kept}" if kept else "what was there before is unchanged"
    _stop(f"interrupted; {said}", INTERRUPTED)


def _stop(message: str, code: int) -> NoReturn:
    print(" ".join(message.split()), file=sys.stderr)
    raise SystemExit(code) from None


def _version(wanted: bool) -> None:
    if wanted:
        print(f"candlesql {version('candlesql')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait where another command writes to the workspace; also behind the command."),
    ] = False,
) -> None:
    if wait:
        from .workspace import change

        change.waits = True


@app.command()
def demo(
    sky: SkyPath,
    stars: Annotated[int, typer.Option(min=1000, help="Gaia stars to make.")] = 200_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same sky.")] = 1,
    release: Annotated[str, typer.Option(help="Of Gaia's table: gaia_dr2 or gaia_dr3.")] = "gaia_dr2",
) -> None:
    """Make a mock sky with known truth and take it all the way to a red clump catalogue.

    Example: candlesql demo sky
    """
    from .commands.demo import run_demo

    for line in run_demo(sky, stars, seed, release):
        print(line)


@app.command()
def ingest(
    sky: SkyPath,
    survey: Annotated[str, typer.Argument(help="A survey's name, or the path of a survey file of your own.")],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="FITS, VOTable, CSV, ECSV, MRT, Parquet, HATS, a folder.")
    ],
    rename: Annotated[list[str] | None, typer.Option(metavar="THEIRS=OURS", help="Another column name.")] = None,
    unit: Annotated[list[str] | None, typer.Option(metavar="COLUMN=UNIT", help="The unit of the file.")] = None,
) -> None:
    """Store catalog files as the survey's one sorted Parquet file, units kept.

    Example: candlesql ingest sky allwise allwise.fits --rename W1=w1mpro
    """
    from .commands.ingest import ingest_survey

    _tell(ingest_survey(sky, survey, files, _pairs(rename, "--rename"), _pairs(unit, "--unit")))


@app.command()
def fetch(
    sky: SkyPath,
    survey: Annotated[str, typer.Argument(help="A survey's name.")],
    cone: Annotated[str | None, typer.Option(metavar="RA,DEC,RADIUS", help="A cone, in degrees.")] = None,
    adql: Annotated[Path | None, typer.Option(metavar="FILE", help="A query of your own instead.")] = None,
    url: Annotated[str | None, typer.Option(help="Another TAP service than the survey's.")] = None,
    upload: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FILE", help="A table of yours that the query joins.")
    ] = None,
    hats: Annotated[
        str | None, typer.Option(metavar="PLACE", help="A HATS catalog to read the cone from: a folder, or https://…")
    ] = None,
) -> None:
    """Ask the survey's archive (TAP) for rows, or a HATS catalog for a cone, and ingest them; needs the extra `fetch`.

    Example: candlesql fetch sky gaia_dr3 --cone 56.75,24.12,2
    """
    from .commands.fetch import fetch_survey

    _tell(fetch_survey(sky, survey, cone, adql, url, _pairs(upload, "--upload"), hats))


def _tell(done: Ingested) -> None:
    print(f"{done.rows:,} rows")
    for column, n in done.sentinels.items():
        print(f"{column}: {n:,} sentinels are NULL")
    if done.same_place:
        print(f"{done.same_place:,} rows stand where another one stands, within 0.4 mas")
    if done.left_out:
        print(f"left out: {', '.join(done.left_out)}")


@app.command()
def region(
    sky: SkyPath,
    name: Annotated[str, typer.Argument(help="What queries call it.")],
    file: Annotated[Path, typer.Argument(help="A MOC: FITS, JSON, or ASCII in .txt.")],
) -> None:
    """Store a region of any shape, for sphere.region('gaia_dr3', 'NAME') in queries; needs the extra `regions`.

    Example: candlesql region sky footprint kepler_moc.fits
    """
    from .commands.region import store_region

    ranges, part = store_region(sky, name, file)
    print(f"{ranges:,} ranges, {100 * part:.4f} % of the sky in region.{name}")


@app.command()
def match(
    sky: SkyPath,
    left: Annotated[str, typer.Argument(help="The survey whose rows look for a neighbour.")],
    right: Annotated[str, typer.Argument(help="The survey that is searched.")],
    radius: Annotated[float, typer.Option(metavar="ARCSEC", help="How far to look.")] = 1.0,
    kind: Annotated[
        str, typer.Option(help="best, mutual or all; left, anti or outer for rows without neighbour.")
    ] = "best",
    rank: Annotated[
        str, typer.Option(help="What makes the best neighbour: separation, errors or magnitude.")
    ] = "separation",
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Count pairs by separation, and those that chance makes.")
    ] = False,
) -> None:
    """Match two surveys on the sky, with proper motion (and parallax of near stars) to the epoch of each row.

    Example: candlesql match sky gaia_dr2 twomass --radius 1
    """
    from .commands.match import match_surveys

    print(f"{match_surveys(sky, left, right, radius, kind, rank, statistics):,} pairs in match.{left}_{right}")


@app.command()
def train(
    sky: SkyPath,
    system: System,
    labels: Annotated[
        str | None,
        typer.Option(metavar="VIEW", help="Labelled rows; the system's own if not said."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same networks.")] = 0,
    bands: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of photometry: other bands, in a file like training/photometry/bands.toml."),
    ] = None,
    cut: Cuts = None,
) -> None:
    """Train a system's networks on the labelled stars of the workspace.

    Example: candlesql train sky red_clump --seed 1
    """
    from .training.command import train_command

    for line in train_command(sky, system, labels, seed, _pairs(cut, "--cut"), bands):
        print(line)


@app.command()
def score(sky: SkyPath, system: System) -> None:
    """Write what the networks infer of every star that has their inputs.

    Example: candlesql score sky red_clump
    """
    from .commands.score import score_command

    print(f"{score_command(sky, system):,} stars in {system}.scores")


@app.command()
def run(
    sky: SkyPath,
    system: System,
    cut: Cuts = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="By partitions, on N processes.")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="URL", help="By partitions, on a Dask cluster.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Go on without unreadable partitions.")] = False,
) -> None:
    """Make whatever a system lacks or has stale: matches, scores, catalogue.

    With --workers or --scheduler by partitions of the sky; needs the extra `scale`.

    Example: candlesql run sky red_clump --cut max_ruwe=1.2
    """
    if workers or scheduler:
        from .scale.command import run_by_tiles

        lines = run_by_tiles(sky, system, _pairs(cut, "--cut"), workers, scheduler, skip_bad)
    else:
        from .commands.run import run_command

        lines = run_command(sky, system, _pairs(cut, "--cut"))
    for line in lines:
        print(line)


@app.command()
def sql(
    sky: SkyPath,
    query: Annotated[str, typer.Argument(metavar="SELECT", help="Any DuckDB query.")],
    form: Annotated[str, typer.Option("--format", help="table, csv, json or parquet.")] = "table",
    read: Reads = None,
    trust: Trust = False,
) -> None:
    """Run a query on a workspace; the networks are functions in it.

    Example: candlesql sql sky "select tier, count(*) from red_clump.catalogue group by tier"
    """
    from .commands.sql import print_query

    print_query(sky, query, form, read or [], trust)


@app.command()
def shell(sky: SkyPath, read: Reads = None, trust: Trust = False) -> None:
    """A prompt with history and completion, where the networks work.

    Example: candlesql shell sky
    """
    from .commands.shell import run_shell

    run_shell(sky, read or [], trust)


@app.command()
def export(
    sky: SkyPath,
    view: Annotated[str, typer.Argument(help="A view, such as red_clump.catalogue.")],
    file: Annotated[Path, typer.Argument(help="Parquet, FITS, VOTable (.vot), ECSV, CSV or .hats by its name.")],
) -> None:
    """Write a view to a file with units, descriptions and provenance in it.

    Example: candlesql export sky red_clump.catalogue red_clump.fits
    """
    from . import open_sky
    from .commands.export import export as write

    with open_sky(sky) as connection:
        print(f"{write(connection, view, file):,} rows in {file}")


@app.command()
def join(
    sky: SkyPath,
    file: Annotated[Path, typer.Argument(help="Your catalog, in any format that ingest reads.")],
    out: Annotated[Path, typer.Argument(help="Where to write it with the new columns.")],
    on: Annotated[str | None, typer.Option(metavar="ID", help="Its column of source_id.")] = None,
    radius: Annotated[float | None, typer.Option(metavar="ARCSEC", help="Join by ra, dec instead.")] = None,
    view: Annotated[str, typer.Option(help="The view whose columns are added.")] = "red_clump.catalogue",
) -> None:
    """Add result columns to any catalog, by identifier or by position.

    Example: candlesql join sky mine.parquet mine_rc.parquet --on source_id
    """
    from . import open_sky
    from .commands.join import join as add

    with open_sky(sky) as connection:
        rows, matched = add(connection, file, out, view, on, radius)
    print(f"{matched:,} of {rows:,} rows found a star; {out}")


@app.command()
def report(
    sky: SkyPath,
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Instead of SKY/report.")] = None,
) -> None:
    """Draw the figures of the red clump paper from the views: one HTML page, and PNGs.

    Example: candlesql report sky
    """
    from .report.command import write_report

    for line in write_report(sky, output):
        print(line)


@app.command()
def models(sky: SkyPath) -> None:
    """Show the networks of a workspace: inputs, outputs, training rows, metrics, citation.

    Example: candlesql models sky
    """
    from .commands.models import describe_models

    for line in describe_models(sky):
        print(line)


@app.command()
def info(sky: SkyPath) -> None:
    """Show what a workspace holds, what made it, and every cut that is not the published one.

    Example: candlesql info sky
    """
    from .commands.info import describe_sky

    for line in describe_sky(sky):
        print(line)


@app.command()
def spectra(
    sky: SkyPath,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="aspcapStar files, or folders that hold them.")],
) -> None:
    """Store APOGEE spectra as features, for the system `parallax`.

    Example: candlesql spectra sky aspcap/
    """
    from .commands.spectra import store_spectra

    print(f"{store_spectra(sky, files):,} spectra in {sky}")


@app.command()
def nmsu(sky: SkyPath) -> None:
    """Write distances from isochrones (MIST, PARSEC or Dartmouth, ingested) of the workspace's spectra.

    Example: candlesql nmsu sky
    """
    from .commands.nmsu import write_nmsu

    print(f"distmass.nmsu: {write_nmsu(sky):,} rows")


@app.command()
def reddening(
    sky: SkyPath,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write them.")] = Path("reddening.parquet"),
) -> None:
    """Look up reddening priors of the Gaia stars in SFD and Bayestar19; needs the extra `dust` and its maps.

    Example: candlesql reddening sky --out reddening.parquet
    """
    from .commands.reddening import look_up_reddening

    print(f"{out}: {look_up_reddening(sky, out):,} stars; next: candlesql ingest {sky} reddening {out}")


@app.command()
def synphot(
    sky: SkyPath,
    spectrum: Annotated[Path, typer.Argument(help="Text of two columns: wavelength [Angstrom], flux density.")],
    after: Annotated[Path | None, typer.Argument(help="The same star after a change of [C/N].")] = None,
    change_cn: Annotated[float | None, typer.Option(metavar="DEX", help="That change of [C/N].")] = None,
) -> None:
    """Print a spectrum's magnitudes in the 13 bands, or store what a change of [C/N] does to them; extra `spectra`.

    Example: candlesql synphot sky rgb.txt rc.txt --change-cn -0.79
    """
    from .commands.synphot import magnitudes_of, read_spectrum, write_expected_changes

    if (after is None) != (change_cn is None):
        raise UserError("synphot: two spectra need --change-cn DEX, and one spectrum has none")
    if after is None or change_cn is None:
        for band, magnitude in magnitudes_of(sky, spectrum).items():
            print(f"{band:<6} {magnitude:.4f}")
        return
    said = f"{spectrum.name} to {after.name}"
    n = write_expected_changes(sky, read_spectrum(spectrum), read_spectrum(after), change_cn, said)
    print(f"red_clump.expected_changes: {n} bands")


@app.command("mock-apogee")
def mock_apogee(
    sky: SkyPath,
    stars: Annotated[int, typer.Option(min=1000, help="Giants to make.")] = 30_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same stars.")] = 1,
) -> None:
    """Make a simulated APOGEE with spectra and known truth, to try the system `parallax` on.

    Example: candlesql mock-apogee sky --stars 30000
    """
    from .commands.mock_apogee import simulate

    simulate(sky, stars, seed)
    print(f"{stars:,} simulated giants in {sky}; their truth in {sky / 'truth.parquet'}")


@app.command("mock-clusters")
def mock_clusters(
    folder: Annotated[Path, typer.Argument(help="Where to write the two catalogs.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same clusters.")] = 1,
) -> None:
    """Make simulated star clusters of known distance and age, to try the system `distmass` on.

    Example: candlesql mock-clusters clusters
    """
    from .commands.mock_clusters import write_clusters

    for path in write_clusters(folder, seed):
        print(path)


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """NAME=VALUE options as a mapping."""
    pairs = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UserError(f"{option} {text}: say it as {option} NAME=VALUE")
        pairs[name] = value
    return pairs
