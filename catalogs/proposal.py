"""A survey file proposed for a table that has none: what its columns are, as far as names, UCDs and units tell."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import duckdb

from ..errors import RefusedFile, UserError
from ..udfs.names import identifier
from ..workspace.query import first_row
from .any_table import ROW_NUMBER, Theirs
from .checks import looks_like
from .fields import choose
from .readers import FileColumn, Source
from .recognise import recognised, unknown_photometry
from .survey import PLAIN_NAME, SHIPPED, TYPES, read_survey

#: DuckDB's types that a survey file does not have, to those that hold them.
WIDER = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT", "UBIGINT": "BIGINT", "FLOAT": "REAL"}
#: Numbers that archives write for missing ones.
SENTINELS = (-9999.0, -999.0, -9999.99, -999.99, -99.999, -99.99, 99.99, 99.999, 999.0, 9999.0, 1e20, -1e30)
#: Gaia's releases, and the year of their positions.
RELEASES = {"gaia_dr2": ("Gaia DR2", 2015.5), "gaia_dr3": ("Gaia DR3", 2016.0)}
#: A shipped survey is meant where so many of its columns are there, and this share of them.
LEAST_COLUMNS, LEAST_SHARE = 6, 0.7


@dataclass(frozen=True)
class Proposal:
    """The text of a survey file; columns of `wide` to those of the file; columns that look like photometry and are of
    no known band; a shipped survey that the table looks like; what has to be said with `--unit`."""

    text: str
    known: dict[str, str]
    unknown: list[str] = field(default_factory=list)
    survey: str = ""
    units: dict[str, str] = field(default_factory=dict)


def propose(connection: duckdb.DuckDBPyConnection, theirs: Theirs) -> Proposal:
    """What a survey file of a table would be.

    Raises
    ------
    UserError
        If no column is an identifier.
    """
    types = {n: kind for n, kind in theirs.types.items() if n != ROW_NUMBER and not kind.endswith("]")}
    columns = {name: theirs.said[name] for name in types}
    known = recognised(columns, types)
    if "source_id" in known and _has_gaps(connection, theirs, known["source_id"]):
        del known["source_id"]
    id_ = known.get("source_id") or _identifier(connection, theirs, columns, types)
    is_wide = bool(known.keys() - {"source_id", "ra", "dec"}) and _is_whole(connection, theirs, id_, types)
    if is_wide:
        known["source_id"] = id_
    else:
        known = {ours: name for ours, name in known.items() if ours in ("ra", "dec")}
    release, epoch, why = _epoch(connection, theirs, columns, known)
    lines = ['like = "wide"' if is_wide else f'id = "{_plain(id_)}"']
    if {"ra", "dec"} <= known.keys():
        lines += [] if is_wide else [f'{axis} = "{_plain(known[axis])}"' for axis in ("ra", "dec")]
        lines.append(f"epoch = {epoch}  # year of the positions: {why}")
    elif not is_wide:
        known = {}
    names = _plain_names(columns, known if is_wide else {})
    lines += _motions(columns, names)
    sentinels = _sentinels(connection, theirs, types)
    lines += [f"sentinels = {sentinels}"] if sentinels else []
    lines += [] if _is_unique(connection, theirs, id_) else ["unique = false  # an identifier stands in several rows"]
    prefixes = _prefixes(connection, theirs, id_, types)
    lines += [f"id_prefixes = {_text(prefixes)}"] if prefixes else []
    unknown = unknown_photometry(columns, types, known.values())
    lines += ["", "[columns]"]
    lines += _known_lines(theirs, {"ra": "ra", "dec": "dec"} | known, release) if is_wide else []
    taken = set(known.values()) if is_wide else set()
    rest = [name for name in columns if name not in taken]
    if is_wide and rest:
        lines += ["", "# The table's other columns, stored as they are"]
    lines += [_line(theirs, n, names[n], _role(n, id_, known, is_wide)) for n in rest if n not in unknown]
    if unknown:
        lines += [
            "",
            "# These look like photometry of no known band: they are stored, and no view reads them.",
        ]
        lines += [_line(theirs, name, names[name]) for name in unknown]
    units = _units(connection, theirs, known) if {"ra", "dec"} <= known.keys() else {}
    return Proposal("\n".join(lines) + "\n", known, unknown, _shipped(theirs, columns), units)


def _identifier(
    connection: duckdb.DuckDBPyConnection, theirs: Theirs, columns: dict[str, FileColumn], types: dict[str, str]
) -> str:
    """The column that names the rows: by UCD, by name, or the first of whole numbers or text that are all different."""
    by_ucd = [name for name, column in columns.items() if column.ucd.lower() == "meta.id;meta.main"]
    words = re.compile(r"(^|_)(id|kic|kepid|epic|tic|star|name|designation|objid|num|no)(_|$)|id$", re.IGNORECASE)
    whole = [name for name, kind in types.items() if "INT" in kind or kind == "VARCHAR"]
    by_name = [name for name in whole if words.search(name)]
    for name in dict.fromkeys([*by_ucd, *by_name, *whole]):
        if _is_unique(connection, theirs, name):
            return name
    if by_ucd or by_name:
        return (by_ucd + by_name)[0]
    raise RefusedFile(
        "has no column of identifiers: whole numbers or text that differ from row to row", file=theirs.file
    )


def _has_gaps(connection: duckdb.DuckDBPyConnection, theirs: Theirs, name: str) -> bool:
    return bool(first_row(connection, f"select 1 from {theirs.relation} where {identifier(name)} is null limit 1"))


def _is_unique(connection: duckdb.DuckDBPyConnection, theirs: Theirs, name: str) -> bool:
    value = identifier(name)
    n, distinct = first_row(connection, f"select count(*), count(distinct {value}) from {theirs.relation}")
    return bool(n == distinct)


def _is_whole(connection: duckdb.DuckDBPyConnection, theirs: Theirs, name: str, types: dict[str, str]) -> bool:
    """Whether identifiers are whole numbers, perhaps behind words of an archive."""
    if types[name] != "VARCHAR":
        return "INT" in types[name]
    text = f"regexp_replace({identifier(name)}, '^[A-Za-z0-9]+ (E?DR\\d )?', '')"
    test = f"{identifier(name)} is null or try_cast({text} as bigint) is null"
    (bad,) = first_row(connection, f"select count(*) from {theirs.relation} where {test}")
    return not bad


def _prefixes(connection: duckdb.DuckDBPyConnection, theirs: Theirs, name: str, types: dict[str, str]) -> list[str]:
    if types[name] != "VARCHAR":
        return []
    found = f"regexp_extract({identifier(name)}, '^([A-Za-z0-9]+ (E?DR\\d )?)[0-9]+$', 1)"
    rows = connection.execute(f"select distinct {found} from {theirs.relation} where {found} <> ''").fetchall()
    return sorted(row[0] for row in rows)


def _epoch(
    connection: duckdb.DuckDBPyConnection, theirs: Theirs, columns: dict[str, FileColumn], known: dict[str, str]
) -> tuple[str, float, str]:
    """Gaia's release of the magnitudes, the year of the positions, and how it is known."""
    name = next((n for n in columns if n.lower() == "ref_epoch"), "")
    if name:
        years = connection.execute(f"select distinct {identifier(name)} from {theirs.relation} limit 2").fetchall()
        if len(years) == 1 and years[0][0] in (2015.5, 2016.0):
            release = "Gaia DR2" if years[0][0] == 2015.5 else "Gaia DR3"
            return release, float(years[0][0]), "column ref_epoch"
    said = " ".join(f"{n} {c.description}" for n, c in columns.items())
    release, year = (
        ("Gaia DR2", 2015.5) if re.search(r"DR2|2015\.5", said) and "DR3" not in said else ("Gaia DR3", 2016.0)
    )
    ra = known.get("ra", "")
    if re.search(r"2000", ra):
        return release, 2000.0, f"the name {ra}"
    is_gaia = known.keys() & {"phot_g_mean_mag", "phot_bp_mean_mag", "parallax"}
    if is_gaia:
        return release, year, f"a guess by Gaia's columns; if they are not of {release}, say so here and below"
    return release, 2000.0, "a guess"


