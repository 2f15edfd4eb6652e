"""Trains the two models of Hogg et al. 2018 on a workspace, and writes model, cross-validation table and estimates.

The half A of the training set gives the model for the stars of half B, and the other way round, so that no star's
parallax touches its own estimate. The regularisation is chosen by the chi-square of the half that is held out. Other
offsets are only reported: the one in force is `cuts.hogg_parallax_offset()`, since a fitted one absorbs misfit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from ...catalogs.spectra.aspcap import are_simulated
from ...catalogs.spectra.pixels import chips
from ...commands.score import score
from ...commands.spectra import spectra_path
from ...commands.steps.cuts import cuts_applied
from ...sql.open import open_sky, refresh, writing
from ...udfs import spectral
from ...udfs.feature_space import SAMPLE, FeatureSpace
from ...workspace.folder import existing_sky
from ...workspace.ledger import record
from ...workspace.query import first_row
from .beyond import feature_variance, network
from .calibrate import OTHER_HALF, calibrate, relative_errors
from .fit import Fit, Settings, fit
from .sample import ERRORS, HALVES, MAGNITUDES, Sample, read_sample, spectra_of, write_training_stars
from .validate import Score, judge

CITATION = "Hogg, Eilers & Rix 2019, AJ 158, 147 (arXiv:1810.09468)"
#: lambda of equation 3, coarse as in section 5, from the sparsest model to the densest that few stars can want.
STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
#: Denser models are not tried once held-out chi-square is this much above its least.
CLEARLY_WORSE = 1.02
#: Offsets [mas] whose chi-square is reported beside that of the one in force and Gaia's own.
OTHER_OFFSETS = (0.0, 0.08)
OUTPUTS = [f"parallax_by_{who}" for who in ("a", "b", "both")]
#: In the model file, where its spectra are simulated.
SIMULATED = "Trained on a simulated APOGEE, not on observed spectra: for tests and examples"
Say = Callable[[str], None]


def train(
    sample: Sample,
    offsets: Sequence[float],
    strengths: Sequence[float] = STRENGTHS,
    settings: Settings | None = None,
    say: Say = lambda text: None,
) -> tuple[dict[str, Fit], float, list[Score]]:
    """Fit both halves at every regularisation, down to where held-out chi-square has risen, then at every offset.

    Parameters
    ----------
    offsets
        Of the zero-point, mas; the first is the one in force, at which the regularisation is chosen.

    Returns
    -------
    tuple
        The fit of each half to centred features, the regularisation chosen, and the cross-validation table.
    """
    settings = settings or Settings()
    scores, by_strength = [], {}
    before: dict[str, Fit] = {}
    for strength in sorted(strengths, reverse=True):
        before = both_halves(sample, offsets[0], strength, settings, before)
        by_strength[strength] = before
        scores.append(cross_validated(sample, before, offsets[0], strength))
        say(f"regularisation {strength:g}: {described(scores[-1])}")
        if scores[-1].chi2_per_star > CLEARLY_WORSE * min(score.chi2_per_star for score in scores):
            break
    chosen = min(scores, key=lambda score: score.chi2_per_star).regularisation
    for offset in offsets[1:]:
        fits = both_halves(sample, offset, chosen, settings, by_strength[chosen])
        scores.append(cross_validated(sample, fits, offset, chosen))
        say(f"offset {offset:g} mas: {described(scores[-1])}")
    return by_strength[chosen], chosen, scores


@threadpool_limits.wrap(limits=1, user_api="blas")
def both_halves(
    sample: Sample,
    offset: float,
    strength: float,
    settings: Settings,
    before: dict[str, Fit] | None = None,
    extra_variance: np.ndarray | None = None,
) -> dict[str, Fit]:
    """A model from each half, a core each, begun where that half's model of another setting ended.

    NumPy's own threads would take ten times as long over blocks this small.
    """

    def of(half: str) -> Fit:
        start = before[half].theta if before else None
        return fit(sample.objective(half, offset, extra_variance), strength, settings, start)

    with ThreadPoolExecutor(len(HALVES)) as pool:
        return dict(zip(HALVES, pool.map(of, HALVES), strict=True))


def held_out(sample: Sample, fits: dict[str, Fit]) -> np.ndarray:
    """Parallaxes [N] mas of the training stars, each by the model of the half that it is not in."""
    predicted = np.empty(len(sample.names))
    for half, rows in sample.halves.items():
        predicted[rows] = np.exp(sample.part(rows).times(fits[OTHER_HALF[half]].theta))
    return predicted


def cross_validated(
    sample: Sample, fits: dict[str, Fit], offset: float, strength: float, name: str = "linear"
) -> Score:
    """A row of the cross-validation table."""
    return judge(
        name,
        held_out(sample, fits),
        sample.parallax,
        sample.error,
        offset,
        strength,
        float(np.mean([found.zeros for found in fits.values()])),
        sum(found.evaluations for found in fits.values()),
        max(found.seconds for found in fits.values()),
    )


def described(score: Score) -> str:
    """The figures of a row in words."""
    zeros = f"zeros {100 * score.zeros:.0f} %, " if score.zeros == score.zeros else ""
    return (
        f"chi2 a star {score.chi2_per_star:.3f}, scatter of {score.n_best} best {100 * score.robust_scatter:.1f} %, "
        f"bias {100 * score.bias:+.1f} %, {zeros}{score.seconds:.0f} s"
    )


def export(
    path: Path, sample: Sample, fits: dict[str, Fit], score: Score, metadata: dict[str, Any]
) -> spectral.SpectralModel:
    """Write both models and their mean (of the logarithm) as one ONNX file."""
    theta = np.stack([sample.scaling.to_plain(fits[half].theta) for half in HALVES])
    theta = np.concatenate([theta, theta.mean(axis=0, keepdims=True)])
    n = sample.design.photometry.shape[1]
    low, high = np.quantile(sample.scaling.photometry(sample.design.photometry), [0.001, 0.999], axis=0)
    about = {
        "system": "parallax",
        "function": "spectrophotometric",
        "inputs": [
            *({"name": n, "unit": "mag", "error": error} for n, error in zip(MAGNITUDES, ERRORS, strict=True)),
            {"name": "ln_flux", "unit": "", "error": "ln_flux_error"},
        ],
        "outputs": [{"name": name, "unit": "mas"} for name in OUTPUTS],
        "training_sha256": sample.sha256(),
        "n_train": str(len(sample.names)),
        "domain": {m: [round(float(a), 3), round(float(b), 3)] for m, a, b in zip(MAGNITUDES, low, high, strict=True)},
        "metrics": {key: value for key, value in score.row().items() if value == value},
        "citation": CITATION,
        "version": "1",
    }
    return spectral.write_spectral(path, theta[:, 1:n].T, theta[:, n:].T, theta[:, 0], about | metadata)


def feature_space(connection: duckdb.DuckDBPyConnection, sample: Sample) -> str:
    """The space of the training spectra, by a sample of them as they were before they were centred."""
    some = slice(None, None, max(1, len(sample.names) // SAMPLE))
    spectra = sample.design.spectra[some][:SAMPLE]
    mean = sample.scaling.mean[sample.design.photometry.shape[1] :].astype(np.float32)
    errors = spectra_of(connection, sample.names[some][:SAMPLE], "ln_flux_error")
    return FeatureSpace.of(spectra + mean, errors, tuple(chip.stop - chip.start for chip in chips())).text()


def write_table(scores: list[Score], path: Path) -> None:
    """Write the cross-validation table."""
    temporary = path.with_name(f".{path.name}.tmp")
    pq.write_table(pa.Table.from_pylist([score.row() for score in scores]), temporary)
    temporary.replace(path)


@threadpool_limits.wrap(limits=1, user_api="blas")
def train_sky(
    path: Path,
    seed: int,
    cuts: dict[str, str],
    say: Say = lambda text: None,
    settings: Settings | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> tuple[spectral.SpectralModel, list[Score]]:
    """Write `models/spectra/parallax.onnx`, `parallax.scores` and `parallax.cross_validation`.

    Parameters
    ----------
    seed
        Of the small network; the linear model has none.
    cuts
        Thresholds to replace in the workspace; taken back if too few stars are left.

    Raises
    ------
    UserError
        If a half has too few stars.
    """
    sky, started, settings = existing_sky(path), time.time(), settings or Settings()
    with writing(path) as connection, cuts_applied(connection, cuts):
        in_force, of_gaia = first_row(
            connection, "select cuts.hogg_parallax_offset()::double, cuts.hogg_gaia_parallax_offset()::double"
        )
        sample = read_sample(connection)
    offsets = [in_force, *(offset for offset in (of_gaia, *OTHER_OFFSETS) if offset != in_force)]
    fits, strength, scores = train(sample, offsets, strengths, settings, say)
    linear = next(one for one in scores if one.regularisation == strength)
    file = sky.models / "spectra" / "parallax.onnx"
    simulated = are_simulated(spectra_path(sky.results))
    with open_sky(sky.root, trust=True) as connection:
        say("errors of features, and what the model scatters beside them")
        relative = relative_errors(connection, sample, fits)
        about = {
            "note": SIMULATED if simulated else "",
            "trained_on": "simulated" if simulated else "real",
            "training_stars": write_training_stars(connection, file.parent),
            "feature_space": feature_space(connection, sample),
        }
    calibration = calibrate(sample, held_out(sample, fits), relative, in_force)
    model = export(file, sample, fits, linear, about | calibration.metadata(OUTPUTS))
    with writing(path) as connection:
        say("estimates and their errors")
        score(connection, sky, "parallax")
        say("errors of features in the likelihood")
        variance = feature_variance(connection, sample)
        aware = both_halves(sample, in_force, strength, settings, fits, variance)
        scores.append(cross_validated(sample, aware, in_force, strength, "linear, errors of features"))
        say("small network")
        scores.append(network(sample, fits, in_force, seed))
        write_table(scores, sky.results / "parallax_cross_validation.parquet")
        sources = [sky.catalog("apogee_gaia"), sky.results / "parallax_spectra.parquet"]
        seconds, hashes = time.time() - started, {model.name: model.sha256}
        said = f"train parallax --seed {seed}"
        record(connection, "parallax.cross_validation", said, sources, hashes, len(scores), seconds)
        refresh(connection, sky)
    return model, scores
