"""Files as ordinary tools write them, each value of which comes through `join` and uploads; values by hand."""

import base64
import json
import math
import pickle
import struct

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
from candlesql.catalogs.survey import load_survey

LARGE = [4295806720123456789, 2**64 - 1, 3]


@pytest.fixture
def read(tmp_path):
    """`read(file)` gives the columns of a file as lists, as they go into a new one."""

    def run(file):
        with duckdb.connect() as connection, as_parquet(connection, file, tmp_path / "work") as theirs:
            rows = connection.sql(f"select * exclude (file_row_number) from {theirs.relation}").to_arrow_table()
            return {name: rows[name].to_pylist() for name in rows.column_names}

    return run


@pytest.fixture
def written(tmp_path, read):
    """`written(name, text)` reads a file of this content."""

    def run(name, content):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(tmp_path / name)

    return run


def test_large_identifiers_in_text_keep_their_digits(written):
    rows = "".join(f"{n},1\n" for n in LARGE)
    assert written("t.csv", "id,x\n" + rows) == {"id": LARGE, "x": [1, 1, 1]}
    assert written("t.csv", "id,x\n9007199254740993,1\n1.5,2\n")["id"] == ["9007199254740993", "1.5"]
    assert written("t.csv", "id,x\n-1,1\n18446744073709551615,2\n")["id"] == ["-1", "18446744073709551615"]


def test_json_lines_keep_numbers_and_words_as_they_are(written):
    records = [
        {"id": LARGE[0], "n": -1, "when": "2016-01-01T00:00:00Z", "code": "007", "mixed": "N/A", "late": None},
        {"id": LARGE[1], "n": 2, "when": None, "code": "12", "mixed": 1.5},
        {"id": LARGE[2], "n": 9007199254740993, "when": "2020-01-01", "code": None, "mixed": None, "late": True},
    ]
    assert written("t.jsonl", "\n".join(map(json.dumps, records))) == {
        "id": LARGE,
        "n": [-1, 2, 9007199254740993],
        "when": ["2016-01-01T00:00:00Z", None, "2020-01-01"],
        "code": ["007", "12", None],
        "mixed": ["N/A", "1.5", None],
        "late": [None, None, True],
    }


def test_columns_without_a_name_get_one(written):
    assert written("t.csv", ",id,flag,\n0,7,True,\n1,8,False,\n") == {
        "col1": [0, 1],
        "id": [7, 8],
        "flag": [True, False],
        "col4": [None, None],
    }


def test_lines_that_are_no_rows_are_named(written):
    with pytest.raises(UserError, match="line 3 has 2 fields where 3 are expected"):
        written("t.csv", "id,name,x\n1,a,1\n2,b\n")


def test_vizier_answers_of_several_tables_are_refused(written):
    one = "#Table\tII_246_out:\na\tb\nmag\t \n---\t---\n1\t2\n\n"
    with pytest.raises(UserError, match="holds 2 tables: II_246_out, I_355_x"):
        written("t.tsv", one + one.replace("II_246_out", "I_355_x"))


NESTED = pa.table(
    {
        "id": pa.array([2**64 - 1, 5], pa.uint64()),
        "half": pa.array([1.5, None], pa.float16()),
        "word": pa.array(["x", None]).dictionary_encode(),
        "large": pa.array(["é", None], pa.large_string()),
        "both": pa.array([{"a": 1, "b": "x"}, None]),
        "names": pa.array([["a", "b"], None]),
    }
)


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.arrow"])
def test_types_of_arrow(tmp_path, read, name):
    if name == "t.parquet":
        pq.write_table(NESTED, tmp_path / name)
    elif name == "t.feather":
        feather.write_feather(NESTED, str(tmp_path / name))
    else:
        view = NESTED.set_column(2, "word", pa.array(["x", None], pa.string_view()))
        with pa.ipc.new_file(str(tmp_path / name), view.schema) as out:
            out.write_table(view)
    assert read(tmp_path / name) == NESTED.to_pydict()


