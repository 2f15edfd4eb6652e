"""An allStar file as SDSS ships it: several tables, columns with several values a row, padded strings, bit masks."""

import shutil

import numpy as np
import pytest
from astropy.io import fits
from candlesql.sql.open import open_sky

N = 6
STAR_BAD, TEFF_WARN = 1 << 23, 1 << 0
ELEMENTS = 20


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def same(value: float) -> np.ndarray:
    return np.full(N, value, np.float32)


def column(name: str, values: np.ndarray, form: str, **others) -> fits.Column:
    return fits.Column(name=name, array=values, format=form, **others)


def write_all_star(path) -> None:
    """A giant seen by both telescopes, the same with STAR_BAD, one without [N/Fe], one without Ks, one by -9999.99."""
    nan, missing = np.nan, -9999.99
    texts = {
        "FILE": ["apStar-dr17-a.fits"] * N,
        "APOGEE_ID": ["2M19204000+3700000", "2M19204000+3700000", "2M1", "2M2", "2M3", "2M4"],
        "TELESCOPE": ["apo25m", "lco25m", "apo25m", "apo25m", "apo1m", "apo25m"],
        "APSTAR_ID": [f"apogee.apo25m.stars.{i}.4550_00.a" for i in range(N)],
        "STARFLAGS": ["", "BRIGHT_NEIGHBOR", "", "", "", ""],
        "MEMBER": ["N6791", "", "", "", "", ""],
        "ASPCAPFLAGS": ["", "TEFF_WARN", "STAR_BAD", "", "", ""],
    }
    numbers = {
        "TEFF": floats(4800, 4810, 4800, 4800, 4800, missing),
        "TEFF_ERR": same(9),
        "LOGG": same(2.45),
        "LOGG_ERR": same(0.03),
        "M_H": same(0.0),
        "M_H_ERR": same(0.01),
        "ALPHA_M": same(0.0),
        "FE_H": same(0.0),
        "C_FE": same(-0.05),
        "C_FE_ERR": same(0.01),
        "N_FE": floats(0.2, 0.2, 0.2, nan, 0.2, 0.2),
        "N_FE_ERR": same(0.02),
        "MG_FE": same(0.0),
        "SNREV": same(150),
        "J": same(10.9),
        "H": same(10.2),
        "H_ERR": same(0.02),
        "K": floats(10.1, 10.1, 10.1, 10.1, 99.999, 10.1),
        "K_ERR": same(0.02),
        "IRAC_4_5": same(nan),
        "WISE_4_5": same(10.05),
        "SFD_EBV": same(0.2),
        "AK_TARG": same(0.09),
        "GAIAEDR3_PARALLAX": same(0.5),
        "GAIAEDR3_PARALLAX_ERROR": same(0.02),
        "GAIAEDR3_R_MED_GEO": floats(1900, 1900, nan, nan, nan, nan),
        "GAIAEDR3_R_LO_GEO": floats(1830, 1830, nan, nan, nan, nan),
        "GAIAEDR3_R_HI_GEO": floats(1970, 1970, nan, nan, nan, nan),
    }
    vectors = {
        "PARAM": np.ones((N, 9), np.float32),
        "X_H": np.ones((N, ELEMENTS), np.float32),
        "FPARAM_COV": np.ones((N, 9, 9), np.float32),
        "ELEMFLAG": np.zeros((N, ELEMENTS), np.int32),
    }
    forms = {"PARAM": "9E", "X_H": f"{ELEMENTS}E", "FPARAM_COV": "81E", "ELEMFLAG": f"{ELEMENTS}J"}
    dims = {"FPARAM_COV": "(9,9)"}
    columns = [column(name, np.array(values), "60A") for name, values in texts.items()]
    columns += [column(name, vectors[name], forms[name], dim=dims.get(name)) for name in ("PARAM", "FPARAM_COV")]
    columns += [
        column("RA", np.full(N, 290.0), "D"),
        column("DEC", np.full(N, 37.0), "D"),
        column("GLON", np.full(N, 69.0), "D"),
        column("GLAT", np.full(N, 10.0), "D"),
        column("STARFLAG", np.zeros(N, np.int64), "K"),
        column("ASPCAPFLAG", np.array([0, TEFF_WARN, STAR_BAD | TEFF_WARN, 0, 0, 0], np.int64), "K"),
        column("EXTRATARG", np.zeros(N, np.int32), "J"),
        column("GAIAEDR3_SOURCE_ID", np.arange(1, N + 1) * 10**17, "K"),
    ]
    columns += [column(name, values, "E") for name, values in numbers.items()]
    columns += [column(name, vectors[name], forms[name]) for name in ("X_H", "ELEMFLAG")]
    first = fits.BinTableHDU.from_columns(columns)
    second = fits.BinTableHDU.from_columns([column("PARAM_SYMBOL", np.array(["TEFF"]), "16A")])
    third = fits.BinTableHDU.from_columns([column("ELEM_VALUE", np.ones((1, ELEMENTS), np.float32), f"{ELEMENTS}E")])
    fits.HDUList([fits.PrimaryHDU(), first, second, third]).writeto(path)


@pytest.fixture
def folder(empty_sky, tmp_path):
    shutil.copytree(empty_sky, tmp_path / "sky")
    write_all_star(tmp_path / "allStar-dr17-synspec_rev1.fits")
    return tmp_path


def test_the_file_goes_in_as_it_is_shipped(folder, candlesql):
    done = candlesql("ingest", folder / "sky", "apogee_dr17", folder / "allStar-dr17-synspec_rev1.fits")
    assert done.code == 0, done.err
    assert "6 rows" in done.out
    for name in ("PARAM", "FPARAM_COV", "X_H", "ELEMFLAG"):
        assert name in done.out
    done = candlesql("run", folder / "sky", "distmass")
    assert done.code == 0, done.err
    with open_sky(folder / "sky") as connection:
        found = connection.execute(
            """select apstar_id, apogee_id, teff, c_fe, k, "member", aspcapflag, gaiaedr3_source_id
               from staging.apogee_dr17 order by apstar_id"""
        ).fetchall()
        funnel = connection.execute("select cut, n_alone from distmass.funnel").fetchall()
        stars = connection.execute(
            'select "STAR_ID", "GAIAEDR3_DIST", "MASS_APOKASC2" from distmass.catalogue'
        ).fetchall()
    first = found[0]
    assert first[:2] == ("apogee.apo25m.stars.0.4550_00.a", "2M19204000+3700000")
    assert first[2:5] == pytest.approx((4800, -0.05, 10.1))
    assert first[5:] == ("N6791", 0, 10**17)
    assert found[5][2] is None
    assert found[4][4] is None
    assert dict(funnel) == {
        "STAR_BAD": 1,
        "Teff, log g or [M/H] missing": 1,
        "[C/Fe] or [N/Fe] missing": 1,
        "Ks missing: no distance": 1,
    }
    assert len(stars) == 3
    assert sorted(row[0] for row in stars) == ["2M19204000+3700000", "2M19204000+3700000", "2M3"]
    assert [row[1] for row in stars if row[0] != "2M3"] == pytest.approx([1.9, 1.9])
    assert all(0.8 < row[2] < 2 for row in stars)
