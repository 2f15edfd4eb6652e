"""Faults of workers, disks, files and schedulers, on real processes."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")

import cloudpickle
from candlesql.errors import UserError
from candlesql.scale import tasks
from candlesql.scale.partition import Outcome
from candlesql.scale.tasks import outcomes
from candlesql.scale.tiles import Tile
from distributed import Client, LocalCluster, get_worker

cloudpickle.register_pickle_by_value(sys.modules[__name__])

TILES = [Tile(1, pixel) for pixel in range(8)]


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=30)
        yield client


def carried(task: tasks.Task) -> tasks.Task:
    """The task with its code in it, since workers cannot import this module."""
    return lambda folder, tile: task(folder, tile)


def written(folder: Path, tile: Tile) -> Outcome:
    """Say in a file that the tile was done here."""
    with (folder / tile.name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return Outcome(tile, {}, worker=get_worker().address)


def without_room_on_one(folder: Path, tile: Tile) -> Outcome:
    """The first worker to come has a full disk: writing to /dev/full fails as it does there."""
    with contextlib.suppress(FileExistsError):
        (folder / "full").symlink_to(str(os.getpid()))
    if os.readlink(folder / "full") == str(os.getpid()):
        try:
            Path("/dev/full").write_text("rows")
        except OSError as error:
            full = error.errno == errno.ENOSPC
            return Outcome(tile, {}, worker=get_worker().address, fault=str(error), disk_full=full)
    return written(folder, tile)


def deadly(folder: Path, tile: Tile) -> Outcome:
    if tile == TILES[3]:
        os.kill(os.getpid(), signal.SIGKILL)
    return written(folder, tile)


def slow(folder: Path, tile: Tile) -> Outcome:
    time.sleep(0.3)
    return written(folder, tile)


def test_each_tile_is_done_once(client, tmp_path):
    assert sorted(outcome.tile for outcome in outcomes(client, carried(written), tmp_path, TILES)) == TILES
    assert all(len((tmp_path / tile.name).read_text().split()) == 1 for tile in TILES)


def test_tiles_leave_a_worker_whose_disk_is_full(client, tmp_path):
    done = list(outcomes(client, carried(without_room_on_one), tmp_path, TILES))
    assert sorted(outcome.tile for outcome in done) == TILES
    full = os.readlink(tmp_path / "full")
    assert {(tmp_path / tile.name).read_text().strip() for tile in TILES}.isdisjoint({full})


def test_no_room_on_any_worker_is_said(client, tmp_path):
    def full(folder: Path, tile: Tile) -> Outcome:
        return Outcome(tile, {}, worker=get_worker().address, fault="No space left on device", disk_full=True)

    with pytest.raises(UserError, match=r"no worker has room on its disk .*run it again"):
        list(outcomes(client, full, tmp_path, TILES))


@pytest.mark.heavy
def test_a_tile_that_kills_its_workers_is_named_and_the_rest_completes(client, tmp_path):
    done = {outcome.tile: outcome.fault for outcome in outcomes(client, carried(deadly), tmp_path, TILES)}
    assert "4 workers died over it" in done.pop(TILES[3])
    assert set(done) == set(TILES) - {TILES[3]}
    assert not any(done.values())


def test_a_worker_that_does_not_see_the_workspace_is_named(client, tmp_path):
    with pytest.raises(UserError, match=r"worker tcp://\S+: does not see \S+nowhere; .* under the same path"):
        list(outcomes(client, carried(written), tmp_path / "nowhere", TILES))


@pytest.mark.parametrize(
    ("there", "message"), [("0.0.1", "has candlesql 0.0.1, and this is"), ("", "has no candlesql")]
)
def test_a_worker_without_this_candlesql_is_named(client, tmp_path, there, message):
    """Its own `version` is replaced: a task that a worker cannot unpickle would wait for ever."""

    def install(version: str) -> None:
        import importlib.metadata as metadata

        def answer(name: str) -> str:
            if not version:
                raise metadata.PackageNotFoundError(name)
            return version

        vars(metadata).update(replaced=metadata.version, version=answer)

    def restore() -> None:
        import importlib.metadata as metadata

        vars(metadata)["version"] = vars(metadata).pop("replaced")

    worker = sorted(client.scheduler_info(n_workers=-1)["workers"])[1]
    client.run(install, there, workers=[worker])
    try:
        with pytest.raises(UserError, match=f"^worker {worker}: {re.escape(message)}"):
            list(outcomes(client, carried(written), tmp_path, TILES))
    finally:
        client.run(restore, workers=[worker])
    assert not list(tmp_path.iterdir())


def test_a_worker_with_another_candlesql_that_joins_in_the_middle_is_named(client, cluster, tmp_path):
    (tmp_path / "other.py").write_text("import importlib.metadata; importlib.metadata.version = lambda name: '0.0.1'")
    other = start_worker(cluster.scheduler_address, tmp_path, "--preload", str(tmp_path / "other.py"), "--no-nanny")
    tiles = [Tile(4, pixel) for pixel in range(200)]
    try:
        with pytest.raises(UserError, match=r"^worker tcp://\S+: has candlesql 0\.0\.1"):
            list(outcomes(client, carried(slow), tmp_path, tiles))
    finally:
        other.kill()
        other.wait()
    assert 0 < len([file for file in tmp_path.iterdir() if file.name in {tile.name for tile in tiles}]) < len(tiles)


def start_scheduler(port: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard", "--no-show"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def start_worker(scheduler: str, folder: Path, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--nthreads", "1"),
            *("--no-dashboard", "--local-directory", str(folder), "--death-timeout", "60", *options),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.heavy
def test_a_scheduler_that_comes_back_gets_the_rest(tmp_path):
    port = 18_786
    marks = tmp_path / "marks"
    marks.mkdir()
    address = f"tcp://127.0.0.1:{port}"
    running = [start_scheduler(port), start_worker(address, tmp_path)]
    try:
        with Client(address, timeout=60) as client:
            client.wait_for_workers(1, timeout=60)

            def restart() -> None:
                while not list(marks.iterdir()):
                    time.sleep(0.05)
                for process in running:
                    process.kill()
                    process.wait()
                running[:] = [start_scheduler(port), start_worker(address, tmp_path)]

            thread = threading.Thread(target=restart)
            thread.start()
            done = list(outcomes(client, carried(slow), marks, TILES))
            thread.join()
        assert sorted(outcome.tile for outcome in done) == TILES
    finally:
        for process in running:
            process.kill()


@pytest.mark.parametrize(
    ("patience", "end", "message"),
    [
        ("PATIENCE", lambda cluster: cluster.close(), "the scheduler is gone"),
        ("WORKER_PATIENCE", lambda cluster: cluster.scale(0), "no worker is left"),
    ],
)
def test_a_scheduler_or_workers_that_stay_away_are_said(tmp_path, monkeypatch, patience, end, message):
    monkeypatch.setattr(tasks, patience, 2)
    with LocalCluster(n_workers=1, dashboard_address=None, silence_logs=50) as cluster, Client(cluster) as client:
        threading.Timer(1.0, end, [cluster]).start()

        def never(folder: Path, tile: Tile) -> Outcome:
            time.sleep(60)
            return Outcome(tile, {})

        with pytest.raises(UserError, match=message):
            list(outcomes(client, never, tmp_path, TILES[:1]))


def test_an_outcome_that_died_with_its_worker_is_not_waited_for(monkeypatch):
    class Lost:
        def result(self, timeout=None):
            assert timeout is not None, "would wait for ever"
            raise TimeoutError

    assert tasks._outcome(Lost(), TILES[0]).lost
