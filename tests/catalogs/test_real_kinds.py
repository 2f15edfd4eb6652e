"""Files as ordinary tools write them, by kinds that were once read wrongly; inputs of a few rows, values by hand."""

import bz2
import gzip
import json
import lzma
import sqlite3
import zipfile

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from candlesql import UserError
from candlesql.catalogs.any_table import as_parquet
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.readers import open_file
from candlesql.catalogs.survey import read_survey

SURVEY = """
title = "Mine"
citation = "none"
id = "star"
ra = "ra"
dec = "dec"
epoch = 2016.0
sentinels = [-9999.0]
id_prefixes = ["Gaia DR3 "]

[columns]
star = { type = "BIGINT", required = true }
ra = { type = "DOUBLE", unit = "deg", required = true }
dec = { type = "DOUBLE", unit = "deg", required = true }
plx = { type = "DOUBLE", unit = "mas" }
n = { type = "INTEGER" }
name = { type = "VARCHAR" }
teff = { type = "REAL", unit = "K" }
age = { type = "DOUBLE", unit = "Gyr" }
logg = { type = "REAL", unit = "dex" }
mag = { type = "REAL", unit = "mag" }
flux = { type = "DOUBLE", unit = "Jy" }
"""
BASE = {"star": [1, 2, 3], "ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0]}


@pytest.fixture
def stored(tmp_path):
    """`stored("star, plx", file)` ingests a file and gives these columns of its rows."""
    (tmp_path / "mine.toml").write_text(SURVEY)

    def run(columns, *files, **more):
        survey = read_survey(tmp_path / "mine.toml")
        ingest(survey, list(files), tmp_path / "out.parquet", **more)
        return duckdb.sql(f"select {columns} from '{tmp_path}/out.parquet' order by star").fetchall()

    return run


def masked_table():
    table = Table(BASE)
    table["plx"] = MaskedColumn([1.25, 1e20, 0.5], mask=[False, True, False], unit="mas")
    table["n"] = MaskedColumn([7, 8, 999999], mask=[False, False, True])
    table["name"] = MaskedColumn(["a", "N/A", "c"], mask=[False, True, False])
    return table


MASKED = [(1, 1.25, 7, "a"), (2, None, 8, None), (3, 0.5, None, "c")]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("t.parquet", {}),
        ("t.ecsv", {"serialize_method": "data_mask"}),
        ("t.ecsv", {}),
        ("t.fits", {"serialize_method": "data_mask"}),
        ("t.hdf5", {"path": "stars", "serialize_meta": True}),
        ("t.vot", {"format": "votable"}),
        ("t.tbl", {"format": "ascii.ipac"}),
    ],
)
def test_what_astropy_masks_is_missing(stored, tmp_path, name, how):
    pytest.importorskip("pandas", reason="astropy writes Parquet through pandas")
    masked_table().write(tmp_path / name, **how)
    assert stored("star, plx, n, name", tmp_path / name) == MASKED


def test_a_boolean_column_beside_it_is_a_mask_and_other_columns_are_none(stored, tmp_path):
    rows = pa.table(
        {**BASE, "plx": [1.0, 2.0, 3.0], "plx_mask": [False, True, False], "n": [1, 2, 3], "n_mask": [0, 4, 8]}
    )
    pq.write_table(rows, tmp_path / "t.parquet")
    assert stored("star, plx, n", tmp_path / "t.parquet") == [(1, 1.0, 1), (2, None, 2), (3, 3.0, 3)]


def table_with(name, unit, values):
    table = Table(BASE)
    table[name] = values
    table[name].unit = unit
    return table


def write_unit(path, name, unit, values):
    """A FITS table with a unit that astropy would refuse to write."""
    columns = [fits.Column(n, "K" if n == "star" else "D", array=v) for n, v in (BASE | {name: values}).items()]
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header["TUNIT4"] = unit
    hdu.writeto(path)
    return path


