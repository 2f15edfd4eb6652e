"""The Gaia archive's best neighbours take the place of our match, and the two are compared."""

from __future__ import annotations

OWN = """
    select * from (values (1, 'a', 0.1, 1), (2, 'b', 0.2, 2), (3, 'c', 0.1, 1))
        as t(source_id, designation, separation_arcsec, n_neighbours)
"""
ARCHIVE = """
    select * from (values (1, 'a', 0.1, 1), (2, 'z', 0.3, 2), (9, 'y', 0.1, 1))
        as t(source_id, original_ext_source_id, angular_distance, number_of_neighbours)
"""


def given(archive: str) -> dict[str, str]:
    own_ids = OWN.replace("designation", "obj_id").replace("'a'", "7").replace("'b'", "8").replace("'c'", "9")
    return {
        "match.gaia_dr2_twomass": OWN,
        "staging.tmass_best_neighbour": archive,
        "match.gaia_dr2_allwise": OWN,
        "staging.allwise_best_neighbour": ARCHIVE + " where false",
        "match.gaia_dr2_panstarrs1": own_ids,
        "staging.panstarrs1_best_neighbour": ARCHIVE + " where false",
    }


def test_the_archive_comes_first(view):
    rows = view("match.twomass", "select source_id, designation from match.twomass order by 1", **given(ARCHIVE))
    assert [tuple(row.values()) for row in rows] == [(1, "a"), (2, "z"), (9, "y")]


def test_our_match_stands_in(view):
    rows = view("match.twomass", "select source_id, designation from match.twomass", **given(ARCHIVE + " where false"))
    assert [tuple(row.values()) for row in rows] == [(1, "a"), (2, "b"), (3, "c")]


def test_comparison_counts_stars(view):
    rows = {row["survey"]: row for row in view("match.comparison", **given(ARCHIVE))}
    assert rows["twomass"] == {
        "survey": "twomass",
        "n_same": 1,
        "n_different": 1,
        "n_only_own": 1,
        "n_only_archive": 1,
    }
    assert rows["allwise"]["n_only_own"] == 3
