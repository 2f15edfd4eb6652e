"""`candlesql mock-clusters`: simulated star clusters of known distance and age, as two catalogs to ingest."""

from __future__ import annotations

from pathlib import Path

from ..catalogs.mock.clusters import write_mock_clusters


def write_clusters(folder: Path, seed: int) -> tuple[Path, Path]:
    """Write `mock_clusters.csv` and `mock_cluster_stars.csv` into a folder, made if need be; returns both paths."""
    return write_mock_clusters(folder, seed)