@pytest.mark.parametrize(
    ("name", "unit", "value", "stored_as"),
    [
        ("teff", "dex(K)", 3.0, 1000.0),
        ("age", "dex(yr)", 9.5, 3.1622776601683795),
        ("flux", "mag(Jy)", 2.5, 0.1),
        ("flux", "dB(mJy)", 20.0, 0.1),
        ("flux", "mJy", 2.0, 0.002),
        ("logg", "[cm/s2]", 4.5, 4.5),
        ("logg", "dex", 4.5, 4.5),
        ("mag", "mmag", 12000.0, 12.0),
        ("plx", "arcsec", 0.002, 2.0),
        ("teff", "kK", -9999.0, None),
    ],
)
def test_units_that_convert(stored, tmp_path, name, unit, value, stored_as):
    file = write_unit(tmp_path / "t.fits", name, unit, [value] * 3)
    got = stored(name, file)[0][0]
    assert got is None if stored_as is None else got == pytest.approx(stored_as, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "unit", "said"),
    [
        ("teff", "[K]", r"'\[K\]': CDS writes the logarithm .*--unit 'teff=dex\(K\)'.*--unit teff=K"),
        ("age", "[yr]", "logarithm"),
        ("plx", "[mas]", "logarithm"),
        ("teff", "[-]", "logarithm"),
        ("teff", "log(K)", r"a logarithm; say --unit 'teff=dex\(K\)'"),
        ("age", "log10 yr", r"a logarithm; say --unit 'age=dex\(yr\)'"),
        ("teff", "deg_C", "cannot be converted to K"),
        ("teff", "dex", "cannot be converted to K"),
        ("mag", "dex", "cannot be converted to mag"),
        ("mag", "Jy", "cannot be converted to mag"),
        ("flux", "mag", "cannot be converted to Jy"),
        ("logg", "cm/s2", "cannot be converted to dex"),
        ("logg", "mag", "cannot be converted to dex"),
    ],
)
def test_units_that_do_not(stored, tmp_path, name, unit, said):
    with pytest.raises(UserError, match=said):
        stored(name, write_unit(tmp_path / "t.fits", name, unit, [1.0] * 3))


@pytest.mark.parametrize(("unit", "value"), [("dex(K)", 1000.0), ("K", 3.0)])
def test_a_bracket_is_decided_by_who_asks(stored, tmp_path, unit, value):
    file = write_unit(tmp_path / "t.fits", "teff", "[K]", [3.0] * 3)
    assert stored("teff", file, units={"teff": unit})[0][0] == pytest.approx(value)


def hats(folder, parts, rows=None, listed=None):
    """A HATS catalog of Arrow tables by pixel of order 1."""
    for pixel, table in parts.items():
        path = folder / "dataset" / "Norder=1" / "Dir=0" / f"Npix={pixel}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    n_rows = rows if rows is not None else sum(table.num_rows for table in parts.values())
    (folder / "hats.properties").write_text(f"obs_collection=x\nhats_nrows={n_rows}\n")
    lines = "".join(f"1,{pixel}\n" for pixel in (listed or parts))
    (folder / "partition_info.csv").write_text(f"Norder,Npix\n{lines}")
    return folder


def part(star, **more):
    return pa.table({"star": [star], "ra": [10.0 * star], "dec": [1.0], **more})


@pytest.mark.parametrize(
    ("first", "plx"),
    [({"plx": pa.nulls(1)}, None), ({"plx": pa.array([1])}, 1.0), ({}, None), ({"plx": pa.array(["1.5"])}, 1.5)],
    ids=["null-typed", "whole", "late", "text"],
)
def test_every_partition_speaks(stored, tmp_path, first, plx):
    folder = hats(tmp_path / "h", {0: part(1, **first), 5: part(2, plx=[0.62])})
    assert stored("star, plx", folder) == [(1, plx), (2, 0.62)]


def test_units_come_from_the_partition_that_has_the_column(stored, tmp_path):
    late = part(2, plx=[0.001]).replace_schema_metadata(
        {"table_meta_yaml": "datatype:\n- {name: plx, datatype: float64, unit: arcsec}"}
    )
    assert stored("star, plx", hats(tmp_path / "h", {0: part(1), 5: late})) == [(1, None), (2, 1.0)]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"listed": [0, 5, 7]}, "1 of the 3 partitions in its partition_info.csv are missing.*Npix=7"),
        ({"rows": 3}, "hats.properties says 3 rows, 2 are there"),
        ({"listed": [0]}, "Npix=5 is not in its partition_info.csv"),
    ],
)
def test_catalogs_that_are_not_whole(stored, tmp_path, how, said):
    with pytest.raises(UserError, match=said):
        stored("star", hats(tmp_path / "h", {0: part(1), 5: part(2)}, **how))


