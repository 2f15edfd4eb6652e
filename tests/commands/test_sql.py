"""What `sql` prints and refuses, of a database in memory."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from candlesql import UserError
from candlesql.commands import shell, sql


@pytest.fixture
def printed(monkeypatch, capfdbinary, empty):
    """What a query prints, and what the workspace was opened with."""
    opened = []

    def open_sky(path, read, trust):
        opened.append((read[:-1], trust))
        return contextlib.nullcontext(empty)

    monkeypatch.setattr(sql, "open_sky", open_sky)
    monkeypatch.setattr(sql, "provenance", lambda connection, view, query: f"note of {query.strip()}")

    def run(query: str, form: str = "table", **given) -> tuple[bytes, list]:
        sql.print_query(Path("sky"), query, form, **given)
        return capfdbinary.readouterr().out, opened

    return run


def test_each_statement_is_printed_as_a_table(printed):
    out, opened = printed("create table t as select 1 as a where false; from t; select 2 as b", read=["x"])
    assert out.decode().splitlines()[0].startswith("┌")
    assert out.decode().count("(0 rows)") + out.decode().count("(1 row)") == 3
    assert opened == [(["x"], False)]
    assert printed("set threads = 1; select 1", trust=True)[1][-1] == ([], True)


def test_sixty_rows_are_printed(printed):
    out = printed("from range(61)")[0].decode()
    assert out.endswith("(61 rows, 60 shown)\n")
    assert printed("from range(60)")[0].decode().endswith("(60 rows)\n")


@pytest.mark.parametrize(("is_terminal", "width"), [(True, 25), (False, None)])
def test_the_width_is_that_of_a_terminal(printed, monkeypatch, is_terminal, width):
    asked = []
    monkeypatch.setattr(sql, "as_table", lambda found, width, height: asked.append((width, height)) or "box")
    monkeypatch.setattr(sql.shutil, "get_terminal_size", lambda: sql.shutil.os.terminal_size((25, 9)))
    monkeypatch.setattr(sql.sys.stdout, "isatty", lambda: is_terminal)
    assert printed("select 1")[0] == b"box\n"
    assert asked == [(width, 60)]


def test_rows_as_they_are(printed):
    query = "select 1 as a, null as b union all select 2, 'x' order by a; "
    assert printed(query, "csv")[0] == b"a,b\n1,\n2,x\n"
    rows = [json.loads(line) for line in printed(query, "json")[0].splitlines()]
    assert [row["a"] for row in rows] == [1, 2]


def test_formats_that_hold_what_is_known(printed, tmp_path):
    (tmp_path / "out.parquet").write_bytes(printed("select 7 as a;", "parquet")[0])
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.to_pylist() == [{"a": 7}]
    assert "note of select 7 as a" in str(table.schema.metadata)
    assert printed("select 7 as a", "fits")[0].startswith(b"SIMPLE  =")


@pytest.mark.parametrize(
    ("query", "form", "said"),
    [
        ("select 1", "xml", "--format xml: it is one of table, csv, json, parquet, fits, votable$"),
        ("", "table", "the query is empty; try"),
        ("set threads = 1", "table", "SET is only done for those who say --trust"),
        ("select nothing", "csv", 'Referenced column "nothing" (was )?not found'),
    ],
)
def test_queries_that_are_refused(printed, query, form, said):
    with pytest.raises(UserError, match=said):
        printed(query, form)


def test_the_program_s_own_faults_are_not_the_user_s(printed, monkeypatch):
    def fail(*_):
        raise duckdb.InternalException("odd")

    monkeypatch.setattr(sql, "rows_of_statement", fail)
    with pytest.raises(duckdb.InternalException):
        printed("select 1")


def test_only_what_explain_begins_with_is_taken_off(empty):
    for text in ('explain select 1 as "explain"', "explain (format json) select 1", "explain analyze select 1"):
        sql.refuse_untrusted(empty, empty.extract_statements(text))
    with pytest.raises(UserError, match=r"^COPY is only done"):
        sql.refuse_untrusted(empty, empty.extract_statements("explain analyze copy (select 1) to 'x'"))
    with pytest.raises(UserError, match=r"^SET is only done"):
        sql.refuse_untrusted(empty, empty.extract_statements("select 1; set threads = 1"))


@pytest.mark.parametrize(
    ("error", "query", "said"),
    [
        (duckdb.CatalogException('Catalog Error: Table with name "t" does not exist!'), "from a.b.t", "missing b.t"),
        (duckdb.CatalogException("Catalog Error: Table with name t does not exist!"), "from T", "missing t"),
        (duckdb.BinderException('Binder Error: Table with name "t" does not exist!'), "from x.t", "Binder Error: T"),
        (duckdb.OutOfMemoryException("Out of Memory Error: x"), "", sql.TOO_LITTLE_MEMORY[:30]),
        (duckdb.PermissionException("Permission Error: no\nx"), "", "Permission Error: no; name what may be read with"),
        (duckdb.IOException('IO: capable of reading the file "a.b"'), "", "missing a.b"),
        (duckdb.BinderException("Binder Error: a\nx\nDid you mean b"), "", "Binder Error: a Did you mean b"),
        (duckdb.BinderException("Binder Error: a\nCandidate bindings: c"), "", "Binder Error: a Candidate bindings: c"),
        (duckdb.BinderException("Binder Error: a\nLINE 1"), "", "Binder Error: a$"),
    ],
)  # fmt: skip
def test_what_is_said_of_errors(monkeypatch, error, query, said):
    monkeypatch.setattr(sql, "explain_missing", lambda connection, name: UserError(f"missing {name}"))
    with pytest.raises(UserError, match=said):
        raise sql.explain(None, query, error)


# --- the prompt's beginning


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_prompt_greets_a_person_alone(monkeypatch, capsys, is_terminal):
    calls = []
    monkeypatch.setattr(shell.signal, "signal", lambda number, action: calls.append((number.name, action.name)))
    monkeypatch.setattr(shell, "find_sky", lambda path: path)
    monkeypatch.setattr(shell, "open_sky", lambda path, read, trust: contextlib.nullcontext((read, trust)))
    monkeypatch.setattr(shell.sys.stdin, "isatty", lambda: is_terminal, raising=False)
    monkeypatch.setattr(shell, "answer_all", lambda desk, lines, trust: calls.append(("all", desk.connection, trust)))
    monkeypatch.setattr(shell, "converse", lambda desk, ask, trust: calls.append((ask(), desk.connection, trust)))

    class Session:
        def prompt(self):
            return "asked"

    monkeypatch.setattr(shell, "session_of", lambda desk: Session())
    shell.run_shell(Path("sky"), ["x"], True)
    assert calls == [
        ("SIGTERM", "SIG_DFL"), ("SIGHUP", "SIG_DFL"), ("asked" if is_terminal else "all", (["x"], True), True),
    ]  # fmt: skip
    assert capsys.readouterr().out == (f"{shell.GREETING}\n" if is_terminal else "")
