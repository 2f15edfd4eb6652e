"""The views of `sql/photometry` that need no network, over a few rows, by hand."""

import hashlib

import numpy as np
import pytest

near = pytest.approx


@pytest.mark.parametrize("star", [1, 77, 4295806720])
def test_buckets_are_of_the_first_eight_digits_of_the_md5(value, star):
    assert value(f"photometry.split_bucket({star})") == int(hashlib.md5(str(star).encode()).hexdigest()[:8], 16) % 10


def test_what_is_no_temperature_or_reddening_is_an_error(value):
    assert value("photometry.in_kelvin(100)") == 100
    assert value("photometry.not_negative(0)") == 0
    with pytest.raises(Exception, match="is not in K"):
        value("photometry.in_kelvin(99)")
    with pytest.raises(Exception, match="is negative"):
        value("photometry.not_negative(-0.01)")


BANDS = ["g", "bp", "rp", "ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2"]


def test_each_band_that_is_there_is_observed(view):
    """Band k has magnitude k with error k/100; ks has none, of w2 the error is too large."""
    columns = ", ".join(f"{k} as {band}_mag, {k / 100} as {band}_mag_error" for k, band in enumerate(BANDS, start=1))
    changed = columns.replace(", 11 as ks_mag", ", null::integer as ks_mag").replace("0.13 as w2", "0.21 as w2")
    rows = view("photometry.observed", **{"photometry.inputs": f"select 's' as survey, 1 as source_id, {changed}"})
    wanted = {band: (k, near(k / 100)) for k, band in enumerate(BANDS, start=1) if band not in ("ks", "w2")}
    assert {r["band"]: (r["magnitude"], r["magnitude_error"]) for r in rows} == wanted


INPUTS = (
    "photometry.inputs(survey, source_id, g_mag, g_mag_error, parallax, parallax_error, ebv_prior, ebv_prior_error)"
)
LABELS = (
    "photometry.labels(survey, source_id, label_survey, teff_k, logg, feh, variance_teff, variance_logg, variance_feh,"
    " covariance_teff_logg, covariance_teff_feh, covariance_logg_feh)"
)
COVARIANCE = np.array([[6400.0, 4.0, 2.0], [4.0, 0.04, 0.002], [2.0, 0.002, 0.01]])
TERMS = "6400.0, 0.04, 0.01, 4.0, 2.0, 0.002"
NAME = "parallax 2.00000 +- 0.10000"
PLACES = {
    "photometry.places(survey, source_id, ra, dec, is_of_dr2, measured_name)": f"('s', 1, 10.0, 20.0, true, '{NAME}')",
    "photometry.label_cuts(survey, source_id, is_selected)": "('s', 1, true), ('t', 1, true), ('s', 2, false)",
}


@pytest.fixture
def taught(database):
    """The model says that it was trained on real stars, and its list holds none of these; some of it have no place."""
    database.execute(
        """insert into candlesql.models(model, system, trained_on, training_stars)
            values ('photometry', 'photometry', 'real', 'photometry');
        insert into candlesql.training_stars select 'photometry', unnest([sphere.position_key(10.1, 20), -1])"""
    )


@pytest.mark.usefixtures("taught")
def test_labels_are_whitened_by_cholesky(view):
    (row,) = view(
        "photometry.stars",
        **{INPUTS: "('s', 1, 12.0, 0.02, 2.0, 0.1, 0.3, 0.05)", LABELS: f"('s', 1, 'lamost', 5000, 4.5, 0.1, {TERMS})"},
        **PLACES,
    )
    factor = np.linalg.cholesky(COVARIANCE)
    names = [["l_teff"], ["l_logg_teff", "l_logg"], ["l_feh_teff", "l_feh_logg", "l_feh"]]
    for k, of_row in enumerate(names):
        assert [row[name] for name in of_row] == near(factor[k, : k + 1], rel=1e-6)
    # 10 - 5 log10(2), 5 / ln(10) / 20
    assert (row["distance_modulus"], row["distance_modulus_error"]) == (near(8.49485), near(0.108574, rel=1e-5))
    assert (row["ebv_prior"], row["ebv_prior_error"]) == (near(0.3), near(0.05))
    assert (row["parallax"], row["parallax_error"], row["held_out"]) == (near(2), near(0.1), True)


