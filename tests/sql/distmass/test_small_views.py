"""The views of `sql/distmass` over a few rows, and macros without a network, by hand."""

import numpy as np
import pytest
from scipy.stats import norm

near = pytest.approx


@pytest.mark.parametrize(
    ("bucket", "part"), [(0, "test"), (4, "test"), (5, "validation"), (8, "validation"), (9, "train"), (24, "train")]
)
def test_parts_of_a_split(value, bucket, part):
    assert value(f"distmass.split({bucket})") == part


@pytest.mark.parametrize(
    ("mass", "error", "precise"), [(1.0, 0.1, True), (1.0, 0.11, False), (2.0, 0.19, True), (1.0, "null", True)]
)
def test_masses_better_than_ten_percent_are_labels(value, mass, error, precise):
    assert value(f"distmass.is_precise({mass}::double, {error})") is precise


def test_weighted_mean(value):
    # weights 100 and 25
    assert value("distmass.weighted_mean(1.0::double, 0.1, 2.0, 0.2)") == near(1.2)
    assert value("distmass.weighted_mean(null, null, 2.0, 0.2)") == 2
    assert value("distmass.weighted_mean(1.0, 0.1, null, null)") == 1


def test_errors_of_labels_add_up(value):
    # beyond those of APOGEE DR17 giants: 8 K, 0.022, 0.006, 0.015, 0.02
    wanted = (
        0.01**2 * (10**2 - 8**2) + 2**2 * (0.1**2 - 0.022**2) + 3**2 * (0.1**2 - 0.006**2)
        + 4**2 * (0.1**2 - 0.015**2) + 5**2 * (0.1**2 - 0.02**2)
    )  # fmt: skip
    found = value("distmass.propagated_variance(0.01, 2, 3, 4, 5, 10::double, 0.1::double, 0.1, 0.1, 0.1)")
    assert found == near(wanted)


def test_age_of_carbon_and_nitrogen(value):
    # Spoo et al. 2022: 10.14 + 2.23 [C/N]
    assert value("distmass.spoo_log_age(-0.4)") == near(9.248)


def test_weak_prior_density_has_its_three_terms(value):
    found = value("distmass.log_prior_density(2::double, 0.4, 0.1, 1.35)")
    assert found == near(2 * np.log(2) - 2 / 1.35 - 0.5)


def test_weak_prior_error_is_the_curvature(value):
    """By differences of the logarithm of the density itself."""
    w, s, r, h = 0.5, 0.05, 1.9, 1e-3
    a, b, c = (2 * np.log(x) - 0.5 * ((w - 1 / x) / s) ** 2 for x in (r - h, r, r + h))
    assert value(f"distmass.weak_prior_error({r}::double, {w}, {s})") == near(
        (-(a - 2 * b + c) / h**2) ** -0.5, rel=1e-5
    )


def test_pulls_are_shares_by_method(view):
    """Of test stars with an error: pulls 0.1, 0.3, 0.6 and -0.2; one beyond ten, one without error, one trained on."""
    judged = "distmass.judged(quantity, method, difference, sigma, is_test)"
    rows = view(
        "distmass.pulls",
        **{
            judged: """('mass', 'a', 0.2, 2, true), ('mass', 'a', 0.6, 2, true), ('mass', 'a', 1.2, 2, true),
            ('mass', 'a', -0.4, 2, true), ('mass', 'a', 30, 2, true), ('mass', 'a', 0.2, 0, true),
            ('mass', 'a', 0.2, 2, false), ('mass', 'b', 0.2, 2, true)"""
        },
    )
    found = [(r["method"], r["pull_low"], r["n"], r["share"]) for r in rows]
    assert found == [("a", -0.5, 1, 0.25), ("a", 0, 2, 0.5), ("a", 0.5, 1, 0.25), ("b", 0, 1, 1)]
    assert [r["normal_share"] for r in rows[:3]] == [near(0.5 * norm.pdf(x)) for x in (-0.25, 0.25, 0.75)]


PREDICTIONS = (
    "distmass.predictions(k, k_err, extinction_method, extinction, absolute_k_mag, absolute_k_mag_error,"
    " paper_absolute_k_mag, gaia_distance_kpc, gaia_distance_kpc_error)"
)


