"""Bad input through the real command: one line that says the way out, exit code 2, and nothing lost."""

import errno
import gzip
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from astropy.table import Table
from candlesql import cli, open_sky
from candlesql.workspace.connection import connect
from candlesql.workspace.folder import find_sky

MINE = """
title = "Mine"
citation = "me"
id = "star"
ra = "ra"
dec = "dec"
[columns]
star = { type = "BIGINT", required = true }
ra = { type = "DOUBLE", unit = "deg", required = true }
dec = { type = "DOUBLE", unit = "deg", required = true }
"""


def contents(sky: Path) -> dict[str, str]:
    """Every file of a workspace and its hash, but for what an ingest of many files keeps to go on from."""
    return {
        str(path.relative_to(sky)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(sky.rglob("*"))
        if path.is_file() and ".gaia_dr2.ingest" not in path.parts
    }


@pytest.fixture
def refuses(candlesql, tiny_sky):
    """Run a command that must be refused; returns the line it prints. The workspace must stay as it was."""

    def refuses(*arguments, sky=tiny_sky) -> str:
        before = contents(sky)
        done = candlesql(*arguments)
        assert done.code == 2, done
        assert done.out == ""
        lines = done.err.splitlines()
        assert len(lines) == 1, done.err
        assert "Traceback" not in done.err
        assert contents(sky) == before
        return lines[0]

    return refuses


@pytest.fixture
def gaia_csv(tmp_path, write_rows, gaia_rows):
    """A Gaia file with changes to its rows: `gaia_csv({0: {"ra": None}}, without=("ra",), name="g.csv")`."""

    def make(changes=None, without=(), name="gaia.csv"):
        rows = [row | (changes or {}).get(i, {}) for i, row in enumerate(gaia_rows)]
        rows = [{key: value for key, value in row.items() if key not in without} for row in rows]
        return write_rows(tmp_path / name, rows)

    return make


# What is asked for does not exist


def test_unknown_survey(refuses, tiny_sky, gaia_csv):
    line = refuses("ingest", tiny_sky, "gaia_dr22", gaia_csv())
    assert "survey 'gaia_dr22' is unknown; nearest: gaia_dr2" in line


def test_survey_file_that_is_not_toml(refuses, tiny_sky, gaia_csv, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text("title: Mine\n")
    line = refuses("ingest", tiny_sky, own, gaia_csv())
    assert f"{own}: not a TOML file" in line


def test_survey_file_with_a_name_that_is_sql(refuses, tiny_sky, gaia_csv, tmp_path):
    own = tmp_path / "x; drop table candlesql.runs.toml"
    own.write_text(MINE)
    assert "is no plain name" in refuses("ingest", tiny_sky, own, gaia_csv())


def test_survey_file_that_is_missing(refuses, tiny_sky, gaia_csv, tmp_path):
    assert "mine.toml: cannot be read" in refuses("ingest", tiny_sky, tmp_path / "mine.toml", gaia_csv())


def test_file_that_is_missing(refuses, tiny_sky, tmp_path):
    assert "none.fits: no such file" in refuses("ingest", tiny_sky, "gaia_dr2", tmp_path / "none.fits")


def test_format_that_is_unknown(refuses, tiny_sky, tmp_path):
    (tmp_path / "gaia.xls").write_text("x")
    assert "format .xls is unknown; it reads .fits" in refuses("ingest", tiny_sky, "gaia_dr2", tmp_path / "gaia.xls")


def test_unknown_system(refuses, tiny_sky):
    assert "system 'red_clmp' is unknown" in refuses("run", tiny_sky, "red_clmp")


def test_survey_that_is_not_ingested(refuses, tiny_sky):
    line = refuses("match", tiny_sky, "gaia_dr2", "allwise")
    assert "survey allwise is not ingested: `candlesql ingest" in line


def test_match_of_an_unknown_kind(refuses, tiny_sky):
    assert "it is one of best, mutual, all" in refuses("match", tiny_sky, "gaia_dr2", "twomass", "--kind", "nearest")


@pytest.mark.parametrize("radius", ["0", "-1", "5000"])
def test_match_radius_out_of_range(refuses, tiny_sky, radius):
    line = refuses("match", tiny_sky, "gaia_dr2", "twomass", f"--radius={radius}")
    assert "must lie between 0 and 600 arcsec" in line


@pytest.mark.parametrize("command", [("info",), ("sql", "select 1"), ("score", "red_clump"), ("models",), ("shell",)])
def test_workspace_that_is_not_there(refuses, tmp_path, command):
    name, *rest = command
    assert "no workspace here; make one with" in refuses(name, tmp_path / "none", *rest)


def test_workspace_that_cannot_be_made(refuses, gaia_csv, tmp_path):
    (tmp_path / "file").write_text("x")
    assert "is a file; a workspace is a folder" in refuses("ingest", tmp_path / "file", "gaia_dr2", gaia_csv())
    assert "no workspace can be made here" in refuses("ingest", tmp_path / "file" / "sky", "gaia_dr2", gaia_csv())


@pytest.mark.parametrize("arguments", [("nonsense",), ("match",), ("sql", "--form"), ("ingest", "a", "--rename")])
def test_command_line_that_is_wrong(refuses, arguments):
    assert "--help" in refuses(*arguments)


@pytest.mark.parametrize("pair", ["ra", "=ra", "RA="])
def test_option_that_is_no_pair(refuses, tiny_sky, gaia_csv, pair):
    assert "say it as --rename NAME=VALUE" in refuses("ingest", tiny_sky, "gaia_dr2", gaia_csv(), "--rename", pair)


# Values of a catalog


def test_missing_column(refuses, tiny_sky, gaia_csv):
    line = refuses("ingest", tiny_sky, "gaia_dr2", gaia_csv(without=("parallax_error",)))
    assert "gaia.csv: column parallax_error is missing; " in line
    assert "surveys/gaia_dr2.toml expects it" in line
    assert "--rename THEIRS=parallax_error" in line


def test_unit_that_cannot_be_converted(refuses, tiny_sky, tmp_path, gaia_rows):
    table = Table(rows=gaia_rows)
    table["parallax"].unit = "K"
    table.write(tmp_path / "gaia.fits")
    line = refuses("ingest", tiny_sky, "gaia_dr2", tmp_path / "gaia.fits")
    assert "gaia.fits: column parallax is in 'K', which cannot be converted to mas of parallax" in line
    assert "--unit parallax=mas" in line


def test_unit_of_a_column_that_is_not_there(refuses, tiny_sky, gaia_csv):
    assert "survey gaia_dr2 has no column plx" in refuses(
        "ingest", tiny_sky, "gaia_dr2", gaia_csv(), "--unit", "plx=mas"
    )


def test_right_ascension_in_hours(refuses, tiny_sky, tmp_path, write_rows, gaia_rows):
    rows = [gaia_rows[0] | {"source_id": i, "ra": 2.0 * i, "dec": 10.0 * i - 60} for i in range(12)]
    file = write_rows(tmp_path / "hours.csv", rows)
    line = refuses("ingest", tiny_sky, "gaia_dr2", file)
    assert "hours.csv: ra runs from 0.000 to 22.000" in line
    assert "--unit ra=hourangle" in line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ra": 400.25}, "ra is 400.25 for source_id 34361129088 (1 such rows), outside 0 to 360 deg"),
        ({"ra": -0.5}, "ra is -0.5"),
        ({"dec": 90.5}, "dec is 90.5 for source_id 34361129088 (1 such rows), outside -90 to 90 deg"),
        ({"ra": None}, "ra or dec is NULL in 1 rows, the first is source_id 34361129088"),
        ({"dec": "nan"}, "ra or dec is NULL in 1 rows"),
        ({"source_id": None}, "source_id is NULL in 1 rows"),
        ({"source_id": 4295806720}, "source_id 4295806720 stands in 2 rows (1 such identifiers); keep one row each"),
        ({"source_id": "3.4361129088e10"}, "column source_id holds '3.4361129088e10', which has lost digits"),
        ({"source_id": "34361129088123456.0"}, "column source_id holds '34361129088123456.0', which has lost digits"),
        ({"source_id": "34361129088.5"}, "column source_id holds '34361129088.5', which is no BIGINT"),
        ({"parallax": "n/a"}, "column parallax holds 'n/a', which is no DOUBLE"),
        ({"source_id": "1'; drop view staging.gaia_dr2; --"}, "which is no BIGINT"),
    ],
)
def test_value_at_fault(refuses, tiny_sky, gaia_csv, change, said):
    line = refuses("ingest", tiny_sky, "gaia_dr2", gaia_csv({1: change}))
    assert line.endswith(said) or said in line
    assert "gaia.csv" in line


