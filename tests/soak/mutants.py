"""Damaged files of every format: each is refused in one line, or read as astropy reads it.

A process of its own reads one mutant after the other, and another takes its place where it dies or stands still.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
from candlesql.catalogs.survey import Survey
from table import Tally

#: Seconds after which a mutant counts as a hang, and megabytes of memory that none may make a process take.
SLOW, MEMORY = 60, 1000
NUMBERS = {"ra": "deg", "dec": "deg", "parallax": "mas", "parallax_error": "mas", "phot_g_mean_mag": "mag"}
#: A magnitude that no star has; surveys write it where there is none.
IMPOSSIBLE = 90
#: By name of the file, the format by which astropy reads it.
ASTROPY = {
    ".fits": "fits",
    ".ecsv": "ascii.ecsv",
    ".csv": "ascii.csv",
    ".tsv": "ascii.tab",
    ".vot": "votable",
    ".parquet": "parquet",
    ".mrt": "ascii.mrt",
    ".tbl": "ascii.ipac",
    ".h5": "hdf5",
}


def tried(tally: Tally, skies: object, folder: Path, seed: int, until: float, most: int) -> None:
    catalogs(folder / "formats")
    number, peak = 0, 0
    while time.time() < until and number < most:
        child = subprocess.Popen(
            [sys.executable, __file__, str(folder), str(seed), str(number), str(until), str(most)],
            stdout=subprocess.PIPE,
        )
        assert child.stdout
        while True:
            ready, _, _ = select.select([child.stdout], [], [], SLOW)
            line = child.stdout.readline() if ready else b""
            if not line:
                break
            said = json.loads(line)
            number, peak = said["number"] + 1, max(peak, said["mb"])
            tally.add("mutants", said["name"], said["outcome"])
            if said["fault"]:
                tally.fault("mutants", said["name"], *said["fault"])
        if not ready:
            child.kill()
        code = child.wait()
        if code != 0:
            what = "hang" if not ready else f"died with {code}"
            tally.fault("mutants", "all", what, str(_kept(folder, number)))
            number += 1
    tally.add("mutants", "most memory of a process", f"{peak} MB")
    if peak > MEMORY:
        tally.fault("mutants", "all", "memory", f"{peak} MB")


def _kept(folder: Path, number: int) -> Path:
    """A copy of the mutant that is at hand."""
    made = next((folder / "formats").glob("mutant.*"))
    return Path(shutil.copy(made, folder / f"{number}.{made.name}"))


def _try_all(folder: Path, seed: int, number: int, until: float, most: int) -> None:
    from candlesql.catalogs.survey import load_survey

    formats, survey = folder / "formats", load_survey("gaia_dr2")
    files = sorted(path for path in formats.iterdir() if not path.name.startswith(("mutant.", "out.", ".")))
    content = {path: path.read_bytes() for path in files}
    while time.time() < until and number < most:
        rng = random.Random(f"{seed} {number}")
        path = rng.choice(files)
        for old in formats.glob("mutant.*"):
            old.unlink()
        made = path.with_name(f"mutant.{path.name.split('.', 1)[1]}")
        made.write_bytes(damaged(content[path], path.suffix == ".gz", rng))
        outcome, fault = _outcome(survey, made, formats / "out.parquet")
        if fault:
            fault = fault[0], f"{_kept(folder, number)}: {fault[1]}"
        mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        said = {"number": number, "name": path.name, "outcome": outcome, "fault": fault, "mb": mb}
        print(json.dumps(said), flush=True)
        number += 1


def _outcome(survey: Survey, made: Path, target: Path) -> tuple[str, tuple[str, str] | None]:
    from candlesql import UserError
    from candlesql.catalogs.prepare import ingest

    target.unlink(missing_ok=True)
    try:
        ingest(survey, [made], target)
    except UserError as error:
        return "refused", ("two lines", str(error)) if "\n" in str(error) else None
    except Exception:
        return "traceback", ("traceback", traceback.format_exc(limit=-4))
    theirs = by_astropy(made)
    if theirs is None:
        return "read, astropy refuses", None
    differs = difference(rows_of(target), theirs)
    return ("read, not as astropy", ("unlike astropy", differs)) if differs else ("read as astropy", None)


def rows_of(file: Path) -> list[tuple]:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(f"select source_id, {', '.join(NUMBERS)} from '{file}' order by 1").fetchall()


def by_astropy(made: Path) -> list[tuple] | None:
    """The rows as astropy reads them, in our units, by identifier; None where it does not read the file (of some sizes
    in a packed FITS header it never comes back), or where it takes a column for text."""
    from astropy import units
    from astropy.table import Table

    form = ASTROPY.get(next((s for s in reversed(made.suffixes) if s != ".gz"), ""))
    if form is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.alarm(SLOW // 3)
        try:
            table = Table.read(made, format=form)
            columns = {name.lower(): table[name] for name in table.colnames}
            found: list[list] = [[int(x) for x in columns["source_id"]]]
            for name, unit in NUMBERS.items():
                column = columns[name]
                values = np.ma.filled(np.ma.asarray(column).astype(float), math.nan)
                if column.unit not in (None, units.Unit(unit)):
                    values = (values * column.unit).to_value(unit)
                known = np.isfinite(values) & ((np.abs(values) < IMPOSSIBLE) if unit == "mag" else True)
                found.append([float(x) if there else None for x, there in zip(values, known, strict=True)])
        except (Exception, KeyboardInterrupt):
            return None
        finally:
            signal.alarm(0)
    return sorted(zip(*found, strict=True), key=lambda row: row[0])


def difference(ours: list[tuple], theirs: list[tuple]) -> str:
    """The first difference, beyond what single precision rounds; empty where there is none."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows for {len(theirs)}"
    for one, other in zip(ours, theirs, strict=True):
        for name, a, b in zip(("source_id", *NUMBERS), one, other, strict=True):
            both = a is not None and b is not None
            if a != b and not (both and name != "source_id" and math.isclose(a, b, rel_tol=3e-7, abs_tol=1e-40)):
                return f"{name} of {one[0]} is {a} for {b}"
    return ""


