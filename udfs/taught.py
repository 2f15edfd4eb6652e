"""What models say of their training, as tables of the database: which there are, and keys of the stars they have seen.

A model whose metadata has `training_stars` = NAME stands beside `training_stars/NAME.parquet`, or several parts of the
list in a folder `training_stars/NAME`. Their one column `key` has a key for each place near a training star and for
each name of one (sql/sphere/keys.sql), and `PLACELESS` if one has no place; a hash of the keys stands in the file's
metadata. A list that is not there, or not whole, says nothing: which stars the model has seen is not known then. Lists
of one name are put together: a system's models are trained on one list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from . import functions, model_files
from .model import Model

if TYPE_CHECKING:
    import numpy as np

    from .spectral import SpectralModel

FOLDER = "training_stars"
#: Stands in a list of which some star has no place: no place says then that a star was not trained on.
PLACELESS = -1
#: The entry of the file's metadata with the hash of its keys.
SEAL = "candlesql.sha256"
TABLES = """
    create table candlesql.models(model varchar primary key, system varchar, trained_on varchar, training_stars varchar,
        n_train varchar, sha256 varchar);
    create table candlesql.training_stars(list_name varchar, key bigint);
"""


def every_model(own: Path) -> Iterator[Model | SpectralModel]:
    """Every model that a workspace has, those that read spectra too."""
    from .spectral import load_spectral

    yield from functions.models_of(own)
    yield from (load_spectral(path) for path in model_files.spectral_files(own).values())


def list_file(folder: Path, name: str) -> Path:
    """Where the list of training stars of a model lies that lies in `folder`."""
    return folder / FOLDER / f"{name}.parquet"


def seal(keys: np.ndarray) -> str:
    """The hash of the sorted keys of a list."""
    return hashlib.sha256(keys.astype("<i8").tobytes()).hexdigest()


def has_list(model: Model | SpectralModel) -> bool:
    """Whether the list of its training stars is at hand, and whole."""
    files = [path for _, path in _files(model)]
    return bool(files) and all(_is_whole(path, path.stat().st_mtime_ns) for path in files)


@lru_cache(maxsize=64)
def _is_whole(path: Path, mtime_ns: int) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return False
    if table.column_names != ["key"] or table["key"].type != pa.int64() or table["key"].null_count:
        return False
    return (table.schema.metadata or {}).get(SEAL.encode()) == seal(table["key"].to_numpy()).encode()


def fingerprint(own: Path) -> str:
    """Changes when a list of training stars does, or what a model says of its training."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name, path in sorted({listed for model in every_model(own) for listed in _files(model)}):
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def fill_tables(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Put what the models say in the place of what stands in `candlesql.models` and `candlesql.training_stars`."""
    import pyarrow.parquet as pq  # late, since most commands read no list

    connection.execute("delete from candlesql.models; delete from candlesql.training_stars")
    for model in every_model(own):
        listed = model.metadata["training_stars"] if has_list(model) else None
        said = [model.metadata.get("trained_on"), listed, model.metadata.get("n_train")]
        values = [model.name, model.metadata["system"], *said, model.sha256]
        connection.execute("insert into candlesql.models values (?, ?, ?, ?, ?, ?)", values)
    for name, path in sorted(_lists(own)):
        connection.register("listed", pq.read_table(path))  # a path in SQL would be a pattern of paths
        connection.execute("insert into candlesql.training_stars select ?, key from listed", [name])
        connection.unregister("listed")


def _lists(own: Path) -> set[tuple[str, Path]]:
    """Name and file of every list that a model refers to and that is whole."""
    return {listed for model in every_model(own) if has_list(model) for listed in _files(model)}


def _files(model: Model | SpectralModel) -> list[tuple[str, Path]]:
    """Name and file of a model's list, or of its parts, beside it; the shipped one where a shipped model was copied."""
    name = model.metadata.get("training_stars")
    if not name:
        return []
    for folder in (model.path.parent, *_shipped_as(model)):
        whole = list_file(folder, name)
        parts = sorted(whole.with_suffix("").glob("*.parquet"))
        found = [(name, whole)] if whole.is_file() else [(f"{name}/{part.stem}", part) for part in parts]
        if found:
            return found
    return []


def _shipped_as(model: Model | SpectralModel) -> Iterator[Path]:
    """The folder of the shipped model of the same name and content."""
    for folder in (model_files.SHIPPED, model_files.SHIPPED / "spectra"):
        file = folder / model.path.name
        if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == model.sha256:
            yield folder