def test_distances_and_their_errors(view):
    """m - A - M = 10 and 15; errors 0.03, 0.1 * 0.4 and 0.05 in quadrature, and 0.05 without extinction."""
    rows = view(
        "distmass.distances",
        **{
            PREDICTIONS: """(8.9, 0.03, 'SFD', 0.4, -1.5, 0.05, -2.5, 1.2, 0.1),
            (13.5, null, 'none', 0, -1.5, 0.12, -1.5, null, null)"""
        },
    )
    assert [r["distance_kpc"] for r in rows] == [near(1), near(10)]
    assert [r["paper_distance_kpc"] for r in rows] == [near(10**0.2), near(10)]
    assert [r["magnitude_error"] for r in rows] == [near(0.05), near(0.05)]
    slope = np.log(10) / 5
    errors = [slope * np.hypot(0.05, 0.05), 10 * slope * 0.13]
    assert [r["distance_kpc_error"] for r in rows] == near(errors)
    weights = errors[0] ** -2, 0.1**-2
    assert rows[0]["weighted_distance_kpc"] == near((weights[0] + 1.2 * weights[1]) / sum(weights))
    assert rows[1]["weighted_distance_kpc"] == near(10)


def test_distance_errors_by_log_g(view):
    """Differences 0, 0.1, -0.2, 0.3 in one bin of half a dex; one in the next."""
    comparison = "distmass.comparison(method, is_test, logg, difference, gaia_error)"
    rows = view(
        "distmass.distance_errors",
        **{
            comparison: """('a', true, 2.1, 0.0, 0.01), ('a', true, 2.2, 0.1, 0.02), ('a', true, 2.4, -0.2, 0.03),
            ('a', true, 2.45, 0.3, 0.06), ('a', true, 2.5, 0.5, 0.05)"""
        },
    )
    assert [(r["logg_low"], r["n"]) for r in rows] == [(2.0, 4), (2.5, 1)]
    # median 0.05, deviations 0.05, 0.05, 0.25, 0.25
    assert rows[0]["scatter"] == near(1.4826022 * 0.15)
    # absolute: 0, 0.1, 0.2, 0.3
    assert (rows[0]["deviation_25"], rows[0]["deviation_75"]) == (near(0.075), near(0.225))
    assert rows[0]["gaia_error"] == near(0.025)


def test_funnel_in_order(view):
    rows = view(
        "distmass.funnel",
        **{
            "distmass.stars(survey, is_bad, lacks_parameters, lacks_abundances, lacks_magnitude)": """
            ('a', false, false, false, false), ('a', true, false, true, false), ('a', false, false, true, true),
            ('a', false, false, false, true), ('b', false, true, true, false)"""
        },
    )
    counts = [(r["n_alone"], r["n_in_order"], r["n_left"]) for r in rows if r["survey"] == "a"]
    assert counts == [(1, 1, 3), (0, 0, 3), (2, 1, 2), (2, 1, 1)]
    assert [(r["n_in_order"], r["n_left"]) for r in rows if r["survey"] == "b"] == [(0, 1), (1, 0), (0, 0), (0, 0)]
    assert [r["cut"] for r in rows[:2]] == ["STAR_BAD", "Teff, log g or [M/H] missing"]


def test_summary_of_clusters(view):
    """Two clusters at 1 and 2 kpc; the ensemble is 10 % far and 5 % near; a member of no known distance is left out."""
    rows = view(
        "distmass.cluster_summary",
        **{
            "distmass.members(spectrum_id, cluster, cluster_distance_kpc)": "(1, 'M1', 1.0), (2, 'M1', 1.0),"
            "(3, 'M2', 2.0), (4, 'M2', 2.0), (5, 'M3', null)",
            'distmass.catalogue("SPECTRUM_ID", "DISTANCE", "DISTANCE_PAPER", "NMSU_DIST", "GAIAEDR3_DIST")': """
            (1, 1.0, 1.0, 2.0, 1.0), (2, 1.2, 1.0, 2.0, 1.0), (3, 1.7, 2.0, 2.0, 2.0), (4, 2.1, 2.0, 2.0, null),
            (5, 9.0, 9.0, 9.0, 9.0)""",
        },
    )
    found = {r["method"]: r for r in rows}
    one = found["ensemble"]
    assert (one["n_clusters"], one["n"]) == (2, 4)
    assert one["median_error"] == near(0.025)
    assert one["error_scatter"] == near(0.15 / 2**0.5)
    # within: 0.2 / sqrt(2) and 0.4 / sqrt(2) / 2, the same
    assert one["median_scatter"] == near(0.1 * 2**0.5)
    assert (found["nmsu"]["median_error"], found["gaia"]["n"]) == (near(0.5), 3)


