"""Views as files, read back by astropy; columns added to other catalogs."""

import hashlib
import json
import math
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse as parse_votable
from astropy.io.votable import parse_single_table
from astropy.table import Table
from candlesql import UserError, open_sky
from candlesql.catalogs.readers import open_file
from candlesql.commands.export import export, to_qtable
from candlesql.commands.join import join

pytest.importorskip("pandas", reason="astropy reads Parquet through pandas")

IDS = [4295806720, 34361129088, 38655544960, 6917528443525529728]


@pytest.fixture(scope="module")
def connection(tiny_sky):
    with open_sky(tiny_sky, trust=True) as connection:
        yield connection


def by_id(table, name="source_id"):
    order = np.argsort(np.asarray(table[name]))
    return table[order]


FORMATS = [("parquet", {}), ("parquet", {"format": "parquet.votable"}), ("fits", {}), ("ecsv", {}), ("vot", {})]


@pytest.mark.parametrize(("suffix", "how"), FORMATS, ids=["parquet", "voparquet", "fits", "ecsv", "votable"])
def test_units_and_64_bit_identifiers_come_back(connection, tmp_path, suffix, how):
    file = tmp_path / f"gaia.{suffix}"
    assert export(connection, "staging.gaia_dr2", file) == 4
    table = by_id(Table.read(file, **how))
    assert list(table["source_id"]) == IDS
    assert table["source_id"].dtype.newbyteorder("=") == np.int64
    assert str(table["parallax"].unit) == "mas"
    assert str(table["pmra"].unit) == "mas / yr"
    assert str(table["ra"].unit) == "deg"
    assert list(table["ra"]) == [10.0, 150.0, 359.9999, 200.0]
    assert np.asarray(table["phot_g_mean_mag"]).dtype.itemsize == 4


@pytest.mark.parametrize(("suffix", "how"), FORMATS, ids=["parquet", "voparquet", "fits", "ecsv", "votable"])
def test_text_and_missing_values_come_back(connection, tmp_path, suffix, how):
    file = tmp_path / f"twomass.{suffix}"
    export(connection, "staging.twomass", file)
    table = Table.read(file, **how)
    order = np.argsort(np.asarray(table["designation"]).astype(str))
    names = [str(name).strip() for name in table["designation"][order]]
    assert names == ["00400000+0000003", "10000000+4500003", "13200000-8929596", "13200000-8930007"]
    magnitudes = np.ma.filled(np.ma.asarray(table["j_m"][order]).astype(float), np.nan)
    assert magnitudes[:2].tolist() + magnitudes[3:].tolist() == [10.5, 11.5, 12.5]
    assert math.isnan(magnitudes[2])


def test_descriptions_and_ucds_in_votable_metadata(connection, tmp_path):
    export(connection, "staging.gaia_dr2", tmp_path / "g.parquet")
    table = Table.read(tmp_path / "g.parquet", format="parquet.votable")
    assert table["parallax"].description == "Parallax, without zero-point correction"
    assert table["parallax"].meta["ucd"] == "pos.parallax"
    keys = pq.read_metadata(tmp_path / "g.parquet").metadata
    assert keys[b"IVOA.VOTable-Parquet.version"] == b"1.0"


def test_own_readers_read_what_the_writers_wrote(connection, tmp_path):
    for suffix in ("parquet", "fits", "ecsv", "vot", "csv"):
        export(connection, "staging.gaia_dr2", tmp_path / f"g.{suffix}")
        column = open_file(connection, tmp_path / f"g.{suffix}").columns["parallax"]
        assert (column.unit, column.description) == ("mas", "Parallax, without zero-point correction")


