"""What SQL sees of a model: a function that returns a STRUCT, a scalar macro an output, a table macro.

A model called `red_clump` of system `red_clump` gives

- `red_clump_net(…)`, all outputs, `red_clump.delta_p(…)` for each and `red_clump.score(table)`;
- `red_clump_gradient(…)`, whose field `delta_p_s.parallax` is the derivative of the one by the other;
- `red_clump_propagated(…, …)`, which takes the inputs and then their errors and gives the errors of the outputs;
- `red_clump_inside_hull(…)`, where `red_clump_hull.npz` stands beside the model.

A model called `photometry_infer` of system `photometry` gives `photometry_infer_net(…)` and `photometry.infer(…)`. The
database file stores forms that need no Python; a Python connection shadows them with vectorised functions. All are made
from the model file alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from .arrow import OfColumns, register_later, whole
from .cache import found_once
from .comments import comment
from .differentiable import is_differentiable
from .metadata import Field
from .model import Model, load_model
from .model_files import hull_files, model_files, spectral_files
from .names import identifier, run_one, struct_type

if TYPE_CHECKING:
    from .hull import Hull

KIND = "if(function_type = 'table_macro', 'macro table', 'macro')"
NETWORK = "%(network ________________)"
WRITERS = ("comments.py", "functions.py", "metadata.py", "names.py", "network_sql.py", "hull.py", "spectral.py")


def models_of(own: Path) -> list[Model]:
    """Every model that a workspace has."""
    return [load_model(path) for path in model_files(own).values()]


def fingerprint(own: Path) -> str:
    """Changes when a model, or the code that writes its macros, changes."""
    digest = hashlib.sha256()
    for name in WRITERS:
        digest.update(Path(__file__).with_name(name).read_bytes())
    for model in models_of(own):
        digest.update(f"{model.name} {model.sha256}".encode())
    for path in spectral_files(own).values():
        digest.update(path.read_bytes())
    for name, path in hull_files(own).items():
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def create_stored_macros(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Create the forms that need no Python, and the functions over them."""
    create_networks(connection, own)
    create_functions(connection, own)


