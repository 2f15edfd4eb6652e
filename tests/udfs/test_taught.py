"""Lists of training stars: which are whole, where they lie, and what the database has of them."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.udfs import model_files, taught
from candlesql.udfs.spectral import write_spectral

KEYS = np.array([-1, 5, 7], np.int64)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of models with one, `mine`, that names the list `seen`."""
    monkeypatch.setattr(model_files, "SHIPPED", tmp_path / "shipped")
    names = [{"name": name, "unit": "", "error": f"{name}_error"} for name in ("g", "ln_flux")]
    said = {"system": "parallax", "function": "y", "inputs": names, "outputs": [{"name": "y", "unit": ""}]}
    said |= {"n_train": "3", "trained_on": "real", "citation": "nobody", "version": "1", "training_stars": "seen"}
    weights = np.array([[2.0]]), np.array([[0.25]]), np.array([1.0])
    write_spectral(tmp_path / "spectra/mine.onnx", *weights, said)
    return tmp_path


def write_list(path, keys=KEYS, seal=None, name="key"):
    path.parent.mkdir(parents=True, exist_ok=True)
    seals = {} if seal == "" else {taught.SEAL: seal or taught.seal(keys)}
    pq.write_table(pa.table({name: keys}).replace_schema_metadata(seals or None), path)


def told(folder) -> list[tuple]:
    """What the tables say: of the models their list, and every key of a list."""
    with duckdb.connect() as connection:
        connection.execute(f"create schema candlesql; {taught.TABLES}")
        taught.fill_tables(connection, folder)
        models = connection.execute("select model, training_stars from candlesql.models").fetchall()
        return models + connection.execute("from candlesql.training_stars order by all").fetchall()


def test_a_list_that_is_whole(folder):
    file = taught.list_file(folder / "spectra", "seen")
    assert told(folder) == [("mine", None)]
    before = taught.fingerprint(folder)
    write_list(file)
    assert told(folder) == [("mine", "seen"), ("seen", -1), ("seen", 5), ("seen", 7)]
    assert taught.fingerprint(folder) != before


def test_parts_of_a_list(folder):
    parts = taught.list_file(folder / "spectra", "seen").with_suffix("")
    write_list(parts / "a.parquet", KEYS[:1])
    write_list(parts / "b.parquet", KEYS[1:])
    assert told(folder) == [("mine", "seen"), ("seen/a", -1), ("seen/b", 5), ("seen/b", 7)]
    write_list(parts / "b.parquet", KEYS[1:], seal="other")
    assert told(folder) == [("mine", None)], "one of its parts is not whole"


@pytest.mark.parametrize(
    "wrong",
    [
        {"seal": "other"},
        {"seal": ""},
        {"name": "keys"},
        {"keys": KEYS.astype(np.int32)},
        {"keys": KEYS[:2], "seal": taught.seal(KEYS)},
    ],
)
def test_a_list_that_is_not_whole_says_nothing(folder, wrong):
    write_list(taught.list_file(folder / "spectra", "seen"), **wrong)
    assert told(folder) == [("mine", None)]


def test_a_file_that_is_no_list_says_nothing(folder):
    file = taught.list_file(folder / "spectra", "seen")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"PAR1")
    assert told(folder) == [("mine", None)]


def test_the_shipped_list_of_a_copied_model(folder, monkeypatch):
    shipped = folder / "shipped/spectra"
    write_list(taught.list_file(shipped, "seen"))
    assert told(folder) == [("mine", None)], "no shipped model has its content"
    (shipped / "mine.onnx").write_bytes((folder / "spectra/mine.onnx").read_bytes())
    assert told(folder)[0] == ("mine", "seen")
    (shipped / "mine.onnx").write_bytes(b"another")
    monkeypatch.setattr(model_files, "SHIPPED", folder / "nowhere")
    assert told(folder) == [("mine", None)]


def test_a_list_that_is_no_parquet_file_is_not_whole(tmp_path):
    (tmp_path / "seen.parquet").write_bytes(b"nothing")
    assert taught._is_whole(tmp_path / "seen.parquet", 1) is False
