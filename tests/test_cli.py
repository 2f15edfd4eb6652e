"""Commands as a user runs them, on the tiny workspace."""

import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import onnxruntime
import pyarrow.parquet as pq
import pytest
from candlesql import open_sky

QUERY = "select source_id, round(ra, 2) as ra from staging.gaia_dr2 order by source_id"
ROWS = [(4295806720, 10.0), (34361129088, 150.0), (38655544960, 360.0), (6917528443525529728, 200.0)]


def test_ingest_match_info_from_nothing(candlesql, tiny_files, tmp_path):
    sky = tmp_path / "sky"
    done = candlesql("ingest", sky, "gaia_dr2", tiny_files["gaia_dr2"])
    assert (done.code, done.out) == (0, "4 rows\n")
    assert done.err == "gaia_dr2.csv: nothing in it shows its release; it is taken as told\n"
    assert candlesql("ingest", sky, "twomass", tiny_files["twomass"]).code == 0
    done = candlesql("match", sky, "gaia_dr2", "twomass", "--radius", "1", "--kind", "all")
    assert done.out == "4 pairs in match.gaia_dr2_twomass\n"
    lines = candlesql("info", sky).out.splitlines()
    assert lines[0] == f"{sky}  (0.1.0)"
    assert "  staging.gaia_dr2: 4 rows, ra 10.00 to 360.00, dec -89.50 to 45.00 deg" in lines
    assert any("`match gaia_dr2 twomass --radius 1 --kind all`" in line for line in lines)
    assert lines[-1] == "  all cuts as published"


def test_ingest_with_renames_and_units(candlesql, own_sky, tmp_path, write_rows, gaia_rows):
    rows = [
        {"plx" if k == "parallax" else k: v / 1000 if k == "parallax" else v for k, v in r.items()} for r in gaia_rows
    ]
    file = write_rows(tmp_path / "g.csv", [row | {"extra": 1} for row in rows])
    done = candlesql("ingest", own_sky, "gaia_dr2", file, "--rename", "plx=parallax", "--unit", "parallax=arcsec")
    assert (done.code, done.out) == (0, "4 rows\nleft out: extra\n")
    with open_sky(own_sky) as connection:
        assert connection.execute("select distinct parallax from staging.gaia_dr2").fetchall() == [(1.5,)]