def test_date_at_fault(refuses, tiny_sky, tmp_path, write_rows):
    row = {"designation": "a", "ra": 1.0, "dec": 1.0, "j_date": 51544.5}
    line = refuses("ingest", tiny_sky, "twomass", write_rows(tmp_path / "t.csv", [row]))
    assert "j_date is 51544.5 for designation a (1 such rows), no date as JD between 1850 and 2150" in line


def test_a_column_without_a_value_left_is_told(candlesql, own_sky, gaia_csv):
    """Millimagnitudes are beyond 90 mag, all of them."""
    rows = {i: {"phot_g_mean_mag": 14_000 + i} for i in range(4)}
    done = candlesql("ingest", own_sky, "gaia_dr2", gaia_csv(rows))
    assert done.out.splitlines() == ["4 rows", "phot_g_mean_mag: 4 sentinels are NULL"]
    assert "warning: phot_g_mean_mag: all its values stand for none or are impossible; is it in the unit" in done.err


def test_magnitude_that_stands_for_none_is_null_and_counted(candlesql, own_sky, gaia_csv):
    done = candlesql(
        "ingest", own_sky, "gaia_dr2", gaia_csv({0: {"phot_g_mean_mag": 99.999}, 2: {"phot_g_mean_mag": -999}})
    )
    assert (done.code, done.err) == (0, "gaia.csv: nothing in it shows its release; it is taken as told\n")
    assert done.out.splitlines() == ["4 rows", "phot_g_mean_mag: 2 sentinels are NULL"]
    with open_sky(own_sky) as connection:
        rows = connection.execute("select phot_g_mean_mag from staging.gaia_dr2 order by source_id").fetchall()
    assert [row[0] is None for row in rows] == [True, False, True, False]