def catalogs(folder: Path) -> None:
    """The same fifty stars in every format."""
    import duckdb
    from astropy.io.votable import from_table, writeto
    from astropy.table import Table

    folder.mkdir()
    rng, n = np.random.default_rng(1), 50
    stars = Table({"source_id": np.arange(1, n + 1), "ra": rng.uniform(0, 360, n), "dec": rng.uniform(-90, 90, n)})
    stars["parallax"], stars["parallax_error"] = rng.normal(1, 1, n), rng.uniform(0.1, 1, n)
    stars["phot_g_mean_mag"] = rng.uniform(8, 18, n)
    stars["note"] = [f"star {i}" for i in range(n)]
    for name, unit in NUMBERS.items():
        stars[name].unit = unit
    for suffix, form in ASTROPY.items():
        options = {"path": "stars"} if form == "hdf5" else {}
        stars.write(folder / f"a{suffix}", format=form, **options)
    for name in ("binary", "binary2"):
        votable = from_table(stars)
        votable.set_all_tables_format(name)
        writeto(votable, str(folder / f"{name}.vot"))
    source = f"from read_parquet('{folder}/a.parquet')"
    duckdb.sql(f"copy ({source}) to '{folder}/plain.parquet' (compression uncompressed)")
    duckdb.sql(f"copy ({source}) to '{folder}/zstd.parquet' (compression zstd, parquet_version 'v2')")
    duckdb.sql(f"copy ({source}) to '{folder}/a.jsonl' (format json)")
    for name in ("a.fits", "a.ecsv", "a.csv", "a.vot"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes(), mtime=0))
    others(folder)


def others(folder: Path) -> None:
    """The formats that astropy does not read."""
    import sqlite3
    import zipfile

    import pyarrow.feather
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(folder / "a.parquet")
    pyarrow.feather.write_feather(table, str(folder / "a.feather"))
    names = ("source_id", *NUMBERS)
    rows = [tuple(row[name] for name in names) for row in table.to_pylist()]
    with sqlite3.connect(folder / "a.sqlite") as connection:
        connection.execute(f"create table stars ({', '.join(names)})")
        connection.executemany(f"insert into stars values ({', '.join('?' * len(names))})", rows)
    connection.close()
    with zipfile.ZipFile(folder / "a.csv.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(folder / "a.csv", "a.csv")


def damaged(content: bytes, is_packed: bool, rng: random.Random) -> bytes:
    """A mutant; of what is packed mostly of what is in it, since a checksum tells most of the others."""
    if is_packed and rng.random() < 0.8:
        return gzip.compress(mutant(gzip.decompress(content), rng), 1, mtime=0)
    return mutant(content, rng)


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


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    _try_all(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
