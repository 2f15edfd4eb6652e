"""The server answers this machine, this page, this secret, and selects; nothing else."""

from __future__ import annotations

import http.client
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import astropy.table
import pyarrow as pa
import pytest
from candlesql import UserError, open_sky
from candlesql.explore.command import Explorer
from candlesql.explore.statements import one_select, tables_of_counts

CATALOGUE = "select count(*), count(*) filter (where tier = 1), count(tier) from red_clump.catalogue"


def rows(sky: Path, query: str, **variables: str) -> list[tuple]:
    with open_sky(sky) as connection:
        for name, value in variables.items():
            connection.execute(f"set variable {name} = {value}")
        return connection.execute(query).fetchall()


def arrow(body: bytes) -> list[dict]:
    with pa.ipc.open_stream(body) as stream:
        return stream.read_all().to_pylist()


def test_it_listens_on_this_machine_alone_at_an_address_that_cannot_be_guessed(served):
    place = urlsplit(served.url)
    assert place.hostname == "127.0.0.1"
    assert len(place.path) >= 32
    assert served._server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/session", "/wrong/", "/wrong/session", "/../", "//", "/%2e%2e/"])
def test_without_the_secret_there_is_no_answer(ask, path):
    answer = ask("", path=path)
    assert answer.status == 403
    assert b"session" not in answer.body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1.evil.example:1", ""])
def test_another_host_is_refused(ask, host):
    assert ask("session", Host=host).status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_another_origin_is_refused(ask, origin):
    assert ask("session", Origin=origin).status == 403
    assert ask("query", {"type": "arrow", "sql": "select 1"}, Origin=origin).status == 403


def test_another_site_may_frame_the_page_and_ask_nothing(ask):
    assert ask("", Sec_Fetch_Site="cross-site").status == 200
    assert ask("session", Sec_Fetch_Site="cross-site").status == 403
    assert ask("query", {"sql": "select 1"}, Sec_Fetch_Site="same-site").status == 403


def test_own_origin_is_answered_and_told_to_load_nothing_from_elsewhere(ask, served):
    origin = served.url.split("/")[2]
    answer = ask("session", Origin=f"http://{origin}")
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Python" not in answer.headers["Server"]


def test_files_of_the_page_and_no_others(ask):
    for name in ("", "app.js", "panel.js", "mosaic.js", "style.css", "LICENSES.txt"):
        assert ask(name).status == 200
    for name in ("../server.py", "..%2fserver.py", "session.py", "static/", "nothing.js", "/etc/passwd"):
        assert ask(name).status == 404
    page = ask("").body.decode()
    assert not re.search(r'(src|href)="https?:', page)


@pytest.mark.parametrize(
    "text",
    [
        "select 1; select 2",
        "copy (select 1) to '/tmp/x.csv'",
        "attach '/tmp/x.db'",
        "create table scratch.main.x as select 1",
        "drop table scratch.main.limits",
        "insert into scratch.main.limits select * from scratch.main.limits",
        "set threads = 1",
        "set variable max_ruwe = 1",
        "install httpfs",
        "load httpfs",
        "pragma database_list",
        "call pragma_version()",
        "explain select 1",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select (select count(*) from glob('/*'))",
        "with a as (select * from read_blob('/etc/passwd')) from a",
        "from '/etc/passwd'",
        "from 'sky.duckdb'",
        "from other.main.x",
        "from duckdb_settings()",
        "from query('select 1')",
        "from query_table('red_clump.catalogue')",
        "show tables",
        "selec 1",
        "",
    ],
)
def test_the_page_asks_selects_and_nothing_else(ask, text):
    for kind in ("arrow", "exec"):
        if not text and kind == "exec":
            continue
        answer = ask("query", {"type": kind, "sql": text})
        assert answer.status == 400
        assert "\n" not in answer.json["error"]
    assert rows_of_limits(ask) == 1


def rows_of_limits(ask) -> int:
    return arrow(ask("query", {"sql": "select count(*) as n from limits"}).body)[0]["n"]


def test_views_of_the_workspace_may_be_asked(ask, mock_sky):
    found = arrow(ask("query", {"sql": "select count(*) as n from sky.red_clump.catalogue"}).body)
    assert [(row["n"],) for row in found] == rows(mock_sky, "select count(*) from red_clump.catalogue")


