"""How good the network for any bands is on real stars that it has not seen; the numbers of docs/real-stars.md.

    make models-red-clump FOLDS=FOLDS
    python benchmarks/compare/real_stars.py FOLDS [../shared/data]

FOLDS holds a model without each fifth of the real stars (by a hash of their identifiers), one of each field alone, and
one of the mock sky alone. Every table is judged on stars that its model was not trained on.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import argparse
import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import duckdb
import lightgbm
import numpy as np
import torch
from astropy.table import Column, Table
from candlesql.sql import files
from candlesql.training.any_bands.dust import CENTRE, Dust
from candlesql.training.any_bands.noise import magnitude_errors, parallax_errors
from candlesql.training.any_bands.real import FOLDS, ZERO_POINTS, apo_k2, campaigns, folds, kepler
from candlesql.training.any_bands.space import INPUTS, KS, LATITUDE, LONGITUDE, N_BANDS, PARALLAX
from candlesql.training.any_bands.stars import GIANT_LOGG, PRIOR_SHARE, Labelled, gap_patterns
from candlesql.udfs.model import Model, load_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.onnx_udf import session_of
from scipy import optimize

DATA = Path(__file__).resolve().parents[3] / "shared/data"
LEVELS = (0.25, 0.5, 0.75, 0.94)
ALL_BUT_W1 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, PARALLAX]
GAIA_2MASS = [0, 1, 2, 8, 9, 10, PARALLAX]
SHIFTS = (-0.03, 0.03)
#: Bands that an error in one survey's zero point moves together, and by how much [mag].
SURVEYS = {"G, BP, RP and PS1": slice(0, 8), "PS1": slice(3, 8), "2MASS": slice(8, 11)}
OFFSETS = (-0.03, 0.03)
#: Bins of DeltaP as inferred [s].
SPACINGS = (0, 80, 100, 140, 200, 250, 280, 300, 350)
FAINT = (13.0, 15.0, 17.0)
#: A parallax as good as the kind of Gaia DR3.
RELEASE = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folds", type=Path)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    given = parser.parse_args()
    models = {path.stem: load_model(path) for path in sorted(given.folds.glob("*.onnx"))}
    field, k2 = kepler(given.data), apo_k2(given.data)
    has_all, has_seven = complete(field, ALL_BUT_W1), complete(field, GAIA_2MASS)
    samples = {
        "Kepler, all bands but W1": (field[has_all], ALL_BUT_W1),
        "Kepler, Gaia, 2MASS and parallax": (field[has_seven], GAIA_2MASS),
        "APO-K2, J, Ks and parallax": (k2, [KS - 2, KS, PARALLAX]),
    }
    for name, (stars, seen) in samples.items():
        heading(name, stars)
        row("held out by folds", held_out(models, stars), stars)
        row("the same without parallax", held_out(models, stars, photometric), stars)
        row("these inputs alone", held_out(models, only(stars, seen)), stars)
        row("LightGBM in the same folds", peer(stars, seen), stars)
        row("mock sky alone", p_rc(models["mock"], stars.x), stars)
        gaps_alone(stars)
        for shift in SHIFTS:
            for which in ("all", "RC", "RGB"):
                row(f"parallaxes of {which} {shift:+.2f} mas", held_out(models, shifted(stars, shift, which)), stars)
        calibration(held_out(models, stars), stars)
    stars = samples["Kepler, all bands but W1"][0]
    wrong_magnitudes(models, stars)
    campaigns_by_trees(given.data, k2)
    heading("Kepler, all bands but W1, as faint as", stars)
    for g in FAINT:
        row(f"G = {g:.0f}", held_out(models, as_faint_as(stars, g)), stars)
    heading("From one field to the other", stars)
    row("K2 alone, Kepler judged", p_rc(models["k2"], field[has_seven].x), field[has_seven])
    row("Kepler alone, K2 judged", p_rc(models["kepler"], k2.x), k2)
    period_spacings(models, field)
    corot(given.data)
    m67(given.data)
    labels(models, field[has_seven])


def complete(stars: Labelled, inputs: list[int]) -> np.ndarray:
    """Places of the stars that have these inputs."""
    return np.flatnonzero(np.isfinite(stars.x[:, inputs]).all(axis=1))


def outputs(model: Model, x: np.ndarray) -> dict[str, np.ndarray]:
    y = session_of(model).run(None, {"x": np.ascontiguousarray(x.T, np.float32)})[0]
    return {field.name: values for field, values in zip(model.outputs, y, strict=True)}


def p_rc(model: Model, x: np.ndarray) -> np.ndarray:
    return outputs(model, x)["p_rc"]


def photometric(model: Model, x: np.ndarray) -> np.ndarray:
    return outputs(model, x)["p_rc_photometric"]


def held_out(
    models: dict[str, Model], stars: Labelled, of: Callable[[Model, np.ndarray], np.ndarray] = p_rc
) -> np.ndarray:
    """What the model without each star says of it [rows]."""
    fold, found = folds(stars), np.full(len(stars), np.nan)
    for number in range(FOLDS):
        found[fold == number] = of(models[f"fold{number}"], stars.x[fold == number])
    return found


def peer(stars: Labelled, seen: list[int]) -> np.ndarray:
    """P(RC) by LightGBM from the colours and absolute magnitude that all these stars have, in the same folds."""
    level = stars.x[:, KS]
    a = stars.x[:, PARALLAX] * 10 ** (0.2 * (level - 10))
    bands = [band for band in seen if band not in (KS, PARALLAX)]
    inputs = np.column_stack([stars.x[:, bands] - level[:, None], np.log10(np.maximum(a, 0.02))])
    return trees(inputs, stars, folds(stars))


def only(stars: Labelled, seen: list[int]) -> Labelled:
    """The stars with these inputs, and their place, alone."""
    x = np.full(stars.x.shape, np.nan)
    kept = [*seen, LATITUDE, LONGITUDE]
    x[:, kept] = stars.x[:, kept]
    return Labelled(x, stars.labels, stars.state, stars.id)


def gaps_alone(stars: Labelled) -> None:
    """What the best classifier of the gaps alone reaches, the share of red clump in a pattern: of the stars as they
    are, and as the network draws them."""
    patterns = np.unique(gap_patterns(stars), return_inverse=True)[1]
    said = []
    for weight in (np.ones(len(stars)), stars.weights()):
        clump, branch = (np.bincount(patterns, weight * (stars.state == state)) for state in (1, 0))
        order = np.argsort(-clump / np.maximum(clump + branch, 1e-12))
        below = np.cumsum(branch[order][::-1])[::-1] - branch[order]
        said.append((clump[order] * (below + branch[order] / 2)).sum() / (clump.sum() * branch.sum()))
    print(f"  gaps alone: AUC {said[0]:.3f} as the stars are, {said[1]:.3f} as they are drawn in training")


def trees(inputs: np.ndarray, stars: Labelled, fold: np.ndarray) -> np.ndarray:
    found = np.zeros(len(stars))
    for number in np.unique(fold):
        model = lightgbm.LGBMClassifier(
            n_estimators=200,
            learning_rate=0.04,
            num_leaves=15,
            min_child_samples=15,
            verbose=-1,
            n_jobs=1,
            random_state=0,
        )
        model.fit(inputs[fold != number], stars.state[fold != number])
        found[fold == number] = np.asarray(model.predict_proba(inputs[fold == number]))[:, 1]
    return found


def shifted(stars: Labelled, shift: float, which: str) -> Labelled:
    """The stars with the parallaxes of all, of red clump or of giant branch stars moved [mas]."""
    x = stars.x.copy()
    moved = np.ones(len(stars), bool) if which == "all" else stars.state == (which == "RC")
    x[moved, PARALLAX] += shift
    return Labelled(x, stars.labels, stars.state, stars.id)


def as_faint_as(stars: Labelled, g: float) -> Labelled:
    """The stars as far away as makes them G = g, with the errors that surveys have there."""
    rng, x = np.random.default_rng(0), stars.x.copy()
    moved = g - x[:, 0]
    extra = magnitude_errors(x[:, :N_BANDS] + moved[:, None]) ** 2 - magnitude_errors(x[:, :N_BANDS]) ** 2
    noise = np.sqrt(np.maximum(extra, 0)) * rng.standard_normal(extra.shape)
    x[:, :N_BANDS] += moved[:, None] + noise
    sigma = parallax_errors(np.full(len(stars), g), np.full(len(stars), RELEASE))
    x[:, PARALLAX] = x[:, PARALLAX] * 10 ** (-0.2 * moved) + sigma * rng.standard_normal(len(stars))
    return Labelled(x, stars.labels, stars.state, stars.id)


def heading(name: str, stars: Labelled) -> None:
    print(f"\n{name}: {len(stars)} stars, {stars.state.mean():.0%} red clump")
    print(
        f"  {'contamination [%] at completeness':38} " + " ".join(f"{f'{level:.0%}':^16}" for level in LEVELS) + "  AUC"
    )


def row(name: str, p: np.ndarray, stars: Labelled) -> None:
    """Contamination with its 68 % interval at each completeness, and the area under the ROC curve."""
    order = np.argsort(-p, kind="stable")
    true = np.cumsum(stars.state[order])
    cells = []
    for level in LEVELS:
        n = int(np.searchsorted(true, level * stars.state.sum() - 1e-9)) + 1
        wrong = int(n - true[n - 1])
        low, high = wilson(wrong, n)
        cells.append(f"{100 * wrong / n:4.1f} ({100 * low:4.1f}-{100 * high:4.1f})")
    print(f"  {name:38} " + " ".join(f"{cell:^16}" for cell in cells) + f"  {auc(p, stars.state):.3f}")


def wilson(k: int, n: int) -> tuple[float, float]:
    """The project's own interval, in SQL."""
    return CONNECTION.execute("select stats.wilson_low(?, ?), stats.wilson_high(?, ?)", [k, n, k, n]).fetchall()[0]


