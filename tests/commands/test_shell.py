"""The prompt: keys through a pipe in the place of a keyboard, and once through a real pseudo-terminal."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from candlesql import UserError, open_sky
from candlesql.commands import shell
from candlesql.commands.shell import dots
from candlesql.commands.shell.completion import Names
from candlesql.workspace.folder import find_sky
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput


@pytest.fixture(scope="module")
def sky(tiny_sky, tmp_path_factory):
    """A copy, since the shell leaves its history in the workspace."""
    return Path(shutil.copytree(tiny_sky, tmp_path_factory.mktemp("shell") / "sky"))


@pytest.fixture(scope="module")
def connection(sky):
    with open_sky(sky, trust=False) as connection:
        yield connection


@pytest.fixture
def desk(connection, sky):
    return dots.Desk(connection, find_sky(sky), dots.Looks())


@pytest.fixture
def typed(desk, capfd):
    """What the shell prints when these keys are typed."""

    def typed(keys: str) -> str:
        with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
            keyboard.send_text(keys)
            shell.converse(desk, shell.session_of(desk).prompt)
        return capfd.readouterr().out

    return typed


@pytest.fixture
def said(desk, capfd):
    """What the shell prints in answer to each of these inputs."""

    def said(*inputs: str) -> str:
        for text in inputs:
            shell.respond(desk, text)
        return capfd.readouterr().out

    return said


def test_statements_over_several_lines_and_errors(typed, sky):
    out = typed(
        "select count(*) as stars\rfrom staging.gaia_dr2;\rselec 1;\rfrom red_clump.catalog;\rselect 77 as n;\r.quit\r"
    )
    assert "stars" in out
    assert "syntax error" in out
    assert "there is no view red_clump.catalog; nearest: red_clump.catalogue" in out
    assert "77" in out
    assert "+select count(*) as stars\n+from staging.gaia_dr2;" in (sky / ".shell_history").read_text()


def test_a_view_that_trust_takes_for_a_file(sky):
    with open_sky(sky) as connection, pytest.raises(UserError, match=r"nearest: red_clump\.catalogue"):
        list(shell.answers(dots.Desk(connection, find_sky(sky), dots.Looks()), "from red_clump.catalog;", True))


def test_interruption_forgets_the_statement(typed):
    assert "abc" not in typed("select 'abc'\r\x03select 1;\r\x04")


@pytest.mark.parametrize("leaving", ["quit\r", "exit\r", "exit()\r", "\\q\r", ".exit\r", "\x04", "select 1\rquit\r"])
def test_ways_to_leave(typed, leaving):
    assert "not reached" not in typed(f"{leaving}select 'not reached';\r\x04")


def test_every_statement_of_a_line_answers(said):
    out = said("select 41 as one; select 42 as two;")
    assert out.index("41") < out.index("42")


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("select 1;", True),
        ("select 1", False),
        ("select ';", False),
        ("select ';';", True),
        ("select 1; -- done", True),
        ("select 1 -- not;", False),
        ("select /* ; ", False),
        ('from "a;', False),
        (".views", True),
        ("quit", True),
        ("", True),
    ],
)
def test_a_semicolon_ends_a_statement_only_where_it_is_one(text, complete):
    assert shell.is_complete(text) == complete


def test_views_are_all_or_those_that_hold_a_word(said, connection):
    names = {
        f"{schema}.{name}"
        for schema, name in connection.execute(
            "select schema_name, view_name from duckdb_views() "
            "where not internal and database_name = current_database()"
        ).fetchall()
    }
    assert len(names) > 150
    assert {line.split()[1] for line in said(".views").splitlines() if line.startswith("│")} == names | {"view"}
    assert {line.split()[1] for line in said(".views TIERS").splitlines() if line.startswith("│")} == {
        "view",
        "red_clump.tiers",
    }
    assert "nothing here holds 'qqq'" in said(".views qqq")


def test_columns_and_what_they_are_called_by_others(said):
    row = next(line for line in said(".columns staging.gaia_dr2").splitlines() if line.startswith("│ parallax "))
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "parallax",
        "double",
        "mas",
        "Parallax, without zero-point correction",
    ]
    assert said("\\d staging.twomass") == said(".columns staging.twomass")
    assert "nearest: red_clump.catalogue" in said(".columns red_clump.catalog")
    assert "there is no command .colums; nearest: .columns" in said(".colums staging.gaia_dr2")
    assert "there is no view" in said(".columns x'; drop table candlesql.runs; --.y")


def test_source_is_the_text_of_the_file(said):
    out = said(".source red_clump.tiers")
    file = Path(out.splitlines()[0].removeprefix("-- "))
    assert file.name == "tiers.sql"
    assert out.splitlines()[1:] == file.read_text().strip().splitlines()
    assert "macro cuts.max_ruwe() as" in said(".source cuts.max_ruwe")
    assert "nearest: red_clump.tiers" in said(".source red_clump.tierz")
    assert "read_parquet" in said(".source staging.twomass")
    assert "of which view" in said(".source")


def test_cuts_show_what_is_in_force(said, connection):
    row = next(line for line in said(".cuts ruwe").splitlines() if "max_ruwe" in line)
    assert [cell.strip() for cell in row.split("│")[1:4]] == ["max_ruwe", "1.4", ""]


def test_models_as_a_table_and_one_of_them(said):
    assert "│ photometry " in said(".models")
    assert "teff_k [K]" in said(".models photometry")
    assert "there is no model photomery; there are photometry" in said(".models photomery")


def test_displayed_doubles_are_rounded_until_the_switch(said):
    query = "select 62.123456789012345::double as x, 2455197.51234567::double as jd;"
    assert "62.12346 " in said(query)
    assert "2455197.5123 " in said(query)
    assert "62.123456789012344" in said(".digits all", query)


def test_a_line_a_value(said):
    assert "   n = 3\nname = x\n" in said(".mode line", "select 3 as n, 'x' as name;")


def test_the_timer_says_seconds(said):
    assert said(".timer on", "select 1;").rstrip().endswith(" s")


def test_a_wrong_switch_says_the_right_ones(said):
    assert ".mode lines: it is table or line" in said(".mode lines")


def test_text_cannot_move_the_cursor(said):
    assert "\x1b" not in said("select chr(27) || '[2J' as hidden;")


def test_networks_work_at_the_prompt(said):
    assert "true" in said("select photometry_net(5000, 3, 0) is not null as works;")


@pytest.mark.parametrize(
    ("text", "wanted", "not_wanted"),
    [
        ("from red_clump.", {"catalogue", "tiers"}, {"gaia_dr2"}),
        ("select red_clump.p", {"p_rc"}, {"tiers"}),
        ("from red_clump.tiers where con", {"contamination"}, {"parallax"}),
        ("select t.comp", set(), {"completeness"}),
        ("from red_clump.tiers as t where t.comp", {"completeness"}, {"tiers"}),
        ("from red_clump.tiers where red_clump.tiers.reg", {"region"}, set()),
        ("from sta", {"staging.", "staging.gaia_dr2"}, {"stddev"}),
        ("sel", {"select"}, set()),
        (".vi", {".views"}, set()),
        (".columns red_clump.ti", {"red_clump.tiers"}, {"red_clump.catalogue"}),
        (".cuts ruwe", {"max_ruwe"}, set()),
        (".mode ", {"table", "line"}, set()),
    ],
)
def test_completion(connection, text, wanted, not_wanted):
    found = Names(connection, dots.ARGUMENTS).get_completions(Document(text), CompleteEvent())
    names = {completion.text for completion in found}
    assert wanted <= names
    assert not not_wanted & names


def test_what_comes_through_a_pipe_is_answered_until_an_error(desk, capfd):
    shell.answer_all(desk, iter(["select 1 as\n", "one;\n", ".views tiers\n", "select 2 as two"]), False)
    out = capfd.readouterr().out
    assert "one" in out
    assert "red_clump.tiers" in out
    assert "two" in out
    with pytest.raises(UserError, match="syntax error"):
        shell.answer_all(desk, iter(["selec 1;\n", "select 2 as two;\n"]), False)
    assert "two" not in capfd.readouterr().out


def test_a_real_terminal(sky):
    """Ctrl-C stops a query of DuckDB's own and one inside a network, and the session goes on."""
    pexpect = pytest.importorskip("pexpect")
    code = f"from candlesql.commands.shell import run_shell; from pathlib import Path; run_shell(Path({str(sky)!r}))"
    env = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    child = pexpect.spawn(sys.executable, ["-c", code], encoding="utf-8", timeout=120, dimensions=(30, 90), env=env)
    child.expect("sky>")
    for query in (
        "select count(*) from range(100000000) a, range(100000) b where (a.range * b.range) % 7 = 3;",
        "select count(photometry_net(4000 + range % 1000, 3, 0)) from range(100000000);",
    ):
        child.send(f"{query}\r")
        child.expect("running")
        child.sendcontrol("c")
        child.expect("interrupted")
    child.send("from red_clump.sky_prob\t")
    child.expect("abilities")
    child.send(" limit 0;\r")
    child.expect("0 rows")
    child.send("quit\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