def _motions(columns: dict[str, FileColumn], names: dict[str, str]) -> list[str]:
    """The roles of proper motions, where both are there."""
    small = {re.sub(r"[^a-z]", "", name.lower().rpartition(".")[2]): name for name in reversed(columns)}
    ra = next((small[n] for n in ("pmra", "pmracosdec") if n in small), "")
    dec = next((small[n] for n in ("pmdec", "pmde") if n in small), "")
    return [f'pmra = "{names[ra]}"', f'pmdec = "{names[dec]}"'] if ra in names and dec in names else []


def _sentinels(connection: duckdb.DuckDBPyConnection, theirs: Theirs, types: dict[str, str]) -> list[float]:
    """Which of the numbers that archives write for missing ones are there, in columns of fractions."""
    names = [name for name, kind in types.items() if kind in ("FLOAT", "DOUBLE")]
    if not names:
        return []
    tests = [" or ".join(f"{identifier(name)} = {number}::{types[name]}" for name in names) for number in SENTINELS]
    there = first_row(connection, f"select {', '.join(f'bool_or({test})' for test in tests)} from {theirs.relation}")
    return [number for number, is_there in zip(SENTINELS, there, strict=True) if is_there]


def _known_lines(theirs: Theirs, known: dict[str, str], release: str) -> list[str]:
    lines = []
    for ours, name in known.items():
        own = theirs.names.get(name, name)
        entry = [] if own.lower() == ours else [f"aka = {_text([own])}"]
        if ours.startswith("phot_"):
            entry.append(f"passband = {_text(release)}")
        lines.append(f"{ours} = {{ {', '.join(entry)} }}" if entry else f"{ours} = {{}}")
    return lines