def auc(p: np.ndarray, state: np.ndarray) -> float:
    """Share of pairs in the right order, ties half."""
    clump, branch = p[state == 1], np.sort(p[state == 0])
    below = np.searchsorted(branch, clump, "left")
    equal = np.searchsorted(branch, clump, "right") - below
    return float((below + equal / 2).sum() / (len(clump) * len(branch)))


def calibration(p: np.ndarray, stars: Labelled) -> None:
    """Red clump expected and found where P(RC) lies between two values, with the sample's own share as the prior."""
    share, learnt = stars.state.mean(), PRIOR_SHARE
    odds = p / (1 - p) * (share / (1 - share)) / (learnt / (1 - learnt))
    p = odds / (1 + odds)
    cells = []
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1)):
        of = (p >= low) & (p < high + (high == 1))
        cells.append(f"{low:.1f}-{high:.1f}: {p[of].sum():.0f} for {stars.state[of].sum():.0f} of {of.sum()}")
    print("  P(RC), expected for found: " + "; ".join(cells))
    share, log_odds = stars.state.mean(), np.log(odds) - np.log(share / (1 - share)) + np.log(learnt / (1 - learnt))
    weight = np.where(stars.state == 1, learnt / share, (1 - learnt) / (1 - share))
    sign = 1 - 2 * stars.state

    def loss(terms: np.ndarray) -> float:
        bent = terms[0] + terms[1] * np.minimum(log_odds, 0) + terms[2] * np.maximum(log_odds, 0)
        return float(np.average(np.logaddexp(0, sign * bent), weights=weight))

    shift, below, above = optimize.minimize(loss, [0.0, 1.0, 1.0]).x
    print(f"  log odds ask for {shift:+.2f}, and {below:.2f} times what they are below zero, {above:.2f} times above")