@pytest.mark.usefixtures("taught")
@pytest.mark.parametrize(
    ("key", "held_out"),
    [
        ("sphere.position_key(10, 20)", False),
        (f"stats.key('{NAME}')", False),
        ("stats.key('parallax 2.00001 +- 0.10000')", True),
    ],
)
@pytest.mark.parametrize("survey", ["s", "t"])
def test_held_out_is_what_is_in_the_list_by_no_place_and_no_name(view, database, key, held_out, survey):
    """The place of a star of the same number in another survey says nothing of it."""
    database.execute(f"insert into candlesql.training_stars select 'photometry', {key}")
    given = {INPUTS: f"('{survey}', 1, 12.0, 0.02, 2.0, 0.1, 0.3, 0.05)"}
    labels = {LABELS: f"('{survey}', 1, 'lamost', 5000, 4.5, 0.1, {TERMS})"}
    (row,) = view("photometry.stars", **given, **labels, **PLACES)
    assert row["held_out"] is (held_out if survey == "s" else None)


@pytest.mark.usefixtures("taught")
@pytest.mark.parametrize("all_have_places", [False, True])
def test_another_release_measured_another_parallax(view, database, all_have_places):
    """What DR3 measured is in no list of DR2's: only a place could tell, where every star of the list has one."""
    if all_have_places:
        database.execute("delete from candlesql.training_stars where key = -1")
    (row,) = view(
        "photometry.stars",
        **{
            INPUTS: "('s', 1, 12.0, 0.02, 2.0, 0.1, 0.3, 0.05)",
            LABELS: f"('s', 1, 'lamost', 5000, 4.5, 0.1, {TERMS})",
            **PLACES,
            next(iter(PLACES)): "('s', 1, 10.0, 20.0, false, 'parallax 2.00001 +- 0.10000')",
        },
    )
    assert row["held_out"] is (True if all_have_places else None)


@pytest.mark.usefixtures("taught")
@pytest.mark.parametrize(("place", "held_out"), [("10.0, 20.0", None), ("10.1, 20.0", False)])
def test_of_a_star_without_a_parallax_a_place_in_no_list_says_nothing(view, place, held_out):
    """The published sample has no places: such a star may be one of it."""
    (row,) = view(
        "photometry.stars",
        **{
            INPUTS: "('s', 1, 12.0, 0.02, null::double, null::double, 0.3, 0.05)",
            LABELS: f"('s', 1, 'lamost', 5000, 4.5, 0.1, {TERMS})",
            **PLACES,
            "photometry.places(survey, source_id, ra, dec, is_of_dr2, measured_name)": f"""('s', 1, {place}, true,
                null::varchar)""",
        },
    )
    assert row["held_out"] is held_out


GAIA = (
    "staging.gaia(survey, source_id, visibility_periods_used, astrometric_chi2_al, astrometric_n_good_obs_al,"
    " phot_g_mean_mag)"
)
TWOMASS = {
    "match.twomass(survey, source_id, designation)": "('s', 1, 'a')",
    "staging.twomass(designation, ext_key)": "('a', null::integer)",
}
GOOD_GAIA = "('s', 1, 9, 100, 105, 20.0)"


