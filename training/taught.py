"""Lists of training stars, written beside the models that were trained on them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..udfs.taught import FOLDER, PLACELESS, SEAL, list_file, seal


def write_list(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, stars: str) -> str:
    """Write the keys of training stars to `folder/training_stars/NAME.parquet`; returns the name, for the metadata.

    Parameters
    ----------
    folder
        Where the models lie.
    stars
        A query with the columns `ra`, `dec` [deg] and `names`, a list of texts; either may be NULL.
    """
    path = list_file(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    keys = connection.execute(
        f"""with stars as materialized ({stars}),
            keys as (
                select unnest(sphere.position_keys_near(ra, "dec")) as "key" from stars
                union
                select unnest(list_transform(names, lambda name: stats.key(name))) as "key" from stars
                union
                select {PLACELESS} as "key" from stars where ra is null or "dec" is null
            )
            select "key" from keys where "key" is not null order by 1"""
    ).fetchnumpy()["key"]
    table = pa.table({"key": pa.array(np.asarray(keys, np.int64))}, metadata={SEAL: seal(keys)})
    pq.write_table(
        table, temporary, compression="zstd", use_dictionary=False, column_encoding={"key": "DELTA_BINARY_PACKED"}
    )
    temporary.replace(path)
    return name


def move_lists(folder: Path, models: Path) -> None:
    """Put the lists that were written beside models in `folder` where the models go."""
    for path in sorted((folder / FOLDER).rglob("*.parquet")):
        target = models / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def kind_of_stars(n: int, n_simulated: int) -> str:
    """For the metadata of a model: what its training stars were."""
    return "simulated" if n_simulated == n else "both" if n_simulated else "real"
