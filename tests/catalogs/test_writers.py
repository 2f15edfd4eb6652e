"""Functions under the writers: layouts, headers, types and edges of partitions, by hand or by astropy."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy_healpix import HEALPix
from candlesql.catalogs import metadata, writers
from candlesql.catalogs.hats_layout import entries
from candlesql.catalogs.survey import Column
from candlesql.catalogs.writers import collection, fits, hats, kinds, write_file
from candlesql.catalogs.writers.collection import Grid
from candlesql.catalogs.writers.kinds import Facts
from candlesql.errors import RefusedFile, UserError

# --- HATS


def interleaved(x: int, y: int) -> int:
    return sum(((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1) for bit in range(29))


def test_partitions_of_indices():
    """Pixel 2 of order 0, pixels 13 and 15 of order 1, in the order of the sky; nothing lies between."""
    grid = Grid([(0, 2), (1, 13), (1, 15)])
    one, four = 1 << 58, 1 << 56
    index = np.array(
        [0, 2 * one - 1, 2 * one, 3 * one - 1, 3 * one, 13 * four, 14 * four - 1, 14 * four, 15 * four, 16 * four]
    )
    assert grid.of(index).tolist() == [-1, -1, 0, 0, -1, 1, 1, -1, 2, -1]
    assert grid.lasts.tolist() == [3 * one - 1, 14 * four - 1, 16 * four - 1]


def test_bits_of_an_index():
    numbers = [(0, 0), (1, 0), (0, 1), (5, 3), (2**29 - 1, 0), (123_456_789, 2**29 - 1)]
    index = np.array([interleaved(x, y) for x, y in numbers])
    assert collection._every_second_bit(index).tolist() == [x for x, _ in numbers]
    assert collection._every_second_bit(index >> 1).tolist() == [y for _, y in numbers]


@pytest.mark.parametrize("order", [10, 28])
def test_places_near_the_edge_of_a_pixel(order):
    """Cells of order 29 have sides of sqrt(pi / 3) / 2^29, and a 3.2th of that at least; 13 arcsec are looked at."""
    width = int(13 / (np.degrees(np.sqrt(np.pi / 3)) * 3600 / 2**29 / 3.2)) + 1
    side, base = 2 ** (29 - order), 7 << 2 * (29 - order)
    middle = side // 2
    if order == 28:
        places = [(0, 0), (1, 1)]
        assert collection._is_near_edge(np.array([base + interleaved(*at) for at in places]), order).all()
        return
    along = [0, width - 1, width, middle, side - width - 1, side - width, side - 1]
    near = [True, True, False, False, False, True, True]
    for places in ([(a, middle) for a in along], [(middle, a) for a in along]):
        index = np.array([base + interleaved(*at) for at in places])
        assert collection._is_near_edge(index, order).tolist() == near


def test_circles_around_places_are_those_of_astropy():
    ra, dec = np.array([10.0, 359.9999, 200]), np.array([60.0, 0, -89.999])
    found = collection._around(ra, dec)
    angle = np.arange(64) * 360 / 64 * u.deg
    around = SkyCoord(ra, dec, unit="deg")[:, None].directional_offset_by(angle[None], 13 * u.arcsec)
    expected = HEALPix(2**29, order="nested").lonlat_to_healpix(around.ra, around.dec)
    cells = HEALPix(2**29, order="nested").healpix_to_lonlat(found)
    assert SkyCoord(*cells).separation(around).arcsec.max() < 1e-3
    assert (found == expected).mean() > 0.95


def test_the_column_that_names_the_stars():
    main, other = Column("name", "VARCHAR", ucd="meta.id;meta.main"), Column("id", "BIGINT", ucd="meta.id")
    assert collection._key_of([other, main]) == "name"
    assert collection._key_of([main, Column("source_id", "BIGINT")]) == "source_id"
    assert collection._key_of([other]) is None


def test_rows_at_the_ends_of_a_partition_are_in_it_once(connection, tmp_path):
    """The first two and the last two cells of pixel 5, and the first of pixel 6."""
    index = np.array([5 << 58, (5 << 58) + 1, (6 << 58) - 2, (6 << 58) - 1, 6 << 58])
    lon, lat = HEALPix(2**29, order="nested").healpix_to_lonlat(index)
    rows = ", ".join(f"({a!r}, {d!r})" for a, d in zip(lon.deg.tolist(), lat.deg.tolist(), strict=True))
    columns = [Column("ra", "DOUBLE"), Column("dec", "DOUBLE")]
    query = f'select a as ra, d as "dec" from (values {rows}) as t(a, d)'
    assert hats.write(connection, query, columns, "said", tmp_path / "new/catalog") == [(0, 5), (0, 6)]
    found = [
        pq.read_table(hats.partition_file(tmp_path / "new/catalog", 0, p))["_healpix_29"].to_pylist() for p in (5, 6)
    ]
    assert found == [index[:4].tolist(), index[4:].tolist()]
    assert (tmp_path / "new/catalog/provenance.txt").read_text() == "said\n"
    assert not (tmp_path / "new/catalog/sorted.parquet").exists()


def test_a_collection_of_two_partitions_far_apart(connection, tmp_path):
    """Without a margin; its index says in which partition each star is."""
    columns = [Column("star", "VARCHAR", ucd="meta.id;meta.main"), Column("ra", "DOUBLE"), Column("dec", "DOUBLE")]
    rows = """select * from (values ('b', 45.0, 45.0), ('a', 225.0, -45.0), (null, 45.0, 44.0)) as t(star, ra, "dec")"""
    collection.write(connection, rows, columns, "said", tmp_path / ".two.hats.candlesql.tmp")
    made = tmp_path / ".two.hats.candlesql.tmp"
    assert sorted(path.name for path in made.iterdir()) == ["collection.properties", "two", "two_star"]
    said = entries((made / "two_star/hats.properties").read_text())
    expected = {
        "obs_collection": "two_star", "dataproduct_type": "index", "hats_nrows": "2", "hats_primary_table_url": "two",
        "hats_index_column": "star",
    }  # fmt: skip
    assert {key: said[key] for key in expected} == expected
    assert "hats_builder" in said
    found = pq.read_table(made / "two_star/dataset/index/part.0.parquet").to_pylist()
    assert [(row["star"], row["Norder"], row["Dir"]) for row in found] == [("a", 0, 0), ("b", 0, 0)]
    assert found[0]["Npix"] != found[1]["Npix"]
    assert (
        pq.read_metadata(made / "two_star/dataset/_metadata").row_group(0).column(0).file_path == "index/part.0.parquet"
    )
    assert pq.read_schema(made / "two_star/dataset/_common_metadata").names == ["star", "Norder", "Dir", "Npix"]


@pytest.mark.parametrize(
    ("most", "expected"), [(4, (0, [(5, 4), (6, 1)])), (3, (1, [(20, 2), (23, 2), (24, 1)])), (1, (10, None))]
)
def test_the_order_at_which_no_pixel_has_too_many_rows(connection, monkeypatch, most, expected):
    """Beyond order 10 pixels are not cut: two stars in neighbouring cells stay together."""
    monkeypatch.setattr(hats, "MAX_ROWS", most)
    index = [5 << 58, (5 << 58) + 1, (6 << 58) - 2, (6 << 58) - 1, 6 << 58]
    order, pixels = hats._partitions(connection, f"from (select unnest({index}) as _healpix_29)")
    if expected[1] is None:
        expected = 10, [(5 << 20, 2), ((6 << 20) - 1, 2), (6 << 20, 1)]
    assert (order, pixels) == expected


@pytest.mark.parametrize(
    ("query", "names", "words"),
    [("select 1 as ra", ["ra"], "needs columns ra and dec; the view has ra"),
     ("select 1.0 as ra, null::double as dec", ["ra", "dec"], "1 rows have no position")],
)  # fmt: skip
def test_what_is_no_hats_catalog(connection, tmp_path, query, names, words):
    with pytest.raises(UserError, match=words):
        hats.write(connection, query, [Column(name, "DOUBLE") for name in names], "", tmp_path)


# --- FITS


def test_the_header_of_a_table_of_fits():
    layout = [
        fits.Layout(Column("x", "USMALLINT", "mag", "phot.mag", "é" * 50), "I", zero=2**15),
        fits.Layout(Column("y", "INTEGER", "dex"), "J", null=-9),
        fits.Layout(Column("v", "REAL[]"), "E", -1),
        fits.Layout(Column("w", "REAL[]"), "E", 3),
    ]
    header = fits._header(layout, 40, 7, 123, "one\ntwo")
    expected = {
        "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 40, "NAXIS2": 7, "PCOUNT": 123, "GCOUNT": 1,
        "TFIELDS": 4,
        "TTYPE1": "x", "TFORM1": "1I", "TUNIT1": "mag", "TUCD1": "phot.mag", "TZERO1": 2**15, "TFORM2": "1J",
        "TNULL2": -9, "TCOMM2": "[dex]", "TFORM3": "1QE", "TFORM4": "3E", "TCOMM1": "?" * 50,
    }  # fmt: skip
    assert {key: header[key] for key in expected} == expected
    assert header.comments["TTYPE1"] == "?" * 40
    assert not {"TNULL1", "TZERO2", "TUNIT2", "TUCD2", "TTYPE5"} & set(header)
    assert list(header["HISTORY"]) == ["one", "two"]
    assert [entry.code for entry in layout] == [">i2", ">i4", (">i8", (2,)), (">f4", (3,))]
    assert fits.Layout(Column("s", "VARCHAR"), "A", 5).code == "S5"


def test_a_number_that_a_column_does_not_hold(connection):
    def unused(*there: int) -> int | None:
        return fits._unused(connection, f"select unnest({list(there)}::bigint[]) as x", Column("x", "BIGINT"))

    least = -(2**63) + 1
    assert unused(1, 2) == -9999
    assert unused(-9999) == least
    assert unused(-9999, least, least + 1) == least + 2
    assert unused(-9999, *range(least, least + 8)) is None


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("VARCHAR", Facts(1, {"x": 0}, width={"x": 7}), ("A", 7, 0)), ("VARCHAR", Facts(1, {"x": 1}), ("A", 1, 0)),
        ("REAL", Facts(1, {"x": 1}), ("E", 1, 0)), ("BOOLEAN", Facts(1, {"x": 1}), ("L", 1, 0)),
        ("UINTEGER", Facts(1, {"x": 0}), ("J", 1, 2**31)), ("UTINYINT", Facts(1, {"x": 0}), ("B", 1, 0)),
        ("UBIGINT", Facts(1, {"x": 0}), ("K", 1, 2**63)), ("INTEGER", Facts(1, {"x": 0}), ("J", 1, 0)),
        ("REAL[]", Facts(1, {"x": 0}, {"x": 3}, {"x": 3}), ("E", 3, 0)),
        ("REAL[]", Facts(1, {"x": 1}, {"x": 3}, {"x": 3}), ("E", -1, 0)),
        ("UTINYINT[]", Facts(1, {"x": 0}), ("B", -1, 0)), ("USMALLINT[]", Facts(1, {"x": 0}), ("J", -1, 0)),
        ("TINYINT[]", Facts(1, {"x": 0}), ("I", -1, 0)),
    ],
)  # fmt: skip
def test_layouts_of_fits(connection, kind, facts, expected):
    found = fits._layout(connection, "select 1", Column("x", kind), facts)
    assert (found.letter, found.count, found.zero) == expected


@pytest.mark.parametrize(
    ("kind", "high", "null"), [("BIGINT", 2**63 - 1, -9999), ("UBIGINT", 2**63 - 1, -9999), ("UBIGINT", 2**63, None)]
)
def test_64_bits_with_nulls(connection, kind, high, null):
    """Where the type's ends are taken another number stands for NULL; above 2^63 there is none."""
    facts = Facts(2, {"x": 1}, low={"x": -(2**63)}, high={"x": high})
    if null is None:
        with pytest.raises(RefusedFile, match=f"with NULLs and numbers up to {high}, which FITS cannot hold"):
            fits._with_null(connection, "select 1 as x", Column("x", kind), facts)
    else:
        found = fits._with_null(connection, "select 1 as x", Column("x", kind), facts)
        assert (found.letter, found.null) == ("K", null)