@pytest.mark.parametrize(
    ("inputs", "terms", "gaia", "twomass", "fails"),
    [
        ("12.0, 0.19", TERMS, GOOD_GAIA, {}, None),
        ("12.0, 0.21", TERMS, GOOD_GAIA, {}, "lacks_g"),
        ("null::double, 0.1", TERMS, GOOD_GAIA, {}, "lacks_g"),
        ("12.0, 0.1", TERMS.replace("6400.0", "39000.0"), GOOD_GAIA, {}, None),
        ("12.0, 0.1", TERMS.replace("6400.0", "41000.0"), GOOD_GAIA, {}, "fails_label_errors"),
        ("12.0, 0.1", TERMS.replace("6400.0", "0.0"), GOOD_GAIA, {}, "fails_label_errors"),
        ("12.0, 0.1", TERMS.replace("0.04,", "0.24,"), GOOD_GAIA, {}, None),
        ("12.0, 0.1", TERMS.replace("0.04,", "0.26,"), GOOD_GAIA, {}, "fails_label_errors"),
        ("12.0, 0.1", TERMS.replace("0.01,", "0.24,"), GOOD_GAIA, {}, None),
        ("12.0, 0.1", TERMS.replace("0.01,", "0.26,"), GOOD_GAIA, {}, "fails_label_errors"),
        ("12.0, 0.1", TERMS, "('s', 1, 8, 100, 105, 20.0)", {}, "fails_visibility"),
        ("12.0, 0.1", TERMS, "('s', 1, 9, 143, 105, 20.0)", {}, None),
        ("12.0, 0.1", TERMS, "('s', 1, 9, 145, 105, 20.0)", {}, "fails_astrometry"),
        # at G = 12: 1.44 exp(3) = 28.92
        ("12.0, 0.1", TERMS, "('s', 1, 9, 2890, 105, 12.0)", {}, None),
        ("12.0, 0.1", TERMS, "('s', 1, 9, 2895, 105, 12.0)", {}, "fails_astrometry"),
        ("12.0, 0.1", TERMS, "('s', 1, null::integer, null::double, 105, 12.0)", {}, None),
        ("12.0, 0.1", TERMS, "('wide', 1, 1, 9999, 105, 12.0)", {}, None),
        ("12.0, 0.1", TERMS, GOOD_GAIA, {"staging.twomass(designation, ext_key)": "('a', 7)"}, "is_extended"),
    ],
)
def test_which_cut_leaves_a_labelled_star_out(view, inputs, terms, gaia, twomass, fails):
    (row,) = view(
        "photometry.label_cuts",
        **{
            INPUTS: f"('s', 1, {inputs}, 2.0, 0.1, null::double, null::double)",
            LABELS: f"('s', 1, 'lamost', 5000, 4.5, 0.1, {terms})",
            GAIA: gaia,
        },
        **(TWOMASS | twomass),
    )
    assert [name for name, value in row.items() if value is True] == ([fails] if fails else ["is_selected"])


def test_cuts_are_counted_in_order(view):
    """Star 1 fails the second and the last, star 2 the last alone, star 3 none."""
    columns = (
        "photometry.label_cuts(survey, source_id, lacks_g, fails_visibility, fails_astrometry, is_extended,"
        " fails_label_errors)"
    )
    rows = view(
        "photometry.funnel",
        **{
            columns: "('s', 1, false, true, false, false, true), ('s', 2, false, false, false, false, true),"
            " ('s', 3, false, false, false, false, false)"
        },
    )
    counts = [(r["n_alone"], r["n_in_order"], r["n_left"]) for r in rows]
    assert counts == [(0, 0, 3), (1, 1, 2), (0, 0, 2), (0, 0, 2), (2, 1, 1)]


@pytest.mark.parametrize(
    ("flags", "good"),
    [
        ("'AUA', '222', '000', 1, 0", [True, False, True]),
        ("'BBB', '132', '000', 1, 0", [True, True, False]),
        ("'BBB', null, '000', 1, 0", [False] * 3),
        ("'AAA', null, '0', null, null", [True] * 3),
        ("'AAA', '222', '0c0', 1, 0", [True, False, True]),
        ("'AAA', '222', '000', 0, 0", [False] * 3),
        ("'AAA', '222', '000', 1, 1", [False] * 3),
        ("null, null, null, null, null", [True] * 3),
    ],
)
def test_the_high_reliability_catalog_of_twomass(value, flags, good):
    assert [value(f"photometry.is_reliable_twomass({flags}, {place})") for place in (1, 2, 3)] == good


@pytest.mark.parametrize(
    ("call", "good"),
    [
        ("is_good_unwise(0, 4.9, 1)", True),
        ("is_good_unwise(0, 5.1, 1)", False),
        ("is_good_unwise(1, 1.0, 1)", False),
        ("is_good_unwise(0, 1.0, 0)", False),
        ("is_good_unwise(null, null, null)", True),
        ("is_often_observed(3)", True),
        ("is_often_observed(2)", False),
        ("is_good_panstarrs1(60)", True),
        ("is_good_panstarrs1(16)", False),
        ("has_signal([5, null, 21])", True),
        ("has_signal([5, 20, 19])", False),
        ("has_signal([null, null]::double[])", True),
    ],
)
def test_cuts_on_one_measurement(value, call, good):
    assert value(f"photometry.{call}") is good