def _role(name: str, id_: str, known: dict[str, str], is_wide: bool) -> str:
    """What a column is in a table that is not wide: "id", "ra", "dec" or nothing."""
    roles = {id_: "id"} | {theirs: ours for ours, theirs in known.items()}
    return "" if is_wide else roles.get(name, "")


def _line(theirs: Theirs, name: str, plain: str, role: str = "") -> str:
    column, kind = theirs.said[name], theirs.types[name]
    kind = WIDER.get(kind, kind if kind in TYPES else "DOUBLE" if "DECIMAL" in kind or "HUGEINT" in kind else "VARCHAR")
    said = {"type": kind, "unit": column.unit, "ucd": column.ucd, "description": column.description}
    if role in ("ra", "dec"):
        said |= {"type": "DOUBLE", "unit": "deg", "ucd": f"pos.eq.{role};meta.main"}
    entry = [f"{key} = {_text(value)}" for key, value in said.items() if value]
    own = theirs.names.get(name, name)
    entry += [f"aka = {_text([own])}"] if plain != own else []
    entry += ["required = true"] if role else []
    return f"{plain} = {{ {', '.join(entry)} }}"


def _text(value: object) -> str:
    """A TOML value."""
    return json.dumps(value, ensure_ascii=False)


def _plain_names(columns: dict[str, FileColumn], known: dict[str, str]) -> dict[str, str]:
    """Names as survey files have them, that differ by more than case from each other and from those of `known`."""
    used = {name.lower() for name in known}
    names = {}
    for name in columns:
        if name in known.values():
            continue
        plain = _plain(name)
        while plain.lower() in used:
            plain += "_2"
        used.add(plain.lower())
        names[name] = plain
    return names


def _plain(name: str) -> str:
    """A name as survey files have them."""
    if PLAIN_NAME.fullmatch(name):
        return name
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "column"
    return plain if PLAIN_NAME.fullmatch(plain) else f"_{plain}"


def _units(connection: duckdb.DuckDBPyConnection, theirs: Theirs, known: dict[str, str]) -> dict[str, str]:
    """Units of a position whose numbers can only be radians or hours, where the file does not say."""
    ra, dec = known["ra"], known["dec"]
    if theirs.said[ra].unit or "VARCHAR" in (theirs.types[ra], theirs.types[dec]):
        return {}
    if re.search(r"rad", ra, re.IGNORECASE):
        return {"ra": "rad", "dec": "rad"}
    low, high, south, north, n = first_row(
        connection,
        f"select min(x), max(x), min(y), max(y), count(x) from (select {identifier(ra)}::double as x, "
        f"{identifier(dec)}::double as y from {theirs.relation}) where isfinite(x) and isfinite(y)",
    )
    unit = looks_like(low, high, south, north, n)
    return {} if not unit else {"ra": "rad", "dec": "rad"} if unit == "rad" else {"ra": unit}


def _shipped(theirs: Theirs, columns: dict[str, FileColumn]) -> str:
    """The shipped survey whose columns the table has, if it has most of one."""
    source = Source(theirs.file, columns, lambda names: theirs.relation)
    best = ("", 0)
    for path in sorted(SHIPPED.glob("*.toml")):
        survey = read_survey(path)
        wanted = [name for name, column in survey.columns.items() if not column.derived]
        try:
            n = len(choose(survey, source, {}))
        except UserError:
            continue
        if not survey.wide and n >= LEAST_COLUMNS and n >= LEAST_SHARE * len(wanted) and n > best[1]:
            best = (path.stem, n)
    return best[0]
