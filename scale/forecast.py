"""What a run by partitions will take: from the catalogs' footers and from measured rates. Nothing is written or asked.

Rates and memory are those of `scale/rates.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ..catalogs.remote.address import Place
from ..catalogs.writers.hats import INDEX
from ..errors import UserError
from ..sql.cuts import cut_literal
from ..sql.open import open_sky
from ..sql.systems import system_steps
from ..workspace.folder import Sky, existing_sky
from .bench import RADIUS_ARCSEC
from .cluster import need_dask
from .command import is_made, too_few
from .plan import TILE_ROWS, checked_model, kept_matches, neighbours_of, one_base, primaries_of, run_name, tiles_of
from .rates import MATCH_BYTES, RATES, Rates
from .sources import Source, find_sources
from .stages import wanted_of
from .tiles import Range, Tile

GAIA_STARS = 1_800_000_000
#: How much more a neighbour survey is with the margins, a sixteenth of a partition's edge on each side.
MARGIN = 1.27
WHOLE_SKY = (0, 12 * 4**29 - 1)


@dataclass(frozen=True)
class Group:
    """A row group: the range of its order-29 index, its rows, and the bytes of the columns that a run can read."""

    range: Range
    rows: int
    size: int


class Footers:
    """The row groups of a survey, in the order of their index, and the files that have no footer to be read."""

    def __init__(self, source: Source):
        self.groups: list[Group] = []
        self.unreadable: list[Place] = []
        rows = []
        for file in source.files():
            try:
                metadata = pq.read_metadata(source.opened(file))
            except (pa.ArrowException, OSError, UserError):
                self.unreadable.append(file)
                continue
            rows.append(metadata.num_rows)
            self.groups += _groups(metadata, source)
        self.groups.sort(key=lambda group: group.range)
        self.rows = sum(group.rows for group in self.groups)
        self.most_rows = max(rows, default=0)
        self._firsts = [group.range[0] for group in self.groups]
        self._lasts = list(accumulate((group.range[1] for group in self.groups), max))

    def size_in(self, ranges: list[Range]) -> int:
        """The bytes of the row groups that reach into one of the ranges."""
        touched = {
            number
            for first, last in ranges
            for number in range(bisect_left(self._lasts, first), bisect_left(self._firsts, last + 1))
        }
        return sum(self.groups[number].size for number in touched)


def _groups(metadata: Any, source: Source) -> Iterator[Group]:
    wanted = {INDEX.name.lower()}
    for name, column in source.survey.columns.items():
        wanted |= {known.lower() for known in (name, *column.aka)}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = [group.column(k) for k in range(group.num_columns)]
        index = next((c.statistics for c in columns if c.path_in_schema == INDEX.name), None)
        found = (index.min, index.max) if index is not None and index.has_min_max else WHOLE_SKY
        size = sum(c.total_compressed_size for c in columns if c.path_in_schema.split(".")[0].lower() in wanted)
        yield Group(found, group.num_rows, size)


@dataclass(frozen=True)
class Forecast:
    """What is to be done: `tiles`, of which `left` are not finished yet, and the surveys to be `matched`."""

    tiles: list[Tile]
    left: list[Tile]
    primaries: list[Source]
    neighbours: list[Source]
    matched: list[str]
    footers: dict[str, Footers]
    rates: Rates | None
    #: Bytes of the one file of spectra, in which each partition looks for its stars.
    spectra: int = 0

    @property
    def stars(self) -> int:
        return sum(self.footers[source.survey.name].rows for source in self.primaries)

    @property
    def share(self) -> float:
        return len(self.left) / max(1, len(self.tiles))

    @property
    def catalogs_read(self) -> int:
        """Bytes of the row groups that reach into the partitions left, neighbours with their margins."""
        return sum(self._in(self.primaries, [t.range]) + self._in(self.neighbours, _margin(t)) for t in self.left)

    @property
    def written(self) -> float:
        """Bytes of matches and scores of all partitions."""
        matches = sum(min(self.stars, self.footers[survey].rows) for survey in self.matched)
        return (self.rates.score_bytes if self.rates else 0) * self.stars + MATCH_BYTES * matches

    @property
    def catalogs(self) -> float:
        """Bytes of all catalogs, neighbours with the margins of partitions that hold many row groups."""
        own, others = (self._in(sources, [WHOLE_SKY]) for sources in (self.primaries, self.neighbours))
        return own + MARGIN * others

    @property
    def seconds(self) -> float | None:
        """CPU time of the partitions left, if it is known; less if matches are there already."""
        if self.rates is None:
            return None
        return self.share * self.stars * self.rates.seconds_a_star + len(self.left) * self.rates.seconds_a_partition

    @property
    def memory(self) -> str:
        cut = [min(TILE_ROWS, self.footers[s.survey.name].rows) for s in self.primaries if not s.is_hats]
        kept = [self.footers[s.survey.name].most_rows for s in self.primaries if s.is_hats]
        largest = max([*cut, *kept])
        if largest > TILE_ROWS:
            return f"not known: the largest partition has {largest:,} stars, and {TILE_ROWS:,} is what is measured"
        if self.rates is None or self.rates.memory_gb is None:
            return "not known: not measured for this system"
        return f"about {self.rates.memory_gb} GB a worker, as measured with partitions of {TILE_ROWS:,} stars"

    def _in(self, sources: list[Source], ranges: list[Range]) -> int:
        return sum(self.footers[source.survey.name].size_in(ranges) for source in sources)


def forecast(
    path: Path, system: str, cuts: dict[str, str], workers: int | None, scheduler: str | None
) -> Iterator[str]:
    """Say what `run_by_tiles` of the same arguments would do, a line for each thing.

    Raises
    ------
    UserError
        If the run would be refused before it begins.
    """
    need_dask()
    wanted_of(system)
    if (workers is None) == (scheduler is None):
        raise UserError("--plan is that of a run by partitions: say either --workers N, or --scheduler URL")
    for cut, value in cuts.items():
        cut_literal(cut, value)
    sky = existing_sky(path)
    with open_sky(sky.root) as connection:
        if not cuts and is_made(sky, system, run_name(connection, sky, system)):
            yield "nothing to do: the workspace shows this run already"
            return
        plan = forecast_of(connection, sky, system, taken_up=not cuts)
    yield from _lines(plan, workers)
    if workers and (said := too_few(sky, system, workers)):
        yield said


def forecast_of(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str, taken_up: bool) -> Forecast:
    """What a run of a system is, with an earlier one's finished partitions `taken_up` or not.

    Raises
    ------
    UserError
        If there are no stars, or the model does not fit them.
    """
    sources = find_sources(sky)
    steps = one_base(system_steps(system), sources, sky)
    checked_model(connection, sky, steps)
    primaries, neighbours = primaries_of(steps, sources, sky), neighbours_of(steps, sources)
    tiles = tiles_of(connection, primaries)
    kept = kept_matches(connection, sky, steps, neighbours)
    parts = sky.root / "scale" / run_name(connection, sky, system) / "parts"
    return Forecast(
        tiles,
        [tile for tile in tiles if not (taken_up and (parts / tile.name).exists())],
        primaries,
        neighbours,
        [source.survey.name for source in neighbours if source.survey.name not in kept],
        {source.survey.name: Footers(source) for source in [*primaries, *neighbours]},
        RATES.get(system),
        spectra.stat().st_size if (spectra := sky.results / steps.spectra).is_file() else 0,
    )


def _lines(plan: Forecast, workers: int | None) -> Iterator[str]:
    finished = len(plan.tiles) - len(plan.left)
    taken_up = f"; {finished:,} are finished and stay" if finished else ""
    yield f"partitions: {len(plan.tiles):,}, with {plan.stars:,} stars{taken_up}"
    for footers in plan.footers.values():
        for file in footers.unreadable:
            yield f"cannot be read, and stops the run unless it is told --skip-bad: {file}"
    yield f"to be read: {_bytes(plan.catalogs_read)} of the catalogs, in whole row groups, and later what is written"
    if plan.spectra:
        yield f"spectra: {_bytes(plan.spectra)}, which each partition goes through"
    what = "matches and scores" if plan.rates else "matches; scores are not measured for this system"
    yield f"to be written: about {_bytes(plan.share * plan.written)}, {what}"
    yield f"memory: {plan.memory}"
    if plan.rates is None or plan.seconds is None:
        yield "time: not known: not measured for this system"
        return
    yield f"time: {_time(plan.seconds, workers and min(workers, len(plan.left)))}, once they run"
    is_of_gaia = any(source.survey.name.startswith("gaia_") or source.survey.wide for source in plan.primaries)
    if plan.stars and is_of_gaia:
        factor = GAIA_STARS / plan.stars
        seconds = GAIA_STARS * (plan.rates.seconds_a_star + plan.rates.seconds_a_partition / TILE_ROWS)
        yield (
            f"the whole of Gaia on paper, {GAIA_STARS / 1e9} billion stars like these: {_time(seconds, workers)}; "
            f"read {_bytes(factor * plan.catalogs)} of the catalogs, written {_bytes(factor * plan.written)}"
        )


def _margin(tile: Tile) -> list[Range]:
    """What proper motion adds to the margin of the search radius is seldom another row group."""
    return tile.with_margin(RADIUS_ARCSEC)


def _bytes(size: float) -> str:
    return (
        f"{size / 1e12:,.2f} TB"
        if size >= 1e12
        else f"{size / 1e9:,.2f} GB"
        if size >= 1e8
        else f"{size / 1e6:,.1f} MB"
    )


def _time(seconds: float, workers: int | None) -> str:
    """CPU time, and how long that is on so many workers of one core each if their number is known."""
    cpu = f"{_duration(seconds)} of CPU"
    if not workers:
        return f"about {cpu}"
    return f"about {_duration(seconds / workers)} on {workers} worker{'s' if workers > 1 else ''} ({cpu})"


def _duration(seconds: float) -> str:
    return (
        f"{seconds / 3600:,.1f} h"
        if seconds >= 7200
        else f"{seconds / 60:,.0f} min"
        if seconds >= 120
        else f"{seconds:,.0f} s"
    )