def test_files_outside_the_workspace_stay_closed_whatever_is_asked(served):
    with pytest.raises(Exception, match=r"disabled|[Pp]ermission"):
        served._session.connection.cursor().execute("from read_text('/etc/hostname')")


def test_tables_of_counts_are_selects_of_a_set_name(served):
    connection = served._session.connection
    text = 'CREATE SCHEMA IF NOT EXISTS "mosaic";\nCREATE TABLE IF NOT EXISTS "mosaic"."preagg_1f" AS SELECT 1 AS n'
    assert tables_of_counts(connection, text) == {"preagg_1f": "SELECT 1 AS n"}
    for bad in ("create table if not exists mosaic.stars as select 1", text + "; drop table x", text + ";\nselect 1"):
        with pytest.raises(UserError):
            tables_of_counts(connection, bad)
    assert one_select(connection, "select 1;") == "select 1"


def test_only_so_many_tables_of_stars_and_counts_are_kept(ask, served, monkeypatch):
    from candlesql.explore import session

    monkeypatch.setattr(session, "KEPT_ROWS", 2)
    for number in range(5):
        make = f"CREATE TABLE IF NOT EXISTS mosaic.preagg_{number} AS SELECT {number} AS n"
        assert ask("query", {"type": "exec", "sql": make}).status == 200
    for limit in range(200, 206):
        served._session.stars({"tier2_min_delta_p": limit})
    counts = "select table_name from duckdb_tables() where schema_name = 'mosaic' order by 1"
    stars = "select table_name from duckdb_tables() where starts_with(table_name, 'stars_')"
    connection = served._session.connection.cursor()
    assert connection.execute(counts).fetchall() == [("preagg_3",), ("preagg_4",)]
    assert len(connection.execute(stars).fetchall()) == session.KEPT


@pytest.mark.parametrize(
    ("question", "status"),
    [([], 400), ({"cuts": 1}, 400), ({"cuts": {"nothing": 1}}, 400), ({"cuts": {"max_ruwe": "1 or 1=1"}}, 400),
     ({"cuts": {"max_ruwe": "(select 1)"}}, 400), ({"cuts": {"lucey_quality_cuts": "maybe"}}, 400)],
)  # fmt: skip
def test_cuts_are_numbers_of_cuts_that_there_are(ask, question, status):
    assert ask("cuts", question).status == status


def test_what_is_no_question_is_refused(ask, served):
    assert ask("cuts", {}, Content_Type="text/plain").status == 415
    assert ask("nothing", {}).status == 404
    assert ask("cuts", {}, method="PUT").status == 501
    place = urlsplit(served.url)
    with socket.create_connection((place.hostname, place.port)) as plug:
        plug.sendall(b"nonsense\r\n\r\n")
        assert b"400" in plug.recv(1000)
    with socket.create_connection((place.hostname, place.port)) as plug:
        head = f"POST {place.path}cuts HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        plug.sendall(f"{head}Content-Length: 1048577\r\n\r\n".encode())
        assert b"413" in plug.recv(1000)


def test_moved_cuts_are_what_the_views_say(ask, mock_sky):
    cuts = {"max_ruwe": "1.15", "tier1_min_delta_p": "240", "tier2_max_delta_nu": "6"}
    answer = ask("cuts", {"cuts": cuts}).json
    tiers = "select count(*) as a, count(*) filter (where tier = 1) as b, count(*) filter (where tier < 3) as c"
    tiers += f' from "{answer["table"]}"'
    (found,) = arrow(ask("query", {"sql": tiers}).body)
    assert [tuple(found.values())] == rows(mock_sky, CATALOGUE, **cuts)
    for row in answer["numbers"]:
        wanted = f"""select n, contamination, contamination_low, contamination_high, completeness, n_labelled
            from red_clump.final_contamination where region = 'all' and tier = {row["tier"]}"""
        (values,) = rows(mock_sky, wanted, **cuts)
        names = ("n", "contamination", "contamination_low", "contamination_high", "completeness", "n_labelled")
        assert [row[name] for name in names] == pytest.approx(list(values))
        (rate,) = rows(mock_sky, "select base_rate from red_clump.tiers where region = 'all' limit 1", **cuts)
        assert row["base_rate"] == pytest.approx(rate[0])
    assert answer["command"] == (
        f"candlesql run {mock_sky} red_clump --cut tier1_min_delta_p=240 --cut tier2_max_delta_nu=6 --cut max_ruwe=1.15"
    )