# Files


@pytest.mark.parametrize("name", ["t.fits", "t.fits.gz", "t.csv.gz", "t.parquet"])
def test_truncated_file(refuses, tiny_sky, tmp_path, gaia_rows, name):
    rows = [gaia_rows[0] | {"source_id": i, "ra": i / 100} for i in range(20_000)]
    file = tmp_path / name
    if name.endswith(".parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), file)
    elif "csv" in name:
        Table(rows=rows).write(tmp_path / "t.csv")
        file.write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    else:
        Table(rows=rows).write(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    line = refuses("ingest", tiny_sky, "gaia_dr2", file)
    assert str(file) in line
    assert re.search("truncated|damaged|not a readable", line)


def test_empty_file(refuses, tiny_sky, tmp_path):
    (tmp_path / "g.fits").touch()
    assert "g.fits: is empty" in refuses("ingest", tiny_sky, "gaia_dr2", tmp_path / "g.fits")


@pytest.mark.parametrize("suffix", ["fits", "fits.gz"])
@pytest.mark.parametrize("rows", [2, 5, 900])
def test_fits_whose_header_lies(refuses, tiny_sky, tmp_path, gaia_rows, rows, suffix):
    Table(rows=gaia_rows).write(tmp_path / "g.fits")
    raw = (tmp_path / "g.fits").read_bytes()
    raw = raw.replace(b"NAXIS2  =                    4", b"NAXIS2  =                 %4d" % rows)
    (tmp_path / f"g.{suffix}").write_bytes(gzip.compress(raw) if suffix == "fits.gz" else raw)
    line = refuses("ingest", tiny_sky, "gaia_dr2", tmp_path / f"g.{suffix}")
    assert re.search(rf"g\.{suffix}: (damaged|truncated).* {rows} rows that its header|promises {rows} rows", line)
    assert "fetch it again" in line


def test_files_with_mixed_columns(refuses, tiny_sky, tmp_path, gaia_csv):
    (tmp_path / "all").mkdir()
    for name, without in (("a.csv", ()), ("b.csv", ("ruwe",))):
        rows = {i: {"source_id": 10 * i + len(without), "ruwe": 1.0} for i in range(4)}
        gaia_csv(rows, without=without, name=f"all/{name}")
    line = refuses("ingest", tiny_sky, "gaia_dr2", tmp_path / "all")
    assert re.search(r"b\.csv: has no column ruwe, which .*a\.csv has.*add the column to the file, empty", line)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace(",", " "), "fields must be separated by commas, tabs, semicolons or bars"),
        (lambda text: text.replace(",", ";").replace(".", ","), "column ra holds '10,0', which is no DOUBLE"),
        (lambda text: text.partition("\n")[0] + "\n1 2 3 4 5 6\n", "Expected Number of Columns: 6 Found: 1; mend it"),
    ],
)
def test_csv_with_another_delimiter(refuses, tiny_sky, gaia_csv, change, said):
    file = gaia_csv()
    file.write_text(change(file.read_text()))
    line = refuses("ingest", tiny_sky, "gaia_dr2", file)
    assert "gaia.csv" in line
    assert said in line


