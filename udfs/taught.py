"""What models say of their training, as tables of the database: which there are, and keys of the stars they have seen.

A model whose metadata has `training_stars` = NAME stands beside `training_stars/NAME.parquet`, or several parts of the
list in a folder `training_stars/NAME`. Their one column `key` has a key for each place near a training star and for
each name of one (sql/sphere/keys.sql). Lists of one name are put together: a system's models are trained on one list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from . import functions, model_files
from .model import Model

if TYPE_CHECKING:
    from .spectral import SpectralModel

FOLDER = "training_stars"
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


def has_list(model: Model | SpectralModel) -> bool:
    """Whether the list of its training stars is at hand."""
    name = model.metadata.get("training_stars", "")
    return bool(name) and any(_files(model.path.parent, name))


def fingerprint(own: Path) -> str:
    """Changes when a list of training stars does, or what a model says of its training."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name, path in sorted(_lists(own)):
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def fill_tables(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Put what the models say in the place of what stands in `candlesql.models` and `candlesql.training_stars`."""
    connection.execute("delete from candlesql.models; delete from candlesql.training_stars")
    for model in every_model(own):
        listed = model.metadata["training_stars"] if has_list(model) else None
        said = [model.metadata.get("trained_on"), listed, model.metadata.get("n_train")]
        values = [model.name, model.metadata["system"], *said, model.sha256]
        connection.execute("insert into candlesql.models values (?, ?, ?, ?, ?, ?)", values)
    for name, path in sorted(_lists(own)):
        connection.execute("insert into candlesql.training_stars select ?, key from read_parquet(?)", [name, str(path)])


def _lists(own: Path) -> set[tuple[str, Path]]:
    """Name and file of every list that a model refers to."""
    found = set()
    for model in every_model(own):
        name = model.metadata.get("training_stars")
        if name:
            found |= {(listed, path) for listed, path in _files(model.path.parent, name)}
    return found


def _files(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Name and file of a list, or of its parts, beside models; the shipped one where a model was copied alone."""
    for beside in (folder, model_files.SHIPPED, model_files.SHIPPED / "spectra"):
        whole = list_file(beside, name)
        parts = sorted(whole.with_suffix("").glob("*.parquet"))
        found = [(name, whole)] if whole.is_file() else [(f"{name}/{part.stem}", part) for part in parts]
        if found:
            yield from found
            return
