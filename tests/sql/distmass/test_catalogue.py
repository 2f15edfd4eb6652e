"""From an allStar FITS file to the catalogue and back to FITS."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

TABLE_2 = """
    APOGEE_ID APSTAR_ID TEFF LOGG M_H C_FE N_FE GAIAEDR3_DIST EXTINCTION MAG ABS_MAG ABS_MAG_ERR DISTANCE DISTANCE_ERR
    DISTANCE_WEIGHTED MASS_UNCOR_SS MASS_COR_SS MASS_UNCOR_MO MASS_COR_MO MASS_UNCOR_TW MASS_COR_TW MASS_ERR
    AGE_UNCOR_SS AGE_COR_SS AGE_UNCOR_MO AGE_COR_MO AGE_UNCOR_TW AGE_COR_TW AGE_ERR BITMASK NMSU_DIST
"""


OURS = """
    SURVEY STAR_ID SPECTRUM_ID NMSU_DIST_LOW NMSU_DIST_HIGH EXTINCTION_METHOD MASS_APOKASC2 MASS_APOKASC2_ERR
    MASS_APOKASC3 MASS_APOKASC3_ERR AGE_APOKASC2 AGE_APOKASC2_LOW AGE_APOKASC2_HIGH AGE_MASS_LOSS AGE_APOKASC3
    AGE_APOKASC3_LOW AGE_APOKASC3_HIGH ABS_MAG_PAPER DISTANCE_PAPER DISTANCE_PAPER_ERR MASS_APOKASC2_PAPER
    MASS_APOKASC2_PAPER_ERR MASS_APOKASC3_PAPER AGE_APOKASC2_PAPER
