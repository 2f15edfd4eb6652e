"""Write the list of the training stars of a table beside the models, by what Gaia measured of them.

    python -m candlesql.training.photometry.listed --data stars_13band.parquet

`candlesql train SKY photometry` writes it itself, with places too.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from ...sql.open import make_sky, open_sky
from ...workspace.query import literal_path
from ..entry import start
from ..taught import write_list
from .data import training_stars
from .train import MODELS


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="List the training stars of the photometry networks.")
    parser.add_argument("--data", type=Path, required=True, help="training table, Parquet")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder of the models")
    parser.add_argument("--name", default="photometry", help="name of the network")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        make_sky(folder)
        with open_sky(folder) as connection:
            table = f"read_parquet({literal_path(options.data.resolve())})"
            write_list(connection, options.out, options.name, training_stars(connection, table))


if __name__ == "__main__":
    start(main)