VOTABLE = """<VOTABLE version="1.4"><RESOURCE>{info}{tables}</RESOURCE></VOTABLE>"""
ONE = """<TABLE name="{name}"><FIELD name="star" datatype="long"/><FIELD name="ra" datatype="double" unit="deg"/>
<FIELD name="dec" datatype="double" unit="deg"/><FIELD name="plx" datatype="double" unit="mas">{values}</FIELD>
<DATA><TABLEDATA><TR><TD>{star}</TD><TD>10</TD><TD>1</TD><TD>{plx}</TD></TR></TABLEDATA></DATA></TABLE>"""


def votable(path, *tables, info=""):
    tables = "".join(ONE.format(**({"values": "", "plx": 1.5} | table)) for table in tables)
    path.write_text(VOTABLE.format(info=info, tables=tables))
    return path


def test_tables_of_a_votable_are_asked_for(stored, tmp_path):
    file = votable(tmp_path / "t.vot", {"name": "science", "star": 1}, {"name": "control", "star": 2})
    with pytest.raises(UserError, match=r"holds 2 tables: science, control; say which .*'t\.vot\[science\]'"):
        stored("star", file)
    assert stored("star", file.with_name("t.vot[control]")) == [(2,)]
    assert stored("star", file.with_name("t.vot[1]")) == [(1,)]


def test_an_answer_that_was_cut_off_is_refused_by_every_door(stored, tmp_path):
    file = votable(tmp_path / "t.vot", {"name": "a", "star": 1})
    text = file.read_text().replace("</RESOURCE>", '<INFO name="QUERY_STATUS" value="OVERFLOW"/></RESOURCE>')
    file.write_text(text)
    with pytest.raises(UserError, match="cut the answer off"):
        stored("star", file)
    with (
        duckdb.connect() as connection,
        pytest.raises(UserError, match="cut the answer off"),
        as_parquet(connection, file, tmp_path / "w"),
    ):
        pass


@pytest.mark.parametrize("values", ['<VALUES null="-99"/>', '<VALUES null="-99.0"/>'])
def test_null_of_a_votable_however_it_is_written(stored, tmp_path, values):
    file = votable(tmp_path / "t.vot", {"name": "a", "star": 1, "plx": "-99.00", "values": values})
    assert stored("star, plx", file) == [(1, None)]


MRT = """Title: Some stars
================================================================================
Byte-by-byte Description of file: a.txt
--------------------------------------------------------------------------------
   Bytes Format Units   Label  Explanations
--------------------------------------------------------------------------------
   1-  3 I3     ---     star   Identifier
   5-  6 I2     h       RAh    Hour of right ascension
   8-  9 I2     min     RAm    Minute
  11- 14 F4.1   s       RAs    Second
      16 A1     ---     DE-    Sign
  17- 18 I2     deg     DEd    Degree of declination
  20- 21 I2     arcmin  DEm    Minute
  23- 24 I2     arcsec  DEs    Second
  26- 31 F6.3   mas     plx    ?=- Parallax
  33- 35 I3     ---     n      ?=-9 Number
--------------------------------------------------------------------------------
101 01 30 36.0 -00 30 36  1.250  12
102 23 00 00.0 +45 00 00  ---     1
103 00 00 01.0 -90 00 00     -   -9
"""


@pytest.mark.parametrize("name", ["a.mrt", "apj_mrt.txt", "a.txt.gz"])
def test_dashes_and_positions_of_machine_readable_tables(stored, tmp_path, name):
    raw = MRT.encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    rows = stored('star, round(ra, 9), round("dec", 9), plx, n', tmp_path / name)
    assert rows == [(101, 22.65, -0.51, 1.25, 12), (102, 345.0, 45.0, None, 1), (103, 0.004166667, -90.0, None, None)]


