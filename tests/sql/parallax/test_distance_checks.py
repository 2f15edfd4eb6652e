"""Checks of distances by motions on a disk made with astropy, whose distances are wrong by a known factor."""

import astropy.units as u
import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import ICRS, CartesianDifferential, CartesianRepresentation, Galactocentric
from astropy.coordinates import galactocentric_frame_defaults as defaults
from candlesql.sql import files

SUN = {"galcen_distance": 8.3 * u.kpc, "z_sun": 0 * u.pc}
SPEED = 220.0


@pytest.fixture(scope="module")
def check():
    """Runs the view over a table of motions [columns of `parallax.motions`]."""
    view = next(item for item in files.items() if item.name == "parallax.distance_checks")
    with duckdb.connect() as connection:
        for schema in ("cuts", "stats", "sphere", "parallax"):
            connection.execute(f"create schema {schema}")
        for item in files.items():
            wanted = item.path.name in ("cuts.sql", "geometry.sql", "galactocentric.sql") or item.name == "stats.hypot"
            if item.is_macro and wanted:
                connection.execute(item.body)

        def run(motions: dict[str, np.ndarray]) -> list[dict]:
            connection.register("motions", pa.table(motions))
            connection.execute("create or replace table parallax.motions as from motions")
            return connection.sql(view.body).to_arrow_table().to_pylist()

        yield run


def disk(factor: float, n: int = 60_000) -> dict[str, np.ndarray]:
    """A disk that turns at one speed, seen from the Sun with distances `factor` times the true ones."""
    rng = np.random.default_rng(4)
    x, y, z = rng.uniform(-14, -2, n), rng.uniform(-6, 6, n), rng.laplace(0, 0.25, n)
    r = np.hypot(x, y)
    v = np.stack([SPEED * y / r, -SPEED * x / r, np.zeros(n)]) + rng.normal(0, [[35], [25], [18]], (3, n))
    with defaults.set("v4.0"):
        place = CartesianRepresentation(x, y, z, unit=u.kpc, differentials=CartesianDifferential(*v, unit=u.km / u.s))
        true = Galactocentric(place, **SUN).transform_to(ICRS())
        seen = ICRS(
            true.ra, true.dec, factor * true.distance, true.pm_ra_cosdec, true.pm_dec, true.radial_velocity
        ).transform_to(Galactocentric(**SUN))
    distance = factor * true.distance.to_value(u.kpc)
    position = {f"{axis}_kpc": getattr(seen, axis).to_value(u.kpc) for axis in "xyz"}
    velocity = {f"v{axis}_km_s": getattr(seen, f"v_{axis}").to_value(u.km / u.s) for axis in "xyz"}
    return {"spec_distance_kpc": distance} | position | velocity


@pytest.mark.parametrize("factor", [0.85, 1.0, 1.15])
def test_a_wrong_distance_scale_is_found(check, factor):
    everything = check(disk(factor))[0]
    assert everything["bin_low"] is None
    assert everything["distance_scale_error_error"] < 0.02
    assert everything["distance_scale_error"] == pytest.approx(factor - 1, abs=0.05)


def test_bins_hold_every_star_of_the_disk_once(check):
    everything, *bins = check(disk(1.0, 2000))
    assert sum(one["n"] for one in bins) == pytest.approx(everything["n"], abs=5), (
        "bins of one or two stars are left out"
    )
    assert all(one["bin_high"] == one["bin_low"] + 1 for one in bins)
