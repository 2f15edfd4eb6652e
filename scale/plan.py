"""What a run over tiles is: its sources, views and models, in a folder that every worker can read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..commands.match import Epochs, epochs_of
from ..commands.steps.scoring import check_inputs
from ..commands.steps.spectral import check_spectra, spectral_model
from ..errors import RefusedFile, UserError
from ..sql import files
from ..sql.systems import SystemSteps, system_model, system_steps
from ..udfs.model import Model
from ..udfs.model_files import hull_files, model_files
from ..udfs.spectral import SpectralModel
from ..workspace.change import remove
from ..workspace.connection import database_of
from ..workspace.folder import Sky
from ..workspace.ledger import cut_values, fingerprint, is_fresh
from ..workspace.short import LONGEST_LINE, short_text
from .sources import Source, addresses_of, find_sources, reach
from .stages import VIEWS, Stage, Wanted, rests_on, stages_of, wanted_of
from .star_tables import star_tables
from .tiles import NOWHERE, Range, Tile, disjoint

#: Rows of a tile at most, where the base survey is one file; those of HATS partitions are what they are.
TILE_ROWS = 1_000_000


@dataclass(frozen=True)
class Plan:
    """A run: the system, the workspace `root`, the folder `work` of the run, and what is known of the whole sky."""

    root: Path
    work: Path
    steps: SystemSteps
    model: Model | SpectralModel
    sources: dict[str, Source]
    epochs: dict[str, Epochs]
    matches: dict[str, list[Path]]
    tiles: tuple[Tile, ...]
    note: str

    @property
    def sky(self) -> Sky:
        return Sky(self.root)

    @property
    def file(self) -> Path:
        return self.work / "plan.json"

    @property
    def snapshot(self) -> Path:
        """The workspace's database as it was when the run began."""
        return self.work / "sky.duckdb"

    @property
    def primaries(self) -> list[Source]:
        """The surveys that a tile's stars come from."""
        return _primaries(self.steps, self.sources)

    @property
    def wanted(self) -> Wanted:
        return wanted_of(self.steps.name)

    @property
    def stages(self) -> list[Stage]:
        return stages_of(self.steps.name)

    @property
    def neighbours(self) -> list[Source]:
        return neighbours_of(self.steps, self.sources)

    def part(self, tile: Tile) -> Path:
        """The folder of what a finished tile keeps."""
        return self.work / "parts" / tile.name

    def mark(self, tile: Tile, stage: int) -> Path:
        """What is there when a stage of a tile is done."""
        return self.part(tile) / f"stage-{stage}.done" if stage else self.part(tile)

    def catalogue_mark(self, tile: Tile) -> Path:
        """The file that says how many rows of the catalogue a finished tile has: with a position, and all."""
        return self.part(tile) / "catalogue.rows"

    def match(self, neighbour: str) -> str:
        """The name of the match with a neighbour survey."""
        return f"match.{self.steps.base}_{neighbour}"

    def views_made_before(self, stage: int) -> list[str]:
        """The views of the whole sky that earlier stages have given."""
        return [view for before in self.stages[:stage] for view in (*before.sums, *before.whole)]

    def whole(self, view: str) -> Path:
        return self.work / "whole" / f"{view}.parquet"

    @property
    def catalogue(self) -> Path:
        """The HATS catalog in the making."""
        return self.work / "catalogue"


def make_plan(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str) -> Plan:
    """What is to be done, written to the run's folder; the folder of the same run before is taken up again.

    Raises
    ------
    UserError
        If there are no stars, or the model does not fit them.
    """
    sources = find_sources(sky)
    steps = one_base(system_steps(system), sources, sky)
    model = checked_model(connection, sky, steps)
    primaries = primaries_of(steps, sources, sky)
    reach(connection, sources.values())
    work = sky.root / "scale" / run_name(connection, sky, system)
    if (work / "plan.json").exists():
        plan = read_plan(work / "plan.json")
        _take_snapshot(connection, plan)
        return plan
    for before in work.parent.glob(f"{system}-*"):
        remove(before, sky.root)
    (work / "parts").mkdir(parents=True)
    neighbours = neighbours_of(steps, sources)
    plan = Plan(
        sky.root,
        work,
        steps,
        model,
        sources,
        {s.survey.name: epochs(connection, s) for s in [*primaries, *neighbours] if s.survey.has_position},
        kept_matches(connection, sky, steps, neighbours),
        tuple(tiles_of(connection, primaries)),
        _note(connection, steps, sources, model),
    )
    _take_snapshot(connection, plan)
    temporary = plan.file.with_suffix(".tmp")
    said = _as_text(plan)
    temporary.write_text(f"{said}\n{_digest(said)}\n", encoding="utf-8")
    temporary.replace(plan.file)
    return plan


