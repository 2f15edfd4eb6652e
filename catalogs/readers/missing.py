"""Values that stand for a missing one in text: what a file declares, and what everybody writes."""

from __future__ import annotations

import re

from ...workspace.query import quoted

NULLS = ["", "null", "NULL", "NaN", "nan", "NA", "N/A", "#N/A", "<NA>", "--"]
DASHES = re.compile("-+")


def unless_missing(value: str, declared: list[str]) -> str:
    """The SQL of a trimmed text, NULL where it is one of `NULLS` or a declared value: dashes by any number of them,
    numbers whatever their digits."""
    tests = [f"{value} in ({', '.join(quoted(text) for text in [*NULLS, *declared])})"]
    numbers = [number for text in declared if (number := _number(text)) is not None]
    if numbers:
        tests.append(f"try_cast({value} as double) in ({', '.join(map(repr, numbers))})")
    if any(DASHES.fullmatch(text) for text in declared):
        tests.append(f"regexp_full_match({value}, '-+')")
    return f"(case when not ({' or '.join(f'coalesce({test}, false)' for test in tests)}) then {value} end)"


def with_e(value: str, kind: str) -> str:
    """The SQL of a text whose exponents are written `E`, where Fortran's double precision has `D`."""
    return f"regexp_replace({value}, '^([-+0-9.]+)[dD]([-+]?[0-9]+)$', '\\1E\\2')" if kind == "DOUBLE" else value


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
