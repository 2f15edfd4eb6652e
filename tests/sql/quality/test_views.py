"""Quality of stars and sources over a few rows; numbers of Lucey et al. 2020, section 2.2, and Riello et al. 2021."""

import numpy as np
import pytest

near = pytest.approx


@pytest.mark.parametrize(
    ("survey", "wanted", "good", "bad"),
    [
        ("twomass", "AAA", ["AAA"], ["AAB", "BAA", "AA", "UUU"]),
        ("allwise", "AA", ["AABB", "AAAU"], ["ABAA", "BA", "A"]),
    ],
)
def test_letters_of_the_bands(view, survey, wanted, good, bad):
    letters = [*good, *bad]
    listed = ", ".join(f"('{letter}', '{letter}')" for letter in letters)
    rows = view(
        f"quality.{survey}", **{f"staging.{survey}(designation, ph_qual)": f"{listed}, ('none', null::varchar)"}
    )
    assert {r["designation"] for r in rows if r[f"passes_{survey}"]} == set(good)
    assert {r["designation"] for r in rows if r[f"passes_{survey}"] is False} == {*bad, "none"}


GAIA = {
    "survey": "'gaia_dr2'", "source_id": 1, "ra": "270::double", "dec": "66.56::double", "phot_g_mean_mag": 14.0,
    "phot_bp_mean_mag": 14.6, "phot_rp_mean_mag": 13.6, "phot_bp_rp_excess_factor": 1.2, "ruwe": 1.0,
    "pseudocolour": "null::double", "phot_g_mean_flux_over_error": 1000, "phot_bp_mean_flux_over_error": 100,
    "phot_rp_mean_flux_over_error": 200, "astrometric_params_solved": "null::integer",
    "nu_eff_used_in_astrometry": "null::double",
}  # fmt: skip


@pytest.fixture
def stars(view):
    """Rows of `quality.gaia` of some stars, each given by what is another."""

    def found(*changes: dict) -> list[dict]:
        rows = ", ".join("(" + ", ".join(str(x) for x in (GAIA | change).values()) + ")" for change in changes)
        view("quality.gaia_releases")
        names = ", ".join(f'"{name}"' for name in GAIA)
        return view("quality.gaia", "from quality.gaia order by source_id", **{f"staging.gaia({names})": rows})

    return found


PASSES = ("passes_excess_factor", "passes_ruwe", "passes_saturation")


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ({}, ()),
        ({"ruwe": 1.39}, ()),
        ({"ruwe": 1.41}, ("passes_ruwe",)),
        ({"ruwe": "null::double"}, ("passes_ruwe",)),
        # BP - RP = 1: between 1.015 and 1.36
        ({"phot_bp_rp_excess_factor": 1.36}, ("passes_excess_factor",)),
        ({"phot_bp_rp_excess_factor": 1.01}, ("passes_excess_factor",)),
        ({"phot_bp_rp_excess_factor": "null::double"}, ("passes_excess_factor",)),
        # the error of G over its zero point's: hypot(1.0857 / 236, 0.0018) - 0.0018 = 0.00314 of 15.6
        ({"phot_g_mean_flux_over_error": 236, "phot_g_mean_mag": 15.6}, ("passes_saturation",)),
        ({"phot_g_mean_flux_over_error": 240, "phot_g_mean_mag": 15.6}, ()),
        ({"phot_g_mean_flux_over_error": "null::double"}, ("passes_saturation",)),
    ],
)
def test_cuts_of_a_star(stars, change, fails):
    (star,) = stars(change)
    assert tuple(name for name in PASSES if not star[name]) == fails


