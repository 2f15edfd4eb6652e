"""From allStar as SDSS ships it to the table that the Gaia archive joins, and from that to the parent sample."""

import shutil

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from candlesql.sql.open import open_sky

NAMES = [
    "2M00000002+7417074",
    "2M00000317+5821383",
    "2M00000317+5821383",
    "2M00000546+6152107",
    "AP00000797+6436119",
    "2M00001719+6221324",
]


@pytest.fixture
def sky(empty_sky, tmp_path):
    return shutil.copytree(empty_sky, tmp_path / "sky")


def all_star(path):
    """A giant, one with two spectra, a dwarf, a star without a 2MASS name, one without log g; then a second table."""
    columns = {
        "APOGEE_ID": ("18A", np.array(NAMES)),
        "RA": ("D", np.linspace(0.0, 0.1, 6)),
        "DEC": ("D", np.linspace(58, 74, 6)),
        "TEFF": ("E", np.array([4500, 4200, 4210, 5800, 4300, -9999])),
        "LOGG": ("E", np.array([1.8, 1.2, 1.3, 4.4, 1.5, -9999])),
        "M_H": ("E", np.full(6, -0.2)),
        "ALPHA_M": ("E", np.full(6, 0.1)),
        "VHELIO_AVG": ("E", np.full(6, -42.5)),
        "EXTRATARG": ("J", np.array([0, 0, 16, 0, 0, 0])),
        "PARAM": ("9E", np.ones((6, 9))),
    }
    first = fits.BinTableHDU.from_columns([fits.Column(n, form, array=a) for n, (form, a) in columns.items()])
    second = fits.BinTableHDU.from_columns([fits.Column("PARAM_SYMBOL", "16A", array=np.array(["TEFF"]))])
    fits.HDUList([fits.PrimaryHDU(), first, second]).writeto(path)
    return path


def test_giants_of_all_star_with_their_2mass_names(sky, candlesql, tmp_path):
    done = candlesql("ingest", sky, "apogee_all_star", all_star(tmp_path / "allStar-l31c.2.fits"))
    assert done.code == 0, done.err
    done = candlesql("export", sky, "parallax.upload", tmp_path / "giants.vot")
    assert done.code == 0, done.err
    found = Table.read(tmp_path / "giants.vot")
    assert sorted(found["designation"]) == ["00000002+7417074", "00000317+5821383"]
    assert dict(zip(found["apogee_id"], found["logg"], strict=True))[NAMES[1]] == pytest.approx(1.2)
    assert set(found["vhelio_avg"]) == {-42.5}


def test_the_archives_table_is_a_parent_sample(sky, candlesql, tmp_path):
    """The archive's names as they are; a star without AllWISE neighbour has no magnitude and says so."""
    joined = Table(
        {
            "apogee_id": NAMES[:2],
            "designation": [name[2:] for name in NAMES[:2]],
            "source_id": np.array([5, 6]),
            "ra": [0.0, 0.02],
            "dec": [74.0, 58.0],
            "logg": [1.8, 1.2],
            "parallax": [0.3, -0.1],
            "parallax_error": [0.03, 0.04],
            "j_m": [9.0, 9.1],
            "h_m": [8.3, 8.4],
            "ks_m": [8.1, 8.2],
        }
    )
    for name, value in {"phot_g_mean_mag": 12.0, "phot_bp_mean_mag": 12.9, "phot_rp_mean_mag": 11.1}.items():
        joined[name] = np.full(2, value)
    joined["w1mpro"], joined["w2mpro"] = np.ma.masked_invalid([8.0, np.nan]), np.ma.masked_invalid([8.05, np.nan])
    joined.write(tmp_path / "joined.vot", format="votable")
    done = candlesql("ingest", sky, "apogee_gaia", tmp_path / "joined.vot")
    assert done.code == 0, done.err
    with open_sky(sky) as connection:
        found = connection.execute(
            "select apogee_id, parallax, lacks_magnitude, lacks_spectrum from parallax.stars order by apogee_id"
        ).fetchall()
    assert found == [(NAMES[0], 0.3, False, True), (NAMES[1], -0.1, True, True)]


def test_what_is_missing_is_said_with_the_command_that_makes_it(sky, candlesql):
    done = candlesql("train", sky, "parallax")
    assert (done.code, done.out) == (2, "")
    assert "staging.apogee_gaia is empty: `candlesql ingest SKY apogee_gaia FILE` fills it" in done.err
    done = candlesql("train", sky, "parallax", "--labels", "a.b")
    assert done.code == 2
    assert "the labels of parallax are Gaia's parallaxes" in done.err