# --- types that formats hold


@pytest.mark.parametrize(
    ("suffix", "kind", "sql", "becomes"),
    [
        (".fits", "INTEGER", "x::INTEGER", "INTEGER"), (".fits", "VARCHAR", "x", "VARCHAR"),
        (".fits", "UUID", "x::VARCHAR", "VARCHAR"), (".fits", "ENUM('a')", "x::VARCHAR", "VARCHAR"),
        (".fits", "DATE", "strftime(x, '%Y-%m-%d')", "VARCHAR"), (".fits", "TIME", "x::VARCHAR", "VARCHAR"),
        (".fits", "REAL[3]", "x::REAL[]", "REAL[]"), (".parquet", "DATE", "x", "DATE"),
        (".parquet", "TIMESTAMP WITH TIME ZONE", "strftime(x at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')", "VARCHAR"),
        (".parquet", "BLOB", "x", "BLOB"), (".parquet", "STRUCT(a INTEGER)", "x", "STRUCT(a INTEGER)"),
        (".ecsv", "STRUCT(a INTEGER)", "to_json(x)::VARCHAR", "JSON"),
        (".ecsv", "VARCHAR[]", "to_json(x)::VARCHAR", "JSON"),
        (".csv", "STRUCT(a UNION(n INTEGER))", "x", "STRUCT(a UNION(n INTEGER))"),
        (".fits", "STRUCT(a INTEGER)", "", ""), (".parquet", "STRUCT(a HUGEINT)", "", ""), (".ecsv", "BLOB", "", ""),
        (".fits", "TIME_NS", "", ""), (".vot", "BLOB", "", ""), (".ecsv", "MAP(INTEGER, BIT)", "", ""),
    ],
)  # fmt: skip
def test_columns_as_formats_hold_them(connection, suffix, kind, sql, becomes):
    if not becomes:
        with pytest.raises(RefusedFile, match=f"which {suffix} files cannot hold"):
            kinds._made(connection, "", Column("x", kind), suffix)
    else:
        made, column = kinds._made(connection, "", Column("x", kind), suffix)
        assert (made.replace('"x"', "x"), column.type) == (sql, becomes)