def test_join_by_identifiers_that_were_floating_point(refuses, tiny_sky, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("id,x\n4295806720,1\n6.917528443525530e18,2\n")
    line = refuses("join", tiny_sky, file, tmp_path / "o.csv", "--on", "id", "--view", "staging.gaia_dr2")
    assert "mine.csv: id is stored as DOUBLE, which cannot hold 64-bit identifiers; mend the file" in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.csv"]


def test_names_are_never_executed(candlesql, own_sky, tmp_path):
    evil = ['x"; drop table candlesql.runs; --', "y'); drop view staging.mine; --", "β; Größe ★", "a,b", "%s{0}"]
    own = tmp_path / "mine.toml"
    own.write_text(MINE + 'mag = { type = "REAL", unit = "mag" }\n')
    table = Table({"star": [4295806720, 2], "ra": [10.0, 10.0], "dec": [0.0, 0.0]})
    for name in evil:
        table[name] = [1.5, 2.5]
    file, out = tmp_path / "e'; drop \"ü★.csv", tmp_path / "o'; drop \"ü★.csv"
    table.write(file)
    done = candlesql("ingest", own_sky, own, file, "--rename", f"{evil[0]}=mag")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:2] == ["2 rows", "1 rows stand where another one stands, within 0.4 mas"]
    done = candlesql("join", own_sky, file, out, "--on", "star", "--view", "staging.gaia_dr2")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1 of 2 rows found a star")
    assert Table.read(out).colnames[3:8] == evil
    with open_sky(own_sky) as connection:
        assert connection.execute("select mag from staging.mine order by star").fetchall() == [(2.5,), (1.5,)]
        assert connection.execute("select count(*) from candlesql.runs").fetchone() >= (3,)


