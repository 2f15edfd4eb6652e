"""Creates everything that the database file stores: macros, staging views, products and the views of `sql/`."""

from __future__ import annotations

import difflib
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ..catalogs.parquet_footer import too_wide
from ..catalogs.survey import SHIPPED, Column, Survey, load_survey, survey_files
from ..errors import UnknownName
from ..udfs.functions import create_functions, drop_functions, outlines
from ..udfs.names import identifier
from ..workspace.query import literal_path, parquet_rows, parquet_rows_within, quoted, stand_in
from . import files

if TYPE_CHECKING:
    from ..workspace.folder import Sky


COLUMNS = files.ROOT / "columns.toml"
PRODUCTS = files.ROOT / "products.toml"
#: What `staging.wide_stars` has beside the columns of `wide`: the table, and the passbands of its Gaia magnitudes.
WIDE_ALONE = ("wide_survey", "gaia_passband")


def code_sources() -> list[Path]:
    """The files of the package that say what views there are and what stands in them."""
    return sorted([*files.ROOT.rglob("*.sql"), *files.ROOT.glob("*.py"), COLUMNS, PRODUCTS, *SHIPPED.glob("*.toml")])


def data_sources(sky: Sky) -> list[Path]:
    """The files of a workspace that views read their rows from, and its own survey files."""
    whole = [path for folder in ("catalogs", "matches", "results") for path in sky.root.glob(f"{folder}/*.parquet")]
    parts = [*sky.matches.glob("*/*.parquet"), *sky.scores.glob("*/*.parquet"), *sky.catalogs.glob("*.hats")]
    return sorted([*whole, *parts, *sky.surveys.glob("*.toml")])


def create_all(connection: duckdb.DuckDBPyConnection, sky: Sky, models: Path) -> None:
    """Create every schema's macros and views but the networks, which it does not need.

    `models` is the folder of the workspace's own.
    """
    items = files.items()
    surveys = {name: load_survey(name, sky.surveys) for name in survey_files(sky.surveys)}
    schemas = {item.name.split(".")[0] for item in items} | {"staging", "match", "photometry"}
    for schema in sorted(schemas):
        connection.execute(f"create schema if not exists {schema}")
    create_functions(connection, models)
    early = _before_views(items)
    with outlines(connection, models):
        for item in early:
            _run(connection, item, item.body)
    _create_data_views(connection, sky, items, surveys)
    with outlines(connection, models):
        create_views(connection, [item for item in items if item not in early])
    for item in items:
        connection.execute(f"comment on {item.kind} {item.name} is {quoted(item.header)}")
    _comment_columns(connection, surveys)


def update_data_views(connection: duckdb.DuckDBPyConnection, sky: Sky) -> None:
    """Point the views over Parquet files to the files that are there now; all else stays."""
    surveys = {name: load_survey(name, sky.surveys) for name in survey_files(sky.surveys)}
    staged = connection.execute(
        "select view_name from duckdb_views() where schema_name = 'staging' and database_name = current_database()"
    ).fetchall()
    items = files.items()
    known = {*surveys, "wide_stars", *(item.name.removeprefix("staging.") for item in items)}
    for (name,) in staged:
        if name not in known:
            connection.execute(f"drop view staging.{identifier(name)}")
    _create_data_views(connection, sky, items, surveys)
    _comment_columns(connection, surveys)


def update_views_over(connection: duckdb.DuckDBPyConnection, sky: Sky, placed: Path) -> bool:
    """Point the view over a match or another product that has taken its place to its files; whether there is one."""
    surveys = {name: load_survey(name, sky.surveys) for name in survey_files(sky.surveys)}
    before = str(placed.relative_to(sky.root))
    connection.execute("delete from candlesql.unread where starts_with(file, ?)", [before])
    if placed.parent == sky.matches:
        name, pair = f"match.{placed.stem}", _pair(placed.stem, surveys)
        if pair is None:
            return False
        _create_match(connection, *pair, sky)
    else:
        own = [name for name, entry in products().items() if _is_of(placed, sorted(sky.root.glob(entry["files"])))]
        if len(own) != 1:
            return False
        name = own[0]
        _create_product(connection, name, sky)
    _comment_columns(connection, surveys, name)
    return True


def _is_of(placed: Path, parts: list[Path]) -> bool:
    return any(placed in (part, part.parent) for part in parts)


