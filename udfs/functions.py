"""What SQL sees of a model: a function that returns a STRUCT, a scalar macro an output, a table macro.

A model called `red_clump` of system `red_clump` gives `red_clump_net(…)`, `red_clump.delta_p(…)` for each output and
`red_clump.score(table)`; one called `photometry_infer` of system `photometry` gives `photometry_infer_net(…)` and
`photometry.infer(…)`. The database file stores the SQL form of the network; a Python connection shadows it with the ONNX
function. All are made from the model file alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from .model import Model, load_model
from .network_sql import scalar_macro_body, table_macro_body
from .onnx_udf import register

SHIPPED = Path(__file__).parent / "models"


def model_files(own: Path) -> dict[str, Path]:
    """Model name to file: the shipped ones, and before them a workspace's own."""
    return {path.stem: path for folder in (SHIPPED, own) for path in sorted(folder.glob("*.onnx"))}


def models_of(own: Path) -> list[Model]:
    """Every model that a workspace has."""
    return [load_model(path) for path in model_files(own).values()]


def fingerprint(own: Path) -> str:
    """Changes when a model, or the code that writes its macros, changes."""
    digest = hashlib.sha256()
    for path in (Path(__file__), Path(__file__).with_name("network_sql.py")):
        digest.update(path.read_bytes())
    for model in models_of(own):
        digest.update(f"{model.name} {model.sha256}".encode())
    return digest.hexdigest()


def create_stored_macros(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Create the forms that need no Python, and the functions over them."""
    for model in models_of(own):
        arguments = _arguments(model)
        connection.execute(f"create schema if not exists {model.system}")
        _create_outline(connection, model)
        _create_functions(connection, model)
        try:
            scalar = scalar_macro_body(model, [f'"{field.name}"' for field in model.inputs])
            table = table_macro_body(model, "query_table(source)")
        except NotImplementedError:
            scalar, table = _needs_python(model)
        connection.execute(f"create or replace macro {model.name}_net({arguments}) as {scalar}")
        connection.execute(f"create or replace macro {model.name}_rows(source) as table {table}")


def register_models(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Register each model's ONNX function and let it shadow the SQL form on this connection."""
    for model in models_of(own):
        register(connection, model, f"{model.name}_onnx")
        arguments = _arguments(model)
        floats = ", ".join(f'"{field.name}"::FLOAT' for field in model.inputs)
        call = f"{model.name}_onnx({floats})"
        connection.execute(f"create or replace temp macro {model.name}_net({arguments}) as {call}")
        connection.execute(
            f"create or replace temp macro {model.name}_rows(source) as table "
            f"select *, unnest({call}) from query_table(source)"
        )


def _create_outline(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """The network's macros without the network: DuckDB binds a macro's whole body for each macro that calls it, which
    for many outputs takes long, but runs the body that is there when it is used."""
    nulls = ", ".join(f"'{output.name}': null::FLOAT" for output in model.outputs)
    connection.execute(f"create or replace macro {model.name}_net({_arguments(model)}) as {{{nulls}}}")
    connection.execute(f"create or replace macro {model.name}_rows(source) as table from query_table(source)")


def _create_functions(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    arguments, prefix = _arguments(model), f"create or replace macro {model.system}."
    if model.name != model.system:
        function = model.name.removeprefix(model.system + "_")
        connection.execute(f"{prefix}{function}({arguments}) as {model.name}_net({arguments})")
        return
    for output in model.outputs:
        connection.execute(f'{prefix}{output.function}({arguments}) as {model.name}_net({arguments})."{output.name}"')
    connection.execute(f"{prefix}score(source) as table from {model.name}_rows(source)")


def _needs_python(model: Model) -> tuple[str, str]:
    """Macros that say so, for graphs that have no SQL form."""
    fields = ", ".join(f'"{output.name}" FLOAT' for output in model.outputs)
    complaint = f"error('{model.name} has no SQL form: use candlesql.open_sky or `candlesql shell`')"
    return f"{complaint}::STRUCT({fields})", f"select *, {complaint} from query_table(source)"


def _arguments(model: Model) -> str:
    return ", ".join(f'"{field.name}"' for field in model.inputs)
