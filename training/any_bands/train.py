"""Makes the shipped network for any bands: `python -m candlesql.training.any_bands.train DATA [OUT] [--folds FOLDER]`.

DATA holds `kepler/kepler_seismic.parquet` and `apo_k2/apo_k2.csv`. The network is pre-trained on a mock sky, then
learns from all real stars. With `--folds` it is trained anew without each fifth of the real stars, without campaigns of
K2, and on one field alone, for `benchmarks/compare/real_stars.py` to judge on the stars that were left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from ...sql.open import make_sky, open_sky
from ...udfs.model import Model, write_model
from ...udfs.model_files import SHIPPED
from ..taught import write_list
from .dust import Dust, dust_map, fit_dust
from .graph import any_bands_graph, outputs
from .network import AnyBands, fine_tuned, pretrained
from .noise import magnitude_errors
from .real import FOLDS, PLACES, apo_k2, campaigns, folds, kepler, names_and_places, zero_points
from .space import BANDS, INPUTS, LATITUDE, Factors, fit_factors
from .stars import PRIOR_SHARE, Labelled, MockStars, mock_stars

NAME = "red_clump_any_bands"
MOCK_SEED, MOCK_CHUNKS = 20261, 40
MEMBERS, FOLD_MEMBERS = 3, 1
STEPS, FINE_STEPS, FOLD_STEPS = 5000, 2500, 2000
#: Shares of the real stars of a batch.
KEPLER_SHARE, K2_SHARE = 0.5, 0.5
#: The factors are those of stars brighter than this, with the errors of such.
FACTOR_STARS, FACTOR_LIMIT = 40_000, 16.0
SYSTEMS = {
    **{band: "Gaia DR2" for band in BANDS[:3]},
    **{band: "Pan-STARRS1 DR1" for band in BANDS[3:8]},
    **{band: "2MASS" for band in BANDS[8:11]},
    **{band: "AllWISE" for band in BANDS[11:13]},
    "corrected_parallax": "zero point of its release taken off",
    "b": "Galactic",
    "l": "Galactic",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=SHIPPED)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--steps", type=int, nargs=3, default=(STEPS, FINE_STEPS, FOLD_STEPS))
    parser.add_argument("--members", type=int, nargs=2, default=(MEMBERS, FOLD_MEMBERS))
    given = parser.parse_args()
    steps, fine_steps, fold_steps = given.steps
    trainer = Trainer(given.data, steps, given.members[0])
    model = trainer.model(given.out / f"{NAME}.onnx", None, None, given.members[0], fine_steps)
    write_training_stars(given.data, given.out)
    print(f"{model.path}: {model.metadata['n_train']} stars, {model.path.stat().st_size / 1e3:.0f} kB", flush=True)
    if given.folds:
        trainer.judged_models(given.folds, given.members[1], fold_steps)


def write_training_stars(data: Path, out: Path) -> None:
    """Write the list of the real stars beside the model, by places and names."""
    with tempfile.TemporaryDirectory() as folder:
        make_sky(folder)
        with open_sky(folder) as connection:
            write_list(connection, out, NAME, names_and_places(data))


class Trainer:
    """Holds the stars and the pre-trained networks."""

    def __init__(self, data: Path, steps: int, members: int):
        self.started, self.data = time.time(), data
        self.mock = mock_stars(MOCK_SEED, MOCK_CHUNKS)
        self.factors = factors_of(self.mock, fit_dust(*dust_map()))
        self.kepler, self.k2 = kepler(data), apo_k2(data)
        self.zero_points = zero_points(self.kepler, self.mock)[0]
        self.bases = [self._base(seed, steps) for seed in range(members)]

    def _base(self, seed: int, steps: int) -> AnyBands:
        network = pretrained(self.mock, self.factors, seed, steps, self.zero_points)
        self._say(f"pre-trained network {seed}")
        return network

    def model(
        self, path: Path, of_kepler: np.ndarray | None, of_k2: np.ndarray | None, members: int, steps: int
    ) -> Model:
        """Train on some real stars (all for None; no sample for an empty array) and write the model."""
        samples = [
            (sample if rows is None else sample[rows], share)
            for sample, rows, share in ((self.kepler, of_kepler, KEPLER_SHARE), (self.k2, of_k2, K2_SHARE))
            if rows is None or len(rows)
        ]
        networks = []
        for seed, base in enumerate(self.bases[:members]):
            networks.append(fine_tuned(base, self.mock, samples, self.factors, seed, steps, self.zero_points))
            self._say(f"{path.name}: network {seed}")
        metadata = model_metadata(self.factors, self.zero_points, [sample for sample, _ in samples])
        return write_model(path, any_bands_graph(networks, self.factors), metadata)

    def judged_models(self, folder: Path, members: int, steps: int) -> None:
        """Models that have not seen a fold, or a quarter of the campaigns, those of one field alone or of none."""
        for fold in range(FOLDS):
            kepler_left, k2_left = (np.flatnonzero(folds(sample) != fold) for sample in (self.kepler, self.k2))
            self.model(folder / f"fold{fold}.onnx", kepler_left, k2_left, members, steps)
        for number in range(PLACES):
            kepler_left = np.flatnonzero(folds(self.kepler) != number)
            k2_left = np.flatnonzero(campaigns(self.data) % PLACES != number)
            self.model(folder / f"place{number}.onnx", kepler_left, k2_left, members, steps)
        nobody = np.array([], int)
        self.model(folder / "kepler.onnx", None, nobody, members, steps)
        self.model(folder / "k2.onnx", nobody, None, members, steps)
        graph = any_bands_graph(self.bases[:members], self.factors)
        write_model(folder / "mock.onnx", graph, model_metadata(self.factors, self.zero_points, []))

    def _say(self, what: str) -> None:
        print(f"{time.time() - self.started:5.0f} s  {what}", flush=True)


def factors_of(mock: MockStars, dust: Dust) -> Factors:
    """The factor model of the giants of a mock sky, observed with the errors of bright stars."""
    rng = np.random.default_rng(0)
    giants = np.flatnonzero(np.isfinite(mock.labels[:, 3]))
    magnitudes = mock.magnitudes[rng.choice(giants, FACTOR_STARS)]
    errors = magnitude_errors(np.minimum(magnitudes, FACTOR_LIMIT))
    return fit_factors(magnitudes + errors * rng.standard_normal(magnitudes.shape), dust)


def model_metadata(factors: Factors, shifts: np.ndarray, samples: list[Labelled]) -> dict[str, object]:
    """What the model file says of itself; `factors` and the layers are all that a further training needs."""
    stars = [sample[np.flatnonzero(sample.weights() > 0)] for sample in samples]
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(sample.x).tobytes() for sample in stars))
    domain = {}
    for number, (name, _) in enumerate(INPUTS[:LATITUDE]):
        values = np.concatenate([sample.x[:, number] for sample in stars] or [np.array([])])
        if np.isfinite(values).any():
            domain[name] = [round(float(v), 3) for v in np.nanquantile(values, [0.001, 0.999])]
    return {
        "system": "red_clump",
        "inputs": [{"name": name, "unit": unit} for name, unit in INPUTS],
        "outputs": outputs(),
        "missing": "nan",
        "citation": "this project; states of Elsworth+2019, APOKASC-2, Yu+2018, Miglio+2021 (Kepler), APO-K2",
        "version": "1",
        "trained_on": "both" if samples else "simulated",
        "input_systems": SYSTEMS,
        "training_stars": "red_clump_any_bands" if samples else "",
        "training_sha256": digest.hexdigest(),
        "n_train": str(sum(map(len, stars))),
        "domain": domain,
        "prior": json.dumps({"share": PRIOR_SHARE, "of": "giants of log g 2 to 3.5"}),
        "zero_points": json.dumps({b: round(float(v), 4) for b, v in zip(BANDS, shifts, strict=True)}),
        "factors": json.dumps(factors.as_json()),
        "dust": json.dumps(factors.dust.as_json()),
    }


if __name__ == "__main__":
    main()
