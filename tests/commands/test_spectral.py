"""Stars that are scored by their spectra: what is read, what is refused, and what is made again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from candlesql import UserError
from candlesql.commands.steps import spectral
from candlesql.udfs.feature_space import FeatureSpace

STEPS = SimpleNamespace(
    name="parallax", id="star", inputs="t.inputs", rows="t.rows", base="apogee", spectra="spectra.parquet"
)
RNG = np.random.default_rng(1)
DIRECTION = RNG.normal(0, 0.02, 30)
SPECTRA = (RNG.normal(0, 1, (60, 1)) * DIRECTION + RNG.normal(0, 0.002, (60, 30))).astype(np.float32)
ERRORS = np.full(SPECTRA.shape, 0.01, np.float32)
SPACE = FeatureSpace.of(SPECTRA, ERRORS, (20, 10)).text()


def model(**metadata: str) -> SimpleNamespace:
    names = {"inputs": ["g", "j", "spectrum"], "errors": ["g_error", "j_error", "spectrum_error"], "outputs": ["p"]}
    return SimpleNamespace(name="m", path=Path("m.onnx"), metadata=metadata, sha256="abc", **names)


@pytest.fixture
def connection(empty):
    empty.execute(
        "create schema t; create table t.inputs(star integer, g float, g_error float, j float, j_error float, "
        "spectrum float[], spectrum_error float[])"
    )
    return empty


def store(connection, spectra: np.ndarray) -> None:
    rows = [[i, 1, 1, 1, 1, s.tolist(), e.tolist()] for i, (s, e) in enumerate(zip(spectra, ERRORS, strict=False))]
    connection.executemany("insert into t.inputs values (?, ?, ?, ?, ?, ?, ?)", rows)


def test_spectra_like_those_of_training_pass_and_others_do_not(connection, tmp_path):
    sky = SimpleNamespace(root=tmp_path)
    known = model(feature_space=SPACE, trained_on="real")
    spectral.check_spectra(connection, sky, STEPS, known)  # of no star
    store(connection, SPECTRA)
    spectral.check_spectra(connection, sky, STEPS, known)
    connection.execute("delete from t.inputs")
    store(connection, SPECTRA + np.float32(0.5))
    with pytest.raises(UserError) as stop:
        spectral.check_spectra(connection, sky, STEPS, known)
    said = str(stop.value)
    assert "the spectra of t.inputs are not those that m.onnx was trained on (real stars): their mean lies" in said
    assert f"train first: `candlesql train {tmp_path} parallax`" in said
    with pytest.raises(UserError, match=r"\(unknown stars\)"):
        spectral.check_spectra(connection, sky, STEPS, model(feature_space=SPACE))


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "does not say which spectra it was trained on"),
        ({"feature_space": "nonsense"}, "its metadata candlesql.feature_space is damaged"),
    ],
)
def test_models_that_do_not_say_which_spectra(connection, tmp_path, metadata, said):
    with pytest.raises(UserError, match=said) as stop:
        spectral.check_spectra(connection, SimpleNamespace(root=tmp_path), STEPS, model(**metadata))
    assert f"train again: `candlesql train {tmp_path} parallax`" in str(stop.value)


def test_models_of_an_earlier_version(monkeypatch, tmp_path):
    def refuse(text):
        raise spectral.EarlierVersion("no errors are in it")

    monkeypatch.setattr(spectral.FeatureSpace, "from_text", refuse)
    with pytest.raises(UserError, match="trained by an earlier version of candlesql: no errors are in it"):
        spectral._training_space(SimpleNamespace(root=tmp_path), STEPS, model(feature_space="x"))


def test_outputs_and_their_errors(connection):
    """p = g + 2 j is 7, its error a tenth of it for errors of 0.1."""
    connection.execute(
        """insert into t.inputs values (5, 3, 0.1, 2, 0.1, [1], [0.1]);
        create macro m_net(g, j, spectrum) as {'p': g + 2 * j * spectrum[1]};
        create macro m_error_net(g, j, spectrum) as {'p': g}"""
    )
    assert connection.execute(spectral.spectra_query(STEPS, model())).fetchall() == [(5, 7.0, pytest.approx(0.7))]


@pytest.fixture
def scored(monkeypatch, tmp_path):
    """Scores with all that stands around it replaced; gives what was made, and what was written."""
    written, asked = [], []
    monkeypatch.setattr(spectral, "spectral_model", lambda sky, name: model())
    monkeypatch.setattr(spectral, "spectral_sources", lambda *_: ["source"])
    monkeypatch.setattr(spectral, "check_spectra", lambda *_: None)
    monkeypatch.setattr(spectral, "cuts_of", lambda rows: {rows})
    monkeypatch.setattr(spectral, "write_product", lambda *given: written.append(given) or 7)
    sky = SimpleNamespace(root=Path("sky"), results=tmp_path)

    def run(is_fresh, **given):
        monkeypatch.setattr(spectral, "is_fresh", lambda *given: asked.append(given) or is_fresh)
        return spectral.score_spectra("connection", sky, STEPS, **given), written, asked

    return run


def test_what_is_written_of_spectra(scored, tmp_path):
    made, ((_, _, product, query, target, said, sources, hashes, run, nothing),), asked = scored(True)
    assert made == {"parallax.scores": 7}
    assert (product, target, said) == ("parallax.scores", tmp_path / "parallax_scores.parquet", "score parallax")
    assert (query, sources, hashes) == (spectral.spectra_query(STEPS, model()), ["source"], {"m": "abc"})
    assert run is spectral.execute
    assert nothing().startswith("t.inputs has no rows: store spectra with `candlesql spectra sky FILE…`")
    assert asked == []


def test_fresh_scores_stay_where_only_stale_ones_are_made(scored, tmp_path):
    assert scored(True, only_stale=True)[0] == {"parallax.scores": 7}, "there is no file yet"
    (tmp_path / "parallax_scores.parquet").touch()
    made, written, asked = scored(True, only_stale=True)
    assert (made, len(written)) == ({}, 1)
    assert asked == [("connection", "parallax.scores", ["source"], {"m": "abc"}, {"t.rows"})]
    assert scored(False, only_stale=True)[0] == {"parallax.scores": 7}


def test_the_model_of_a_system_and_where_there_is_none(monkeypatch, tmp_path):
    sky = SimpleNamespace(root=tmp_path, models=tmp_path)
    monkeypatch.setattr(spectral, "spectral_files", lambda models: {"parallax": tmp_path / "p.onnx"})
    monkeypatch.setattr(spectral, "load_spectral", lambda path: path.name)
    assert spectral.spectral_model(sky, "parallax") == "p.onnx"
    with pytest.raises(UserError, match="there is no model for other"):
        spectral.spectral_model(sky, "other")


def test_scores_are_made_of_the_files_that_are_there(tmp_path):
    sky = SimpleNamespace(catalog=lambda name: tmp_path / f"{name}.parquet", results=tmp_path)
    assert spectral.spectral_sources(sky, STEPS) == []
    for name in ("apogee", "spectra"):
        (tmp_path / f"{name}.parquet").touch()
    assert [path.name for path in spectral.spectral_sources(sky, STEPS)] == ["apogee.parquet", "spectra.parquet"]