def _create_data_views(
    connection: duckdb.DuckDBPyConnection, sky: Sky, items: list[files.Item], surveys: dict[str, Survey]
) -> None:
    connection.execute("delete from candlesql.unread")
    for survey in surveys.values():
        _create_staging(connection, survey, sky)
    _create_wide(connection, surveys, sky)
    _create_products(connection, sky)
    _create_matches(connection, items, surveys, sky)


def _before_views(items: list[files.Item]) -> list[files.Item]:
    """The macros that read no view, neither themselves nor through another."""
    names = {item.name for item in items} | products().keys()
    early: dict[str, files.Item] = {}
    for item in items:
        views = {n for n in item.needs if n in names - early.keys() or n.startswith(("staging.", "match."))}
        if item.is_macro and not views:
            early[item.name] = item
    return list(early.values())


def explain_missing(connection: duckdb.DuckDBPyConnection, name: str) -> UnknownName:
    """What to say of a view that does not exist: the names that are like its own."""
    rows = connection.execute(
        "select schema_name || '.' || view_name from duckdb_views() "
        "where not internal and database_name = current_database()"
    ).fetchall()
    known = sorted(row[0] for row in rows)
    if name.startswith("region."):
        region = name.removeprefix("region.")
        return UnknownName(f"there is no region {region}", value=region, hint="store one with `candlesql region`")
    near = [other for other in known if other.split(".")[-1] == name.lower().split(".")[-1]][:3]
    near = near or difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.4)
    hint = f"nearest: {', '.join(near)}" if near else None
    return UnknownName(f"there is no view {name}", value=name, nearest=near, hint=hint)


def drop_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop every view and macro but the networks; tables stay."""
    drop_functions(connection)
    named = connection.execute(
        """select schema_name, view_name from duckdb_views()
           where not internal and database_name = current_database() and schema_name <> 'main'"""
    ).fetchall()
    for schema, name in named:
        connection.execute(f'drop view if exists "{schema}"."{name}"')


def create_views(connection: duckdb.DuckDBPyConnection, items: list[files.Item]) -> None:
    """Create views, and the macros that read them, in an order that binds each text once.

    DuckDB binds all that stands under a view when it is created. So each view is first an empty stand-in with its
    columns, and the views then take their places from the last to the first: what each reads is still a stand-in.
    """
    for item in items:
        if item.is_macro:
            _run(connection, item, item.body)
        else:
            columns = _run(connection, item, f"describe\n{item.body}").fetchall()
            outline = stand_in({name: type_ for name, type_, *_ in columns})
            connection.execute(f"create view {item.name} as {outline}")
    for item in reversed(items):
        if not item.is_macro:
            _run(connection, item, f"create or replace view {item.name} as\n{item.body}")


def _run(connection: duckdb.DuckDBPyConnection, item: files.Item, statement: str) -> duckdb.DuckDBPyConnection:
    try:
        return connection.execute(statement)
    except duckdb.Error as error:
        error.add_note(f"while creating {item.name} from {item.path}")
        raise


def _create_staging(connection: duckdb.DuckDBPyConnection, survey: Survey, sky: Sky) -> None:
    path = sky.catalog(survey.name)
    types = {c.name: c.type for c in survey.columns.values()}
    if readable(connection, [path], types, sky.root):
        select, note = f"select * from {parquet_rows_within(sky.root, [path])}", survey.title
    else:
        select = stand_in(types | {"_healpix_29": "BIGINT"})
        note = f"{survey.title}; not ingested yet"
    stage(connection, survey, select)
    connection.execute(f"comment on view staging.{survey.name} is {quoted(note)}")


def stage(connection: duckdb.DuckDBPyConnection, survey: Survey, select: str) -> None:
    """Let `staging.<survey>` be the rows of a query that has the survey's columns."""
    epoch = f", {survey.epoch_sql} as epoch_yr" if survey.has_position else ""
    passband = f", {quoted(survey.passband)} as gaia_passband" if survey.passband else ""
    connection.execute(f"create or replace view staging.{survey.name} as select *{epoch}{passband} from ({select})")


