"""The Gaia archive's best neighbours take the place of our match, and the two are compared."""

from __future__ import annotations

from candlesql import open_sky

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
        "match.gaia_dr3_twomass": OWN.replace("1, 'a'", "1, 'q'"),
        "match.gaia_dr4_twomass": OWN.replace("1, 'a'", "1, 'r'"),
        "staging.gaia_dr3_tmass_best_neighbour": archive.replace("2, 'z'", "2, 'x'"),
        "staging.panstarrs1_best_neighbour": ARCHIVE + " where false",
    }


def test_the_archive_comes_first(view):
    query = "select survey, source_id, designation from match.twomass order by all"
    rows = [tuple(row.values()) for row in view("match.twomass", query, **given(ARCHIVE))]
    assert rows[:6] == [
        *(("gaia_dr2", *pair) for pair in ((1, "a"), (2, "z"), (9, "y"))),
        *(("gaia_dr3", *pair) for pair in ((1, "a"), (2, "x"), (9, "y"))),
    ]
    assert rows[6:] == [("gaia_dr4", *pair) for pair in ((1, "r"), (2, "b"), (3, "c"))]


def test_our_match_stands_in(view):
    query = "select survey, source_id, designation from match.twomass order by all"
    rows = [tuple(row.values()) for row in view("match.twomass", query, **given(ARCHIVE + " where false"))]
    assert rows[:3] == [("gaia_dr2", *pair) for pair in ((1, "a"), (2, "b"), (3, "c"))]
    assert rows[3] == ("gaia_dr3", 1, "q")


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


def test_ingested_archive_tables_are_compared_with_our_match(own_sky, write_rows, tmp_path, candlesql):
    """Of the four stars one has the same neighbour, one another, one is matched by us only, one by the archive only."""
    neighbours = {
        4295806720: "00400000+0000003",
        6917528443525529728: "13200000-8930007",
        38655544960: "23595999-3000001",
    }
    rows = [
        {"source_id": star, "original_ext_source_id": name, "angular_distance": 0.36, "number_of_neighbours": 1}
        for star, name in neighbours.items()
    ]
    file = write_rows(tmp_path / "neighbours.csv", rows)
    assert candlesql("ingest", own_sky, "tmass_best_neighbour", file).code == 0
    with open_sky(own_sky) as connection:
        counts = connection.execute("from match.comparison where survey = 'twomass'").fetchall()
        used = connection.execute("select source_id, j_m from red_clump.stars where j_m is not null").fetchall()
        pairs = connection.execute("select source_id, designation from match.twomass").fetchall()
    assert counts == [("twomass", 1, 1, 1, 1)]
    assert dict(pairs) == neighbours
    assert sorted(used) == [(4295806720, 10.5), (6917528443525529728, 12.5)]
