"""Finds bands that are in another system than their table says: what the other bands of its stars do not allow.

The factor model of the network for any bands (its metadata `factors`) predicts each band of a star from its others. A
band that lies far off in most stars of a table is named, the worst first, and then left out of what predicts the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import numpy as np

from ...errors import UserError
from ...sql.files import cuts_of
from ...sql.place import write_product
from ...sql.views import products
from ...udfs.model import load_model
from ...udfs.model_files import model_files
from ...workspace.folder import Sky
from ...workspace.ledger import Run, execute, is_fresh
from ...workspace.query import first_row
from ..score import sources
from .notes import left_out, notes

PRODUCT, MODEL = "red_clump.band_offsets", "red_clump_any_bands"
#: About so many stars of each table are looked at, which is not a choice of any kind of star.
STARS = 20_000
#: A band is off by more than this [mag] in the median, and than so many sigmas of a star's prediction, and by half of
#: it in more than such a share of the stars. Real giants are within 0.03 mag in every band, dwarfs within 0.1; g of
#: SDSS is 0.16 mag from that of Pan-STARRS1.
LEAST_OFFSET, LEAST_SIGMAS, MOST = 0.12, 3.0, 0.85
LEAST_BANDS, LEAST_STARS = 4, 20
#: Parallaxes are told of where they make more than this share of the stars what no star is, or where more than that
#: share, and this times the root of their number, are not above zero (three standard deviations).
IMPOSSIBLE, EXCESS = 0.5, 1.5
#: Places of the bands of WISE, of Gaia, of 2MASS, of Pan-STARRS1, and of the infrared: one mistake moves all of them.
SURVEYS = [range(11, 13), range(3), range(8, 11), range(3, 8), range(8, 13)]
#: Bands that are off by the same to this [mag] are off together: they, or all the others.
SAME_OFFSET = 0.1
#: Labels are told of where more than this share of the states contradict their own spacings.
CONTRADICTED = 0.02


def write_band_offsets(
    connection: duckdb.DuckDBPyConnection, sky: Sky, run: Run = execute, only_stale: bool = True
) -> int | None:
    """Write a row for each table and band that is off; None where nothing was to do."""
    path = model_files(sky.models).get(MODEL)
    if path is None:
        return None
    model = load_model(path)
    models, cuts = {MODEL: model.sha256}, cuts_of("red_clump.inputs")
    if only_stale and is_fresh(connection, PRODUCT, sources(sky), models, cuts):
        return None
    factors = {key: np.asarray(value) for key, value in json.loads(model.metadata["factors"]).items()}
    bands = [field.name for field in model.inputs if field.unit == "mag"]
    (n_stars,) = first_row(connection, "select count(*) from red_clump.scores")
    chosen = f"hash(source_id) % {max(1, n_stars // STARS)} = 0"
    query = f"select survey, {', '.join(bands)} from red_clump.kept_inputs where {chosen}"
    found = connection.execute(query).fetchnumpy()
    x = np.column_stack([np.ma.filled(np.ma.asarray(found[band]).astype(float), np.nan) for band in bands])
    surveys = np.asarray(found["survey"])
    try:
        rows = [
            [survey, bands[band], n, off, offset]
            for survey in np.unique(surveys)
            for band, n, off, offset in offsets(x[surveys == survey], factors)
        ]
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        said = f"its metadata candlesql.factors do not fit its inputs ({error}); train it again"
        raise UserError(said, file=path) from None
    columns = ", ".join(f"{name} {kind}" for name, kind in products()[PRODUCT]["columns"].items())
    connection.execute(f"create or replace temp table offsets_found ({columns})")
    if rows:
        connection.executemany("insert into offsets_found values (?, ?, ?, ?, ?)", rows)
    target = sky.results / "red_clump_band_offsets.parquet"
    return write_product(
        connection,
        sky,
        PRODUCT,
        "from offsets_found",
        target,
        "run red_clump",
        sources(sky),
        models,
        run,
    )


def offset_lines(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """What to say of stars left out, of bands that are off, of parallaxes, and of labels that contradict themselves."""
    refused = left_out(connection)
    if refused:
        yield f"red_clump.catalogue leaves out: {refused}"
    yield from _of_bands(connection.execute(f"from {PRODUCT}").fetchall())
    checks = connection.execute("from red_clump.parallax_checks").fetchall()
    for survey, n, n_parallaxes, n_not_positive, n_magnitudes, n_impossible in checks:
        if not n_parallaxes:
            yield (
                f"warning: {survey}: none of {n:,} stars has a parallax, without which no bands tell the red clump "
                "well (docs/real-stars.md)"
            )
        if n_not_positive > IMPOSSIBLE * n_parallaxes + EXCESS * n_parallaxes**0.5:
            yield (
                f"warning: {survey}: {n_not_positive:,} of {n_parallaxes:,} parallaxes are not above zero, more than "
                "noise makes so; where there is none leave it empty"
            )
        if n_impossible > IMPOSSIBLE * n_magnitudes:
            yield (
                f"warning: {survey}: by their parallaxes {n_impossible:,} of {n_magnitudes:,} stars are brighter than "
                "any giant or fainter than any star; are they in mas, and of these stars?"
            )
    yield from notes(connection)
    query = (
        "select label_table, n_checked, n_contradicted from red_clump.label_checks where n_contradicted > ? * n_checked"
    )
    for table, n, n_wrong in connection.execute(query, [CONTRADICTED]).fetchall():
        yield (
            f"warning: {table}: {n_wrong:,} of {n:,} states contradict their own period spacing (red clump above, "
            "giant branch below cuts.state_limit_delta_p); see red_clump.label_checks"
        )


def _of_bands(rows: list[tuple]) -> Iterator[str]:
    """A line for each band of the rows of the product, or for all bands of a survey that are off together."""
    together: list[list[tuple]] = []
    for row in sorted(rows, key=lambda row: (row[0], row[4])):
        is_alike = together and together[-1][0][0] == row[0] and row[4] - together[-1][0][4] < SAME_OFFSET
        together[-1].append(row) if is_alike else together.append([row])
    for alike in together:
        survey, n, n_off = alike[0][0], max(row[2] for row in alike), max(row[3] for row in alike)
        offset = float(np.mean([row[4] for row in alike]))
        one = len(alike) == 1
        yield (
            f"warning: {survey}: {', '.join(row[1] for row in alike)} {'is' if one else 'are'} {abs(offset):.2f} mag "
            f"{'fainter' if offset > 0 else 'brighter'} than the other bands allow in {n_off:,} of {n:,} stars looked "
            f"at{'' if one else ' (or those are off)'}; is it in the system that the survey file says (AB or Vega, "
            "SDSS or Pan-STARRS1)?"
        )


def offsets(x: np.ndarray, factors: dict[str, np.ndarray]) -> list[tuple[int, int, int, float]]:
    """Bands that are off in magnitudes x [rows, bands], NaN where not observed: place, stars, stars off, median."""
    kept, off = x.copy(), []
    while True:
        worst = max((_judged(kept, band, factors) for band in range(x.shape[1])), key=lambda judged: abs(judged[3]))
        if not _is_off(worst):
            break
        off.append(worst[0])
        kept[:, worst[0]] = np.nan
    if len(off) > 2:
        kept, off = _of_one_survey(x, factors) or (kept, off)
    judged = []
    for band in off:
        kept[:, band] = x[:, band]
        judged.append(_judged(kept, band, factors))
        kept[:, band] = np.nan
    return judged


def _is_off(judged: tuple[int, int, int, float]) -> bool:
    _, n, n_off, offset = judged
    return abs(offset) > LEAST_OFFSET and n_off > MOST * n


def _of_one_survey(x: np.ndarray, factors: dict[str, np.ndarray]) -> tuple[np.ndarray, list[int]] | None:
    """The magnitudes without a survey's bands, and these, if the others then agree; of several the smallest."""
    for survey in SURVEYS:
        rest = x.copy()
        rest[:, survey] = np.nan
        if not any(_is_off(_judged(rest, band, factors)) for band in range(x.shape[1])):
            return rest, [band for band in survey if np.isfinite(x[:, band]).sum() >= LEAST_STARS]
    return None