def test_every_type_goes_into_fits(connection, tmp_path):
    connection.execute(
        """create or replace temp view every_type as
           select 1::tinyint as a, 2::smallint as b, 3::integer as c, 4::bigint as d, 5::ubigint as e, 6::hugeint as f,
                  1.5::real as g, 2.5::double as h, true as i, 'β "x"' as j, 1.25::decimal(5, 2) as k
           union all by name select null::tinyint as a, -7::smallint as b"""
    )
    from candlesql.catalogs.writers import write_file
    from candlesql.sql.describe import _described

    types = connection.execute("select column_name, column_type from (describe every_type)").fetchall()
    columns = [_described(name, type_, "") for name, type_ in types]
    fields = ", ".join(f"{c.name}::{c.type} as {c.name}" for c in columns)
    write_file(connection, f"select {fields} from every_type", columns, "a note", tmp_path / "t.fits")
    first, second = Table.read(tmp_path / "t.fits")
    assert [first[n] for n in "abcdefghk"] == [1, 2, 3, 4, 5, 6, 1.5, 2.5, 1.25]
    assert bool(first["i"]) is True
    assert first["j"] == 'β "x"'
    assert second["a"] is np.ma.masked
    assert second["b"] == -7
    assert second["d"] is np.ma.masked
    assert np.isnan(float(np.ma.filled(second["h"], np.nan)))


def test_fits_file_keeps_the_standard(connection, tmp_path):
    export(connection, "staging.gaia_dr2", tmp_path / "g.fits")
    with fits.open(tmp_path / "g.fits", checksum=True) as hdus:
        hdus.verify("exception")
    assert (tmp_path / "g.fits").stat().st_size % 2880 == 0


def test_file_says_where_it_comes_from(connection, tmp_path):
    export(connection, "match.gaia_dr2_twomass", tmp_path / "m.fits")
    history = "".join(str(card) for card in fits.getheader(tmp_path / "m.fits", 1)["HISTORY"])
    assert "match.gaia_dr2_twomass by candlesql 0.1.0" in history
    assert "match.gaia_dr2_twomass made" in history
    assert "max_ruwe" in history


def test_every_type_and_null_goes_into_votable(connection, tmp_path):
    from candlesql.catalogs.writers import write_file
    from candlesql.sql.describe import _described

    connection.execute(
        """create or replace temp view nine as select 1::smallint as a, 3::integer as b, 4::bigint as c, 1.5::real as d,
           2.5::double as e, true as f, 'β "<x>"' as g, 7::bigint as h, 8::bigint as i
           union all by name select -7::smallint as a, false as f, 9::bigint as i"""
    )
    types = connection.execute("select column_name, column_type from (describe nine)").fetchall()
    columns = [_described(name, type_, "") for name, type_ in types]
    write_file(connection, "from nine", columns, "note <&>\nof two lines", tmp_path / "t.vot")
    first, second = Table.read(tmp_path / "t.vot")
    assert [first[n] for n in "abcdeghi"] == [1, 3, 4, 1.5, 2.5, 'β "<x>"', 7, 8]
    assert [bool(first["f"]), bool(second["f"]), second["a"], second["i"]] == [True, False, -7, 9]
    assert all(second[n] is np.ma.masked for n in "bch")
    source = open_file(connection, tmp_path / "t.vot")
    fields = ", ".join(column.sql for column in source.columns.values())
    rows = connection.execute(f"select {fields} from {source.relation(list(source.columns))}").fetchall()
    source.close()
    assert rows[0] == (1, 3, 4, 1.5, 2.5, True, 'β "<x>"', 7, 8)
    assert rows[1] == (-7, None, None, None, None, False, None, None, 9)


def test_votable_is_valid_and_says_where_it_comes_from(connection, tmp_path):
    export(connection, "staging.gaia_dr2", tmp_path / "g.vot")
    table = parse_single_table(str(tmp_path / "g.vot"), verify="exception")
    assert "staging.gaia_dr2 by candlesql" in table.description
    assert table.get_field_by_id_or_name("parallax").ucd == "pos.parallax"


