"""Real giants of Kepler and of K2, with labels in place of pixels."""

import pytest

pytest.importorskip("torch")

from candlesql.benchmarks.compare.parallax_labels import APO_K2, KEPLER, compare


@pytest.mark.heavy
def test_real_giants_are_predicted_to_a_tenth(real_data):
    kepler = compare(real_data("kepler/kepler_giants.parquet"), KEPLER, 6, "Kepler RGB", seeds=(0,))
    assert all(score.n_best > 1500 and score.robust_scatter < 0.08 for score in kepler)
    query = APO_K2.format(max_logg=3.5)
    linear, _, network = compare(real_data("apo_k2/apo_k2.csv"), query, 2, "APO-K2", seeds=(0,))
    assert network.n_best == linear.n_best > 200, "only log g < 2.2 is judged"
    assert network.robust_scatter < linear.robust_scatter < 0.12
