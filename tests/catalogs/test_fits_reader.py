"""FITS tables as astropy and surveys write them, read in slices; the expected values are those that were written."""

import gzip
import math

import duckdb
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from candlesql import UserError
from candlesql.catalogs.readers import fits as reader
from candlesql.catalogs.readers import open_file


@pytest.fixture
def read(tmp_path):
    """Write an HDU and read columns of it back as lists."""

    def read(hdu, *names, name="table.fits"):
        path = tmp_path / name
        hdu.writeto(path, overwrite=True)
        return select(path, *names)

    return read


def select(path, *names):
    with duckdb.connect() as connection:
        source = reader.read(connection, path)
        chosen = list(names) or list(source.columns)
        fields = ", ".join(source.columns[name].sql for name in chosen)
        rows = connection.execute(f"select {fields} from {source.relation(chosen)}").fetchall()
        source.close()
    return dict(zip(chosen, map(list, zip(*rows, strict=True)), strict=True))


def failure(path):
    """What is said of a file that cannot be read: when it is opened or, if gzipped, when its end is reached."""
    with duckdb.connect() as connection:
        try:
            source = reader.read(connection, path)
        except UserError as error:
            return str(error)
        with pytest.raises(duckdb.Error):
            connection.execute(f"select c0 from {source.relation(list(source.columns))}").fetchall()
        return str(source.failure())


def columns(*entries):
    return fits.BinTableHDU.from_columns([fits.Column(**entry) for entry in entries])


def test_numbers_of_every_size(read):
    values = {
        "B": ("B", np.array([0, 255], np.uint8)),
        "I": ("I", np.array([-32768, 32767], np.int16)),
        "J": ("J", np.array([-(2**31), 2**31 - 1], np.int32)),
        "K": ("K", np.array([-(2**63), 2**63 - 1], np.int64)),
        "E": ("E", np.array([1.5, -3.25], np.float32)),
        "D": ("D", np.array([math.pi, 1e300])),
    }
    got = read(columns(*({"name": n, "format": f, "array": a} for n, (f, a) in values.items())))
    assert got == {name: array.tolist() for name, (_, array) in values.items()}


def test_unsigned_integers_and_signed_bytes(read):
    got = read(
        columns(
            {"name": "i1", "format": "B", "bzero": -128, "array": np.array([-128, 127], np.int8)},
            {"name": "u2", "format": "I", "bzero": 2**15, "array": np.array([0, 65535], np.uint16)},
            {"name": "u4", "format": "J", "bzero": 2**31, "array": np.array([0, 2**32 - 1], np.uint32)},
            {"name": "u8", "format": "K", "bzero": 2**63, "array": np.array([5, 2**64 - 1], np.uint64)},
        )
    )
    assert got == {"i1": [-128, 127], "u2": [0, 65535], "u4": [0, 2**32 - 1], "u8": [5, 2**64 - 1]}


def test_null_markers_are_compared_with_what_is_stored(read):
    hdu = columns(
        {"name": "plain", "format": "J", "null": -99, "array": np.array([1, -99])},
        {"name": "shifted", "format": "I", "bzero": 2**15, "array": np.array([7, 0], np.uint16)},
    )
    hdu.header["TNULL2"] = -(2**15)
    assert read(hdu) == {"plain": [1, None], "shifted": [7, None]}


def test_scaled_integers(read):
    hdu = columns({"name": "x", "format": "I", "array": np.array([10, -20, 5], np.int16)})
    hdu.header["TSCAL1"], hdu.header["TZERO1"], hdu.header["TNULL1"] = 0.5, 100.0, 5
    assert read(hdu) == {"x": [105.0, 90.0, None]}


def test_nan_stays_for_the_ingest_to_count(read):
    got = read(columns({"name": "x", "format": "E", "array": np.array([np.nan, 1])}))
    assert math.isnan(got["x"][0])


def test_logical_has_three_values(tmp_path):
    path = tmp_path / "table.fits"
    columns({"name": "ok", "format": "L", "array": [True, False, True]}).writeto(path)
    raw = bytearray(path.read_bytes())
    start = raw.index(b"TFT", 2880)
    raw[start + 2] = 0
    path.write_bytes(raw)
    assert select(path) == {"ok": [True, False, None]}