def period_spacings(models: dict[str, Model], stars: Labelled) -> None:
    known = stars[np.flatnonzero(np.isfinite(stars.labels[:, 4]))]
    known = known[complete(known, GAIA_2MASS)]
    inferred = held_out(models, known, lambda model, x: outputs(model, x)["any_delta_p_s"])
    sigma = held_out(models, known, lambda model, x: outputs(model, x)["any_delta_p_s_error"])
    print(f"\nDeltaP against measured spacings: {len(known)} stars")
    for name, of in (("all", np.isfinite(inferred)), ("RC", known.state == 1), ("RGB", known.state == 0)):
        said(name, known.labels[of, 4] - inferred[of], sigma[of], "s")
    share = known.state.mean()
    weight = np.where(known.state == 1, PRIOR_SHARE / share, (1 - PRIOR_SHARE) / (1 - share))
    cells = []
    for low, high in pairwise(SPACINGS):
        of = (inferred >= low) & (inferred < high)
        bias = np.average((known.labels[:, 4] - inferred)[of], weights=weight[of])
        cells.append(f"{low}-{high} s: {bias:+.0f} s ({of.sum()})")
    print(f"  bias by what is inferred, with {PRIOR_SHARE:.0%} red clump: {'; '.join(cells)}")


def wrong_magnitudes(models: dict[str, Model], stars: Labelled) -> None:
    """Zero points of a survey that are off, and noise of that size in every band."""
    heading("Kepler, all bands but W1, with wrong magnitudes", stars)
    for name, bands in SURVEYS.items():
        for offset in OFFSETS:
            x = stars.x.copy()
            x[:, bands] += offset
            row(f"{name} {offset:+.2f} mag", held_out(models, Labelled(x, stars.labels, stars.state, stars.id)), stars)
    x = stars.x.copy()
    x[:, :N_BANDS] += max(OFFSETS) * np.random.default_rng(0).standard_normal((len(x), N_BANDS))
    row("noise in every band", held_out(models, Labelled(x, stars.labels, stars.state, stars.id)), stars)


