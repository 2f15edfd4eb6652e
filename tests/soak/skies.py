"""Workspaces to be killed, the commands that write to them, and what a reader then sees."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from astropy.io import fits
from candlesql import open_sky
from candlesql.sql.open import writing
from candlesql.workspace.change import digest_of
from candlesql.workspace.ledger import fingerprint

CLI = [sys.executable, str(Path(__file__).with_name("command.py"))]
#: What Python starts no threads with, which a forked process would lack.
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
Facts = dict[str, str]
#: What may lie in a workspace, under a name that listings hide, after the next command that writes.
MAY_LIE = (".lock", ".demo")
#: From which the same command goes on where it was killed.
GOES_ON = (".fetch", "scores/.parts", "catalogs/.gaia_dr2.ingest", "scale")


@dataclass
class Command:
    """A command that writes: its arguments, the workspace that it starts from, and whether it is all or nothing and
    whether other processes do the work.
    """

    name: str
    arguments: list[str]
    start: str = "demo"
    whole: bool = False
    by_workers: bool = False
    before: Facts = field(default_factory=dict)
    after: Facts = field(default_factory=dict)
    #: CPU and wall time when nothing happens.
    seconds: float = 0.0
    wall: float = 0.0


COMMANDS = [
    Command("ingest", ["ingest", "{sky}", "gaia_dr2", "{files}/gaia.parquet"]),
    Command("ingest two", ["ingest", "{sky}", "gaia_dr2", "{files}/one.parquet", "{files}/two.csv"]),
    Command("ingest own", ["ingest", "{sky}", "{files}/own.toml", "{files}/own.csv"]),
    Command("ingest first", ["ingest", "{sky}", "gaia_dr2", "{files}/gaia.parquet"], start=""),
    Command("fetch", ["fetch", "{sky}", "gaia_dr2", "--cone", "{cone}", "--hats", "{files}/gaia.hats"]),
    Command("match", ["match", "{sky}", "gaia_dr2", "twomass", "--radius", "2", "--statistics"]),
    Command("score", ["score", "{sky}", "red_clump"]),
    Command("run", ["run", "{sky}", "red_clump"], start="stale"),
    Command("run --cut", ["run", "{sky}", "red_clump", "--cut", "max_ruwe=1.2"], whole=True),
    Command("run photometry", ["run", "{sky}", "photometry"]),
    Command(
        "run --workers", ["run", "{sky}", "red_clump", "--workers", "2"], start="placed", whole=True, by_workers=True
    ),
    Command("cuts --unset", ["cuts", "{sky}", "--unset", "max_ruwe"], start="moved", whole=True),
    Command("region", ["region", "{sky}", "kepler", "{files}/moc.json"], whole=True),
    Command("spectra", ["spectra", "{sky}", "{files}/spectra"], whole=True),
    Command("synphot", ["synphot", "{sky}", "{files}/a.txt", "{files}/b.txt", "--change-cn", "-0.8"], whole=True),
    Command("mock-apogee", ["mock-apogee", "{sky}", "--stars", "1000"], start="apogee"),
    Command("demo", ["demo", "{sky}", "--stars", "2000", "--seed", "3"], start=""),
    Command("demo again", ["demo", "{sky}", "--stars", "2000", "--seed", "3", "--overwrite"]),
    Command("report", ["report", "{sky}"], whole=True),
    Command("export", ["export", "{sky}", "red_clump.catalogue", "{sky}/out.fits"], whole=True),
    Command("map", ["map", "{sky}", "red_clump.catalogue", "{sky}/out.fits"], whole=True),
    Command("join", ["join", "{sky}", "{files}/one.parquet", "{sky}/out.parquet", "--on", "source_id"], whole=True),
]


class Server:
    """Commands in forked processes of one that has imported everything."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [*CLI, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | ALONE
        )

    def run(self, arguments: list[str], folder: Path, **told: object) -> Ended:
        """Run a command to its end, and end what it left running.

        Parameters
        ----------
        told
            `after` [s], of wall time if `by_wall`, and the `signal` that ends it then; or `sky` and the folder `points`
            for its states.
        """
        said = folder / "said"
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"arguments": arguments, "said": str(said), **told}) + "\n")
        self.process.stdin.flush()
        ended = json.loads(self.process.stdout.readline())
        end_group(ended["pid"])
        return Ended(ended["code"], ended["cpu"], said.read_text(errors="replace"))

    def close(self) -> None:
        self.process.communicate()


@dataclass
class Ended:
    """How a command ended: exit code or minus the signal, CPU seconds, and what it said."""

    code: int
    seconds: float
    said: str


