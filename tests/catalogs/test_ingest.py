"""From files to the stored Parquet file of a survey, without a workspace."""

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from candlesql import UserError
from candlesql.catalogs import prepare as module
from candlesql.catalogs.prepare import ROW_GROUP, ingest
from candlesql.catalogs.readers import catalog_files
from candlesql.catalogs.survey import load_survey, read_survey

SIMPLE = """
title = "Simple"
citation = "none"
id = "id"
ra = "ra"
dec = "dec"
sentinels = [-9999, -999.5]
[columns]
id = { type = "BIGINT", required = true }
ra = { type = "DOUBLE", unit = "deg", required = true }
dec = { type = "DOUBLE", unit = "deg", required = true }
parallax = { type = "DOUBLE", unit = "mas", aka = ["plx"] }
pm = { type = "REAL", unit = "mas/yr" }
mag = { type = "REAL", unit = "mag" }
numax = { type = "REAL", unit = "uHz" }
n = { type = "INTEGER" }
name = { type = "VARCHAR" }
ok = { type = "BOOLEAN" }
offset = { type = "REAL", unit = "mas", by = "source", values = { DR2 = -0.05, "it's" = 0.25 } }
zero = { type = "REAL", unit = "mas", constant = -0.017 }
"""


@pytest.fixture
def simple(tmp_path):
    (tmp_path / "simple.toml").write_text(SIMPLE)
    return read_survey(tmp_path / "simple.toml")


@pytest.fixture
def stored(simple, tmp_path):
    """Ingest text or a table as the survey `simple`; returns what was done and the stored columns as lists."""

    def stored(content, name="t.csv", renames=None, units=None):
        file = tmp_path / name
        if isinstance(content, str):
            file.write_text(content)
        elif name.endswith(".parquet"):
            pq.write_table(content, file)
        else:
            content.write(file, overwrite=True)
        target = tmp_path / "simple.parquet"
        done = ingest(simple, [file], target, renames, units)
        return done, pq.read_table(target).to_pydict()

    return stored


def test_types_missing_columns_and_filled_ones(stored):
    text = (
        "id,ra,dec,name,ok,n,source,extra\n2,10,20, a b ,true,3,DR2,x\n1,10.5,20,,F,,it's,y\n3,11,20,c,,4.0,other,z\n"
    )
    done, rows = stored(text)
    assert done.rows == 3
    assert done.left_out == ["extra"]
    by_id = {i: k for k, i in enumerate(rows["id"])}
    order = [by_id[i] for i in (2, 1, 3)]
    assert [rows["name"][k] for k in order] == ["a b", None, "c"]
    assert [rows["ok"][k] for k in order] == [True, False, None]
    assert [rows["n"][k] for k in order] == [3, None, 4]
    assert [rows["offset"][k] for k in order] == pytest.approx([-0.05, 0.25, None])
    assert rows["zero"] == pytest.approx([-0.017] * 3)
    assert rows["parallax"] == [None] * 3


@pytest.mark.parametrize(
    ("column", "unit", "value", "expected"),
    [
        ("plx", "arcsec", 0.002, 2.0),
        ("plx", "uas", 1500.0, 1.5),
        ("pm", "arcsec/yr", -0.25, -250.0),
        ("pm", "mas.yr**-1", 3.0, 3.0),
        ("pm", "arcmin/a", 0.001, 60.0),
        ("numax", "muHz", 31.5, 31.5),
        ("numax", "mHz", 0.25, 250.0),
    ],
)
def test_units_of_the_file_are_converted(stored, column, unit, value, expected):
    table = Table({"id": [1], "ra": [10.0], "dec": [20.0], "source": ["DR2"], column: [value]})
    table[column].unit = unit
    table.meta = {}
    name = "t.fits" if unit != "muHz" else "t.ecsv"
    if unit == "muHz":
        content = "\n".join(
            [
                "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:",
                "# - {name: numax, unit: muHz, datatype: float64}\n# - {name: id, datatype: int64}",
                "numax,id,ra,dec,source\n31.5,1,10,20,DR2\n",
            ]
        )
        _, rows = stored(content, name)
    else:
        _, rows = stored(table, name)
    ours = "parallax" if column == "plx" else column
    assert rows[ours] == pytest.approx([expected], rel=1e-6)


