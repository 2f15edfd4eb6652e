"""Nothing waits for ever: a client, a queue and a clock that are made up, so hours pass in no time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")

import distributed
from candlesql.errors import UserError
from candlesql.scale import tasks, waiting
from candlesql.scale.partition import Outcome
from candlesql.scale.tasks import outcomes
from candlesql.scale.tiles import Tile

TILE = Tile(1, 5)


class Future:
    """A task: not done, done, or done by a worker that died with the outcome."""

    def __init__(self, state: str):
        self.state = state
        self.released = False

    def result(self, timeout: float | None = None) -> Outcome:
        assert timeout, "would wait for ever"
        if self.state == "lost":
            raise TimeoutError
        return Outcome(TILE, {"rows": 3})

    def release(self) -> None:
        self.released = True


class Queue:
    def __init__(self, futures: dict[Future, Tile]):
        self.futures = list(futures)

    def add(self, future: Future) -> None:
        self.futures.append(future)

    def is_empty(self) -> bool:
        return not self.futures

    def next_batch(self, block: bool) -> list[Future]:
        assert not block, "would wait for ever"
        done = [future for future in self.futures if future.state != "pending"]
        self.futures = [future for future in self.futures if future not in done]
        return done


class Client:
    """A client whose futures have these states, one after the other; `identity` is what its scheduler answers."""

    status = "running"

    def __init__(self, states: list[str], identity: Callable[[], dict]):
        self.states = states
        self.submitted: list[Future] = []
        self.scheduler = SimpleNamespace(identity=identity)

    def sync(self, call, *args, callback_timeout=None, **options):
        assert callback_timeout, "would wait for ever"
        return call(*args, **options)

    def run_on_scheduler(self, function, *args):
        return function(*args)

    def run(self, function, *args, workers, on_error):
        return {worker: function(*args) for worker in workers}

    def submit(self, *args, **options) -> Future:
        self.submitted.append(Future(self.states.pop(0) if self.states else "pending"))
        return self.submitted[-1]


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """Time goes on only where somebody sleeps."""
    clock = SimpleNamespace(now=1000.0)

    def sleep(seconds: float) -> None:
        clock.now += seconds

    faked = SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep)
    monkeypatch.setattr(tasks, "time", faked)
    monkeypatch.setattr(waiting, "time", faked)
    monkeypatch.setattr(distributed, "as_completed", Queue)
    return clock


def one_worker() -> dict:
    return {"workers": {"tcp://here:1": {}}}


def test_a_worker_that_dies_holding_an_outcome_and_none_comes_back(clock, tmp_path, capsys):
    died = SimpleNamespace(so=False)
    client = Client(["lost"], lambda: {"workers": {}} if died.so else one_worker())
    submit = client.submit

    def submit_and_die(*args, **options) -> Future:
        future = submit(*args, **options)
        died.so = True
        return future

    client.submit = submit_and_die
    with pytest.raises(UserError, match="no worker is left; start some"):
        list(outcomes(client, print, tmp_path, [TILE]))
    assert 1800 < clock.now - 1000 < 1810
    said = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"waiting for a worker: 1\d s so far, 1,800 s at most", said[0])
    assert len(said) > 20
    assert all(future.released for future in client.submitted)


def test_a_tile_whose_outcome_is_lost_is_done_again(clock, tmp_path):
    client = Client(["lost", "done"], one_worker)
    assert list(outcomes(client, print, tmp_path, [TILE])) == [Outcome(TILE, {"rows": 3})]
    assert client.submitted[0].released


def test_a_tile_whose_outcome_is_lost_each_time_is_at_fault(clock, tmp_path):
    client = Client(["lost"] * 9, one_worker)
    (outcome,) = outcomes(client, print, tmp_path, [TILE])
    assert "its worker fell silent" in outcome.fault
    assert len(client.submitted) == 1 + tasks.LOST_AT_MOST


def test_a_scheduler_that_does_not_answer_is_gone_after_five_minutes(clock, tmp_path, capsys):
    def stopped() -> dict:
        raise TimeoutError

    with pytest.raises(UserError, match="the scheduler is gone"):
        list(outcomes(Client([], stopped), print, tmp_path, [TILE]))
    assert 300 < clock.now - 1000 < 310
    assert "waiting for the scheduler: " in capsys.readouterr().err


def test_tasks_that_never_end_are_told_and_given_up(clock, tmp_path, capsys):
    with pytest.raises(UserError, match=re.escape("no partition has been finished for 3.0 h; restart the workers")):
        list(outcomes(Client([], one_worker), print, tmp_path, [TILE]))
    assert 3 * 3600 < clock.now - 1000 < 3 * 3600 + 10
    assert re.match(r"waiting for a partition to be finished: 60\d s so far", capsys.readouterr().err)


def test_no_wait_of_this_room_is_without_a_limit():
    """What blocks is asked with a limit: through `ask`, or with a timeout."""
    blocks = re.compile(
        r"(\.result\(\)|\bgather\(|\.join\(\)|\.wait\(\)|client\.(run|run_on_scheduler|scheduler_info)\()|Client\([^)]*\)"
    )
    for file in Path(tasks.__file__).parent.glob("*.py"):
        for line in file.read_text().splitlines():
            found = blocks.search(line)
            assert not found or "timeout" in line or "workers.wait()" in line, f"{file.name}: {line}"
