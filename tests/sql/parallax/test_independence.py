"""No star's parallax touches its own estimate."""

import shutil

import duckdb
import numpy as np
import pytest
from candlesql.sql.open import open_sky

pytest.importorskip("torch")

from candlesql.training.parallax.fit import Settings
from candlesql.training.parallax.sample import read_sample
from candlesql.training.parallax.train import OTHER_HALF, both_halves, held_out


@pytest.mark.parametrize("half", ["A", "B"])
def test_a_changed_parallax_moves_the_others_but_not_its_own_estimate(parallaxes, half):
    sample = read_sample(parallaxes)
    settings = Settings(iterations=15)
    before = both_halves(sample, 0.048, 100.0, settings)
    rows = sample.halves[half]
    changed = rows.start + 7
    sample.parallax[changed] += 2.0
    after = both_halves(sample, 0.048, 100.0, settings)
    first, second = held_out(sample, before), held_out(sample, after)
    other = sample.halves[OTHER_HALF[half]]
    np.testing.assert_array_equal(first[rows], second[rows])
    assert first[changed] == second[changed]
    assert not np.array_equal(first[other], second[other]), "the star was in the fit of its half"


def test_the_catalogue_holds_estimates_of_the_other_half(parallaxes):
    """The estimates that SQL shows of training stars are those of the held-out models, refitted here."""
    sample = read_sample(parallaxes)
    predicted = held_out(sample, both_halves(sample, 0.048, 100.0, Settings(iterations=60)))
    query = "select apogee_id, spec_parallax from parallax.catalogue where training_set = 1 order by sample, apogee_id"
    found = parallaxes.execute(query).fetchnumpy()
    assert np.asarray(found["apogee_id"]).tolist() == sample.names.tolist()
    np.testing.assert_allclose(found["spec_parallax"], predicted, rtol=2e-4)


def test_the_halves_are_by_name_alone(parallax_sky, tmp_path):
    """Other parallaxes in the same file give the same halves."""
    sky = shutil.copytree(parallax_sky, tmp_path / "sky")
    path = sky / "catalogs/apogee_gaia.parquet"
    with open_sky(parallax_sky) as connection:
        before = connection.execute("select apogee_id, sample from parallax.stars order by 1").fetchall()
    with duckdb.connect() as plain:
        plain.execute(
            f"copy (select * replace (parallax + 1 as parallax) from '{path}') to '{path}.new' (format parquet)"
        )
    (sky / "catalogs/apogee_gaia.parquet.new").replace(path)
    with open_sky(sky) as connection:
        assert connection.execute("select apogee_id, sample from parallax.stars order by 1").fetchall() == before
