"""`candlesql train SKY photometry`: three models from the labelled stars of a workspace, or one clear line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql import open_sky
from candlesql.commands.ingest import ingest_survey
from candlesql.errors import UserError
from candlesql.sql.open import make_sky
from candlesql.training.command import train_command
from candlesql.training.photometry import train, train_infer
from candlesql.training.photometry.bands import read_bands
from candlesql.training.photometry.correction import CorrectionOptions
from candlesql.training.photometry.data import split_bucket
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


VJK = """
[[band]]
name = "v"
column = "v_mag"
table = "Vega"
model = "Vega"

[[band]]
name = "j"
column = "j_mag"
table = "Vega"
model = "Vega"

[[band]]
name = "k"
column = "k_mag"
table = "AB"
model = "Vega"
ab_minus_vega = 1.85
"""


@pytest.fixture
def vjk_sample(tmp_path) -> Path:
    """Stars with V = 5 + (5500 - Teff) / 1000 + 2 (4 - log g) and V - J, V - K by Teff; little dust."""
    rng = np.random.default_rng(1)
    n = 640
    teff, logg, feh = rng.uniform(4500, 6500, n), rng.uniform(3, 5, n), rng.normal(-0.1, 0.2, n)
    ebv, modulus = rng.uniform(0, 0.1, n), rng.uniform(7, 9, n)
    v = 5 + (5500 - teff) / 1000 - 2 * (logg - 4) + modulus
    columns = {
        "row": np.arange(n), "teff": teff, "logg": logg, "feh": feh, "reddening": ebv,
        "cov_teff_teff": np.full(n, 50.0**2), "cov_logg_logg": np.full(n, 0.05**2), "cov_feh_feh": np.full(n, 0.05**2),
        "v_mag": v + 2.7 * ebv, "j_mag": v - 1.2 - (5500 - teff) / 2000, "k_mag": v + 0.35 - (5500 - teff) / 1500,
        "parallax": 10 ** (2 - modulus / 5), "parallax_error": rng.uniform(0.01, 0.03, n),
    }  # fmt: skip
    columns["reddening_error"] = np.full(n, 0.02)
    columns |= {name: np.zeros(n) for name in ("cov_teff_logg", "cov_teff_feh", "cov_logg_feh")}
    columns |= {f"{band}_mag_error": np.full(n, 0.02) for band in "vjk"}
    pq.write_table(pa.table(columns), tmp_path / "stars.parquet")
    (tmp_path / "vjk.toml").write_text(VJK)
    return tmp_path


@pytest.mark.heavy
def test_other_bands_train_end_to_end(own_sky, vjk_sample, candlesql, monkeypatch):
    """The published network of thirteen bands beside the table is none of theirs."""
    monkeypatch.setattr(train, "RoundOptions", FewRounds)
    monkeypatch.setattr(train, "MEMBERS", 1)
    monkeypatch.setattr(train_infer, "CorrectionOptions", FewEpochs)
    labels = f"read_parquet('{vjk_sample / 'stars.parquet'}')"
    arguments = ("train", own_sky, "photometry", "--bands", vjk_sample / "vjk.toml", "--labels", labels)
    done = candlesql(*arguments, "--seed", "1")
    assert done.code == 0, done.err
    models = sorted(path.stem for path in (own_sky / "models").glob("*.onnx"))
    assert models == ["photometry_vjk", "photometry_vjk_density", "photometry_vjk_infer"]
    model = load_model(own_sky / "models" / "photometry_vjk.onnx")
    assert (model.trained_on, model.training_stars) == ("real", "photometry_vjk")
    assert [output.name for output in model.outputs][:3] == ["absolute_v", "absolute_j", "absolute_k"]
    with open_sky(own_sky) as connection:
        ((v, inside, bands, seen),) = connection.execute(
            f"""select photometry_vjk_net(5500, 4.0, -0.1).absolute_v,
                       photometry_vjk_density_net(5500, 4.0, -0.1).density_v > 1e-3,
                       photometry_vjk_infer_net(14.0, 12.8, 12.5, 0.02, 0.02, 0.02, 1.6, 0.02, 0.05, 0.02).n_bands,
                       (select count(*) filter (trained_on_name(
                            'photometry_vjk', photometry.measured_name(parallax, parallax_error))) from {labels})"""
        ).fetchall()
    assert v == pytest.approx(5.0, abs=1.5)
    assert (inside, bands) == (True, 3)
    assert seen == sum(split_bucket(np.arange(640)) < 9)


def test_bands_are_of_photometry_and_have_a_name(own_sky, vjk_sample, candlesql):
    done = candlesql("train", own_sky, "red_clump", "--bands", vjk_sample / "vjk.toml")
    assert done.code == 2
    assert "only photometry has bands of its own" in done.err
    (vjk_sample / "V-J.toml").write_text(VJK)
    done = candlesql("train", own_sky, "photometry", "--bands", vjk_sample / "V-J.toml")
    assert done.code == 2
    assert "'V-J' is no name for SQL" in done.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("v_mag", "vmag"), "column vmag is missing; there are "),
        (('"j_mag"', '"teff"'), "column teff_error is missing; there are "),
        (('"j"', '"v"'), "two bands have the name v"),
        (("j_mag", "bright_mag"), "column bright_mag: its median is 1.2e+04, which cannot be in mag"),
        (("j_mag", "rough_mag"), "column rough_mag: no star has a magnitude with an error above 0 and at most 0.2 mag"),
    ],
)
def test_bands_that_the_table_has_not(own_sky, vjk_sample, candlesql, change, said):
    """Before anything is learned: a column that is missing, in millimagnitudes, or with errors in them."""
    stars = vjk_sample / "stars.parquet"
    table = pq.read_table(stars)
    milli = pa.array(np.full(len(table), 12_000.0))
    table = table.append_column("bright_mag", milli).append_column("bright_mag_error", table["j_mag_error"])
    table = table.append_column("rough_mag", table["j_mag"]).append_column("rough_mag_error", milli)
    pq.write_table(table, stars)
    (vjk_sample / "odd.toml").write_text(VJK.replace(*change))
    labels = f"read_parquet('{stars}')"
    done = candlesql("train", own_sky, "photometry", "--bands", vjk_sample / "odd.toml", "--labels", labels)
    assert done.code == 2
    (line,) = done.err.strip().splitlines()
    assert said in line
    assert not list((own_sky / "models").glob("*.onnx"))


def test_the_published_network_is_a_yardstick_of_its_own_bands_alone(vjk_sample):
    file = vjk_sample / "published_model.npz"
    np.savez(file, bands=["v", "j", "k_ab"])
    bands = read_bands(vjk_sample / "vjk.toml")
    assert train.has_bands(file, bands)
    assert not train.has_bands(file, bands[:2])
    assert not train.has_bands(file, read_bands())


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