def _create_wide(connection: duckdb.DuckDBPyConnection, surveys: dict[str, Survey], sky: Sky) -> None:
    """`staging.wide_stars`: the rows of every wide table, whatever it lacks NULL, with `wide_survey` telling whose."""
    template = surveys["wide"].columns
    parts = [stand_in({c.name: c.type for c in template.values()} | dict.fromkeys(WIDE_ALONE, "VARCHAR"))]
    for survey in surveys.values():
        file = sky.catalog(survey.name)
        if survey.wide and (file.exists() or file.with_suffix(".hats").exists()):
            shared = [c for name, c in survey.columns.items() if name in template and name != survey.id]
            kept = ", ".join(_in_system(column, template[column.name].system) for column in shared)
            parts.append(
                f'select "{survey.id}"::bigint as source_id, {kept}, {quoted(survey.name)} as wide_survey, '
                f"{quoted(survey.passband or surveys['wide'].passband)} as gaia_passband from staging.{survey.name}"
            )
    connection.execute(f"create or replace view staging.wide_stars as {' union all by name '.join(parts)}")
    connection.execute(
        "comment on view staging.wide_stars is 'A star of a table that holds several surveys'' photometry'"
    )


def _in_system(column: Column, system: str) -> str:
    """A column, put into a magnitude system where the survey says that it is in another."""
    if system in ("", column.system) or not column.system:
        return f'"{column.name}"'
    given = f'{quoted(column.name)}, {quoted(column.system)}, "{column.name}"'
    return f'photometric.column_in_model_system({given}) as "{column.name}"'


@cache
def products() -> dict[str, dict[str, Any]]:
    """`products.toml`: the files, the columns with their types, and what a row is, of each view over files."""
    return tomllib.loads(PRODUCTS.read_text())


def _create_products(connection: duckdb.DuckDBPyConnection, sky: Sky) -> None:
    """Views over what commands have made; typed and empty until then."""
    for name in products():
        connection.execute(f"create schema if not exists {name.split('.')[0]}")
        _create_product(connection, name, sky)


def _create_product(connection: duckdb.DuckDBPyConnection, name: str, sky: Sky) -> None:
    entry = products()[name]
    show_product(connection, name, sorted(sky.root.glob(entry["files"])), sky.root)
    connection.execute(f"comment on view {name} is {quoted(entry['row'])}")


def show_product(connection: duckdb.DuckDBPyConnection, name: str, parts: list[Path], root: Path | None = None) -> None:
    """Let the view of a product be the rows of these files, below the folder `root` if that may move."""
    columns, select = products()[name]["columns"], product_stand_in(name)
    first = next(iter(columns))  # an earlier version may have kept fewer of the others
    parts = readable(connection, parts, {first: columns[first]}, root)
    if parts:
        kept = ", ".join(f'"{column}"' for column in columns)
        made = f"select * from {_rows(parts, root, 'union_by_name = true')}"
        select = f"select {kept} from ({select} union all by name {made})"
    connection.execute(f"create or replace view {name} as {select}")


def product_stand_in(name: str) -> str:
    """A query with the columns of a product, and no rows."""
    return stand_in(products()[name]["columns"])


def _create_matches(
    connection: duckdb.DuckDBPyConnection,
    items: list[files.Item],
    surveys: dict[str, Survey],
    sky: Sky,
) -> None:
    made = {f"match.{path.stem}" for path in sky.matches.glob("*.parquet")}
    wanted = {need for item in items for need in item.needs if need.startswith("match.")}
    for name in sorted(made | (wanted - {item.name for item in items})):
        pair = _pair(name.removeprefix("match."), surveys)
        if pair:
            _create_match(connection, *pair, sky)


def _create_match(connection: duckdb.DuckDBPyConnection, left: Survey, right: Survey, sky: Sky) -> None:
    show_match(connection, left, right, sky.match_files(left.name, right.name), sky.root)
    note = f"A {left.name} row and its {right.name} neighbour"
    connection.execute(f"comment on view match.{left.name}_{right.name} is {quoted(note)}")


def show_match(
    connection: duckdb.DuckDBPyConnection, left: Survey, right: Survey, parts: list[Path], root: Path | None = None
) -> None:
    """Let the view of a match be the rows of these files, below the folder `root` if that may move."""
    columns = match_columns(left, right)
    parts = readable(connection, parts, columns, root)
    select = f"select * from {_rows(parts, root)}" if parts else stand_in(columns)
    connection.execute(f"create or replace view match.{left.name}_{right.name} as {select}")