def checked_model(connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps) -> Model | SpectralModel:
    """What scores a system's stars.

    Raises
    ------
    UserError
        If there is none, or it does not fit the stars.
    """
    model = scoring_model(sky, steps)
    if isinstance(model, SpectralModel):
        check_spectra(connection, sky, steps, model)
    else:
        check_inputs(connection, steps, model)
    return model


def scoring_model(sky: Sky, steps: SystemSteps) -> Model | SpectralModel:
    """The model of a system's spectra if it reads those, else its networks."""
    return spectral_model(sky, steps.name) if steps.spectra else system_model(sky, steps.name)


def _primaries(steps: SystemSteps, sources: dict[str, Source]) -> list[Source]:
    tables = {*(table for table in star_tables(steps) if table not in system_steps(steps.name).bases), steps.base}
    has_wide = "staging.wide_stars" in rests_on(steps.name, [steps.rows])
    return [s for name, s in sources.items() if name in tables or (has_wide and s.survey.wide)]


def primaries_of(steps: SystemSteps, sources: dict[str, Source], sky: Sky) -> list[Source]:
    """The surveys that the stars come from.

    Raises
    ------
    UserError
        If there are none.
    """
    primaries = _primaries(steps, sources)
    if not primaries:
        known = system_steps(steps.name)
        tables = [*known.bases, *(table for table in star_tables(known) if table not in known.bases)]
        wide = " and no wide table" if "staging.wide_stars" in rests_on(steps.name, [steps.rows]) else ""
        raise UserError(
            f"has no {' or '.join(tables)}{wide}: `candlesql ingest`, or link a HATS catalog", file=sky.root
        )
    return primaries


def tiles_of(connection: duckdb.DuckDBPyConnection, primaries: list[Source]) -> list[Tile]:
    """The partitions of a run."""
    return disjoint([tile for source in primaries for tile in source.tiles(connection, TILE_ROWS)])


