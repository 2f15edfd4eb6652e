"""Bulk scoring: complete, resumed after a kill, never mixed with parts of other inputs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql import UserError, open_sky
from candlesql.catalogs.survey import load_survey
from candlesql.commands.run import holds, run_system
from candlesql.commands.score import score
from candlesql.commands.steps import scoring
from candlesql.sql.open import make_sky
from candlesql.sql.systems import system_steps
from candlesql.udfs.graph import GraphBuilder, Layer
from candlesql.udfs.model import write_model
from candlesql.workspace.folder import Sky

INPUTS = {"phot_g_mean_mag": "mag", "w1mpro": "mag", "parallax": "mas"}
WEIGHT = np.array([[10.0, -4.0, 50.0], [0.1, 0.05, -0.2]])
BIAS = np.array([100.0, -1.0])
#: What a model that states nothing reads beyond the inputs: parallaxes of Gaia DR2 at infinity; the table's are 0.
ZERO_POINT = np.array([0, 0, -0.04])
GROUP = 2048
STARS = 3 * GROUP + 100
KILLED = """
import sys, time
from pathlib import Path
from candlesql.commands.score import score
from candlesql.commands.steps import scoring
from candlesql.sql.open import open_sky
from candlesql.workspace.folder import find_sky
scoring.PART_ROWS = int(sys.argv[2])
write, parts = scoring.write_inferred, []
def slow(connection, query, *rest):
    if len(parts) == 2:
        Path(sys.argv[1], "waiting").touch()
        time.sleep(600)
    parts.append(query)
    write(connection, query, *rest)
scoring.write_inferred = slow
with open_sky(sys.argv[1], read_only=False) as connection:
    score(connection, find_sky(sys.argv[1]), "red_clump")
"""


def store_model(sky: Sky, bias: np.ndarray = BIAS, inputs: dict[str, str] = INPUTS) -> None:
    """delta_p_s and p_rc as linear functions of three columns; p_rc is joint_p_rc beside the network for any bands."""
    builder = GraphBuilder()
    y = builder.layer("x", Layer(WEIGHT, bias))
    metadata: dict[str, object] = {
        "system": "red_clump",
        "inputs": [{"name": name, "unit": unit} for name, unit in inputs.items()],
        "outputs": [{"name": "delta_p_s", "unit": "s"}, {"name": "p_rc", "unit": ""}],
    }
    write_model(sky.models / "red_clump.onnx", builder.finish(y, 3, 2, "red_clump"), metadata)


def store_stars(sky: Sky, seed: int = 0) -> dict[int, np.ndarray]:
    """A wide table in four row groups; every tenth star lacks W1, and all have Ks for the network for any bands.

    Returns the model's inputs by identifier, NaN where not known.
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 15, (3, STARS)).astype(np.float32)
    given = {
        "source_id": np.arange(STARS) * 7,
        "ra": rng.uniform(0, 360, STARS),
        "dec": rng.uniform(-80, 80, STARS),
        **dict(zip(INPUTS, x, strict=True)),
        "ks_m": np.full(STARS, 12, np.float32),
    }
    columns = ", ".join(
        _column(name, column.type, name in given) for name, column in load_survey("wide").columns.items()
    )
    with duckdb.connect() as connection:
        connection.register("given", given)
        connection.execute(
            f"copy (select {columns}, source_id as _healpix_29 from given order by source_id) "
            f"to '{sky.catalog('wide')}' (format parquet, row_group_size {GROUP})"
        )
    x[1, ::10] = np.nan
    return {7 * i: x[:, i] for i in range(STARS)}


def _column(name: str, type_: str, known: bool) -> str:
    if name == "w1mpro":
        return "if(source_id % 70 = 0, null, w1mpro)::real as w1mpro"
    value = f'"{name}"' if known else "null"
    return f'{value}::{type_} as "{name}"'


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Sky:
    """A workspace without stars, made once: writing the networks of all systems as SQL takes seconds."""
    made = make_sky(tmp_path_factory.mktemp("template") / "sky")
    store_model(made)
    open_sky(made.root).close()
    return made


@pytest.fixture
def sky(template: Sky, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sky:
    monkeypatch.setattr(scoring, "PART_ROWS", GROUP)
    shutil.copytree(template.root, tmp_path / "sky")
    return Sky(tmp_path / "sky")


def scored(sky: Sky) -> int:
    with open_sky(sky.root, read_only=False) as connection:
        return score(connection, sky, "red_clump")


def scores(sky: Sky) -> dict[int, tuple[float | None, float | None]]:
    """What the own model says of each star; the network for any bands speaks of every one."""
    with open_sky(sky.root) as connection:
        rows = connection.execute(
            "select source_id, delta_p_s, joint_p_rc, any_teff_k, p_rc from red_clump.scores"
        ).fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    assert all(teff_k is not None and 0 <= p_rc <= 1 for *_, teff_k, p_rc in rows)
    return {star: (delta_p, p_rc) for star, delta_p, p_rc, _, _ in rows}


def expected(stars: dict[int, np.ndarray], bias: np.ndarray = BIAS) -> dict[int, tuple[float, float]]:
    """NaN for stars that lack an input."""
    return {star: tuple(WEIGHT @ (x + ZERO_POINT) + bias) for star, x in stars.items()}


def same(found: dict[int, tuple[float | None, float | None]], wanted: dict[int, tuple[float, float]]) -> None:
    """Equal, and NULL where NaN is wanted."""
    assert found.keys() == wanted.keys()
    order = sorted(wanted)
    assert not any(value is not None and np.isnan(value) for own in found.values() for value in own)
    x, y = (np.array([values[star] for star in order], float) for values in (found, wanted))
    np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4)


