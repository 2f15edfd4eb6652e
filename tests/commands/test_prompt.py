"""What the prompt prints, and when it stops: without a terminal, with an empty database."""

from __future__ import annotations

import os
import re
from types import SimpleNamespace

import duckdb
import pytest
from candlesql import UserError
from candlesql.commands import shell
from candlesql.commands.shell import dots
from candlesql.commands.steps import shown
from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput


@pytest.fixture
def desk(tmp_path, empty):
    (tmp_path / "sky.duckdb").touch()
    return dots.Desk(empty, SimpleNamespace(root=tmp_path, database=tmp_path / "sky.duckdb"), dots.Looks())


def converse(desk, *inputs):
    """Each input is a text, or an exception, or what is called before the text that it gives; those that are left."""
    left = [*inputs, EOFError()]

    def ask():
        given = left.pop(0)
        if isinstance(given, BaseException):
            raise given
        return given() if callable(given) else given

    shell.converse(desk, ask)
    return left


def test_a_conversation_goes_on_after_errors_and_ends_with_quit(desk, capsys):
    left = converse(desk, "select 1 as n;", "selec 1;", KeyboardInterrupt(), ".mode", "quit", "select 2;")
    out = capsys.readouterr().out
    assert "(1 row)" in out
    assert "syntax error" in out
    assert out.endswith("mode line\n")
    assert left[0] == "select 2;"


def test_another_command_that_changes_the_workspace_is_told_once(desk, capsys):
    def change() -> str:
        os.utime(desk.sky.database, ns=(1, 1))
        return ".timer on"

    converse(desk, ".timer off", change, ".timer off")
    assert capsys.readouterr().out.splitlines() == [
        "timer off",
        "timer on",
        "another command has changed the workspace; leave and come back to see all of it",
        "timer off",
    ]


def test_a_statement_that_is_stopped_is_told(desk, capsys, monkeypatch):
    def stop(*_):
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")

    monkeypatch.setattr(shell, "rows_of_statement", stop)
    shell.respond(desk, "select 1;")
    assert capsys.readouterr().out == "interrupted\n"


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (RuntimeError("Query was interrupted\nmore"), KeyboardInterrupt),
        (RuntimeError("odd\ninterrupted"), RuntimeError),
        (duckdb.InternalException("odd"), duckdb.InternalException),
        (duckdb.BinderException("Binder Error: none"), UserError),
    ],
)
def test_whose_fault_it_is(desk, monkeypatch, error, raised):
    def fail(*_):
        raise error

    monkeypatch.setattr(shell, "rows_of_statement", fail)
    with pytest.raises(raised):
        list(shell.answers(desk, "select 1;", False))


def test_statements_that_answer_nothing_but_that_they_are_done(desk):
    done = "begin; create table t(n integer); create macro m() as 1; alter table t add column k integer; commit;"
    assert list(shell.answers(desk, done, False)) == []
    given = list(shell.answers(desk, "from t; insert into t values (1, 2); select true as Success where false", False))
    assert [(rows.columns, rows.rows) for rows in given] == [(["n", "k"], []), (["Count"], [(1,)]), (["Success"], [])]
    desk.looks.timer = True
    (said,) = shell.answers(desk, "create table u(n integer);", False)
    assert re.fullmatch(r"0\.\d{3} s", said)


def test_text_of_a_pipe_that_ends_without_a_semicolon(desk, capsys):
    shell.answer_all(desk, ["select 1 as one;\n", "\n", "select\n", "2 as two"], False)
    out = capsys.readouterr().out
    assert out.count("(1 row)") == 2
    shell.answer_all(desk, ["quit\n", "select 3;\n"], False)
    assert capsys.readouterr().out == ""
    with pytest.raises(UserError, match="--trust"):
        shell.answer_all(desk, ["set threads = 1;"], False)
    shell.answer_all(desk, ["set threads = 1;"], True)


# --- in a terminal


def test_keys_of_a_statement_over_several_lines(desk, capsys):
    """Enter goes on until the semicolon; what is typed is completed when Tab asks, and in the history."""
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        session = shell.session_of(desk)
        keyboard.send_text("select\r7 as n;\r.mode\rquit\r")
        shell.converse(desk, session.prompt)
    assert capsys.readouterr().out.splitlines()[4:] == ["│       7 │", "└─────────┘", "(1 row)", "mode line"]
    assert session.multiline is True
    assert session.complete_while_typing is False
    assert session.completer.dots is dots.ARGUMENTS


