"""Rows as a person reads them: a table, or a line a value; doubles rounded, nothing that a terminal would obey."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from rich.cells import cell_len

from ...errors import UserError

#: Rows that are fetched to be shown; of more it is said that there are more.
LIMIT = 10_000
#: Significant digits of a displayed double, and the decimals that it has at least: an angle in degrees to 0.4 arcsec.
DIGITS, DECIMALS = 7, 4
#: A FLOAT is told from its neighbours by so many digits.
SINGLE = 9
#: Where a text is wrapped, its column has so much room at least.
NARROW = 20
#: Types whose values DuckDB gives to Python by a package that is not needed otherwise; they are shown as DuckDB writes
#: them.
ZONED = "timestamp with time zone"
EXPLAIN = ["explain_key", "explain_value"]


@dataclass(frozen=True)
class Rows:
    """The rows of a result, the first `LIMIT` of them; `more` says that there are others."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[object, ...]]
    more: bool = False

    @property
    def count(self) -> str:
        if self.more:
            return f"more than {LIMIT:,} rows"
        return f"{len(self.rows):,} row{'s' * (len(self.rows) != 1)}"


def fetched(relation: duckdb.DuckDBPyRelation) -> Rows:
    """The rows of a statement."""
    types = [str(kind).lower() for kind in relation.types]
    shown = relation.limit(LIMIT + 1)
    if any(ZONED in kind for kind in types):
        parts = [f"#{n}::varchar" if ZONED in kind else f"#{n}" for n, kind in enumerate(types, 1)]
        shown = shown.project(", ".join(parts))
    rows = shown.fetchall()
    return Rows(relation.columns, types, rows[:LIMIT], len(rows) > LIMIT)


def rows_of(names: Sequence[str], rows: list[tuple]) -> Rows:
    """Rows that a command says, without types."""
    return Rows(list(names), [], rows)


def listed(names: Sequence[str], word: str, rows: list[tuple]) -> Rows:
    """The rows whose first column holds a word, else those that hold it anywhere.

    Raises
    ------
    UserError
        If none does.
    """
    low = word.lower().strip("%*")
    found = [row for row in rows if low in row[0].lower()] or [r for r in rows if low in " ".join(map(str, r)).lower()]
    if not found:
        raise UserError(f"nothing here holds {word!r}", value=word)
    return rows_of(names, found)


def as_table(found: Rows, digits: int | None = DIGITS, width: int | None = None, height: int = LIMIT) -> str:
    """A box of rows under names and types, and what there is beside them.

    Parameters
    ----------
    found
        What is shown.
    digits
        Significant digits of doubles; None for all of them.
    width
        Columns of the terminal: a list's texts are wrapped, columns of a result that do not fit are left out and
        counted. None for no end.
    height
        The most rows.
    """
    if found.columns == EXPLAIN:
        return "\n".join(_plain(line) for row in found.rows for line in str(row[1]).splitlines())
    heads = [[_plain(name) for name in found.columns]]
    if found.types:
        heads.append([_short(kind) for kind in found.types])
    shown = [_texts(found, row, digits) for row in found.rows[:height]]
    n_rows = len(shown)
    if width and not found.types:
        shown = _wrapped(heads[0], shown, width)
    widths = [max(map(cell_len, column)) for column in zip(*heads, *shown, strict=True)]
    n = _fitting(widths, width)
    right = [_is_number(kind) for kind in found.types] or [False] * n
    rules = ["─" * (size + 2) for size in widths[:n]]
    box = [
        f"┌{'┬'.join(rules)}┐",
        *(_line(row, widths[:n], [False] * n) for row in heads),
        f"├{'┼'.join(rules)}┤",
        *(_line(row, widths[:n], right) for row in shown),
        f"└{'┴'.join(rules)}┘",
    ]
    return "\n".join([*box, _footer(found, n_rows, n)])


def as_lines(found: Rows, digits: int | None = DIGITS, height: int = LIMIT) -> str:
    """A line a value, rows apart by an empty line."""
    if found.columns == EXPLAIN:
        return as_table(found)
    names = [_plain(name) for name in found.columns]
    size = max(map(cell_len, names))
    blocks = [
        "\n".join(f"{_padded(name, size, True)} = {text}" for name, text in zip(names, texts, strict=True))
        for texts in (_texts(found, row, digits) for row in found.rows[:height])
    ]
    return "\n\n".join([*blocks, _footer(found, min(len(found.rows), height), len(names))])


def text_of(value: object, digits: int | None = None) -> str:
    """A value as DuckDB writes it, doubles rounded to significant digits."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _number(value, digits)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_plain(str(key))}: {text_of(part, digits)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(text_of(part, digits) for part in value) + "]"
    return _plain(value.hex() if isinstance(value, bytes) else str(value))


def _texts(found: Rows, row: Sequence[object], digits: int | None) -> list[str]:
    kinds = found.types or [""] * len(row)
    return [
        text_of(value, SINGLE if kind == "float" and digits is None else digits)
        for value, kind in zip(row, kinds, strict=True)
    ]


def _number(value: float, digits: int | None) -> str:
    if digits is None or value == 0 or not math.isfinite(value):
        return repr(value)
    return repr(round(value, max(digits - 1 - math.floor(math.log10(abs(value))), DECIMALS)))


def _plain(text: str) -> str:
    """Text on one line, without what would move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _short(kind: str) -> str:
    return kind if len(kind) <= 16 else f"{kind.split('(')[0].split('[')[0]}…"


def _is_number(kind: str) -> bool:
    return kind.startswith(("decimal", "double", "float")) or kind.endswith(("int", "integer"))


def _wrapped(head: list[str], rows: list[list[str]], width: int) -> list[list[str]]:
    """The rows with the text of their last column over several lines, so that they fit."""
    used = sum(max(map(cell_len, column)) + 3 for column in list(zip(head, *rows, strict=True))[:-1]) + 4
    lines = []
    for *first, last in rows:
        parts = textwrap.wrap(last, max(width - used, NARROW)) or [""]
        lines += [[*first, parts[0]], *([*[""] * len(first), part] for part in parts[1:])]
    return lines


def _fitting(widths: list[int], width: int | None) -> int:
    """How many columns, from the left, a terminal has room for; one at least."""
    if width is None:
        return len(widths)
    used, n = 1, 0
    for size in widths:
        used += size + 3
        if used > width:
            break
        n += 1
    return max(n, 1)


def _line(texts: list[str], widths: list[int], right: list[bool]) -> str:
    """The first texts of a row, as many as there are widths."""
    padded = (_padded(text, size, on_right) for text, size, on_right in zip(texts, widths, right, strict=False))
    return f"│ {' │ '.join(padded)} │"


def _padded(text: str, size: int, right: bool) -> str:
    space = " " * (size - cell_len(text))
    return space + text if right else text + space


def _footer(found: Rows, n_rows: int, n_columns: int) -> str:
    parts = [found.count if n_rows == len(found.rows) and not found.more else f"{found.count}, {n_rows:,} shown"]
    if n_columns < len(found.columns):
        parts.append(f"{n_columns} of {len(found.columns)} columns fit")
    return f"({'; '.join(parts)})"
