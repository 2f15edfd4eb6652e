"""What `run`, `score`, `models` and `info` say of a model of simulated spectra."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="module")
def simulated(empty_sky, tmp_path_factory) -> dict[int, Path]:
    """Simulated spectra by seed: the shipped model's own line list (1), and another."""
    from candlesql.commands.mock_apogee import simulate

    found = {}
    for seed in (1, 7):
        found[seed] = Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("apogee") / "sky"))
        simulate(found[seed], 250, seed)
    return found


@pytest.mark.parametrize("command", ["run", "score"])
def test_foreign_spectra_are_refused_in_one_line(simulated, candlesql, command):
    done = candlesql(command, simulated[7], "parallax")
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert (
        "the spectra of parallax.inputs are not those that parallax.onnx was trained on (simulated stars)" in done.err
    )
    assert f"train first: `candlesql train {simulated[7]} parallax`" in done.err
    assert not (simulated[7] / "results" / "parallax_scores.parquet").exists()


def test_what_simulated_spectra_teach_is_said_everywhere(simulated, candlesql, tmp_path):
    assert candlesql("run", simulated[1], "parallax").code == 0
    assert "by parallax, which was trained on simulated stars" in candlesql("info", simulated[1]).out
    listed = candlesql("models", simulated[1]).out
    assert "spectra/parallax.onnx" in listed
    after = listed[listed.index("spectra/parallax.onnx") :]
    assert "trained_on simulated" in after
    made = pq.read_schema(simulated[1] / "results" / "parallax_scores.parquet").metadata
    assert made[b"candlesql.trained_on.parallax"] == b"simulated"
    assert candlesql("export", simulated[1], "parallax.catalogue", tmp_path / "stars.ecsv").code == 0
    assert "(trained on simulated stars)" in (tmp_path / "stars.ecsv").read_text()[:20000]


def test_errors_hold_the_true_parallaxes(simulated, candlesql):
    """Of stars that the shipped model never saw: half of them within one calibrated error at least, few beyond two."""
    query = f"""select avg((abs(spec_parallax - truth.parallax) < spec_parallax_total_error)::integer) > 0.55,
                       avg((abs(spec_parallax - truth.parallax) < 2 * spec_parallax_total_error)::integer) > 0.88,
                       avg((abs(combined_parallax - truth.parallax) < combined_parallax_error)::integer) > 0.55,
                       avg((abs(spec_parallax - truth.parallax) < spec_parallax_error)::integer) < 0.55
                from parallax.catalogue as stars
                inner join read_parquet('{simulated[1]}/truth.parquet') as truth using (apogee_id)"""
    assert candlesql("run", simulated[1], "parallax").code == 0
    done = candlesql("sql", simulated[1], query, "--read", simulated[1], "--format", "csv")
    if done.code:
        done = candlesql("sql", simulated[1], query, "--format", "csv")
    assert done.out.splitlines()[1] == "true,true,true,true", done.err