def end_group(pid: int) -> None:
    """End what a killed command has left running of its own."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class Skies:
    """The workspaces that commands start from, each made once, and the files that they are given."""

    def __init__(self, folder: Path):
        self.folder, self.files = folder, folder / "files"
        self.known: dict[str, Facts] = {}
        self.files.mkdir(parents=True)
        self.server = Server()
        demo = folder / "demo"
        run("demo", demo, "--stars", "2000")
        stars = f"select * exclude (_healpix_29) from read_parquet('{demo}/catalogs/gaia_dr2.parquet')"
        for name, test, form in (
            ("gaia.parquet", "true", "parquet"),
            ("one.parquet", "source_id % 2 = 0", "parquet"),
            ("two.csv", "source_id % 2 = 1", "csv"),
        ):
            duckdb.sql(f"copy ({stars} where source_id % 10 <> 0 and {test}) to '{self.files}/{name}' (format {form})")
        (self.files / "own.csv").write_text("name,ra,dec,mag\na,10,20,3.5\nb,11,21,4.5\n")
        (self.files / "own.toml").write_text(OWN)
        (self.files / "moc.json").write_text('{"5": [1, 2, 700], "6": [4711]}')
        for name, slope in (("a.txt", 0.0), ("b.txt", 1e-6)):
            np.savetxt(self.files / name, [(x, 1e-14 * (1 + slope * x)) for x in np.arange(3000.0, 60000.0, 50.0)])
        self._spectra()
        self._parquet_only(demo)
        run("export", demo, "staging.gaia_dr2", self.files / "gaia.hats")
        placed = shutil.copytree(demo, folder / "placed")  # so few stars of a file are scored without workers
        (placed / "catalogs" / "gaia_dr2.parquet").unlink()
        shutil.copytree(self.files / "gaia.hats", placed / "catalogs" / "gaia_dr2.hats")
        with open_sky(placed, read_only=False) as sky:
            sky.execute("delete from candlesql.runs where product = 'staging.gaia_dr2'")
        stale = shutil.copytree(demo, folder / "stale")
        run("ingest", stale, "gaia_dr2", self.files / "gaia.parquet")
        moved = shutil.copytree(demo, folder / "moved")
        run("run", moved, "red_clump", "--cut", "max_ruwe=1.2")
        run("mock-apogee", folder / "apogee", "--stars", "1000", "--seed", "2")

    def _parquet_only(self, demo: Path) -> None:
        with open_sky(demo) as sky:
            ra, dec = sky.execute('select ra, "dec" from staging.gaia_dr2 order by source_id limit 1').fetchall()[0]
        self.cone = f"{ra},{dec},20"

    def _spectra(self) -> None:
        (self.files / "spectra").mkdir()
        rng = np.random.default_rng(1)
        for star in range(8):
            header = fits.Header({"OBJID": f"2M0000000{star}+0000000", "CRVAL1": 4.179, "CDELT1": 6e-6})
            flux = 1 - 0.02 * rng.random(8575)
            hdus = [fits.PrimaryHDU(header=header)]
            for values in (flux, np.full(8575, 0.01), flux):
                hdus.append(fits.ImageHDU(values.astype(np.float32), header))
            fits.HDUList(hdus).writeto(self.files / "spectra" / f"aspcapStar-{star}.fits")

    def fresh(self, command: Command, sky: Path) -> Path:
        shutil.rmtree(sky, ignore_errors=True)
        if command.start:
            shutil.copytree(self.folder / command.start, sky)
        return sky

    def arguments(self, command: Command, sky: Path) -> list[str]:
        return [text.format(sky=sky, files=self.files, cone=self.cone) for text in command.arguments]

    def measured(self, command: Command, sky: Path, points: Path | None = None) -> bool:
        """Whether a command can run here; then with what it makes of its workspace when nothing happens, and the states
        of the disk on the way in the folder `points`."""
        self.fresh(command, sky)
        command.before = self._facts_of(command.start)
        told = {"sky": str(sky), "points": str(points)} if points else {}
        began = time.monotonic()
        ended = self.server.run(self.arguments(command, sky), self.folder, **told)
        command.seconds, command.wall = ended.seconds, time.monotonic() - began
        if ended.code:
            print(f"{command.name} is left out: {ended.said[-300:]}", flush=True)
            return False
        command.after = self.seen(sky)
        return True

    def again(self, command: Command, sky: Path) -> str:
        """Run a command once more; returns what it said."""
        return self.server.run(self.arguments(command, sky), self.folder).said[-300:]

    def seen(self, sky: Path) -> Facts:
        """What a reader sees of a workspace, once it is opened and so mended; of the same files it is asked once."""
        if not (sky / "sky.duckdb").exists():
            return {}
        open_sky(sky).close()
        shown = [path for path in sorted(sky.rglob("[!.]*")) if path.is_file()]
        key = str(sky) + "".join(f"{path.relative_to(sky)} {digest_of(path)} " for path in shown)
        if key not in self.known:
            self.known[key] = facts(sky)
        return self.known[key]

    def _facts_of(self, start: str) -> Facts:
        return self.seen(self.folder / start) if start else {}

    def judge(
        self, command: Command, sky: Path, again: Callable[[], str] | None = None, sweeps: bool = True
    ) -> list[tuple[str, str]]:
        """What is wrong with a workspace after a kill, in words.

        `again` runs the command once more, and says what it said; `sweeps` whether to look what the next command
        leaves.
        """
        wrong = []
        if (sky / "sky.duckdb").exists():
            try:
                found = self.seen(sky)
            except Exception as error:
                return [("does not open", f"{type(error).__name__}: {error}")]
            wrong += differing(command, found)
            if sweeps:
                with writing(sky):
                    pass
                if left := [name for name in hidden(sky) if not name.startswith(GOES_ON)]:
                    wrong.append(("left lying", ", ".join(left)))
        elif command.start:
            wrong.append(("database gone", ""))
        if again:
            said = again()
            try:
                found = self.seen(sky)
            except Exception as error:
                found = {"error": str(error)}
            if found != command.after:
                differ = sorted(k for k in found.keys() | command.after.keys() if found.get(k) != command.after.get(k))
                wrong.append(("rerun differs", f"{differ}; {said}"))
            if hidden(sky):
                wrong.append(("left lying after a rerun", ", ".join(hidden(sky))))
        return wrong


def differing(command: Command, found: Facts) -> list[tuple[str, str]]:
    """What a reader sees that is neither as before the command nor as after it."""
    wrong = []
    for product in sorted(found.keys() | command.before.keys() | command.after.keys()):
        if found.get(product) not in (command.before.get(product), command.after.get(product)):
            wrong.append(("neither old nor new", f"{product} is {found.get(product)}"))
    if command.whole and found not in (command.before, command.after):
        wrong.append(("not whole", str({k for k in found if found[k] != command.before.get(k)})))
    if "ledger" in found:
        wrong.append(("ledger and files apart", found["ledger"]))
    return wrong


def run(*arguments: object) -> None:
    done = subprocess.run([*CLI, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{arguments}: {done.stderr}")


def facts(sky: Path) -> Facts:
    """What a reader sees of each product: its rows' hash, what the ledger says of it, regions, cuts, written files."""
    found = {}
    with open_sky(sky) as connection:
        runs = connection.execute("select product, n_rows, cuts, files from candlesql.runs order by 1").fetchall()
        found["cuts"] = str(connection.execute("from candlesql.cuts order by all").fetchall())
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name = 'region'"
        ).fetchall()
        for (name,) in tables:
            found[name] = _content(connection, name)
        for product, n_rows, cuts, files in runs:
            try:
                found[product] = f"{_content(connection, product)} {len(cuts)} {sum(map(ord, cuts))}"
            except duckdb.CatalogException:
                found[product] = f"{n_rows} as the ledger says"
                continue
            for name, (_, stated) in json.loads(files or "{}").items():
                if not (sky / name).is_file() or fingerprint(sky / name) != stated:
                    found["ledger"] = f"{name} is not what was written for {product}"
            rows = int(found[product].split()[0])
            if rows != n_rows and product != "red_clump.baseline":
                found["ledger"] = f"{product} has {rows} rows, the ledger says {n_rows}"
    for name in ("report", "out.fits", "out.parquet"):
        if (sky / name).is_file() or any((sky / name).glob("*")):
            found[name] = _written(sky / name)
    return found


def _content(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    rows, digest = connection.execute(
        f"select count(*), bit_xor(hash(t)) from (select columns(*)::varchar from {name}) as t"
    ).fetchall()[0]
    return f"{rows} {digest}"


def _written(path: Path) -> str:
    """Files by size, since headers have dates and pictures have versions in them."""
    if path.is_dir():
        return f"{len(list(path.iterdir()))} files"
    return str(path.stat().st_size)


def hidden(sky: Path) -> list[str]:
    found = [*sky.glob(".*"), *sky.glob("*/.*")]
    return sorted(str(path.relative_to(sky)) for path in found if path.name not in MAY_LIE)


OWN = """
title = "Stars of mine"
citation = "none"
id = "name"
ra = "ra"
dec = "dec"

[columns]
name = { type = "VARCHAR" }
ra = { type = "DOUBLE", unit = "deg" }
dec = { type = "DOUBLE", unit = "deg" }
mag = { type = "DOUBLE", unit = "mag" }
"""

os.environ.update(ALONE)
