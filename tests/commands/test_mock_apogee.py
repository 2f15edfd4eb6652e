"""The simulated APOGEE: which giants stand in which block, and what is recorded."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.commands import mock_apogee
from candlesql.workspace.folder import Sky


class Giants(SimpleNamespace):
    def __len__(self) -> int:
        return len(self.names)


@pytest.mark.parametrize(
    ("n", "blocks", "first"), [(1030, [(0, 512), (512, 1024), (1024, 1030)], 512), (7, [(0, 7)], 7)]
)
def test_spectra_are_written_in_blocks(monkeypatch, tmp_path, n, blocks, first):
    """The continuum is chosen by the first block; each block draws its own noise, of a seed by its place."""
    seen, written, opened = [], [], []

    def observed(lines, giants, rows, rng):
        seen.append((lines, rows.tolist(), rng))
        return f"flux {rows[0]}", f"error {rows[0]}"

    def writer(path, continuum, simulated):
        opened.append((path, continuum, simulated))
        return contextlib.nullcontext(SimpleNamespace(write_batch=written.append))

    monkeypatch.setattr(mock_apogee.np.random, "default_rng", tuple)
    monkeypatch.setattr(mock_apogee, "Lines", SimpleNamespace(drawn=lambda rng: f"lines {rng}"))
    monkeypatch.setattr(mock_apogee, "observed_spectra", observed)
    monkeypatch.setattr(mock_apogee, "choose_continuum", lambda *given: given)
    monkeypatch.setattr(mock_apogee, "spectra_writer", writer)
    monkeypatch.setattr(mock_apogee, "feature_batch", lambda *given: given)
    giants = Giants(names=[f"s{i}" for i in range(n)])
    mock_apogee.write_simulated_spectra(tmp_path, giants, 9)
    lines, continuum = "lines (9, 2)", ("flux 0", "error 0")
    assert seen == [
        (lines, list(range(first)), (9, 3)),
        *((lines, list(range(start, stop)), (9, 4, start)) for start, stop in blocks),
    ]
    assert opened == [(tmp_path, continuum, True)]
    assert written == [
        ([f"s{i}" for i in range(start, stop)], f"flux {start}", f"error {start}", continuum) for start, stop in blocks
    ]


def test_what_is_made_of_a_simulation(monkeypatch, tmp_path):
    sky, calls = Sky(tmp_path), []

    def does(name: str, gives: object = None):
        return lambda *given, **named: calls.append((name, *given, *named.values())) or gives

    monkeypatch.setattr(mock_apogee, "load_survey", lambda name: name)
    monkeypatch.setattr(mock_apogee, "draw_giants", lambda n, rng: calls.append(("draw", n, rng.random())) or "giants")
    monkeypatch.setattr(mock_apogee, "new_or_existing", lambda path: contextlib.nullcontext(sky))
    monkeypatch.setattr(mock_apogee, "writing", lambda path, whole: calls.append(whole) or contextlib.nullcontext("db"))
    monkeypatch.setattr(mock_apogee, "catalogue", lambda giants: pa.table({"n": [1]}))
    monkeypatch.setattr(mock_apogee, "truth", lambda giants: pa.table({"n": [2]}))
    monkeypatch.setattr(mock_apogee, "write_simulated_spectra", lambda path, *given: calls.append((path.name, *given)))
    read = lambda path: pq.read_table(path)["n"].to_pylist()  # noqa: E731
    monkeypatch.setattr(mock_apogee, "put_in", lambda _, survey, file: calls.append((survey, read(file))) or "done")
    monkeypatch.setattr(mock_apogee, "place", lambda _, made, target: calls.append((made.name, target)))
    monkeypatch.setattr(mock_apogee, "refresh", does("refresh"))
    monkeypatch.setattr(mock_apogee, "record_catalog", does("catalog"))
    monkeypatch.setattr(mock_apogee, "record", does("record"))
    mock_apogee.simulate(tmp_path, 20, 5)
    said, spectra = "mock-apogee --stars 20 --seed 5", tmp_path / "results" / "parallax_spectra.parquet"
    (draw, whole, made, put, known, features, refreshed, catalog, record) = calls
    assert draw == ("draw", 20, np.random.default_rng([5, 1]).random())
    assert (whole, made, put) == (True, ("spectra.parquet", "giants", 5), ("apogee_gaia", [1]))
    assert (known, features) == (("truth", tmp_path / "truth.parquet"), ("spectra.parquet", spectra))
    assert refreshed == ("refresh", "db", sky)
    assert catalog[:-1] == ("catalog", "db", sky, "apogee_gaia", said, [], "done")
    assert record[:7] == ("record", "db", "parallax.spectra", said, [], {}, 20)
    assert record[8:] == ([spectra],)
    assert all(0 <= seconds < 100 for seconds in (catalog[-1], record[7]))
    assert list(tmp_path.iterdir()) == []
