"""The shipped red clump networks, from as many labelled stars as Lucey et al. 2020 had: tens of millions of mock stars.

    python -m candlesql.training.full FOLDER [--stars 60000000] [--parts 12] [--seed 1000]

The sky is made part by part. Each part goes the whole way from survey files to `red_clump.training`, and only its
labelled stars stay, so one part is all that the disk must hold; a run that was stopped goes on with the parts that are
missing. 60 million stars give the paper's 200,000 giants to train on, and 87,000 seismic labels where it had 30,000.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..commands.demo import SYSTEM, make_mock_sky
from ..commands.match import match_all
from ..sql.open import make_sky, open_sky
from ..udfs.model import Model
from ..workspace.progress import steps_bar
from ..workspace.query import literal_path, quoted
from .system import train_system


def labelled_parts(folder: Path, stars: int, parts: int, seed: int) -> Iterator[Path]:
    """The labelled stars of each part, a file each with the columns of `red_clump.training`; made where missing.

    Parameters
    ----------
    stars
        In all parts together; each holds an equal share.
    seed
        Of the first part; the others have those that follow.
    """
    for number in range(parts):
        path = folder / f"labelled_{stars // parts}_{seed + number}.parquet"
        if not path.exists():
            _make_part(path, stars // parts, seed + number)
        yield path


def _make_part(path: Path, stars: int, seed: int) -> None:
    """Make a sky, keep its labelled stars, and leave nothing half-made."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        sky = make_sky(Path(folder) / "sky")
        make_mock_sky(sky.root, stars, seed)
        partial = Path(folder) / path.name
        with open_sky(sky.root, read_only=False) as connection:
            match_all(connection, sky, SYSTEM)
            connection.execute(f"copy (from {SYSTEM}.training) to {quoted(partial)} (format parquet)")
        partial.replace(path)


def train_on_parts(folder: Path, parts: list[Path], seed: int = 0) -> Model:
    """Train the system on the stars of all parts and write the model files into a folder.

    Two parts may give two stars one identifier; one of the two is left out.
    """
    sky = make_sky(folder / "sky")
    files = ", ".join(map(literal_path, parts))
    with open_sky(sky.root, read_only=False) as connection, steps_bar("training") as show:
        connection.execute(
            f"create temp view labelled as from read_parquet([{files}]) "
            "qualify row_number() over (partition by survey, source_id order by phot_g_mean_mag) = 1"
        )
        return train_system(
            connection,
            SYSTEM,
            folder / f"{SYSTEM}.onnx",
            folder / f"{SYSTEM}_cross_validation.parquet",
            "labelled",
            seed,
            show,
            simulated="labelled",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stars", type=int, default=60_000_000)
    parser.add_argument("--parts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1000)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    parts = list(labelled_parts(options.folder, options.stars, options.parts, options.seed))
    model = train_on_parts(options.folder, parts)
    print(f"{model.path}: {model.metadata['n_train']} stars; {model.metadata['metrics']}")


if __name__ == "__main__":
    main()
