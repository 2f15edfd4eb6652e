"""Plants one fault at a time in the package and counts those that no test notices.

    python tests/mutants/run.py [--seed N] [--number N] [--deep] [FOLDER | FILE …] [--seconds S] [--tests …]

Faults are drawn by seed from all that there are in the folders (`sql` unless given). Each is tried in a forked process
by the tests that read what it is in: of a fault in SQL those over small tables in memory, with `--deep` those with
workspaces too; of one in Python the cheapest, for so many seconds (`python_mutants.py`).
Prints each survivor, then the score by folder. Survivors of `equivalent.toml` change no result and do not count.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).resolve().parent
TESTS = HERE.parent

import candlesql  # noqa: E402
import numpy  # noqa: E402, F401 - imported once, for every mutant
import pytest  # noqa: E402
import python_mutants  # noqa: E402
import sql_mutants  # noqa: E402
from candlesql.tests.sql import tables  # noqa: E402
from planting import KILLED, SURVIVED, UNBOUND, Mutant, Planter  # noqa: E402

PACKAGE = Path(candlesql.__file__).parent
#: Tests of an installed package, in browsers and worker processes, in which no fault is planted; and those that train.
LEFT_OUT = {"test_package.py", "explore", "mutants", "scale", "soak", "training"}


def main() -> int:
    options = _options()
    known = {(e["file"], e["was"], e["becomes"]) for e in _equivalent()}
    paths = [path for given in options.where for path in _files(PACKAGE / given)]
    drawn = _draw(paths, options.seed, options.number)
    drawn = [m for m in drawn if (m.file, m.was, m.becomes) not in known]
    is_python = any(path.suffix == ".py" for path in paths)
    tests = options.tests or [str(TESTS / folder) for folder in _test_folders(paths, options.deep)]
    if is_python and not options.tests:
        tests += [str(path) for path in _other_tests(paths) if not any(path.is_relative_to(folder) for folder in tests)]
    quickly = drawn if is_python else _tried_quickly(drawn)
    if options.quick or not quickly:
        return _print_score(drawn, options.quick)
    planter = (
        python_mutants.LinePlanter(quickly, _tell, options.seconds)
        if is_python
        else Planter(quickly, options.deep, _tell)
    )
    if not is_python:
        tables.shared_database()  # forked processes have it at once
    code = pytest.main(["-q", "-p", "no:cacheprovider", *tests], plugins=[planter])
    if not planter.done:
        return int(code) or 1
    return _print_score(drawn)


def _tried_quickly(drawn: list[Mutant]) -> list[Mutant]:
    """Those that no case of a few rows notices."""
    for number, mutant in enumerate(drawn, start=1):
        mutant.outcome, mutant.tests = mutant.quick()
        print(f"{number} of {len(drawn)}", end="\r", flush=True)
    left = [mutant for mutant in drawn if mutant.outcome == SURVIVED]
    print(f"cases of a few rows notice {len(drawn) - len(left)} of {len(drawn)}", flush=True)
    return left


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("where", nargs="*", default=["sql"], help="folders or files of the package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=200, help="how many are drawn; 0: all")
    parser.add_argument("--quick", action="store_true", help="by the cases of a few rows alone")
    parser.add_argument(
        "--seconds", type=float, default=15.0, help="of the processor, for the tests of a fault in Python"
    )
    parser.add_argument("--tests", nargs="+", help="folders or files of tests to try, instead of those of the folders")
    parser.add_argument("--deep", action="store_true", help="tests with workspaces too")
    return parser.parse_args()


def _equivalent() -> list[dict[str, str]]:
    return tomllib.loads((HERE / "equivalent.toml").read_text())["mutants"]


def _files(place: Path) -> Iterable[Path]:
    if place.is_file():
        return [place]
    return sorted([*place.rglob("*.sql"), *([] if place.name == "sql" else place.rglob("*.py"))])


def _draw(paths: list[Path], seed: int, number: int) -> list[Mutant]:
    every = [
        make for path in paths for make in (sql_mutants if path.suffix == ".sql" else python_mutants).mutants_of(path)
    ]
    print(f"{len(every)} faults in {len(paths)} files", flush=True)
    return [make() for make in (random.Random(seed).sample(every, number) if 0 < number < len(every) else every)]


def _test_folders(paths: list[Path], deep: bool) -> set[str]:
    """Where the tests of these files are; a workspace's tests read every view."""
    rooms = {path.relative_to(PACKAGE).parts[0] for path in paths}
    return {room for room in rooms if (TESTS / room).exists()} | ({"report"} if deep and "sql" in rooms else set())


def _other_tests(paths: list[Path]) -> Iterable[Path]:
    """The tests of the whole, and those in other folders that import any of these modules."""
    modules = [".".join(["candlesql", *path.relative_to(PACKAGE).with_suffix("").parts]) for path in paths]
    named = [re.escape(name.removesuffix(".__init__")) for name in modules]
    apart = [rf"{re.escape(name.rpartition('.')[0])} import .*\b{name.rpartition('.')[2]}\b" for name in modules]
    imported = re.compile("|".join([*(rf"{name}\b" for name in named), *apart]))
    for path in sorted(TESTS.rglob("test_*.py")):
        folder = path.relative_to(TESTS).parts[0]
        if folder not in LEFT_OUT and (path.parent == TESTS or imported.search(path.read_text())):
            yield path


def _tell(mutant: Mutant) -> None:
    if mutant.outcome == SURVIVED:
        why = "" if mutant.tests else " (no test reads it)"
        print(f"{mutant.file}:{mutant.line} {mutant.kind}{why}\n  - {mutant.was}\n  + {mutant.becomes}", flush=True)


def _print_score(done: list[Mutant], tell: bool = False) -> int:
    for mutant in done if tell else ():
        _tell(mutant)
    counted: Counter[tuple[str, str]] = Counter()
    for mutant in done:
        for name in (str(Path(mutant.file).parent), "all"):
            counted[name, mutant.outcome] += 1
    print(f"\n{'folder':<24}{'faults':>8}{'noticed':>9}{'score':>8}   of which do not bind")
    for name in sorted({name for name, _ in counted}, key=lambda name: (name == "all", name)):
        noticed = counted[name, KILLED] + counted[name, UNBOUND]
        total = noticed + counted[name, SURVIVED]
        print(f"{name:<24}{total:>8}{noticed:>9}{noticed / total:>8.0%}   {counted[name, UNBOUND]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