def test_hats_catalog_is_valid_and_comes_back(connection, tmp_path):
    hats = pytest.importorskip("hats")
    assert export(connection, "staging.gaia_dr2", tmp_path / "gaia.hats") == 4
    from hats.io.validation import is_valid_catalog

    assert is_valid_catalog(tmp_path / "gaia.hats", strict=True)
    common = tmp_path / "gaia.hats/gaia/dataset/_common_metadata"
    said = pq.read_schema(common).metadata[b"IVOA.VOTable-Parquet.content"]
    parallax = next(field for field in parse_single_table(BytesIO(said)).fields if field.name == "parallax")
    assert parallax.unit == "mas"
    assert "staging.gaia_dr2 made" in (tmp_path / "gaia.hats/gaia/provenance.txt").read_text()
    catalog = hats.read_hats(tmp_path / "gaia.hats").main_catalog
    assert (catalog.catalog_info.total_rows, catalog.catalog_name) == (4, "gaia")
    source = open_file(connection, tmp_path / "gaia.hats")
    assert source.columns["parallax"].unit == "mas"
    rows = connection.execute(f"select source_id from {source.relation([])} order by 1").fetchall()
    assert [row[0] for row in rows] == IDS
    with pytest.raises(UserError, match="is there already"):
        export(connection, "staging.gaia_dr2", tmp_path / "gaia.hats")
    with pytest.raises(UserError, match="needs columns ra and dec"):
        export(connection, "match.gaia_dr2_twomass", tmp_path / "m.hats")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gaia.hats"]


def test_csv(connection, tmp_path):
    export(connection, "match.gaia_dr2_twomass", tmp_path / "m.csv")
    lines = (tmp_path / "m.csv").read_text().splitlines()
    assert lines[0] == "source_id,designation,separation_arcsec,n_neighbours"
    assert len(lines) == 4


def test_csv_says_where_it_comes_from_in_a_file_beside_it(connection, tiny_files, tmp_path):
    """The names are those of W3C's Metadata Vocabulary for Tabular Data (17 December 2015)."""
    export(connection, "match.gaia_dr2_twomass", tmp_path / "m 1.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m 1.csv", "m 1.csv-metadata.json"]
    table = json.loads((tmp_path / "m 1.csv-metadata.json").read_text(encoding="utf-8"))
    assert (table["@context"], table["url"]) == ("http://www.w3.org/ns/csvw", "m%201.csv")
    columns = {column["titles"]: column for column in table["tableSchema"]["columns"]}
    assert ",".join(columns) == (tmp_path / "m 1.csv").read_text().splitlines()[0]
    assert columns["source_id"]["datatype"] == "long"
    separation = columns["separation_arcsec"]
    assert (separation["name"], separation["datatype"]) == ("separation_arcsec", "double")
    assert separation["schema:unitText"] == "arcsec"
    assert separation["dc:description"]
    lines = table["dc:provenance"]
    assert lines[0].startswith("match.gaia_dr2_twomass by candlesql ")
    (made,) = [line for line in lines if line.startswith("staging.gaia_dr2 made")]
    digest = hashlib.sha256(tiny_files["gaia_dr2"].read_bytes()).hexdigest()
    assert f"gaia_dr2.csv:{digest[:12]}" in made
    assert any(line.startswith("cuts ") and "max_ruwe" in line for line in lines)
    assert any(line.startswith("query ") for line in lines)


def test_csv_and_the_file_beside_it_must_fit(connection, tmp_path):
    file, beside = tmp_path / "m.csv", tmp_path / "m.csv-metadata.json"
    export(connection, "match.gaia_dr2_twomass", file)
    file.write_text("source_id,designation,distance,n_neighbours\n1,a,2,3\n")
    with pytest.raises(UserError, match=r"does not fit m\.csv: column distance is in one only; take it away"):
        open_file(connection, file)
    beside.write_text("{")
    with pytest.raises(UserError, match="damaged, or no CSVW file"):
        open_file(connection, file)
    beside.write_text('{"url": "another.csv"}')
    assert open_file(connection, file).columns["distance"].unit == ""


def test_csv_that_cannot_be_replaced_keeps_the_file_beside_it(connection, tmp_path, monkeypatch):
    file, beside = tmp_path / "m.csv", tmp_path / "m.csv-metadata.json"
    export(connection, "match.gaia_dr2_twomass", file)
    before = file.read_bytes(), beside.read_bytes()
    replace = Path.replace

    def full(path, target):
        if Path(target) == file:
            raise OSError("disk full")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="cannot be written"):
        export(connection, "staging.gaia_dr2", file, overwrite=True)
    assert (file.read_bytes(), beside.read_bytes()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name, beside.name]


def test_failed_export_keeps_the_file_before(connection, tmp_path):
    (tmp_path / "x.csv").write_text("mine")
    with pytest.raises(UserError):
        export(connection, "red_clump.catalogue", tmp_path / "x.csv", overwrite=True)
    assert (tmp_path / "x.csv").read_text() == "mine"


