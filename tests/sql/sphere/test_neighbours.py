"""Kinds of neighbours of five pairs: stars 1 and 3 have two, 2 shares one of 1's, 4 has none."""

import numpy as np
import pytest

near = pytest.approx


def chord_squared(arcsec: float) -> float:
    return float(2 * np.sin(np.radians(arcsec / 3600) / 2)) ** 2


# left, right, separation [arcsec], badness; of star 3 both are as bad
PAIRS = [(1, 11, 1.0, 5.0), (1, 10, 2.0, 3.0), (2, 10, 3.0, 4.0), (3, 13, 4.0, 6.0), (3, 12, 5.0, 6.0)]


@pytest.fixture
def rows(database):
    listed = ", ".join(f"({a}, {b}, {chord_squared(s)!r}::double, {bad})" for a, b, s, bad in PAIRS)
    database.execute(f"create table pairs as from (values {listed}) t(left_id, right_id, chord_squared, badness)")
    database.execute("alter table pairs alter badness type double")
    database.execute("create table stars as select unnest([1, 2, 3, 4]) as id")
    database.execute("create table others as select unnest([10, 11, 12, 13]) as id")

    def found(macro: str) -> list[tuple]:
        return database.execute(f"from sphere.{macro} order by left_id nulls last, right_id").fetchall()

    return found


def test_best_is_the_least_bad_and_then_the_lowest(rows):
    assert rows("best_neighbours('pairs')") == [
        (1, 10, near(2), 2),
        (2, 10, near(3), 1),
        (3, 12, near(5), 2),
    ]


def test_nearest_takes_the_separation_of_the_closest(rows, database):
    database.execute("update pairs set badness = chord_squared")
    wanted = [(1, 11, near(1), 2), (2, 10, near(3), 1), (3, 13, near(4), 2)]
    assert rows("best_neighbours('pairs')") == wanted


def test_mutual_are_best_for_each_other(rows):
    # 10 is best for 1 and 2, and 1 is best for 10
    assert rows("mutual_neighbours('pairs')") == [(1, 10, near(2), 2), (3, 12, near(5), 2)]


def test_all_are_all(rows):
    wanted = sorted((a, b, near(s), {1: 2, 2: 1, 3: 2}[a]) for a, b, s, _ in PAIRS)
    assert rows("all_neighbours('pairs')") == wanted


def test_left_keeps_who_has_none(rows):
    assert rows("left_neighbours('stars', 'pairs')")[3:] == [(4, None, None, 0)]
    assert rows("anti_neighbours('stars', 'pairs')") == [(4, None, None, 0)]


def test_outer_keeps_both_sides(rows):
    # 11 and 13 are nobody's best
    found = rows("outer_neighbours('stars', 'others', 'pairs')")
    assert [row[:2] for row in found] == [(1, 10), (2, 10), (3, 12), (4, None), (None, 11), (None, 13)]
    assert found[-1] == (None, 13, None, 0)


def test_shift_is_toward_the_equator(value):
    assert value("sphere.shifted_declination(20, 0.5)") == near(19.5)
    assert value("sphere.shifted_declination(-20, 0.5)") == near(-19.5)


def test_separations_are_counted_in_bins(database, rows):
    # 1 to 5 arcsec in four bins up to 5 arcsec: 0.8, 1.6, 2.4, 3.2 and 4, which belongs to the last
    found = database.execute("from sphere.separation_counts('pairs', 5, 4) order by bin").fetchall()
    assert found == [(0, 1), (1, 1), (2, 1), (3, 2)]


def test_magnitudes_are_counted_in_bins(database):
    """Two pairs a bin of their own, one without a magnitude; chance makes one where there is no pair."""
    database.execute("""
        create table twos as select {'magnitude': m} as moving_id, {'magnitude': 10.0} as standing_id
        from (values (10.1), (10.2), (10.6), (null)) t(m)
    """)
    assert database.execute("from sphere.magnitude_counts('twos') order by 1").fetchall() == [(0, 2), (2, 1)]
    database.execute("create table counted as from sphere.magnitude_counts('twos')")
    database.execute("create table random as from (values (2, 1), (4, 1)) t(magnitude_bin, n)")
    found = database.execute("from sphere.magnitude_misfits('counted', 'random') order by 1").fetchall()
    # 3 pairs, 2 by chance: q = (2 / 1, 0.5 / 1, 0.5 / 1), n = (0.5 / 2, 1 / 2, 1 / 2)
    assert found == [(0, near(-2 * np.log(8))), (2, near(0)), (4, near(0))]
