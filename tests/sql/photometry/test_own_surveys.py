"""Surveys as their archives give them: a source of unWISE in two coadds, and stars with several spectra."""

import pytest
from candlesql import open_sky
from candlesql.commands.match import match_all
from candlesql.workspace.folder import find_sky

PLACES = {1: 10.0, 2: 10.1, 3: 10.2, 4: 10.3}
ARCSEC = 1 / 3600


def unwise(name: str, star: int, north: float, w1: float, primary: int | None) -> dict:
    """A source so many arcsec north of a star."""
    return {
        "unwise_objid": name, "ra": PLACES[star], "dec": north * ARCSEC, "mag_w1_vg": w1, "mag_w2_vg": w1,
        "flux_w1": 100.0, "dflux_w1": 1.0, "flux_w2": 100.0, "dflux_w2": 1.0, "flags_unwise_w1": 0,
        "flags_unwise_w2": 0, "rchi2_w1": 1.0, "rchi2_w2": 1.0, "primary": primary,
    }  # fmt: skip


def lamost(obsid: int, star: int, teff: float, error: float, signal: float) -> dict:
    labels = {"teff": teff, "logg": 4.0, "feh": 0.0, "teff_err": error, "logg_err": 0.1, "feh_err": 0.1}
    return {"obsid": obsid, "ra": PLACES[star], "dec": 0.2 * ARCSEC, "snrg": signal, **labels}


def apogee(star: int, teff: float, error: float) -> dict:
    labels = {"teff": teff, "logg": 4.0, "m_h": 0.0, "teff_err": error, "logg_err": 0.1, "m_h_err": 0.1}
    return {"apogee_id": f"2M{star}", "ra": PLACES[star], "dec": 0.1 * ARCSEC, "aspcapflag": 0, **labels}


@pytest.fixture(scope="module")
def connection(new_sky, tmp_path_factory, write_rows, gaia_rows):
    folder = tmp_path_factory.mktemp("own")
    still = {"dec": 0.0, "pmra": 0.0, "pmdec": 0.0}
    surveys = {
        "gaia_dr2": [gaia_rows[0] | {"source_id": star, "ra": ra} | still for star, ra in PLACES.items()],
        # the better coadd has star 1 a little farther away, star 2 not at all; of star 3 nothing is said
        "unwise": [
            unwise("a", 1, 0.0, 9.0, 0), unwise("b", 1, 0.3, 10.0, 1), unwise("c", 2, 0.0, 11.0, 0),
            unwise("d", 3, 0.0, 12.0, None),
        ],
        # of star 1 the first spectrum has little signal, the third the least error; star 2 has but a poor one
        "lamost": [
            lamost(1, 1, 5000, 10, 5), lamost(2, 1, 5100, 60, 50), lamost(3, 1, 5200, 50, 40),
            lamost(4, 2, 5300, 10, 5),
        ],
        "apogee": [apogee(3, 4000, 60), apogee(3, 4100, 50), apogee(4, 4200, 50)],
    }  # fmt: skip
    files = {name: write_rows(folder / f"{name}.csv", rows) for name, rows in surveys.items()}
    sky = new_sky(folder / "sky", files)
    with open_sky(sky, read_only=False) as opened:
        match_all(opened, find_sky(sky), "photometry")
        yield opened


def test_a_source_of_the_better_coadd_is_matched(connection):
    """Though the other one is nearer; a table that does not say which is better is taken as it is."""
    found = connection.execute("select source_id, unwise_objid from match.gaia_dr2_unwise order by all").fetchall()
    assert found == [(1, "b"), (3, "d")]
    magnitudes = connection.execute("select w1_mag, w2_mag from photometry.inputs order by source_id").fetchall()
    assert magnitudes == [(10.0, 10.0), (None, None), (12.0, 12.0), (None, None)]
    counted = connection.execute("select n, n_flagged from photometry.band_funnel where survey = 'unwise'").fetchall()
    assert counted == [(4, 2), (4, 2)]


def test_the_best_of_several_rows_of_a_name_is_taken(connection):
    """The least error of Teff. LAMOST's spectra have a name each: of those of star 1 the match names the first."""
    found = connection.execute("select source_id, label_survey, teff_k from photometry.labels order by all").fetchall()
    assert found == [(3, "apogee", 4100.0), (4, "apogee", 4200.0)]
    counted = connection.execute(
        "select label_survey, n, n_low_signal, n_left from photometry.spectrum_funnel"
    ).fetchall()
    assert counted == [("apogee", 3, 0, 3), ("lamost", 2, 2, 0)]
