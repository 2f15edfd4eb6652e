"""Jobs and answers of a TAP service that is a few lines of Python, without the web: each step by itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import requests
from candlesql.catalogs import archive, web
from candlesql.errors import RefusedFile, UserError

pyvo = pytest.importorskip("pyvo")
TAP = "https://a.b/tap"


class Job:
    """A job whose phases are told beforehand; a look at it after the last one is an error."""

    def __init__(self, *phases: str, error: str = "") -> None:
        self.phases, self.error, self.runs, self.url = list(phases), error, 0, f"{TAP}/async/7"

    @property
    def phase(self) -> str:
        return self.phases.pop(0) if len(self.phases) > 1 else self.phases[0]

    def run(self) -> None:
        self.runs += 1

    def raise_if_error(self) -> None:
        if self.error:
            raise pyvo.dal.DALQueryError(self.error)


@pytest.fixture
def service(monkeypatch):
    """Gives the jobs in `made` by `create`, or `known` where its address is known; time passes by sleeping alone."""
    said = SimpleNamespace(made=[], known=None, asked=[], waits=[], now=0.0)

    class Tap:
        def __new__(cls, url, session):
            if said.known is None:
                raise pyvo.dal.DALServiceError("gone", code=404)
            assert url == f"{TAP}/async/7"
            return said.known

        @staticmethod
        def create(address, query, **options):
            said.asked.append((address, query, options["maxrec"], options["uploads"]))
            return said.made.pop(0)

    def sleep(seconds):
        said.waits.append(seconds)
        said.now += seconds

    monkeypatch.setattr("pyvo.dal.tap.AsyncTAPJob", Tap)
    monkeypatch.setattr(archive, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: said.now))
    return said


def finished(service, note, *, uploads=None, maxrec=None):
    return archive._finished_job(TAP, "select 1", uploads or {}, note, maxrec)


def test_a_job_is_made_run_and_waited_for(service, tmp_path):
    """After 0.5 s, then 1.5 times as long each time, 30 s at most."""
    job = Job(*["QUEUED"] * 3, *["EXECUTING"] * 10, "COMPLETED")
    service.made = [job]
    note = tmp_path / "job"
    assert finished(service, note, uploads={"mine": tmp_path / "u.vot"}, maxrec=5) is job
    assert service.asked == [(TAP, "select 1", 5, {"mine": str(tmp_path / "u.vot")})]
    assert note.read_text() == job.url
    assert job.runs == 1
    assert service.waits == pytest.approx([min(30, 0.5 * 1.5**n) for n in range(13)])


def test_a_job_that_stands_still_is_run_again(service, tmp_path):
    job = Job("PENDING", "PENDING", "HELD", "SUSPENDED", "COMPLETED")
    service.made = [job]
    assert finished(service, tmp_path / "job") is job
    assert service.asked[0][2:] == (None, None)
    assert job.runs == 4, "when it is made, twice PENDING, once HELD"


@pytest.mark.parametrize(
    ("phase", "is_new"), [("COMPLETED", False), ("ERROR", True), ("ABORTED", True), ("ARCHIVED", True)]
)
def test_a_job_of_a_try_before(service, tmp_path, phase, is_new):
    note = tmp_path / "job"
    note.write_text(f"{TAP}/async/7")
    service.known, service.made = Job(phase), [Job("COMPLETED")]
    assert (finished(service, note) is service.known) is not is_new
    assert len(service.asked) == is_new


def test_a_job_of_a_try_before_that_is_gone(service, tmp_path):
    note = tmp_path / "job"
    note.write_text(f"{TAP}/async/7")
    service.made = [Job("COMPLETED")]
    assert finished(service, note).phase == "COMPLETED"


def test_a_phase_that_is_none(service, tmp_path):
    service.made = [Job("QUEUED", "LOST")]
    with pytest.raises(RefusedFile, match="says that the job is 'LOST', which is no phase"):
        finished(service, tmp_path / "job")


@pytest.mark.parametrize(("phase", "longest"), [("SUSPENDED", 1800), ("EXECUTING", 7 * 86_400)])
def test_a_job_is_left_after_long(service, tmp_path, phase, longest):
    """One that stands still after half an hour, one that works after a week."""
    service.made = [Job(phase)]
    with pytest.raises(RefusedFile, match=f"leaves the job {phase}; the same command later goes on"):
        finished(service, tmp_path / "job")
    assert longest < service.now <= longest + 30
    assert (tmp_path / "job").exists()


@pytest.mark.parametrize(
    ("phase", "said", "kind"),
    [
        ("ERROR", "no such column", RefusedFile), ("ERROR", "Statement timeout", archive.TimedOut),
        ("ABORTED", "no reason", archive.TimedOut), ("ERROR", "query ran out of time", archive.TimedOut),
    ],
)  # fmt: skip
def test_a_job_that_fails(service, tmp_path, phase, said, kind):
    service.made = [Job("QUEUED", phase, error=said)]
    with pytest.raises(RefusedFile, match=said) as error:
        finished(service, tmp_path / "job")
    assert type(error.value) is kind
    assert not (tmp_path / "job").exists(), "the next try makes another"


def test_a_query_that_is_refused(service, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise pyvo.dal.DALServiceError("bad ADQL", code=400)

    monkeypatch.setattr("pyvo.dal.tap.AsyncTAPJob.create", refuse)
    with pytest.raises(RefusedFile, match="refuses the query: bad ADQL"):
        finished(service, tmp_path / "job")


# --- the answer


def votable(status: str = "", rows: str = "<TR><TD>1</TD></TR>", after: str = "") -> str:
    def info(value):
        return f'<INFO name="QUERY_STATUS" value="{value}"/>' if value else ""

    return (
        f'<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f'{info(status)}<TABLE><FIELD name="a" datatype="int"/><DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE>'
        f"{info(after)}</RESOURCE></VOTABLE>"
    )


@pytest.mark.parametrize(("text", "expected"), [(votable("OK"), False), (votable("OK", after="OVERFLOW"), True)])
def test_answers_that_are_cut_off(tmp_path, text, expected):
    (tmp_path / "t.vot").write_text(text)
    assert archive._is_cut_off(tmp_path / "t.vot") is expected


def test_answers_with_a_place_for_rows(tmp_path):
    (tmp_path / "t.vot").write_text(votable(rows=""))
    assert archive.has_data(tmp_path / "t.vot") is True
    (tmp_path / "t.vot").write_text(votable().replace("DATA>", "INFO>").replace("TABLEINFO", "COOSYS"))
    assert archive.has_data(tmp_path / "t.vot") is False


@pytest.mark.parametrize(
    ("answers", "most", "asked", "words"),
    [
        (["OK"], None, [None], ""),
        (["OVERFLOW", "OK"], 2000, [None, 2000], ""),
        (["OVERFLOW"], None, [None], r"has cut its answer off \(OVERFLOW\): ask"),
        (["OVERFLOW", "OVERFLOW"], 2000, [None, 2000], r"\(OVERFLOW at its limit of 2,000 rows\)"),
    ],
)
def test_an_answer_that_is_cut_off_is_asked_for_once_more(tmp_path, monkeypatch, answers, most, asked, words):
    """With the largest number of rows that the service gives; the job is deleted each time."""
    limits, deleted, left = [], [], list(answers)

    def job(address, query, uploads, note, maxrec):
        limits.append(maxrec)
        note.write_text("job")
        return SimpleNamespace(result_uri="its result", delete=lambda: deleted.append(1))

    monkeypatch.setattr(archive, "_finished_job", job)
    monkeypatch.setattr(archive, "_download", lambda uri, came, _: came.write_text(votable("OK", after=left.pop(0))))
    monkeypatch.setattr(archive, "_largest_maxrec", lambda address: most)
    if words:
        with pytest.raises(RefusedFile, match=words):
            archive.answer(TAP, "select 1", {}, tmp_path)
    else:
        assert archive.answer(TAP, "select 1", {}, tmp_path) == tmp_path / "answer.vot"
    assert limits == asked
    assert len(deleted) == len(answers)
    assert not (tmp_path / "job").exists()
    assert (tmp_path / "answer.vot").exists() is not bool(words)


class Response(SimpleNamespace):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def raise_for_status(self):
        if self.status_code >= 400:
            raise requests.HTTPError(str(self.status_code))

    def iter_content(self, size):
        assert size == 1 << 20
        return iter(self.blocks)


@pytest.fixture
def download(tmp_path, monkeypatch):
    """Downloads what a server answers behind what is there; returns what it was asked and what is there then."""
    asked = []

    def run(status, blocks, have=b"", **headers):
        part = tmp_path / "answer.part"
        part.unlink(missing_ok=True)
        if have:
            part.write_bytes(have)
        answer = Response(
            status_code=status, blocks=blocks, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

        def get(address, headers, stream):
            asked.append((address, headers, stream))
            return answer

        monkeypatch.setattr(archive, "session_for", lambda service: SimpleNamespace(get=get))
        archive._download_rest("https://a.b/r", part, TAP)
        return asked[-1], part.read_bytes()

    run.part = tmp_path / "answer.part"
    return run


def test_a_download_goes_on_where_it_broke_off(download):
    plain = {"Accept-Encoding": "identity"}
    assert download(200, [b"ab", b"c"], Content_Length="3") == (("https://a.b/r", plain, True), b"abc")
    ranged = ("https://a.b/r", plain | {"Range": "bytes=2-"}, True)
    assert download(206, [b"c"], b"ab", Content_Length="1") == (ranged, b"abc")
    assert download(200, [b"xyz"], b"ab", Content_Length="3") == (ranged, b"xyz"), "the server starts anew"
    assert download(200, [b"xyz"])[1] == b"xyz", "nothing is promised"


@pytest.mark.parametrize(
    ("status", "have", "promised"),
    [(200, b"", "4"), (206, b"ab", "3"), (200, b"ab", "5"), (503, b"", "3"), (416, b"ab", "0")],
)
def test_downloads_that_break_off(download, status, have, promised):
    with pytest.raises(requests.RequestException):
        download(status, [b"xyz"] if status != 206 else [b"x"], have, Content_Length=promised)
    assert download.part.exists() is (status < 400), "what does not fit goes away"


@pytest.mark.parametrize("size", [10, 11])
def test_a_download_without_end(download, monkeypatch, size):
    monkeypatch.setattr(archive, "MOST_BYTES", 10)
    if size == 10:
        assert download(200, [b"x" * 10])[1] == b"x" * 10
    else:
        with pytest.raises(RefusedFile, match="sends more than 10 bytes"):
            download(200, [b"x" * 11])


def test_a_download_is_renamed_when_it_is_whole(tmp_path, monkeypatch):
    asked = []

    def rest(address, part, service):
        asked.append((address, part.name, service))
        part.write_bytes(b"abc")

    monkeypatch.setattr(archive, "_download_rest", rest)
    archive._download("https://a.b/r", tmp_path / "answer.vot", TAP)
    assert asked == [("https://a.b/r", "answer.part", TAP)]
    assert [file.name for file in tmp_path.iterdir()] == ["answer.vot"]


# --- what every request over the web passes


def test_secrets_of_addresses():
    text = "at https://me:pass@a.b/c?X-Sig=1 and s3://k@b/d?x=2, not me@a.b or a?b"
    assert web.without_secrets(text) == "at https://a.b/c and s3://b/d not me@a.b or a?b"


@pytest.mark.parametrize(
    ("address", "home", "words"),
    [
        ("https://a.b/c", "a.b", ""), ("ftp://a.b/c", "a.b", "is no web address"), ("https:", None, "no web address"),
        ("https://10.0.0.1/c", "a.b", "is a private address"), ("https://10.0.0.1/c", "10.0.0.1", ""),
        ("https://8.8.8.8/c", "a.b", ""),
    ],
)  # fmt: skip
def test_where_an_archive_may_send_one(address, home, words):
    if words:
        with pytest.raises(RefusedFile, match=words):
            web.refuse_private(address, home)
    else:
        web.refuse_private(address, home)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [([0, 0, 0], [1, 2, 5]), ([3.0], [3]), ([500.0], [120]), ([0] * 5, [1, 2, 5, 15, 60]), ([], [])],
)
def test_failures_are_tried_again(monkeypatch, asked, waits):
    slept, left = [], list(asked)
    monkeypatch.setattr(web, "time", SimpleNamespace(sleep=slept.append))

    def action():
        if left:
            raise web.Later("down", left.pop(0))
        return "done"

    assert web.patiently(action, (web.Later,)) == "done"
    assert slept == waits


def test_failures_that_do_not_pass(monkeypatch):
    slept = []
    monkeypatch.setattr(web, "time", SimpleNamespace(sleep=slept.append))

    def fail():
        raise web.Later("down")

    with pytest.raises(web.Later):
        web.patiently(fail, (web.Later,), lambda error: False)
    assert slept == []
    with pytest.raises(web.Later):
        web.patiently(fail, (web.Later,))
    assert len(slept) == 5
    with pytest.raises(web.Later):
        web.patiently(fail, (UserError,))
    assert len(slept) == 5


def test_sessions_wait_a_minute_and_stay_with_tls(monkeypatch):
    sent = []
    monkeypatch.setattr(requests.Session, "send", lambda self, request, **options: sent.append(options["timeout"]))
    session = web.session_for("https://a.b/c?sig=1", only_tls=True)
    session.send(SimpleNamespace(url="https://a.b/d"))
    session.send(SimpleNamespace(url="https://a.b/d"), timeout=3)
    assert sent == [60, 3]
    with pytest.raises(RefusedFile, match=r"^https://a\.b/c: sends to an address without TLS"):
        session.send(SimpleNamespace(url="http://a.b/d"))
    web.session_for("http://a.b/c", only_tls=True).send(SimpleNamespace(url="http://a.b/d"))
    web.session_for("https://a.b/c").send(SimpleNamespace(url="http://a.b/d"))
    assert len(sent) == 4
