"""Faults of workers, disks, files and schedulers, on real processes."""

from __future__ import annotations

import contextlib
import errno
import os
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


def test_a_tile_that_kills_its_workers_is_named_and_the_rest_completes(client, tmp_path):
    done = {outcome.tile: outcome.fault for outcome in outcomes(client, carried(deadly), tmp_path, TILES)}
    assert "workers died over it" in done.pop(TILES[3])
    assert set(done) == set(TILES) - {TILES[3]}
    assert not any(done.values())


def start_scheduler(port: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard", "--no-show"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def start_worker(port: int, folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1"),
            *("--no-dashboard", "--local-directory", str(folder), "--death-timeout", "60"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.heavy
def test_a_scheduler_that_comes_back_gets_the_rest(tmp_path):
    port = 18_786
    marks = tmp_path / "marks"
    marks.mkdir()
    running = [start_scheduler(port), start_worker(port, tmp_path)]
    try:
        with Client(f"tcp://127.0.0.1:{port}", timeout=60) as client:
            client.wait_for_workers(1, timeout=60)

            def restart() -> None:
                while not list(marks.iterdir()):
                    time.sleep(0.05)
                for process in running:
                    process.kill()
                    process.wait()
                running[:] = [start_scheduler(port), start_worker(port, tmp_path)]

            thread = threading.Thread(target=restart)
            thread.start()
            done = list(outcomes(client, carried(slow), marks, TILES))
            thread.join()
        assert sorted(outcome.tile for outcome in done) == TILES
    finally:
        for process in running:
            process.kill()


def test_a_scheduler_that_stays_away_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "PATIENCE", 2)
    with LocalCluster(n_workers=1, dashboard_address=None, silence_logs=50) as cluster, Client(cluster) as client:
        threading.Timer(1.0, cluster.close).start()

        def never(folder: Path, tile: Tile) -> Outcome:
            time.sleep(60)
            return Outcome(tile, {})

        with pytest.raises(UserError, match="the scheduler is gone"):
            list(outcomes(client, never, tmp_path, TILES[:1]))