def readable(
    connection: duckdb.DuckDBPyConnection, parts: list[Path], columns: dict[str, str], root: Path | None
) -> list[Path]:
    """Those files that are there and are whole Parquet files with columns of these types.

    The others, if below the folder `root`, stand in `candlesql.unread`: opening the workspace tells of them.
    """
    there = [part for part in parts if part.is_file()]
    faults = _faults(connection, there, columns)
    if root and faults:
        rows = [[str(part.relative_to(root)), why] for part, why in faults.items()]
        connection.executemany("insert or replace into candlesql.unread values (?, ?)", rows)
    return [part for part in there if part not in faults]


def _faults(connection: duckdb.DuckDBPyConnection, there: list[Path], columns: dict[str, str]) -> dict[Path, str]:
    """Why files cannot be read as rows of these columns."""
    faults = {part: said for part in there if (said := too_wide(part))}
    there = [part for part in there if part not in faults]
    if not there:
        return faults
    footers = f"""select file_name, name, duckdb_type from parquet_schema([{", ".join(map(literal_path, there))}])
        where duckdb_type is not null"""
    try:
        with connection.cursor() as apart:  # an error would end the transaction that views are made in
            rows = apart.execute(footers).fetchall()
    except duckdb.Error:
        if len(there) == 1:
            return faults | {there[0]: "is no whole Parquet file"}
        return faults | {part: why for one in there for part, why in _faults(connection, [one], columns).items()}
    types: dict[Path, dict[str, str]] = {part: {} for part in there}
    for file, name, type_ in rows:
        types[Path(file)][name] = type_
    unlike = {part: _unlike(found, columns) for part, found in types.items()}
    return faults | {part: why for part, why in unlike.items() if why}


def _unlike(found: dict[str, str], columns: dict[str, str]) -> str | None:
    """What of a file's columns is not as it should be."""
    for name, type_ in columns.items():
        if name not in found:
            return f"lacks the column {name}"
        if {_family(type_), _family(found[name])} == {"number", "text"}:
            return f"has {found[name]} in the column {name}, where {type_} is expected"
    return None


def _family(type_: str) -> str:
    if type_ == "VARCHAR":
        return "text"
    return "number" if re.fullmatch(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*", type_) else "other"


def _rows(parts: list[Path], root: Path | None, *options: str) -> str:
    return parquet_rows_within(root, parts, *options) if root else parquet_rows(parts, *options)


def match_columns(left: Survey, right: Survey) -> dict[str, str]:
    """Names and types of a match table; ids as the surveys name them, the second suffixed when both agree."""
    right_id = right.id if right.id != left.id else f"{right.id}_{right.name}"
    return {
        left.id: left.columns[left.id].type,
        right_id: right.columns[right.id].type,
        "separation_arcsec": "DOUBLE",
        "n_neighbours": "BIGINT",
    }


def _pair(name: str, surveys: dict[str, Survey]) -> tuple[Survey, Survey] | None:
    for left in surveys.values():
        right = surveys.get(name.removeprefix(left.name + "_"))
        if name.startswith(left.name + "_") and right:
            return left, right
    return None


def _comment_columns(
    connection: duckdb.DuckDBPyConnection, surveys: dict[str, Survey], view: str | None = None
) -> None:
    """Say unit and description of every column, or of those of one view."""
    by_view = {f"staging.{s.name}": s.columns for s in surveys.values()}
    archive = {name: column for survey in surveys.values() for name, column in survey.columns.items()}
    derived = derived_columns()
    rows = connection.execute(
        """select c.schema_name || '.' || c.table_name, c.column_name, c.comment
           from duckdb_columns() as c
           join duckdb_views() as v on v.schema_name = c.schema_name and v.view_name = c.table_name
           where not v.internal and v.database_name = current_database() and c.database_name = current_database()
           and coalesce(c.schema_name || '.' || c.table_name = ?, true)""",
        [view],
    ).fetchall()
    for view, name, said in rows:
        column = by_view.get(view, {}).get(name) or derived.get(name) or archive.get(name)
        if column:
            note = f"[{column.unit}] {column.description}" if column.unit else column.description
            if note != said:
                connection.execute(f'comment on column {view}."{name}" is {quoted(note)}')


@cache
def derived_columns() -> dict[str, Column]:
    """`columns.toml`: unit and description of every column that a view derives."""
    return {name: Column(name=name, type="", **entry) for name, entry in tomllib.loads(COLUMNS.read_text()).items()}
