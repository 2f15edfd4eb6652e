"""What the page sees of a workspace: a table in memory for each set of cuts, made from the views once."""

from __future__ import annotations

import hashlib
import math
import shlex
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from astropy_healpix import HEALPix

from ..catalogs import healpix
from ..catalogs.writers import write_file
from ..errors import UserError
from ..sql import files
from ..sql.cuts import cut_literal
from ..sql.describe import provenance, view_columns
from ..sql.open import confine, open_sky
from ..udfs.names import identifier
from ..workspace.connection import look_below
from ..workspace.folder import existing_sky
from ..workspace.query import first_row
from .statements import one_select, tables_of_counts

CUTS = Path(__file__).with_name("cuts.toml")
#: Order of the HEALPix pixels of the map: 3,072 on the sky, 3.7 degrees wide.
ORDER = 4
#: Tables of stars, and rows of all tables of counts, that are kept in memory; those used last.
KEPT, KEPT_ROWS = 3, 60_000_000
FORMATS = ("parquet", "fits", "vot", "ecsv", "csv")
#: How long what is being asked may take to stop [s].
LAST_WORDS = 10
#: What `explore.stars` is given for its rows to be counted in.
LIMITS = "scratch.main.limits"


@dataclass(frozen=True)
class Slider:
    """A cut that the page moves, its value in the workspace, and what `cuts.sql` says of it."""

    name: str
    group: str
    label: str
    low: float
    high: float
    step: float
    value: str
    published: str
    unit: str
    source: str