def test_clusters_one_by_one(view):
    columns = (
        '"SPECTRUM_ID", "DISTANCE", "DISTANCE_PAPER", "NMSU_DIST", "GAIAEDR3_DIST", "AGE_APOKASC2",'
        ' "AGE_APOKASC2_PAPER"'
    )
    (row,) = view(
        "distmass.clusters",
        **{
            "distmass.members(spectrum_id, cluster, cluster_distance_kpc, cluster_log_age)": "(1, 'M1', 1.0, 9.5),"
            "(2, 'M1', 1.0, 9.5), (9, 'M9', 1.0, 9.5)",
            f"distmass.catalogue({columns})": "(1, 1.0, 2.0, 1.5, 1.0, 9.4, 9.0), (2, 1.2, 3.0, 2.5, 1.4, null, 9.2)",
        },
    )
    assert (row["cluster"], row["n"], row["n_distances"], row["n_ages"]) == ("M1", 2, 2, 1)
    assert (row["distance_kpc"], row["distance_kpc_scatter"]) == (near(1.1), near(0.2 / 2**0.5))
    assert (row["fractional_error"], row["fractional_scatter"]) == (near(0.1), near(0.2 / 2**0.5 / 1.1))
    assert (row["distance_kpc_paper"], row["fractional_scatter_paper"]) == (near(2.5), near(0.5**0.5 / 2.5))
    assert (row["distance_kpc_nmsu"], row["gaia_distance_kpc"]) == (near(2), near(1.2))
    assert (row["log_age"], row["log_age_scatter"]) == (near(9.4), None)
    assert (row["log_age_paper"], row["log_age_scatter_paper"]) == (near(9.1), near(0.2 / 2**0.5))


def test_members_by_list_by_name_and_by_place(view):
    """1 by APOGEE's own list, 2 by OCCAM's name, 3 without a name within 2 arcsec, 4 beyond; OCCAM doubts N3's star."""
    rows = view(
        "distmass.members",
        "from distmass.members order by spectrum_id",
        **{
            "distmass.cluster_distances(cluster, occam_name, distance_kpc, cluster_log_age)": "('M1', null, 8.0, 10.0),"
            "('N2', 'NGC 2', 4.0, 9.0)",
            'staging.occam("APOGEE_ID", "CLUSTER", "RV_PROB", "FEH_PROB", "PM_PROB")': """
            ('2M12000000+1000000', 'NGC 2', 0.5, 0.5, 0.5), ('2M13000000-1000000', 'NGC 2', 0.5, 0.5, 0.5),
            ('2M14000000+1000000', 'NGC 3', 0.009, 0.5, 0.5), ('2M14000000+1000000', 'NGC 3', 0.5, 0.009, 0.5),
            ('2M14000000+1000000', 'NGC 3', 0.5, 0.5, 0.009)""",
            'distmass.spectra(spectrum_id, apogee_id, member, ra, "dec")': """
            (1, '2M1', 'M1', 10.0, 10.0), (2, '2M12000000+1000000', null, 180.0, 10.0),
            (3, null, null, 195.0, -10.0005), (4, null, null, 195.0, -10.0006),
            (5, '2M14000000+1000000', null, 210, 10)""",
        },
    )
    found = [(r["spectrum_id"], r["cluster"], r["cluster_distance_kpc"], r["cluster_log_age"]) for r in rows]
    assert found == [(1, "M1", 8, 10), (2, "N2", 4, 9), (3, "N2", 4, 9)]