@pytest.mark.parametrize("unit", ["hourangle", "h"])
def test_right_ascension_in_hours(stored, unit):
    table = Table({"id": [1, 2], "ra": [6.0, 23.999], "dec": [20.0, -5.0], "source": ["", ""]})
    table["ra"].unit = unit
    _, rows = stored(table, "t.ecsv")
    assert sorted(rows["ra"]) == pytest.approx([90.0, 359.985])


def test_stated_unit_goes_before_that_of_the_file(stored):
    table = Table({"id": [1], "ra": [6.0], "dec": [20.0], "source": [""]}, units={"ra": "deg"})
    _, rows = stored(table, "t.fits", units={"ra": "hourangle"})
    assert rows["ra"] == pytest.approx([90.0])


def test_sentinels_become_null_and_are_counted_before_units_apply(stored):
    text = (
        "id,ra,dec,plx,mag,n,pm,source\n"
        "1,1,1,-9999,99.999,-9999,-999.5,a\n2,2,2,1,-999,5,99.999,a\n3,3,3,2,14.25,6,nan,a\n4,4,4,3,inf,7,1,a\n"
    )
    done, rows = stored(text, units={"parallax": "arcsec"})
    assert done.sentinels == {"parallax": 1, "mag": 3, "n": 1, "pm": 1}
    by_id = np.argsort(rows["id"])
    assert [rows["parallax"][k] for k in by_id] == [None, 1000.0, 2000.0, 3000.0]
    assert [rows["mag"][k] for k in by_id] == [None, None, 14.25, None]
    assert [rows["n"][k] for k in by_id] == [None, 5, 6, 7]
    assert [rows["pm"][k] for k in by_id] == [None, pytest.approx(99.999), None, 1.0]


def test_renames_and_names_by_case(stored):
    table = pa.table({"ID": [7], "RAJ": [1.0], "Dec": [2.0], "source": ["x"], "G": [1.5], "g": [2.5]})
    _, rows = stored(table, "t.parquet", renames={"RAJ": "ra", "G": "mag"})
    assert (rows["id"], rows["ra"], rows["dec"], rows["mag"]) == ([7], [1.0], [2.0], [1.5])


@pytest.mark.parametrize(
    ("renames", "said"),
    [
        ({"none": "ra"}, "column none is not in the file"),
        ({"ra": "none"}, "survey simple has no column none"),
        ({"ra": "mag", "dec": "mag"}, "two columns cannot both become mag"),
    ],
)
def test_renames_that_lead_nowhere(stored, renames, said):
    with pytest.raises(UserError, match=said):
        stored("id,ra,dec,source\n1,2,3,x\n", renames=renames)


def test_float_column_with_nan_becomes_integers_with_null(stored):
    table = pa.table({"id": [1.0, 2.0], "ra": [1.0, 2.0], "dec": [1.0, 1.0], "n": [np.nan, 4.0], "source": ["", ""]})
    _, rows = stored(table, "t.parquet")
    assert dict(zip(rows["id"], rows["n"], strict=True)) == {1: None, 2: 4}


@pytest.mark.parametrize("value", ["12.5", 12.5])
@pytest.mark.parametrize("column", ["id", "n"])
def test_fractions_are_no_integers(stored, value, column):
    row = {"id": 1, "ra": 1.0, "dec": 1.0, "n": 3, "source": "x"} | {column: value}
    content, name = f"{','.join(row)}\n{','.join(map(str, row.values()))}\n", "t.csv"
    if isinstance(value, float):
        content, name = pa.table({key: [x] for key, x in row.items()}), "t.parquet"
    with pytest.raises(UserError, match=rf"column {column} holds '?12\.5'?, which is no (BIGINT|INTEGER)"):
        stored(content, name)


def test_whole_numbers_with_a_point_are_integers(stored):
    _, rows = stored("id,ra,dec,n,source\n7.0,1,1,4.,x\n")
    assert (rows["id"], rows["n"]) == ([7], [4])


