"""Views of `sql/red_clump` that prepare and count stars, over a few rows."""

import pytest


def test_labels_are_trained_on_where_the_spectrum_is_good(view):
    """S/N of 50 for Teff, log g and [Fe/H], 75 for what seismology calibrates; a table without S/N is believed."""
    labels = (
        "red_clump.labels(survey, source_id, snr, snr_seismology, teff_k, logg, feh, delta_nu_uhz, delta_p_s, is_rc)"
    )
    values = "4800, 2.4, 0.1, 4.0, 300, true"
    rows = view(
        "red_clump.training",
        "from red_clump.training order by source_id",
        **{
            "red_clump.inputs(survey, source_id)": "('s', 1), ('s', 2), ('s', 3), ('s', 4), ('t', 1)",
            labels: f"('s', 1, 50, 75, {values}), ('s', 2, 49.9, 75, {values}), ('s', 3, 50, 74.9, {values}),"
            f"('s', 4, null, null, {values})",
        },
    )
    spectroscopic = [[r[name] for name in ("teff_k", "logg", "feh")] for r in rows]
    seismic = [[r[name] for name in ("delta_nu_uhz", "delta_p_s", "is_rc")] for r in rows]
    good = [4800, pytest.approx(2.4), pytest.approx(0.1)], [4, 300, True]
    assert spectroscopic == [good[0], [None] * 3, good[0], good[0]]
    assert seismic == [good[1], good[1], [None] * 3, good[1]]


def test_funnel_of_patterns(view):
    """Ten stars pass all, four fail the first and the second cut, two the second alone, one the last."""
    patterns = "red_clump.quality_patterns(passes, n)"
    rows = view(
        "red_clump.funnel",
        **{
            patterns: "([true, true, true, true, true, true], 10), ([false, false, true, true, true, true], 4),"
            "([true, false, true, true, true, true], 2), ([true, true, true, true, true, false], 1)"
        },
    )
    assert [(r["n_alone"], r["n_in_order"], r["n_left"]) for r in rows] == [
        (4, 4, 13), (6, 2, 11), (0, 0, 11), (0, 0, 11), (0, 0, 11), (1, 1, 10),
    ]  # fmt: skip
    assert [r["cut"] for r in rows][1::4] == ["passes_ruwe", "has_panstarrs1"]


def test_funnel_of_nothing(view):
    rows = view("red_clump.funnel", **{"red_clump.quality_patterns": "select [true] as passes, 1 as n where false"})
    assert [(r["n_alone"], r["n_left"]) for r in rows] == [(0, 0)] * 6