def test_bits_texts_of_any_length_and_lists_of_texts_of_fits(tmp_path, read):
    columns = [
        fits.Column("id", "K", array=[1, 2]),
        fits.Column("bits", "11X", array=np.array([[True, False] * 5 + [True], [False] * 10 + [True]])),
        fits.Column("bit", "1X", array=np.array([[True], [False]])),
        fits.Column("text", "PA()", array=np.array(["abc", "d"], object)),
        fits.Column("texts", "6A", dim="(3,2)", array=np.array([["ab", "c"], ["d", "e"]])),
        fits.Column("complex", "C", array=[1j, 2]),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "t.fits")
    assert read(tmp_path / "t.fits") == {
        "id": [1, 2],
        "bits": [[True, False] * 5 + [True], [False] * 10 + [True]],
        "bit": [True, False],
        "text": ["abc", "d"],
        "texts": [["ab", "c"], ["d", "e"]],
    }
    with (
        duckdb.connect() as connection,
        as_parquet(connection, tmp_path / "t.fits", tmp_path / "work") as theirs,
    ):
        assert theirs.left_out == ("complex",)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("t.parquet", {}),
        ("t.ecsv", {"serialize_method": "data_mask"}),
        ("t.fits", {"serialize_method": "data_mask"}),
        ("t.hdf5", {"path": "stars", "serialize_meta": True}),
    ],
)
def test_masks_of_vectors(tmp_path, read, name, how):
    pytest.importorskip("pandas", reason="astropy writes Parquet through pandas")
    table = Table({"id": [1, 2], "v": MaskedColumn([[1.0, 2.0], [3.0, 1e20]], mask=[[0, 0], [0, 1]])})
    table.write(tmp_path / name, **how)
    assert read(tmp_path / name) == {"id": [1, 2], "v": [[1.0, 2.0], [3.0, None]]}


def test_null_values_of_votables_of_64_bits_and_in_hexadecimal(written):
    field = '<FIELD name="{}" datatype="{}"><VALUES null="{}"/></FIELD>'
    fields = field.format("id", "long", 2**63 - 1) + field.format("n", "short", "0x7fff")
    around = f'<VOTABLE version="1.4"><RESOURCE><TABLE>{fields}<DATA>{{}}</DATA></TABLE></RESOURCE></VOTABLE>'
    cells = f"<TR><TD>{2**63 - 2}</TD><TD>0x1F</TD></TR><TR><TD>{2**63 - 1}</TD><TD>32767</TD></TR>"
    expected = {"id": [2**63 - 2, None], "n": [31, None]}
    assert written("t.vot", around.format(f"<TABLEDATA>{cells}</TABLEDATA>")) == expected
    stream = base64.b64encode(struct.pack(">qhqh", 2**63 - 2, 31, 2**63 - 1, 32767)).decode()
    binary = f'<BINARY><STREAM encoding="base64">{stream}</STREAM></BINARY>'
    assert written("b.vot", around.format(binary)) == expected


MRT = """Title: Some stars
================================================================================
Byte-by-byte Description of file: a.txt
--------------------------------------------------------------------------------
   Bytes Format Units   Label  Explanations
--------------------------------------------------------------------------------
   1-  2 I2     ---     id     Identifier
   4- 11 D8.1   mas     plx    ? Parallax
  13- 17 G5.1   K       teff   ?=-9.9 Temperature
--------------------------------------------------------------------------------
 1  1.5D+00  4500
 2          -9.90
 3 -2.5d-01  5000
"""


def test_numbers_of_fortran(written):
    assert written("t.mrt", MRT) == {"id": [1, 2, 3], "plx": [1.5, None, -0.25], "teff": [4500.0, None, 5000.0]}
    ipac = "|  id|     x |\n|long| double|\n    1  2.5D01\n    2   -1\n"
    assert written("t.tbl", ipac) == {"id": [1, 2], "x": [25.0, -1.0]}


def pandas_frame(file, name, **attributes):
    file.require_group(name).attrs.update({k: np.bytes_(v) for k, v in attributes.items()})
    return file[name]