def parts(sky: Sky) -> list[Path]:
    return sorted((sky.scores / "red_clump").iterdir())


def kill_after_two_parts(sky: Sky) -> Path:
    """Score in another process and kill it in its third part; returns where its parts lie."""
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(sky.root), str(GROUP)], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (sky.root / "waiting").exists():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (sky.root / "waiting").unlink()
    (folder,) = (sky.scores / ".parts").iterdir()
    return folder


def test_every_star_once(sky):
    stars = store_stars(sky)
    assert scored(sky) == STARS
    found = scores(sky)
    same(found, expected(stars))
    assert [star for star in sorted(found) if found[star] == (None, None)] == list(range(0, 7 * STARS, 70))
    assert [path.name for path in parts(sky)] == [f"part-{n:05}.parquet" for n in range(4)]
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select distinct key::varchar from parquet_kv_metadata('{sky.scores}/red_clump/*.parquet')"
        ).fetchall()
    assert {"candlesql.model", "candlesql.model_sha256"} <= {row[0] for row in rows}


def test_a_killed_run_continues_where_it_stopped(sky):
    stars = store_stars(sky)
    gathered = kill_after_two_parts(sky)
    written = {path.name: path.stat().st_mtime_ns for path in gathered.glob("*.parquet")}
    assert sorted(written) == ["part-00000.parquet", "part-00001.parquet"]
    assert scores(sky) == {}
    assert scored(sky) == len(stars)
    same(scores(sky), expected(stars))
    assert written.items() <= {path.name: path.stat().st_mtime_ns for path in parts(sky)}.items()
    assert not (sky.scores / ".parts").exists()


@pytest.mark.heavy
@pytest.mark.parametrize("change", ["model", "catalog", "cut"])
def test_parts_of_other_inputs_are_not_used(sky, change):
    stars, bias = store_stars(sky), BIAS
    gathered = kill_after_two_parts(sky)
    if change == "model":
        bias = BIAS + 1
        store_model(sky, bias)
    elif change == "catalog":
        stars = store_stars(sky, seed=1)
    else:
        with open_sky(sky.root, read_only=False) as connection:
            connection.execute("insert into candlesql.cuts values ('max_ruwe', '1.1')")
            connection.execute("create or replace macro cuts.max_ruwe() as 1.1")
    scored(sky)
    assert not gathered.exists()
    same(scores(sky), expected(stars, bias))


@pytest.mark.heavy
def test_scores_are_made_again_when_the_model_changes(sky):
    stars = store_stars(sky)
    scored(sky)
    with open_sky(sky.root, read_only=False) as connection:
        assert run_system(connection, sky, "red_clump") == {}
    store_model(sky, BIAS + 2)
    with open_sky(sky.root, read_only=False) as connection:
        assert run_system(connection, sky, "red_clump") == {"red_clump.scores": len(stars)}
    same(scores(sky), expected(stars, BIAS + 2))


def refused(sky: Sky, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        scored(sky)
    assert "\n" not in str(caught.value)


def test_scores_of_a_version_that_kept_less_are_made_again(mock_sky, tmp_path):
    with open_sky(mock_sky) as connection:
        part = tmp_path / "part.parquet"
        connection.execute(f"copy (select * exclude (y_mean_psf_mag) from red_clump.scored limit 9) to '{part}'")
        carries = system_steps("red_clump").carries
        assert not holds(connection, [part], carries)
        assert holds(connection, [part], tuple(name for name in carries if name != "y_mean_psf_mag"))


@pytest.mark.heavy
def test_inputs_that_do_not_fit_are_refused_and_scores_stay(sky):
    stars = store_stars(sky)
    scored(sky)
    store_model(sky, BIAS, {"phot_g_mean_mag": "mag", "u_mag": "mag", "parallax": "mas"})
    refused(sky, "wants u_mag, which red_clump.inputs lacks")
    store_model(sky, BIAS, {"phot_g_mean_mag": "mag", "w1mpro": "mag", "parallax": "arcsec"})
    refused(sky, "wants parallax in arcsec, red_clump.inputs has it in mas")
    same(scores(sky), expected(stars))


@pytest.mark.heavy
def test_a_model_of_a_band_that_no_star_has_says_nothing(sky):
    """The network for any bands scores beside it, so no star is left out."""
    stars = store_stars(sky)
    store_model(sky, BIAS, {"phot_g_mean_mag": "mag", "w2mpro": "mag", "parallax": "mas"})
    assert scored(sky) == STARS
    same(scores(sky), dict.fromkeys(stars, (np.nan, np.nan)))


def test_no_stars_at_all(sky):
    refused(sky, "red_clump.inputs has no rows: ingest gaia_dr2 or gaia_dr3 or gaia_dr4, or a table like it")


def test_progress_says_rows_rate_and_time_left(sky, monkeypatch: pytest.MonkeyPatch):
    store_stars(sky)
    steps: list[tuple[int, int, list[int]]] = []

    class Bar:
        def __init__(self, label: str, done: int, total: int) -> None:
            steps.append((done, total, []))

        def __enter__(self) -> Callable[[int], None]:
            return steps[-1][2].append

        def __exit__(self, *_: object) -> None:
            pass

    kill_after_two_parts(sky)
    monkeypatch.setattr(scoring, "rows_bar", Bar)
    scored(sky)
    assert steps == [(2 * GROUP, STARS, [GROUP, 100])]