# Join


@pytest.fixture
def mine(tmp_path):
    """A user's catalog, in this order."""

    def write(**columns):
        pq.write_table(pa.table(columns), tmp_path / "mine.parquet")
        return tmp_path / "mine.parquet"

    return write


def joined(connection, file, out, **how):
    found = join(connection, file, out, how.pop("view", "staging.gaia_dr2"), overwrite=True, **how)
    return found, pq.read_table(out).to_pydict()


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.string()])
def test_join_by_identifier_keeps_every_row(connection, mine, tmp_path, kind):
    ids = pa.array([IDS[3], 12345, IDS[0], None], pa.int64()).cast(kind)
    file = mine(gaia=ids, name=["d", "none", "a", "null"], ra=[0.5, 1.5, 2.5, 3.5])
    found, rows = joined(connection, file, tmp_path / "out.parquet", on="gaia")
    assert found == (4, 2)
    at = {name: i for i, name in enumerate(rows["name"])}
    assert [rows["source_id"][at[n]] for n in ("d", "none", "a", "null")] == [IDS[3], None, IDS[0], None]
    assert [rows["ra"][at[n]] for n in ("d", "none", "a", "null")] == [0.5, 1.5, 2.5, 3.5]
    assert rows["ra_candlesql"][at["a"]] == 10.0


def test_join_by_position(connection, mine, tmp_path):
    file = mine(
        star=["a", "far", "round zero", "pole", "a again", "nowhere"],
        ra=[10.0, 77.0, 0.0, 201.0, 10.0, None],
        dec=[0.0002, 0.0, -30.0, -89.5, 0.0, float("nan")],
    )
    found, rows = joined(connection, file, tmp_path / "out.parquet", radius_arcsec=40.0)
    expected = {"a": IDS[0], "far": None, "round zero": IDS[2], "pole": IDS[3], "a again": IDS[0], "nowhere": None}
    assert dict(zip(rows["star"], rows["source_id"], strict=True)) == expected
    assert found == (6, 4)


def test_join_takes_the_nearest(connection, mine, tmp_path):
    file = mine(ra=[10.0, 200.0], dec=[0.0001, -89.4999], star=["near a", "near d"])
    _, rows = joined(connection, file, tmp_path / "out.parquet", view="staging.gaia_dr2", radius_arcsec=600.0)
    assert dict(zip(rows["star"], rows["source_id"], strict=True)) == {"near a": IDS[0], "near d": IDS[3]}


def test_joining_twice_keeps_names_apart(connection, mine, tmp_path):
    file = mine(source_id=IDS, RUWE=[1.0, 2.0, 3.0, 4.0])
    joined(connection, file, tmp_path / "once.parquet", on="source_id")
    _, rows = joined(connection, tmp_path / "once.parquet", tmp_path / "twice.parquet", on="source_id")
    assert {"source_id", "source_id_candlesql", "source_id_candlesql_candlesql", "RUWE", "ruwe_candlesql"} <= set(rows)


def test_units_of_both_sides_stay(connection, mine, tmp_path):
    export(connection, "staging.gaia_dr2", tmp_path / "g.parquet")
    join(connection, tmp_path / "g.parquet", tmp_path / "o.parquet", "match.gaia_dr2_twomass", on="source_id")
    table = Table.read(tmp_path / "o.parquet")
    assert str(table["parallax"].unit) == "mas"
    assert str(table["separation_arcsec"].unit) == "arcsec"


def test_join_into_fits(connection, mine, tmp_path):
    assert join(connection, mine(id=IDS), tmp_path / "o.fits", "staging.gaia_dr2", on="id") == (4, 4)
    assert list(by_id(Table.read(tmp_path / "o.fits"))["id"]) == IDS