def _take_snapshot(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """The database as it is now, whatever lies in the run's folder: that of a run taken up says the same."""
    connection.execute("checkpoint")
    copy = plan.snapshot.with_suffix(".tmp")
    shutil.copy(database_of(connection), copy)
    copy.replace(plan.snapshot)


def _as_text(plan: Plan) -> str:
    """What is not known from the workspace and the package, as JSON."""
    return json.dumps(
        {
            "system": plan.steps.name,
            "model": plan.model.sha256,
            "sources": sorted(plan.sources),
            "addresses": addresses_of(plan.sources.values()),
            "epochs": {name: asdict(epochs) for name, epochs in plan.epochs.items()},
            "matches": {n: [str(f.relative_to(plan.root)) for f in files] for n, files in plan.matches.items()},
            "tiles": [[tile.order, tile.pixel] for tile in plan.tiles],
            "note": plan.note,
        }
    )


def one_base(steps: SystemSteps, sources: Iterable[str], sky: Sky) -> SystemSteps:
    """The steps with the one survey of stars that is there.

    Raises
    ------
    UserError
        If there are several: tiles are cut for one.
    """
    there = [base for base in steps.bases if base in sources]
    if len(there) > 1:
        raise UserError(
            f"holds {' and '.join(there)}: a run by tiles takes the stars of one; leave one out, or run without tiles",
            file=sky.root,
        )
    return steps.of(there[0]) if there else steps


@lru_cache(maxsize=2)
def read_plan(file: Path) -> Plan:
    """The plan in a run's folder, SKY/scale/RUN/plan.json.

    Raises
    ------
    UserError
        If it is not as it was written, or not of this workspace.
    """
    root, sky = file.parents[2], Sky(file.parents[2])
    try:
        text, digest = short_text(file, LONGEST_LINE).split("\n")[:2]
        if digest != _digest(text):
            raise ValueError("it is not what was written")
        said = json.loads(text)
        sources = find_sources(sky, {str(k): str(v) for k, v in said.get("addresses", {}).items()})
        steps = one_base(system_steps(said["system"]), sources, sky)
        model = scoring_model(sky, steps)
        if said["model"] != model.sha256 or said["sources"] != sorted(sources):
            raise ValueError("its model or catalogs are others")
        return Plan(
            root,
            file.parent,
            steps,
            model,
            sources,
            {str(name): _epochs(entry) for name, entry in said["epochs"].items()},
            {name: [_inside(root, text) for text in files] for name, files in said["matches"].items()},
            tuple(_tile(*entry) for entry in said["tiles"]),
            str(said["note"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedFile(f"no plan of a run here ({error}); remove its folder, and run it again", file=file) from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _epochs(entry: dict[str, float | None]) -> Epochs:
    mean, first, last = (None if entry[name] is None else float(entry[name] or 0) for name in ("mean", "first", "last"))
    if mean is None:
        raise ValueError("a mean epoch is missing")
    return Epochs(mean, first, last)


def _tile(order: int, pixel: int) -> Tile:
    if [order, pixel] == [NOWHERE.order, NOWHERE.pixel]:
        return NOWHERE
    if not (type(order) is type(pixel) is int and 0 <= order <= 29 and 0 <= pixel < 12 * 4**order):
        raise ValueError(f"no pixel: {order}, {pixel}")
    return Tile(order, pixel)


def _inside(root: Path, text: str) -> Path:
    file = root / text
    if not file.resolve().is_relative_to(root.resolve()):
        raise ValueError(f"{text} is outside the workspace")
    return file


def run_name(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str) -> str:
    """Names a run; changes when a catalog, cut, view or model changes."""
    model = scoring_model(sky, system_steps(system))
    digest = hashlib.sha256(f"{model.sha256} {cut_values(connection)} {TILE_ROWS} {VIEWS.read_text()}".encode())
    for name, source in find_sources(sky).items():
        digest.update(f"{name} {source.fingerprint()}".encode())
    spectra = sky.results / system_steps(system).spectra
    if spectra.is_file():
        digest.update(fingerprint(spectra).encode())
    for path in [
        *sorted(files.ROOT.rglob("*.sql")),
        *model_files(sky.models).values(),
        *hull_files(sky.models).values(),
    ]:
        digest.update(path.read_bytes())
    return f"{system}-{digest.hexdigest()[:16]}"


def neighbours_of(steps: SystemSteps, sources: dict[str, Source]) -> list[Source]:
    """The surveys that the base survey is matched with."""
    return [sources[name] for name in steps.neighbours if name in sources] if steps.base in sources else []


def epochs(connection: duckdb.DuckDBPyConnection, source: Source) -> Epochs:
    """Of the whole survey; one column is read, or none where all rows have the same.

    A partition that cannot be read is passed over here, and named when the tiles that need it are done.
    """
    epoch = source.survey.epoch
    if not isinstance(epoch, dict):
        return Epochs(float(epoch), float(epoch), float(epoch))

    def of(ranges: list[Range] | None) -> Epochs:
        return epochs_of(connection, f"select {source.survey.epoch_sql} as epoch_yr from ({source.select(ranges)})")

    try:
        return of(None)
    except duckdb.Error as error:
        if not source.is_hats:
            raise UserError(f"{str(error).splitlines()[0]}; ingest it again", file=source.path) from None
    readable = []
    for tile in source.tiles(connection, TILE_ROWS):
        with contextlib.suppress(duckdb.Error):
            of([tile.range])
            readable.append(tile.range)
    return of(readable)


def kept_matches(
    connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, neighbours: list[Source]
) -> dict[str, list[Path]]:
    """The files of matches that are there and up to date, which are used as they are."""
    kept = {}
    for source in neighbours:
        name = source.survey.name
        made = sky.match_files(steps.base, name)
        inputs = [sky.catalog(steps.base), sky.catalog(name)]
        if made and all(p.exists() for p in inputs) and is_fresh(connection, f"match.{steps.base}_{name}", inputs):
            kept[name] = made
    return kept


def _note(
    connection: duckdb.DuckDBPyConnection, steps: SystemSteps, sources: dict[str, Source], model: Model | SpectralModel
) -> str:
    """What the catalogue came from."""
    inputs = " ".join(f"{source.place.name}:{source.fingerprint()[:12]}" for source in sources.values())
    return "\n".join(
        [
            f"{steps.catalogue} by candlesql {version('candlesql')}, tile by tile",
            f"from {inputs} with {model.name}:{model.sha256[:12]}",
            f"cuts {cut_values(connection)}",
        ]
    )
