"""A HATS collection: who is in a margin, where an identifier is, and that hats and LSDB read it."""

import logging

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy_healpix import HEALPix
from candlesql.catalogs import healpix
from candlesql.catalogs.hats_layout import entries
from candlesql.catalogs.writers import collection, hats

#: Partitions of three orders: pixels of order 0, one of which is cut into four, of which one into sixteen.
PIXELS = [
    *((0, pixel) for pixel in range(12) if pixel != 4),
    *((1, 4 * 4 + k) for k in range(1, 4)),
    *((3, 16 * 16 + k) for k in range(16)),
]


def places() -> SkyCoord:
    """Stars up to 16 arcsec around corners and sides of pixels of orders 0, 1 and 3, and one far from all of them."""
    random = np.random.default_rng(3)
    corners = []
    for order, pixels in ((0, range(12)), (1, range(16, 20)), (3, range(256, 272))):
        lon, lat = HEALPix(2**order, order="nested").boundaries_lonlat(list(pixels), step=2)
        corners.append(np.stack([lon.to_value(u.deg).ravel(), lat.to_value(u.deg).ravel()]))
    lon, lat = np.repeat(np.concatenate(corners, axis=1), 3, axis=1)
    around = SkyCoord(lon, lat, unit="deg").directional_offset_by(
        random.uniform(0, 360, len(lon)) * u.deg, 16 * np.sqrt(random.uniform(0, 1, len(lon))) * u.arcsec
    )
    return SkyCoord([*around.ra, 45 * u.deg], [*around.dec, 10 * u.deg])


def partitions_within(star: SkyCoord, radius_arcsec: float) -> set[tuple[int, int]]:
    """The partitions that a disc reaches into, by a fine grid of points on it."""
    radii = np.linspace(0, radius_arcsec, 13)
    angles = np.linspace(0, 360, 120, endpoint=False)
    radius, angle = (grid.ravel() for grid in np.meshgrid(radii, angles))
    disc = star.directional_offset_by(angle * u.deg, radius * u.arcsec)
    found = set()
    for order in (0, 1, 3):
        inside = np.unique(HEALPix(2**order, order="nested").lonlat_to_healpix(disc.ra, disc.dec))
        found |= {(order, int(pixel)) for pixel in inside} & {*PIXELS}
    return found


@pytest.fixture(scope="module")
def stars() -> SkyCoord:
    return places()


@pytest.fixture(scope="module")
def folder(stars, tmp_path_factory):
    """The stars, numbered, as a collection; a partition without stars is none."""
    path = tmp_path_factory.mktemp("made") / "stars.hats"
    with duckdb.connect() as connection:
        healpix.register(connection)
        table = pa.table({"star": np.arange(len(stars)), "ra": stars.ra.deg, "dec": stars.dec.deg})
        connection.register("stars", table)
        written = []
        for order, pixel in PIXELS:
            file = hats.partition_file(path / "stars", order, pixel)
            file.parent.mkdir(parents=True, exist_ok=True)
            rows = f"""from (select healpix_29(ra, "dec") as _healpix_29, * from stars)
                where _healpix_29 >> {2 * (29 - order)} = {pixel}"""
            (n,) = connection.execute(f"copy ({rows} order by 1) to '{file}' (kv_metadata {{said: 'x'}})").fetchone()
            written += [(order, pixel, n)] if n else file.unlink() or []
        hats.write_index(path / "stars", written, "made up")
        collection.write_around(connection, path, "stars", [at[:2] for at in written], "star", "made up")
        assert connection.execute("show tables").fetchall() == [("stars",)]
    return path


def pairs_of(folder) -> set[tuple[int, int, int]]:
    """Order and pixel of each partition of a catalog with each star in it."""
    found = set()
    for file in folder.glob("dataset/Norder=*/Dir=0/Npix=*.parquet"):
        order, pixel = int(file.parts[-3][7:]), int(file.stem[5:])
        found |= {(order, pixel, star) for star in pq.read_table(file)["star"].to_pylist()}
    return found


