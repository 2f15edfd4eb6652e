"""Remote files against a server that is a few lines of Python: what is asked for, and what is said of each answer."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from candlesql.catalogs import hats_layout
from candlesql.catalogs.remote import answers, filesystem, https, objects, ranges, s3
from candlesql.catalogs.remote.address import Address, place_of
from candlesql.catalogs.remote.answers import NoSuchObject, Version
from candlesql.catalogs.remote.hats import RemoteCatalog, fingerprint, is_parquet
from candlesql.catalogs.remote.objects import Objects
from candlesql.catalogs.web import Later
from candlesql.errors import RefusedFile
from candlesql.udfs import cache

PLACE = Address("https://a.b/t.parquet")


@dataclass
class Server:
    """Gives bytes by the name of their file; what it was asked for stands in `asked`."""

    files: dict[str, bytes]
    version: Version | None = None
    asked: list[tuple] = field(default_factory=list)

    def get(self, address, first, last, version):
        self.asked.append((first, last, version))
        data = self.files.get(address.name)
        if data is None:
            raise NoSuchObject("is not there", file=address)
        return data[first : last + 1], self.version or Version(len(data))


def reading(server: Server, kind: str = "a.b") -> Objects:
    made = Objects()
    made._transports[kind] = server
    return made


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLESQL_CACHE", str(tmp_path))
    cache._writable.cache_clear()
    yield tmp_path
    cache._writable.cache_clear()


def test_a_file_is_read_in_pieces_of_its_first_version(monkeypatch):
    monkeypatch.setattr(objects, "PIECE", 4)
    server = Server({"t.parquet": b"0123456789"})
    read = reading(server)
    assert read.read(PLACE, 1, 10) == b"123456789"
    first = Version(10)
    assert server.asked == [(0, 0, None), (1, 4, first), (5, 8, first), (9, 9, first)]
    assert read.read(PLACE, 3, 3) == b""
    assert len(server.asked) == 4, "its version is asked for once"


def test_a_file_of_a_known_version_is_kept(own_cache):
    server = Server({"t.parquet": b"0123456789"}, Version(10, '"one"'))
    assert reading(server).read(PLACE, 2, 5) == b"234"
    assert reading(server).read(PLACE, 2, 5) == b"234"
    assert [asked[:2] for asked in server.asked] == [(0, 0), (2, 4), (0, 0)]
    nameless = Server({"t.parquet": b"0123456789"})
    for _ in range(2):
        assert reading(nameless).read(PLACE, 2, 5) == b"234"
    assert [asked[:2] for asked in nameless.asked] == [(0, 0), (2, 4)] * 2
    dated = Server({"t.parquet": b"0123456789"}, Version(10, "", "today"))
    for _ in range(2):
        assert reading(dated).read(PLACE, 2, 5) == b"234"
    assert [asked[:2] for asked in dated.asked] == [(0, 0), (2, 4), (0, 0)]


def test_a_file_that_is_replaced_while_it_is_read():
    server = Server({"t.parquet": b"0123456789"})
    read = reading(server)
    read.version(PLACE)
    server.version = Version(11)
    with pytest.raises(RefusedFile, match="was replaced while it was read; run it again"):
        read.read(PLACE, 0, 2)


@pytest.mark.parametrize(
    ("mine", "its", "may_be"),
    [
        (("a", ""), ("a", ""), True), (("a", ""), ("b", ""), False), (("a", ""), ("", ""), True),
        (("", ""), ("b", ""), True), (("a", "d"), ("a", "e"), False), (("a", "d"), ("", "d"), True),
    ],
)  # fmt: skip
def test_answers_of_one_version(mine, its, may_be):
    assert Version(1, *mine).may_be(Version(1, *its)) is may_be
    assert not Version(1, *mine).may_be(Version(2, *mine))


@pytest.mark.parametrize(("size", "is_refused"), [(10, False), (11, True)])
def test_files_and_texts_that_are_too_large(monkeypatch, size, is_refused):
    monkeypatch.setattr(objects, "MOST_BYTES", 10)
    read = reading(Server({"t.parquet": b"x" * size}))
    if is_refused:
        with pytest.raises(RefusedFile, match="has 11 bytes, more than 10"):
            read.version(PLACE)
    else:
        assert read.version(PLACE) == Version(10)
    monkeypatch.setattr(objects, "MOST_BYTES", 100)
    monkeypatch.setattr(objects, "MOST_TEXT", 10)
    read = reading(Server({"t.parquet": b"x" * size}))
    if is_refused:
        with pytest.raises(RefusedFile, match="has 11 bytes, more than 10"):
            read.text(PLACE)
    else:
        assert read.text(PLACE) == "x" * 10
    with pytest.raises(RefusedFile, match="is no text"):
        reading(Server({"t.parquet": b"\xff"})).text(PLACE)


def test_a_server_that_fails_for_long(monkeypatch):
    class Down:
        def get(self, *_):
            raise Later("is down")

    waits = []
    monkeypatch.setattr(objects.web.time, "sleep", waits.append)
    with pytest.raises(RefusedFile, match="is down, 6 times; run it again later"):
        reading(Down()).version(PLACE)
    assert waits == [1, 2, 5, 15, 60]


def test_each_server_has_its_connections(monkeypatch):
    made = []
    monkeypatch.setattr(https, "Web", lambda address: made.append(address) or Server({}))
    read = Objects()
    other = Address("https://c.d/x")
    assert read._transport(PLACE) is read._transport(Address("https://a.b/y")) is not read._transport(other)
    assert made == [PLACE, other]
    store = Server({"t": b"12"})
    assert reading(store, "s3").version(Address("s3://bucket/t")) == Version(2)


def test_a_remote_file_as_an_open_one():
    read = reading(Server({"t.parquet": b"0123456789"}))
    with read.open(PLACE) as file:
        assert (file.readable(), file.seekable(), file.size, file.tell()) == (True, True, 10, 0)
        assert file.read(3) == b"012"
        assert (file.tell(), file.seek(2, io.SEEK_CUR), file.read(2)) == (3, 5, b"56")
        assert (file.seek(-1, io.SEEK_END), file.read(5), file.tell(), file.read(1)) == (9, b"9", 10, b"")
        assert (file.seek(8), file.read()) == (8, b"89")
        assert (file.seek(7), file.read(None)) == (7, b"789")
        assert (file.seek(4), file.read(0), file.tell()) == (4, b"", 4)


def test_names_that_stand_for_addresses():
    read = Objects()
    signed = Address("https://a.b/t", "me:pass", "?sig=1")
    assert read.know(signed) == "https://a.b/t"
    assert read.named("https://a.b/t") is signed
    assert read.named("https://a.b/u") == Address("https://a.b/u")


# --- what servers answer


@pytest.mark.parametrize(
    ("said", "size"),
    [("bytes 2-4/10", 10), ("bytes 3-4/10", None), ("bytes 2-5/10", None), ("bytes 2-4/*", None), ("", None)],
)
def test_sizes_that_servers_say(said, size):
    assert answers.size_said(said, 2, 4) == size


def test_bodies_of_the_wanted_length(monkeypatch):
    def body(data: bytes, **named):
        return answers.body_of(SimpleNamespace(read1=io.BytesIO(data).read, **named), PLACE, 2, 4)

    assert body(b"abc") == b"abc"
    with pytest.raises(Later, match="breaks off: 2 of 3 bytes came"):
        body(b"ab")
    with pytest.raises(RefusedFile, match="more bytes than it is asked for"):
        body(b"abcd")

    def broken(_):
        raise OSError

    with pytest.raises(Later, match="breaks off: 0 of 3 bytes came"):
        answers.body_of(SimpleNamespace(read1=broken), PLACE, 2, 4)
    for seconds, is_slow in ((600.0, False), (600.1, True)):
        clock = iter([1000.0, 1000.0 + seconds])
        monkeypatch.setattr(answers.time, "monotonic", lambda clock=clock: next(clock))
        if is_slow:
            with pytest.raises(Later, match="sends 3 bytes in more than 600 s"):
                body(b"abc")
        else:
            assert body(b"abc") == b"abc"


def test_pauses_that_servers_ask_for(monkeypatch):
    """1994-11-06 08:49:37 is 784,111,777 s after 1970."""
    monkeypatch.setattr(answers.time, "time", lambda: 784_111_770.0)
    said = ("12.5", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:30 GMT", "soon", "")
    assert [answers.pause(text) for text in said] == [12.5, 7.0, 0.0, 0.0, 0.0]
    monkeypatch.setattr(answers.time, "time", lambda: 784_111_800.0)
    assert answers.pause(said[1]) == 0.0, "it has passed"


@pytest.mark.parametrize(
    ("status", "version", "headers", "kind", "words"),
    [
        (503, None, {"Retry-After": "7"}, Later, "the server says 503 Service Unavailable"),
        (404, None, {}, NoSuchObject, "is not there: the server says 404 Not Found"),
        (410, None, {}, NoSuchObject, "410 Gone"),
        (401, None, {}, RefusedFile, "access is refused: the server says 401 Unauthorized"),
        (403, None, {}, RefusedFile, "access is refused"),
        (412, None, {}, RefusedFile, "was replaced"),
        (416, Version(1), {}, RefusedFile, "was replaced"),
        (416, None, {}, RefusedFile, "is empty, or"),
        (200, None, {}, RefusedFile, "does not give parts of files; download it"),
        (299, None, {}, RefusedFile, "the server says 299"),
        (206, None, {"Content-Encoding": "GZIP"}, RefusedFile, r"packed \(gzip\)"),
        (206, None, {"Content-Range": "bytes 0-1/9"}, RefusedFile, "other parts"),
    ],
)
def test_what_is_said_of_an_answer_of_the_web(status, version, headers, kind, words):
    with pytest.raises(kind, match=words) as error:
        https._checked(PLACE, SimpleNamespace(status_code=status, headers=headers), 2, 4, version)
    assert type(error.value) is kind
    assert getattr(error.value, "pause", 7.0) == 7.0


def test_the_version_of_an_answer_of_the_web():
    said = {"Content-Range": "bytes 2-4/9", "Content-Encoding": "Identity", "ETag": '"e"', "Last-Modified": "today"}
    found = https._checked(PLACE, SimpleNamespace(status_code=206, headers=said), 2, 4, None)
    assert found == Version(9, '"e"', "today")
    bare = SimpleNamespace(status_code=206, headers={"Content-Range": "bytes 2-4/9"})
    assert https._checked(PLACE, bare, 2, 4, None) == Version(9)


@pytest.mark.parametrize(
    ("version", "condition"),
    [(None, None), (Version(9, '"e"'), '"e"'), (Version(9, 'W/"e"'), None), (Version(9), None)],
)
def test_what_a_web_server_is_asked(version, condition):
    asked = {}

    class Response(SimpleNamespace):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            asked["closed"] = True

    def get(address, **options):
        asked.update(options, address=address)
        raw = SimpleNamespace(read1=io.BytesIO(b"abc").read)
        return Response(status_code=206, headers={"Content-Range": "bytes 2-4/9"}, raw=raw)

    server = https.Web(PLACE)
    server.session = SimpleNamespace(get=get)
    place = Address("https://a.b/t", "me:pass", "?s=1")
    assert server.get(place, 2, 4, version) == (b"abc", Version(9))
    headers = {"Range": "bytes=2-4", "Accept-Encoding": "identity"} | ({"If-Match": condition} if condition else {})
    assert asked == {
        "address": "https://me:pass@a.b/t?s=1", "headers": headers, "stream": True, "timeout": (10, 60), "closed": True
    }  # fmt: skip


# --- addresses


@pytest.mark.parametrize(
    ("text", "shown", "asked"),
    [
        ("https://a.b/c/", "https://a.b/c", "https://a.b/c"),
        ("HTTPS:/a.b/c", "https://a.b/c", "https://a.b/c"),
        ("https://me:p@a.b/c?s=1#there", "", ""),
        ("https://me:p@a.b/c?s=1", "https://a.b/c", "https://me:p@a.b/c?s=1"),
        ("http://localhost:8000/x", "http://localhost:8000/x", "http://localhost:8000/x"),
        ("http://127.0.0.1/x", "http://127.0.0.1/x", "http://127.0.0.1/x"),
    ],
)
def test_addresses(text, shown, asked):
    if not shown:
        with pytest.raises(RefusedFile, match="is no address"):
            place_of(text)
        return
    found = place_of(text)
    assert (str(found), found.asked) == (shown, asked)
    assert found.has_secret is (shown != asked)


@pytest.mark.parametrize(
    ("text", "words"),
    [("ftp://a.b/c", "ftp:// is not read"), ("http://a.b/c", "say https://"), ("https://a b/c", "is no address"),
     ("https://?x=1", "is no address")],
)  # fmt: skip
def test_addresses_that_are_not_read(text, words):
    with pytest.raises(RefusedFile, match=words):
        place_of(text)


def test_parts_of_an_address():
    bucket = Address("s3://bucket/a/b.tar.gz")
    assert (bucket.is_s3, bucket.bucket_and_key) == (True, ("bucket", "a/b.tar.gz"))
    assert (bucket.name, bucket.stem, bucket.suffix) == ("b.tar.gz", "b.tar", ".gz")
    assert Address("https://a.b").suffix == "", "a host's name has none"
    assert not Address("https://a.b/s3://x").is_s3
    assert str(Address("https://a.b/c/") / "d") == "https://a.b/c/d"


# --- what is kept, and what DuckDB asks


def test_the_oldest_ranges_go_first(own_cache, monkeypatch):
    """Three of 4 bytes with 32 of their digest each; 80 may stay."""
    import os

    monkeypatch.setattr(ranges, "MOST_KEPT", 80)
    monkeypatch.setattr(ranges, "LOOK_EVERY", 12)
    monkeypatch.setattr(ranges, "_written", 0)
    for number in range(3):
        ranges.keep(f"v{number}", 0, b"abcd")
        if number < 2:
            os.utime(ranges._file(f"v{number}", 0, 3), (number, number))
    assert [ranges.kept(f"v{number}", 0, 3) for number in range(3)] == [None, b"abcd", b"abcd"]
    assert ranges._written == 0
    ranges.keep("v3", 0, b"abcd")
    assert ranges._written == 4
    assert ranges.kept("v1", 0, 3) == b"abcd", "no look is due"


def test_what_duckdb_asks_of_a_remote_file():
    from fsspec import AbstractFileSystem

    read = reading(Server({"t[1].parquet": b"0123456789"}))
    files = filesystem._filesystem(AbstractFileSystem, read)
    place = "https://a.b/t[1].parquet"
    assert files.glob("https://a.b/t[[]1].parquet") == [place]
    assert (files.exists(place), files.isfile(place), files.isdir(place)) == (True, True, False)
    assert files.info(place) == {"name": place, "size": 10, "type": "file"}
    with files.open(place) as file:
        assert file.read(2) == b"01"
    with pytest.raises(PermissionError):
        files.open(place, "wb")
    with pytest.raises(NoSuchObject):
        files.open("https://a.b/other")
    assert isinstance(read.failure, NoSuchObject)
    before = files.modified(place)
    read._versions[place] = Version(10, '"other"')
    assert files.modified(place) != before


# --- catalogs behind an address


FOLDER = Address("https://a.b/gaia")


def catalog(**files: str) -> RemoteCatalog:
    named = {"properties": "hats.properties", "info": hats_layout.INFO, "collection": hats_layout.COLLECTION}
    return RemoteCatalog(reading(Server({named[k]: text.encode() for k, text in files.items()})), FOLDER)


def test_partitions_of_a_remote_catalog():
    found = catalog(properties="hats_nrows=7\n", info="Norder,Npix\n0,4\n1,47\n")
    assert [(p.order, p.pixel, str(p.address)) for p in found.partitions] == [
        (0, 4, "https://a.b/gaia/dataset/Norder=0/Dir=0/Npix=4.parquet"),
        (1, 47, "https://a.b/gaia/dataset/Norder=1/Dir=0/Npix=47.parquet"),
    ]
    assert (found.promised_rows, str(found.folder)) == (7, "https://a.b/gaia")
    suffixed = catalog(properties="hats_npix_suffix=.parq\n", info="Norder,Npix\n0,4\n")
    assert str(suffixed.partitions[0].address).endswith("Npix=4.parq")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "is neither a .parquet file nor a HATS catalog"),
        ({"collection": "a=b"}, "does not say which folder"),
        ({"collection": "hats_primary_table_url=../other"}, "does not say which folder"),
        ({"properties": "hats_npix_suffix=/\n"}, "its partitions are folders"),
        ({"properties": "a=b\n"}, r"has no partition_info\.csv"),
        ({"properties": "a=b\n", "info": "Norder,Npix\n"}, "a HATS catalog without partitions"),
    ],
)
def test_remote_catalogs_that_are_none(files, words):
    with pytest.raises(RefusedFile, match=words):
        _ = catalog(**files).partitions


def test_a_collection_names_the_folder_of_its_rows():
    found = catalog(collection="hats_primary_table_url=stars\n", properties="a=b\n", info="Norder,Npix\n0,4\n")
    assert str(found.folder) == "https://a.b/gaia/stars"


def test_fingerprints_of_remote_catalogs(monkeypatch):
    one, other = (catalog(properties="a=b\n", info=f"Norder,Npix\n0,{pixel}\n") for pixel in (4, 5))
    again = catalog(properties="a=b\n", info="Norder,Npix\n0,4\n")
    assert one.fingerprint() == again.fingerprint() != other.fingerprint()
    assert fingerprint(FOLDER, one.objects) == one.fingerprint()
    file = reading(Server({"t.parquet": b"12"}))
    changed = reading(Server({"t.parquet": b"123"}))
    assert fingerprint(PLACE, file) != fingerprint(PLACE, changed)
    assert [is_parquet(Address(f"https://a.b/t{s}")) for s in (".parquet", ".PARQ", ".pq", ".csv")] == [True] * 3 + [
        False
    ]
    for now, is_replaced in ((again, False), (other, True)):
        monkeypatch.setattr("candlesql.catalogs.remote.hats.Objects", lambda now=now: now.objects)
        if is_replaced:
            with pytest.raises(RefusedFile, match="was replaced"):
                one.refuse_replaced()
        else:
            one.refuse_replaced()


# --- object stores


def store_answering(answer, is_signed: bool = True) -> tuple[s3.S3, list[dict]]:
    """A store whose client gives this answer, or raises it; and what it is asked."""
    asked: list[dict] = []

    def get_object(**wanted):
        asked.append(wanted)
        if isinstance(answer, Exception):
            raise answer
        return answer

    made = object.__new__(s3.S3)
    made.is_signed, made.client = is_signed, SimpleNamespace(get_object=get_object)
    return made, asked


class Body(io.BytesIO):
    def read1(self, size=-1):
        return super().read1(size)


OBJECT = Address("s3://bucket/a/t.parquet")


@pytest.mark.parametrize(
    ("version", "condition"),
    [(None, None), (Version(9, '"e"'), '"e"'), (Version(9, 'W/"e"'), None), (Version(9), None)],
)
def test_what_a_store_is_asked(version, condition):
    pytest.importorskip("botocore")
    from datetime import UTC, datetime

    answer = {
        "ContentRange": "bytes 2-4/9",
        "Body": Body(b"abc"),
        "ETag": '"e"',
        "LastModified": datetime(2020, 1, 2, tzinfo=UTC),
    }
    made, asked = store_answering(answer)
    assert made.get(OBJECT, 2, 4, version) == (b"abc", Version(9, '"e"', "2020-01-02T00:00:00+00:00"))
    wanted = {"Bucket": "bucket", "Key": "a/t.parquet", "Range": "bytes=2-4"}
    assert asked == [wanted | ({"IfMatch": condition} if condition else {})]
    bare, _ = store_answering({"ContentRange": "bytes 2-4/9", "Body": Body(b"abc")})
    assert bare.get(OBJECT, 2, 4, None)[1] == Version(9)
    with pytest.raises(RefusedFile, match="the store gives other parts"):
        store_answering({"ContentRange": "bytes 0-4/9"})[0].get(OBJECT, 2, 4, None)


@pytest.mark.parametrize(
    ("code", "status", "version", "kind", "words"),
    [
        ("SlowDown", 400, None, Later, "the store says 400 SlowDown"),
        ("503", 503, None, Later, "^the store says 503$"),
        ("NoSuchBucket", 404, None, RefusedFile, "there is no bucket bucket"),
        ("NoSuchKey", 404, None, NoSuchObject, "is not there: the store says 404 NoSuchKey"),
        ("PreconditionFailed", 412, None, RefusedFile, "was replaced"),
        ("InvalidRange", 416, Version(1), RefusedFile, "was replaced"),
        ("InvalidRange", 416, None, RefusedFile, "is empty"),
        ("ExpiredToken", 400, None, RefusedFile, r"the credentials have expired \(ExpiredToken\); get new ones"),
        ("SignatureDoesNotMatch", 403, None, RefusedFile, "the credentials are not accepted"),
        ("AccessDenied", 403, None, RefusedFile, "access is refused: the store says 403 AccessDenied$"),
        ("AccessDenied", 401, None, RefusedFile, "access is refused"),
        ("Odd", 418, None, RefusedFile, "the store says 418 Odd"),
        ("Odd", 418, Version(1), RefusedFile, "the store says 418 Odd"),
    ],
)  # fmt: skip
def test_what_is_said_of_an_answer_of_a_store(code, status, version, kind, words):
    exceptions = pytest.importorskip("botocore.exceptions")
    headers = {"HTTPStatusCode": status, "HTTPHeaders": {"retry-after": "7"}}
    error = exceptions.ClientError({"Error": {"Code": code}, "ResponseMetadata": headers}, "GetObject")
    with pytest.raises(kind, match=words) as said:
        store_answering(error)[0].get(OBJECT, 2, 4, version)
    assert type(said.value) is kind
    assert getattr(said.value, "pause", 7.0) == 7.0
    if status in (401, 403) and code == "AccessDenied":
        with pytest.raises(RefusedFile, match="no credentials were found, and it was asked without"):
            store_answering(error, is_signed=False)[0].get(OBJECT, 2, 4, version)


def test_what_is_said_of_a_store_that_does_not_answer():
    exceptions = pytest.importorskip("botocore.exceptions")
    for error, kind, words in (
        (exceptions.SSLError(endpoint_url="x", error="y"), RefusedFile, r"^s3://.*: the store's certificate is not"),
        (exceptions.EndpointConnectionError(endpoint_url="x", error="Name or service not known"), Later,
            "there is no store of this name"),
        (exceptions.EndpointConnectionError(endpoint_url="x", error="refused"), Later, "the store cannot be reached"),
        (exceptions.NoCredentialsError(), RefusedFile, "cannot be asked for: there are no credentials"),
        (exceptions.DataNotFoundError(data_path="secret"), RefusedFile, "asked for: DataNotFoundError$"),
    ):  # fmt: skip
        with pytest.raises(kind, match=words) as said:
            store_answering(error)[0].get(OBJECT, 2, 4, None)
        assert type(said.value) is kind