def test_own_survey_becomes_part_of_the_workspace(candlesql, own_sky, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text(
        'title = "Mine"\ncitation = "me"\nid = "star"\n[columns]\nstar = { type = "VARCHAR", required = true }\n'
        'age = { type = "REAL", unit = "Gyr", description = "Age" }\n'
    )
    (tmp_path / "t.csv").write_text('star;age\n"Kapteyn\'s star";11.5\nβ Hyi;6.7\n')
    assert candlesql("ingest", own_sky, own, tmp_path / "t.csv").code == 0
    own.unlink()
    with open_sky(own_sky) as connection:
        rows = connection.execute("select star, age from staging.mine order by star").fetchall()
    assert rows == [("Kapteyn's star", 11.5), ("β Hyi", pytest.approx(6.7))]
    assert "  staging.mine: 2 rows" in candlesql("info", own_sky).out.splitlines()


def test_sql_as_a_table(candlesql, tiny_sky):
    out = candlesql("sql", tiny_sky, QUERY).out
    assert "source_id" in out
    assert "6917528443525529728" in out


def test_sql_as_csv_and_json(candlesql, tiny_sky):
    lines = candlesql("sql", tiny_sky, QUERY + "; ", "--format", "csv").out.splitlines()
    assert lines == ["source_id,ra", *(f"{i},{ra}" for i, ra in ROWS)]
    out = candlesql("sql", tiny_sky, QUERY + " -- with a comment", "--format", "json").out
    assert [tuple(json.loads(line).values()) for line in out.splitlines()] == ROWS


def test_sql_as_parquet_on_stdout(tiny_sky):
    code = f"from candlesql.commands.sql import print_query; print_query({str(tiny_sky)!r}, {QUERY!r}, 'parquet')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert [tuple(row.values()) for row in pq.read_table(io.BytesIO(done.stdout)).to_pylist()] == ROWS


def test_cuts_that_differ_are_listed(candlesql, own_sky):
    with open_sky(own_sky, read_only=False) as connection:
        from candlesql.commands.steps.cuts import apply_cuts

        apply_cuts(connection, {"max_ruwe": "1.2"})
    assert candlesql("info", own_sky).out.splitlines()[-1] == "  cut max_ruwe = 1.2, published 1.4"


def test_models_are_a_table_and_one_says_all(candlesql, tiny_sky):
    out = candlesql("models", tiny_sky).out
    row = next(line for line in out.splitlines() if line.startswith("│ photometry "))
    assert [cell.strip() for cell in row.split("│")[2:6]] == ["shipped", "real", "6,366", "3 inputs"]
    out = candlesql("models", tiny_sky, "photometry").out
    for word in ("photometry", "reads", "gives", "teff_k [K]", "citation", "sha256"):
        assert word in out
    assert candlesql("models", tiny_sky, "photometri").err.startswith(
        "there is no model photometri; there are photometry"
    )


def test_cuts_are_listed_and_taken_back(candlesql, own_sky):
    from candlesql.commands.steps.cuts import apply_cuts

    with open_sky(own_sky, read_only=False) as connection:
        apply_cuts(connection, {"max_ruwe": "1.2", "tier1_min_delta_p": "250"})
    row = next(line for line in candlesql("cuts", own_sky, "ruwe").out.splitlines() if "max_ruwe" in line)
    assert [cell.strip() for cell in row.split("│")[1:4]] == ["max_ruwe", "1.2", "1.4"]
    done = candlesql("cuts", own_sky, "--unset", "max_ruwe")
    assert done.out == f"as published again: max_ruwe = 1.4; next: candlesql run {own_sky} SYSTEM\n"
    assert candlesql("info", own_sky).out.splitlines()[-1] == "  cut tier1_min_delta_p = 250, published 265"
    candlesql("cuts", own_sky, "--unset", "all")
    assert candlesql("cuts", own_sky, "--unset", "all").out == "these cuts are as published\n"
    with open_sky(own_sky) as connection:
        values = connection.execute("select cuts.max_ruwe()::varchar, cuts.tier1_min_delta_p()").fetchall()
    assert values == [("1.4", 265)]
    assert candlesql("cuts", own_sky, "--unset", "max_ruw").err == "there is no cut max_ruw; nearest: max_ruwe\n"


def test_export_and_join(candlesql, tiny_sky, tmp_path):
    done = candlesql("export", tiny_sky, "staging.twomass", tmp_path / "t.parquet")
    assert done.out == f"4 rows in {tmp_path / 't.parquet'}\n"
    candlesql("export", tiny_sky, "staging.gaia_dr2", tmp_path / "g.parquet")
    done = candlesql(
        "join",
        tiny_sky,
        tmp_path / "g.parquet",
        tmp_path / "o.parquet",
        "--on",
        "source_id",
        "--view",
        "quality.gaia_dr2",
    )
    assert done.out == f"4 of 4 rows found a star; {tmp_path / 'o.parquet'}\n"


def test_the_version_is_that_of_the_package(candlesql):
    stated = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["version"]
    said = f"candlesql {stated} (DuckDB {duckdb.__version__}, ONNX Runtime {onnxruntime.__version__})\n"
    assert candlesql("--version") == (0, said, "")


def test_help_imports_nothing_heavy():
    """Each of these takes longer to import than the help to print."""
    code = (
        "import sys; from candlesql.cli import app\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "heavy = ('astropy', 'duckdb', 'numpy', 'onnx', 'onnxruntime', 'pyarrow', 'torch')\n"
        "print([module for module in heavy if module in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_queries_import_nothing_heavy(tiny_sky):
    code = (
        "import sys; from candlesql.commands.sql import print_query\n"
        f"print_query({str(tiny_sky)!r}, 'select 1', 'csv')\n"
        "heavy = ('astropy', 'pandas', 'pyarrow', 'scipy', 'torch', 'prompt_toolkit')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("kind", [duckdb.OutOfMemoryException, OSError])
def test_too_little_memory_is_one_line(candlesql, monkeypatch, tmp_path, kind):
    """Arrow makes an OSError of DuckDB's own."""
    from candlesql.commands import demo

    def starved(*_):
        raise kind("Out of Memory Error: ArrowBuffer: failed to allocate 1048576 bytes\n\nPossible solutions: ...")

    monkeypatch.setattr(demo, "run_demo", starved)
    code, _, said = candlesql("demo", tmp_path / "sky")
    assert (code, said.count("\n")) == (2, 1)
    assert "--memory" in said


def test_interrupted_query_is_one_line(candlesql, monkeypatch, tmp_path):
    """DuckDB makes a RuntimeError of Ctrl-C."""
    from candlesql.commands import demo

    def interrupted(*_):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(demo, "run_demo", interrupted)
    assert candlesql("demo", tmp_path / "sky") == (130, "", "interrupted; what was there before is unchanged\n")


def test_output_that_nobody_reads_to_its_end(tiny_sky):
    command = Path(sys.executable).with_name("candlesql")
    if not command.exists():
        pytest.skip("the command is not installed")
    line = f"set -o pipefail; {command} sql '{tiny_sky}' 'from range(200000)' --format csv | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "range\n", "")


def test_info_for_a_bug_report_names_no_data(candlesql, own_sky):
    out = candlesql("info", "--bug", own_sky).out
    for word in (
        "Python 3",
        "duckdb ",
        "cuts: as published",
        "match.gaia_dr2_twomass",
        "model photometry: shipped, real",
    ):
        assert word in out
    assert str(own_sky) not in out
    assert "4 rows" not in out
    out = candlesql("info", "--bug", own_sky / "none").out
    assert out.splitlines()[-1].startswith("workspace: NoWorkspace")
    assert str(own_sky) not in out
    assert "of which workspace" in candlesql("info").err


def test_info_says_why_giants_have_no_tier_or_distance(candlesql, mock_sky):
    lines = candlesql("info", mock_sky).out.splitlines()
    with open_sky(mock_sky) as connection:
        counts = dict(
            connection.execute(
                "select reason, count(*) from red_clump.catalogue where tier is null group by 1"
            ).fetchall()
        )
    (line,) = [line for line in lines if line.startswith("  red_clump.catalogue: no tier: ")]
    assert all(f"{reason} ({n:,})" in line for reason, n in counts.items())
    assert any(line.startswith("  red_clump.catalogue: no distance: ") for line in lines)


def test_a_demo_does_not_replace_another_unasked(candlesql, tmp_path):
    sky = tmp_path / "sky"
    (sky / "catalogs").mkdir(parents=True)
    (sky / "catalogs/mock_truth.parquet").touch()
    (sky / ".demo").write_text("demo --stars 5000 --seed 1\n")
    done = candlesql("demo", sky, "--stars", "4000")
    assert (done.code, done.out) == (2, "")
    assert "holds the sky of `candlesql demo --stars 5000 --seed 1`" in done.err
    assert "--overwrite" in done.err
