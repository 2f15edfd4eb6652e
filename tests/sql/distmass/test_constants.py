"""Constants of the extinction against published values and the colours of giants that are not in them."""

import duckdb
import numpy as np
import pytest
from astropy.table import Table
from candlesql.sql import files

AB_MINUS_VEGA_W2 = 3.339


@pytest.fixture(scope="module")
def macros():
    """A connection with the macros of extinction."""
    with duckdb.connect() as connection:
        for schema in ("cuts", "stats", "sphere", "distmass"):
            connection.execute(f"create schema {schema}")
        for item in files.items():
            if item.is_macro and (item.name.startswith("cuts.distmass") or item.path.name == "extinction.sql"):
                connection.execute(item.body)
        yield connection


def cut(connection, name: str) -> float:
    return float(connection.execute(f"select cuts.distmass_{name}()").fetchall()[0][0])


@pytest.fixture(scope="module")
def giants():
    """H - W2 [mag], Vega, and E(B-V) of giants of the sample of Green et al. 2020."""
    from pathlib import Path

    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "green2020" / "stars_13band.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with duckdb.connect() as connection:
        table = connection.execute(
            """select h_mag - w2_ab_mag + ? as colour, reddening from read_parquet(?)
               where logg < 3.5 and teff between 3800 and 5300
               and isfinite(h_mag) and isfinite(w2_ab_mag) and isfinite(reddening)""",
            [AB_MINUS_VEGA_W2, str(path)],
        ).fetchnumpy()
    return np.asarray(table["colour"]), np.asarray(table["reddening"])


def robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept, outliers beyond three standard deviations left out."""
    kept = np.ones(len(x), bool)
    for _ in range(10):
        slope, zero = np.polyfit(x[kept], y[kept], 1)
        apart = y - slope * x - zero
        kept = np.abs(apart - np.median(apart[kept])) < 3 * 1.4826 * np.median(np.abs(apart[kept]))
    return slope, zero


def test_zero_point_is_the_colour_of_giants_without_reddening(giants, macros):
    colour, reddening = giants
    assert len(colour) > 300
    _, zero = robust_line(reddening, colour)
    assert cut(macros, "rjce_wise_colour") == pytest.approx(zero, abs=0.01)


def test_rjce_and_sfd_agree_on_reddened_giants(giants, macros):
    """A_K by RJCE grows with E(B-V) as A_K by the map does."""
    slope, _ = robust_line(giants[1], giants[0])
    assert cut(macros, "a_k_over_ebv") == pytest.approx(cut(macros, "rjce_slope") * slope, rel=0.1)


@pytest.mark.filterwarnings("ignore")
def test_extinctions_are_those_that_apogee_published(real_data, macros):
    """A_K of CoRoT giants by APOGEE's targeting, from All-Sky W2; AllWISE W2 here, which differs by about 0.01 mag."""
    table = Table.read(real_data("corot/corot_apogee_anders2017.fit"))
    table = table[[str(method).strip() == "RJCE_WISE_ALLSKY" for method in table["MetEKs"]]]
    published, h, w2 = (np.ma.filled(table[name].astype(float), np.nan) for name in ("EKs", "Hmag", "W2mag"))
    known = np.isfinite(published + h + w2)
    found = np.array(
        [
            float(macros.execute("select distmass.rjce_wise(?::double, ?::double)", list(pair)).fetchall()[0][0])
            for pair in zip(h[known], w2[known], strict=True)
        ]
    )
    difference = found - published[known]
    assert known.sum() > 400
    assert abs(np.median(difference)) < 0.02
    assert 1.4826 * np.median(np.abs(difference - np.median(difference))) < 0.02