@pytest.mark.parametrize(
    ("name", "id_", "rows"),
    [("corot/corot_apogee_anders2017.fit", "CoRoT", 606), ("kepler/apokasc_v7.1.fits", "KEPLER ID", 1997)],
)
def test_real_files_that_break_readers(candlesql, own_sky, tmp_path, real_data, name, id_, rows):
    """Markers of missing values wider than their columns; names with spaces."""
    own = tmp_path / "mine.toml"
    own.write_text(MINE.replace('ra = { type = "DOUBLE",', 'ra = { aka = ["RAJ2000"], type = "DOUBLE",'))
    renames = ["--rename", f"{id_}=star"] + (["--rename", "DEJ2000=dec"] if "corot" in name else [])
    done = candlesql("ingest", own_sky, own, real_data(name), *renames)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == f"{rows:,} rows"


def test_second_of_two_files_is_named(refuses, tiny_sky, gaia_csv):
    good = gaia_csv(name="good.csv")
    bad = gaia_csv(without=("ra",), name="bad.csv")
    assert "bad.csv: column ra is missing" in refuses("ingest", tiny_sky, "gaia_dr2", good, bad)


# Nothing is left


def test_label_table_with_no_match(refuses, own_sky, candlesql, tmp_path, write_rows):
    rows = [{"star_id": 1, "ra": 77.0, "dec": 77.0, "delta_nu_uhz": 4.0}]
    assert candlesql("ingest", own_sky, "seismology", write_rows(tmp_path / "s.csv", rows)).code == 0
    line = refuses("match", own_sky, "gaia_dr2", "seismology", sky=own_sky)
    assert "no row of gaia_dr2 lies within 1 arcsec of one of seismology" in line
    assert "do they cover the same sky" in line


def test_match_that_finds_nothing_keeps_the_one_before(refuses, tiny_sky):
    refuses("match", tiny_sky, "gaia_dr2", "twomass", "--radius", "0.0001")
    with open_sky(tiny_sky) as connection:
        assert connection.execute("select count(*) from match.gaia_dr2_twomass").fetchone() == (3,)


def test_inputs_that_the_catalog_lacks(candlesql, own_sky):
    done = candlesql("score", own_sky, "parallax")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "parallax.inputs has no rows: store spectra with `candlesql spectra" in done.err
    assert not list((own_sky / "results").glob("parallax_scores.parquet"))


def test_empty_selection_keeps_cuts_and_scores(candlesql, mock_sky, tmp_path):
    sky = Path(shutil.copytree(mock_sky, tmp_path / "sky"))
    done = candlesql("run", sky, "red_clump", "--cut", "lucey_quality_cuts=true", "--cut", "max_ruwe=0.001")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    with open_sky(sky) as connection:
        assert connection.execute("from candlesql.cuts").fetchall() == []
        assert connection.execute("select count(*) > 100 from red_clump.catalogue").fetchone() == (True,)


def test_export_of_an_empty_view(refuses, tiny_sky, tmp_path):
    line = refuses("export", tiny_sky, "red_clump.catalogue", tmp_path / "c.fits")
    assert "red_clump.catalogue has no rows" in line
    assert not (tmp_path / "c.fits").exists()


# Workspaces that cannot be opened


def test_workspace_of_a_newer_version(refuses, own_sky):
    with connect(find_sky(own_sky)) as connection:
        connection.execute("update candlesql.state set format = 2, version = '3.1'")
    for command in (("info", own_sky), ("match", own_sky, "gaia_dr2", "twomass")):
        line = refuses(*command, sky=own_sky)
        assert "made by candlesql 3.1 (format 2)" in line
        assert "pip install -U candlesql" in line


