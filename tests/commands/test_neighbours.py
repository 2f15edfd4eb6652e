"""Pairs of two surveys of a few rows, with what a ranking needs of them, by hand."""

from __future__ import annotations

import math

import pytest
from candlesql import UserError
from candlesql.catalogs.survey import Column, Survey
from candlesql.commands.steps import neighbours
from candlesql.commands.steps.pairs import MAS, Epochs

COLUMNS = {name: Column(name, "DOUBLE", "mas") for name in ("e", "n", "c")}
GAIA = Survey(
    "gaia", "", "", "id", COLUMNS, ra="ra", dec="dec", pmra="pmra", pmdec="pmdec", parallax="plx", radial_velocity="rv",
    magnitude="m", errors={"east": "e", "north": "n"},
)  # fmt: skip
INSTANT = {"column": "date", "format": "jd", "instant": True}
WISE = Survey(
    "wise",
    "",
    "",
    "name",
    COLUMNS,
    ra="ra",
    dec="dec",
    epoch=INSTANT,
    magnitude="w",
    errors={"east": "e", "north": "n"},
)


@pytest.fixture
def connection(database):
    """A star at 10, 0 and one without epoch and motion; two sources 0.4 arcsec north of the first and 0.6 south."""
    database.execute(
        """create table staging.gaia(id bigint, ra double, "dec" double, pmra double, pmdec double, epoch_yr double,
            plx double, rv double, e double, n double, m double);
        create table staging.wise(name varchar, ra double, "dec" double, epoch_yr double, e double, n double, w double);
        insert into staging.gaia values (1, 10, 0, 0, 0, 2010, 0, null, 0.1, 0.2, 12),
            (2, 50, 9, null, null, null, null, null, null, null, 15);
        insert into staging.wise values ('near', 10, 0.4 / 3600, 2010, 60, 60, 11.9),
            ('likely', 10, -0.6 / 3600, 2010, 400, 400, 5)"""
    )
    return database


def both(connection, rank="separation", radius=1.0, moving=GAIA, standing=WISE, epochs=None):
    return neighbours.sides(connection, moving, standing, rank, radius, epochs)