def create_networks(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Create the networks' forms that need no Python; one that is there as it should be stays, since binding it takes
    long."""
    models, stored = models_of(own), _stored(connection)
    wanted = {model.name: _network_notes(model) for model in models}
    known = {item for notes in wanted.values() for item in notes.items()}
    for (name, kind), note in stored.items():
        if ((name, kind), note) not in known:
            run_one(connection, f"drop {kind} {_in_file(connection, name)}")
    for model in models:
        if not wanted[model.name].items() <= stored.items():
            _create_network(connection, model)


def create_functions(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Create the functions over the networks, and hulls and models of spectra as far as they need no Python."""
    from . import spectral
    from .hull import read_hull

    with outlines(connection, own):
        for model in models_of(own):
            run_one(connection, f"create schema if not exists {identifier(model.system)}")
            _create_functions(connection, model)
            _create_derivatives(connection, model)
    for name, path in hull_files(own).items():
        hull = read_hull(path)
        _create(connection, name, _quoted(hull.names), _outside_box(hull), _hull_note(hull.names))
    spectral.create_stored_macros(connection, own)


def drop_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop every macro of the database but the networks; `create_networks` drops those that are out of date."""
    named = connection.execute(
        f"""select distinct {KIND}, schema_name, function_name from duckdb_functions()
            where not internal and database_name = current_database() and function_type in ('macro', 'table_macro')
            and coalesce(comment, '') not like '{NETWORK}'"""
    ).fetchall()
    for kind, schema, name in named:
        run_one(connection, f"drop {kind} if exists {identifier(schema)}.{identifier(name)}")


def _stored(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The comment of each network's macro in the database, by name and kind."""
    rows = connection.execute(
        f"""select distinct function_name, {KIND}, comment from duckdb_functions()
            where database_name = current_database() and comment like '{NETWORK}'"""
    ).fetchall()
    return {(name, kind): note for name, kind, note in rows}


def _network_notes(model: Model) -> dict[tuple[str, str], str]:
    """The comments of a network's macros, by name and kind: what they give, and of what they were made."""
    digest = hashlib.sha256(model.sha256.encode())
    for name in WRITERS:
        digest.update(Path(__file__).with_name(name).read_bytes())
    made = f"(network {digest.hexdigest()[:16]})"
    outputs = with_units(model.outputs)
    return {
        (f"{model.name}_net", "macro"): f"[struct] {_note(model, f'Outputs {outputs}')} {made}",
        (f"{model.name}_rows", "macro table"): f"[rows] {_rows_note(model)} {made}",
    }


def _note(model: Model, what: str) -> str:
    said = f"{what} of {model.path.name}, from {with_units(model.inputs)}"
    return "; ".join([said, *filter(None, [model.metadata.get("citation")])])


def _rows_note(model: Model) -> str:
    return _note(model, "The rows of the table source (its name) and all outputs")


def _derivative_notes(model: Model) -> dict[str, str]:
    """What the functions over a model's derivatives give."""
    propagated = _note(model, "Standard errors of the outputs, by the errors of the inputs (…_error),")
    return {
        f"{model.name}_gradient": f"[struct] {_note(model, 'Derivatives of every output by every input')}",
        f"{model.name}_propagated": f"[struct] {propagated}",
    }


def _hull_note(names: Iterable[str]) -> str:
    inputs = ", ".join(names)
    return f"[boolean] Whether a star is inside the convex hull of the training stars, from {inputs}; NULL if not known"


def with_units(fields: tuple[Field, ...]) -> str:
    """Names with their units: `teff_k [K], logg [dex]`."""
    return ", ".join(f"{field.name} [{field.unit}]" for field in fields)


def _create_network(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """The model as one scalar and one table macro."""
    from .network_sql import scalar_macro_body, table_macro_body

    arguments = _quoted(_names(model.inputs))
    try:
        scalar = scalar_macro_body(model, _possible(model))
    except NotImplementedError:
        scalar = _needs_python(model.name, struct_type(_names(model.outputs)))
    try:
        table = table_macro_body(model, "query_table(source)")
    except NotImplementedError:
        table = f"select *, unnest({scalar}) from query_table(source)"
    run_one(connection, f"create or replace macro {model.name}_net({', '.join(arguments)}) as {scalar}")
    run_one(connection, f"create or replace macro {model.name}_rows(source) as table {table}")
    for (name, kind), note in _network_notes(model).items():
        comment(connection, kind, _in_file(connection, name), note)


def _in_file(connection: duckdb.DuckDBPyConnection, macro: str) -> str:
    """The macro of the database file, where a temporary one may shadow it."""
    ((database,),) = connection.execute("select current_database()").fetchall()
    return f"{identifier(database)}.main.{identifier(macro)}"


def register_models(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Register each model's vectorised functions and let them shadow the stored forms on this connection."""
    for model in models_of(own):
        returns = struct_type(_names(model.outputs))
        register_later(connection, f"{model.name}_onnx", len(model.inputs), returns, partial(_network, model))
        net, rows = _network_notes(model).values()
        name, columns = f"{model.name}_net", _names(model.inputs)
        call = _shadow(connection, name, f"{model.name}_onnx", columns, net, values=_possible(model))
        connection.execute(
            f"create or replace temp macro {model.name}_rows(source) as table "
            f"select *, unnest({call}) from query_table(source)"
        )
        comment(connection, "macro table", f"temp.main.{model.name}_rows", rows)
        if is_differentiable(model):
            _register_derivatives(connection, model)
    for name, path in hull_files(own).items():
        _register_hull(connection, name, path)


def _possible(model: Model) -> list[str]:
    """The inputs of a model, NULL where a value stands for a missing one: no training star has it."""
    return [field.possible(identifier(field.name)) for field in model.inputs]


@contextmanager
def outlines(connection: duckdb.DuckDBPyConnection, own: Path) -> Iterator[None]:
    """Let outlines shadow the stored networks, unless the vectorised functions do so already, while what calls them is
    made: DuckDB binds a macro's whole body for each macro and view that calls it, which takes long, but runs the body
    that is there when it is used."""
    known = connection.execute("select function_name from duckdb_functions() where database_name = 'temp'").fetchall()
    bare = [model for model in models_of(own) if (f"{model.name}_net",) not in known]
    for model in bare:
        nulls = ", ".join(f"'{output.name}': null::FLOAT" for output in model.outputs)
        connection.execute(f"create temp macro {model.name}_net({_arguments(model)}) as {{{nulls}}}")
        connection.execute(f"create temp macro {model.name}_rows(source) as table from query_table(source)")
    yield
    for model in bare:
        connection.execute(f"drop macro temp.{model.name}_net")
        connection.execute(f"drop macro table temp.{model.name}_rows")


def _create_functions(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    arguments, net = _quoted(_names(model.inputs)), f"{model.name}_net({_arguments(model)})"
    prefix = f"{identifier(model.system)}."
    if model.name != model.system:
        function = model.name.removeprefix(model.system + "_")
        note = _note(model, f"Outputs {with_units(model.outputs)}")
        _create(connection, prefix + identifier(function), arguments, net, f"[struct] {note}")
        return
    for output in model.outputs:
        note = f"[{output.unit}] {_note(model, f'Output {output.name}')}"
        _create(connection, prefix + identifier(output.function), arguments, f'{net}."{output.name}"', note)
    run_one(connection, f"create or replace macro {prefix}score(source) as table from {model.name}_rows(source)")
    comment(connection, "macro table", f"{prefix}score", f"[rows] {_rows_note(model)}")


def _create_derivatives(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Derivatives have no form without Python: the stored macros say so."""
    if not is_differentiable(model):
        return
    inputs, outputs = _names(model.inputs), _names(model.outputs)
    for name, columns, type_ in (
        (f"{model.name}_gradient", inputs, struct_type(outputs, struct_type(inputs))),
        (f"{model.name}_propagated", _with_errors(inputs), struct_type(outputs)),
    ):
        _create(connection, name, _quoted(columns), _needs_python(name, type_), _derivative_notes(model)[name])


def _network(model: Model) -> OfColumns:
    from .onnx_udf import network

    return network(model)


def _gradient(model: Model) -> OfColumns:
    from .gradient import gradient_model
    from .onnx_udf import as_structs, of_rows, outputs_of

    inputs, outputs, made = _names(model.inputs), _names(model.outputs), gradient_model(model)
    return of_rows(lambda x: outputs_of(made, x), lambda y, valid: as_structs(y, outputs, inputs, valid))


def _propagated(model: Model) -> OfColumns:
    from .gradient import propagated_model
    from .onnx_udf import as_struct, of_rows, outputs_of

    outputs, made = _names(model.outputs), propagated_model(model)
    return of_rows(lambda x: outputs_of(made, x), lambda y, valid: as_struct(y, outputs, valid))


def _inside(path: Path) -> OfColumns:
    from .onnx_udf import inside_hull

    hull = _hull(path, path.stat().st_mtime_ns)
    return lambda *columns: inside_hull(hull, [whole(column) for column in columns])


def _register_derivatives(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Register the gradient and the propagation of errors; their graphs are made when first called."""
    inputs, outputs = _names(model.inputs), _names(model.outputs)
    gradient, propagated = _derivative_notes(model).items()
    for (name, note), columns, returns, make in (
        (gradient, inputs, struct_type(outputs, struct_type(inputs)), _gradient),
        (propagated, _with_errors(inputs), struct_type(outputs), _propagated),
    ):
        register_later(connection, f"{name}_onnx", len(columns), returns, partial(make, model))
        _shadow(connection, name, f"{name}_onnx", columns, note)


def _register_hull(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    names = _hull_names(path)
    register_later(connection, f"{name}_exact", len(names), "BOOLEAN", partial(_inside, path), "DOUBLE")
    _shadow(connection, name, f"{name}_exact", names, _hull_note(names), "DOUBLE")


def _outside_box(hull: Hull) -> str:
    """Without Python a hull knows a row only by the box around it: outside is FALSE, else it is not known: NULL."""
    low, high = hull.corners.min(axis=0).tolist(), hull.corners.max(axis=0).tolist()
    ranges = zip(hull.names, low, high, strict=True)
    inside = " and ".join(f'"{name}" between {low!r}::DOUBLE and {high!r}::DOUBLE' for name, low, high in ranges)
    given = " and ".join(f'isfinite("{name}")' for name in hull.names)
    return f"case when {given} and not ({inside}) then false end"


def _shadow(
    connection: duckdb.DuckDBPyConnection,
    macro: str,
    function: str,
    columns: list[str],
    note: str,
    type_: str = "FLOAT",
    values: list[str] | None = None,
) -> str:
    """Let a temporary macro of the stored one's name call the vectorised function; returns the call."""
    given = ", ".join(f"({value})::{type_}" for value in values or _quoted(columns))
    call = f"{function}({given})"
    connection.execute(f"create or replace temp macro {macro}({', '.join(_quoted(columns))}) as {call}")
    comment(connection, "macro", f"temp.main.{macro}", note)
    return call


def _create(connection: duckdb.DuckDBPyConnection, name: str, arguments: list[str], body: str, note: str) -> None:
    run_one(connection, f"create or replace macro {name}({', '.join(arguments)}) as {body}")
    comment(connection, "macro", name if "." in name else _in_file(connection, name), note)


def _needs_python(name: str, type_: str) -> str:
    """An expression that says so, for what has no SQL form."""
    return f"error('{name} has no SQL form: use candlesql.open_sky or `candlesql shell`')::{type_}"


@lru_cache(maxsize=32)
def _hull(path: Path, mtime_ns: int) -> Hull:
    from .hull import read_hull

    return read_hull(path)


def _hull_names(path: Path) -> list[str]:
    """The columns of a hull."""

    def find() -> dict[str, list[str]]:
        return {"names": list(_hull(path, path.stat().st_mtime_ns).names)}

    return list(found_once(path.read_bytes(), (Path(__file__).with_name("hull.py"),), find)["names"])


def _with_errors(names: list[str]) -> list[str]:
    return [*names, *(f"{name}_error" for name in names)]


def _names(fields: tuple[Field, ...]) -> list[str]:
    return [field.name for field in fields]


def _arguments(model: Model) -> str:
    return ", ".join(_quoted(_names(model.inputs)))


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]
