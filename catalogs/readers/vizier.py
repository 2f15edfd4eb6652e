"""VizieR's tab-separated form: under the names a line of units and one of dashes, before them a line a column."""

from __future__ import annotations

import re
from dataclasses import replace

from .source import FileColumn

RULE = re.compile(r"[-\t ]*-[-\t ]*")
#: "#Column\tplx\t(F8.4)\tParallax (1)\t[ucd=pos.parallax]"
SAID = re.compile(r"#Column\t(\S+)\t[^\t]*\t([^\t]*)(?:\t\[ucd=([^\]]*)\])?")


def rule_at(below: list[str]) -> int:
    """Where the line of dashes is among the first lines below the names; -1 where there is none."""
    return next((i for i, line in enumerate(below[:2]) if line.strip() and RULE.fullmatch(line)), -1)


def is_under(below: list[str], n_columns: int) -> bool:
    at = rule_at(below)
    return at >= 0 and below[at].count("\t") == n_columns - 1


def described(columns: dict[str, FileColumn], below: list[str], comments: list[str]) -> dict[str, FileColumn]:
    """The columns with their units, descriptions and UCDs."""
    units = below[0].split("\t") if rule_at(below) == 1 else []
    units += [""] * (len(columns) - len(units))
    said = {found[1]: found for line in comments if (found := SAID.match(line.rstrip("\r\n")))}
    made = {}
    for (name, column), unit in zip(columns.items(), units, strict=False):
        found = said.get(name)
        made[name] = replace(
            column,
            unit=unit.strip(),
            description=found[2].strip() if found else "",
            ucd=(found[3] or "").strip() if found else "",
        )
    return made


def rows(read_csv: str, columns: dict[str, FileColumn]) -> str:
    """The rows of a reading that fills what a line lacks with NULL, without the comments at the end; a line that lacks
    fields otherwise is an error."""
    first, last = (list(columns.values())[i].sql for i in (0, -1))
    whole = f"if({last} is null, error('a line has fewer fields than the header'), {last})"
    return (
        f"(select * replace ({whole} as {last}) from {read_csv} where not coalesce(starts_with({first}, '#'), false))"
    )
