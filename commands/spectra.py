"""`candlesql spectra`: aspcapStar files stored as features in a workspace."""

from __future__ import annotations

import time
from pathlib import Path

from ..catalogs.spectra.aspcap import write_spectra
from ..errors import UserError
from ..sql.open import new_or_existing, refresh, writing
from ..workspace.change import place
from ..workspace.ledger import record


def spectra_path(results: Path) -> Path:
    """Where a workspace keeps the features of spectra."""
    return results / "parallax_spectra.parquet"


def spectrum_files(paths: list[Path]) -> list[Path]:
    """The files themselves, and every aspcapStar file below the folders among them; sorted.

    Raises
    ------
    UserError
        If a folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        below = sorted(path.rglob("aspcapStar-*.fits*")) if path.is_dir() else [path]
        if not below:
            raise UserError("no aspcapStar-*.fits in this folder", file=path)
        found += below
    return sorted(found)


def store_spectra(path: Path, files: list[Path]) -> int:
    """`candlesql spectra`: the features of aspcapStar files, in a workspace that is made if need be.

    Returns
    -------
    int
        The number of spectra.

    Raises
    ------
    UserError
        For a damaged file, a folder without spectra, or two files of one star.
    """
    found = spectrum_files(files)
    started = time.time()
    with new_or_existing(path) as sky, writing(path) as connection:
        target = spectra_path(sky.results)
        made = target.with_name(f".{target.name}.made")
        n = write_spectra(made, found)
        place(sky, made, target)
        refresh(connection, sky)
        record(connection, "parallax.spectra", f"{n} aspcapStar files", [], {}, n, time.time() - started, [target])
    return n
