"""What a column's values are, as they have to be known before a format can hold them; the rest is refused by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import duckdb

from ...errors import RefusedFile
from ...udfs.names import identifier
from ...workspace.query import first_row
from ..survey import Column

SIGNED = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
UNSIGNED = {f"U{name}": bits for name, bits in SIGNED.items()}
INTEGERS = SIGNED | UNSIGNED
FLOATS = ("REAL", "DOUBLE")
NUMBERS = (*INTEGERS, *FLOATS, "BOOLEAN")
HUGE = ("HUGEINT", "UHUGEINT", "BIGNUM")
TIMES = {"DATE": "%Y-%m-%d", "TIMESTAMP": "%Y-%m-%dT%H:%M:%S.%f", "TIMESTAMP_NS": "%Y-%m-%dT%H:%M:%S.%n"}
TIMES |= {"TIMESTAMP_S": "%Y-%m-%dT%H:%M:%S", "TIMESTAMP_MS": "%Y-%m-%dT%H:%M:%S.%g"}
TEXT = ("VARCHAR", "UUID", "JSON")
VECTOR = re.compile(r"(\w+)\[(\d*)\]")
#: What each format holds beside numbers, truth values and text: lists of those, times, anything as JSON, everything.
HOLDS = {
    ".fits": ("lists",),
    ".vot": ("lists",),
    ".ecsv": ("lists", "json"),
    ".csv": ("everything",),
    ".parquet": ("lists", "times", "nested"),
    ".hats": ("lists", "times", "nested"),
}


@dataclass(frozen=True)
class Facts:
    """Rows, and of each column: NULLs; the least and greatest integer; bytes of the longest text; of lists the least
    and greatest length, all elements together, and NULLs among them."""

    n_rows: int
    nulls: dict[str, int] = field(default_factory=dict)
    low: dict[str, int] = field(default_factory=dict)
    high: dict[str, int] = field(default_factory=dict)
    width: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)
    inner_nulls: dict[str, int] = field(default_factory=dict)

    def fixed(self, name: str) -> int:
        """The length of every list of a column; 0 where they differ, or one is missing."""
        same = self.low.get(name) == self.high.get(name) and not self.nulls[name]
        return self.low[name] if same and self.low.get(name) else 0


def element(column: Column) -> str:
    """The type of a list's elements; empty for what is no list of numbers."""
    found = VECTOR.fullmatch(column.type)
    return found[1] if found and found[1] in NUMBERS else ""


def storable(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], suffix: str
) -> tuple[str, list[Column]]:
    """The query with each column in a type that the format of `suffix` holds, and the columns with these types.

    Raises
    ------
    UserError
        For the first column that it cannot hold.
    """
    types = {row[0]: row[1] for row in connection.execute(f"describe {query}").fetchall()}
    made = [_made(connection, query, replace(c, type=_named(types[c.name])), suffix) for c in columns]
    fields = ", ".join(f"{sql} as {identifier(column.name)}" for sql, column in made)
    return f"select {fields} from ({query})", [column for _, column in made]


def _named(kind: str) -> str:
    return re.sub(r"\bFLOAT\b", "REAL", "INTEGER" if kind == '"NULL"' else kind)