def test_database_open_elsewhere_for_writing(refuses, own_sky, gaia_csv):
    code = (
        "import sys\nfrom candlesql.workspace.connection import connect\n"
        "from candlesql.workspace.folder import find_sky\n"
        f"with connect(find_sky({str(own_sky)!r})):\n    print('open', flush=True)\n    sys.stdin.read()\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "open\n"
        for command in (("sql", own_sky, "select 1"), ("ingest", own_sky, "gaia_dr2", gaia_csv())):
            line = refuses(*command, sky=own_sky)
            assert re.search(rf"sky\.duckdb: open elsewhere.*process {other.pid}\); close it and try again", line)
    finally:
        other.communicate()


# Queries


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from red_clump.catalog", "there is no view red_clump.catalog; nearest: red_clump.catalogue"),
        ("from catalogue", "there is no view catalogue; nearest: "),
        (
            "select * from nowhere.twomass",
            "there is no view nowhere.twomass; nearest: ",
        ),
        ("select ruw from staging.gaia_dr2", 'column "ruw" not found in FROM clause! Candidate bindings: "ruwe"'),
        ("selec 1", "syntax error"),
        ("select cuts.max_ruw()", "max_ruw"),
        ("create table x as select 1", "read-only"),
        ("drop view staging.gaia_dr2", "read-only"),
    ],
)
@pytest.mark.parametrize("form", ["table", "csv"])
def test_query_that_duckdb_refuses(refuses, tiny_sky, query, said, form):
    line = refuses("sql", tiny_sky, query, "--format", form)
    assert said in line or (form == "csv" and "syntax error" in line)


def test_unknown_output_format(refuses, tiny_sky):
    assert "--format xml: it is one of table, csv, json, parquet" in refuses(
        "sql", tiny_sky, "select 1", "--format", "xml"
    )


def test_export_of_a_view_that_does_not_exist(refuses, tiny_sky, tmp_path):
    line = refuses("export", tiny_sky, "red_clump.catalog", tmp_path / "x.csv")
    assert "there is no view red_clump.catalog" in line
    for text in ("staging.gaia_dr2; drop table candlesql.runs", "x' or '1'='1"):
        assert "neither a view nor a query: Parser Error" in refuses("export", tiny_sky, text, tmp_path / "x.csv")
    two = "from staging.gaia_dr2; drop table candlesql.runs"
    assert "2 statements are there to export; it must be one SELECT" in refuses(
        "export", tiny_sky, two, tmp_path / "x.csv"
    )


@pytest.mark.parametrize(("name", "said"), [("x.doc", "format .doc is unknown"), ("no/where/x.csv", "does not exist")])
def test_export_to_a_file_that_cannot_be(refuses, tiny_sky, tmp_path, name, said):
    assert said in refuses("export", tiny_sky, "staging.gaia_dr2", tmp_path / name)


def test_unknown_cut(refuses, tiny_sky):
    line = refuses("run", tiny_sky, "red_clump", "--cut", "max_ruw=1.2")
    assert "--cut max_ruw: there is no such cut; nearest: max_ruwe" in line


@pytest.mark.parametrize("value", ["a", "1;drop table x", "nan"])
def test_cut_that_is_no_number(refuses, tiny_sky, value):
    assert "is not a number" in refuses("run", tiny_sky, "red_clump", "--cut", f"max_ruwe={value}")


# Errors of the program itself


def test_error_of_the_program_keeps_its_traceback(monkeypatch, candlesql, tiny_sky):
    def broken(*_):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("candlesql.commands.sql.print_query", broken)
    monkeypatch.setattr(sys, "argv", ["candlesql", "sql", str(tiny_sky), "select 1"])
    with pytest.raises(ZeroDivisionError, match="ours"):
        cli.main()


def test_interruption_ends_with_one_line(monkeypatch, refuses, candlesql, tiny_sky):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("candlesql.commands.sql.print_query", interrupted)
    done = candlesql("sql", tiny_sky, "select 1")
    assert (done.code, done.out) == (130, "")
    assert done.err.splitlines() == ["interrupted; what was there before is unchanged"]


def test_interruption_while_a_function_of_python_works(monkeypatch, candlesql, tiny_sky):
    """DuckDB says of Ctrl-C in a function of Python that the function failed."""

    def stopped(x: float) -> float:
        raise KeyboardInterrupt

    def work(*_):
        with duckdb.connect() as connection:
            connection.create_function("stopped", stopped)
            connection.execute("select stopped(1.0)")

    monkeypatch.setattr("candlesql.commands.sql.print_query", work)
    assert candlesql("sql", tiny_sky, "select 1").code == 130