def test_fixed_format_of_pandas(tmp_path, read):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        frame = pandas_frame(file, "stars", pandas_type="frame", axis0_variety="regular")
        frame["axis1"] = [11, 12]
        frame["axis1"].attrs["name"] = np.bytes_(pickle.dumps("kic", 0))
        frame["block0_items"], frame["block0_values"] = [b"x", b"y"], [[1.5, np.nan], [2.5, 3.5]]
        frame["block1_items"], frame["block1_values"] = [b"id"], np.array([[2**63 - 1], [1]])
    rows = read(tmp_path / "t.h5")
    assert {name: rows[name] for name in ("kic", "x", "id")} == {
        "kic": [11, 12],
        "x": [1.5, 2.5],
        "id": [2**63 - 1, 1],
    }
    assert math.isnan(rows["y"][0])
    assert rows["y"][1] == 3.5
    with h5py.File(tmp_path / "t.h5", "a") as file:
        file["stars/block2_items"] = [b"name"]
        file.create_dataset("stars/block2_values", (1,), h5py.vlen_dtype(np.uint8))
    with pytest.raises(UserError, match=r'pickles are not read; write it with format="table"'):
        read(tmp_path / "t.h5")


def test_truth_values_times_words_and_labels_of_tables_of_pandas(tmp_path, read):
    h5py = pytest.importorskip("h5py")
    kinds = [("index", "i8"), *((f"values_block_{i}", kind, (1,)) for i, kind in enumerate(("u1", "i8", "S3", "i1")))]
    rows = np.array([(7, 1, 1451606400000000000, b"nan", 0), (8, 0, -(2**63), b"b", 1)], kinds)
    info = {1: {"names": [None]}, "index": {"index_name": "kic"}}
    with h5py.File(tmp_path / "t.h5", "w") as file:
        pandas_frame(file, "stars", pandas_type="frame_table", info=pickle.dumps(info, 0))
        file["stars/table"] = rows
        file["stars/meta/c/meta/table"] = np.array([(0, b"q")], [("index", "i8"), ("values", "S1")])
        names = (
            ("b", "bool", b"N."),
            ("t", "datetime64[ns]", b"N."),
            ("s", "bytes24", b"str"),
            ("c", "int8", b"category"),
        )
        for i, (name, kind, meta) in enumerate(names):
            said = {"kind": pickle.dumps([name], 0), "dtype": kind.encode(), "meta": meta}
            file["stars/table"].attrs.update({f"values_block_{i}_{k}": np.bytes_(v) for k, v in said.items()})
    rows = read(tmp_path / "t.h5")
    assert {n: [str(v) for v in values] for n, values in rows.items()} == {
        "kic": ["7", "8"],
        "b": ["True", "False"],
        "t": ["2016-01-01 00:00:00", "None"],
        "s": ["None", "b"],
    }


def test_units_and_lists_of_h5py(tmp_path, read):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["stars/id"], file["stars/plx"] = [1, 2], [0.5, 1.5]
        file["stars/plx"].attrs["unit"] = "arcsec"
        lists = file.create_dataset("stars/lists", (2,), h5py.vlen_dtype(np.int32))
        lists[0] = [1, 2]
    assert read(tmp_path / "t.h5") == {"id": [1, 2], "plx": [0.5, 1.5], "lists": [[1, 2], []]}
    with (
        duckdb.connect() as connection,
        as_parquet(connection, tmp_path / "t.h5", tmp_path / "work") as theirs,
    ):
        assert theirs.said["plx"].unit == "arcsec"


def test_missing_numbers_as_r_and_spreadsheets_write_them(written):
    assert written("t.csv", "id,x\n1,NA\n2,#N/A\n3,1.5\n") == {"id": [1, 2, 3], "x": [None, None, 1.5]}


def test_parquet_keeps_names_that_differ_by_case_alone(tmp_path, read):
    stars = {"designation": ["a"], "ra": [10.0], "dec": [0.0], "j_date": [2451545.0]}
    pq.write_table(pa.table({"J_M": [99.5], **stars, "j_m": [11.0], "g_1": [1]}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet") == {"J_M": [99.5], **stars, "j_m_2": [11.0], "g_1": [1]}
    ingest(load_survey("twomass"), [tmp_path / "t.parquet"], tmp_path / "twomass.parquet")
    assert duckdb.read_parquet(str(tmp_path / "twomass.parquet")).select("j_m").fetchall() == [(11.0,)]
    twice = pa.table([pa.array([1.0]), pa.array([2.0])], names=["J", "J"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(UserError, match="two of its columns are called J; rename one of them"):
        read(tmp_path / "twice.parquet")
