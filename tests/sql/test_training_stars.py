"""Keys of places against astropy, and what `trained_on` says of stars, in the plain shell's way too."""

import shutil

import astropy.units as u
import duckdb
import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import SkyCoord
from candlesql.sql.open import open_sky
from candlesql.training.taught import kind_of_stars, write_list
from candlesql.udfs.model import load_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.taught import PLACELESS, has_list, list_file


def places() -> SkyCoord:
    """Over the sky, about both poles, and on either side of RA 0."""
    rng = np.random.default_rng(1)
    n = 300
    ra = np.concatenate([rng.uniform(0, 360, 3 * n), rng.uniform(-0.001, 0.001, n) % 360, [0, 90, 0, 359.9999999]])
    over = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    polar = 90 - rng.uniform(0, 30, n) / 3600
    dec = np.concatenate([over, polar, -polar, rng.uniform(-80, 80, n), [90, -90, 0, 0]])
    return SkyCoord(ra * u.deg, dec * u.deg)


@pytest.mark.parametrize(("least", "most", "found"), [(0.0, 2.0, True), (10.0, 30.0, False)])
def test_a_place_is_known_within_two_arcsec_and_not_beyond_its_neighbours(tiny_sky, least, most, found):
    """Offsets by astropy; cells are 2 arcsec high, so nothing beyond 2 + 2 sqrt(8) is near, but about the poles."""
    rng = np.random.default_rng(2)
    stars = places()
    if not found:
        stars = stars[np.abs(stars.dec.deg) < 89]
    angle, apart = rng.uniform(0, 360, len(stars)), rng.uniform(least, most, len(stars))
    others = stars.directional_offset_by(angle * u.deg, apart * u.arcsec)
    given = pa.table({"ra": stars.ra.deg, "dec": stars.dec.deg, "other_ra": others.ra.deg, "other_dec": others.dec.deg})
    with open_sky(tiny_sky) as connection:
        connection.register("given", given)
        (rows,) = connection.execute(
            """select count(*), count(*) filter (list_contains(
                   sphere.position_keys_near(ra, "dec"), sphere.position_key(other_ra, other_dec))) from given"""
        ).fetchall()
    assert rows == (len(stars), len(stars) if found else 0)


@pytest.fixture
def taught_sky(own_sky):
    """A model of its own that was trained on one star at (10, 20) called KIC 7; another that does not say."""
    with open_sky(own_sky, read_only=False) as connection:
        name = write_list(connection, own_sky, "mine", "select 10.0 as ra, 20.0 as \"dec\", ['KIC 7', null] as names")
        connection.execute(
            f"""insert into candlesql.models values
                ('mine', 'mine', 'real', '{name}', '1', 'a'), ('mute', 'mute', 'real', null, '1', 'b')"""
        )
        connection.execute(
            "insert into candlesql.training_stars select 'mine', key from read_parquet(?)",
            [str(list_file(own_sky, "mine"))],
        )
    return own_sky


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("trained_on('mine', 10 + 0.9 / 3600, 20 - 1.2 / 3600)", True),
        ("trained_on('mine', 10 + 12 / 3600, 20)", False),
        ("trained_on('mine', null, 20)", None),
        ("trained_on_name('mine', null)", None),
        ("trained_on('red_clump', null, 20)", False),
        ("trained_on_name('mine', 'KIC 7')", True),
        ("trained_on_name('mine', 'KIC 77')", False),
        ("trained_on('mute', 10, 20)", None),
        ("trained_on('red_clump', 10, 20)", False),
    ],
)
def test_what_a_model_was_trained_on(taught_sky, query, said):
    with duckdb.connect(taught_sky / "sky.duckdb", read_only=True) as plain:
        assert plain.execute(f"select {query}").fetchall() == [(said,)]


def test_an_unknown_model_is_an_error(taught_sky):
    with (
        open_sky(taught_sky) as connection,
        pytest.raises(duckdb.Error, match=r"there is no model my_model \(candlesql.models lists them\)"),
    ):
        connection.execute("select trained_on('my_model', 10, 20)").fetchall()


def test_kinds_of_stars():
    assert [kind_of_stars(5, n) for n in (0, 2, 5)] == ["real", "both", "simulated"]


@pytest.mark.parametrize("name", ["distmass", "photometry", "red_clump_any_bands"])
def test_shipped_lists_tell_no_places(name):
    """One column of keys of 48 bits; those of the published sample of photometry have no places."""
    table = pq.read_table(list_file(SHIPPED, name))
    assert table.column_names == ["key"]
    keys = table["key"].to_numpy()
    assert (PLACELESS in keys) == (name == "photometry")
    keys = keys[keys != PLACELESS]
    assert 0 < keys.min() < keys.max() < 2**48