def test_errors_have_those_of_the_zero_points(stars):
    dr2, dr3 = stars({}, {"survey": "'gaia_dr3'", "source_id": 2})
    of_flux = 2.5 / np.log(10) / np.array([1000, 100, 200])
    names = [f"phot_{band}_mean_mag_error" for band in ("g", "bp", "rp")]
    # Evans et al. 2018, table 4; Riello et al. 2021, table 3
    assert [dr2[n] for n in names] == near(np.hypot(of_flux, [0.0018, 0.0014, 0.0019]))
    assert [dr3[n] for n in names] == near(np.hypot(of_flux, [0.0027553202, 0.00279017, 0.0037793818]))
    assert dr2["bp_rp"] == near(1)
    assert dr2["g_error_ratio"] == near((np.hypot(of_flux[0], 0.0018) - 0.0018) / 14)


@pytest.mark.parametrize(
    ("bp_rp", "wanted"),
    [
        # Riello et al. 2021, table 2
        (0.2, 1.154360 + 0.033772 * 0.2 + 0.032277 * 0.04),
        (2, 1.162004 + 0.011464 * 2 + 0.049255 * 4 - 0.005879 * 8),
        (5, 1.057572 + 0.140537 * 5),
    ],
)
def test_corrected_excess_factor(value, bp_rp, wanted):
    assert value(f"quality.corrected_excess_factor(2.5::double, {bp_rp})") == near(2.5 - wanted)


def test_scatter_of_the_corrected_excess_factor(value):
    # equation 18
    assert value("quality.corrected_excess_factor_scatter(15)") == near(0.0059898 + 8.817481e-12 * 15**7.618399)


def test_corrected_excess_is_of_dr3_alone_and_within_five_sigma(stars):
    """At G = 14 one standard deviation is 0.01073, at BP - RP = 1 the curve is at 1.216844."""
    dr2, near_, far, low = stars(
        {},
        {"survey": "'gaia_dr3'", "source_id": 2, "phot_bp_rp_excess_factor": 1.217 + 0.052},
        {"survey": "'gaia_dr3'", "source_id": 3, "phot_bp_rp_excess_factor": 1.217 + 0.055},
        {"survey": "'gaia_dr3'", "source_id": 4, "phot_bp_rp_excess_factor": 1.217 - 0.055},
    )
    assert dr2["corrected_excess_factor"] is None
    assert near_["corrected_excess_factor"] == near(0.052156, abs=1e-6)
    found = [star["passes_corrected_excess_factor"] for star in (dr2, near_, far, low)]
    assert found == [None, True, False, False]


def test_zero_points_say_how_they_came(stars, view):
    found = stars(
        {},
        {"survey": "'gaia_dr3'", "source_id": 2, "nu_eff_used_in_astrometry": 1.5},
        {"survey": "'gaia_dr3'", "source_id": 3},
        {"survey": "'gaia_dr3'", "source_id": 4, "pseudocolour": 1.5},
        {"survey": "'gaia_dr4'", "source_id": 5, "astrometric_params_solved": 95, "pseudocolour": 1.5},
        {"survey": "'gaia_dr3'", "source_id": 6, "phot_bp_mean_mag": "null::double"},
    )
    assert [star["zero_point_recipe"] for star in found] == [
        "constant of Lucey+2020",
        "Lindegren+2021, five parameters",
        "Lindegren+2021, five parameters, wavenumber of BP - RP",
        "Lindegren+2021, six parameters",
        "Lindegren+2021, six parameters",
        "constant of Lindegren+2021, for want of a colour",
    ]
    assert found[0]["parallax_zero_point"] == near(-0.04)
    assert found[5]["parallax_zero_point"] == near(-0.017)
    counted = view("quality.zero_points")
    assert [(r["survey"], r["n"]) for r in counted] == [("gaia_dr2", 1), *[("gaia_dr3", 1)] * 4, ("gaia_dr4", 1)]
    assert counted[0]["mean_parallax_zero_point"] == near(-0.04)


def test_dr2_alone(stars, view):
    stars({}, {"survey": "'gaia_dr3'", "source_id": 2})
    (row,) = view("quality.gaia_dr2")
    assert row["source_id"] == 1
    assert "survey" not in row
