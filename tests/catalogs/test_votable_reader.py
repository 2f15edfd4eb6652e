"""VOTables as astropy and archives write them; the expected values are those that were written."""

import base64
import gzip

import duckdb
import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable import from_table
from astropy.table import Table
from candlesql import UserError
from candlesql.catalogs.readers import open_file, votable


def select(path):
    """Columns as their descriptions and as lists of text or values."""
    with duckdb.connect() as connection:
        source = open_file(connection, path)
        fields = ", ".join(column.sql for column in source.columns.values())
        rows = connection.execute(f"select {fields} from {source.relation(list(source.columns))}").fetchall()
        source.close()
    return source, dict(zip(source.columns, map(list, zip(*rows, strict=True)), strict=True))


def stars() -> Table:
    table = Table(masked=True)
    table["source_id"] = np.array([6917528443525529728, 2, 3])
    table["plx"] = np.ma.array([1.5, np.nan, -3.25], mask=[False, False, True])
    table["n"] = np.ma.array([-32768, 5, 7], mask=[False, True, False], dtype="i2")
    table["g"] = np.array([13.25, 14.5, 15], "f4")
    table["ok"] = np.array([True, False, True])
    table["name"] = ["HD 1", "", "ab & <c>"]
    table["who"] = np.array(["α Cen", "é", "x"], dtype=object).astype(str)
    table["vector"] = np.ones((3, 2))
    table["plx"].unit, table["plx"].description = "mas", "Parallax"
    table["plx"].meta["ucd"] = "pos.parallax"
    return table


def written(path, kind):
    document = from_table(stars())
    document.get_first_table().get_field_by_id("n").values.null = -1
    document.to_xml(str(path), tabledata_format=kind)


@pytest.mark.parametrize("kind", ["tabledata", "binary", "binary2"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_astropy_writes(tmp_path, kind, packed):
    path = tmp_path / "stars.vot"
    written(path, kind)
    if packed:
        path = tmp_path / "stars.vot.gz"
        path.write_bytes(gzip.compress((tmp_path / "stars.vot").read_bytes()))
    source, rows = select(path)
    assert source.left_out == ("vector",)
    assert [int(i) for i in rows["source_id"]] == [6917528443525529728, 2, 3]
    assert float(rows["plx"][0]) == 1.5
    assert [None if n is None else int(n) for n in rows["n"]] == [-32768, None, 7]
    assert [float(g) for g in rows["g"]] == [13.25, 14.5, 15]
    assert [str(ok)[0] in "T1" for ok in rows["ok"]] == [True, False, True]
    assert rows["name"] == ["HD 1", None, "ab & <c>"]
    assert rows["who"] == ["α Cen", "é", "x"]
    column = source.columns["plx"]
    assert (column.unit, column.description) == ("mas", "Parallax")


def test_null_of_a_float_is_null_or_nan(tmp_path):
    for kind in ("tabledata", "binary", "binary2"):
        written(tmp_path / "s.vot", kind)
        value = select(tmp_path / "s.vot")[1]["plx"][2]
        assert value is None or np.isnan(float(value))


def test_many_rows_come_in_slices(tmp_path, monkeypatch):
    monkeypatch.setattr(votable, "BLOCK", 4096)
    monkeypatch.setattr(votable, "SLICE_ROWS", 100)
    n = 5000
    table = Table({"i": np.arange(n), "x": np.arange(n) / 7, "s": [f"star {i % 977}" for i in range(n)]})
    for kind in ("tabledata", "binary", "binary2"):
        document = from_table(table)
        document.get_first_table().get_field_by_id("s").arraysize = "*"
        document.to_xml(str(tmp_path / "t.vot"), tabledata_format=kind)
        _, rows = select(tmp_path / "t.vot")
        assert [int(i) for i in rows["i"]] == list(range(n))
        assert [float(x) for x in rows["x"]] == (np.arange(n) / 7).tolist()
        assert rows["s"] == list(table["s"])


def document(
    data: str, fields: str = '<FIELD name="a" datatype="int"/><FIELD name="b" datatype="char" arraysize="*"/>'
):
    return (
        '<?xml version="1.0"?><v:VOTABLE version="1.3" xmlns:v="http://www.ivoa.net/xml/VOTable/v1.3"><v:RESOURCE>'
        f"<v:INFO name='QUERY_STATUS' value='OK'/><v:TABLE>{fields.replace('<', '<v:').replace('<v:/', '</v:')}<v:DATA>"
        f"{data}</v:DATA></v:TABLE></v:RESOURCE></v:VOTABLE>"
    )


def test_namespace_prefix_comments_and_cdata(tmp_path):
    rows = "<v:TR><v:TD>1</v:TD><v:TD><![CDATA[a<b]]></v:TD></v:TR><!-- <TR> --><v:TR><v:TD/><v:TD>c</v:TD></v:TR>"
    (tmp_path / "t.xml").write_text(document(f"<v:TABLEDATA>{rows}</v:TABLEDATA>"))
    assert select(tmp_path / "t.xml")[1] == {"a": ["1", None], "b": ["a<b", "c"]}


@pytest.mark.parametrize("inline", [True, False])
def test_fits_serialisation(tmp_path, inline):
    hdu = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=[1, 2]), fits.Column("b", "D", array=[0.5, 2.5])])
    hdu.writeto(tmp_path / "rows.fits")
    content = base64.b64encode((tmp_path / "rows.fits").read_bytes()).decode()
    stream = f"<v:STREAM encoding='base64'>{content}</v:STREAM>" if inline else "<v:STREAM href='file:rows.fits'/>"
    fields = '<FIELD name="a" datatype="int" unit="mas"/><FIELD name="b" datatype="double"/>'
    (tmp_path / "t.vot").write_text(document(f"<v:FITS extnum='1'>{stream}</v:FITS>", fields))
    source, rows = select(tmp_path / "t.vot")
    assert rows == {"a": [1, 2], "b": [0.5, 2.5]}
    assert source.columns["a"].unit == "mas"


