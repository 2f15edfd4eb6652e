"""`candlesql report`: the figures of Lucey et al. 2020 drawn from the views of a workspace, in one HTML page."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ..commands.steps.gradients import write_gradients, write_mock_changes
from ..errors import MissingPackage, UserError
from ..sql.open import open_sky, writing
from ..workspace.change import one_writer, place, take_away
from ..workspace.folder import Sky, existing_sky
from ..workspace.query import first_row

if TYPE_CHECKING:
    from .figure import Plot

DPI = 110


def report(sky: str | Path, output: str | Path | None = None) -> Path:
    """Draw the figures of the red clump paper from the views; returns the HTML page, PNGs stand beside it.

    Parameters
    ----------
    sky
        The workspace folder.
    output
        The folder to write into; `report` in the workspace if not said.

    Raises
    ------
    MissingPackage
        If the extra `report` is not installed.
    UserError
        If the workspace has no scores, or the folder cannot be made.
    """
    for _ in write_report(Path(sky), None if output is None else Path(output)):
        pass
    return (existing_sky(sky).root / "report" if output is None else Path(output)) / "report.html"


def write_report(path: Path, output: Path | None = None) -> Iterator[str]:
    """Write `report.html` and a PNG for each figure; a line for each file.

    Parameters
    ----------
    path
        The workspace.
    output
        The folder to write into; `report` in the workspace if not said.

    Raises
    ------
    UserError
        If there is no workspace, it has no scores, matplotlib is not installed, or the folder cannot be made.
    """
    sky = existing_sky(path)
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingPackage("a report needs matplotlib, which is not installed: pip install 'candlesql[report]'")
    folder = output or sky.root / "report"
    is_ours = output is None or os.access(sky.root, os.W_OK)
    if is_ours:
        _derive(sky)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--output {folder}: cannot be made ({error.strerror})") from None
    held = one_writer(sky) if is_ours else nullcontext()
    with held, tempfile.TemporaryDirectory(dir=output or sky.root, prefix=".making-") as making:
        with open_sky(path, trust=False) as connection:
            lines = list(_draw(connection, sky, Path(making)))
        _put(sky, Path(making), folder, is_inside=output is None)
    yield from (line if ": " in line else str(folder / line) for line in lines)


def _put(sky: Sky, made: Path, folder: Path, is_inside: bool) -> None:
    """Let what was drawn take the place of what was, and pictures that have no rows go; all of it, in a workspace."""
    new = sorted(made.iterdir())
    names = {f"{plot.name}.png" for plot in _plots()} - {file.name for file in new}
    gone = [folder / name for name in sorted(names) if (folder / name).exists()]
    if not is_inside:
        for file in new:
            file.replace(folder / file.name)
        for file in gone:
            file.unlink()
        return
    with writing(sky.root, whole=True):
        for file in new:
            place(sky, file, folder / file.name)
        for file in gone:
            take_away(sky, file)


def _derive(sky: Sky) -> None:
    """Make the derivatives of the networks that section 5 shows, where they are missing or stale."""
    with writing(sky.root) as connection:
        if not first_row(connection, "select 1 from red_clump.scores limit 1"):
            raise UserError(
                f"has no red_clump.scores to report on; run `candlesql run {sky.root} red_clump`", file=sky.root
            )
        write_gradients(connection, sky)
        write_mock_changes(connection, sky)


def _plots() -> list[Plot]:
    from . import galaxy, mixing, networks, parameters, selection

    return [*parameters.PLOTS, *selection.PLOTS, *galaxy.PLOTS, *networks.PLOTS, *mixing.PLOTS]


def _draw(connection: duckdb.DuckDBPyConnection, sky: Sky, folder: Path) -> Iterator[str]:
    """Every figure and the page; the name of each file, or what has no rows."""
    from . import page

    parts = [page.table(connection, *entry) for entry in page.TABLES]
    links = {}
    for plot in _plots():
        figure, file = plot.draw(connection), folder / f"{plot.name}.png"
        if figure is None:
            yield f"{plot.name}: no rows"
        else:
            figure.savefig(file, dpi=DPI)
            yield file.name
        links[plot.name] = plot.title
        parts.append(page.figure(plot.name, plot.title, plot.caption, file if figure else None))
    title = f"Red clump stars of {sky.root.name}"
    target = folder / "report.html"
    target.write_text(page.page(title, _made(connection), parts, links), encoding="utf-8")
    yield target.name


def _made(connection: duckdb.DuckDBPyConnection) -> str:
    """Whose stars these are, what scored them and when, and which cuts are not the published ones."""
    stars, giants, selected = first_row(
        connection,
        "select (select count(*) from red_clump.scores), (select count(*) from red_clump.giants), "
        "(select count(tier) from red_clump.giants)",
    )
    text = f"{stars:,} stars scored, {giants:,} giants, {selected:,} selected as red clump"
    run = first_row(
        connection, "select made_by, made_at, version from candlesql.runs where product = 'red_clump.scores'"
    )
    if run:
        text += f"; scores by `{run[0]}` on {run[1]} UTC, candlesql {run[2]}"
    cuts = connection.execute("select name || ' = ' || value from candlesql.cuts order by name").fetchall()
    if cuts:
        text += "; cuts replaced: " + ", ".join(cut for (cut,) in cuts)
    return text + "."