@pytest.mark.parametrize(
    ("columns", "how", "said"),
    [
        ({"id": [1.0, 2.0]}, {"on": "id"}, "id is stored as DOUBLE, which cannot hold 64-bit identifiers"),
        ({"id": pa.array([1.0], pa.float32())}, {"on": "id"}, "id is stored as FLOAT"),
        ({"id": [1]}, {"on": "ident"}, "has no column ident; it has id"),
        ({"id": [1]}, {"on": 'x"; drop table candlesql.runs; --'}, "has no column x"),
        ({"id": [1]}, {"radius_arcsec": 1.0}, "has no column ra; it has id"),
        ({"id": [1]}, {}, "say either --on ID or --radius ARCSEC"),
        ({"id": [1]}, {"on": "id", "radius_arcsec": 1.0}, "say either --on ID or --radius ARCSEC"),
        ({"id": [1, 2]}, {"on": "id"}, "none of its 2 rows joins staging.gaia_dr2"),
        ({"ra": [1.0], "dec": [1.0]}, {"radius_arcsec": -1.0}, "must lie between 0 and 600 arcsec"),
        ({"id": IDS}, {"on": "id", "view": "staging.twomass"}, "staging.twomass has no source_id"),
        ({"id": IDS}, {"on": "id", "view": "staging.gaya"}, "there is no view staging.gaya; nearest: staging.ga"),
    ],
)
def test_join_that_cannot_be(connection, mine, tmp_path, columns, how, said):
    (tmp_path / "out.parquet").write_text("mine")
    with pytest.raises(UserError) as error:
        joined(connection, mine(**columns), tmp_path / "out.parquet", **how)
    assert said in str(error.value)
    assert (tmp_path / "out.parquet").read_text() == "mine"


def test_join_with_a_file_that_is_no_parquet(connection, tmp_path):
    (tmp_path / "m.parquet").write_text("junk junk junk junk")
    with pytest.raises(UserError, match="not a readable Parquet file"):
        join(connection, tmp_path / "m.parquet", tmp_path / "o.parquet", "staging.gaia_dr2", on="x")


@pytest.mark.parametrize("suffix", ["csv", "ecsv", "fits", "vot", "parquet", "hats"])
def test_join_from_and_to_every_format(connection, tmp_path, suffix):
    """A catalog of each format, joined by identifier into the same format and by position into Parquet."""
    file, out = tmp_path / f"mine.{suffix}", tmp_path / f"out.{suffix}"
    export(connection, "staging.gaia_dr2", file)
    assert join(connection, file, out, "staging.gaia_dr2", on="source_id") == (4, 4)
    read = open_file(connection, out)
    assert {"source_id", "parallax", "source_id_candlesql", "parallax_candlesql"} <= set(read.columns)
    assert read.columns["parallax_candlesql"].unit == "mas"
    assert join(connection, file, tmp_path / "o.parquet", "staging.gaia_dr2", radius_arcsec=1.0) == (4, 4)
    rows = pq.read_table(tmp_path / "o.parquet").to_pydict()
    assert rows["source_id"] == rows["source_id_candlesql"]
    assert sorted(rows["source_id"]) == IDS
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_join_by_position_in_another_unit(connection, tmp_path):
    table = Table({"RAJ2000": [10.0, 150.0], "DEJ2000": [0.0, 45.0], "n": ["007", "010"]})
    table["RAJ2000"].unit = table["DEJ2000"].unit = "deg"
    for unit in ("rad", "hourangle", "arcsec"):
        other = table.copy()
        other["RAJ2000"] = other["RAJ2000"].quantity.to(unit)
        other.write(tmp_path / "m.ecsv", overwrite=True)
        how = {"radius_arcsec": 0.1, "overwrite": True}
        join(connection, tmp_path / "m.ecsv", tmp_path / "o.parquet", "staging.gaia_dr2", **how)
        rows = pq.read_table(tmp_path / "o.parquet").to_pydict()
        assert sorted(zip(rows["source_id"], rows["n"], strict=True)) == [(IDS[0], "007"), (IDS[1], "010")]
    table["RAJ2000"].unit = "mag"
    table.write(tmp_path / "m.ecsv", overwrite=True)
    with pytest.raises(UserError, match="column RAJ2000 is in 'mag', which is no angle"):
        join(connection, tmp_path / "m.ecsv", tmp_path / "o.parquet", "staging.gaia_dr2", **how)