@pytest.mark.parametrize("name", ["s?", "s\\x"])
@pytest.mark.parametrize("command", [["info"], ["demo", "--stars", "2000"], ["sql", "select 1"]])
def test_workspaces_of_names_that_duckdb_cannot_open(refuses, tmp_path, name, command):
    first, *others = command
    assert "in its path, which DuckDB cannot open; rename the folder" in refuses(first, tmp_path / name, *others)
    assert not (tmp_path / name).exists()


def test_names_that_are_no_utf8(refuses, tmp_path, own_sky, candlesql):
    """Python gives a byte that is no UTF-8 as a surrogate."""
    name = os.fsdecode(b"s\xff")
    assert refuses("info", tmp_path / name).startswith(f"{tmp_path}/s?: is no text in UTF-8; rename")
    (own_sky / "catalogs" / f"{name}.parquet").touch()
    done = candlesql("info", own_sky)
    assert (done.code, done.err) == (
        2,
        f"{own_sky}/catalogs/s?.parquet: has a name that is no text in UTF-8; rename it\n",
    )


def test_letters_that_the_terminal_lacks_are_written_as_numbers(tiny_sky):
    code = "from candlesql.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "sql", str(tiny_sky), "select chr(9733) as star"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert done.returncode == 0
    assert b"\\u2605" in done.stdout


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_is_full_or_shut_is_one_line_wherever_it_comes_up(monkeypatch, refuses, number):
    def failing(*_):
        raise OSError(number, os.strerror(number), "/disk/figure.png")

    monkeypatch.setattr("candlesql.commands.sql.print_query", failing)
    assert (
        refuses("sql", "sky", "select 1", sky=Path("none")) == f"/disk/figure.png: the disk says: {os.strerror(number)}"
    )


def test_a_full_disk_of_which_duckdb_speaks(monkeypatch, refuses):
    def failing(*_):
        raise duckdb.IOException("IO Error: Async write failed for range: ... No space left on device")

    monkeypatch.setattr("candlesql.commands.sql.print_query", failing)
    said = refuses("sql", "sky", "select 1", sky=Path("none"))
    assert said == "the disk is full; free some space and run it again"


@contextmanager
def handlers_as_before():
    """Signals as in a terminal: a process that was started in the background ignores SIGINT."""
    before = {one: signal.signal(one, signal.SIG_DFL) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def test_signals_that_are_ignored_stay_so(monkeypatch, candlesql, tiny_sky):
    """`nohup candlesql run …` goes on when the terminal is closed."""
    monkeypatch.setattr("candlesql.commands.sql.print_query", lambda *_: signal.raise_signal(signal.SIGHUP))
    with handlers_as_before():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert candlesql("sql", tiny_sky, "select 1").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_of_which_code_in_c_makes_another_error(monkeypatch, candlesql, tiny_sky, number):
    """NumPy said "data type 'i4' not understood" of one that came while it was imported."""

    def work(*_):
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise TypeError("data type 'i4' not understood") from None

    monkeypatch.setattr("candlesql.commands.sql.print_query", work)
    with handlers_as_before():
        done = candlesql("sql", tiny_sky, "select 1")
    assert done == (130, "", "interrupted; what was there before is unchanged\n")


def test_closed_streams_are_not_the_next_file_that_is_opened(tmp_path):
    """`candlesql … >&-`: what is printed would go into it, or nowhere with an error."""
    child = os.fork()
    if not child:
        try:
            for number in (0, 1):
                os.close(number)
            sys.stdin = sys.stdout = None
            cli._open_what_is_closed()
            file = os.open(tmp_path / "made", os.O_WRONLY | os.O_CREAT)
            print("lost", flush=True)
            os._exit(0 if file > 2 and sys.stdin.read() == "" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (tmp_path / "made").read_text() == ""
