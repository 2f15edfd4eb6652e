"""`candlesql train SKY photometry`: three models from the labelled stars of a workspace, or one clear line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.commands.ingest import ingest_survey
from candlesql.errors import UserError
from candlesql.sql.open import make_sky
from candlesql.training.command import train_command
from candlesql.training.photometry import train, train_infer
from candlesql.training.photometry.correction import CorrectionOptions
from candlesql.training.photometry.rounds import RoundOptions
from candlesql.udfs.model import load_model


def train_photometry(sky: Path, labels: str | None = None) -> list[str]:
    return list(train_command(sky, "photometry", labels, 1, {}))


def test_without_labelled_stars_nothing_is_trained(own_sky):
    with pytest.raises(UserError, match=r"photometry\.training: 0 stars have labels and a match; at least 500"):
        train_photometry(own_sky)
    with pytest.raises(UserError, match=r"--labels my\.labels: .*does not exist"):
        train_photometry(own_sky, "my.labels")
    assert not list((own_sky / "models").glob("*.onnx"))
    assert not list(own_sky.glob("tmp*"))


@dataclass(frozen=True)
class FewRounds(RoundOptions):
    rounds: int = 2
    epochs: int = 4


@dataclass(frozen=True)
class FewEpochs(CorrectionOptions):
    members: int = 1
    epochs: int = 2


@pytest.mark.heavy
def test_the_published_sample_trains_all_three(green_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "RoundOptions", FewRounds)
    monkeypatch.setattr(train, "MEMBERS", 1)
    monkeypatch.setattr(train_infer, "CorrectionOptions", FewEpochs)
    sky = make_sky(tmp_path / "sky").root
    ingest_survey(sky, "green2020", [green_folder / "stars_13band.parquet"], {}, {})
    said = train_photometry(sky)
    models = {name: load_model(sky / "models" / f"{name}.onnx") for name in
              ("photometry", "photometry_density", "photometry_infer")}  # fmt: skip
    assert all(str(model.path) in "\n".join(said) for model in models.values())
    assert {model.metadata["n_train"] for model in models.values()} == {"6366"}  # 7,026 less 660 of bucket 9
    assert json.loads(models["photometry"].metadata["metrics"])["chi2_per_dof"] < 10
    with open_sky(sky) as connection:
        solar = connection.execute("select photometry.absolute_magnitudes(5777, 4.44, 0).ks").fetchall()[0][0]
        runs = connection.execute(
            "select product, n_rows from candlesql.runs where product like 'photometry%'"
        ).fetchall()
    assert solar == pytest.approx(3.27, abs=0.6)  # the Sun has M_Ks = 3.27 (Willmer 2018)
    assert runs == [("photometry.networks", 6366)]