class Session:
    """The connection behind a page: read-only, confined to the workspace, with tables of its own in memory."""

    def __init__(self, path: str | Path):
        self.sky = existing_sky(path)
        self.closed = False
        self._lock = threading.RLock()
        self._at_work: set[duckdb.DuckDBPyConnection] = set()
        self._change = threading.Condition()
        self.folder = tempfile.TemporaryDirectory(prefix="candlesql-explore-")
        self.connection = open_sky(path, trust=True)
        self.connection.execute("attach ':memory:' as scratch")
        self.connection.execute("create schema scratch.mosaic")
        healpix.register(self.connection)
        confine(self.connection, self.sky, [self.folder.name])
        if not first_row(self.connection, "select 1 from red_clump.catalogue limit 1"):
            self.close()
            raise UserError(
                "red_clump.catalogue has no rows to look at; `candlesql run SKY red_clump` makes them",
                file=self.sky.root,
            )
        self.connection.execute(f"create table {LIMITS} as from explore.limits")
        self._tables: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def close(self) -> None:
        """Stop what is being asked, and let go of the workspace."""
        with self._change:
            self.closed = True
            for cursor in self._at_work:
                cursor.interrupt()
            self._change.wait_for(lambda: not self._at_work, timeout=LAST_WORDS)
            self.connection.close()
        self.folder.cleanup()

    def sliders(self) -> list[Slider]:
        """The cuts that the page moves."""
        cuts = files.cuts()
        with self._with({}) as cursor:
            own = dict(cursor.execute("select name, value from candlesql.cuts").fetchall())
        return [
            Slider(
                name, group, value=own.get(name, cuts[name].value), published=cuts[name].value, unit=cuts[name].unit,
                source=cuts[name].source, **entry,
            )
            for group, sliders in tomllib.loads(CUTS.read_text()).items()
            for name, entry in sliders.items()
        ]  # fmt: skip

    def axes(self) -> list[dict]:
        """Each axis of the page: its span, and what the column is."""
        with self._scratch() as cursor:
            limits = cursor.sql(f"from {LIMITS}").to_arrow_table().to_pylist()[0]
        with self._with({}) as cursor:
            about = {column.name: column for column in view_columns(cursor, "explore.limits")}
        return [
            {"name": name, **span, "unit": about[name].unit, "description": about[name].description}
            for name, span in limits.items()
        ]

    def pixels(self) -> list[list[float]]:
        """The corners of each HEALPix pixel of the map in the Hammer projection: x and y in turn."""
        grid = HEALPix(2**ORDER, order="nested")
        lon, lat = grid.boundaries_lonlat(np.arange(grid.npix), step=2)
        centre = grid.healpix_to_lonlat(np.arange(grid.npix))[0].deg[:, None]
        centre = np.where(centre > 180, centre - 360, centre)
        near = centre + (lon.deg - centre + 180) % 360 - 180
        corners = self._projected(near.ravel(), lat.deg.ravel())
        return [row.ravel().round(4).tolist() for row in corners.reshape(grid.npix, -1, 2)]

    def graticule(self) -> list[list[float]]:
        """Lines of Galactic longitude and latitude in the same projection."""
        along = np.linspace(-180, 180, 91)
        lines = [(along, np.full(91, b)) for b in (-60.0, -30.0, 0.0, 30.0, 60.0)]
        lines += [(np.full(91, float(l)), along / 2) for l in range(-180, 181, 60)]  # noqa: E741
        return [self._projected(*line).ravel().round(4).tolist() for line in lines]

    def _projected(self, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        with self._with({}) as cursor:
            cursor.register("places", pa.table({"lon": longitude, "lat": latitude}))
            query = "select sphere.hammer_x(lon, lat) as x, sphere.hammer_y(lon, lat) as y from places"
            found = cursor.execute(query).fetchnumpy()
            cursor.unregister("places")
        return np.column_stack([found["x"], found["y"]])

    def stars(self, cuts: Mapping[str, object]) -> str:
        """The name of the table of stars by these cuts, made if it is not there."""
        values = self._literals(cuts)
        name = f"stars_{hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:12]}"
        with self._lock:
            if name not in self._tables:
                shift = 2 * (healpix.ORDER - ORDER)
                with self._with(values) as cursor:
                    cursor.execute(
                        f"create table scratch.main.{name} as select * exclude (l, b), "
                        f"(healpix_29(l, b) >> {shift})::usmallint as healpix from explore.stars('{LIMITS}')"
                    )
            self._tables[name] = self._tables.pop(name, 0)
            for old in list(self._tables)[:-KEPT]:
                del self._tables[old]
                with self._scratch() as cursor:
                    cursor.execute(f"drop table {old}")
        return name

    def numbers(self, cuts: Mapping[str, object]) -> list[dict]:
        """What each tier is by these cuts: stars, contamination, completeness, and the labels they rest on."""
        return self._rows(cuts, "from explore.numbers order by tier")

    def curve(self, cuts: Mapping[str, object]) -> list[dict]:
        """Contamination against completeness of the labelled giants."""
        return self._rows(cuts, "from explore.curve order by method, labels, completeness")

    def command(self, cuts: Mapping[str, object]) -> str:
        """The command that moves the workspace's cuts to these."""
        own = {slider.name: slider.value for slider in self.sliders()}
        moved = {name: value for name, value in self._literals(cuts).items() if value != cut_literal(name, own[name])}
        options = "".join(f" --cut {name}={value}" for name, value in moved.items())
        return f"candlesql run {shlex.quote(str(self.sky.root))} red_clump{options}"

    def select(self, text: str) -> pa.Table:
        """The rows of a select over the session's tables and the workspace's views."""
        with self._scratch() as cursor:
            return cursor.sql(one_select(cursor, text)).to_arrow_table()

    def count_first(self, text: str) -> None:
        """Make the tables of counts that Mosaic asks for, once; old ones go where they are too many."""
        with self._lock, self._scratch() as cursor:
            for name, query in tables_of_counts(cursor, text).items():
                if name not in self._counts:
                    cursor.execute(f"create table mosaic.{name} as {query}")
                    (self._counts[name],) = first_row(cursor, f"select count(*) from mosaic.{name}")
                self._counts[name] = self._counts.pop(name)
            while sum(self._counts.values()) > KEPT_ROWS and len(self._counts) > 1:
                cursor.execute(f"drop table mosaic.{self._forgotten()}")

    def _forgotten(self) -> str:
        oldest = next(iter(self._counts))
        del self._counts[oldest]
        return oldest

    def export(self, cuts: Mapping[str, object], where: str, form: str) -> Path:
        """Write the selected rows of the catalogue to a file with units and provenance; its path.

        Raises
        ------
        UserError
            If the selection is no condition on the table of stars, none is selected, or the format is another.
        """
        if form not in FORMATS:
            raise UserError(f"format {form}: it is one of {', '.join(FORMATS)}")
        table = self.stars(cuts)
        chosen = f"select survey, source_id from scratch.main.{table} where ({where or 'true'}\n)"
        with self._with(self._literals(cuts)) as cursor:
            one_select(cursor, chosen)
            query = f"from red_clump.catalogue semi join ({chosen}) using (survey, source_id)"
            columns = view_columns(cursor, "red_clump.catalogue")
            fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
            if not first_row(cursor, f"select count(*) from ({query})")[0]:
                raise UserError("no star is selected")
            note = f"{provenance(cursor, 'red_clump.catalogue')}\nselected where {where or 'true'} ({self._steps()})"
            path = Path(tempfile.mkdtemp(dir=self.folder.name)) / f"red_clump_selected.{form}"
            write_file(cursor, f"select {fields} {query} order by survey, source_id", columns, note, path)
        return path

    def _steps(self) -> str:
        """What the numbers in a selection mean."""
        spans = ", ".join(f"{axis['name']} {axis['low']:g} to {axis['high']:g}" for axis in self.axes())
        return f"in 64ths of {spans}"

    def _rows(self, cuts: Mapping[str, object], query: str) -> list[dict]:
        with self._with(self._literals(cuts)) as cursor:
            rows = cursor.execute(query)
            names = [column[0] for column in rows.description or ()]
            return [dict(zip(names, map(plain, row), strict=True)) for row in rows.fetchall()]

    def _literals(self, cuts: Mapping[str, object]) -> dict[str, str]:
        """Each cut that the page moves as SQL, those given and the workspace's.

        Raises
        ------
        UserError
            For a cut that the page does not move, or a value that is none.
        """
        own = {slider.name: slider.value for slider in self.sliders()}
        for name in cuts:
            if name not in own:
                raise UserError(f"the page does not move the cut {name}")
        return {name: cut_literal(name, str(cuts.get(name, value))) for name, value in own.items()}

    @contextmanager
    def _with(self, literals: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the workspace's views with cuts of its own."""
        with self._cursor("sky") as cursor:
            for name, value in literals.items():
                cursor.execute(f"set variable {name} = {value}")
            yield cursor

    @contextmanager
    def _scratch(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the tables of the session."""
        with self._cursor("scratch") as cursor:
            yield cursor

    @contextmanager
    def _cursor(self, database: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of one thread's own, which `close` can stop.

        Raises
        ------
        ConnectionAbortedError
            If the session is closed, or is while the block runs.
        """
        with self._change:
            if self.closed:
                raise ConnectionAbortedError
            cursor = self.connection.cursor()
            self._at_work.add(cursor)
        try:
            cursor.execute(f"use {database}")
            look_below(cursor, self.sky.root)
            yield cursor
        except (duckdb.Error, RuntimeError):
            if self.closed:
                raise ConnectionAbortedError from None
            raise
        finally:
            with self._change:
                cursor.close()
                self._at_work.discard(cursor)
                self._change.notify_all()


def plain(value: object) -> object:
    """A value as JSON has it: decimals as floats, NaN as none."""
    if isinstance(value, Decimal):
        return float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