def test_join_with_a_truncated_file(connection, tmp_path):
    export(connection, "staging.gaia_dr2", tmp_path / "m.fits")
    (tmp_path / "m.fits").write_bytes((tmp_path / "m.fits").read_bytes()[:-2880])
    with pytest.raises(UserError, match="truncated"):
        join(connection, tmp_path / "m.fits", tmp_path / "o.parquet", "staging.gaia_dr2", on="source_id")
    assert [path.name for path in tmp_path.iterdir()] == ["m.fits"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,ra,dec\n1,10,0\n2,10,95.5\n", "dec is 95.5 for row 1 (1 such rows), outside -90 to 90 deg"),
        ("File_Row_Number,ra,dec\n1,10,0\n", "column file_row_number has a name that DuckDB keeps for itself"),
    ],
)
def test_join_with_a_file_at_fault(connection, tmp_path, text, said):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(UserError) as error:
        join(connection, tmp_path / "m.csv", tmp_path / "o.csv", "staging.gaia_dr2", radius_arcsec=1.0)
    assert said in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_views_as_tables_in_memory(connection):
    """Quantities, masked ones too; Arrow and Polars are DuckDB's own."""
    table = by_id(to_qtable(connection, "staging.gaia_dr2"))
    assert list(table["source_id"]) == IDS
    assert list(table["ra"].to_value("arcmin")) == pytest.approx([600.0, 9000.0, 21599.994, 12000.0])
    assert str(table["parallax"].unit) == "mas"
    assert table["pmra"].mask.all()
    assert any(line.startswith("query ") for line in table.meta["comments"])
    relation = connection.sql("from staging.gaia_dr2 order by source_id")
    assert relation.to_arrow_table()["source_id"].to_pylist() == IDS
    assert relation.pl()["source_id"].to_list() == IDS


QUERY = "select source_id, ra as alpha, parallax as plx, parallax / 1000 as arcsec from staging.gaia_dr2 where ra < 190"


@pytest.mark.parametrize(("suffix", "how"), FORMATS, ids=["parquet", "voparquet", "fits", "ecsv", "votable"])
def test_a_query_keeps_what_is_known_of_its_columns(connection, tmp_path, suffix, how):
    assert export(connection, QUERY, tmp_path / f"q.{suffix}") == 2
    table = Table.read(tmp_path / f"q.{suffix}", **how)
    assert table.colnames == ["source_id", "alpha", "plx", "arcsec"]
    assert [str(table[name].unit) for name in table.colnames] == ["None", "deg", "mas", "None"]
    assert table["plx"].description == "Parallax, without zero-point correction"
    assert table["plx"].meta["ucd"] == "pos.parallax"
    assert sorted(table["alpha"]) == [10.0, 150.0]


def test_a_query_may_stand_in_a_file_and_must_be_one_select(connection, tmp_path):
    (tmp_path / "q.sql").write_text(f"-- mine\n{QUERY};\n")
    assert export(connection, str(tmp_path / "q.sql"), tmp_path / "q.fits") == 2
    for text, said in (("create table x as select 1", "must be one SELECT"), ("select 1; select 2", "2 statements")):
        with pytest.raises(UserError, match=said):
            export(connection, text, tmp_path / "x.fits")
    with pytest.raises(UserError, match=r"there is no view staging\.gaia_dr9; nearest"):
        export(connection, "select * from staging.gaia_dr9", tmp_path / "x.fits")


def test_rows_are_in_the_querys_order_and_else_in_one_order(connection, tmp_path):
    export(connection, "select source_id, ra from staging.gaia_dr2 order by ra desc", tmp_path / "a.csv")
    assert [line.split(",")[1] for line in (tmp_path / "a.csv").read_text().split()[1:]] == [
        "359.9999",
        "200.0",
        "150.0",
        "10.0",
    ]
    connection.execute("create or replace temp table shuffled as from staging.gaia_dr2 order by hash(source_id)")
    sums = set()
    for name in ("staging.gaia_dr2", "from staging.gaia_dr2", "select * from staging.gaia_dr2 where ra >= 0"):
        export(connection, f"select source_id, ra from ({name})", tmp_path / "b.parquet", overwrite=True)
        sums.add(tuple(pq.read_table(tmp_path / "b.parquet")["source_id"].to_pylist()))
    assert sums == {tuple(sorted(IDS))}