def test_distances_of_clusters_are_of_the_paper_or_the_users(view):
    """Stone-Martinez et al. 2024, table 1."""
    rows = view(
        "distmass.cluster_distances", **{"staging.clusters(cluster, distance_kpc, log_age)": "('M67', 0.85, 9.6)"}
    )
    found = {r["cluster"]: (r["distance_kpc"], r["occam_name"]) for r in rows}
    assert len(rows) == len(found)
    assert found["M67"] == (near(0.85), None)
    assert found["N6791"] == (near(4.078), "NGC 6791")
    assert found["N188"] == (near(1.7), "NGC 188")
    printed = {
        "M92": 8.2, "M15": 10, "N5466": 15.9, "N4147": 19, "M2": 12, "M13": 6.8, "M3": 10, "M5": 8, "M12": 5,
        "M107": 6, "N2243": 4.5, "N2158": 4, "N2420": 2.5, "N7789": 2.2, "N5053": 17.4,
    }  # fmt: skip
    assert {cluster: found[cluster][0] for cluster in printed} == near(printed)
    assert found["M10"] == (None, None)


COMPARISON_GIVEN = {
    "distmass.distances(spectrum_id, logg, bucket, distance_kpc, distance_kpc_error, paper_distance_kpc,"
    " gaia_distance_kpc, gaia_distance_kpc_error)": "(1, 2.5, 0, 2.2, 0.22, 1.8, 2.0, 0.1), (2, 2.5, 7, 1.0, 0.1, null,"
    " 1.0, 0.1), (3, 2.5, 0, 1.0, 0.1, 1.0, 1.0, 0.1), (4, 2.5, 0, 3.0, 0.6, null, 2.0, 0.4)",
    "distmass.nmsu(spectrum_id, distance_kpc, distance_kpc_low, distance_kpc_high)": "(1, 2.5, 2.0, 3.5)",
    "distmass.training(spectrum_id, absolute_k_label, is_test, is_simulated)": "(1, -1.6, true, false),"
    " (2, -1.6, false, false), (3, null, true, false), (4, -1.6, null, true)",
}


def test_distances_are_compared_with_those_trusted(view):
    """Star 1 was never seen; 2 was, and has no distance of the paper's; 3 has no label; 4 is simulated."""
    rows = view("distmass.comparison", "from distmass.comparison order by spectrum_id, method", **COMPARISON_GIVEN)
    found = [(r["spectrum_id"], r["method"], r["is_test"], r["is_simulated"]) for r in rows]
    assert found == [
        (1, "ensemble", True, False), (1, "nmsu", True, False), (1, "paper", True, False),
        (2, "ensemble", False, False), (4, "ensemble", None, True),
    ]  # fmt: skip
    assert [r["difference"] for r in rows] == [near(0.1), near(0.25), near(-0.1), near(0), near(0.5)]
    assert [r["inferred_error"] for r in rows] == [near(0.1), near(0.3), None, near(0.1), near(0.2)]
    assert [r["gaia_error"] for r in rows] == [near(0.05), near(0.05), near(0.05), near(0.1), near(0.2)]


def test_validation_of_five_stars(view):
    """Differences 0, 0.1, 0.2, 0.4, 0.8 with errors of 0.25; one trained on, two simulated, one nobody knows of."""
    listed = ", ".join(f"('mass', 'a', {x}, 0.25, true, false)" for x in (0.0, 0.1, 0.2, 0.4, 0.8))
    rows = view(
        "distmass.validation",
        **{
            "distmass.judged(quantity, method, difference, sigma, is_test, is_simulated)": f"""{listed},
            ('mass', 'a', 0.1, 0.5, false, false), ('mass', 'a', 0.3, 0.5, null, true),
            ('mass', 'a', 0.5, 0.5, null, true), ('mass', 'a', -0.7, 0.5, null, false)"""
        },
    )
    assert [(r["stars"], r["n"], r["bias"]) for r in rows] == [
        ("not known", 1, near(-0.7)), ("simulated", 2, near(0.4)), ("test", 5, near(0.2)), ("trained on", 1, near(0.1)),
    ]  # fmt: skip
    row = rows[2]
    assert row["bias"] == near(0.2)
    # deviations 0.2, 0.1, 0, 0.2, 0.6
    assert row["robust_scatter"] == near(0.2 * 1.4826022)
    assert row["pull_scatter"] == near(0.8 * 1.4826022)
    # mean 0.3: 0.09 + 0.04 + 0.01 + 0.01 + 0.25, over 5
    assert row["standard_deviation"] == near(0.08**0.5)
    assert (row["within_one_error"], row["within_two_errors"]) == (near(0.6), near(0.8))