def test_strings_lose_their_padding_and_empty_ones_are_null(read):
    got = read(columns({"name": "s", "format": "8A", "array": np.array([b"  2M 1 ", b"", b"J00\0\0x"])}))
    assert got == {"s": ["2M 1", None, "J00"]}


def test_strings_that_are_not_ascii(tmp_path):
    path = tmp_path / "table.fits"
    columns({"name": "s", "format": "4A", "array": [b"abcd", b"efgh"]}).writeto(path)
    path.write_bytes(path.read_bytes().replace(b"abcd", "é".encode("latin-1") + b"bcd"))
    assert select(path) == {"s": ["ébcd", "efgh"]}


def test_columns_with_several_values_a_row_are_left_out(tmp_path):
    path = tmp_path / "table.fits"
    columns(
        {"name": "a", "format": "J", "array": [1, 2]},
        {"name": "vector", "format": "3E", "array": np.arange(1, 7).reshape(2, 3)},
        {"name": "lists", "format": "PJ()", "array": np.array([np.array([1]), np.array([1, 2])], dtype=object)},
        {"name": "complex", "format": "C", "array": np.array([1j, 2j])},
        {"name": "bits", "format": "11X", "array": np.zeros((2, 11), bool)},
        {"name": "b", "format": "D", "array": [3.0, 4.0]},
    ).writeto(path)
    with duckdb.connect() as connection:
        assert reader.read(connection, path).left_out == ("lists", "complex", "bits")
    assert select(path, "a", "vector[3]", "b") == {"a": [1, 2], "vector[3]": [3.0, 6.0], "b": [3.0, 4.0]}


def test_names_that_differ_in_case_or_hold_quotes(read):
    hdu = columns(
        *({"name": n, "format": "J", "array": [i]} for i, n in enumerate(["G", "g", 'a "b"; drop', "KIC ID"]))
    )
    assert read(hdu) == {"G": [0], "g": [1], 'a "b"; drop': [2], "KIC ID": [3]}


def test_units_ucds_and_descriptions(tmp_path):
    hdu = columns({"name": "plx", "format": "E", "unit": "mas", "array": [1.0]})
    hdu.header["TUCD1"] = "pos.parallax"
    hdu.header["TCOMM1"] = "Parallax"
    hdu.writeto(tmp_path / "table.fits")
    with duckdb.connect() as connection:
        column = reader.read(connection, tmp_path / "table.fits").columns["plx"]
    assert (column.unit, column.ucd, column.description) == ("mas", "pos.parallax", "Parallax")


@pytest.mark.parametrize("is_gzip", [False, True])
def test_several_slices(tmp_path, monkeypatch, is_gzip):
    monkeypatch.setattr(reader, "SLICE_ROWS", 1000)
    path = tmp_path / ("t.fits.gz" if is_gzip else "t.fits")
    Table({"i": np.arange(4500), "x": np.arange(4500) / 7}).write(path)
    got = select(path, "i", "x")
    assert got["i"] == list(range(4500))
    assert got["x"] == [i / 7 for i in range(4500)]


def test_gzip_is_known_by_its_content(tmp_path):
    Table({"i": [1, 2]}).write(tmp_path / "t.fits")
    (tmp_path / "odd.fits").write_bytes(gzip.compress((tmp_path / "t.fits").read_bytes()))
    assert select(tmp_path / "odd.fits") == {"i": [1, 2]}


def test_table_behind_an_image(tmp_path):
    image = fits.PrimaryHDU(np.zeros((50, 40), np.float32))
    table = columns({"name": "i", "format": "J", "array": [1]})
    fits.HDUList([image, fits.ImageHDU(np.ones((3, 3))), table]).writeto(tmp_path / "t.fits")
    assert select(tmp_path / "t.fits") == {"i": [1]}


def test_ascii_table(read):
    hdu = fits.TableHDU.from_columns(
        [
            fits.Column("name", "A8", array=np.array(["HD 1", "HD 22"])),
            fits.Column("n", "I6", null="-99", array=np.array([12, -99])),
            fits.Column("x", "D15.7", array=np.array([1.5e10, -2.5])),
        ]
    )
    got = read(hdu)
    assert (got["name"], got["n"]) == (["HD 1", "HD 22"], ["12", None])
    assert [float(x) for x in got["x"]] == [1.5e10, -2.5]