def test_positions_in_one_text(stored, tmp_path):
    (tmp_path / "t.csv").write_text("star,ra,dec\n1,01:30:36.0,-00:30:36\n2,23 00 00,+45 00 00\n")
    assert stored('star, round(ra, 9), round("dec", 9)', tmp_path / "t.csv") == [(1, 22.65, -0.51), (2, 345.0, 45.0)]


@pytest.mark.parametrize("text", ["01:75:36.0", "01:30:61", "10.5", "01:30"])
def test_text_that_is_no_position_is_named(stored, tmp_path, text):
    (tmp_path / "t.csv").write_text(f"star,ra,dec\n1,01:30:36.0,-00:30:36\n2,{text},+45:00:00\n")
    with pytest.raises(UserError, match=f"'{text}' is no position in hours or degrees, minutes and seconds"):
        stored("star", tmp_path / "t.csv")


@pytest.mark.parametrize(("kind", "star"), [(np.float32, 2**24 + 1), (np.float64, 2**53 + 1)])
def test_identifiers_that_went_through_floating_point_are_refused(stored, tmp_path, kind, star):
    Table(BASE | {"star": np.array([1, 2, star], kind)}).write(tmp_path / "t.fits")
    with pytest.raises(UserError, match="has lost digits of star"):
        stored("star", tmp_path / "t.fits")


IPAC = """\\catalog = "my stars"
|star |ra      |dec   |plx   |n    |name |
|long |double  |double|double|int  |char |
|     |deg     |deg   |arcsec|     |     |
|null |null    |null  |null  |-99  |null |
 1     10.5     -5.0   0.001  10    HD 1
 2     120.25   12.5   null   -99   null
"""


@pytest.mark.parametrize("name", ["t.tbl", "t.csv", "t.txt", "t.tbl.gz"])
def test_ipac_tables(stored, tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(IPAC.encode()) if name.endswith(".gz") else IPAC.encode())
    assert stored("star, ra, plx, n, name", tmp_path / name) == [
        (1, 10.5, 1.0, 10, "HD 1"),
        (2, 120.25, None, None, None),
    ]


VIZIER = "#\n#Column\tplx\t(F7.4)\tParallax\t[ucd=pos.parallax]\n\nstar\tra\tdec\tplx\n \tdeg\tdeg\tmas\n"
VIZIER += "----\t-----\t-----\t------\n 1\t10.5\t-05.0\t1.2500\n 2\t20.5\t+12.5\t      \n\n#END\n"


def test_vizier_tab_separated(stored, tmp_path):
    (tmp_path / "t.tsv").write_text(VIZIER)
    assert stored("star, plx", tmp_path / "t.tsv") == [(1, 1.25), (2, None)]
    with duckdb.connect() as connection:
        column = open_file(connection, tmp_path / "t.tsv").columns["plx"]
    assert (column.unit, column.description, column.ucd) == ("mas", "Parallax", "pos.parallax")


def test_a_short_line_of_vizier_is_no_row(stored, tmp_path):
    (tmp_path / "t.tsv").write_text(VIZIER.replace(" 2\t20.5\t+12.5\t      \n", " 2\t20.5\n"))
    with pytest.raises(UserError):
        stored("star", tmp_path / "t.tsv")


