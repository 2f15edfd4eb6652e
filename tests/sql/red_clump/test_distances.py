"""Distances on a few stars: the recipe by hand, the posterior against SciPy's integrals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.integrate import quad
from scipy.stats import norm

#: A recipe that is easy to reckon with: colour 2 - (T - 4800) / 1000, M = -1.5 + 0.2 (T - 4800) / 1000.
SHIPPED = """
    select 'G-W1' as recipe, 2.0 as colour, -1.0 as colour_slope, 0.02 as colour_error, -1.5 as absolute_magnitude,
        0.2 as magnitude_slope, 0.04 as magnitude_error, 0.1 as slope_error, 0.1 as width, 0.4 as contaminant_offset,
        0.6 as contaminant_width
"""


def parquet(path, **columns) -> str:
    pq.write_table(pa.table(columns), path)
    return f"select * from '{path}'"


GIANT = """
    select 'gaia_dr2' as survey, i::bigint as source_id, 2::tinyint as tier, 10.0 as l, 20.0 as b, 0.9 as p_rc,
        null::real as p_rc_photometric, 0.46 as parallax, 0.02 as parallax_error, -0.04 as parallax_zero_point,
        4900.0 as teff_photometric_k, 60.0 as teff_photometric_k_error, 5000.0 as teff_k, 90.0 as teff_k_error,
        4700.0 as joint_teff_k, 80.0 as joint_teff_k_error, g as phot_g_mean_mag, j as j_m, h as h_m, k as ks_m,
        w1 as w1mpro, w2 as w2mpro, null::real as j_m_error, 0.04 as h_m_error, 0.02 as ks_m_error,
        0.024 as w1mpro_error,
        0.05 as w2mpro_error
    from (values {}) as t(i, g, j, h, k, w1, w2)
