"""Kills commands, mutates files, and prints what came of it.

    python tests/soak/soak.py [--minutes 5] [--seed 1]

A third of the time goes to commands killed at random moments (SIGKILL, SIGTERM or SIGINT), a third to commands that end
at each of their renames and removals in turn, a third to mutated files of every format. After each kill the workspace
must open, every product must be one that a command finished, the ledger must say the same as the files, and the command
must then give what it gives without a kill. The table is all that is claimed; exit code 1 if anything in it is wrong.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
from astropy.io.votable import from_table, writeto
from astropy.table import Table
from candlesql import UserError, open_sky
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.survey import load_survey
from candlesql.workspace.ledger import fingerprint

COMMANDS = {
    "ingest": ["ingest", "{sky}", "gaia_dr2", "{gaia}"],
    "match": ["match", "{sky}", "gaia_dr2", "twomass", "--radius", "2"],
    "score": ["score", "{sky}", "red_clump"],
    "run --cut": ["run", "{sky}", "red_clump", "--cut", "max_ruwe=1.2"],
}
#: Ends the process, as a kill would, at its n-th rename or removal.
HOOK = """
import os, sys
left = int(sys.argv.pop(1))
def counted(real):
    def call(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return real(*arguments, **options)
    return call
for name in ("replace", "rename", "link", "unlink", "rmdir", "remove"):
    setattr(os, name, counted(getattr(os, name)))
from candlesql.cli import main
main()
"""


class Soak:
    """A workspace to kill commands on, and the table of what came of it."""

    def __init__(self, folder: Path, seed: int):
        self.folder, self.rng = folder, random.Random(seed)
        self.table: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []
        self.start, self.gaia = folder / "start", folder / "gaia.parquet"
        run("demo", self.start, "--stars", "4000")
        rows = f"select * exclude (_healpix_29) from read_parquet(['{self.start}/catalogs/gaia_dr2.parquet'])"
        duckdb.sql(f"copy ({rows} where source_id % 10 <> 0) to '{self.gaia}' (format parquet)")
        self.before = facts(self.start)
        self.after: dict[str, dict[str, str]] = {}
        self.seconds: dict[str, float] = {}
        for name in COMMANDS:
            sky = self.fresh()
            began = time.time()
            run(*self.arguments(name, sky))
            self.seconds[name], self.after[name] = time.time() - began, facts(sky)

    def fresh(self) -> Path:
        sky = self.folder / "sky"
        shutil.rmtree(sky, ignore_errors=True)
        return Path(shutil.copytree(self.start, sky))

    def arguments(self, name: str, sky: Path) -> list[str]:
        return [text.format(sky=sky, gaia=self.gaia) for text in COMMANDS[name]]

    def judge(self, name: str, kind: str, sky: Path, said: str) -> None:
        """What stands there after a kill, and after the command is run once more."""
        self.table[kind, "done"] += 1
        try:
            found = facts(sky)
        except Exception as error:
            return self.note(kind, "does not open", f"{name}, {said}: {error}")
        for product in self.before.keys() | self.after[name].keys():
            known = {self.before.get(product), self.after[name].get(product)}
            if found.get(product) not in known:
                self.note(kind, "neither old nor new", f"{name}, {said}: {product} is {found.get(product)}")
        if name == "run --cut" and found not in (self.before, self.after[name]):
            self.note(kind, "cuts and products apart", f"{name}, {said}")
        if "ledger" in found:
            self.note(kind, "ledger and files apart", f"{name}, {said}: {found['ledger']}")
        left = [path.name for path in sky.iterdir() if path.name.startswith((".before", ".journal"))]
        if left:
            self.note(kind, "left lying", f"{name}, {said}: {left}")
        if self.rng.random() < 0.2:
            done = subprocess.run([*CLI, *self.arguments(name, sky)], capture_output=True, text=True)
            self.table[kind, "run again"] += 1
            if done.returncode or facts(sky) != self.after[name]:
                self.note(kind, "rerun differs", f"{name}, {said}: {done.stderr[-300:]}")

    def note(self, kind: str, what: str, said: str) -> None:
        self.table[kind, what.upper()] += 1
        self.wrong.append(f"{what}: {said}")

    def kill_at_random(self, until: float) -> None:
        while time.time() < until:
            name = self.rng.choice(list(COMMANDS))
            sky, after = self.fresh(), self.rng.uniform(0.3, 1.1) * self.seconds[name]
            number = self.rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            process = subprocess.Popen(
                [*CLI, *self.arguments(name, sky)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.send_signal(number)
            _, err = process.communicate()
            said = f"{number.name} after {after:.2f} s"
            if "Traceback" in err:
                self.note("random kills", "traceback", f"{name}, {said}: {err[-600:]}")
            if "unchanged" in err and facts(sky) != self.before:
                self.note("random kills", "'unchanged' was false", f"{name}, {said}")
            self.judge(name, "random kills", sky, said)

    def kill_at_steps(self, until: float) -> None:
        points = {name: 0 for name in COMMANDS}
        open_ = list(COMMANDS)
        while time.time() < until and open_:
            name = open_[0]
            sky = self.fresh()
            code = [sys.executable, "-c", HOOK, str(points[name]), *self.arguments(name, sky)]
            done = subprocess.run(code, capture_output=True, text=True)
            if done.returncode == 9:
                self.judge(name, "crash points", sky, f"step {points[name]}")
                points[name] += 1
                open_.append(open_.pop(0))
            else:
                self.table["crash points", f"{name}: all {points[name]} tried"] += 1
                open_.remove(name)

    def mutate(self, until: float) -> None:
        files = catalogs(self.folder / "formats")
        survey, content = load_survey("gaia_dr2"), {path: path.read_bytes() for path in files}
        while time.time() < until:
            path = self.rng.choice(files)
            made = path.with_name(f"mutant.{path.name.split('.', 1)[1]}")
            made.write_bytes(mutant(content[path], self.rng))
            kind, began = f"mutants {path.name}", time.time()
            try:
                ingest(survey, [made], self.folder / "formats" / "out.parquet")
                self.table[kind, "read"] += 1
            except UserError as error:
                self.table[kind, "refused"] += 1
                if "\n" in str(error):
                    self.note(kind, "two lines", str(error))
            except Exception:
                kept = self.folder / f"{len(self.wrong)}.{path.name}"
                shutil.copy(made, kept)
                self.note(kind, "traceback", f"{kept}: {traceback.format_exc(limit=-3)}")
            if time.time() - began > 30:
                self.note(kind, "slow", f"{time.time() - began:.0f} s")


CLI = [sys.executable, "-c", "from candlesql.cli import main; main()"]


def run(*arguments: object) -> None:
    subprocess.run([*CLI, *map(str, arguments)], check=True, capture_output=True)


def facts(sky: Path) -> dict[str, str]:
    """What a reader sees of each product: its rows' hash, what the ledger says of it, and the cuts."""
    found = {}
    with open_sky(sky) as connection:
        runs = connection.execute("select product, n_rows, cuts, files from candlesql.runs order by 1").fetchall()
        found["cuts"] = str(connection.execute("from candlesql.cuts order by all").fetchall())
        for product, n_rows, cuts, files in runs:
            rows, digest = connection.execute(
                f"select count(*), bit_xor(hash(t)) from (select columns(*)::varchar from {product}) as t"
            ).fetchall()[0]
            found[product] = f"{rows} {digest} {hash(cuts)}"
            for name, (_, stated) in json.loads(files or "{}").items():
                if not (sky / name).is_file() or fingerprint(sky / name) != stated:
                    found["ledger"] = f"{name} is not what was written for {product}"
            if rows != n_rows and product != "red_clump.baseline":
                found["ledger"] = f"{product} has {rows} rows, the ledger says {n_rows}"
    return found


def catalogs(folder: Path) -> list[Path]:
    """The same fifty stars in every format."""
    folder.mkdir()
    rng, n = np.random.default_rng(1), 50
    stars = Table({"source_id": np.arange(1, n + 1), "ra": rng.uniform(0, 360, n), "dec": rng.uniform(-90, 90, n)})
    stars["parallax"], stars["parallax_error"] = rng.normal(1, 1, n), rng.uniform(0.1, 1, n)
    stars["phot_g_mean_mag"] = rng.uniform(8, 18, n)
    stars["note"] = [f"star {i}" for i in range(n)]
    for name, unit in (("ra", "deg"), ("dec", "deg"), ("parallax", "mas"), ("phot_g_mean_mag", "mag")):
        stars[name].unit = unit
    for name in ("a.fits", "a.ecsv", "a.csv", "a.vot", "a.parquet"):
        stars.write(folder / name, **({"format": "votable"} if name == "a.vot" else {}))
    stars.write(folder / "a.mrt", format="ascii.mrt")
    for name in ("binary", "binary2"):
        votable = from_table(stars)
        votable.set_all_tables_format(name)
        writeto(votable, str(folder / f"{name}.vot"))
    duckdb.sql(f"copy (from '{folder}/a.parquet') to '{folder}/plain.parquet' (compression uncompressed)")
    for name in ("a.fits", "a.ecsv", "a.csv", "a.vot"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    return sorted(folder.iterdir())


def mutant(content: bytes, rng: random.Random) -> bytes:
    """Bits, bytes or a stretch changed, the end cut off, a part doubled, or a letter of the header exchanged."""
    data, place = bytearray(content), rng.randrange(len(content))
    kind = rng.randrange(6)
    if kind == 0:
        for _ in range(rng.choice([1, 1, 2, 8])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del data[place:]
    elif kind == 2:
        data[place : place + rng.randrange(1, 50)] = rng.randbytes(rng.randrange(50))
    elif kind == 3:
        data[place:place] = data[place : place + rng.randrange(1, 2000)]
    elif kind == 4:
        for _ in range(rng.choice([1, 3])):
            data[rng.randrange(len(data))] = rng.randrange(256)
    else:
        data[rng.randrange(min(len(data), 3000))] = rng.choice(b"0123456789-'\"<>&,;:[]{} ")
    return bytes(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp(prefix="candlesql-soak-"))
    soak, share = Soak(folder, options.seed), 20 * options.minutes
    print(f"seconds without a kill: {', '.join(f'{n} {s:.1f}' for n, s in soak.seconds.items())}", flush=True)
    for work in (soak.kill_at_random, soak.kill_at_steps, soak.mutate):
        work(time.time() + share)
    for (kind, what), n in sorted(soak.table.items()):
        print(f"{kind:<26} {what:<40} {n:>7,}")
    for said in soak.wrong:
        print(said)
    if soak.wrong:
        print(f"{len(soak.wrong)} wrong; the folder stays: {folder}")
        raise SystemExit(1)
    shutil.rmtree(folder)
    print("nothing wrong")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