@pytest.mark.usefixtures("taught")
@pytest.mark.parametrize(
    ("parallax", "error", "has"), [("2.0", "0.39", True), ("2.0", "0.41", False), ("-2", "0.1", False)]
)
def test_a_modulus_needs_five_sigma(view, parallax, error, has):
    given = {INPUTS: f"('s', 1, 12.0, 0.1, {parallax}::double, {error}::double, 0.3, 0.05)"}
    (row,) = view("photometry.stars", **given, **{LABELS: f"('s', 1, 'lamost', 5000, 4.5, 0.1, {TERMS})"}, **PLACES)
    assert (row["distance_modulus"] is not None) is has
    assert (row["distance_modulus_error"] is not None) is has


def test_compared_by_equation_4(view):
    """Slopes (0.01, 0.2, 0.1) of M and (0.002, 0.02, 0.04) of R through L = [[10], [0.1, 0.2], [0.3, 0.4, 0.5]]."""
    predicted = (
        "photometry.predicted(survey, source_id, band, absolute_magnitude, extinction, magnitude_per_teff,"
        " magnitude_per_logg, magnitude_per_feh, extinction_per_teff, extinction_per_logg, extinction_per_feh)"
    )
    stars = (
        "photometry.stars(survey, source_id, held_out, teff_k, logg, feh, distance_modulus, distance_modulus_error,"
        " ebv_prior, ebv_prior_error, l_teff, l_logg_teff, l_feh_teff, l_logg, l_feh_logg, l_feh)"
    )
    (row,) = view(
        "photometry.compared",
        **{
            "photometry.observed(survey, source_id, band, magnitude, magnitude_error)": "('s', 1, 'g', 15.0, 0.02)",
            stars: "('s', 1, true, 5000, 4, 0, 10.0, 0.1, 0.5, 0.1, 10.0, 0.1, 0.3, 0.2, 0.4, 0.5)",
            predicted: "('s', 1, 'g', 4.2, 3.0, 0.01, 0.2, 0.1, 0.002, 0.02, 0.04)",
        },
    )
    assert row["unreddened_residual"] == near(0.8)
    assert row["label_error_1"] == near(0.01 * 10 + 0.2 * 0.1 + 0.1 * 0.3)
    assert row["label_error_2"] == near(0.2 * 0.2 + 0.1 * 0.4)
    assert row["label_error_3"] == near(0.1 * 0.5)
    assert row["label_error_1_per_ebv"] == near(0.002 * 10 + 0.02 * 0.1 + 0.04 * 0.3)
    assert row["label_error_2_per_ebv"] == near(0.02 * 0.2 + 0.04 * 0.4)
    assert row["label_error_3_per_ebv"] == near(0.04 * 0.5)


COMPARED = (
    "photometry.compared(survey, source_id, band, magnitude, magnitude_error, extinction, held_out, teff_k, logg, feh,"
    " distance_modulus, distance_modulus_error, unreddened_residual, label_error_1, label_error_2, label_error_3,"
    " label_error_1_per_ebv, label_error_2_per_ebv, label_error_3_per_ebv)"
)
TWO_BANDS = (  # at E = 0.2 the label errors are 0.1, 0.2, 0.4 in g and 0.3, 0.5, 0.2 in ks
    "('s', 1, 'g', 15.0, 0.3, 3.0, true, 5000, 4, 0, 10.0, 0.5, 1.0, 0.0, 0.1, 0.5, 0.5, 0.5, -0.5),"
    "('s', 1, 'ks', 13.0, 0.4, 0.5, true, 5000, 4, 0, 10.0, 0.5, 0.7, 0.3, 0.5, 0.0, 0.0, 0.0, 1.0)"
)
REDDENINGS = "photometry.reddenings(survey, source_id, ebv, ebv_error)"