def test_nothing_is_overwritten_unasked(connection, mine, tmp_path):
    (tmp_path / "g.fits").write_text("mine")
    with pytest.raises(UserError, match="is there already; say --overwrite"):
        export(connection, "staging.gaia_dr2", tmp_path / "g.fits")
    with pytest.raises(UserError, match="is there already; say --overwrite"):
        join(connection, mine(id=IDS), tmp_path / "g.fits", "staging.gaia_dr2", on="id")
    with pytest.raises(UserError, match="is the catalog that is joined"):
        join(connection, mine(id=IDS), tmp_path / "mine.parquet", "staging.gaia_dr2", on="id", overwrite=True)
    assert (tmp_path / "g.fits").read_text() == "mine"
    assert export(connection, "staging.gaia_dr2", tmp_path / "g.fits", overwrite=True) == 4


def test_votables_say_the_epoch_of_the_positions_and_where_they_come_from(connection, tmp_path):
    for name in ("g.vot", "g.parquet"):
        export(connection, 'select ra, "dec", parallax from staging.gaia_dr2', tmp_path / name)
    text = pq.read_metadata(tmp_path / "g.parquet").metadata[b"IVOA.VOTable-Parquet.content"].decode()
    (tmp_path / "h.vot").write_text(text)
    for name in ("g.vot", "h.vot"):
        (resource,) = parse_votable(tmp_path / name).resources
        (frame,) = resource.coordinate_systems
        assert (frame.system, frame.epoch) == ("ICRS", "J2015.5")
        assert [field.ref for field in resource.tables[0].fields] == [frame.ID, frame.ID, None]
        assert "query by candlesql" in str(resource.tables[0].params[0].value)


def test_dex_comes_back_without_a_warning(connection, tmp_path, recwarn):
    from candlesql.catalogs.survey import Column
    from candlesql.catalogs.writers import write_file

    columns = [Column("n", "BIGINT"), Column("logg", "REAL", "dex", "phys.gravity", "log g")]
    for suffix, how in FORMATS:
        file = tmp_path / f"d.{suffix}"
        write_file(connection, "select 1::bigint as n, 2.5::real as logg", columns, "note", file)
        table = Table.read(file, **how)
        assert suffix == "vot" or str(table["logg"].unit) == "dex"
        assert table["logg"].description.startswith("log g")
        column = open_file(connection, file).columns["logg"]
        assert (column.unit, column.ucd, column.description) == ("dex", "phys.gravity", "log g")
    assert not [str(warning.message) for warning in recwarn if "ATTR" not in str(warning.message)]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": [f"Gaia DR3 {IDS[0]}"]}, "identifiers of GAIA DR3, and staging.gaia_dr2 those of GAIA DR2"),
    ],
)
def test_identifiers_of_another_release_do_not_join(connection, mine, tmp_path, columns, said):
    with pytest.raises(UserError, match=said):
        join(connection, mine(**columns), tmp_path / "o.parquet", "staging.gaia_dr2", on="id")


def test_positions_are_checked_as_by_ingest(connection, mine, tmp_path):
    hours = {"ra": [0.5, 5.0, 11.0, 17.0, 23.5], "dec": [-60.0, -30.0, 0.0, 30.0, 60.0]}
    with pytest.raises(UserError, match="looks like hours"):
        join(connection, mine(**hours), tmp_path / "o.parquet", "staging.gaia_dr2", radius_arcsec=1.0)
    radians = {"ra": [0.1, 1.5, 3.0, 4.5, 6.2], "dec": [-1.2, -0.5, 0.0, 0.7, 1.5]}
    with pytest.raises(UserError, match="looks like radians"):
        join(connection, mine(**radians), tmp_path / "o.parquet", "staging.gaia_dr2", radius_arcsec=1.0)


def test_positions_in_hours_minutes_and_seconds_join(connection, mine, tmp_path):
    file = mine(ra=["00:40:00.0", "10 00 00", None], dec=["+00 00 00.36", "+45:00:00", None])
    found, _ = joined(connection, file, tmp_path / "o.parquet", radius_arcsec=40.0)
    assert found[0] == 3
    assert found[1] >= 1