@pytest.mark.parametrize(
    ("kind", "values", "becomes"),
    [
        ("HUGEINT", "1, null", "BIGINT"), ("HUGEINT", f"{2**63}", "UBIGINT"), ("HUGEINT", f"{2**64}", "DOUBLE"),
        ("HUGEINT", f"{2**64 + 1}", ""), ("DECIMAL(5, 2)", "1.5, 2.25", "DOUBLE"), ("DECIMAL(5, 2)", "1, 2", "BIGINT"),
        ("UHUGEINT", f"{2**63}", "UBIGINT"),
    ],
)  # fmt: skip
def test_wide_numbers_in_64_bits(connection, kind, values, becomes):
    query = f"select unnest([{values}]::{kind}[]) as x"
    if becomes:
        assert kinds._smaller(connection, query, Column("x", kind)) == becomes
        assert kinds._made(connection, query, Column("x", kind), ".fits")[1].type == becomes
    else:
        with pytest.raises(RefusedFile, match=f"holds {2**64 + 1}, which no number of 64 bits is exactly"):
            kinds._smaller(connection, query, Column("x", kind))


def test_facts_of_columns(connection):
    query = "select * from (values (1, 'é', [1, null, 3]), (null, 'abc', [4]), (-7, null, null)) as t(n, s, v)"
    columns = [Column("n", "INTEGER"), Column("s", "VARCHAR"), Column("v", "INTEGER[]")]
    found = kinds.facts_of(connection, query, columns)
    assert found == Facts(
        3, {"n": 1, "s": 1, "v": 1}, {"n": -7, "v": 1}, {"n": 1, "v": 3}, {"s": 3}, {"v": 4}, {"v": 1}
    )
    with pytest.raises(RefusedFile, match=r"column v is INTEGER\[\] with NULLs in its lists, which .vot files"):
        kinds.refuse_missing_elements(columns[2], found, ".vot")
    kinds.refuse_missing_elements(Column("v", "REAL[]"), found, ".vot")
    kinds.refuse_missing_elements(columns[2], Facts(1, inner_nulls={"v": 0}), ".vot")