"""


def rows(connection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()


def test_the_funnel_counts_every_star_left_out(all_star):
    found = rows(all_star, "select cut, n_alone, n_in_order, n_left from distmass.funnel order by n_left desc, cut")
    assert found[0] == ("STAR_BAD", 1, 1, 6) or found[1] == ("STAR_BAD", 1, 1, 6)
    assert ("[C/Fe] or [N/Fe] missing", 1, 1, 5) in found
    assert ("Ks missing: no distance", 1, 1, 4) in found
    assert rows(all_star, "select count(*) from distmass.catalogue") == [(5,)]


def test_each_star_says_which_extinction_it_has(all_star):
    found = rows(all_star, 'select "APSTAR_ID", "EXTINCTION_METHOD", "EXTINCTION" from distmass.catalogue order by 1')
    assert [row[1] for row in found[:3]] == ["RJCE_WISE", "RJCE_IRAC", "SFD"]
    # 0.918 (10.2 - 10.05 - 0.05), 0.918 (10.2 - 10.0 - 0.08), 0.302 * 0.2
    assert [row[2] for row in found[:3]] == pytest.approx([0.0918, 0.11016, 0.0604], abs=2e-6)


def test_a_red_clump_star_has_the_magnitude_and_mass_of_one(all_star):
    ((absolute_k, mass, log_age, distance),) = rows(
        all_star,
        'select "ABS_MAG", "MASS_APOKASC2", "AGE_APOKASC2", "DISTANCE" from distmass.catalogue '
        "where \"APSTAR_ID\" like '%.0'",
    )
    assert absolute_k == pytest.approx(-1.6, abs=0.2)
    assert 0.8 < mass < 2
    assert 9 < log_age < 10.3
    assert distance == pytest.approx(10 ** (0.2 * (10.1 - 0.0918 - absolute_k) - 2), rel=1e-5)


def test_outside_the_training_space_all_is_null_and_the_bit_is_set(all_star):
    found = rows(
        all_star,
        'select "ABS_MAG", "DISTANCE", "MASS_APOKASC2", "MASS_APOKASC3", "MASS_ERR", "AGE_APOKASC2", '
        '"AGE_APOKASC2_LOW", "AGE_APOKASC2_HIGH", "AGE_APOKASC3_HIGH", "AGE_ERR", "AGE_MASS_LOSS", "BITMASK" & 6 '
        'from distmass.catalogue where "LOGG" > 4',
    )
    assert found == [(None,) * 11 + (2 + 4,)]


def test_an_age_has_limits_where_it_is_one_itself(all_star):
    """One error less mass goes no further than the least mass of an age, 0.8 Msun; a mass below that has no age."""
    ((limited, at_limit, below, plain, missing),) = rows(
        all_star,
        """select distmass.log10_age_beside(0.85, -0.1, 0.0, 0.0), distmass.log10_age(0.8, 0.0, 0.0),
                  distmass.log10_age_beside(0.75, 0.1, 0.0, 0.0),
                  distmass.log10_age_beside(1.2, -0.1, 0.0, 0.0) - distmass.log10_age(1.1, 0.0, 0.0),
                  distmass.log10_age_beside(null, -0.1, 0.0, 0.0)""",
    )
    assert limited == at_limit
    assert (below, missing) == (None, None)
    assert plain == pytest.approx(0, abs=1e-6)


def test_functions_agree_with_the_catalogue(all_star):
    found = rows(
        all_star,
        'select "ABS_MAG", distmass.absolute_k("TEFF", "LOGG", "M_H", "C_FE", "N_FE"), '
        '"MASS_APOKASC2", distmass.mass("TEFF", "LOGG", "M_H", "C_FE", "N_FE"), '
        'pow(10, "AGE_APOKASC2" - 9), distmass.age("MASS_APOKASC2", "M_H", 0.0) from distmass.catalogue '
        'order by "APSTAR_ID"',
    )
    for by_view, by_function, mass, mass_by_function, age, age_by_function in found[:3]:
        assert by_view == pytest.approx(by_function, rel=1e-5)
        assert mass == pytest.approx(mass_by_function, rel=1e-5)
        assert age == pytest.approx(age_by_function, rel=1e-5)
    assert rows(all_star, "select distmass.mass(6200, 4.4, 0.0, 0.0, 0.0)") == [(None,)]
    assert rows(all_star, "select distmass.mass(null, 2.4, 0.0, 0.0, 0.2)") == [(None,)]


def test_errors_of_the_labels_are_propagated(all_star):
    """The second star is the first with large errors; its magnitude error grows by the slope in log g and Teff."""
    small, large = (row[0] for row in rows(all_star, 'select "ABS_MAG_ERR" from distmass.catalogue limit 2'))
    step = "distmass.absolute_k(4800 + {0}, 2.45 + {1}, 0.0, -0.05, 0.2)"
    by_teff, by_logg = (
        rows(all_star, f"select {step.format(*up)} - {step.format(*down)}")[0][0]
        for up, down in (((20, 0), (-20, 0)), ((0, 0.02), (0, -0.02)))
    )
    added = (by_teff / 40) ** 2 * (100**2 - 8**2) + (by_logg / 0.04) ** 2 * (0.2**2 - 0.022**2)
    assert max(small, large) == pytest.approx(np.sqrt(min(small, large) ** 2 + added), rel=0.02)


def test_the_weighted_distance_lies_between_by_errors(all_star):
    found = rows(
        all_star,
        'select c."DISTANCE", c."DISTANCE_ERR", c."GAIAEDR3_DIST", s.gaia_distance_kpc_error, c."DISTANCE_WEIGHTED" '
        'from distmass.catalogue as c inner join distmass.stars as s on s.spectrum_id = c."SPECTRUM_ID" '
        'where c."APSTAR_ID" like \'%.0\' or c."APSTAR_ID" like \'%.1\' order by c."APSTAR_ID"',
    )
    d, s, g, e, both = found[0]
    assert both == pytest.approx(np.average([d, g], weights=[s**-2, e**-2]), rel=1e-5)
    assert found[1][2] is None
    assert found[1][4] == found[1][0]


def test_a_cluster_by_apogees_own_list(all_star):
    found = rows(all_star, "select cluster, cluster_distance_kpc, n, fractional_error from distmass.clusters")
    assert len(found) == 1
    assert found[0][0] == "N6791"
    assert float(found[0][1]) == 4.078


def test_the_catalogue_as_fits(all_star_sky, candlesql, tmp_path):
    done = candlesql("export", all_star_sky, "distmass.catalogue", tmp_path / "distmass.fits")
    assert done.code == 0, done.err
    table = Table.read(tmp_path / "distmass.fits")
    assert table.colnames[: len(TABLE_2.split())] == TABLE_2.split()
    assert set(OURS.split()) == set(table.colnames[len(TABLE_2.split()) :])
    assert len(table) == 5
    units = {"TEFF": "K", "DISTANCE": "kpc", "MASS_APOKASC2": "solMass", "MASS_UNCOR_SS": "solMass", "ABS_MAG": "mag"}
    assert {name: str(table[name].unit) for name in units} == units
    with fits.open(tmp_path / "distmass.fits") as hdus:
        written = {column.unit for column in hdus[1].columns if column.unit}
    assert written == {"K", "kpc", "mag", "solMass"}  # FITS 4.0, section 4.3 has no dex
    assert np.ma.getmaskarray(table["MASS_COR_MO"]).all() or np.isnan(np.asarray(table["MASS_COR_MO"])).all()
