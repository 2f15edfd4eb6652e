"""The prompt, with keys sent through a pipe in the place of a keyboard."""

import shutil
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.commands.shell import run_shell, step
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput


@pytest.fixture(scope="module")
def sky(tiny_sky, tmp_path_factory):
    """A copy, since the shell leaves its history in the workspace."""
    return Path(shutil.copytree(tiny_sky, tmp_path_factory.mktemp("shell") / "sky"))


@pytest.fixture
def typed(sky, capfd):
    """What the shell prints when these keys are typed."""

    def typed(keys: str) -> str:
        with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
            keyboard.send_text(keys)
            run_shell(sky)
        return capfd.readouterr().out

    return typed


def test_statements_over_several_lines_and_errors(typed, sky):
    out = typed(
        "select count(*) as stars\rfrom staging.gaia_dr2;\rselec 1;\rfrom red_clump.catalog;\rselect 77 as n;\r.quit\r"
    )
    assert "stars" in out
    assert "syntax error" in out
    assert "there is no view red_clump.catalog; nearest: red_clump.catalogue" in out
    assert "77" in out
    assert "select count(*) as stars" in (sky / ".shell_history").read_text()


def test_end_of_input_leaves(typed):
    assert "SQL ends with a semicolon" in typed("\x04")


def test_interruption_forgets_the_statement(typed):
    assert "abc" not in typed("select 'abc'\r\x03select 1;\r\x04").split("semicolon")[1]


@pytest.fixture(scope="module")
def connection(sky):
    with open_sky(sky) as connection:
        yield connection


def test_dot_commands(connection, capfd):
    assert step(connection, ".views") == ""
    assert "staging.gaia_dr2" in capfd.readouterr().out
    step(connection, ".columns staging.gaia_dr2")
    assert "[mas] Parallax" in capfd.readouterr().out
    step(connection, ".columns x'; drop table candlesql.runs; --.y")
    step(connection, ".what")
    assert "`.views` lists views" in capfd.readouterr().out
    assert connection.execute("select count(*) from candlesql.runs").fetchall() == [(3,)]


def test_unfinished_statement_waits(connection):
    assert step(connection, "select 1") == "select 1"


def test_networks_work_at_the_prompt(connection, capfd):
    step(connection, "select photometry_net(5000, 3, 0) is not null as works;")
    assert "true" in capfd.readouterr().out