"""


def test_each_star_has_the_best_recipe_that_its_bands_allow(view):
    giants = GIANT.format(
        "(1, 14.0, 12.5, 12.0, 11.9, 11.8, 11.8), (2, 14.0, 12.5, 12.0, 11.9, null, 11.8), "
        "(3, 14.0, 12.5, 12.0, 11.9, null, null), (4, null, 12.5, null, 11.9, 11.8, 11.8), "
        "(5, 14.0, null, null, 11.9, null, null)"
    )
    rows = {row["source_id"]: row for row in view("red_clump.candles", **{"red_clump.giants": giants})}
    assert {i: row["recipe"] for i, row in rows.items()} == {1: "G-W1", 2: "H-W2", 3: "J-Ks", 4: "J-Ks"}
    assert [float(rows[i]["magnitude"]) for i in (1, 2, 3)] == pytest.approx([11.8, 11.9, 11.9])
    assert [float(rows[i]["colour"]) for i in (1, 2, 3)] == pytest.approx([2.2, 0.2, 0.6])
    assert float(rows[1]["true_parallax"]) == pytest.approx(0.5)
    assert float(rows[1]["teff_k"]) == 4900, "from colours alone"
    # W1 counts once and, by the excess of G - W1, a fifteenth more
    assert rows[1]["magnitude_error"] == pytest.approx(0.024 * (1 + 1 / 15))
    assert rows[2]["magnitude_error"] == pytest.approx(np.sqrt(0.02**2 + 0.743**2 * (0.04**2 + 0.05**2)))
    assert rows[3]["magnitude_error"] == pytest.approx(np.hypot(1.473 * 0.02, 0.473 * 0.03)), "J has no error: 0.03"


def candles(tmp_path, draws, n=400, b=50.0, **columns) -> dict[str, np.ndarray]:
    """Red clump stars at 1 kpc that follow the shipped recipe, with a parallax good to 1 %."""
    teff = draws.uniform(4600, 5000, n)
    x = (teff - 4800) / 1000
    magnitude = -1.5 + 0.2 * x + 10
    given = {
        "survey": ["gaia_dr2"] * n,
        "source_id": np.arange(n),
        "recipe": ["G-W1"] * n,
        "b": np.full(n, b),
        "teff_k": teff,
        "teff_k_error": np.full(n, 50.0),
        "magnitude": magnitude + draws.normal(0, 0.05, n),
        "magnitude_error": np.full(n, 0.02),
        "colour": 2.0 - x + draws.normal(0, 0.05, n),
        "extinction_ratio": np.full(n, 1 / 15),
        "true_parallax": np.full(n, 1.0),
        "parallax_error": np.full(n, 0.01),
        "fold": np.arange(n) % 5,
        "tier": np.full(n, 2),
        "l": np.zeros(n),
        "p_rc": np.full(n, 0.9),
        "p_rc_photometric": np.full(n, np.nan),
    }
    return given | columns


@pytest.fixture
def recipe(view, connection, tmp_path):
    """`recipe(stars)`: the views of the recipe over these candles."""

    def rows(stars, name="red_clump.distances", query=None):
        given = {
            "red_clump.shipped_recipes": SHIPPED,
            "red_clump.candles": parquet(tmp_path / "candles.parquet", **stars),
        }
        view("red_clump.intrinsic_colours", "select 1", **given)
        for step in ("red_clump.dereddened", "red_clump.absolute_magnitudes", "red_clump.distances"):
            view(step, "select 1")
        return view(name, query)

    return rows


def test_a_colour_is_fitted_where_there_is_little_dust(recipe, tmp_path):
    """0.05 mag off the shipped colour at |b| = 50 deg; stars in the plane, another 0.5 off, have no say."""
    draws = np.random.default_rng(1)
    stars = candles(tmp_path, draws)
    stars["colour"] = stars["colour"] + np.where(np.arange(400) < 200, 0.05, 0.5)
    stars["b"] = np.where(np.arange(400) < 200, -50.0, 10.0)
    rows = recipe(stars, "red_clump.intrinsic_colours")
    assert [row["n"] for row in rows] == [160] * 5
    assert all(row["is_fitted"] for row in rows)
    assert [row["colour"] for row in rows] == pytest.approx([2.05] * 5, abs=0.015)
    assert [row["slope"] for row in rows] == pytest.approx([-1.0] * 5, abs=0.15)
    assert [row["error"] for row in rows] == pytest.approx([0.05 / np.sqrt(160)] * 5, rel=0.2)


@pytest.mark.parametrize(
    ("n", "shift", "b"),
    [(50, 0.0, 50.0), (400, 0.3, 50.0), (400, 0.0, 30.0)],
    ids=["40 stars are too few", "0.3 mag is no fit", "none is little reddened"],
)
def test_else_the_shipped_colour_stands(recipe, tmp_path, n, shift, b):
    stars = candles(tmp_path, np.random.default_rng(1), n, b)
    stars["colour"] = stars["colour"] + shift
    rows = recipe(stars, "red_clump.intrinsic_colours")
    assert [row["is_fitted"] for row in rows] == [False] * 5
    assert [float(row["colour"]) for row in rows] == [2.0] * 5
    assert [float(row["slope"]) for row in rows] == [-1.0] * 5


def test_a_magnitude_is_fitted_to_good_parallaxes_of_other_folds(recipe, tmp_path):
    """Fold 0 alone is 0.3 mag brighter: its own stars, whose distances it gives, must not know."""
    draws = np.random.default_rng(2)
    stars = candles(tmp_path, draws)
    stars["magnitude"] = stars["magnitude"] + 0.05 - 0.3 * (stars["fold"] == 0)
    rows = {row["fold"]: row for row in recipe(stars, "red_clump.absolute_magnitudes")}
    assert rows[0]["is_fitted"]
    assert rows[0]["n"] == 320
    assert rows[0]["intercept"] == pytest.approx(-1.45, abs=0.015)
    assert rows[1]["intercept"] < -1.46, "a quarter of its calibrators are the bright ones"
    assert rows[0]["slope"] == pytest.approx(0.2, abs=0.07)
    # the median of 320 stars, and 0.01 mas of a parallax of 1 mas
    assert rows[0]["error"] == pytest.approx(np.hypot(1.2533 * 0.055 / np.sqrt(320), 0.01 * 2.1715), rel=0.05)
    # what is left of 0.05 mag without 1 % of parallax and 0.02 mag of photometry is less than the least width
    assert rows[0]["width"] == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "columns"),
    [
        (36, {}),
        (400, {"parallax_error": np.full(400, 0.06)}),
        (400, {"true_parallax": np.full(400, -1.0)}),
        (400, {"true_parallax": np.full(400, 0.75)}),
    ],
    ids=["29 stars are too few", "6 % is no precise parallax", "a negative one is none", "0.6 mag is no fit"],
)
def test_else_the_shipped_magnitude_stands(recipe, tmp_path, n, columns):
    rows = recipe(candles(tmp_path, np.random.default_rng(3), n, **columns), "red_clump.absolute_magnitudes")
    assert [row["is_fitted"] for row in rows] == [False] * 5
    assert [float(row["intercept"]) for row in rows] == [-1.5] * 5
    assert [float(row["slope"]) for row in rows] == [0.2] * 5
    assert [float(row["error"]) for row in rows] == [0.04] * 5


def test_a_fit_no_better_than_the_shipped_line_is_not_taken(recipe, tmp_path):
    """At 0.3 mas the zero point alone, 0.01 mas, makes 0.07 mag; the shipped line has 0.04."""
    stars = candles(tmp_path, np.random.default_rng(4), true_parallax=np.full(400, 0.3))
    stars["magnitude"] = stars["magnitude"] - 5 * np.log10(0.3)
    stars["parallax_error"] = np.full(400, 0.003)
    rows = recipe(stars, "red_clump.absolute_magnitudes")
    assert [row["is_fitted"] for row in rows] == [False] * 5
    assert [row["n"] for row in rows] == [320] * 5
    assert [row["width"] for row in rows] == pytest.approx([0.05] * 5), "which knows nothing of zero points"


def test_one_star_by_hand(recipe, tmp_path):
    """G - W1 is 1.5 mag too red for its 5000 K: A_W1 = 0.1; M = -1.46; 10.1 - 0.1 + 1.46 = 11.46 mag is 1.959 kpc."""
    star = candles(tmp_path, np.random.default_rng(0), 1, b=30.0)
    star |= {"teff_k": [5000.0], "colour": [3.3], "magnitude": [10.1], "fold": [3], "true_parallax": [0.5]}
    (row,) = recipe(star)
    assert row["extinction"] == pytest.approx(0.1)
    assert float(row["absolute_magnitude"]) == pytest.approx(-1.46)
    assert row["distance_kpc"] == pytest.approx(10 ** (11.46 / 5 - 2))
    terms = [
        0.1,  # width of the red clump
        0.2 * np.exp(-(10 ** (11.46 / 5 - 2)) * 0.5 / 0.3),  # young stars, at half the distance above the plane
        0.02,  # photometry
        0.05 * (-1 / 15 - 0.2),  # Teff, by the colour and by the magnitude
        0.02 / 15,  # the colour of the recipe
        0.1 * 0.2,  # the law of extinction
        0.04,  # the magnitude of the recipe
    ]
    assert row["modulus_error"] == pytest.approx(np.sqrt(np.sum(np.square(terms))))
    assert row["distance_kpc_error"] / row["distance_kpc"] == pytest.approx(row["modulus_error"] * np.log(10) / 5)
    assert row["distance_recipe"] == "G-W1, shipped"


GRID = {
    "red_clump.shipped_recipes": SHIPPED,
    "red_clump.candles": """
        select 'gaia_dr2' as survey, 1::bigint as source_id, {p_rc} as p_rc, {p_prior}::double as p_rc_photometric
    """,
    "red_clump.distances": """
        select 'gaia_dr2' as survey, 1::bigint as source_id, 'G-W1' as recipe, {kpc}::double as distance_kpc,
            0.15 as modulus_error, {parallax}::double as true_parallax, {error}::real as parallax_error
    """,
}


def posterior(view, **values):
    given = {name: text.format(**({"p_prior": "null"} | values)) for name, text in GRID.items()}
    view("red_clump.distance_grid", "select 1", **given)
    (row,) = view("red_clump.bayesian_distances")
    return row


def integrals(kpc, parallax, error, p_prior=None, p_rc=None):
    """P(RC), and the share of the posterior below a distance, by SciPy's quadrature over the distance modulus."""
    middle = 5 * np.log10(kpc) + 10

    def clump(mu):
        return norm.pdf(middle - mu, 0, 0.15) * norm.pdf(parallax, 10 ** (2 - mu / 5), error)

    def other(mu):
        return norm.pdf(middle - mu, 0.4, 0.6) * norm.pdf(parallax, 10 ** (2 - mu / 5), error)

    def integral(function, high=middle + 4):
        points = [middle - 0.4, middle] + ([10 - 5 * np.log10(parallax)] if parallax > 0 else [])
        return quad(function, middle - 4, high, points=[p for p in points if p < high], limit=400)[0]

    by_clump, by_other = integral(clump), integral(other)
    if p_prior is not None:
        p_rc = p_prior * by_clump / (p_prior * by_clump + (1 - p_prior) * by_other)

    def below(distance_kpc):
        mu = 5 * np.log10(distance_kpc) + 10
        return p_rc * integral(clump, mu) / by_clump + (1 - p_rc) * integral(other, mu) / by_other

    return p_rc, below


