"""What `models` says of model files, and how the command tells one from another."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.commands import models
from candlesql.udfs.feature_space import EarlierVersion

INPUTS = '[{"name": "g", "unit": "mag"}, {"name": "c", "unit": ""}]'
OUTPUTS = '[{"name": "teff", "unit": "K"}]'


def model(name: str, folder: Path, **metadata: str) -> SimpleNamespace:
    fields = {"inputs": INPUTS, "outputs": OUTPUTS} | metadata
    return SimpleNamespace(name=name, path=folder / f"{name}.onnx", metadata=fields, sha256=f"{name}-hash")


@pytest.fixture
def sky(monkeypatch, tmp_path):
    known = [
        model("alpha", Path("shipped"), trained_on="real", n_train="12345", citation="A paper", ignored="x"),
        model("alphabet", tmp_path, trained_on="simulated", feature_space="nonsense"),
        model("omega", tmp_path),
    ]
    made = SimpleNamespace(models=tmp_path)
    monkeypatch.setattr(models, "every_model", lambda folder: known)
    monkeypatch.setattr(models, "has_list", lambda model: False)
    monkeypatch.setattr(models, "existing_sky", lambda path: made)
    return made


def test_a_row_for_each(sky):
    rows = models.model_rows(sky)
    assert rows.columns == ["model", "whose", "trained on", "stars", "reads", "gives"]
    assert rows.rows == [
        ("alpha", "shipped", "real", "12,345", "2 inputs", "teff"),
        ("alphabet", "workspace", "simulated", "", "2 inputs", "teff"),
        ("omega", "workspace", "the file does not say", "", "2 inputs", "teff"),
    ]


def test_all_that_one_says(sky, tmp_path):
    assert list(models.describe_model(sky, "alpha")) == [
        f"alpha  {Path('shipped/alpha.onnx')}",
        "  reads    g [mag], c",
        "  gives    teff [K]",
        "  trained_on real; which stars is not known, so `trained_on` is NULL",
        "  n_train  12345",
        "  citation A paper",
        "  sha256   alpha-hash",
    ]
    assert list(models.describe_model(sky, "alphabet"))[3:] == [
        "  trained_on simulated",
        "  feature_space damaged: train it again",
        "  sha256   alphabet-hash",
    ]


def test_the_command(sky):
    table, hint = models.describe_models(Path("sky"))
    assert table.startswith("┌")
    assert hint == "candlesql models sky NAME says inputs with units, metrics, domain and citation of one"
    assert list(models.describe_models(Path("sky"), "omega"))[-1] == "  sha256   omega-hash"


@pytest.mark.parametrize(
    ("name", "there"), [("alpa", "alpha, alphabet$"), ("zzz", "alpha, alphabet, omega$"), ("mega", "omega$")]
)
def test_a_name_that_there_is_not(sky, name, there):
    with pytest.raises(UserError, match=rf"there is no model {name}.*there are {there}"):
        list(models.describe_model(sky, name))


@pytest.mark.parametrize(
    ("n", "said"), [("1234", "1,234"), ("9" * 19, "9,999,999,999,999,999,999"), ("9" * 20, ""), ("-5", ""), ("1.5", "")]
)
def test_numbers_of_stars(n, said):
    assert models._stars(SimpleNamespace(metadata={"n_train": n})) == said


def test_stars_that_are_listed_are_not_in_doubt(monkeypatch):
    monkeypatch.setattr(models, "has_list", lambda model: True)
    assert models._which_stars(SimpleNamespace(metadata={"trained_on": "real"})) == "real"


def test_spectra_of_an_earlier_version(monkeypatch):
    def refuse(text):
        raise EarlierVersion

    monkeypatch.setattr(models.FeatureSpace, "from_text", refuse)
    assert models._space("x") == "of an earlier version: train it again"
