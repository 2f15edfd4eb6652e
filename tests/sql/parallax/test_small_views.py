"""The views of `sql/parallax` over a few rows, with numbers that can be checked by hand."""

import pytest
from astropy import units as u
from astropy.coordinates import ICRS, CartesianDifferential, Galactocentric, SkyCoord

near = pytest.approx

PARENT = (
    "parallax.parent(apogee_id, sample, ra, dec, parallax, parallax_error, m_h, h_w2, phot_g_mean_mag, is_training,"
    " member)"
)
SCORES = (
    "parallax.scores(apogee_id, parallax_by_a, parallax_by_a_error, parallax_by_b, parallax_by_b_error,"
    " parallax_by_both, parallax_by_both_error)"
)
ESTIMATES = (
    "parallax.estimates(apogee_id, sample, parallax, parallax_error, spec_parallax, spec_parallax_error,"
    " spec_parallax_total_error, model_scatter, m_h, h_w2, phot_g_mean_mag, is_training, member, adjusted_parallax,"
    " spec_distance_kpc)"
)


@pytest.fixture
def scattered(database):
    """The model of A is 48 % off beside the errors of its features, that of B 18.75 %."""
    database.execute(
        "create macro parallax_scatter() as {'parallax_by_a': 0.48::double, 'parallax_by_b': 0.1875::double,"
        " 'parallax_by_both': 99::double}"
    )
    database.execute("insert or replace into candlesql.models(model, trained_on) values ('parallax', 'simulated')")


@pytest.mark.usefixtures("scattered")
def test_a_star_is_judged_by_the_other_half(view):
    """Star a is of A, so B's model has it; b is of B; c has no parallax of Gaia's."""
    rows = view(
        "parallax.estimates",
        "select * from parallax.estimates order by apogee_id",
        **{
            PARENT: "('a', 'A', 1, 0, 0.452, 0.1, 0, 0, 10, true, null),"
            "('b', 'B', 2, 0, 0.152, 0.05, 0, 0, 10, true, null), ('c', 'B', 3, 0, null, null, 0, 0, 10, false, null)",
            SCORES: "('a', 9, 9, 0.8, 0.2, 9, 9), ('b', 0.25, 0.05, 9, 9, 9, 9), ('c', 0.5, 0.1, 9, 9, 9, 9)",
        },
    )
    found = [(r["spec_parallax"], r["spec_parallax_error"], r["adjusted_parallax"]) for r in rows]
    assert found == [
        (near(0.8), near(0.2), near(0.5)),
        (near(0.25), near(0.05), near(0.2)),
        (near(0.5), near(0.1), None),
    ]
    # 0.8 * 0.1875 with 0.2 is 3-4-5; 0.25 * 0.48 with 0.05 and 0.5 * 0.48 with 0.1 are 5-12-13
    assert [r["model_scatter"] for r in rows] == [near(0.15), near(0.12), near(0.24)]
    assert [r["spec_parallax_total_error"] for r in rows] == [near(0.25), near(0.13), near(0.26)]
    # weights 16 and 100: (0.8 * 16 + 0.5 * 100) / 116, 1 / sqrt(116); 10000 / 169 and 400; what alone is there
    of_b = 10000 / 169
    combined = [near(62.8 / 116), near((0.25 * of_b + 80) / (of_b + 400)), near(0.5)]
    assert [r["combined_parallax"] for r in rows] == combined
    assert [r["combined_parallax_error"] for r in rows] == [near(116**-0.5), near((of_b + 400) ** -0.5), near(0.26)]
    assert [r["spec_distance_kpc"] for r in rows] == [near(1.25), near(4), near(2)]
    assert [r["spec_distance_kpc_error"] for r in rows] == [near(0.25 / 0.64), near(2.08), near(1.04)]