def _made(connection: duckdb.DuckDBPyConnection, query: str, column: Column, suffix: str) -> tuple[str, Column]:
    """The SQL of a column as it is written, and its type then."""
    holds, name, kind = HOLDS[suffix], identifier(column.name), column.type
    if kind in NUMBERS or kind == "VARCHAR" or "everything" in holds:
        return f"{name}::{kind}" if kind in NUMBERS else name, column
    if kind in HUGE or kind.startswith("DECIMAL"):
        target = _smaller(connection, query, column)
        return f"{name}::{target}", replace(column, type=target)
    if kind in TEXT or kind.startswith("ENUM"):
        return f"{name}::VARCHAR", replace(column, type="VARCHAR")
    if kind.startswith(("DATE", "TIME")) and kind not in ("TIME_NS",):
        if "times" in holds and "TIME ZONE" not in kind:
            return name, column
        return _time_text(name, kind), replace(column, type="VARCHAR")
    one = element(column)
    if one and "lists" in holds:
        return f"{name}::{one}[]", replace(column, type=f"{one}[]")
    if kind == "BLOB" and "nested" in holds:
        return name, column
    is_nested = kind.startswith(("STRUCT", "MAP")) or kind.endswith("]")
    if is_nested and "nested" in holds and not _has_unknown(kind):
        return name, column
    if is_nested and "json" in holds and not _has_unknown(kind):
        return f"to_json({name})::VARCHAR", replace(column, type="JSON")
    raise RefusedFile(
        f"column {column.name} is {kind}, which {suffix} files cannot hold",
        column=column.name,
        hint="leave it out, cast it (CREATE a view of your own), or write .parquet",
    )


def _has_unknown(kind: str) -> bool:
    return bool(re.search(r"\b(UNION|BLOB|BIT|INTERVAL|HUGEINT|UHUGEINT)\b", kind))


def _time_text(name: str, kind: str) -> str:
    if kind in TIMES:
        return f"strftime({name}, '{TIMES[kind]}')"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({name} at time zone 'UTC', '{TIMES['TIMESTAMP']}Z')"
    return f"{name}::VARCHAR"


def _smaller(connection: duckdb.DuckDBPyConnection, query: str, column: Column) -> str:
    """The type of 64 bits that holds every value of a wider one exactly.

    Raises
    ------
    UserError
        If there is none.
    """
    name = identifier(column.name)
    for kind in ("BIGINT", "UBIGINT", "DOUBLE"):
        back = f"try_cast(try_cast({name} as {kind}) as {column.type})"
        if column.type == "BIGNUM":
            back = f"try_cast(try_cast({name} as {kind}) as BIGNUM)"
        if not first_row(connection, f"select 1 from ({query}) where {back} is distinct from {name} limit 1"):
            return kind
    (value,) = first_row(
        connection,
        f"select {name}::varchar from ({query}) "
        f"where try_cast(try_cast({name} as DOUBLE) as {column.type}) is distinct from {name} limit 1",
    )
    raise RefusedFile(
        f"column {column.name} is {column.type} and holds {value}, which no number of 64 bits is exactly",
        column=column.name,
        value=value,
        hint="cast it to DOUBLE or VARCHAR in a view of your own",
    )


def facts_of(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column]) -> Facts:
    """Count what the columns hold, in one pass."""
    asked: list[tuple[str, str, str]] = []
    for column in columns:
        name = identifier(column.name)
        asked.append(("nulls", column.name, f"count(*) - count({name})"))
        if column.type in INTEGERS:
            asked += [("low", column.name, f"min({name})"), ("high", column.name, f"max({name})")]
        elif one := element(column):
            inner = f"sum(len({name}) - list_count({name}))" if one else ""
            asked += [("low", column.name, f"min(len({name}))"), ("high", column.name, f"max(len({name}))")]
            asked += [("total", column.name, f"sum(len({name}))"), ("inner_nulls", column.name, inner)]
        elif column.type not in NUMBERS:
            asked.append(("width", column.name, f"max(strlen({name}::varchar))"))
    values = first_row(connection, f"select count(*), {', '.join(sql for _, _, sql in asked)} from ({query})")
    facts = Facts(values[0])
    for (kind, name, _), value in zip(asked, values[1:], strict=True):
        if value is not None:
            getattr(facts, kind)[name] = int(value)
    return facts


def refuse_missing_elements(column: Column, facts: Facts, suffix: str) -> None:
    """Refuse lists of whole numbers with NULLs among them, for which a format has no value."""
    if facts.inner_nulls.get(column.name) and element(column) not in FLOATS:
        raise RefusedFile(
            f"column {column.name} is {column.type} with NULLs in its lists, which {suffix} files cannot hold",
            column=column.name,
            hint="cast it to DOUBLE[] in a view of your own, or write .parquet",
        )