def test_residuals_by_equation_18(view):
    view("photometric.bands")
    view("photometric.colours")
    rows = view(
        "photometry.residuals",
        "from photometry.residuals order by quantity",
        **{
            COMPARED: TWO_BANDS,
            REDDENINGS: "('s', 1, 0.2, 0.1)",
            "photometry.densities(survey, source_id, band, density)": "('s', 1, 'g', 0.5), ('s', 1, 'ks', 0.4),"
            "('s', 1, 'parallax', 0.3)",
        },
    )
    absolute, colour = rows
    assert (absolute["quantity"], colour["quantity"]) == ("M_g", "ks - g")
    # M_g: 1.0 - 3.0 * 0.2; labels 0.01 + 0.04 + 0.16, reddening 0.09, photometry 0.09, distance 0.25
    assert (absolute["residual"], absolute["observed"], absolute["predicted"]) == (near(0.4), near(5), near(4.6))
    assert absolute["z_score"] == near(0.4 / 0.64**0.5)
    assert (absolute["density"], colour["density"]) == (near(0.3), near(0.4))
    # ks - g: 0.6 - 0.4; labels 0.04 + 0.09 + 0.04, reddening (2.5 * 0.1)^2, photometry 0.16 + 0.09
    assert (colour["residual"], colour["observed"], colour["predicted"]) == (near(0.2), near(-2), near(-2.2))
    assert colour["z_score"] == near(0.2 / 0.4825**0.5)


def test_terms_of_equation_4(view):
    rows = view("photometry.covariance_terms", **{COMPARED: TWO_BANDS, REDDENINGS: "('s', 1, 0.2, 0.1)"})
    found = {(r["band_1"], r["band_2"], r["term"]): r["covariance"] for r in rows}
    assert len(found) == 16
    assert found["g", "ks", "labels"] == near(0.03 + 0.1 + 0.08)
    assert found["g", "ks", "reddening"] == near(3.0 * 0.5 * 0.01)
    assert found["g", "ks", "distance"] == near(0.25)
    assert found["g", "ks", "photometry"] == 0
    assert found["ks", "ks", "photometry"] == near(0.16)


def test_residuals_in_bins_of_each_parameter(view):
    """Residuals 0 to 4 of one star each in the same bins: percentiles at 0.64 and 3.36."""
    columns = "photometry.residuals(survey, quantity, held_out, residual, z_score, teff_k, logg, feh, ebv, density)"
    listed = ", ".join(f"('s', 'M_g', true, {k}, {2 * k}, 5010, 4.1, -0.3, 0.25, 0.02)" for k in range(5))
    rows = view("photometry.residual_bins", **{columns: listed})
    lows = {r["parameter"]: (r["bin_low"], r["bin_width"]) for r in rows}
    assert lows == {
        "teff_k": (5000, 250), "logg": (4, 0.25), "feh": (-0.5, 0.25), "ebv": (near(0.2), near(0.1)),
        "log_density": (-2, 0.5),
    }  # fmt: skip
    for row in rows:
        assert (row["n"], row["residual_median"], row["z_median"]) == (5, 2, 4)
        assert (row["residual_low"], row["residual_high"]) == (near(0.64), near(3.36))
        assert (row["z_low"], row["z_high"]) == (near(1.28), near(6.72))


def test_cells_of_the_locus(view):
    """0.12 and 0.14 in a cell of 0.05 mag, 4.3 and 4.4 in one of 0.25."""
    columns = "photometry.loci(survey, blue, red, predicted_colour, predicted_absolute_g, teff_k, logg, feh)"
    (row,) = view(
        "photometry.locus_cells",
        **{columns: "('s', 'g', 'rp', 0.12, 4.3, 5000, 4.0, 0.1), ('s', 'g', 'rp', 0.14, 4.4, 5200, 4.4, 0.3)"},
    )
    assert (row["colour_low"], row["absolute_g_low"], row["n"]) == (near(0.1), near(4.25), 2)
    assert (row["teff_k"], row["logg"], row["feh"]) == (near(5100), near(4.2), near(0.2))


def test_slopes_of_a_network_that_is_a_parabola(view, database):
    """M = 4 + T^2 / 1e7 + 2 g^2 - f^2, R = 3 + T / 1e4 - g / 10 + f / 5: central differences of them are exact."""
    database.execute(
        "create macro photometry_net(t, g, f) as {'absolute_g': 4 + t * t / 1e7 + 2 * g * g - f * f,"
        " 'extinction_g': 3 + t / 1e4 - g / 10 + f / 5}"
    )
    (row,) = view(
        "photometry.predicted",
        **{"photometry.stars(survey, source_id, teff_k, logg, feh)": "('s', 1, 5000.0, 4.5, 0.25)"},
    )
    assert row["band"] == "g"
    assert row["absolute_magnitude"] == near(4 + 2.5 + 40.5 - 0.0625)
    assert row["extinction"] == near(3.1)
    assert row["magnitude_per_teff"] == near(0.001)
    assert row["magnitude_per_logg"] == near(18)
    assert row["magnitude_per_feh"] == near(-0.5)
    assert row["extinction_per_teff"] == near(1e-4)
    assert row["extinction_per_logg"] == near(-0.1)
    assert row["extinction_per_feh"] == near(0.2)