@pytest.mark.usefixtures("scattered")
@pytest.mark.parametrize("sample", ["A", "B"])
@pytest.mark.parametrize(
    ("listed", "by"), [(["a"], "b"), (["b"], "a"), (["a", "b"], None), (["both"], "half"), ([], "half")]
)
@pytest.mark.parametrize("key", ["sphere.position_key(10, 20)", "stats.key('apogee:a')"])
def test_a_star_in_a_list_is_judged_by_the_model_of_the_other(view, database, sample, listed, by, key):
    """By place or by name, whatever its half is now; by neither model if both have seen it."""
    for name in listed:
        database.execute(f"insert into candlesql.training_stars select 'parallax/{name}', {key}")
    database.execute("insert into candlesql.training_stars select 'parallax/a', sphere.position_key(10.1, 20)")
    given = {PARENT: f"('a', '{sample}', 10.0, 20.0, 1.952, 0.1, 0, 0, 10, true, null)"}
    (row,) = view("parallax.estimates", **given, **{SCORES: "('a', 1.0, 0.1, 2.0, 0.2, 9, 9)"})
    wanted = {
        "a": (near(1), near(0.1), near(0.48), near(1)),
        "b": (near(2), near(0.2), near(0.375), near(0.5)),
        None: (None, None, None, None),
    }
    other = "b" if sample == "A" else "a"
    names = ("spec_parallax", "spec_parallax_error", "model_scatter", "spec_distance_kpc")
    assert tuple(row[name] for name in names) == wanted[other if by == "half" else by]
    if by is None:  # what is left is Gaia's
        assert (row["combined_parallax"], row["combined_parallax_error"]) == (near(2), near(0.1))


@pytest.mark.usefixtures("scattered")
@pytest.mark.parametrize(
    ("halves", "is_known"), [(["parallax/a"], False), (["parallax/b"], False), (["parallax/a", "parallax/b"], True)]
)
def test_a_model_that_does_not_say_its_stars_judges_none(view, database, halves, is_known):
    """Of a model of real stars both halves must be listed; the star is in neither list."""
    database.execute(
        "update candlesql.models set trained_on = 'real', training_stars = 'parallax' where model = 'parallax'"
    )
    for name in halves:
        database.execute("insert into candlesql.training_stars values (?, 1)", [name])
    given = {PARENT: "('a', 'A', 10.0, 20.0, 1.952, 0.1, 0, 0, 10, true, null)"}
    (row,) = view("parallax.estimates", **given, **{SCORES: "('a', 1.0, 0.1, 2.0, 0.2, 9, 9)"})
    names = ("spec_parallax", "spec_parallax_error")
    assert tuple(row[name] for name in names) == ((near(2), near(0.2)) if is_known else (None, None))


def test_both_zero_points_meet_the_training_stars(view):
    """a: 3-4-5 errors; b is not better than 5 percent; c is no training star; d has a negative parallax."""
    rows = view(
        "parallax.compared",
        "from parallax.compared where parallax_offset = cuts.hogg_parallax_offset() order by apogee_id",
        **{
            ESTIMATES: "('a', 'A', 1.952, 0.03, 2.1, 0.01, 0.04, 0, 0, 0, 10, true, null, 2, 0.5),"
            "('b', 'A', 0.452, 0.03, 0.4, 0.01, 0.04, 0, 0, 0, 10, true, null, 0.5, 2.5),"
            "('c', 'A', 0.452, 0.03, 0.4, 0.01, 0.04, 0, 0, 0, 10, false, null, 0.5, 2.5),"
            "('d', 'A', -0.048, 0.03, 0.05, 0.01, 0.04, 0, 0, 0, 10, true, null, 0, 20)"
        },
    )
    assert [r["apogee_id"] for r in rows] == ["a", "b", "d"]
    assert [r["is_best"] for r in rows] == [True, False, False]
    assert [r["adjusted_parallax"] for r in rows] == [near(2), near(0.5), near(0, abs=1e-9)]
    assert [r["relative_residual"] for r in rows][:2] == [near(0.05), near(-0.2)]
    assert [r["pull"] for r in rows] == [near(2), near(-2), near(1)]
    errors = [(r["spec_parallax_error"], r["spec_parallax_total_error"]) for r in rows]
    assert errors == [(near(0.01), near(0.04))] * 3


