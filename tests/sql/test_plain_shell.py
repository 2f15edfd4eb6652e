"""A workspace in the plain DuckDB shell, beside an open Python reader."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.sql.open import make_sky
from candlesql.workspace.folder import Sky

SHELL = Path(sys.executable).with_name("duckdb")
pytestmark = pytest.mark.skipif(not SHELL.exists(), reason="the DuckDB shell is not installed (duckdb-cli)")


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Sky:
    return make_sky(tmp_path_factory.mktemp("shell") / "sky")


def shell(sky: Sky, statements: str) -> tuple[str, str]:
    """What the shell prints, and its complaints; it goes on after an error."""
    done = subprocess.run(
        [SHELL, "-readonly", "-noheader", "-list", "-init", os.devnull, sky.database],
        input=statements,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout, done.stderr


def test_every_view_works(sky):
    with open_sky(sky.root) as reader:
        views = reader.execute(
            "select schema_name || '.' || view_name from duckdb_views() "
            "where not internal and database_name = current_database() order by 1"
        ).fetchall()
        names = [view for (view,) in views]
        out, complaints = shell(sky, "\n".join(f"select '{name}', count(*) from {name};" for name in names))
        assert complaints == ""
        assert [line.split("|")[0] for line in out.splitlines()] == names


def test_every_output_of_a_system_has_a_function(sky):
    with open_sky(sky.root) as reader:
        query = """select distinct schema_name || '.' || function_name from duckdb_functions()
            where not internal and database_name = current_database() and schema_name = 'red_clump' order by 1"""
        known = [name for (name,) in reader.execute(query).fetchall()]
    out, complaints = shell(sky, query + ";")
    assert (out.splitlines(), complaints) == (known, "")
    assert {"red_clump.score", "red_clump.delta_p", "red_clump.teff", "red_clump.p_rc"} <= set(known)


def test_if_stored_by_python_runs(sky):
    """DuckDB 1.5 turns `if` into CASE as it parses, 2.0 stores it as a function: `main.if` makes up for it."""
    query = "select red_clump.is_red_clump(null, 300, 5), red_clump.is_red_clump(null, null, 5)"
    out, complaints = shell(sky, f"{query};")
    assert (out.split(), complaints) == (["true|NULL"], "")
    with open_sky(sky.root) as reader:
        assert reader.execute(query).fetchall() == [(True, None)]