def names(connection, query: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe {query}").fetchall()]


def test_what_is_read_of_either_side(connection):
    made = both(connection)
    plain = ["id", "ra", "dec", "pmra", "pmdec", "epoch_yr"]
    assert names(connection, made.moving) == [*plain, "parallax", "recession"]
    assert names(connection, made.standing) == plain
    assert made.epochs == (Epochs(2010, 2010, 2010), Epochs(2010, 2010, 2010))
    row = connection.execute(f"select pmra, pmdec, epoch_yr from ({made.moving}) where id = 2").fetchone()
    assert row == (0, 0, 2010), "what is not known stands at the mean epoch and does not move"
    given = (Epochs(2001, None, None), Epochs(1990, None, None))
    made = both(connection, epochs=given)
    assert made.epochs == given
    assert connection.execute(f"select epoch_yr from ({made.moving}) where id = 2").fetchone() == (2001,)
    for rank, last in (("errors", "pm_north"), ("magnitude", "magnitude")):
        made = both(connection, rank)
        assert (
            names(connection, made.moving)[6:]
            == ["parallax", "recession", *neighbours.VARIANCES, "magnitude"][: 7 if rank == "errors" else 8]
        )
        assert names(connection, made.standing)[-1] == last


def test_errors_that_one_side_has_are_enough(connection):
    blind = Survey("wise", "", "", "name", COLUMNS, ra="ra", dec="dec", magnitude="w")
    made = both(connection, "errors", standing=blind)
    assert connection.execute(f"select distinct east, north from ({made.standing})").fetchall() == [(0, 0)]
    none = Survey("gaia", "", "", "id", {}, ra="ra", dec="dec")
    with pytest.raises(UserError, match="--rank errors: neither gaia nor wise has errors of its positions"):
        both(connection, "errors", moving=none, standing=blind)


def test_unknown_errors_are_a_third_of_the_radius_where_magnitudes_rank(connection):
    """2 arcsec: a third is 666.7 mas, of which either side has half the square."""
    blind = Survey("wise", "", "", "name", COLUMNS, ra="ra", dec="dec", magnitude="w")
    made = both(connection, "magnitude", 2.0, standing=blind)
    rows = connection.execute(f"select distinct east, north, covariance from ({made.standing})").fetchall()
    assert rows == [(pytest.approx(2e6 / 9), pytest.approx(2e6 / 9), 0)]
    assert connection.execute(f"select magnitude from ({made.standing}) order by 1").fetchall() == [(5.0,), (11.9,)]


@pytest.mark.parametrize(
    ("columns", "standing", "parallax", "recedes"),
    [
        ({"plx", "rv"}, WISE, '"plx"::double as parallax', True),
        ({"rv"}, WISE, "null::double as parallax", False),
        ({"plx"}, WISE, '"plx"::double as parallax', False),
        ({"plx", "rv"}, GAIA, "null::double as parallax", True),
    ],
)
def test_parallax_counts_where_the_other_side_is_seen_from_the_earth(columns, standing, parallax, recedes):
    said, recession = neighbours._motion(GAIA, standing, columns)
    assert said == parallax
    assert ('"plx"' in recession and '"rv"' in recession) is recedes


def found(connection, rank, radius=1.0):
    query = neighbours.neighbours_sql(connection, both(connection, rank, radius), radius, rank)
    return {row[:2]: row[2:] for row in connection.execute(f"from {query}").fetchall()}


def test_the_nearest_is_the_best(connection):
    rows = found(connection, "separation")
    for pair, arcsec in (((1, "near"), 0.4), ((1, "likely"), 0.6)):
        chord = pytest.approx((arcsec * 1000 * MAS) ** 2, rel=1e-6)
        assert rows.pop(pair) == (chord, chord)
    assert rows == {}
    assert list(found(connection, "separation", 0.5)) == [(1, "near")]


def misfit(offset_mas: float, error_mas: float) -> float:
    """Gaia's errors are 0.1 and 0.2 mas, the floor is 1 mas^2 in either direction."""
    east, north = error_mas**2 + 0.01 + 1, error_mas**2 + 0.04 + 1
    return offset_mas**2 / north + math.log(east * north)


def test_the_likeliest_by_errors_is_the_best(connection):
    rows = found(connection, "errors")
    assert rows[1, "near"][1] == pytest.approx(misfit(400, 60), rel=1e-5)
    assert rows[1, "likely"][1] == pytest.approx(misfit(600, 400), rel=1e-5)
    assert rows[1, "likely"][0] == pytest.approx((600 * MAS) ** 2, rel=1e-6)


def test_magnitudes_count_beside_errors(connection):
    """Each difference of magnitudes has one pair of two, and none by chance: -2 ln (1 / 0.5) for either."""
    rows = found(connection, "magnitude")
    assert rows[1, "near"][1] == pytest.approx(misfit(400, 60) - 2 * math.log(2), rel=1e-5)
    assert rows[1, "likely"][1] == pytest.approx(misfit(600, 400) - 2 * math.log(2), rel=1e-5)
    bins = connection.execute("select magnitude_bin from magnitude_misfits order by 1").fetchall()
    assert bins == [(0,), (28,)]
    connection.execute("update staging.wise set w = null where name = 'near'")
    rows = found(connection, "magnitude")
    assert rows[1, "near"][1] == pytest.approx(misfit(400, 60), rel=1e-5), "without magnitude the errors are left"


def test_pairs_by_chance_are_those_of_the_shifted_sky(connection):
    """A source an arcminute nearer to the equator of star 2 is what chance makes of it: 0.5 of 1.5 is left."""
    connection.execute("insert into staging.wise values ('chance', 50.0, 9 - 60 / 3600, 2010, 60, 60, 14.9)")
    rows = found(connection, "magnitude")
    assert rows[1, "near"][1] == pytest.approx(misfit(400, 60) - 2 * math.log(0.5 / 1), rel=1e-5)
    assert rows[1, "likely"][1] == pytest.approx(misfit(600, 400) - 2 * math.log(1 / 1 * 1 / 0.5), rel=1e-5)


@pytest.mark.parametrize(("radius", "searched"), [(2.0, 2.511), (599.8, 600)])
def test_near_stars_are_searched_as_far_as_the_earth_moves_them(connection, monkeypatch, radius, searched):
    """A parallax of 500 mas reaches 510 mas; and a thousandth of an arcsec for what is rounded."""
    connection.execute("update staging.gaia set plx = 500 where id = 2")
    calls = []

    def pairs_sql(_, moving, standing, radius, epochs, prefix=""):
        calls.append((moving, standing, radius, epochs, prefix))
        return f"{prefix}pairs"

    monkeypatch.setattr(neighbours, "pairs_sql", pairs_sql)
    made = both(connection)
    text = neighbours._all_pairs(connection, made, radius, with_rows=False)
    (others, standing, *first), (near, rows, *second) = calls
    assert first == [radius, made.epochs, ""]
    assert second == [pytest.approx(searched, abs=1e-9), made.epochs, "near_"]
    assert connection.execute(f"select id from ({others})").fetchall() == [(1,)]
    assert connection.execute(f"select id.id from ({near})").fetchall() == [(2,)]
    assert standing == made.standing
    assert rows == neighbours._as_rows(made.standing)
    assert f"<= {(radius * 1000 * MAS) ** 2!r}::double" in text
    assert "moving_id.id as moving_id, standing_id.id as standing_id" in text
    text = neighbours._all_pairs(connection, made, radius, with_rows=True)
    assert "select moving_id as moving_id, standing_id as standing_id" in text
    assert calls[2][:2] == (neighbours._as_rows(others), neighbours._as_rows(made.standing))


def test_a_star_that_the_earth_moves_is_found_where_it_is_seen(connection):
    """Star 1 at 800 mas of parallax: by a year's half its place differs by twice the Earth's distance from the Sun."""
    connection.execute("update staging.gaia set plx = 800 where id = 1")
    connection.execute("delete from staging.wise; insert into staging.wise values ('winter', 10, 0, 2010, 60, 60, 11)")
    assert found(connection, "separation", 0.5) == {}
    ((pair, (chord, badness)),) = found(connection, "separation", 1.0).items()
    assert pair == (1, "winter")
    assert chord == badness
    assert 0.5 < math.sqrt(chord) / MAS / 1000 < 0.8 * 1.02


@pytest.mark.parametrize(
    ("errors", "there", "has"),
    [
        ({"east": "e", "north": "n"}, {"e"}, True),
        ({"major": "a", "minor": "b", "angle": "c"}, {"a"}, True),
        ({"major": "a", "minor": "b", "angle": "c"}, {"b"}, False),
        ({}, {"e"}, False),
    ],
)
def test_whether_a_survey_has_errors(errors, there, has):
    assert neighbours._has_errors(Survey("x", "", "", "id", {}, errors=errors), there) is has
