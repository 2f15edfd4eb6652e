"""Functions under the readers and writers, by hand: what files of a few lines can hardly tell apart."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
import yaml
from astropy.io import fits
from candlesql.catalogs import archive, checks, cone, fields, hats_layout, in_place, prepare, recognise
from candlesql.catalogs.readers import FileColumn, excel, open_file, source, vizier, votable
from candlesql.catalogs.readers import fits as fits_reader
from candlesql.catalogs.readers import hats as hats_reader
from candlesql.catalogs.readers.source import Source
from candlesql.catalogs.remote import filesystem, https, ranges, s3
from candlesql.catalogs.survey import Column, load_survey
from candlesql.catalogs.units import Conversion, conversion
from candlesql.catalogs.writers import fits as fits_writer
from candlesql.catalogs.writers import hats, write_file
from candlesql.catalogs.writers.kinds import Facts, _time_text
from candlesql.errors import RefusedFile, UserError
from candlesql.udfs import cache


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ("[K]", "K", Conversion(1.0, power=1.0)),
        ("[-]", "dex", Conversion()),
        ("[]", "dex", Conversion()),
        (" muHz ", "uHz", Conversion()),
        ("hour", "deg", Conversion(15.0)),
        ("arcsec", "mas", Conversion(1000.0)),
        ("K", "mas", None),
        ("", "mas", Conversion()),
        ("no unit of any kind", "mas", None),
    ],
)
def test_conversions_of_units(theirs, ours, expected):
    assert conversion(theirs, ours) == expected


def test_the_rule_of_dashes_of_vizier():
    assert vizier.rule_at([]) == -1
    assert vizier.rule_at(["---\t--"]) == 0
    assert vizier.rule_at(["mag\tmas", "---\t--"]) == 1
    assert vizier.rule_at(["mag\tmas", "1\t2", "---\t--"]) == -1
    assert vizier.is_under(["---\t--"], 2)
    assert not vizier.is_under(["---\t--"], 3)
    assert not vizier.is_under(["1\t2"], 2)


def test_bytes_behind_a_header_of_fits():
    def size(**cards) -> int:
        return fits_reader._n_bytes(fits.Header(cards))

    assert size(BITPIX=8, NAXIS=0) == 0
    assert size(BITPIX=-32, NAXIS=2, NAXIS1=10, NAXIS2=7) == 280
    assert size(BITPIX=8, NAXIS=2, NAXIS1=10, NAXIS2=7, PCOUNT=5) == 75


@pytest.mark.parametrize("text", ["Norder,Npix\n30,5\n", "Norder,Npix\n-1,0\n", "Norder,Npix\n1,48\n", "Norder\n1\n"])
def test_partitions_that_are_none(text):
    with pytest.raises(RefusedFile, match=r"partition_info\.csv"):
        hats_layout.listed(text, "catalog")


def test_places_of_a_hats_catalog():
    assert hats_layout.listed("Norder, Npix\n29,5\n1,47\n", "catalog") == [(29, 5), (1, 47)]
    assert hats_layout.partition_name(3, 12345) == "dataset/Norder=3/Dir=10000/Npix=12345.parquet"
    assert hats_layout.entries("#a=1\nb = 2 \nc=d=e\n") == {"b": "2", "c": "d=e"}


def test_properties_of_a_hats_catalog():
    """A pixel of order 0 is a twelfth of the sky, one of order 1 a 48th."""
    said = hats._properties("mine", [(0, 3, 10), (1, 20, 5)])
    assert said["moc_sky_fraction"] == "0.10417"
    assert (said["hats_nrows"], said["hats_max_rows"], said["hats_order"]) == (15, 10, 1)


@pytest.mark.parametrize(
    ("low", "high", "nulls", "expected"), [(2, 2, 0, 2), (2, 3, 0, 0), (2, 2, 1, 0), (0, 0, 0, 0), (None, None, 0, 0)]
)
def test_lists_of_one_length(low, high, nulls, expected):
    given = {} if low is None else {"low": {"x": low}, "high": {"x": high}}
    assert Facts(3, nulls={"x": nulls}, **given).fixed("x") == expected


def test_times_as_text():
    query = "select {} from (select timestamptz '2020-01-02 03:04:05.5+02:00' as t, time '03:04:05' as u)"
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        at = connection.execute(query.format(_time_text("t", "TIMESTAMP WITH TIME ZONE"))).fetchone()[0]
        assert at == "2020-01-02T01:04:05.500000Z"
        assert connection.execute(query.format(_time_text("u", "INTERVAL"))).fetchone()[0] == "03:04:05"


def test_long_lines_of_columns_go_on_behind_a_backslash():
    """A comment of FITS holds 72 characters."""
    long = "what the column holds, in " + "many " * 40 + "words"
    columns = [Column("x", "DOUBLE", "mag", "", long), Column("f", "DOUBLE", "electron / s")]
    cards = fits_writer._for_astropy(columns)
    assert (cards[0][:8], cards[-1][:6]) == ("--BEGIN-", "--END-")
    pieces = [card for card in cards if card.endswith("\\")]
    assert {len(card) for card in pieces} == {71}
    assert len(pieces) == 4, "of 70 characters, of a line of 292"
    text = "".join(card[:-1] if card in pieces else f"{card}\n" for card in cards[1:-1])
    said = yaml.safe_load(text.partition("meta:")[0])
    assert 'unit: !astropy.units.Unit {unit: "electron / s"}' in text
    assert [entry["name"] for entry in said["datatype"]] == ["x", "f"]
    assert said["datatype"][0]["description"] == long
    assert "meta: {__serialized_columns__: {}}" not in cards
    assert fits_writer._for_astropy(columns[:1])[-2] == "meta: {__serialized_columns__: {}}"


def test_layouts_of_fits_with_a_number_left_for_null():
    """The narrowest type that has one: the lowest number of the type, else the highest, else a wider type."""

    def layout(kind: str, low: int, high: int):
        with duckdb.connect() as connection:
            found = fits_writer._with_null(
                connection,
                f"select unnest([{low}, {high}]) as x",
                Column("x", kind),
                Facts(2, low={"x": low}, high={"x": high}),
            )
        return found.letter, found.null

    assert layout("UTINYINT", 0, 254) == ("B", 255)
    assert layout("UTINYINT", 1, 255) == ("B", 0)
    assert layout("UTINYINT", 0, 255) == ("I", -(2**15))
    assert layout("TINYINT", -128, 127) == ("I", -(2**15))
    assert layout("SMALLINT", -(2**15), 5) == ("I", 2**15 - 1)
    assert layout("SMALLINT", -(2**15), 2**15 - 1) == ("J", -(2**31))
    assert layout("UINTEGER", 0, 2**32 - 1) == ("K", -(2**63))


def test_beside_a_csv_file_alone_goes_what_others_hold_inside(tmp_path):
    with duckdb.connect() as connection:
        for name in ("t.csv", "t.parquet"):
            write_file(connection, "select 1 as n", [Column("n", "INTEGER", "mag")], "note", tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["t.csv", "t.csv-metadata.json", "t.parquet"]


def test_a_votable_without_rows_or_without_fields_is_none(tmp_path):
    field, data = '<FIELD name="a" datatype="int"/>', "<DATA><TABLEDATA></TABLEDATA></DATA>"
    for inside in (field, data):
        file = tmp_path / "t.vot"
        file.write_text(
            f'<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
            f"<RESOURCE><TABLE>{inside}</TABLE></RESOURCE></VOTABLE>"
        )
        with pytest.raises(RefusedFile, match="holds no table"), duckdb.connect() as connection:
            open_file(connection, file)


def test_numbers_of_a_votable_are_floats_unless_they_stand_as_text(tmp_path):
    file = tmp_path / "t.vot"
    file.write_text(
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>'
        '<FIELD name="a" datatype="float"/><FIELD name="b" datatype="double"/><FIELD name="c" datatype="long"/>'
        "<DATA><TABLEDATA></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    fields_ = votable.Table(file).fields
    assert [votable._described(field, False).is_float for field in fields_] == [True, True, False]
    assert [votable._described(field, True).is_float for field in fields_] == [False] * 3
    assert [votable._described(field, True).is_text for field in fields_] == [True] * 3


def test_a_sheet_of_many_rows_is_no_endless_row(tmp_path, monkeypatch):
    """Rows that begin just before a block of 2^20 bytes ends are short; one of 2^21 bytes is not."""
    monkeypatch.setattr(excel, "LONGEST_ROW", 1 << 20)
    name = "xl/worksheets/sheet1.xml"
    for content, is_endless in (
        (b"<row r='1'>123456789</row>" * 60_000, False),
        (b"<row r='1'>" + b"1" * (1 << 21), True),
        (b"1" * (1 << 19) + b"<row>" + b"1" * (1 << 19), False),
        (b"1" * (1 << 20), False),
        (b"1" * (1 << 20) + b"1", True),
    ):
        with zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(name, content)
        if is_endless:
            with pytest.raises(ValueError, match="a row takes more"):
                excel._refuse_endless_rows(tmp_path / "t.xlsx", [name])
        else:
            excel._refuse_endless_rows(tmp_path / "t.xlsx", [name])


def test_what_an_ingest_before_has_left_goes(tmp_path):
    for name in ("part_1.parquet", "part_2.parquet", "other.tmp"):
        (tmp_path / name).touch()
    prepare._clear(tmp_path, {tmp_path / "part_2.parquet"})
    assert [file.name for file in tmp_path.iterdir()] == ["part_2.parquet"]


def test_rows_in_slices_are_let_go():
    schema = pa.schema([("x", pa.int64())])
    with duckdb.connect() as connection:
        relation, close = source.streamed(
            connection, lambda names: schema, lambda names: iter([pa.record_batch([[1]], schema=schema)]), ["x"]
        )
        name = relation([])
        assert connection.execute(f"from {name}").fetchall() == [(1,)]
        close()
        with pytest.raises(duckdb.CatalogException):
            connection.execute(f"from {name}")


def test_what_duckdb_says_of_a_damaged_file_in_three_lines():
    column = FileColumn("theirs", "theirs", type="DOUBLE")
    said = Source("t.csv", {"theirs": column}, lambda names: "(select 1.0::double as theirs)")
    with duckdb.connect() as connection:
        found = fields.first_misfit(
            connection, load_survey("gaia_dr2"), said, {"parallax": "theirs"}, duckdb.Error("one\n two\n\nfour")
        )
    assert "what its name says: one; two; mend it" in str(found)


def test_photometry_of_no_known_band_counts_in_wide_tables():
    columns = {name: FileColumn(name, name, unit="mag", type="DOUBLE") for name in ("phot_g_mean_mag", "Xmag")}
    found = {
        name: recognise.unread_photometry(
            load_survey(name), Source("t", columns, lambda names: "t"), {"phot_g_mean_mag": "phot_g_mean_mag"}
        )
        for name in ("wide", "gaia_dr2")
    }
    assert found == {"wide": ["Xmag"], "gaia_dr2": []}


def test_names_of_one_letter_are_told_by_case():
    assert recognise._is_called("l", {}, "l")
    assert not recognise._is_called("l", {}, "L")
    assert recognise._is_called("ra", {}, "RA")
    assert recognise._is_called("ra", {"names": ["rightascension"]}, "Right_Ascension")
    assert recognise._is_called("ra", {"exact": ["A"]}, "A")
    assert not recognise._is_called("ra", {"exact": ["A"]}, "a")


@pytest.mark.parametrize(
    ("low", "high", "south", "north", "n", "expected"),
    [
        (0.1, 23.9, -60, 60, 1000, "hourangle"),
        (0.1, 24.1, -60, 60, 1000, ""),
        (0.1, 6.2, -1.5, 1.5, 1000, "rad"),
        (0.1, 6.2, -1.6, 1.5, 1000, ""),
        (0.1, 359, -60, 60, 1000, ""),
        (0.1, 23.9, -60, 60, 1, ""),
    ],
)
def test_units_that_positions_look_like(low, high, south, north, n, expected):
    assert checks.looks_like(low, high, south, north, n) == expected


@pytest.mark.parametrize(("n", "said"), [(3, "f0, f1, f2: has no rows"), (4, "f0, f1, f2 …: has no rows")])
def test_of_many_files_three_are_named(n, said):
    with duckdb.connect() as connection, pytest.raises(RefusedFile) as stop:
        checks.check_rows(connection, load_survey("twomass"), "t", {"n": 0}, [Path(f"f{i}") for i in range(n)], {})
    assert str(stop.value) == said


@pytest.mark.parametrize(
    ("value", "text"),
    [(200.0, "200"), (2.5, "2.5"), (2.0**53, "9007199254740992.0"), ("", None), (None, None), (True, "True")],
)
def test_cells_of_excel(value, text):
    assert excel._text(value) == text


@pytest.mark.parametrize(("form", "low", "high"), [("jd", 2396757.5, 2506332.5), ("mjd", -3243.0, 106332.0)])
def test_dates_that_are_none(form, low, high):
    """From 1850 to 2150: 150 years of 365.25 days before and after 2000."""
    test = checks._odd_epoch({"format": form, "column": "t"})
    with duckdb.connect() as connection:
        rows = connection.execute(f"select {test} from unnest([{low - 1}, {low}, {high}, {high + 1}]) as x(t)")
        assert [row[0] for row in rows.fetchall()] == [True, False, False, True]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (requests.exceptions.SSLError(), RefusedFile, "certificate"),
        (requests.TooManyRedirects(), RefusedFile, "circles"),
        (requests.exceptions.InvalidURL(), RefusedFile, "no address"),
        (requests.exceptions.InvalidSchema(), RefusedFile, "no address"),
        (requests.ConnectionError("NameResolutionError"), https.Later, "no host"),
        (requests.ConnectionError("getaddrinfo failed"), https.Later, "no host"),
        (requests.Timeout(), https.Later, "says nothing"),
        (requests.ConnectionError("refused"), https.Later, "cannot be reached"),
    ],
)
def test_what_is_said_of_a_request_that_failed(error, kind, words):
    found = https._said_of("https://a.b/c", error)
    assert type(found) is kind
    assert words in str(found)


def test_ranges_of_a_remote_file_are_kept_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("CANDLESQL_CACHE", str(tmp_path))
    cache._writable.cache_clear()
    ranges.keep("v1", 10, b"abcdef")
    assert ranges.kept("v1", 10, 15) == b"abcdef"
    assert ranges.kept("v1", 10, 14) is None
    assert ranges.kept("v2", 10, 15) is None
    file = ranges._file("v1", 10, 15)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"abcdeg" + file.read_bytes()[6:])
    assert ranges.kept("v1", 10, 15) is None, "damaged"


def test_a_connection_that_is_let_go_reads_no_address():
    with duckdb.connect() as connection:
        filesystem.objects_of(connection)
        assert any("https" in str(name) for name in connection.list_filesystems())
        filesystem.detach(connection)
        assert not any("https" in str(name) for name in connection.list_filesystems())


# --- cones out of HATS catalogs


@pytest.mark.parametrize(
    ("ra", "dec", "radius", "expected"),
    [
        (45.0, 45.0, 1.0, [(0, 0)]),  # the middle of a pixel of order 0 is 41.8 deg north
        (0.0, 0.0, 1.0, [(0, 0), (0, 3), (0, 4)]),
        (10.0, -89.0, 0.1, [(0, 8), (0, 9), (0, 10), (0, 11)]),
    ],
)
def test_partitions_that_a_cone_touches(ra, dec, radius, expected):
    found = cone._touched([(0, pixel) for pixel in range(12)], ra, dec, radius)
    assert set(expected) <= set(found)
    assert len(found) < 12
    fine = cone._touched([(3, pixel) for pixel in range(768)], ra, dec, radius)
    assert {pixel >> 6 for _, pixel in fine} <= {pixel for _, pixel in found}
    assert 1 <= len(fine) < 30


def test_row_groups_that_may_hold_a_part_of_a_cone(tmp_path):
    """Three row groups: about the place, elsewhere, and a range too wide to be looked at cell by cell."""
    astropy_healpix = pytest.importorskip("astropy_healpix")
    at = [
        int(astropy_healpix.lonlat_to_healpix(a, d, 2**29, order="nested")) for a, d in _degrees([(10, 20), (190, -20)])
    ]
    table = pa.table({"_healpix_29": [at[0], at[0] + 5, at[1], at[1] + 9, 0, (12 << 58) - 1]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    with pq.ParquetFile(tmp_path / "t.parquet") as file:
        assert cone._groups(file, (10.0, 20.0, 0.1)) == [0, 2]
        assert cone._groups(file, (190.0, -20.0, 0.1)) == [1, 2]
        assert cone._groups(file, (10.0, 25.0, 0.1)) == [2], "5 deg off, in the same pixel of order 0"
    pq.write_table(table.rename_columns(["x"]), tmp_path / "u.parquet", row_group_size=2)
    with pq.ParquetFile(tmp_path / "u.parquet") as file:
        assert cone._groups(file, (10.0, 20.0, 0.1)) == [0, 1, 2]


def _degrees(places):
    import astropy.units as u

    return [(ra * u.deg, dec * u.deg) for ra, dec in places]


def test_columns_of_a_catalog_under_other_names():
    survey = load_survey("gaia_dr2")
    assert cone._wanted(survey, ["RA", "Dec", "source_id", "unknown"]) == {
        "source_id": "source_id",
        "ra": "RA",
        "dec": "Dec",
    }


# --- archives and catalogs of HATS


CAPABILITIES = """<capabilities xmlns:v="http://www.ivoa.net/xml/VODataService/v1.1"><capability><outputLimit>
    <default unit="row">{}</default><hard unit="row">{}</hard><hard unit="byte">7</hard></outputLimit>
    </capability></capabilities>"""


@pytest.mark.parametrize(
    ("said", "most"),
    [(CAPABILITIES.format("", 1), 1), (CAPABILITIES.format(100, 2000), 2000), (CAPABILITIES.format(100, 100), None),
        (CAPABILITIES.format("", 5), 5),
     (CAPABILITIES.format(100, "many"), None), ("<no", None), ("<capabilities/>", None)],
)  # fmt: skip
def test_the_most_rows_that_an_archive_gives(monkeypatch, said, most):
    asked = []
    answer = SimpleNamespace(raise_for_status=lambda: None, content=said.encode())
    session = SimpleNamespace(get=lambda address, timeout: asked.append(address) or answer)
    monkeypatch.setattr(archive, "session_for", lambda address: session)
    assert archive._largest_maxrec("https://a.b/tap/") == most
    assert asked == ["https://a.b/tap/capabilities"]


@pytest.mark.parametrize(
    ("code", "is_tried_again"), [(500, True), (503, True), (None, True), (400, False), (404, False)]
)
def test_failures_of_an_archive_that_may_pass(monkeypatch, code, is_tried_again):
    class Down(requests.RequestException):
        pass

    error = Down("down")
    error.code = code
    found = []

    def try_again(action, kinds, may_pass):
        found.append(may_pass(error))
        raise error

    monkeypatch.setattr(archive.web, "patiently", try_again)
    with pytest.raises(UserError if is_tried_again else Down):
        archive.patiently(lambda: None)
    assert found == [is_tried_again]


def test_where_a_collection_has_its_catalog(tmp_path):
    assert hats_reader.rows_of(tmp_path) == tmp_path
    for said, words in (("a=b", "is missing"), ("hats_primary_table_url=../out", "is not in it")):
        (tmp_path / "collection.properties").write_text(said)
        with pytest.raises(UserError, match=words):
            hats_reader.rows_of(tmp_path)
    (tmp_path / "collection.properties").write_text("hats_primary_table_url=stars\n")
    assert hats_reader.rows_of(tmp_path) == tmp_path / "stars"
    for name in ("Npix=2", "Npix=1"):
        file = tmp_path / f"stars/dataset/Norder=0/Dir=0/{name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert [file.stem for file in hats_reader.partitions(tmp_path)] == ["Npix=1", "Npix=2"]


def test_addresses_of_catalogs_in_place(tmp_path):
    file = tmp_path / "gaia.url"
    file.write_text(" https://archive.org/hats/gaia\n")
    assert str(in_place.address_in(file)) == "https://archive.org/hats/gaia"
    for said, words in (
        (b"a folder", "holds no address"), (b"https://me:secret@archive.org/hats", "holds no address"),
        (b"\xff", "is no text"),
    ):  # fmt: skip
        file.write_bytes(said)
        with pytest.raises(RefusedFile, match=words):
            in_place.address_in(file)


@pytest.mark.parametrize(
    ("region", "key", "asked"),
    [(None, None, "us-east-1"), ("eu-south-1", None, "eu-south-1"), (None, "k", "us-east-1")],
)
def test_the_store_that_the_environment_names(monkeypatch, tmp_path, region, key, asked):
    """Asked once for each range, and without a signature where there are no credentials."""
    botocore = pytest.importorskip("botocore")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    if region:
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    if key:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = s3.S3()
    assert store.is_signed is bool(key)
    assert store.client.meta.region_name == asked
    said = store.client.meta.config
    assert (said.retries["total_max_attempts"], said.connect_timeout, said.read_timeout) == (1, 10, 60)
    assert (said.signature_version is botocore.UNSIGNED) is not bool(key)
