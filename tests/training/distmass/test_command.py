"""`candlesql train SKY distmass` on labels of the user's own."""

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql.sql.open import open_sky

pytest.importorskip("torch")

from candlesql.training.distmass import distil, networks

N = 900


@pytest.fixture
def quick(monkeypatch):
    """Fewer and smaller networks, fewer epochs and copies of stars."""
    wanted = {
        name: replace(recipe, members=min(recipe.members, 2), epochs=120, batch=64, hidden=(8,))
        for name, recipe in networks.recipes().items()
    }
    monkeypatch.setattr(networks, "recipes", lambda: wanted)
    monkeypatch.setattr(distil, "EPOCHS", 25)
    monkeypatch.setattr(distil, "COPIES", 4)


@pytest.fixture
def labelled_sky(empty_sky, tmp_path, candlesql) -> Path:
    """Stars whose mass is 1.5 + (Teff - 4800) / 500 and whose absolute Ks is -1.6 + 2 (log g - 2.5); one label set."""
    sky = Path(shutil.copytree(empty_sky, tmp_path / "sky"))
    rng = np.random.default_rng(1)
    teff, logg = rng.uniform(4600, 5000, N), rng.uniform(2.2, 2.8, N)
    m_h, c_fe, n_fe = rng.normal(0, 0.1, (3, N))
    distance = rng.uniform(0.5, 2, N)
    k = -1.6 + 2 * (logg - 2.5) + 5 * np.log10(distance) + 10 + rng.normal(0, 0.05, N)
    mass = (1.5 + (teff - 4800) / 500) * np.exp(rng.normal(0, 0.03, N))
    lines = ["star_id,ra,dec,teff,logg,m_h,c_fe,n_fe,k,parallax,parallax_error,mass_apokasc2"]
    columns = (teff, logg, m_h, c_fe, n_fe, k, 1 / distance, np.full(N, 0.01), mass)
    lines += [f"{i},200,30," + ",".join(f"{v:.5f}" for v in row) for i, row in enumerate(np.stack(columns, axis=1))]
    (tmp_path / "stars.csv").write_text("\n".join(lines) + "\n")
    done = candlesql("ingest", sky, "cn_labels", tmp_path / "stars.csv")
    assert done.code == 0, done.err
    return sky


@pytest.mark.heavy
def test_networks_learn_the_users_labels(labelled_sky, candlesql, quick):
    done = candlesql("train", labelled_sky, "distmass", "--seed", "1")
    assert done.code == 0, done.err
    assert "distmass, mass_apokasc2: n " in done.out
    assert "mass_apokasc3" not in done.out
    assert {path.name for path in (labelled_sky / "models").glob("*.onnx")} == {"distmass.onnx", "distmass_paper.onnx"}
    done = candlesql("run", labelled_sky, "distmass")
    assert done.code == 0, done.err
    values = """select distmass.mass(4900, 2.5, 0, 0, 0), distmass.absolute_k(4800, 2.7, 0, 0, 0),
                       distmass.mass_apokasc3(4800, 2.5, 0, 0, 0), distmass.in_training_space(4800, 1.0, 0, 0, 0)"""
    with open_sky(labelled_sky) as connection:
        (found,) = connection.execute(values).fetchall()
        (counts,) = connection.execute(
            'select count("MASS_APOKASC2"), count("MASS_APOKASC3"), count("MASS_APOKASC3_ERR"), count("DISTANCE") '
            "from distmass.catalogue"
        ).fetchall()
        ((made_by,),) = connection.execute(
            "select made_by from candlesql.runs where product = 'distmass.networks'"
        ).fetchall()
    assert found[:2] == (pytest.approx(1.7, abs=0.1), pytest.approx(-1.2, abs=0.15))
    assert found[2:] == (None, False)
    assert counts[0] > 0.9 * N
    assert counts[3] > 0.9 * N
    assert counts[1:3] == (0, 0)
    assert made_by == "train distmass --seed 1"
    with duckdb.connect(labelled_sky / "sky.duckdb", read_only=True) as connection:
        (plain,) = connection.execute(values).fetchall()
    assert plain[:2] == (pytest.approx(found[0], abs=1e-4), pytest.approx(found[1], abs=1e-4))
    assert plain[2:] == (None, False)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("distmass.nothing", "distmass.nothing"),
        ("distmass.funnel", "distmass.funnel: has no column"),
        ("(select * from distmass.training limit 100)", "fewer than 200 stars"),
    ],
)
def test_labels_that_cannot_be_used_are_one_line(labelled_sky, candlesql, labels, said):
    done = candlesql("train", labelled_sky, "distmass", "--labels", labels)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_masses_of_other_stars_are_one_line(labelled_sky, candlesql, tmp_path):
    (tmp_path / "masses.csv").write_text("apogee_id,mass_apokasc2\n2M00000000+0000000,1.2\n")
    assert candlesql("ingest", labelled_sky, "mass_labels", tmp_path / "masses.csv").code == 0
    done = candlesql("train", labelled_sky, "distmass")
    assert done.code == 2
    assert "none of its 1 rows" in done.err
    assert "2M00000000+0000000" in done.err
    assert len(done.err.strip().splitlines()) == 1