@pytest.mark.parametrize(
    ("kpc", "parallax", "error"), [(3.0, 0.25, 0.05), (3.0, 0.35, 0.02), (5.0, -0.1, 0.1), (1.0, 1.2, 0.1)]
)
@pytest.mark.parametrize("prior", [{"p_prior": 0.7}, {"p_rc": 0.7}])
def test_the_posterior_is_that_of_quadrature(view, kpc, parallax, error, prior):
    """With a prior that has not read the parallax, Bayes; without one, P(RC) stays what it is and each class has its
    own posterior of distance."""
    row = posterior(view, kpc=kpc, parallax=parallax, error=error, **({"p_rc": 0.2} | prior))
    p_rc, below = integrals(kpc, parallax, error, **prior)
    assert row["p_rc_posterior"] == pytest.approx(p_rc, abs=0.003)
    shares = [below(row[name]) for name in ("distance_low_kpc", "distance_kpc", "distance_high_kpc")]
    assert shares == pytest.approx([0.16, 0.5, 0.84], abs=0.01)
    assert row["distance_kpc_error"] == pytest.approx((row["distance_high_kpc"] - row["distance_low_kpc"]) / 2)


def test_without_a_parallax_the_magnitude_decides(view):
    row = posterior(view, p_rc=1.0, kpc=8.0, parallax="null", error="null")
    width = 0.15 * np.log(10) / 5
    assert row["distance_kpc"] == pytest.approx(8, rel=2e-3)
    assert row["distance_kpc_error"] == pytest.approx(8 * width, rel=0.02)