def test_densities_by_band(view, database):
    database.execute("create macro photometry_density_net(t, g, f) as {'density_g': t / 1e4, 'density_parallax': f}")
    rows = view(
        "photometry.densities",
        **{"photometry.stars(survey, source_id, teff_k, logg, feh)": "('s', 1, 5000.0, 4.5, 0.25)"},
    )
    assert {r["band"]: r["density"] for r in rows} == {"g": near(0.5), "parallax": near(0.25)}


R = np.array([3.0, 2.0, 1.0, 0.5, 0.2])
ERRORS = np.array([0.02, 0.03, 0.05, 0.04, 0.1])
LABELS_1 = np.array([[0.10, 0.08, 0.05, 0.02, 0.01], [0.01, -0.02, 0.03, 0.0, 0.02], [0.0, 0.01, -0.01, 0.02, 0.03]])


PER_EBV = np.array([[0.02, -0.01, 0.01, 0.0, 0.03], [0.01, 0.02, 0.0, 0.01, 0.0], [0.0, 0.01, 0.02, -0.01, 0.01]])


@pytest.mark.parametrize("modulus_error", [0.1, None])
@pytest.mark.parametrize(("shift", "floored"), [(0.3, False), (2.5, False), (-2.0, True), (40.0, True)])
def test_reddening_is_that_of_the_normal_distribution(view, modulus_error, shift, floored):
    """Equations 7 to 9 with matrices: five bands, three label errors whose effect hangs on E itself, a modulus that is
    known or not."""
    residual = shift * R + np.array([0.01, -0.03, 0.05, 0.0, 0.02]) + (0 if modulus_error else 9.0)
    listed = ", ".join(
        f"('s', 1, 'b{k}', 15.0, {ERRORS[k]}, {R[k]}, {modulus_error or 'null'}::double, {residual[k]},"
        f" {', '.join(map(str, [*LABELS_1[:, k], *PER_EBV[:, k]]))}, 0.2, 0.3)"
        for k in range(5)
    )
    (row,) = view(
        "photometry.reddenings",
        **{
            "photometry.compared(survey, source_id, band, magnitude, magnitude_error, extinction,"
            " distance_modulus_error, unreddened_residual, label_error_1, label_error_2, label_error_3,"
            " label_error_1_per_ebv, label_error_2_per_ebv, label_error_3_per_ebv, ebv_prior, ebv_prior_error)": listed
        },
    )

    def covariance(ebv):
        labels = LABELS_1 + ebv * PER_EBV
        return np.diag(ERRORS**2) + labels.T @ labels + (modulus_error or 1e4) ** 2 * np.ones((5, 5))

    def update(ebv):
        inverse = np.linalg.inv(covariance(ebv))
        precision = R @ inverse @ R + 1 / 0.3**2
        return np.clip((R @ inverse @ residual + 0.2 / 0.3**2) / precision, 0, 10), precision

    settled = 0.2
    for _ in range(50):
        settled, precision = update(settled)
    error = np.sqrt(max(1 / precision, 0.02**2 + (0.1 * settled) ** 2))
    assert (row["ebv"] in (0, 10)) is floored
    assert row["ebv"] == near(settled, rel=1e-3)
    assert row["ebv_error"] == near(error, rel=1e-3)
    if shift == 2.5:
        assert abs(update(0.2)[0] - settled) > 0.01  # one update is not enough
    left = residual - settled * R
    chi2 = left @ np.linalg.inv(covariance(settled) + error**2 * np.outer(R, R)) @ left
    assert row["chi2"] == near(chi2, rel=2e-3)
    assert row["n_bands"] == 5
    assert row["chi2_per_dof"] == near(chi2 / 4, rel=2e-3)