COMPARED = (
    "parallax.compared(parallax_offset, adjusted_parallax, is_best, relative_residual, pull, parallax_error,"
    " spec_parallax, spec_parallax_error, m_h, h_w2)"
)
# three best stars with residuals 0, 0.1 and 0.3, one that is not, one negative only with the offset taken away
BEST = (
    "(0.048, 2.0, true, 0.1, 1, 0.02, 2.0, 0.04, 0.1, 0.05), (0.048, 2.0, true, 0.0, -1, 0.02, 2.0, 0.04, 0.1, 0.05),"
    "(0.048, 2.0, true, 0.3, 3, 0.02, 2.0, 0.04, 0.1, 0.15), (0.048, 0.04, false, 9, 2, 0.02, 2.25, 0.04, -0.1, null)"
)


def test_accuracy_of_four_stars(view):
    (row,) = view("parallax.accuracy", **{COMPARED: BEST})
    assert (row["n"], row["n_negative"], row["n_best"]) == (4, 1, 3)
    assert row["bias"] == near(0.1)
    # mean 0.4 / 3: deviations -0.0333, -0.1333, 0.1667 over two degrees of freedom
    assert row["standard_deviation"] == near(((0.1 / 3) ** 2 + (0.4 / 3) ** 2 + (0.5 / 3) ** 2) ** 0.5 / 2**0.5)
    # deviations from 0.1: 0, 0.1, 0.2
    assert row["robust_scatter"] == near(0.14826, rel=1e-5)
    # the errors explain 0.01^2 + 0.02^2
    assert row["unexplained_scatter"] == near((0.1482602**2 - 0.0005) ** 0.5, rel=1e-5)
    # pulls 1, -1, 3, 2: 15 / 4; median 1.5, deviations 0.5, 2.5, 1.5, 0.5 with median 1
    assert row["chi2_per_star"] == near(15 / 4)
    assert row["robust_chi2_per_star"] == near(1.482602**2, rel=1e-5)


def test_residuals_by_metallicity_colour_and_parallax(view):
    rows = view("parallax.residuals", **{COMPARED: BEST})
    bins = [(r["feature"], r["bin_low"], r["bin_high"], r["n"], r["n_best"]) for r in rows]
    assert bins == [
        ("h_w2", 0.0, near(0.1), 2, 2), ("h_w2", near(0.1), near(0.2), 1, 1),
        ("m_h", -0.25, 0.0, 1, 0), ("m_h", 0.0, 0.25, 3, 3),
        ("spec_parallax", 2.0, 2.25, 3, 3), ("spec_parallax", 2.25, 2.5, 1, 0),
    ]  # fmt: skip
    assert [r["bias"] for r in rows] == [near(0.05), near(0.3), None, near(0.1), near(0.1), None]
    three = near(0.1482602, rel=1e-5)
    assert [r["robust_scatter"] for r in rows] == [near(0.0741301, rel=1e-5), 0, None, three, three, None]
    assert [r["mean_pull"] for r in rows] == [0, 3, 2, 1, 1, 2]
    assert [r["chi2_per_star"] for r in rows] == [1, 9, 4, near(11 / 3), near(11 / 3), 4]


def test_clusters_weigh_their_members(view):
    rows = view(
        "parallax.clusters",
        **{
            ESTIMATES: "('a', 'A', 1, 0.1, 1.0, 0.1, 9, 0.1, 0.2, 0, 10, true, 'M1', 1.0, 1),"
            "('b', 'A', 1, 0.1, 2.0, 0.2, 9, 0.3, 0.4, 0, 10, true, 'M1', 3.0, 1),"
            "('c', 'A', 1, 0.1, 9.0, 0.2, 9, 0.9, 0.4, 0, 10, true, null, 3.0, 1),"
            "('d', 'A', 1, 0.1, 9.0, 0.2, 9, 0.9, 0.4, 0, 10, true, 'M1', null, 1),"
            "('e', 'A', 1, 0.1, 3.0, 0.5, 9, 1.2, 0.0, 0, 10, true, 'M0', 3.0, 1),"
            "('f', 'A', 1, 0.1, null, null, null, null, 0.9, 0, 10, true, 'M1', 9.0, null)"
        },
    )
    assert [(r["cluster"], r["n"]) for r in rows] == [("M0", 1), ("M1", 2)]
    one = rows[1]
    # weights 100 and 25: 1.2, 1 / sqrt(125), with the mean of the scatters 0.2; Gaia's errors are the same
    assert (one["spec_parallax_mean"], one["spec_parallax_mean_error"]) == (near(1.2), near((1 / 125 + 0.04) ** 0.5))
    assert rows[0]["spec_parallax_mean_error"] == near(1.3)
    assert (one["gaia_parallax_mean"], one["gaia_parallax_mean_error"]) == (near(2.0), near(200**-0.5))
    assert (one["spec_parallax_scatter"], one["gaia_parallax_scatter"]) == (near(0.5**0.5), near(2**0.5))
    assert one["mean_m_h"] == near(0.3)


