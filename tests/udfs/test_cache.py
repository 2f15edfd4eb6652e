"""What is found out once of a file's content, and asked again where what was kept is no answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from candlesql.udfs import cache


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """`found_once` over a folder of its own, and how often it had to ask."""
    monkeypatch.setenv("CANDLESQL_CACHE", str(tmp_path))
    code = tmp_path / "code.py"
    code.write_text("x = 1")
    calls: list[str] = []

    def find() -> dict[str, int]:
        calls.append("asked")
        return {"n": len(calls)}

    def ask(content: bytes) -> dict[str, int]:
        return cache.found_once(content, (code,), find)

    return ask, calls, code


def test_the_same_content_is_asked_once(asked):
    ask, calls, code = asked
    assert [ask(b"one"), ask(b"one"), ask(b"two"), ask(b"two")] == [{"n": 1}, {"n": 1}, {"n": 2}, {"n": 2}]
    code.write_text("x = 2")
    assert ask(b"one") == {"n": 3}, "another code may find another thing"
    assert len(calls) == 3


@pytest.mark.parametrize("kept", ["[1, 2]", "{", ""])
def test_what_is_kept_but_is_no_answer(asked, tmp_path, kept):
    ask, calls, _ = asked
    ask(b"one")
    (file,) = Path(tmp_path / "found").glob("*.json")
    file.write_text(kept)
    assert ask(b"one") == {"n": 2}
    assert ask(b"one") == {"n": 2}
    assert len(calls) == 2


def test_where_no_folder_can_be_made_there_is_one_of_the_process(tmp_path, monkeypatch):
    """A file stands in its place."""
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("CANDLESQL_CACHE", str(tmp_path / "taken"))
    folder = cache.cache_folder()
    assert folder.is_dir()
    assert folder == cache.cache_folder()
    assert (tmp_path / "taken").read_text() == ""


def test_arrays_of_the_same_content_are_found_once(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLESQL_CACHE", str(tmp_path))
    calls = []

    def find():
        calls.append(1)
        return {"x": np.array([1.5, len(calls)])}

    found = [cache.arrays_once(b"one", (), find)["x"].tolist() for _ in range(2)]
    assert found == [[1.5, 1], [1.5, 1]]