@pytest.mark.parametrize("parallax", [1.0, 10.0])
def test_a_sharp_parallax_decides(view, parallax):
    """Even against a magnitude that no red clump star has there."""
    row = posterior(view, p_rc=1.0, p_prior=0.5, kpc=1.4, parallax=parallax, error=parallax / 100)
    assert row["distance_kpc"] == pytest.approx(1 / parallax, rel=0.005)
    assert row["distance_kpc_error"] == pytest.approx(0.01 / parallax, rel=0.1)
    assert row["p_rc_posterior"] < 0.05


def test_a_parallax_that_fits_nowhere_leaves_the_magnitude(view):
    row = posterior(view, p_rc=0.9, kpc=5.0, parallax=-9.0, error=0.1)
    assert row["distance_kpc"] == pytest.approx(5, rel=0.1)


def test_a_catalogue_says_why_a_star_has_no_tier_or_distance(view):
    silent = ", ".join(
        f"null::real as any_{name}, null::real as any_{name}_error"
        for name in ("teff_k", "logg", "feh", "delta_nu_uhz", "delta_p_s")
    )
    scores = f"""
        select 'gaia_dr2' as survey, i::bigint as source_id, 0.0 as ra, 0.0 as "dec", 0.0 as l, 0.0 as b,
            teff as teff_all_k,
            logg as logg_all, teff as teff_k, 50.0 as teff_k_error, logg, 0.1 as logg_error, 260.0 as delta_p_s,
            20.0 as delta_p_s_error, nu as delta_nu_uhz, 0.3 as delta_nu_uhz_error, feh as joint_feh,
            0.9 as p_rc, inside as inside_hull, 0.9 as joint_p_rc, 0.8 as p_rc_photometric, 'J Ks' as bands, {silent}
        from (values (1, 4800, 2.4, 4.0, 0.0, true), (2, 5600, 2.4, 4.0, 0.0, true), (3, 4800, 2.4, 4.0, 0.0, false),
            (4, 4800, 2.4, 4.0, -0.9, true), (5, 4800, 2.4, 6.0, 0.0, true), (6, 4800, 2.4, 4.0, 0.0, null))
            as t(i, teff, logg, nu, feh, inside)
    """
    distances = """
        select 'gaia_dr2' as survey, 1::bigint as source_id, 2.0 as distance_kpc, 0.1 as distance_kpc_error,
            'J-Ks, shipped' as distance_recipe
        union all select 'other' as survey, 6::bigint as source_id, 3.0, 0.1, 'J-Ks, shipped'
    """
    view("red_clump.judged", "select 1", **{"red_clump.scores": scores, "red_clump.distances": distances})
    view("red_clump.giants", "select 1")
    rows = view(
        "red_clump.catalogue", "select source_id, tier, distance_recipe, reason from red_clump.catalogue order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [
        (1, 2, "J-Ks, shipped", None),
        (4, None, None, "outside the range of labels"),
        (5, None, None, "not red clump by the cuts of tier 2"),
        (6, 2, None, "no distance without G and W1, or H, Ks and W2, or J and Ks"),
    ]
    stars, ids = "range(1, {}) as t(i)", "'gaia_dr2' as survey, i::bigint as source_id"
    given = {
        "red_clump.labels": f"select {ids}, i = 3 as is_rc from {stars.format(6)}",
        "red_clump.truth": f"select {ids}, if(i in (1, 3), 3, 2) as phase from {stars.format(7)}",
    }
    refusals = {row["refusal"]: row for row in view("red_clump.refusals", **given)}
    assert refusals["none: tier 1 or 2"]["n"] == 2
    assert refusals["none: tier 1 or 2"]["n_labelled"] == 1
    assert refusals["not a giant"]["n"] == 1
    assert (refusals["outside the hull"]["share_of_rc"], refusals["outside the hull"]["share_of_clump"]) == (1, 0.5)