def test_blank_lines_above_the_names(stored, tmp_path):
    (tmp_path / "t.csv").write_text("\n  \nstar,ra,dec\n1,10,20\n")
    assert stored("star", tmp_path / "t.csv") == [(1,)]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("star,ra,dec,name\n1,10,20,é\n".encode("latin-1"), "not UTF-8 .byte 0xe9., perhaps Latin-1"),
        ("star,ra,dec,name\n1,10,20,e\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_other_alphabets_are_named(stored, tmp_path, raw, said):
    (tmp_path / "t.csv").write_bytes(raw)
    with pytest.raises(UserError, match=said):
        stored("star, name", tmp_path / "t.csv")


CSV = b"star,ra,dec,plx\n1,10,20,1.5\n2,20,30,\n"


@pytest.mark.parametrize("name", ["t.csv.xz", "t.csv.bz2", "t.csv.zst", "t.zip"])
def test_packed_files(stored, tmp_path, name):
    file = tmp_path / name
    if name == "t.zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("inner/stars.csv", CSV)
    elif name.endswith("zst"):
        with pa.CompressedOutputStream(str(file), "zstd") as out:
            out.write(CSV)
    else:
        file.write_bytes((lzma if name.endswith("xz") else bz2).compress(CSV))
    assert stored("star, plx", file) == [(1, 1.5), (2, None)]


def test_zip_of_several_files_is_asked(stored, tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV.replace(b"\n1,", b"\n7,"))
    with pytest.raises(UserError, match=r"holds 2 files: a\.csv, b\.csv; say which, as in 't\.zip\[a\.csv\]'"):
        stored("star", tmp_path / "t.zip")
    assert stored("star", tmp_path / "t.zip[b.csv]") == [(2,), (7,)]


ROWS = {**BASE, "plx": [1.5, None, 2.5], "name": ["a", None, "c"]}
READ = [(1, 1.5, "a"), (2, None, None), (3, 2.5, "c")]


def write_other(path):
    table = pa.table(ROWS)
    records = table.to_pylist()
    if path.suffix in (".pq", ".parq"):
        pq.write_table(table, path)
    elif path.suffix == ".feather":
        feather.write_feather(table, str(path))
    elif path.suffix == ".arrow":
        with pa.ipc.new_stream(str(path), table.schema) as out:
            out.write_table(table)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    elif path.suffix == ".sqlite":
        with sqlite3.connect(path) as file:
            file.execute("create table stars (star integer, ra real, dec real, plx real, name text)")
            file.executemany("insert into stars values (?, ?, ?, ?, ?)", [tuple(record.values()) for record in records])
    elif path.suffix == ".xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        for row in [list(ROWS), *(list(record.values()) for record in records)]:
            book.active.append(row)
        book.save(path)
    else:
        Table({n: v for n, v in ROWS.items() if n in BASE}).write(path, format="fits")


@pytest.mark.parametrize("name", ["t.pq", "t.parq", "t.feather", "t.arrow", "t.jsonl", "t.sqlite", "t.xlsx"])
def test_other_formats(stored, tmp_path, name):
    write_other(tmp_path / name)
    assert stored("star, plx, name", tmp_path / name) == READ


def test_fits_by_other_names(stored, tmp_path):
    write_other(tmp_path / "t.fts")
    assert stored("star", tmp_path / "t.fts") == [(1,), (2,), (3,)]


def test_hdf5_as_h5py_writes_it(stored, tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        for name, values in BASE.items():
            file[f"stars/{name}"] = values
    assert stored("star, ra", tmp_path / "t.h5") == [(1, 10.0), (2, 20.0), (3, 30.0)]
    with h5py.File(tmp_path / "two.h5", "w") as file:
        for name, shift in (("a", 0), ("b", 10)):
            rows = np.array([(n + shift, 1.0, 2.0) for n in (1, 2)], [("star", "i8"), ("ra", "f8"), ("dec", "f8")])
            file[f"tables/{name}"] = rows
    with pytest.raises(UserError, match=r"holds 2 tables: /tables/a, /tables/b"):
        stored("star", tmp_path / "two.h5")
    assert stored("star", tmp_path / "two.h5[/tables/b]") == [(11,), (12,)]


def test_hdf5_as_pandas_writes_it(stored, tmp_path):
    h5py = pytest.importorskip("h5py")
    import pickle

    kinds = [("index", "i8"), ("values_block_0", "f8", (2,)), ("values_block_1", "i8", (1,))]
    rows = np.array([(0, (10.0, 1.0), (4,)), (1, (20.0, 2.0), (5,))], kinds)
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["stars/table"] = rows
        file["stars"].attrs["pandas_type"] = b"frame_table"
        file["stars/table"].attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(["ra", "dec"], 0))
        file["stars/table"].attrs["values_block_1_kind"] = np.bytes_(pickle.dumps(["star"], 0))
    assert stored('star, ra, "dec"', tmp_path / "t.h5") == [(4, 10.0, 1.0), (5, 20.0, 2.0)]


def test_ids_as_archives_write_them(stored, tmp_path):
    text = "star,ra,dec\nGaia DR3 4295806720,10,1\ngaia dr3 5,20,2\n7,30,3\n"
    (tmp_path / "t.csv").write_text(text)
    assert stored("star", tmp_path / "t.csv") == [(5,), (7,), (4295806720,)]
    (tmp_path / "t.csv").write_text(text.replace("gaia dr3", "Gaia DR2"))
    with pytest.raises(UserError, match="an identifier of Gaia DR2, which is another release"):
        stored("star", tmp_path / "t.csv")


def test_ids_as_text_in_typed_files(stored, tmp_path):
    pq.write_table(
        pa.table({**BASE, "star": ["Gaia DR3 1", " 2", "3"], "plx": ["1.5", "N/A", ""]}), tmp_path / "t.parquet"
    )
    assert stored("star, plx", tmp_path / "t.parquet") == [(1, 1.5), (2, None), (3, None)]


def test_decimals_do_not_round(stored, tmp_path):
    duckdb.sql(f"copy (select 1 as star, 1.0 as ra, 1.0 as dec, 2.75::decimal(5, 2) as n) to '{tmp_path}/t.parquet'")
    with pytest.raises(UserError, match=r"column n holds Decimal\('2.75'\)|column n holds 2.75"):
        stored("n", tmp_path / "t.parquet")


def test_vectors_stay_whole_in_a_join(tmp_path):
    columns = [
        fits.Column("star", "K", array=[1, 2]),
        fits.Column("colours", "3E", array=[[1, 2, 3], [4, 5, 6]]),
        fits.Column("spectrum", "PD()", array=np.array([np.array([1.5]), np.array([2.5, 3.5])], object)),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "t.fits")
    with (
        duckdb.connect() as connection,
        as_parquet(connection, tmp_path / "t.fits", tmp_path / "w") as theirs,
    ):
        assert list(theirs.types) == ["star", "colours", "spectrum"]
        rows = connection.execute(f"select colours, spectrum from {theirs.relation} order by star").fetchall()
    assert [(list(a), b) for a, b in rows] == [([1, 2, 3], [1.5]), ([4, 5, 6], [2.5, 3.5])]


def test_text_that_is_declared_as_text_stays_text(tmp_path):
    table = Table({"n": [1, 2], "code": ["007", "12"]})
    table.write(tmp_path / "t.ecsv")
    with duckdb.connect() as connection, as_parquet(connection, tmp_path / "t.ecsv", tmp_path / "w") as theirs:
        assert theirs.types == {"n": "BIGINT", "code": "VARCHAR"}


def test_compressed_tables_of_fits_are_named(stored, tmp_path):
    file = write_unit(tmp_path / "t.fits", "plx", "mas", [1.0, 2.0, 3.0])
    with fits.open(file, mode="update") as hdus:
        hdus[1].header["ZTABLE"] = True
    with pytest.raises(UserError, match=r"compressed \(ZTABLE\).*funpack"):
        stored("star", file.rename(tmp_path / "t.fits.fz"))


def test_later_files_are_in_the_first_ones_units(tmp_path, stored):
    (tmp_path / "mine.toml").write_text((tmp_path / "mine.toml").read_text().replace('"mas"', '""'))
    for name, star, unit, value in (("a", 1, "mas", 1.5), ("b", 2, "arcsec", 0.002)):
        table = Table({"star": [star], "ra": [10.0], "dec": [1.0], "plx": [value]}, units={"plx": unit})
        table.write(tmp_path / f"{name}.ecsv")
    assert stored("star, plx", tmp_path / "a.ecsv", tmp_path / "b.ecsv") == [(1, 1.5), (2, 2.0)]


def test_times_of_a_zone_are_stored_in_universal_time(stored, tmp_path):
    duckdb.sql("load icu; set timezone = 'Asia/Tokyo'")
    try:
        query = "select 1 as star, 1.0 as ra, 1.0 as dec, timestamptz '2016-01-01 09:00:00+09' as name"
        duckdb.sql(f"copy ({query}) to '{tmp_path}/t.parquet'")
        assert stored("name", tmp_path / "t.parquet") == [("2016-01-01 00:00:00Z",)]
    finally:
        duckdb.sql("reset timezone")
