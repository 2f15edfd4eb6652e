"""What pairs by separation say of a match, and how two matches agree, by hand."""

import pytest


def test_statistics_of_two_bins(view):
    """90 + 30 pairs of which chance makes 10 + 20, of 100 rows: 80 + 10 counterparts."""
    rows = view(
        "match.statistics",
        **{
            'candlesql.match_statistics("left", "right", low_arcsec, high_arcsec, n_pairs, n_random, n_left)': """
            ('a', 'b', 0.5, 1.0, 30, 20, 100), ('a', 'b', 0.0, 0.5, 90, 10, 100), ('a', 'c', 0.0, 0.5, 4, 2, 8)"""
        },
    )
    assert [(r["right"], r["low_arcsec"], r["n_pairs"], r["n_random"]) for r in rows] == [
        ("b", 0, 90, 10), ("b", pytest.approx(0.5), 30, 20), ("c", 0, 4, 2),
    ]  # fmt: skip
    assert [r["counterpart_completeness"] for r in rows] == [pytest.approx(8 / 9), 1, 1]
    assert [r["random_fraction"] for r in rows] == [pytest.approx(1 / 9), pytest.approx(1 / 4), pytest.approx(1 / 2)]
    assert [r["matched_fraction"] for r in rows] == [pytest.approx(0.9), pytest.approx(0.9), pytest.approx(0.25)]


@pytest.mark.parametrize(("survey", "key"), [("apogee", "apogee_id"), ("seismology", "star_id")])
def test_matches_of_every_release(view, survey, key):
    given = {
        f"match.gaia_{dr}_{survey}(source_id, {key}, separation_arcsec, n_neighbours)": f"({n}, 's{n}', 0.{n}, {n})"
        for n, dr in enumerate(("dr2", "dr3", "dr4"), start=1)
    }
    rows = view(f"match.{survey}", f"from match.{survey} order by source_id", **given)
    found = [tuple(row.values()) for row in rows]
    assert [(r[0], r[1], r[2], float(r[3]), r[4]) for r in found] == [
        ("gaia_dr2", 1, "s1", 0.1, 1), ("gaia_dr3", 2, "s2", 0.2, 2), ("gaia_dr4", 3, "s3", 0.3, 3),
    ]  # fmt: skip


@pytest.mark.parametrize("survey", ["twomass", "allwise"])
@pytest.mark.parametrize("has_archive", [True, False])
def test_the_archives_match_comes_first_in_each_release(view, survey, has_archive):
    """Own matches are 1, the archive's 2; DR4 has none of the archive's."""
    best = {"twomass": "tmass", "allwise": "allwise"}[survey] + "_best_neighbour"
    given = {f"match.gaia_{r}_{survey}(source_id, designation, separation_arcsec, n_neighbours)": "(1, 'own', 0.5, 3)"
             for r in ("dr2", "dr3", "dr4")}  # fmt: skip
    for name in (best, f"gaia_dr3_{best}"):
        given[f"staging.{name}"] = f"""select 2 as source_id, 'archive' as original_ext_source_id,
            0.25 as angular_distance, 1 as number_of_neighbours where {has_archive}"""
    rows = view(f"match.{survey}", f"from match.{survey} order by survey", **given)
    theirs = ("archive", 0.25, 1) if has_archive else ("own", 0.5, 3)
    found = [(r["survey"], (r["designation"], float(r["separation_arcsec"]), r["n_neighbours"])) for r in rows]
    assert found == [("gaia_dr2", theirs), ("gaia_dr3", theirs), ("gaia_dr4", ("own", 0.5, 3))]


def test_agreement_with_the_archive(view):
    """Star 1 the same, 2 another, 3 only ours, 4 and 5 only the archive's."""
    given = {
        "match.gaia_dr2_twomass(source_id, designation)": "(1, 'a'), (2, 'b'), (3, 'c')",
        "staging.tmass_best_neighbour(source_id, original_ext_source_id)": "(1, 'a'), (2, 'x'), (4, 'd'), (5, 'e')",
        "match.gaia_dr2_allwise(source_id, designation)": "(1, 'a')",
        "staging.allwise_best_neighbour(source_id, original_ext_source_id)": "(1, 'a')",
        "match.gaia_dr2_panstarrs1(source_id, obj_id)": "(1, 7)",
        "staging.panstarrs1_best_neighbour(source_id, original_ext_source_id)": "(1, 8)",
    }
    rows = view("match.comparison", **given)
    assert [tuple(row.values()) for row in rows] == [
        ("allwise", 1, 0, 0, 0), ("panstarrs1", 0, 1, 0, 0), ("twomass", 1, 1, 1, 2),
    ]  # fmt: skip