def test_what_distances_rest_on_is_counted(view):
    distances = "select unnest(['G-W1, shipped', 'G-W1, shipped', 'J-Ks, shipped']) as distance_recipe"
    rows = view("red_clump.fitted", **{"red_clump.distances": distances})
    assert [tuple(row.values()) for row in rows] == [
        ("distances", "G-W1, shipped", 2),
        ("distances", "J-Ks, shipped", 1),
    ]


def test_distances_are_judged_by_their_parallax_and_latitude(view):
    """Three stars at 2 kpc, found at 2.2, 1.8, 2.0, with the parallax at 2.1, 1.9, 2.0; the third is no clump star."""
    distances = """
        select 'gaia_dr2' as survey, i::bigint as source_id, kpc as distance_kpc, 0.1 as distance_kpc_error,
            parallax as true_parallax, 0.05 as parallax_error, b from (values {}) as t(i, kpc, parallax, b)
    """
    given = {
        "red_clump.distances": distances.format("(1, 2.2, 0.5, 1.0), (2, 1.8, 0.4, -1.0), (3, 2.0, -0.1, 0.0)"),
        "red_clump.bayesian_distances": distances.format("(1, 2.1, 0, 0), (2, 1.9, 0, 0), (3, 2.0, 0, 0)"),
        "red_clump.truth": """
            select 'gaia_dr2' as survey, i::bigint as source_id, 2.0 as distance_kpc, if(i = 3, 2, 3) as phase
            from range(1, 4) as t(i)
        """,
    }
    rows = {(row["parameter"], row["subset"]): row for row in view("red_clump.distance_accuracy", **given)}
    assert {subset for _, subset in rows} == {
        "parallax 10 to 20 %",
        "parallax not above 0",
        "red clump, |b| < 2 deg",
    }
    clump = rows["distance", "red clump, |b| < 2 deg"]
    assert clump["n"] == 2
    assert clump["bias"] == pytest.approx(0)
    assert clump["standard_deviation"] == pytest.approx(0.1)
    assert clump["mean_absolute"] == pytest.approx(0.1)
    assert clump["pull_scatter"] == pytest.approx(1.4826 * 2, rel=1e-4)
    assert rows["distance_bayesian", "red clump, |b| < 2 deg"]["standard_deviation"] == pytest.approx(0.05)
    assert rows["distance", "parallax 10 to 20 %"]["n"] == 2