@pytest.mark.parametrize("is_gzip", [False, True])
def test_truncated(tmp_path, is_gzip):
    path = tmp_path / ("t.fits.gz" if is_gzip else "t.fits")
    Table({"i": np.random.default_rng(0).integers(0, 2**60, 50_000)}).write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises((UserError, duckdb.Error), match="truncated"):
        select(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,ra,dec\n1,2,3\n", "not a readable FITS file"),
        (b"SIMPLE  =" + b" " * 3000, "not a readable FITS file"),
        (fits.PrimaryHDU().header.tostring().encode(), "holds no table"),
        (b"\x1f\x8bnot gzip", "not a readable FITS file"),
    ],
)
def test_no_fits_table(tmp_path, content, said):
    (tmp_path / "t.fits").write_bytes(content)
    with pytest.raises(UserError, match=said):
        select(tmp_path / "t.fits")


def test_rows_that_disagree_with_the_header(tmp_path):
    path = tmp_path / "t.fits"
    Table({"i": [1], "j": [2]}).write(path)
    path.write_bytes(path.read_bytes().replace(b"TFORM1  = 'K", b"TFORM1  = 'J"))
    with pytest.raises(UserError, match="damaged: its columns fill 12 bytes a row, its header says 16"):
        select(path)


@pytest.fixture
def two_tables(tmp_path):
    tables = [columns({"name": "i", "format": "J", "array": [k]}) for k in (1, 2)]
    tables[0].name, tables[1].name = "STARS", "NOTES"
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(tmp_path / "t.fits")
    return tmp_path / "t.fits"


def test_several_tables_are_not_chosen_from_in_silence(two_tables):
    with pytest.raises(UserError, match=r"holds 2 tables: STARS, NOTES; say which .* 't\.fits\[1\]'"):
        select(two_tables)


@pytest.mark.parametrize(("hdu", "value"), [("1", 1), ("2", 2), ("notes", 2), ("STARS", 1)])
def test_one_of_several_tables(two_tables, hdu, value):
    with duckdb.connect() as connection:
        source = open_file(connection, two_tables.with_name(f"t.fits[{hdu}]"))
        assert connection.execute(f"select c0 from {source.relation(['i'])}").fetchall() == [(value,)]


def test_table_that_is_not_there(two_tables):
    with duckdb.connect() as connection, pytest.raises(UserError, match=r"t\.fits: holds no table OTHER"):
        open_file(connection, two_tables.with_name("t.fits[OTHER]"))


@pytest.mark.parametrize("is_gzip", [False, True])
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (1200, "truncated"),
        (700, "after the 700 rows that its header promises come other bytes"),
        (799, "after the 799 rows that its header promises come other bytes"),
        (801, "the last of the 801 rows that its header promises is nothing but zeros"),
        (0, "after the 0 rows that its header promises come other bytes"),
        (-1, "after the -1 rows that its header promises come other bytes"),
    ],
)
def test_number_of_rows_that_lies(tmp_path, rows, said, is_gzip):
    """800 rows of 16 bytes; the last of the blocks of 2880 bytes has room for 100 more."""
    path = tmp_path / "t.fits"
    Table({"i": np.arange(1, 801), "j": np.arange(1, 801)}).write(path)
    raw = path.read_bytes().replace(b"NAXIS2  =                  800", b"NAXIS2  =                 %4d" % rows)
    path.write_bytes(gzip.compress(raw) if is_gzip else raw)
    assert said in failure(path)


@pytest.mark.parametrize("cut", [4, 300])
def test_gzip_that_lacks_its_end(tmp_path, cut):
    """The rows are whole, what follows them is not."""
    path = tmp_path / "t.fits.gz"
    Table({"i": np.arange(1, 801), "j": np.random.default_rng(5).uniform(size=800)}).write(path)
    path.write_bytes(path.read_bytes()[:-cut])
    assert "truncated or damaged" in failure(path)


def test_several_tables_in_gzip_are_not_chosen_from_in_silence(two_tables):
    path = two_tables.with_name("u.fits.gz")
    path.write_bytes(gzip.compress(two_tables.read_bytes()))
    assert "holds 2 tables: STARS, NOTES" in failure(path)
    with duckdb.connect() as connection:
        source = open_file(connection, path.with_name("u.fits.gz[2]"))
        assert connection.execute(f"select c0 from {source.relation(['i'])}").fetchall() == [(2,)]
