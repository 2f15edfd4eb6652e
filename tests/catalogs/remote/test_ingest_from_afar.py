"""`candlesql ingest` of Parquet files and HATS catalogs behind an address, and what servers do wrong."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql import open_sky
from candlesql.catalogs import web
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.remote import answers, ranges
from candlesql.catalogs.remote.address import place_of
from candlesql.catalogs.remote.objects import Objects
from candlesql.catalogs.survey import Column, load_survey
from candlesql.catalogs.writers import hats
from candlesql.errors import UserError

pytest.importorskip("fsspec")
pytest.importorskip("requests")

COLUMNS = ["source_id", "ra", "parallax"]
AS_TOLD = "nothing in it shows its release; it is taken as told\n"


@pytest.fixture
def stars(store, gaia_rows):
    """A Parquet file of four stars in four row groups, with a column of 4 MB that no survey knows."""
    rows = [row | {"photo": bytes([n]) * 1_000_000} for n, row in enumerate(gaia_rows)]
    file = store.folder / "bucket/stars.parquet"
    options = {"compression": "none", "use_dictionary": False, "write_statistics": ["ra"]}
    pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=1, **options)
    return file


@pytest.fixture
def hats_stars(store, gaia_rows, monkeypatch):
    """The four stars as a HATS catalog of four partitions at `bucket/gaia`."""
    monkeypatch.setattr(hats, "MAX_ROWS", 1)
    kinds = {"source_id": ("BIGINT", ""), "ra": ("DOUBLE", "deg"), "dec": ("DOUBLE", "deg")}
    columns = [Column(name, *kinds.get(name, ("DOUBLE", ""))) for name in gaia_rows[0]]
    with duckdb.connect() as connection:
        connection.register("stars", pa.Table.from_pylist(gaia_rows))
        folder = store.folder / "bucket/gaia"
        hats.write(connection, "from stars", columns, "made up", folder)
    assert len(list(folder.rglob("Npix=*.parquet"))) == 4
    return folder


@pytest.fixture
def read(tmp_path):
    """What `candlesql ingest` makes of an address: rows of the survey's file, or what it says."""

    def read(place):
        target = tmp_path / "gaia_dr2.parquet"
        try:
            ingest(load_survey("gaia_dr2"), [place_of(place)], target)
        except UserError as error:
            return str(error)
        return pq.read_table(target, columns=COLUMNS).sort_by("source_id").to_pylist()

    return read


@pytest.fixture
def expected(gaia_rows):
    rows = [{name: row[name] for name in COLUMNS} for row in gaia_rows]
    return sorted(rows, key=lambda row: row["source_id"])


def test_into_a_workspace(candlesql, own_sky, store, stars, gaia_rows):
    """The ledger names what was read and its version, without what it was asked with."""
    place = f"{store.url.replace('//', '//me:pass@')}/bucket/stars.parquet?X-Amz-Signature=abcdef"
    done = candlesql("ingest", own_sky, "gaia_dr2", place)
    assert (done.code, done.err, done.out) == (0, f"stars.parquet: {AS_TOLD}", "4 rows\nleft out: photo\n")
    shown = f"{store.url}/bucket/stars.parquet"
    with open_sky(own_sky) as connection:
        rows = connection.execute("select source_id, ra from staging.gaia_dr2 order by 1").fetchall()
        (inputs,) = connection.execute(
            "select inputs from candlesql.runs where product = 'staging.gaia_dr2'"
        ).fetchone()
    assert rows == sorted((row["source_id"], row["ra"]) for row in gaia_rows)
    assert shown in inputs
    assert store.paths[0].endswith("?X-Amz-Signature=abcdef")
    secrets = (b"X-Amz-Signature", b"abcdef", b"me:pass", b"verysecretkey", b"AKIAWHOSE")
    for file in [*own_sky.rglob("*"), *(own_sky.parent / "cache").rglob("*")]:
        assert not file.is_file() or not any(secret in file.read_bytes() for secret in secrets)