def test_parquet_serialisation_of_astropy(tmp_path):
    table = Table({"a": [1, 2], "b": [0.5, 2.5]}, units={"b": "deg"})
    said = {name: {"unit": unit, "ucd": "", "utype": ""} for name, unit in (("a", ""), ("b", "deg"))}
    table.write(tmp_path / "t.vot", format="votable.parquet", column_metadata=said)
    source, rows = select(tmp_path / "t.vot")
    assert rows == {"a": [1, 2], "b": [0.5, 2.5]}
    assert source.columns["b"].unit == "deg"


def test_names_are_only_names(tmp_path):
    fields = '<FIELD name="a&quot;; drop table x; --" datatype="int"/><FIELD name="é" datatype="char" arraysize="*"/>'
    rows = "<v:TR><v:TD>1</v:TD><v:TD>'; drop view v</v:TD></v:TR>"
    (tmp_path / "t.vot").write_text(document(f"<v:TABLEDATA>{rows}</v:TABLEDATA>", fields))
    assert select(tmp_path / "t.vot")[1] == {'a"; drop table x; --': ["1"], "é": ["'; drop view v"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,ra\n1,2\n", "not a readable VOTable"),
        ("<VOTABLE><RESOURCE/></VOTABLE>", "holds no table"),
        (
            "<VOTABLE><RESOURCE><INFO name='QUERY_STATUS' value='ERROR'>no table\n gaia</INFO></RESOURCE></VOTABLE>",
            "an archive's refusal: no table gaia",
        ),
        (document("<v:TABLEDATA><v:TR><v:TD>1</v:TD></v:TR></v:TABLEDATA>"), "row 1 has 1 cells, the header 2"),
        (document("<v:TABLEDATA><v:TR><v:TD>1</v:TD><v:TD>2</v:TD></v:TR>")[:-80], "truncated or damaged"),
        (document("<v:BINARY><v:STREAM encoding='base64'>AAAAAQAA</v:STREAM></v:BINARY>"), "ends within a row"),
        (document("<v:TABLEDATA/>", '<FIELD name="a" datatype="number"/>'), "FIELD a has datatype 'number'"),
        (document("<v:FITS><v:STREAM href='http://x/y'/></v:FITS>"), "its rows are elsewhere, at http://x/y"),
    ],
)
def test_unreadable(tmp_path, text, said):
    (tmp_path / "t.vot").write_text(text)
    with pytest.raises((UserError, duckdb.Error)) as error:
        select(tmp_path / "t.vot")
    assert said in str(error.value)
