"""`candlesql train SKY parallax`: the two models of Hogg et al. 2018 from the training set of a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...workspace.progress import bar
from .train import described, train_sky
from .validate import Score


def train_parallax(path: Path, labels: str | None, seed: int, cuts: dict[str, str]) -> Iterator[str]:
    """Train, and say how each regularisation, offset and kind of model does on the half that it was not trained on.

    Raises
    ------
    UserError
        If a half has too few stars, or other labels are asked for.
    """
    if labels:
        raise UserError(
            f"--labels {labels}: the labels of parallax are Gaia's parallaxes, in parallax.training; "
            "move its selection with --cut"
        )
    with bar() as progress:
        task = progress.add_task("reading spectra", total=None)
        model, scores = train_sky(path, seed, cuts, lambda text: progress.update(task, description=text))
    yield f"{model.path}: {scores[0].n_training:,} stars"
    yield "each model on the half that it was not trained on:"
    for score in scores:
        strength = f" {score.regularisation:g}" if np.isfinite(score.regularisation) else ""
        yield f"  {score.model}{strength}, offset {score.parallax_offset:g} mas: {described(score)}"
    yield (
        f"held-out chi-square is least near an offset of {preferred_offset(scores):.3f} mas, which absorbs misfit too; "
        f"{scores[0].parallax_offset:g} is in force, --cut hogg_parallax_offset=MAS changes it"
    )


def preferred_offset(scores: list[Score]) -> float:
    """The offset [mas] at which a parabola through the chi-squares of the linear models at one regularisation is least.

    The lowest of them, if they do not bend upwards.
    """
    linear = [score for score in scores if score.model == "linear"]
    chosen = linear[-1].regularisation
    same = [score for score in linear if score.regularisation == chosen]
    offset, chi2 = np.array([(score.parallax_offset, score.chi2_per_star) for score in same]).T
    bend, slope, _ = np.polyfit(offset, chi2, 2)
    return float(-slope / (2 * bend)) if bend > 0 else float(offset[np.argmin(chi2)])