@pytest.mark.parametrize("scheme", ["http", "s3"])
def test_only_the_columns_that_are_needed_are_read(read, store, stars, expected, scheme):
    pytest.importorskip("botocore")
    assert read(f"{store.url}/bucket/stars.parquet" if scheme == "http" else "s3://bucket/stars.parquet") == expected
    assert store.n_bytes < 0.05 * stars.stat().st_size
    signatures = [headers.get("Authorization", "") for headers in store.headers]
    start = "AWS4-HMAC-SHA256 Credential=AKIAWHOSEKEYTHISIS/" if scheme == "s3" else ""
    assert all(signature.startswith(start) and bool(signature) == bool(start) for signature in signatures)


@pytest.mark.parametrize("scheme", ["http", "s3"])
@pytest.mark.parametrize("is_collection", [False, True])
def test_hats(read, store, hats_stars, expected, scheme, is_collection):
    if is_collection:
        (store.folder / "bucket/all").mkdir()
        hats_stars.rename(store.folder / "bucket/all/gaia")
        (store.folder / "bucket/all/collection.properties").write_text("hats_primary_table_url=gaia\n")
    place = "all" if is_collection else "gaia/"
    assert read(f"{store.url}/bucket/{place}" if scheme == "http" else f"s3://bucket/{place}") == expected


def test_ranges_are_kept(read, store, stars, expected):
    assert read(f"{store.url}/bucket/stars.parquet") == expected
    store.given.clear()
    assert read(f"{store.url}/bucket/stars.parquet") == expected
    assert {n for _, n in store.given} == {1}, "only its version is asked for again"
    file = store.folder / "bucket/stars.parquet"
    file.write_bytes(file.read_bytes().replace(b"PAR1", b"PAR2"))
    assert "not a readable Parquet file" in read(f"{store.url}/bucket/stars.parquet")


def test_a_damaged_range_is_read_again(read, store, stars, expected, tmp_path):
    read(f"{store.url}/bucket/stars.parquet")
    for file in (tmp_path / "cache/remote").iterdir():
        assert file.stat().st_mode & 0o077 == 0
        file.write_bytes(b"x" + file.read_bytes()[1:])
    assert read(f"{store.url}/bucket/stars.parquet") == expected


def test_the_cache_has_a_limit(store, stars, monkeypatch, tmp_path):
    monkeypatch.setattr(ranges, "LOOK_EVERY", 1)
    monkeypatch.setattr(ranges, "MOST_KEPT", 1_200_000)
    found, place = Objects(), place_of(f"{store.url}/bucket/stars.parquet")
    for first in range(0, 3_000_000, 500_000):
        found.read(place, first, first + 500_000)
    assert sum(file.stat().st_size for file in (tmp_path / "cache/remote").iterdir()) <= 1_200_000


@pytest.mark.parametrize("scheme", ["http", "s3"])
@pytest.mark.parametrize("faults", [[429, 500], [503, "breaks off"], ["", "", "breaks off", 502]])
def test_what_passes_is_tried_again(read, store, hats_stars, expected, scheme, faults):
    store.faults, store.retry_after = list(faults), "0"
    place = "/bucket/gaia" if scheme == "http" else "s3://bucket/gaia"
    assert read(f"{store.url}{place}" if scheme == "http" else place) == expected
    assert not store.faults


def test_it_waits_as_long_as_the_server_asks(store, stars, monkeypatch):
    waits = []
    monkeypatch.setattr(web.time, "sleep", waits.append)
    store.faults, store.retry_after = [429, 503], "7"
    Objects().version(place_of(f"{store.url}/bucket/stars.parquet"))
    store.faults, store.retry_after = [503], "100000"
    Objects().version(place_of("s3://bucket/stars.parquet"))
    assert waits == [7, 7, web.LONGEST_PAUSE]


