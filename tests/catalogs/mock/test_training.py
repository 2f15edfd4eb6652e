"""The emulator: what the shipped file states about itself, and a run of its training script."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.catalogs.mock.tracks import EMULATOR, LOG_AGES, LOG_L, MASS_INITIAL, PHASES, emulated_tracks
from candlesql.udfs.model import load_model


def test_shipped_emulator_is_small_and_accurate_at_the_clump():
    """Errors (90 % of nodes) on isochrones that were never trained on."""
    assert EMULATOR.stat().st_size < 500_000
    errors = json.loads(load_model(EMULATOR).metadata["metrics"])["core_helium"]
    clump = errors["held_out_old_middle"]
    assert clump["teff_k"][1] < 15
    assert clump["logg"][1] < 0.01
    assert clump["log_l"][1] < 0.01


@pytest.mark.heavy
def test_training_script(tmp_path):
    """A few steps on smooth toy isochrones give a file that the mock sky can use."""
    pytest.importorskip("torch")
    from candlesql.training.tracks import train

    table = tmp_path / "isochrones.parquet"
    pq.write_table(_toy_isochrones(), table)
    metrics = train(table, tmp_path / "tracks.onnx", epochs=3, polish=15, seed=1)
    assert set(metrics) == set(PHASES)
    grid = emulated_tracks(tmp_path / "tracks.onnx")
    assert np.isfinite(grid.nodes).all()
    assert (grid.mass_steps > 0).all()
    middle_dwarf = grid.nodes[len(grid.nodes) // 2, 0, 30]
    assert middle_dwarf[MASS_INITIAL] == pytest.approx(0.75, abs=0.1)
    assert middle_dwarf[LOG_L] == pytest.approx(-1.0, abs=0.4)


def _toy_isochrones() -> pa.Table:
    """Each phase a line from (0.5 + phase) Msun, log L = 4 (m - 1 - phase) + phase."""
    along = np.linspace(0, 0.5, 12)
    rows = []
    for metallicity in (-2.2, -0.7, 0.6):
        for age in LOG_AGES:
            for phase in range(len(PHASES)):
                mass, log_l = 0.5 + phase + along, 4 * (along - 0.5) + phase
                log_te = 3.6 + 0.1 * along + 0.01 * metallicity
                logg = 4.4 + np.log10(mass) + 4 * (log_te - 3.76) - log_l
                labels = [np.full(12, v) for v in (metallicity, age, phase)]
                rows.append(np.array([*labels, mass, mass, log_l, log_te, logg]))
    names = ("MH", "logAge", "phase", "Mini", "Mact", "logL", "logTe", "logg")
    return pa.table(dict(zip(names, np.concatenate(rows, axis=1), strict=True)))
