"""The crossmatch against astropy's match_coordinates_sky and scipy's cKDTree: the same pairs, CPU seconds, in turn.

    python benchmarks/crossmatch.py [STARS]

Stars on the whole sky and their counterparts, scattered by 0.3 arcsec, a tenth of them elsewhere; best neighbour within
2 arcsec. All start from numbers in memory and end there.
"""

from __future__ import annotations

import sys
import time

import duckdb
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord, match_coordinates_sky
from candlesql.commands.match import pairs_sql
from candlesql.sql import files
from scipy.spatial import cKDTree

RADIUS_ARCSEC, ROUNDS, TARGET = 2.0, 3, 3.0


def main(n: int) -> None:
    left, right = two_catalogs(n)
    with duckdb.connect() as connection:
        prepare(connection, left, right)
        runs = {
            "candlesql": lambda: by_sql(connection, "still"),
            "astropy": lambda: by_astropy(left, right),
            "cKDTree": lambda: by_tree(left, right),
            "with motion": lambda: by_sql(connection, "moving"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        pairs = {}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                started = time.process_time()
                left_ids, right_ids = run()
                seconds[name].append(time.process_time() - started)
                order = np.argsort(left_ids)
                pairs[name] = np.array([left_ids[order], right_ids[order]])
    same = all(np.array_equal(pairs["candlesql"], pairs[peer]) for peer in ("astropy", "cKDTree"))
    best = {name: min(values) for name, values in seconds.items()}
    print(f"{n:,} x {n:,} stars within {RADIUS_ARCSEC:g} arcsec: {pairs['astropy'].shape[1]:,} pairs from astropy")
    print(f"pairs of candlesql: {'identical' if same else 'DIFFERENT'}")
    print(
        f"CPU: candlesql {best['candlesql']:.2f} s, astropy {best['astropy']:.2f} s, "
        f"ratio {best['astropy'] / best['candlesql']:.2f} (target {TARGET:g})"
    )
    print(f"cKDTree {best['cKDTree']:.2f} s, ratio {best['cKDTree'] / best['candlesql']:.2f}")
    print(f"with proper motion and an epoch a row, which they do not do: {best['with motion']:.2f} s")
    if not same:
        raise SystemExit(1)


def two_catalogs(n: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Positions in no order; `epoch_yr` and `pm` matter only to the match with motion."""
    rng = np.random.default_rng(11)
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    seen = SkyCoord(ra * u.deg, dec * u.deg).directional_offset_by(
        rng.uniform(0, 360, n) * u.deg, rng.rayleigh(0.3, n) * u.arcsec
    )
    elsewhere = rng.random(n) < 0.1
    there_ra = np.where(elsewhere, rng.uniform(0, 360, n), seen.ra.deg)
    order = rng.permutation(n)
    left = {"ra": ra, "dec": dec, "pm": rng.exponential(10.0, n)}
    return left, {"ra": there_ra[order], "dec": seen.dec.deg[order], "epoch_yr": rng.uniform(1997.5, 2001.2, n)}


def prepare(connection: duckdb.DuckDBPyConnection, stars: dict, others: dict) -> None:
    """Tables of both catalogs, with motion and without, and the macros of the crossmatch."""
    for schema in ("cuts", "sphere", "stats", "still", "moving"):
        connection.execute(f"create schema {schema}")
    for item in files.items():
        if item.is_macro and item.name.startswith(("cuts.", "sphere.", "stats.")):
            connection.execute(item.body)
    position = 'row_number() over () - 1 as id, ra, "dec"'
    for schema, motion, epoch in (("still", "0.0::double", "2015.5::double"), ("moving", "pm", "epoch_yr")):
        connection.execute(
            f"create table {schema}.a as "
            f"select {position}, {motion} as pmra, {motion} as pmdec, 2015.5::double as epoch_yr from stars"
        )
        connection.execute(f"create table {schema}.b as select {position}, {epoch} as epoch_yr from others")


def by_sql(connection: duckdb.DuckDBPyConnection, schema: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = pairs_sql(connection, f"from {schema}.a", f"from {schema}.b", RADIUS_ARCSEC)
    found = connection.execute(
        "select moving_id, arg_min(standing_id, (chord_squared, standing_id)) as standing_id "
        f"from {pairs} group by moving_id"
    ).fetchnumpy()
    return found["moving_id"], found["standing_id"]


def by_astropy(left: dict, right: dict) -> tuple[np.ndarray, np.ndarray]:
    a, b = (SkyCoord(table["ra"] * u.deg, table["dec"] * u.deg) for table in (left, right))
    nearest, separation, _ = match_coordinates_sky(a, b)
    close = separation.arcsec <= RADIUS_ARCSEC
    return np.flatnonzero(close), nearest[close]


def by_tree(left: dict, right: dict) -> tuple[np.ndarray, np.ndarray]:
    chord = 2 * np.sin(np.radians(RADIUS_ARCSEC / 3600) / 2)
    distance, nearest = cKDTree(directions(right)).query(directions(left), distance_upper_bound=chord)
    close = np.isfinite(distance)
    return np.flatnonzero(close), nearest[close]


def directions(stars: dict) -> np.ndarray:
    ra, dec = np.radians(stars["ra"]), np.radians(stars["dec"])
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