@pytest.mark.parametrize("value", ["6.57961231375051264E17", "657961231375051264.0", 657961231375051264.0])
def test_identifiers_that_went_through_floating_point_are_refused(stored, value):
    if isinstance(value, str):
        content, name = f"id,ra,dec,source\n{value},1,1,x\n", "t.csv"
    else:
        content, name = pa.table({"id": [value], "ra": [1.0], "dec": [1.0], "source": ["x"]}), "t.parquet"
    with pytest.raises(UserError, match=r"column id holds .*which has lost digits of id"):
        stored(content, name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,ra,dec,plx,source\n1,1,1,bright,x\n", "column plx holds 'bright', which is no DOUBLE"),
        ("id,ra,dec,source\n1,1,1,x\n2,3\n", "CSV Error on Line: 3"),
        ("id,ra,dec,source\n1,1,1,x,y\n", "Expected Number of Columns: 4 Found: 5"),
        ("id,ra,dec\n1,1,1\n", "column source is missing"),
        ("id,ra,dec,source\n", "has no rows"),
    ],
)
def test_value_at_fault_is_named(stored, text, said):
    with pytest.raises(UserError) as error:
        stored(text)
    assert "t.csv" in str(error.value)
    assert said in str(error.value)


def test_fits_value_at_fault_is_named(stored):
    table = Table({"id": ["12 ", " x7"], "ra": [1.0, 2.0], "dec": [1.0, 1.0], "source": ["", ""]})
    with pytest.raises(UserError, match="column id holds 'x7', which is no BIGINT"):
        stored(table, "t.fits")


def many(n: int) -> Table:
    rng = np.random.default_rng(5)
    table = Table({"id": rng.permutation(n), "ra": rng.uniform(0, 360, n)})
    table["dec"] = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    table["source"] = "x"
    return table


def test_sorted_by_healpix_so_that_row_groups_are_patches_of_sky(stored, tmp_path):
    healpy = pytest.importorskip("healpy")
    n = 2 * ROW_GROUP + 1000
    _, rows = stored(many(n), "t.fits")
    index = np.array(rows["_healpix_29"])
    assert (np.diff(index) >= 0).all()
    expected = healpy.ang2pix(2**20, np.array(rows["ra"]), np.array(rows["dec"]), nest=True, lonlat=True)
    assert (index >> 18 == expected).mean() > 0.9999
    metadata = pq.read_metadata(tmp_path / "simple.parquet")
    assert [metadata.row_group(i).num_rows for i in range(3)] == [ROW_GROUP, ROW_GROUP, 1000]


def test_several_files_become_one(simple, tmp_path):
    table = many(1000)
    table[:400].write(tmp_path / "a.fits")
    table[400:].write(tmp_path / "b.ecsv")
    done = ingest(simple, [tmp_path / "a.fits", tmp_path / "b.ecsv"], tmp_path / "simple.parquet")
    assert done.rows == 1000
    assert sorted(pq.read_table(tmp_path / "simple.parquet")["id"].to_pylist()) == list(range(1000))