@pytest.fixture
def printed(monkeypatch, capsys):
    """What is printed of some rows in a terminal of 30 columns and 8 lines, and what the pager gets."""
    paged: list[str] = []
    monkeypatch.setattr(shell.shutil, "get_terminal_size", lambda: os.terminal_size((30, 8)))
    monkeypatch.setattr(shell.pydoc, "pager", paged.append)
    monkeypatch.delenv("LESS", raising=False)

    def run(answer, **looks) -> tuple[str, list[str]]:
        monkeypatch.setattr(shell.sys.stdout, "isatty", lambda: True)
        shell._print(dots.Looks(**looks), answer)
        return capsys.readouterr().out, paged

    return run


def rows(n: int, columns: int = 1) -> shown.Rows:
    return shown.Rows([f"c{i}" for i in range(columns)], ["integer"] * columns, [(0,) * columns] * n)


def test_what_fits_the_terminal_is_printed(printed):
    """Six lines of a box and one below are seven of eight."""
    out, paged = printed(rows(1))
    assert (out.count("\n"), paged) == (7, [])
    out, paged = printed(rows(2))
    assert (out, paged[0].count("\n")) == ("", 7)
    assert os.environ["LESS"] == "-SRFX"


def test_what_is_too_wide_goes_to_the_pager_as_a_whole(printed):
    """A column takes 10 and the first edge 1, three 31."""
    out, paged = printed(rows(1, 3))
    assert (out, "│ c2" in paged[0]) == ("", True)
    out, _ = printed(rows(1, 3), pager=False)
    assert out.endswith("(1 row; 2 of 3 columns fit)\n")
    out, _ = printed(shown.rows_of(["a", "b"], [("x", "one two three four five")]))
    assert out.splitlines()[3:5] == ["│ x │ one two three four │", "│   │ five               │"], "a list is wrapped"


def test_a_line_a_value_in_the_terminal(printed):
    assert printed(rows(1), lines=True, digits=3)[0] == "c0 = 0\n\n(1 row)\n"
    assert printed("word")[0] == "word\n"


def test_history_is_kept_where_it_can_be(desk, monkeypatch):
    assert isinstance(shell._history(desk.sky), FileHistory)
    asked = []
    monkeypatch.setattr(shell.os, "access", lambda path, how: asked.append(path) or False)
    assert isinstance(shell._history(desk.sky), InMemoryHistory)
    (desk.sky.root / ".shell_history").touch()
    shell._history(desk.sky)
    assert asked == [desk.sky.root, desk.sky.root / ".shell_history"]


# --- its commands


def test_columns_and_sources(desk):
    desk.connection.execute(
        "create schema red; create view red.stars as select 1::bigint as n; create table red.t(n int)"
    )
    desk.connection.execute("comment on column red.stars.n is '[mag] how bright'")
    found = dots.answer(desk, ".columns red.stars")
    assert (found.columns, found.rows) == (
        ["column", "type", "unit", "what it is"], [("n", "bigint", "mag", "how bright")],
    )  # fmt: skip
    assert dots.answer(desk, "\\d red.stars").rows == found.rows
    made = dots.answer(desk, ".source red.stars")
    assert made.startswith("-- made over files of the workspace\nCREATE VIEW red.stars AS")
    known = dots.answer(desk, ".schema red_clump.tiers;").splitlines()
    assert known[0].endswith("tiers.sql")
    assert known[0].startswith("-- ")
    for text, said in (
        (".source", "of which view or macro"),
        (".source red.star", "red.stars"),
        (".columns x.y", "x.y"),
    ):
        with pytest.raises(UserError, match=said):
            dots.answer(desk, text)


def test_the_nearest_command_is_one(desk):
    with pytest.raises(UserError, match=r"there is no command \.modex.*nearest: \.mode$") as stop:
        dots.answer(desk, ".modex")
    assert stop.value.nearest == (".mode",)


def test_a_command_that_is_like_none(desk):
    with pytest.raises(UserError, match=r"there is no command \.zzzz.*\.help lists them"):
        dots.answer(desk, ".zzzz")


def test_digits_as_they_are(desk):
    assert dots.answer(desk, ".digits") == "digits 7"
    dots.answer(desk, ".digits 3")
    assert desk.looks.digits == 3
    dots.answer(desk, ".digits all")
    assert desk.looks.digits is None


def test_help_has_a_line_for_each_command():
    lines = list(dots.help_lines())
    assert len(lines) == len(dots.COMMANDS) + 1
    assert lines[0] == ".views [WORD]        every view, or those that hold the word"
    assert lines[6] == ".mode [table|line]   a table, or a line a value; without a word the other one"
    assert lines[-1].startswith("Everything else is SQL")
