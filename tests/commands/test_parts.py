"""Scores in parts: which parts there are, which are written, and what is thrown away."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.commands.steps import scoring
from candlesql.udfs.metadata import Field
from candlesql.workspace.folder import Sky
from candlesql.workspace.ledger import fingerprint

STEPS = SimpleNamespace(
    name="t", id="survey, source_id", inputs="t.inputs", rows="t.inputs", bases=("base", "other"), scored="t.scored",
    carries=(),
)  # fmt: skip


def model(**given) -> SimpleNamespace:
    fields = {
        "name": "m", "sha256": "abc", "trained_on": "real", "path": Path("m.onnx"), "metadata": {},
        "takes_missing": True, "inputs": [Field("g", "")], "outputs": [Field("a", ""), Field("b", "")],
    }  # fmt: skip
    return SimpleNamespace(**(fields | given))


@pytest.fixture
def sky(tmp_path):
    made = Sky(tmp_path / "sky")
    for folder in (made.catalogs, made.scores, made.models, made.surveys):
        folder.mkdir(parents=True)
    return made


@pytest.fixture
def connection(empty):
    empty.execute("create schema t; create schema staging; create table t.inputs(source_id bigint, g double)")
    empty.execute("create table staging.base(n integer); create table staging.other(n integer)")
    return empty


# --- what the parts are of


def test_row_groups_of_the_tables_that_stars_come_from(connection, sky, monkeypatch):
    """Of the base and of a wide table, not of another one; those without a number come first."""
    surveys = {
        name: SimpleNamespace(name=name, wide=name == "wide", id="id") for name in ("base", "wide", "beside", "text")
    }
    surveys["text"].wide = True
    monkeypatch.setattr(scoring, "survey_files", lambda own: [*surveys, "absent"])
    monkeypatch.setattr(
        scoring, "load_survey", lambda name, own: surveys.get(name, SimpleNamespace(name="other", wide=1))
    )
    for name, first in (("base", 5000), ("wide", 9000), ("beside", 100)):
        rows = f"select range + {first} as id, 0 as x from range(5000)"
        connection.execute(f"copy ({rows}) to '{sky.catalog(name)}' (format parquet, row_group_size 2048)")
    connection.execute(f"copy (select 'a' as id) to '{sky.catalog('text')}' (format parquet)")
    assert scoring._row_groups(connection, sky, STEPS) == [
        (None, 1), (5000, 2048), (7048, 2048), (9000, 2048), (9096, 904), (11048, 2048), (13096, 904),
    ]  # fmt: skip


def test_columns_are_those_of_the_workspace_alone(connection):
    connection.execute("comment on column t.inputs.g is '[mag] its G'")
    assert scoring._columns(connection, "t.inputs") == {"source_id": ("BIGINT", ""), "g": ("DOUBLE", "[mag] its G")}


def test_a_part_has_five_million_rows_or_more(connection, monkeypatch):
    monkeypatch.setattr(scoring, "_row_groups", lambda *_: [(1, 7), (9, 5_000_000), (12, 3)])
    assert scoring._ranges(connection, None, STEPS) == [("source_id < 12", 5_000_007), ("source_id >= 12", 3)]
    monkeypatch.setattr(scoring, "_row_groups", lambda *_: [(1, 4_999_999), (2, 3), (3, 1)])
    assert scoring._ranges(connection, None, STEPS) == [("source_id < 3", 5_000_002), ("source_id >= 3", 1)]


# --- the folder of the parts


def test_a_key_is_of_model_cuts_views_and_what_they_are_made_of(connection, monkeypatch, tmp_path):
    monkeypatch.setattr(scoring, "cut_values", lambda _: "{}")
    monkeypatch.setattr(scoring.files, "ROOT", tmp_path)
    (tmp_path / "view.sql").write_text("select 1")
    (tmp_path / "a.parquet").write_text("rows")
    wanted = hashlib.sha256(f"abc {{}} 5000000a.parquet {fingerprint(tmp_path / 'a.parquet')}select 1".encode())
    assert scoring._key(connection, model(), [tmp_path / "a.parquet"]) == wanted.hexdigest()


def test_parts_of_another_key_are_thrown_away(sky):
    old, foreign = sky.scores / ".parts" / "t-old", sky.scores / ".parts" / "other-old"
    for folder in (old, foreign):
        folder.mkdir(parents=True)
    made = scoring._folder(sky, "t", "k" * 20)
    assert made == sky.scores / ".parts" / f"t-{'k' * 16}"
    (made / "part").touch()
    assert scoring._folder(sky, "t", "k" * 20) == made
    assert (made / "part").exists()
    assert (old.exists(), foreign.exists()) == (False, True)


@pytest.fixture
def written(monkeypatch) -> list[tuple[str, str, dict]]:
    """Writes a row for each part instead of what a network infers; what was written."""
    found: list[tuple[str, str, dict]] = []

    def write(connection, query, what, path, metadata):
        found.append((query, path.name, metadata))
        connection.execute(f"copy (select 7 as source_id) to '{path}' (format parquet)")

    monkeypatch.setattr(scoring, "write_inferred", write)
    monkeypatch.setattr(scoring, "inference", lambda *_: "what")
    monkeypatch.setattr(scoring, "stars_query", lambda steps, what, condition: condition)
    monkeypatch.setattr(scoring, "_ranges", lambda *_: [("n < 1", 10), ("n >= 1", 5)])
    return found


def test_parts_that_are_there_are_not_written_again(connection, sky, written, monkeypatch, tmp_path):
    bars = []

    @contextlib.contextmanager
    def rows_bar(what, done, rows):
        bars.append([what, done, rows])
        yield bars[-1].append

    monkeypatch.setattr(scoring, "rows_bar", rows_bar)
    scoring._write_parts(connection, sky, STEPS, model(), tmp_path)
    assert [(query, name) for query, name, _ in written] == [
        ("n < 1", ".part-00000.parquet.tmp"), ("n >= 1", ".part-00001.parquet.tmp"),
    ]  # fmt: skip
    assert written[0][2] == {
        "candlesql.model": "m", "candlesql.model_sha256": "abc", "candlesql.trained_on": "real",
    }  # fmt: skip
    assert {path.name for path in tmp_path.glob("*part*")} == {"part-00000.parquet", "part-00001.parquet"}
    (tmp_path / "part-00001.parquet").unlink()
    scoring._write_parts(connection, sky, STEPS, model(), tmp_path)
    assert bars == [["scoring t", 0, 15, 10, 5], ["scoring t", 10, 15, 5]]
    assert len(written) == 3


def test_a_model_that_does_not_say_its_stars():
    assert scoring.metadata_of(model(trained_on=""))["candlesql.trained_on"] == "not known"


def test_outputs_that_a_view_shows(monkeypatch):
    monkeypatch.setattr(scoring, "products", lambda: {"t.scored": {"columns": {"b": "float", "c": "float"}}})
    assert scoring.stored_outputs(STEPS, model()) == ["b"]
    monkeypatch.setattr(scoring, "products", lambda: {})
    assert scoring.stored_outputs(STEPS, model()) == ["a", "b"]


def test_the_hull_is_that_of_the_model(monkeypatch, sky):
    monkeypatch.setattr(scoring, "products", lambda: {})
    monkeypatch.setattr(scoring, "hull_files", lambda models: {"m_inside_hull": "hull.npz"})
    monkeypatch.setattr(scoring, "read_hull", lambda path: f"read {path}")
    assert scoring.inference(sky, STEPS, model()).hull == "read hull.npz"
    assert scoring.inference(sky, STEPS, model(name="other")).hull is None


# --- all of it


@pytest.fixture
def scored(connection, sky, written, monkeypatch):
    """Scores with what stands around it replaced; what was recorded, and which catalogs were looked at."""
    recorded, looked = [], []

    @contextlib.contextmanager
    def placed(connection, sky, folder, target):
        folder.rename(target)
        connection.execute(f"create or replace table t.scores as from read_parquet('{target}/*.parquet')")
        yield

    keys = []
    monkeypatch.setattr(scoring, "_key", lambda _, model, sources: keys.append(sources) or "k" * 20)
    monkeypatch.setattr(scoring, "placed", placed)
    monkeypatch.setattr(scoring, "record", lambda *given: recorded.append(given))
    monkeypatch.setattr(scoring, "refuse_damaged", lambda _, sky, base: looked.append(base))

    def run():
        rows = scoring.score_in_parts(connection, sky, STEPS, model(), [Path("source")])
        return rows, recorded, looked, keys

    return run


def test_scores_are_put_in_place_and_recorded(sky, scored):
    hull = sky.models / "m_hull.npz"
    hull.touch()
    rows, ((_, product, made_by, sources, models, n, seconds, made),), looked, keys = scored()
    assert (rows, n, product, made_by, models) == (2, 2, "t.scores", "score t", {"m": "abc"})
    assert sources == [Path("source")]
    assert keys == [[Path("source"), hull]]
    assert 0 <= seconds < 100
    assert sorted(path.name for path in made) == ["part-00000.parquet", "part-00001.parquet"]
    assert not (sky.scores / ".parts").exists()
    assert looked == []


def test_folders_of_other_systems_stay(sky, scored):
    (sky.scores / ".parts" / "other-x").mkdir(parents=True)
    scored()
    assert (sky.scores / ".parts" / "other-x").exists()


def test_no_star_has_what_the_model_reads(connection, sky, scored, monkeypatch):
    def write(connection, query, what, path, metadata):
        connection.execute(f"copy (select 7 as source_id where false) to '{path}' (format parquet)")

    monkeypatch.setattr(scoring, "write_inferred", write)
    with pytest.raises(UserError, match=r"t\.inputs has no rows: ingest base or other, or a table like it"):
        scored()
    assert list((sky.scores / ".parts").iterdir()) == []


def test_units_of_inputs(connection):
    connection.execute("comment on column t.inputs.g is 'no [mag] unit'")
    scoring.check_inputs(connection, STEPS, model(inputs=[Field("g", "mas")]))