def test_precision_by_magnitude_and_distance(view):
    rows = view(
        "parallax.precision",
        **{
            ESTIMATES: "('a', 'A', 1, 0.10, 1.0, 0.01, 0.05, 0, 0, 0, 10.2, true, null, 1, 1.5),"
            "('b', 'A', 1, 0.04, 0.5, 0.01, 0.05, 0, 0, 0, 10.9, true, null, 1, 1.5),"
            "('c', 'A', 1, 0.20, 0.5, 0.01, 0.08, 0, 0, 0, 10.1, true, null, 1, 0.5)"
        },
    )
    bins = [(r["feature"], r["bin_low"], r["bin_high"], r["n"]) for r in rows]
    assert bins == [("phot_g_mean_mag", 10, 11, 3), ("spec_distance_kpc", 0, 1, 1), ("spec_distance_kpc", 1, 2, 2)]
    assert [r["share_spec_better"] for r in rows] == [near(2 / 3), 1, 0.5]
    # medians of three, of one, and of two
    assert [r["spec_parallax_error_median"] for r in rows] == [near(x) for x in (0.05, 0.08, 0.05)]
    assert [r["gaia_parallax_error_median"] for r in rows] == [near(x) for x in (0.1, 0.2, 0.07)]
    assert [r["spec_error_ratio_median"] for r in rows] == [near(x) for x in (0.1, 0.16, 0.075)]