def test_names_of_types():
    assert [kinds._named(kind) for kind in ('"NULL"', "FLOAT", "FLOAT[3]", "STRUCT(FLOATING FLOAT)")] == [
        "INTEGER", "REAL", "REAL[3]", "STRUCT(FLOATING REAL)"
    ]  # fmt: skip
    assert [kinds.element(Column("x", kind)) for kind in ("REAL[]", "REAL[3]", "VARCHAR[]", "REAL", "REAL[][]")] == [
        "REAL", "REAL", "", "", ""
    ]  # fmt: skip


# --- files


@pytest.mark.parametrize(("most", "is_there"), [(6, True), (5, False)])
def test_masks_of_long_tables_are_left_out(connection, monkeypatch, most, is_there):
    """Three rows of two columns with NULLs; the third has none, and floats need no mask."""
    monkeypatch.setattr(writers, "MOST_MASKED", most)
    query = "select * from (values (1, 'a', 1, null), (null, null, 2, 1.0), (3, 'c', 3, 1.0)) as t(n, s, m, f)"
    columns = [Column(*at) for at in (("n", "INTEGER"), ("s", "VARCHAR"), ("m", "INTEGER"), ("f", "DOUBLE"))]
    found = writers._masks(connection, query, columns)
    expected = {"n": [False, True, False], "s": [False, True, False]} if is_there else {}
    assert {name: mask.tolist() for name, mask in found.items()} == expected
    assert writers._masks(connection, query, columns[3:]) == {}
    assert writers._masks(connection, query, columns[2:3]) == {}


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_file_that_cannot_be_written_leaves_nothing(connection, monkeypatch, tmp_path, is_folder):
    def fail(connection, query, columns, note, path):
        if is_folder:
            path.mkdir()
        (path / "part" if is_folder else path).write_text("half")
        raise OSError("disk full\nand more")

    monkeypatch.setitem(writers.WRITERS, ".csv", fail)
    (tmp_path / "t.csv").write_text("before")
    with pytest.raises(RefusedFile, match=r"t.csv: cannot be written \(disk full\)"):
        write_file(connection, "select 1 as n", [Column("n", "INTEGER")], "", tmp_path / "t.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
    assert (tmp_path / "t.csv").read_text() == "before"


def test_files_that_are_refused_before_any_work(tmp_path):
    (tmp_path / "t.csv").touch()
    (tmp_path / "t.hats").mkdir()
    for name, overwrite, words in (
        ("t.png", False, "format .png is unknown; it writes .parquet, .fits"), ("t", False, r"format \(none\) is"),
        ("new/t.csv", False, "does not exist"), ("t.csv", False, "say --overwrite"),
        ("t.hats", True, "remove that folder"),
    ):  # fmt: skip
        with pytest.raises(RefusedFile, match=words):
            writers.refuse_existing(tmp_path / name, overwrite)
    writers.refuse_existing(tmp_path / "t.csv", True)
    writers.refuse_existing(tmp_path / "U.CSV", False)


def test_rows_of_ecsv(connection, tmp_path):
    query = "select * from (values (true, [1, null], 'a,b'), (null, [3], null)) as t(b, v, s)"
    columns = [Column("b", "BOOLEAN"), Column("v", "INTEGER[]"), Column("s", "VARCHAR", "mag", "meta", "said")]
    writers._write_ecsv(connection, query, columns, "one\ntwo", tmp_path / "t.ecsv")
    lines = (tmp_path / "t.ecsv").read_text().splitlines()
    assert lines[:4] == ["# %ECSV 1.0", "# ---", "# delimiter: ','", "# datatype:"]
    assert lines[4:7] == [
        '# - {name: "b", datatype: "bool"}', '# - {name: "v", datatype: "string", subtype: "int32[null]"}',
        '# - {name: "s", datatype: "string", unit: "mag", description: "said", meta: {"ucd": "meta"}}',
    ]  # fmt: skip
    assert lines[7:] == [
        "# meta:", "#   comments:", '#   - "one"', '#   - "two"', "# schema: astropy-2.0", "b,v,s",
        'True,"[1,null]","a,b"', ",[3],",
    ]  # fmt: skip
    assert [file.name for file in tmp_path.iterdir()] == ["t.ecsv"]


# --- what stands in files beside the rows


def test_widths_of_text(connection):
    columns = [Column("s", "VARCHAR"), Column("n", "INTEGER"), Column("e", "VARCHAR"), Column("v", "VARCHAR[]")]
    query = "(select 'é€' as s, 1 as n, ''::varchar as e, ['abc'] as v)"
    assert metadata.text_widths(connection, query, columns) == {"s": 2, "e": 1}
    assert metadata.text_widths(connection, query, columns[1:2]) == {}


def test_the_header_of_a_votable():
    from xml.etree import ElementTree

    columns = [
        Column("ra", "DOUBLE", "deg", "pos.eq.ra", "place", epoch=2015.5), Column("s", "VARCHAR"),
        Column("v", "REAL[]"), Column("w", "REAL[]", "dex"),
    ]  # fmt: skip
    text = metadata.votable_header(columns, {"s": 7}, "one\ntwo", {"v": "3"})
    root = ElementTree.fromstring(text.replace(' xmlns="http://www.ivoa.net/xml/VOTable/v1.3"', ""))
    assert [dict(e.attrib) for e in root.iter("COOSYS")] == [
        {"ID": "ICRS_J2015.5", "system": "ICRS", "epoch": "J2015.5"}
    ]
    found = [dict(e.attrib) for e in root.iter("FIELD")]
    assert found == [
        {"name": "ra", "datatype": "double", "unit": "deg", "ucd": "pos.eq.ra", "ref": "ICRS_J2015.5"},
        {"name": "s", "datatype": "unicodeChar", "arraysize": "7"},
        {"name": "v", "datatype": "float", "arraysize": "3"},
        {"name": "w", "datatype": "float", "arraysize": "*"},
    ]  # fmt: skip
    assert [e.text for e in root.iter("DESCRIPTION")] == ["one\ntwo", "place", "[dex]"]
    assert [(e.get("name"), e.get("value")) for e in root.iter("PARAM")] == [
        ("provenance_1", "one"),
        ("provenance_2", "two"),
    ]
    assert metadata.with_unit(Column("x", "REAL", "dex", description="said"), "fits") == "said [dex]"
    assert metadata.with_unit(Column("x", "REAL", "mag", description="said"), "fits") == "said"
    assert metadata.with_unit(Column("x", "REAL", description="said"), "fits") == "said"


def test_masks_in_the_header_for_astropy():
    """Twice in base64: a byte a row."""
    text = metadata.astropy_header([Column("x", "INTEGER"), Column("j", "JSON")], {"x": np.array([True, False])})
    assert text.splitlines() == [
        "datatype:", '- {name: "x", datatype: "int32"}', '- {name: "j", datatype: "string", subtype: "json"}', "meta:",
        "  __serialized_columns__:", '    "x":', "      __class__: astropy.table.column.MaskedColumn",
        '      data: !astropy.table.SerializedColumn {name: "x"}',
        '      mask: !numpy.ndarray {buffer: !!binary "QVFBPQ==", dtype: bool, order: C, shape: [2]}',
    ]  # fmt: skip
    assert metadata.astropy_header([Column("v", "REAL[]")], lengths={"v": 3}).endswith('subtype: "float32[3]"}')
    assert metadata.astropy_header([Column("v", "REAL[]")]) == 'datatype:\n- {name: "v", datatype: "string"}'


def test_what_stands_beside_a_csv_file():
    import json

    columns = [Column("x", "UINTEGER", "mag", "phot", "é"), Column("a b", "VARCHAR")]
    said = json.loads(metadata.csvw_header(columns, "one\ntwo", "t 1.csv"))
    assert (said["url"], said["dc:title"], said["dc:provenance"]) == ("t%201.csv", "one", ["one", "two"])
    more = {"schema:unitText": "mag", "schema:propertyID": "phot", "dc:description": "é"}
    assert said["tableSchema"]["columns"] == [
        {"name": "x", "titles": "x", "datatype": "unsignedInt"} | more, {"titles": "a b", "datatype": "string"}
    ]  # fmt: skip
    assert "é" in metadata.csvw_header(columns, "", "t.csv")
    assert [metadata.plain(kind) for kind in ("FLOAT", "DOUBLE")] == ["REAL", "DOUBLE"]