def _judged(x: np.ndarray, band: int, factors: dict[str, np.ndarray]) -> tuple[int, int, int, float]:
    """A band, its stars, those that are off, and the median of observed less predicted."""
    residual, sigma = residuals(x, band, factors)
    known = np.isfinite(residual)
    if known.sum() < LEAST_STARS:
        return band, 0, 0, 0.0
    median = float(np.median(residual[known]))
    if abs(median) < LEAST_SIGMAS * np.median(sigma[known]):
        return band, int(known.sum()), 0, 0.0
    off = np.sign(median) * residual[known] > LEAST_OFFSET / 2
    return band, int(known.sum()), int(off.sum()), median


def residuals(x: np.ndarray, band: int, factors: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Observed less predicted from a star's other bands, and its standard deviation [rows]; NaN where either lacks."""
    loadings, variances = factors["loadings"], factors["variances"]
    d = x - factors["offsets"] - factors["level"]
    residual, sigma = np.full(len(x), np.nan), np.full(len(x), np.nan)
    seen = np.isfinite(x)
    _, first, which = np.unique(seen @ (1 << np.arange(x.shape[1])), return_index=True, return_inverse=True)
    for number, pattern in enumerate(seen[first]):
        others = pattern.copy()
        others[band] = False
        if not pattern[band] or others.sum() < LEAST_BANDS - 1:
            continue
        rows = np.flatnonzero(which == number)
        part, weights = loadings[others], 1 / variances[others]
        covariance = np.linalg.inv((part.T * weights) @ part + np.diag(factors["precision"]))
        z = d[np.ix_(rows, others)] @ ((covariance @ part.T) * weights).T
        residual[rows] = d[rows, band] - z @ loadings[band]
        sigma[rows] = np.sqrt(loadings[band] @ covariance @ loadings[band] + variances[band])
    return residual, sigma
