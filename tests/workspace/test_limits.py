"""Limits of memory and threads: who says them, which of them holds, and what is refused."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.cli import _hoisted
from candlesql.errors import UserError
from candlesql.workspace import limits
from candlesql.workspace.connection import in_memory
from candlesql.workspace.folder import Sky


@pytest.fixture(autouse=True)
def nobody_says(monkeypatch, tmp_path):
    for name in limits.VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CANDLESQL_CONFIG", str(tmp_path / "config.toml"))
    limits._configured.cache_clear()
    limits.said.clear()
    yield
    limits.said.clear()
    limits._configured.cache_clear()


@pytest.mark.parametrize(
    ("text", "duckdb"),
    [
        ("4GB", "4000000000B"),
        ("1.5 GiB", "1610612736B"),
        ("512mb", "512000000B"),
        ("200000000B", "200000000B"),
        ("25%", "25%"),
        ("999999999TB", "1000000000000000000B"),
    ],
)
def test_amounts(text, duckdb):
    assert limits.memory_limit(text) == duckdb


@pytest.mark.parametrize(
    "text", ["4", "four", "4XB", "-1GB", "0%", "120%", "64MB", "1e9GB", "4GB; drop x", "9" * 400 + "GB"]
)
def test_amounts_that_are_none(text):
    with pytest.raises(UserError):
        limits.memory_limit(text)


def test_what_is_said_first_holds(monkeypatch, tmp_path):
    assert limits.memory_limit() == "40%"
    (tmp_path / "config.toml").write_text('memory = "1GB"\nthreads = 1\n')
    limits._configured.cache_clear()
    assert (limits.memory_limit(), limits.threads()) == ("1000000000B", 1)
    monkeypatch.setenv("CANDLESQL_MEMORY", "2GB")
    assert limits.memory_limit() == "2000000000B"
    limits.said["memory"] = "3GB"
    assert limits.memory_limit() == "3000000000B"
    assert limits.memory_limit("4GB") == "4000000000B"
    assert limits.memory_limit(at_most=256_000_000) == "256000000B"


def test_not_more_threads_than_cores(monkeypatch):
    monkeypatch.setenv("CANDLESQL_THREADS", "99999999")
    assert limits.threads() == os.cpu_count()
    for text in ("0", "-2", "two", "1.5"):
        monkeypatch.setenv("CANDLESQL_THREADS", text)
        with pytest.raises(UserError, match="CANDLESQL_THREADS"):
            limits.threads()


def test_what_does_not_fit_goes_to_the_folder_that_was_said(monkeypatch, tmp_path):
    sky = Sky(tmp_path)
    assert sky.spill == tmp_path / f".spill-{os.getpid()}"
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("CANDLESQL_TEMPORARY", str(tmp_path / "scratch"))
    assert sky.spill.parent == tmp_path / "scratch"
    monkeypatch.setenv("CANDLESQL_TEMPORARY", str(tmp_path / "none"))
    with pytest.raises(UserError, match="CANDLESQL_TEMPORARY"):
        _ = sky.spill


def test_a_configuration_that_says_something_else(tmp_path):
    (tmp_path / "config.toml").write_text('memroy = "1GB"\n')
    with pytest.raises(UserError, match="memroy"):
        limits.memory_limit()


def test_options_behind_a_command():
    given = ["run", "sky", "--threads", "2", "red_clump", "--memory=4GB", "--wait", "--", "--memory"]
    assert _hoisted(given) == ["--threads", "2", "--memory=4GB", "--wait", "run", "sky", "red_clump", "--", "--memory"]


def test_commands_and_connections_keep_to_them(candlesql, tmp_path):
    from candlesql.sql.open import make_sky

    sky = make_sky(tmp_path / "sky").root
    asked = "select current_setting('memory_limit') as m, current_setting('threads') as n"
    done = candlesql("sql", sky, asked, "--format", "csv", "--memory", "512MiB", "--threads", "1")
    assert done.out.splitlines()[1] == "512.0 MiB,1"
    refused = candlesql("sql", sky, asked, "--memory", "lots")
    assert (refused.code, refused.err.startswith("--memory 'lots'")) == (2, True)
    with open_sky(sky, memory="1GiB", threads=1) as connection:
        assert connection.execute(asked).fetchall() == [("1.0 GiB", 1)]


def test_a_connection_of_its_own_keeps_to_them_too(monkeypatch, tmp_path):
    monkeypatch.setenv("CANDLESQL_MEMORY", "512MiB")
    monkeypatch.setenv("CANDLESQL_THREADS", "1")
    monkeypatch.setenv("CANDLESQL_TEMPORARY", str(tmp_path))
    asked = "select " + ", ".join(f"current_setting('{n}')" for n in ("memory_limit", "threads", "temp_directory"))
    with in_memory() as connection:
        memory, threads, folder = connection.execute(asked).fetchall()[0]
    assert (memory, threads, Path(folder).parent) == ("512.0 MiB", 1, tmp_path)


def test_one_place_opens_connections():
    """A bare `duckdb.connect()` would take 80 % of the memory and every core, whatever the user says."""
    root = Path(limits.__file__).parents[1]
    outside = {"tests", "benchmarks", "docs", "packaging", "build"}
    opening = [
        path.relative_to(root).as_posix()
        for folder in root.iterdir()
        if folder.is_dir() and folder.name not in outside and not folder.name.startswith(".")
        for path in folder.rglob("*.py")
        if re.search(r"duckdb\.connect\(\)", path.read_text(encoding="utf-8"))
    ]
    assert opening == ["workspace/connection.py"]