def test_steps_of_an_axis_are_64ths_of_its_span(ask, mock_sky):
    axes = {axis["name"]: axis for axis in ask("session").json["axes"]}
    assert (axes["teff_k"]["low"], axes["teff_k"]["high"], axes["teff_k"]["unit"]) == (3900, 5500, "K")
    table = ask("cuts", {}).json["table"]
    (found,) = arrow(ask("query", {"sql": f'select count(*) as n from "{table}" where teff_k between 20 and 39'}).body)
    wanted = "select count(*) from red_clump.catalogue where teff_k >= 4400 and teff_k < 4900"
    assert [(found["n"],)] == rows(mock_sky, wanted)


def test_selected_stars_leave_with_units_and_what_they_were_made_from(ask, mock_sky, tmp_path):
    where = "tier <= 2 AND teff_k BETWEEN 20 AND 39"
    answer = ask("export", {"cuts": {"max_ruwe": "1.2"}, "where": where, "format": "fits"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="red_clump_selected.fits"'
    (tmp_path / "x.fits").write_bytes(answer.body)
    table = astropy.table.Table.read(tmp_path / "x.fits")
    condition = "tier is not null and teff_k >= 4400 and teff_k < 4900"
    wanted = rows(mock_sky, f"select source_id from red_clump.catalogue where {condition} order by 1", max_ruwe="1.2")
    assert sorted(table["source_id"].tolist()) == [row[0] for row in wanted] != []
    assert str(table["distance_kpc"].unit) == "kpc"
    said = " ".join(" ".join(map(str, table.meta.get("comments", []))).split()) + str(table.meta)
    assert "selected where" in said.replace("\n", " ")


@pytest.mark.parametrize("where", ["1); select (1", "false", "exists (from read_text('/etc/passwd'))", "no_such > 1"])
def test_a_selection_that_is_none_is_refused(ask, where):
    assert ask("export", {"where": where, "format": "csv"}).status == 400
    assert ask("export", {"where": "true", "format": "../x"}).status == 400


def test_the_sliders_are_every_cut_of_tiers_and_quality():
    import tomllib

    from candlesql.explore.session import CUTS
    from candlesql.sql import files

    sliders = {name: slider for group in tomllib.loads(CUTS.read_text()).values() for name, slider in group.items()}
    assert sliders.keys() == files.cuts_of(
        "red_clump.tier", "red_clump.is_giant", "red_clump.is_in_label_range", "red_clump.is_by_cuts"
    )
    values = {name: cut.value for name, cut in files.cuts().items()}
    for name, slider in sliders.items():
        if values[name] not in ("true", "false"):
            assert slider["low"] <= float(values[name]) <= slider["high"]
    tightest = {
        "max_ruwe": "low", "max_g_error_ratio": "low", "excess_factor_low": "high", "excess_factor_low_slope": "high",
        "excess_factor_high": "low", "excess_factor_high_slope": "low",
    }  # fmt: skip
    for name, end in tightest.items():
        assert sliders[name][end] == float(values[f"tightest_{name.removeprefix('max_')}"])


def test_the_map_is_equal_in_area(ask):
    """Pixels of HEALPix have one area: their outlines in the projection must have it too, 4 pi / 3072."""
    for corners in ask("session").json["pixels"]:
        x, y = corners[::2], corners[1::2]
        area = abs(sum(a * d - b * c for a, b, c, d in zip(x, y, x[1:] + x[:1], y[1:] + y[:1], strict=True))) / 2
        assert area == pytest.approx(0.0040906, rel=0.04)


def test_a_closed_page_is_gone_and_its_port_is_free(mock_sky):
    page = Explorer(mock_sky)
    place = urlsplit(page.url)
    page.close()
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=5)
    with pytest.raises(ConnectionError):
        connection.request("GET", place.path)
    with Explorer(mock_sky, place.port or 0) as again:
        assert urlsplit(again.url).port == place.port
        with pytest.raises(UserError, match=f"--port {place.port}"):
            Explorer(mock_sky, place.port or 0)
        assert f'src="{again.url}"' in again._repr_html_()


def test_a_workspace_without_a_catalogue_is_told(empty_sky):
    with pytest.raises(UserError, match="catalogue has no rows"):
        Explorer(empty_sky)