def test_the_stars_that_were_trained_on_are_known_by_another_name_half_an_arcsec_away(tiny_sky, real_data):
    """The fifth of the Kepler giants with buckets below 5 was held out (an independent count)."""
    file = real_data("kepler/kepler_giants.parquet")
    with open_sky(tiny_sky) as connection:
        rows = connection.execute(
            f"""select md5_number_lower('distmass:' || kic) % 25 < 5 as held,
                       trained_on('distmass', ra, "dec" + 0.5 / 3600) as seen, count(*)
                from read_parquet('{file}') where teff is not null and cfe is not null group by all order by all"""
        ).fetchall()
    assert [row[:2] for row in rows] == [(False, True), (True, False)]
    assert sum(row[2] for row in rows) == 4469


def test_held_out_stars_of_the_published_sample(tiny_sky, real_data):
    """By what Gaia measured: all but one of bucket 9 are held out, and that one is another's measurement again."""
    file = real_data("green2020/stars_13band.parquet")
    with open_sky(tiny_sky) as connection:
        rows = connection.execute(
            f"""select photometry.split_bucket("row") = 9 as held,
                       trained_on_name('photometry', photometry.measured_name(parallax, parallax_error)) as seen,
                       count(*)
                from read_parquet('{file}') group by all order by all"""
        ).fetchall()
    assert rows == [(False, True, 6366), (True, False, 659), (True, True, 1)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("trained_on('half', 10, 20)", True),
        ("trained_on('half', 50, 20)", None),
        ("trained_on_name('half', 'b')", True),
        ("trained_on_name('half', 'c')", False),
    ],
)
def test_no_place_tells_that_a_star_is_new_where_a_training_star_has_none(own_sky, query, said):
    stars = "select 10.0 as ra, 20.0 as \"dec\", ['a'] as names union all select null, null, ['b']"
    with open_sky(own_sky, read_only=False) as connection:
        name = write_list(connection, own_sky, "half", stars)
        connection.execute(f"insert into candlesql.models values ('half', 'half', 'real', '{name}', '2', 'a')")
        connection.execute(
            "insert into candlesql.training_stars select 'half', key from read_parquet(?)",
            [str(list_file(own_sky, "half"))],
        )
    with duckdb.connect(own_sky / "sky.duckdb", read_only=True) as plain:
        assert plain.execute(f"select {query}").fetchall() == [(said,)]


def without_one_key(path):
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)


def without_its_seal(path):
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)


def emptied(path):
    pq.write_table(pq.read_table(path).slice(0, 0), path)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage",
    [
        without_one_key,
        *(pytest.param(one, marks=pytest.mark.heavy) for one in (None, without_its_seal, emptied, cut_off, "gone")),
    ],
)
def test_a_list_that_is_not_whole_says_nothing(own_sky, damage):
    """Of a network that was trained again, as far as anybody can tell: its bytes are others, its list is its own."""
    models = own_sky / "models"
    models.mkdir(exist_ok=True)
    proto = onnx.load(SHIPPED / "distmass.onnx")
    proto.doc_string = "trained again"
    onnx.save(proto, models / "distmass.onnx")
    file = list_file(models, "distmass")
    file.parent.mkdir()
    shutil.copy(list_file(SHIPPED, "distmass"), file)
    if damage == "gone":
        file.unlink()
    elif damage:
        damage(file)
    assert has_list(load_model(models / "distmass.onnx")) is (damage is None)
    with open_sky(own_sky, read_only=False):
        pass
    with duckdb.connect(own_sky / "sky.duckdb", read_only=True) as plain:
        said = plain.execute("select trained_on('distmass', 10, 20), trained_on_name('distmass', 'nobody')").fetchall()
    assert said == [(None, None) if damage else (False, False)]


def test_a_shipped_model_that_was_copied_keeps_the_shipped_list(tmp_path):
    shutil.copy(SHIPPED / "distmass.onnx", tmp_path)
    assert has_list(load_model(tmp_path / "distmass.onnx"))


@pytest.mark.parametrize(
    ("ra", "dec", "apogee_id", "said"),
    [
        ("10.0", "20.0", "null", False),
        ("null", "null", "null", None),
        ("null", "null", "'KIC 1234567'", None),
        ("null", "null", "'2M00400000+2000000'", False),
        ("null", "null", "' 2m00400000+2000000'", None),
    ],
)
def test_a_star_without_a_place_is_nobodys_test_star(tiny_sky, ra, dec, apogee_id, said):
    """Whatever it is called: a name tells that a star was trained on, and no name that it was not."""
    with duckdb.connect(tiny_sky / "sky.duckdb", read_only=True) as plain:
        query = f"select distmass.was_seen('mine:7', {apogee_id}, {ra}::double, {dec}::double)"
        assert plain.execute(query).fetchall() == [(said,)]