def test_failure_leaves_what_was_there_and_nothing_else(simple, tmp_path):
    many(10).write(tmp_path / "good.fits")
    target = tmp_path / "store" / "simple.parquet"
    ingest(simple, [tmp_path / "good.fits"], target)
    before = target.read_bytes()
    (tmp_path / "bad.csv").write_text("id,ra,dec,source\n1,400,0,x\n")
    with pytest.raises(UserError):
        ingest(simple, [tmp_path / "bad.csv"], target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["simple.parquet"]


def test_archive_of_many_files_goes_on_where_it_stopped(simple, tmp_path, monkeypatch):
    """What was read of the files before the bad one is not read again, and nothing of it stays in the end."""
    table = many(300)
    names = ["a.csv", "b.csv", "c.csv"]
    for k, name in enumerate(names):
        table[100 * k : 100 * k + 100].write(tmp_path / name)
    good = (tmp_path / "c.csv").read_text()
    (tmp_path / "c.csv").write_text(good[:-20] + "x")
    target, files = tmp_path / "store" / "simple.parquet", [tmp_path / name for name in names]
    with pytest.raises(UserError, match=r"c\.csv"):
        ingest(simple, files, target)
    assert [path.name for path in target.parent.iterdir()] == [".simple.ingest"]
    (tmp_path / "c.csv").write_text(good)
    read = []
    convert = module._convert
    monkeypatch.setattr(module, "_convert", lambda *a: read.append(a[2].path.name) or convert(*a))
    assert ingest(simple, files, target).rows == 300
    assert read == ["c.csv"]
    assert [path.name for path in target.parent.iterdir()] == ["simple.parquet"]


def test_changed_file_is_read_again(simple, tmp_path):
    many(10)[:5].write(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("id,ra,dec,source\n77,1,x,s\n")
    with pytest.raises(UserError):
        ingest(simple, [tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "simple.parquet")
    many(10)[:4].write(tmp_path / "a.csv", overwrite=True)
    (tmp_path / "b.csv").write_text("id,ra,dec,source\n77,1,1,s\n")
    assert ingest(simple, [tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "simple.parquet").rows == 5


def test_files_with_other_columns_are_named(simple, tmp_path):
    (tmp_path / "a.csv").write_text("id,ra,dec,source,plx\n1,1,1,s,2\n")
    (tmp_path / "b.csv").write_text("id,ra,dec,source\n2,1,1,s\n")
    for files in (["a.csv", "b.csv"], ["b.csv", "a.csv"]):
        with pytest.raises(UserError, match=r"b\.csv: has no column parallax, which .*a\.csv has"):
            ingest(simple, [tmp_path / name for name in files], tmp_path / "simple.parquet")


def test_rows_at_one_position_are_counted(stored):
    done, _ = stored("id,ra,dec,source\n1,10,20,s\n2,10,20,s\n3,10.0000000000001,20,s\n4,10.00001,20,s\n")
    assert done.same_place == 2


def test_query_as_input(simple, tmp_path):
    many(50).write(tmp_path / "t.csv")
    sql = tmp_path / "mine.sql"
    sql.write_text(f"-- mine\nselect id, ra as raj, \"dec\", source from read_csv('{tmp_path}/t.csv') where id < 20;\n")
    done = ingest(simple, [sql], tmp_path / "simple.parquet", {"raj": "ra"})
    assert done.rows == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drop table x; select 1", "holds 2 statements; it must be one SELECT"),
        ("copy (select 1) to 'x'", "holds 1 statements; it must be one SELECT"),
        ("select 1 from nowhere", "nowhere"),
        ("select 'x' as id, 1 as ra, 1 as \"dec\", 's' as source", "column id holds 'x', which is no BIGINT"),
    ],
)
def test_query_that_is_refused(simple, tmp_path, text, said):
    (tmp_path / "q.sql").write_text(text)
    with pytest.raises(UserError, match=said):
        ingest(simple, [tmp_path / "q.sql"], tmp_path / "simple.parquet")


def test_hats_catalog(simple, tmp_path):
    """Two partitions as hats writes them, the second as a folder of files."""
    table = many(100)
    folder = tmp_path / "stars" / "dataset" / "Norder=1" / "Dir=0"
    (folder / "Npix=5.parquet").mkdir(parents=True)
    for k, name in enumerate(("Npix=4.parquet", "Npix=5.parquet/part0.parquet")):
        rows = table[50 * k : 50 * k + 50]
        pq.write_table(pa.table({n: np.asarray(rows[n]).tolist() for n in rows.colnames}), folder / name)
    with pytest.raises(UserError, match="no HATS catalog"):
        ingest(simple, [tmp_path / "stars"], tmp_path / "simple.parquet")
    (tmp_path / "stars" / "hats.properties").write_text("dataproduct_type=object\n")
    assert ingest(simple, [tmp_path / "stars"], tmp_path / "simple.parquet").rows == 100


def test_folder_stands_for_its_files(tmp_path):
    many(10)[:5].write(tmp_path / "b.csv")
    many(10)[5:].write(tmp_path / "a.fits")
    (tmp_path / "notes.pdf").write_text("x")
    assert [path.name for path in catalog_files([tmp_path])] == ["a.fits", "b.csv"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no catalog file"):
        catalog_files([tmp_path / "empty"])


def test_leftovers_of_a_killed_ingest_are_cleared(simple, tmp_path):
    target = tmp_path / "simple.parquet"
    (tmp_path / ".simple.ingest").mkdir()
    (tmp_path / ".simple.ingest" / "9.parquet").write_text("half")
    many(10).write(tmp_path / "good.fits")
    assert ingest(simple, [tmp_path / "good.fits"], target).rows == 10
    assert not (tmp_path / ".simple.ingest").exists()


def test_reader_hands_over_slices_not_the_table(simple, tmp_path, monkeypatch):
    from candlesql.catalogs.readers import fits as reader

    sizes = []
    made = reader.array_of
    monkeypatch.setattr(reader, "array_of", lambda field, raw: sizes.append(len(raw)) or made(field, raw))
    monkeypatch.setattr(reader, "SLICE_ROWS", 500)
    many(3000).write(tmp_path / "t.fits.gz")
    ingest(simple, [tmp_path / "t.fits.gz"], tmp_path / "simple.parquet")
    assert max(sizes) == 500


def test_ids_need_not_be_unique_if_the_survey_says_so(simple, tmp_path):
    (tmp_path / "twice.toml").write_text(SIMPLE.replace('id = "id"\n', 'id = "id"\nunique = false\n'))
    (tmp_path / "t.csv").write_text("id,ra,dec,source\n1,1,1,x\n1,2,2,x\n")
    twice = read_survey(tmp_path / "twice.toml")
    assert ingest(twice, [tmp_path / "t.csv"], tmp_path / "twice.parquet").rows == 2
    with pytest.raises(UserError, match="id 1 stands in 2 rows"):
        ingest(simple, [tmp_path / "t.csv"], tmp_path / "simple.parquet")


@pytest.mark.parametrize("name", ["a'b; drop.csv", "Ärger [1] *?.csv", 'q"uote.fits', "α.parquet"])
def test_file_names_are_only_names(simple, tmp_path, name):
    table = many(10)
    folder = tmp_path / "it's [x]*"
    folder.mkdir()
    file = folder / name
    if name.endswith(".parquet"):
        pq.write_table(pa.table({n: np.asarray(table[n]).tolist() for n in table.colnames}), file)
    else:
        table.write(file)
    assert ingest(simple, [file], folder / "simple.parquet").rows == 10


def test_stored_file_reads_in_astropy_with_units(tmp_path, write_rows, gaia_rows):
    pytest.importorskip("pandas")
    file = write_rows(tmp_path / "g.csv", gaia_rows)
    ingest(load_survey("gaia_dr2"), [file], tmp_path / "gaia_dr2.parquet")
    table = Table.read(tmp_path / "gaia_dr2.parquet")
    assert table["source_id"].dtype == np.int64
    assert sorted(table["source_id"]) == sorted(row["source_id"] for row in gaia_rows)
    position = SkyCoord(table["ra"], table["dec"])
    assert position.dec.min().deg == -89.5


def test_interrupted_conversion_is_reported_once(simple, tmp_path):
    """DuckDB wraps what a reader raises; the user sees the reader's own words."""
    many(5000).write(tmp_path / "t.fits.gz")
    file = tmp_path / "t.fits.gz"
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(UserError, match=r"t\.fits\.gz: truncated or damaged: its header promises 5,000 rows"):
        ingest(simple, [file], tmp_path / "simple.parquet")


def test_truncated_csv_gz_and_parquet(simple, tmp_path):
    table = many(200_000)
    table.write(tmp_path / "t.csv")
    with duckdb.connect() as connection:
        connection.execute(f"copy (from '{tmp_path}/t.csv') to '{tmp_path}/t.parquet'")
        connection.execute(f"copy (from '{tmp_path}/t.csv') to '{tmp_path}/u.csv.gz'")
    for name in ("u.csv.gz", "t.parquet"):
        file = tmp_path / name
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        with pytest.raises(UserError, match=name):
            ingest(simple, [file], tmp_path / "simple.parquet")


def test_position_that_is_another_one_by_its_ucd(simple, tmp_path):
    table = Table({"id": [1, 2], "ra": [1.0, 2.0], "dec": [3.0, 4.0], "source": ["DR2"] * 2})
    for ucds, said in (
        (("pos.galactic.lon", "pos.galactic.lat"), "column ra is pos.galactic.lon by its UCD"),
        (("pos.eq.ra;meta.main", "pos.eq.ra"), "column dec is pos.eq.ra by its UCD"),
    ):
        table["ra"].meta["ucd"], table["dec"].meta["ucd"] = ucds
        table.write(tmp_path / "t.vot", format="votable", overwrite=True)
        with pytest.raises(UserError, match=said):
            ingest(simple, [tmp_path / "t.vot"], tmp_path / "simple.parquet")


def test_what_the_survey_does_not_say_of_a_column_the_file_does(simple, tmp_path):
    table = Table({"id": [1], "ra": [1.0], "dec": [3.0], "n": [4], "mag": [5.0], "source": ["DR2"], "ok": [True]})
    table["n"].unit, table["n"].description, table["n"].meta["ucd"] = "ct", "Photons", "phys.count"
    table["mag"].unit = "mag"
    table.write(tmp_path / "t.vot", format="votable")
    ingest(simple, [tmp_path / "t.vot"], tmp_path / "simple.parquet")
    column = Table.read(tmp_path / "simple.parquet", format="parquet.votable")["n"]
    assert (str(column.unit), column.description, column.meta["ucd"]) == ("ct", "Photons", "phys.count")


def test_flux_is_no_magnitude(simple, tmp_path):
    table = Table({"id": [1], "ra": [1.0], "dec": [3.0], "mag": [5.0], "source": ["DR2"]})
    table["mag"].unit = "mJy"
    table.write(tmp_path / "t.fits")
    with pytest.raises(UserError, match="column mag is in 'mJy', which cannot be converted to mag of mag"):
        ingest(simple, [tmp_path / "t.fits"], tmp_path / "simple.parquet")


def with_a_damaged_page(path, column):
    """Flip one bit at a time in a column's first page until DuckDB reads most values as NULL without a word."""
    content = path.read_bytes()
    (start,) = duckdb.sql(
        f"select data_page_offset from parquet_metadata('{path}') where path_in_schema = '{column}'"
    ).fetchall()[0]
    for place in range(start, start + 80):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                rows = duckdb.sql(f"select {column}, id from '{path}'").fetchall()
            except (duckdb.Error, UnicodeDecodeError):
                continue
            if len(rows) == 50 and sum(row[0] is None for row in rows) > 30:
                return
    pytest.fail("no bit does it")


def test_a_page_that_comes_back_as_null_is_refused(simple, tmp_path):
    file, n = tmp_path / "t.parquet", 50
    numbers = {
        "id": range(n),
        "ra": np.linspace(0.0, 300.0, n),
        "dec": np.zeros(n),
        "mag": [None, *map(float, range(1, n))],
    }
    table = pa.table({name: pa.array(values) for name, values in numbers.items()} | {"source": n * ["DR2"]})
    pq.write_table(table, file, use_dictionary=False, compression="none", data_page_version="1.0")
    assert ingest(simple, [file], tmp_path / "simple.parquet").rows == n
    with_a_damaged_page(file, "mag")
    with pytest.raises(UserError, match=r"column mag: \d\d values came back as NULL that the file counts as values"):
        ingest(simple, [file], tmp_path / "simple.parquet")


def test_nulls_of_a_whole_file_are_nulls(simple, tmp_path):
    file = tmp_path / "t.parquet"
    mags = pa.array([None, 10.0, float("nan")], pa.float64())
    places = {"id": [1, 2, 3], "ra": [1.0, 2.0, 3.0], "dec": [0.0, 0.0, 0.0]}
    pq.write_table(pa.table(places | {"mag": mags, "source": 3 * ["DR2"]}), file)
    ingest(simple, [file], tmp_path / "simple.parquet")
    assert pq.read_table(tmp_path / "simple.parquet")["mag"].null_count == 2
