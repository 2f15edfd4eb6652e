"""Which of a file's several tables is meant."""

from __future__ import annotations

from pathlib import Path

from ...errors import RefusedFile

MOST_NAMED = 8


def chosen(path: Path, tables: list[str], wanted: str) -> str:
    """The only table, or that with the name or the number `wanted`, from 1.

    Raises
    ------
    UserError
        If there is none, or several and none is asked for.
    """
    if not tables:
        raise RefusedFile("holds no table", file=path)
    if wanted:
        if wanted in tables:
            return wanted
        if wanted.isdigit() and 0 < int(wanted) <= len(tables):
            return tables[int(wanted) - 1]
        raise RefusedFile(f"holds no table {wanted}; it has {_listed(tables)}", file=path)
    if len(tables) > 1:
        raise RefusedFile(
            f"holds {len(tables)} tables: {_listed(tables)}; say which by number or name, as in '{path.name}[1]' or "
            f"'{path.name}[{tables[0]}]'",
            file=path,
        )
    return tables[0]


def _listed(tables: list[str]) -> str:
    return ", ".join(tables[:MOST_NAMED]) + (" …" if len(tables) > MOST_NAMED else "")