def campaigns_by_trees(data: Path, stars: Labelled) -> None:
    """What a place is worth where no star near it was learnt from: LightGBM, every campaign of K2 held out."""
    campaign = campaigns(data)
    a = stars.x[:, PARALLAX] * 10 ** (0.2 * (stars.x[:, KS] - 10))
    inputs = np.column_stack(
        [
            stars.x[:, KS - 2] - stars.x[:, KS],
            np.log10(np.maximum(a, 0.02)),
            stars.x[:, KS],
            np.abs(stars.x[:, LATITUDE]),
        ]
    )
    with_dust = np.column_stack([inputs, np.log(ebv(stars.x[:, LONGITUDE], stars.x[:, LATITUDE]))])
    heading("APO-K2 by LightGBM, a campaign held out", stars)
    for name, chosen in (
        ("J - Ks, M_Ks, Ks", inputs[:, :3]),
        ("and |b|", inputs),
        ("and the dust along the line of sight", with_dust),
    ):
        row(name, trees(chosen, stars, campaign), stars)
    row("all of these, in the five folds", trees(with_dust, stars, folds(stars)), stars)


def ebv(l_deg: np.ndarray, b_deg: np.ndarray) -> np.ndarray:
    """E(B-V) [mag] along lines of sight, as the network knows it."""
    dust = Dust.from_json(json.loads(load_model(SHIPPED / "red_clump_any_bands.onnx").metadata["dust"]))
    return np.exp(dust.feature(torch.tensor(l_deg), torch.tensor(b_deg)).numpy() + CENTRE)


def corot(data: Path) -> None:
    """States with real W1 and W2: J, H, Ks, W1 and W2, without a parallax and with that of the seismic distance."""
    table = Table.read(data / "corot/corot_apogee_anders2017.fit")
    states = np.char.strip(np.asarray(table["evstat"], str))
    chosen = np.flatnonzero((states == "RGB") | (states == "CLUMP"))
    x = np.full((len(chosen), len(INPUTS)), np.nan)
    names = ("Jmag", "Hmag", "Ksmag", "W1mag", "W2mag")
    x[:, KS - 2 : PARALLAX] = np.column_stack([filled(table[name])[chosen] for name in names])
    x[:, LATITUDE], x[:, LONGITUDE] = filled(table["GLAT"])[chosen], filled(table["GLON"])[chosen]
    model = load_model(SHIPPED / "red_clump_any_bands.onnx")
    stars = Labelled(x, np.full((len(x), 5), np.nan), (states[chosen] == "CLUMP").astype(float), chosen)
    heading("CoRoT, J, H, Ks, W1 and W2", stars)
    row("no parallax", p_rc(model, x), stars)
    x[:, PARALLAX] = 1000 / filled(table["DistM"])[chosen]
    known = stars[complete(stars, [PARALLAX])]
    row(f"seismic distance ({len(known)} stars)", p_rc(model, known.x), known)