STAR = {
    "apogee_id": "'a'", "source_id": 1, "ra": 0.0, "dec": 0.0, "teff": 4000, "logg": 1.5, "m_h": 0, "alpha_m": 0,
    "vhelio_avg": 0, "member": "null", "parallax": 0.5, "parallax_error": 0.05, "pmra": 0, "pmdec": 0,
    "visibility_periods_used": 8, "phot_g_mean_mag": 12, "phot_bp_mean_mag": 13, "phot_rp_mean_mag": 11.5,
    "j_m": 10, "h_m": 9.5, "ks_m": 9.4, "w1mpro": 9.4, "w2mpro": 9.5, "j_msigcom": 0.02, "h_msigcom": 0.02,
    "ks_msigcom": 0.02, "w1mpro_error": 0.02, "w2mpro_error": 0.02, "phot_g_mean_flux_over_error": 100,
    "phot_bp_mean_flux_over_error": 50, "phot_rp_mean_flux_over_error": 20, "astrometric_chi2_al": 350,
    "astrometric_n_good_obs_al": 105,
}  # fmt: skip
REASONS = (
    "is_no_luminous_giant", "lacks_spectrum", "lacks_magnitude", "fails_jk", "fails_h_w2", "lacks_parallax",
    "fails_parallax_error", "fails_visibility", "fails_astrometric_chi",
)  # fmt: skip
# what is another in a star, and for which reasons it is left out then
CASES = [
    ({}, ()),
    ({"logg": 0}, ("is_no_luminous_giant",)),
    ({"logg": 2.2}, ("is_no_luminous_giant",)),
    ({"logg": 2.15}, ()),
    ({"logg": "null::double"}, ("is_no_luminous_giant",)),
    ({"apogee_id": "'none'"}, ("lacks_spectrum",)),
    *(({name: "null::double"}, ("lacks_magnitude",)) for name in
      ("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "j_m", "h_m", "ks_m", "w1mpro", "w2mpro")),
    # equation 6: J - K below 0.4 + 0.45 * 1.5 = 1.075
    ({"j_m": 10.47}, ()),
    ({"j_m": 10.48}, ("fails_jk",)),
    # equation 7: H - W2 above -0.05
    ({"w2mpro": 9.549}, ()),
    ({"w2mpro": 9.551}, ("fails_h_w2",)),
    ({"parallax": "null::double"}, ("lacks_parallax",)),
    ({"parallax_error": "null::double"}, ("lacks_parallax",)),
    ({"parallax_error": 0.0999}, ()),
    ({"parallax_error": 0.1}, ("fails_parallax_error",)),
    ({"parallax": -0.5}, ()),
    ({"visibility_periods_used": 7}, ("fails_visibility",)),
    ({"visibility_periods_used": "null::integer"}, ("fails_visibility",)),
    # equation 10: chi-square 350 over the root of 105 - 5
    ({"astrometric_chi2_al": 351}, ("fails_astrometric_chi",)),
    ({"astrometric_n_good_obs_al": 5}, ("fails_astrometric_chi",)),
]  # fmt: skip


@pytest.fixture
def stars(view):
    """Rows of `parallax.stars`, `parent`, `training` and `funnel` of some stars, each given by what is another."""

    def found(*changes: dict) -> dict[str, list[dict]]:
        rows = ", ".join("(" + ", ".join(str(x) for x in (STAR | change).values()) + ")" for change in changes)
        names = ", ".join(f'"{name}"' for name in STAR)
        given = {f"staging.apogee_gaia({names})": rows, "parallax.spectra(apogee_id)": "('a'), ('b'), ('c')"}
        return {
            "stars": view("parallax.stars", **given),
            "parent": view("parallax.parent"),
            "training": view("parallax.training"),
            "funnel": view("parallax.funnel"),
        }

    return found


@pytest.mark.parametrize(("change", "reasons"), CASES, ids=lambda x: str(x)[:60])
def test_reasons_to_leave_a_star_out(stars, change, reasons):
    found = stars(change)
    (star,) = found["stars"]
    # a magnitude that is missing fails no colour
    assert tuple(reason for reason in REASONS if star[reason]) == reasons
    in_parent = not set(reasons) & set(REASONS[:5])
    assert len(found["parent"]) == in_parent
    assert len(found["training"]) == (not reasons)


def test_a_star_and_its_errors(stars):
    found = stars({})
    (star,) = found["stars"]
    assert star["phot_g_mean_mag_error"] == near(0.0108574, rel=1e-5)  # 2.5 / ln 10 / 100
    assert star["phot_bp_mean_mag_error"] == near(0.0217147, rel=1e-5)
    assert star["phot_rp_mean_mag_error"] == near(0.0542868, rel=1e-5)
    assert star["h_w2"] == near(0)
    assert star["astrometric_chi"] == near(35)
    assert found["training"][0]["adjusted_parallax"] == near(0.548)


def test_funnel_counts_alone_and_in_order(stars):
    """a is good, b has no spectrum and is too red, c has a bad parallax."""
    rows = stars({}, {"apogee_id": "'none'", "j_m": 12}, {"apogee_id": "'c'", "parallax_error": 0.5})["funnel"]
    assert len(rows) == 9
    counts = {row["cut"]: (row["n_alone"], row["n_in_order"], row["n_left"]) for row in rows}
    assert list(counts.values()) == [
        (0, 0, 3), (1, 1, 2), (0, 0, 2), (1, 0, 2), (0, 0, 2), (0, 0, 2), (1, 1, 1), (0, 0, 1), (0, 0, 1),
    ]  # fmt: skip
    assert list(counts)[6] == "training: parallax_error, equation 8"


def test_halves_are_about_as_big(stars):
    halves = [s["sample"] for s in stars(*({"apogee_id": f"'star {i}'"} for i in range(200)))["stars"]]
    assert {*halves} == {"A", "B"}
    assert 75 < halves.count("A") < 125


def test_motion_is_astropys(view):
    """A star at 2 kpc with the solar motion of Drimmel & Poggio 2018 and the Sun in the plane."""
    rows = view(
        "parallax.motions",
        **{
            "parallax.estimates": """select 'a' as apogee_id, 0.1 as m_h, 0.2 as alpha_m, 80::double as ra,
                25::double as "dec", 2::double as spec_distance_kpc, 0.1 as spec_distance_kpc_error,
                3::double as pmra, -5::double as pmdec, 40::double as vhelio_avg"""
        },
    )
    star = SkyCoord(
        80 * u.deg, 25 * u.deg, distance=2 * u.kpc, pm_ra_cosdec=3 * u.mas / u.yr, pm_dec=-5 * u.mas / u.yr,
        radial_velocity=40 * u.km / u.s, frame=ICRS,
    )  # fmt: skip
    sun = CartesianDifferential([12.9, 245.6, 7.78] * u.km / u.s)
    there = star.transform_to(Galactocentric(galcen_distance=8.3 * u.kpc, z_sun=0 * u.pc, galcen_v_sun=sun))
    (row,) = rows
    assert [row[f"{axis}_kpc"] for axis in "xyz"] == near(there.cartesian.xyz.to_value(u.kpc), abs=1e-3)
    velocity = there.velocity.d_xyz.to_value(u.km / u.s)
    assert [row[f"v{axis}_km_s"] for axis in "xyz"] == near(velocity, abs=1e-3)


def test_map_of_cells_of_the_disk(view):
    """Two stars in one cell, one in another; one above the disk and one of too bad a distance are left out."""
    motions = "parallax.motions(x_kpc, y_kpc, z_kpc, vx_km_s, vy_km_s, m_h, spec_distance_kpc, spec_distance_kpc_error)"
    rows = view(
        "parallax.map",
        **{
            motions: "(-8.5, 0.5, 0.2, 10, 220, 0.1, 1, 0.1), (-8.1, 0.1, -0.9, 20, 200, 0.3, 1, 0.1),"
            "(-3, 4, 0, 80, 60, 0, 1, 0.19), (-3, 4, 1.0, 0, 0, 0, 1, 0.1), (-3, 4, -1.1, 0, 0, 0, 1, 0.1),"
            "(-3, 4, 0, 0, 0, 0, 1, 0.2)"
        },
    )
    cells = [(r["x_low_kpc"], r["y_low_kpc"], r["n"]) for r in rows]
    assert cells == [(-9, 0, 2), (-3, 4, 1)]
    assert [r["mean_vx_km_s"] for r in rows] == [near(15), near(80)]
    assert [r["mean_vy_km_s"] for r in rows] == [near(210), near(60)]
    assert [r["mean_m_h"] for r in rows] == [near(0.2), near(0)]
    # about the centre, clockwise positive: (4 * 80 + 3 * 60) / 5
    assert rows[1]["mean_rotation_km_s"] == near(100)


def test_upload_is_one_row_a_giant(view):
    """Coolest spectrum first; a further spectrum of a star, a dwarf and another kind of name are left out."""
    rows = view(
        "parallax.upload",
        "from parallax.upload order by apogee_id",
        **{
            "staging.apogee_all_star(apogee_id, teff, logg, m_h, alpha_m, vhelio_avg, extratarg, member)": ", ".join(
                [
                    "('2M1', 4100, 1, 0, 0, 0, 0, '')", "('2M1', 4000, 1, 0, 0, 0, null, 'M1')",
                    "('2M2', 4000, 1, 0, 0, 0, 16, '')", "('2M3', 4000, 2.2, 0, 0, 0, 0, '')",
                    "('2M4', 4000, 0, 0, 0, 0, 0, '')", "('AP5', 4000, 1, 0, 0, 0, 0, '')",
                    "('2M6', 4000, 2.1, 0, 0, 0, 8, '')",
                ]
            )
        },
    )  # fmt: skip
    assert [(r["apogee_id"], r["designation"], r["teff"]) for r in rows] == [("2M1", "1", 4000), ("2M6", "6", 4000)]
    assert [r["member"] for r in rows] == ["M1", None]