def test_margins_hold_who_is_within_ten_arcsec_of_a_partition(folder, stars):
    own = {star: (order, pixel) for order, pixel, star in pairs_of(folder / "stars")}
    assert sorted(own) == list(range(len(stars)))
    margin = pairs_of(folder / "stars_10arcs")
    needed, allowed = (
        {(*at, star) for star in own for at in partitions_within(stars[star], radius) - {own[star]}}
        for radius in (10, 13.6)
    )
    there = {at for at in own.values()}
    needed, allowed = ({one for one in some if one[:2] in there} for some in (needed, allowed))
    assert needed <= margin <= allowed
    assert len(needed) > 150
    assert len(stars) - 1 not in {star for *_, star in margin}


def test_what_its_files_say(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "collection.properties",
        "stars",
        "stars_10arcs",
        "stars_star",
    ]
    assert entries((folder / "collection.properties").read_text()) == {
        "obs_collection": "stars",
        "hats_primary_table_url": "stars",
        "all_margins": "stars_10arcs",
        "default_margin": "stars_10arcs",
        "all_indexes": "star stars_star",
        "default_index": "star",
    }
    said = entries((folder / "stars_10arcs/hats.properties").read_text())
    assert (said["dataproduct_type"], said["hats_margin_threshold"]) == ("margin", "10")
    assert int(said["hats_nrows"]) == len(pairs_of(folder / "stars_10arcs"))
    file = next(folder.glob("stars_10arcs/dataset/Norder=0/Dir=0/*.parquet"))
    assert pq.read_metadata(file).metadata[b"said"] == b"x"
    assert pq.read_schema(file).names == ["_healpix_29", "star", "ra", "dec"]


def test_the_index_says_where_each_star_is(folder, stars):
    rows = pq.read_table(folder / "stars_star/dataset/index/part.0.parquet").to_pylist()
    assert [row["star"] for row in rows] == list(range(len(stars)))
    assert {(row["Norder"], row["Npix"], row["star"]) for row in rows} == pairs_of(folder / "stars")
    assert {row["Dir"] for row in rows} == {0}


def test_hats_validates_it(folder, caplog):
    pytest.importorskip("hats")
    from hats.io.validation import is_valid_collection

    with caplog.at_level(logging.WARNING):
        assert is_valid_collection(folder, strict=True)
    assert not [line for line in caplog.messages if "_metadata" not in line]


@pytest.mark.heavy
def test_lsdb_opens_it(folder, stars):
    lsdb = pytest.importorskip("lsdb")
    import dask

    with dask.config.set(scheduler="synchronous"):
        catalog = lsdb.open_catalog(folder)
        assert catalog.margin.hc_structure.catalog_info.margin_threshold == 10
        assert catalog.id_search({"star": 17}).compute()["star"].tolist() == [17]
        pairs = catalog.crossmatch(catalog, n_neighbors=100, radius_arcsec=9, suffixes=("_a", "_b")).compute()
    first, second, _, _ = stars.search_around_sky(stars, 9 * u.arcsec)
    assert {*zip(pairs.star_a, pairs.star_b, strict=True)} == {*zip(first.tolist(), second.tolist(), strict=True)}


def test_a_catalog_of_one_partition_has_no_margin(tmp_path):
    with duckdb.connect() as connection:
        columns = [hats.Column("name", "VARCHAR", ucd="meta.id;meta.main")]
        columns += [hats.Column(name, "DOUBLE") for name in ("ra", "dec")]
        collection.write(connection, "select 'a' as name, 10.0 as ra, 20.0 as dec", columns, "", tmp_path / "one.hats")
    assert entries((tmp_path / "one.hats/collection.properties").read_text()) == {
        "obs_collection": "one",
        "hats_primary_table_url": "one",
        "all_indexes": "name one_name",
        "default_index": "name",
    }