def m67(data: Path) -> None:
    """Giants of M67: the red clump is G 10.14 to 10.24, log g near 2.5."""
    table = Table.read(data / "m67/ngc2682.fits")
    names = (
        "Gaia_G_DR2Rev",
        "Gaia_BP_DR2Rev",
        "Gaia_RP_DR2Rev",
        "2MASS_J",
        "2MASS_H",
        "2MASS_Ks",
        "WISE_W1",
        "WISE_W2",
    )
    spectroscopic = filled(table["payne.logg"])
    giants = np.flatnonzero((spectroscopic > 0) & (spectroscopic < GIANT_LOGG))
    x = np.full((len(giants), len(INPUTS)), np.nan)
    for place, name in zip((0, 1, 2, 8, 9, 10, 11, 12), names, strict=True):
        x[:, place] = filled(table[name])[giants]
    x[:, PARALLAX] = filled(table["Parallax"])[giants] - ZERO_POINTS["DR2"]
    x[:, LATITUDE], x[:, LONGITUDE] = filled(table["b"])[giants], filled(table["l"])[giants]
    x[:, :LATITUDE][np.abs(x[:, :LATITUDE]) > 100] = np.nan
    logg = spectroscopic[giants]
    clump = (x[:, 0] > 10.14) & (x[:, 0] < 10.24) & (np.abs(logg - 2.5) < 0.2)
    p = p_rc(load_model(SHIPPED / "red_clump_any_bands.onnx"), x)
    known = np.isfinite(p)
    print(f"\nM67, Gaia, 2MASS, WISE and parallax: {known.sum()} giants, {clump[known].sum()} red clump")
    print(f"  P(RC) of the red clump: {', '.join(f'{v:.2f}' for v in np.sort(p[clump & known])[::-1])}")
    others = p[~clump & known]
    print(f"  P(RC) of the others: median {np.median(others):.2f}, {(others > 0.5).sum()} of {len(others)} above 0.5")


def filled(column: Column) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(column).astype(float), np.nan)


def output(name: str, model: Model, x: np.ndarray) -> np.ndarray:
    return outputs(model, x)[name]


def labels(models: dict[str, Model], stars: Labelled) -> None:
    print(f"\nLabels of APOGEE and Kepler less those inferred: {len(stars)} stars with Gaia, 2MASS and parallax")
    names = (("any_teff_k", "K"), ("any_logg", "dex"), ("any_feh", "dex"), ("any_delta_nu_uhz", "uHz"))
    for number, (name, unit) in enumerate(names):
        found = held_out(models, stars, partial(output, name))
        sigma = held_out(models, stars, partial(output, f"{name}_error"))
        known = np.isfinite(stars.labels[:, number] - found)
        said(name.removeprefix("any_"), (stars.labels[:, number] - found)[known], sigma[known], unit)


def said(name: str, difference: np.ndarray, sigma: np.ndarray, unit: str) -> None:
    robust = 1.4826 * np.median(np.abs(difference - np.median(difference)))
    pulls = 1.4826 * np.median(np.abs(difference / sigma - np.median(difference / sigma)))
    print(
        f"  {name:14} n {len(difference):5}, bias {difference.mean():+.3g} {unit}, standard deviation "
        f"{difference.std():.3g}, robust {robust:.3g}, pulls {pulls:.2f}"
    )


CONNECTION = duckdb.connect()

CONNECTION.execute(f"create schema stats; {(files.ROOT / 'stats/sampling.sql').read_text()}")

if __name__ == "__main__":
    main()