@pytest.mark.parametrize("scheme", ["http", "s3"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (503, "says 503"),
        (429, "says 429"),
        ("breaks off", "breaks off"),
        ("resets", "breaks off"),
        ("ignores Range", "parts of"),
        ("speaks HTTP/1.0", "parts of"),
        ("gives another part", "other parts of the file than it is asked for"),
        ("gives more", "more bytes than it is asked for"),
        ("does not know the size", "other parts of the file than it is asked for"),
        ("two parts", "other parts of the file than it is asked for"),
        (418, "says 418"),
    ],
)
def test_what_does_not_pass(read, store, stars, scheme, fault, said):
    _is_said_in_a_line(read, store, scheme, fault, said)


@pytest.mark.parametrize(("fault", "said"), [("packs it", "packed (gzip)"), ("in circles", "sends in circles")])
def test_what_web_servers_do_besides(read, store, stars, fault, said):
    _is_said_in_a_line(read, store, "http", fault, said)


def _is_said_in_a_line(read, store, scheme, fault, said):
    store.bad["stars.parquet"] = fault
    place = f"{store.url}/bucket/stars.parquet" if scheme == "http" else "s3://bucket/stars.parquet"
    found = read(place)
    assert found.startswith(f"{place}: ")
    assert said in found
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize("scheme", ["http", "s3"])
def test_a_piece_that_drips_in_is_given_up(store, stars, monkeypatch, scheme):
    """Each byte comes in time, and all of them would take 80 s."""
    monkeypatch.setattr(answers, "LONGEST_PIECE", 0.2)
    place = place_of(f"{store.url}/bucket/stars.parquet" if scheme == "http" else "s3://bucket/stars.parquet")
    objects = Objects()
    objects.version(place)
    store.bad["stars.parquet"] = "drips"
    with pytest.raises(UserError, match=r"sends 4,000 bytes in more than 0\.2 s, 3 times; run it again later"):
        objects.read(place, 0, 4000)


def test_a_size_that_is_a_lie(read, store, stars):
    store.bad["stars.parquet"] = "lies about the size"
    said = read(f"{store.url}/bucket/stars.parquet")
    assert "stars.parquet: " in said


@pytest.mark.parametrize("scheme", ["http", "s3"])
@pytest.mark.parametrize("when", [1, 3])
@pytest.mark.parametrize("knows_if_match", [True, False])
def test_a_file_that_is_replaced_while_it_is_read(read, store, stars, scheme, when, knows_if_match):
    store.replaced_after = when
    if not knows_if_match:
        store.bad["stars.parquet"] = "ignores If-Match"
    place = f"{store.url}/bucket/stars.parquet" if scheme == "http" else "s3://bucket/stars.parquet"
    assert read(place) == f"{place}: was replaced while it was read; run it again"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://nowhere/stars.parquet", "there is no bucket nowhere"),
        ("s3://bucket/other.parquet", "is not there: the store says 404 NoSuchKey"),
        ("s3://bucket/folder", "is neither a .parquet file nor a HATS catalog (it has no hats.properties); "),
        ("s3://bucket/stars.fits", "stars.fits: is neither a .parquet file nor a HATS catalog"),
        ("s3://bucket/text.parquet", "not a readable Parquet file"),
        ("s3://bucket/empty.parquet", "is empty"),
        ("https://no-such-host.invalid/stars.parquet", "there is no host of this name (DNS), 3 times"),
        ("http://example.org/stars.parquet", "say https://"),
        ("ftp://example.org/stars.parquet", "ftp:// is not read, only https:// and s3://"),
        ("file:///etc/passwd", "file:// is not read"),
        ("https:/example.org:x y/stars.parquet", "is no address"),
    ],
)
def test_places_where_nothing_is(candlesql, tiny_sky, store, stars, place, said):
    (store.folder / "bucket/text.parquet").write_text("PAR1 is not enough")
    (store.folder / "bucket/empty.parquet").touch()
    done = candlesql("ingest", tiny_sky, "gaia_dr2", place)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert said in done.err


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("AccessDenied", 403, "access is refused: the store says 403 AccessDenied"),
        ("ExpiredToken", 400, "the credentials have expired (ExpiredToken); get new ones"),
        ("InvalidAccessKeyId", 403, "the credentials are not accepted (InvalidAccessKeyId)"),
        ("SlowDown", 503, "the store says 503 SlowDown, 3 times"),
    ],
)
def test_what_a_store_refuses(read, store, stars, code, status, said):
    store.code, store.status = code, status
    assert read("s3://bucket/stars.parquet").startswith(f"s3://bucket/stars.parquet: {said}")