def test_published_curves_are_scaled_to_the_network(view, database):
    """A network whose R is twice that of Gordon et al. 2023 in every band."""
    view("photometric.bands")
    curve = dict(database.execute("select band, extinction_g23 from photometric.bands").fetchall())
    network = ", ".join(f"'extinction_{band}': {2 * value}::double" for band, value in curve.items())
    database.execute(f"create macro photometry_net(t, g, f) as {{{network}}}")
    rows = {r["band"]: r for r in view("photometry.reddening_vector")}
    assert [r["extinction_g23"] for r in rows.values()] == near([r["extinction"] for r in rows.values()])
    # Schlafly et al. 2016: 1.3442 - 0.1157 in ps1_g - ks
    scale = 2 * (1.1612 - 0.1071) / (1.3442 - 0.1157)
    assert rows["h"]["extinction_s16"] == near(0.1793 * scale)
    assert rows["bp"]["extinction_s16"] is None
    # j: (y - j) over (j - h)
    assert rows["j"]["slope"] == near((0.4287 - 0.2757) / (0.2757 - 0.1701))
    assert rows["j"]["slope_g23"] == near(rows["j"]["slope"])
    assert rows["j"]["slope_s16"] == near((0.4826 - 0.3029) / (0.3029 - 0.1793))
    assert [rows[band]["slope"] for band in ("g", "ps1_g", "w2")] == [None] * 3


def test_loci_are_predicted_and_observed_colours(view):
    """Star 1 has both bands, star 2 lacks rp; the same numbers in another survey are another star."""
    rows = view(
        "photometry.loci",
        "from photometry.loci order by survey, source_id",
        **{
            "photometric.colours(blue, red)": "('g', 'rp')",
            "photometry.predicted(survey, source_id, band, absolute_magnitude, extinction)": """
            ('s', 1, 'g', 5.0, 3.0), ('s', 1, 'rp', 4.2, 2.0), ('s', 2, 'g', 6.0, 3.1), ('s', 2, 'rp', 5.0, 2.0),
            ('t', 1, 'g', 9.0, 3.2), ('t', 1, 'rp', 7.0, 2.0)""",
            "photometry.stars(survey, source_id, teff_k, logg, feh, distance_modulus)": """('s', 1, 5000, 4.5, 0, 10.0),
            ('s', 2, 5100, 4.4, 0, 11.0), ('t', 1, 5200, 4.3, 0, 12.0)""",
            "photometry.observed(survey, source_id, band, magnitude)": """('s', 1, 'g', 15.5), ('s', 1, 'rp', 14.6),
            ('s', 2, 'g', 17.5), ('t', 1, 'g', 21.0), ('t', 1, 'rp', 18.0), ('s', 3, 'rp', 1.0)""",
        },
    )
    assert [(r["survey"], r["source_id"], r["teff_k"]) for r in rows] == [
        ("s", 1, 5000),
        ("s", 2, 5100),
        ("t", 1, 5200),
    ]
    assert [r["predicted_colour"] for r in rows] == [near(0.8), near(1), near(2)]
    assert [r["colour_excess"] for r in rows] == [near(1), near(1.1), near(1.2)]
    assert [r["predicted_absolute_g"] for r in rows] == [5, 6, 9]
    assert [r["observed_colour"] for r in rows] == [near(0.9), None, near(3)]
    assert [r["observed_absolute_g"] for r in rows] == [near(5.5), near(6.5), near(9)]


@pytest.mark.parametrize(
    ("feh", "error", "may"), [(-0.5, 0.24, False), (-0.5, 0.26, True), (-1.2, 0.1, True), ("null::double", 0.1, False)]
)
def test_a_star_within_two_errors_of_the_least_metallicity_may_be_metal_poor(view, feh, error, may):
    columns = (
        "photometry.scores(survey, source_id, chi2, n_bands, teff_k, teff_k_error, logg, logg_error, feh, feh_error,"
        " ebv, ebv_error, distance_modulus, distance_modulus_error)"
    )
    (row,) = view(
        "photometry.inferred",
        **{columns: f"('s', 1, 5.0, 10, 5000, 50, 4.5, 0.1, {feh}, {error}, 0.1, 0.02, 10.0, 0.1)"},
    )
    assert row["may_be_metal_poor"] is may
    assert row["flag"] == ("[Fe/H]" if may else None)
    assert (row["feh"] is None) is (may or feh == "null::double")
    assert row["teff_k"] == 5000
