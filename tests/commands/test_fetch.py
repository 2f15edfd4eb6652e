"""`candlesql fetch` against a small TAP service here that speaks UWS and VOTable, and fails as archives do."""

import shutil
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io.votable import from_table, parse_single_table
from astropy.io.votable.tree import Info
from astropy.table import Table
from candlesql import open_sky
from candlesql.catalogs import archive as client
from candlesql.catalogs import web
from candlesql.catalogs.writers import hats
from candlesql.commands.export import export
from candlesql.commands.ingest import ingest_survey

pytest.importorskip("pyvo")


@dataclass
class Archive:
    """What the service answers, and what it was asked."""

    answer: bytes = b""
    error: str = ""
    looks_until_done: int = 0
    failures: int = 0
    breaks: int = 0
    knows_ranges: bool = True
    queries: list[str] = field(default_factory=list)
    whole: bytes = b""
    limits: tuple[int, int] | None = None
    maxrecs: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    runs: int = 0
    deleted: int = 0
    uploads: dict[str, bytes] = field(default_factory=dict)
    folder: Path | None = None
    files: list[tuple[str, int]] = field(default_factory=list)
    #: Queries with fewer bounds in declination than this are stopped.
    bounds_needed: int = 0
    parts: dict[str, bytes] = field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def say(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in ({"Content-Length": len(body)} | headers).items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def is_down(self):
        archive = self.server.archive
        archive.failures -= 1
        if archive.failures >= 0:
            self.say(503)
        return archive.failures >= 0

    def do_POST(self):
        archive = self.server.archive
        form = self.form(archive)
        if self.is_down():
            return
        if self.path == "/tap/async":
            archive.queries.append(form["QUERY"][0])
            archive.maxrecs += form.get("MAXREC", [""])
        elif self.path.endswith("/phase"):
            archive.runs += 1
        elif form.get("ACTION") == ["DELETE"]:
            archive.deleted += 1
        self.say(303, Location=f"{self.server.root}/async/7")

    def form(self, archive):
        """The fields of the request; the files that come with it are kept."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/"):
            return parse_qs(body.decode())
        message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        fields = {}
        for part in message.get_payload():
            name = part.get_param("name", header="content-disposition")
            if part.get_filename():
                archive.uploads[name] = part.get_payload(decode=True)
            else:
                fields[name] = [part.get_payload(decode=True).decode()]
        archive.uploads["UPLOAD"] = fields.get("UPLOAD", [""])[0]
        return fields

    def send_part(self, archive):
        """A part of a file, as HTTP servers give it."""
        file = archive.folder / self.path.removeprefix("/tap/hats/")
        if not file.is_file():
            self.say(404)
            return
        start, end = (int(x) for x in self.headers["Range"].removeprefix("bytes=").split("-"))
        body = file.read_bytes()
        archive.files.append((file.name, end + 1 - start))
        self.say(206, body[start : end + 1], Content_Range=f"bytes {start}-{end}/{len(body)}")

    def do_DELETE(self):
        self.server.archive.deleted += 1
        self.say(200)

    def do_GET(self):
        archive = self.server.archive
        if self.is_down():
            return
        if self.path == "/tap/capabilities":
            self.send_limits(archive)
            return
        if self.path.startswith("/tap/hats/"):
            self.send_part(archive)
            return
        if self.path.endswith("/results/result"):
            self.send_result(archive)
            return
        phase = "PENDING"
        if archive.runs:
            archive.looks_until_done -= 1
            too_long = archive.queries and archive.queries[-1].count(" and dec ") < archive.bounds_needed
            failed = too_long or archive.error
            phase = "EXECUTING" if archive.looks_until_done >= 0 else "ERROR" if failed else "COMPLETED"
        said = archive.error or "statement timeout"
        message = f"<uws:errorSummary type='fatal'><uws:message>{said}</uws:message></uws:errorSummary>"
        self.say(
            200,
            f"""<uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
            version="1.1"><uws:jobId>7</uws:jobId><uws:phase>{phase}</uws:phase><uws:parameters/><uws:results>
            <uws:result id="result" xlink:href="{self.server.root}/async/7/results/result"/></uws:results>
            {message if phase == "ERROR" else ""}</uws:job>""".encode(),
            Content_Type="text/xml",
        )

    def send_limits(self, archive):
        """What the service can do, as TAPRegExt says it."""
        if archive.limits is None:
            self.say(404)
            return
        usual, most = archive.limits
        self.say(
            200,
            f"""<vosi:capabilities xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0"
            xmlns:tr="http://www.ivoa.net/xml/TAPRegExt/v1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
            xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1">
            <capability standardID="ivo://ivoa.net/std/TAP" xsi:type="tr:TableAccess">
            <interface role="std" xsi:type="vs:ParamHTTP">
            <accessURL use="base">{self.server.root}</accessURL></interface>
            <language><name>ADQL</name><version ivo-id="ivo://ivoa.net/std/ADQL#v2.0">2.0</version></language>
            <outputFormat><mime>application/x-votable+xml</mime></outputFormat>
            <outputLimit><default unit="row">{usual}</default><hard unit="row">{most}</hard></outputLimit>
            </capability></vosi:capabilities>""".encode(),
            Content_Type="text/xml",
        )

    def send_result(self, archive):
        start = 0
        wanted = self.headers.get("Range")
        if wanted:
            archive.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if archive.knows_ranges else 0
        whole = archive.whole if archive.whole and archive.maxrecs[-1] else archive.answer
        body = next((rows for bound, rows in archive.parts.items() if bound in archive.queries[-1]), whole)[start:]
        archive.breaks -= 1
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if archive.breaks >= 0 else body)


@pytest.fixture
def archive(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(web, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(client, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(client, "BLOCK", 256)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a client that goes away is no error
    server.archive = Archive()
    server.root = f"http://127.0.0.1:{server.server_port}/tap"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    server.archive.url = server.root
    yield server.archive
    server.shutdown()
    server.server_close()


@pytest.fixture
def stars(gaia_rows, tmp_path):
    """The answer of an archive: the rows of the tiny Gaia file, twice the size, as BINARY2."""

    def answer(status="OK"):
        rows = [row | {"source_id": row["source_id"] + k, "pmra": 1.0} for row in gaia_rows for k in range(2)]
        document = from_table(Table(rows=rows))
        results = document.resources[0]
        results.type = "results"
        results.infos.append(Info(name="QUERY_STATUS", value="OK"))
        document.to_xml(str(tmp_path / "a.vot"), tabledata_format="binary2")
        text = (tmp_path / "a.vot").read_text()
        late = f'</TABLE><INFO name="QUERY_STATUS" value="{status}"/>' if status != "OK" else "</TABLE>"
        return text.replace("</TABLE>", late).encode()

    return answer


@pytest.fixture
def ask(candlesql, own_sky, archive):
    def ask(*arguments):
        return candlesql("fetch", own_sky, "gaia_dr2", "--url", archive.url, *(arguments or ("--cone", "10,-5,0.5")))

    return ask


def count(sky):
    with open_sky(sky) as connection:
        return connection.execute("select count(*) from staging.gaia_dr2").fetchone()[0]


def test_cone(ask, archive, stars, own_sky):
    archive.answer, archive.looks_until_done = stars(), 3
    done = ask()
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "8 rows"
    assert count(own_sky) == 8
    (query,) = archive.queries
    assert query.startswith("select source_id, ra, dec, ")
    assert "circle('ICRS', 10.0, -5.0, 0.5)" in query
    assert (archive.runs, archive.deleted) == (1, 1)
    assert not (own_sky / ".fetch").exists()


def test_a_cone_that_takes_the_archive_too_long_is_asked_for_in_parts(ask, archive, some_stars, own_sky):
    """Four bands of declination that leave nothing out and share nothing; the first and the last are open."""
    archive.error, archive.bounds_needed = "", 1
    archive.parts = {
        "dec < -5.25": some_stars(0, 1),
        "dec >= -5.25": some_stars(1, 2),
        "dec >= -5.0": some_stars(2, 2),
        "dec >= -4.75": some_stars(2, 4),
    }
    archive.parts = dict(sorted(archive.parts.items(), key=lambda part: part[0].startswith("dec <")))
    done = ask()
    assert (done.code, done.err) == (0, "")
    assert count(own_sky) == 4
    whole, *parts = archive.queries
    assert [part.removeprefix(whole) for part in parts] == [
        " and dec < -5.25",
        " and dec >= -5.25 and dec < -5.0",
        " and dec >= -5.0 and dec < -4.75",
        " and dec >= -4.75",
    ]
    assert not (own_sky / ".fetch").exists()


def test_a_cone_that_takes_too_long_in_parts_too_is_told(ask, archive, own_sky):
    archive.bounds_needed = 99
    done = ask()
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "has stopped the query, which took too long" in done.err
    assert len(archive.queries) == 4
    assert count(own_sky) == 4


@pytest.mark.parametrize(
    "said", ["Query timed out", "execution time exceeded", "canceling statement due to statement timeout"]
)
def test_what_services_say_of_a_query_that_took_too_long(said):
    assert client.TOO_LONG.search(said)


@pytest.fixture
def some_stars(gaia_rows, tmp_path):
    """An answer with the rows of the tiny Gaia file from one place to another; without any too."""

    def answer(first, last):
        table = Table(rows=[row | {"pmra": 1.0} for row in gaia_rows])[first:last]
        document = from_table(table)
        document.resources[0].type = "results"
        document.resources[0].infos.append(Info(name="QUERY_STATUS", value="OK"))
        document.to_xml(str(tmp_path / "part.vot"), tabledata_format="binary2")
        return (tmp_path / "part.vot").read_bytes()

    return answer


def test_query_of_ones_own(ask, archive, stars, tmp_path):
    archive.answer = stars()
    (tmp_path / "mine.adql").write_text("select top 5 * from gaiadr2.gaia_source\n")
    assert ask("--adql", tmp_path / "mine.adql").code == 0
    assert archive.queries == ["select top 5 * from gaiadr2.gaia_source"]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_connection_that_breaks_half_way(ask, archive, stars, own_sky, knows_ranges):
    archive.answer, archive.breaks, archive.knows_ranges = stars(), 2, knows_ranges
    assert ask().code == 0
    assert count(own_sky) == 8
    assert len(archive.ranges) >= 1
    start = int(archive.ranges[0].removeprefix("bytes=").rstrip("-"))
    assert 0 <= len(archive.answer) // 2 - start < 256


def test_service_that_is_down_for_a_while(ask, archive, stars):
    archive.answer, archive.failures = stars(), 3
    assert ask().code == 0


def test_service_that_stays_down_is_told_and_the_job_goes_on_later(ask, archive, stars, own_sky):
    archive.answer, archive.breaks = stars(), 100
    done = ask()
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "cannot be reached" in done.err
    assert "the same command later goes on" in done.err
    archive.breaks = 0
    assert ask().code == 0
    assert count(own_sky) == 8
    assert len(archive.queries) == 1, "the query was asked twice"


def test_a_job_that_somebody_else_wrote_down_is_not_asked(ask, archive, stars, own_sky):
    archive.answer, archive.breaks = stars(), 100
    assert ask().code == 2
    (work,) = (own_sky / ".fetch").iterdir()
    archive.breaks = 0
    for noted, said in ((b"http://127.0.0.1:9/tap/async/1", b"x"), (b"\xff", b"1e9"), (b"http://[", b"")):
        (work / "job").write_bytes(noted)
        (work / "maxrec").write_bytes(said)
        done = ask()
        assert (done.code, done.err) == (0, "")
        work.mkdir(parents=True)
    assert count(own_sky) == 8
    assert archive.maxrecs == [""] * 4


def test_answer_that_is_cut_off(ask, archive, stars, own_sky):
    archive.answer = stars("OVERFLOW")
    done = ask()
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "cut its answer off (OVERFLOW)" in done.err
    assert count(own_sky) == 4


def test_more_rows_are_asked_for_where_the_archive_gives_more(ask, archive, stars, own_sky):
    archive.answer, archive.whole, archive.limits = stars("OVERFLOW"), stars(), (2000, 3_000_000)
    done = ask()
    assert (done.code, done.err) == (0, "")
    assert archive.maxrecs == ["", "3000000"]
    assert archive.queries[0] == archive.queries[1]
    assert archive.deleted == 2
    assert count(own_sky) == 8
    assert not (own_sky / ".fetch").exists()


@pytest.mark.parametrize(("limits", "asked"), [((2000, 2000), [""]), ((2000, 9000), ["", "9000"])])
def test_answer_beyond_what_the_archive_gives(ask, archive, stars, own_sky, limits, asked):
    archive.answer, archive.limits = stars("OVERFLOW"), limits
    done = ask()
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "cut its answer off (OVERFLOW" in done.err
    assert "ask for a smaller cone" in done.err
    assert archive.maxrecs == asked
    assert count(own_sky) == 4


@pytest.mark.parametrize(
    ("survey", "table", "name"),
    [
        ("tmass", "tmass_psc_xsc", "00400000+0000003"),
        ("panstarrs1", "panstarrs1", 108000100000123456),
    ],
)
def test_best_neighbours_of_gaia_dr3(candlesql, archive, own_sky, tmp_path, survey, table, name):
    """The columns are those of the Gaia DR3 data model, section 20.4."""
    rows = {"source_id": [4295806720], f"clean_{table}_oid": [7], "original_ext_source_id": [name]}
    rows |= {"angular_distance": [0.36], "number_of_neighbours": [2], "number_of_mates": [1], "xm_flag": [8]}
    Table(rows, units={"angular_distance": "arcsec"}).write(tmp_path / "n.vot", format="votable")
    archive.answer = (tmp_path / "n.vot").read_bytes()
    ours = f"gaia_dr3_{survey}_best_neighbour"
    done = candlesql("fetch", own_sky, ours, "--url", archive.url, "--cone", "10,0,0.5")
    assert (done.code, done.err) == (0, "")
    (query,) = archive.queries
    assert f"from gaiadr3.{table}_best_neighbour as n join gaiadr3.gaia_source" in query
    with open_sky(own_sky) as connection:
        fields = "source_id, original_ext_source_id, angular_distance, number_of_neighbours, xm_flag"
        stored = connection.execute(f"select {fields} from staging.{ours}").fetchall()
    assert stored == [(4295806720, name, 0.36, 2, 8)]


def test_query_that_is_refused(ask, archive):
    archive.error = "no such column: sourceid"
    done = ask()
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "no such column: sourceid" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gaia_dr2",), "say either --cone"),
        (("gaia_dr2", "--cone", "1,2"), "say it as RA,DEC,RADIUS"),
        (("gaia_dr2", "--cone", "1,95,1"), "DEC -90 to 90"),
        (("seismology", "--cone", "1,5,1"), "knows no archive of seismology"),
        (("gaia_dr2", "--adql", "none.adql"), "none.adql: cannot be read"),
    ],
)
def test_command_that_cannot_be(candlesql, tiny_sky, arguments, said):
    done = candlesql("fetch", tiny_sky, *arguments)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert said in done.err


@pytest.mark.parametrize("suffix", ["csv", "fits"])
def test_upload_that_the_query_joins(ask, archive, stars, tmp_path, suffix):
    archive.answer = stars()
    table = Table({"star": [4295806720, 6917528443525529728], "name": ["one", "two"]})
    table.write(tmp_path / f"mine.{suffix}")
    (tmp_path / "q.adql").write_text(
        "select g.* from gaiadr2.gaia_source as g join tap_upload.mine on star = source_id"
    )
    done = ask("--adql", tmp_path / "q.adql", "--upload", f"mine={tmp_path / f'mine.{suffix}'}")
    assert (done.code, done.err) == (0, "")
    assert archive.uploads["UPLOAD"].startswith("mine,param:")
    (sent,) = [body for name, body in archive.uploads.items() if name != "UPLOAD"]
    came = parse_single_table(BytesIO(sent)).to_table()
    assert list(came["star"]) == [4295806720, 6917528443525529728]
    assert [str(name) for name in came["name"]] == ["one", "two"]


@pytest.fixture
def hats_catalog(own_sky, tmp_path, write_rows, gaia_rows, monkeypatch):
    """A HATS catalog of 2,000 stars in many partitions, and where they are."""
    rng = np.random.default_rng(5)
    ra, dec = rng.uniform(0, 360, 2000), np.degrees(np.arcsin(rng.uniform(-1, 1, 2000)))
    rows = [gaia_rows[0] | {"source_id": i, "ra": a, "dec": d} for i, (a, d) in enumerate(zip(ra, dec, strict=True))]
    sky = shutil.copytree(own_sky, tmp_path / "other")
    ingest_survey(sky, "gaia_dr2", [write_rows(tmp_path / "all.csv", rows)], {}, {})
    monkeypatch.setattr(hats, "MAX_ROWS", 100)
    with open_sky(sky) as connection:
        export(connection, "staging.gaia_dr2", tmp_path / "gaia.hats")
    return tmp_path / "gaia.hats", SkyCoord(ra * u.deg, dec * u.deg)


@pytest.mark.parametrize("is_remote", [False, True])
@pytest.mark.parametrize(("ra", "dec", "radius"), [(10, -5, 8), (0, 90, 10), (359.9, 41, 12)])
def test_cone_of_a_hats_catalog(candlesql, own_sky, archive, hats_catalog, is_remote, ra, dec, radius):
    folder, stars = hats_catalog
    archive.folder, archive.failures = folder, 2
    place = f"{archive.url}/hats" if is_remote else folder
    done = candlesql("fetch", own_sky, "gaia_dr2", "--cone", f"{ra},{dec},{radius}", "--hats", place)
    assert (done.code, done.err) == (0, "")
    expected = np.flatnonzero(stars.separation(SkyCoord(ra, dec, unit="deg")).deg <= radius)
    with open_sky(own_sky) as connection:
        rows = connection.execute("select source_id from staging.gaia_dr2 order by 1").fetchall()
    assert [row[0] for row in rows] == expected.tolist()
    if is_remote:
        asked = {name for name, _ in archive.files} - {"partition_info.csv"}
        assert len(asked) < len(list(folder.rglob("Npix=*.parquet"))) / 2
    assert not (own_sky / ".fetch").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--cone", "1,2,3", "--hats", "nowhere"), "nowhere/partition_info.csv: cannot be read"),
        (("--cone", "1,2,3", "--upload", "a=b.fits"), "--upload needs a query"),
        (("--cone", "1,2,3", "--upload", "a"), "say it as --upload NAME=VALUE"),
    ],
)
def test_fetch_that_cannot_be(candlesql, tiny_sky, arguments, said):
    done = candlesql("fetch", tiny_sky, "gaia_dr2", *arguments)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert said in done.err