def test_a_public_bucket_needs_no_credentials(read, store, stars, expected, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert read("s3://bucket/stars.parquet") == expected
    assert not any("Authorization" in headers for headers in store.headers)
    store.code = "AccessDenied"
    assert "no credentials were found, and it was asked without" in read("s3://bucket/stars.parquet")


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "http://169.254.169.254/latest/meta-data", "http://localhost:1/x"]
)
def test_redirects_into_the_own_network_are_refused(read, store, stars, to):
    store.bad["stars.parquet"] = to
    said = read(f"{store.url}/bucket/stars.parquet?X-Amz-Signature=abcdef")
    assert "is a private address" in said or "is no web address" in said or "is no address that can be asked" in said
    assert "abcdef" not in said


@pytest.mark.parametrize("fault", [403, 503, "breaks off", "ignores Range", 307])
def test_what_it_says_holds_no_secret(read, store, stars, fault):
    store.bad["stars.parquet"] = fault
    place = f"{store.url.replace('//', '//me:pass@')}/bucket/stars.parquet?X-Amz-Signature=abcdef"
    said = read(place)
    assert said.startswith(f"{store.url}/bucket/stars.parquet: ")
    assert not any(secret in said for secret in ("me:", "pass@", "X-Amz", "abcdef"))


def test_a_catalog_that_is_replaced_while_it_is_read(read, store, hats_stars, monkeypatch):
    """Its partitions keep their versions, but its properties are others at the end."""
    fetch = Objects.text

    def text(self, address):
        said = fetch(self, address)
        return said + f"hats_creation_date={len(store.given)}\n" if address.name == "hats.properties" else said

    monkeypatch.setattr(Objects, "text", text)
    assert read(f"{store.url}/bucket/gaia") == f"{store.url}/bucket/gaia: was replaced while it was read; run it again"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("hats.properties", ("hats_nrows=4", "hats_nrows=5"), "its hats.properties says 5 rows, 4 are there"),
        ("hats.properties", ("npix_suffix=.parquet", "npix_suffix=/"), "its partitions are folders"),
        ("partition_info.csv", ("Norder", "Border"), "its partition_info.csv does not list Norder and Npix"),
        ("partition_info.csv", ("\n1,5\n", "\n1,6\n"), "Npix=6.parquet: is not there: the server says 404"),
        ("partition_info.csv", ("\n1,5\n", "\n1,700\n"), "lists Norder=1, Npix=700, which is no pixel"),
    ],
)
def test_catalogs_that_are_not_all_there(read, store, hats_stars, name, change, said):
    file = hats_stars / name
    assert change[0] in file.read_text()
    file.write_text(file.read_text().replace(*change))
    assert said in read(f"{store.url}/bucket/gaia")


@pytest.mark.parametrize("scheme", ["http", "s3"])
def test_catalogs_with_nothing_in_them(read, store, hats_stars, scheme):
    place = f"{store.url}/bucket/gaia" if scheme == "http" else "s3://bucket/gaia"
    file = next(hats_stars.rglob("Npix=*.parquet"))
    file.write_bytes(b"")
    assert f"{file.name}: is empty" in read(place)
    (hats_stars / "partition_info.csv").write_text("Norder,Npix\n")
    assert read(place) == f"{place}: a HATS catalog without partitions"


def test_join_and_propose(candlesql, own_sky, store, stars, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = f"{store.url}/bucket/stars.parquet"
    done = candlesql("join", own_sky, place, "out.parquet", "--on", "source_id", "--view", "staging.gaia_dr2")
    assert (done.code, done.out) == (0, "4 of 4 rows found a star; out.parquet\n")
    done = candlesql("ingest", own_sky, place)
    assert done.out.startswith("my_stars.toml: proposed for stars.parquet") or done.out.startswith(
        "stars.toml: proposed"
    )
