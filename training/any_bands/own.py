"""Goes on training the network for any bands with the labelled stars of a workspace, however few and gappy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import UserError
from ...udfs.model import Model, load_model, write_model
from ...udfs.onnx_udf import session_of
from .graph import any_bands_graph, networks_of
from .network import fine_tuned
from .space import BANDS, INPUTS
from .stars import LABELS, Labelled, mock_stars

#: Fewer labelled stars than these say nothing of the rest; of each state that is told from another, five.
MIN_STARS = 100
ONE_FOLD_ABOVE, FOLDS = 20_000, 5
STEPS, RATE = 400, 5e-4
#: Fewer stars than these move the network in proportion: a hundred labels would undo what ten thousand taught.
FULL_RATE_STARS = 1000
MOCK_SEED, MOCK_CHUNKS = 7, 6
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Rows:
    """Labelled stars, their surveys, and the fold that holds each out."""

    stars: Labelled
    survey: np.ndarray
    fold: np.ndarray


def train_own(
    connection: duckdb.DuckDBPyConnection,
    start: Path,
    target: Path,
    held_out: Path,
    relation: str,
    seed: int = 0,
    progress: Progress = lambda what, done, of: None,
) -> Model:
    """Train on from the model `start` and write the new one, and what networks without each fold say of that fold.

    Raises
    ------
    UserError
        If the relation has too few labelled stars, or none from which states can be told without their gaps.
    """
    rows = labelled_rows(connection, relation)
    networks, factors = networks_of(load_model(start))
    before = load_model(start).metadata
    mock = mock_stars(MOCK_SEED, MOCK_CHUNKS)
    shifts = np.array([json.loads(before["zero_points"])[band] for band in BANDS])
    n_folds = FOLDS if len(rows.stars) <= ONE_FOLD_ABOVE else 1
    metadata = _metadata(before, rows.stars)
    tables, after = [], np.full(len(rows.stars), np.nan)
    rate = RATE * min(1.0, len(rows.stars) / FULL_RATE_STARS)
    for fold in [*range(n_folds), None]:
        chosen = np.flatnonzero(rows.fold != fold)
        what = "any bands, all stars" if fold is None else f"any bands, fold {fold + 1} of {n_folds}"
        members = networks if fold is None else networks[:1]
        trained = [
            fine_tuned(
                network,
                mock,
                [(rows.stars[chosen], 1.0)],
                factors,
                seed + number,
                STEPS,
                shifts,
                rate,
                partial(progress, what),
            )
            for number, network in enumerate(members)
        ]
        if fold is None:
            metadata["judged"] = json.dumps(_judged(after, load_model(start), rows))
        path = target if fold is None else target.with_suffix(f".fold{fold}")
        model = write_model(path, any_bands_graph(trained, factors), metadata)
        if fold is not None:
            left = np.flatnonzero(rows.fold == fold)
            tables.append(_scores(model, rows, left))
            after[left] = _p_rc(tables[-1])
            path.unlink()
    held_out.parent.mkdir(parents=True, exist_ok=True)
    temporary = held_out.with_suffix(".tmp")
    pq.write_table(pa.concat_tables(tables), temporary)
    temporary.replace(held_out)
    return model


def labelled_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> Rows:
    """The labelled stars of a relation like `red_clump.training`; what it has no column for is not observed."""
    known = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}

    def column(name: str) -> str:
        return f'"{name}"::double as "{name}"' if name in known else f'null::double as "{name}"'

    names = [*(name for name, _ in INPUTS), *(name for name, _ in LABELS), "is_rc"]
    survey = "survey" if "survey" in known else "'' as survey"
    fold = f"stats.fold(source_id, 'cross-validation', {FOLDS})::int as fold"
    labels = " or ".join(f'"{name}" is not null' for name in [*(n for n, _ in LABELS), "is_rc"] if name in known)
    table = connection.execute(
        f"select {survey}, source_id, {fold}, {', '.join(map(column, names))} from {relation} "
        f"where {labels or 'false'} order by survey, source_id"
    ).fetchnumpy()
    values = np.column_stack([np.ma.filled(np.ma.asarray(table[name]).astype(float), np.nan) for name in names])
    n = len(INPUTS)
    stars = Labelled(values[:, :n], values[:, n:-1], values[:, -1], np.asarray(table["source_id"]), is_moved=False)
    usable = np.flatnonzero(stars.weights() > 0) if len(stars) else np.array([], int)
    if len(usable) < MIN_STARS:
        raise UserError(_too_few(stars, len(usable)), file=relation)
    return Rows(stars[usable], np.asarray(table["survey"])[usable], np.asarray(table["fold"]).astype(int)[usable])


def _too_few(stars: Labelled, n_usable: int) -> str:
    clump, branch = int((stars.state == 1).sum()), int((stars.state == 0).sum())
    return (
        f"{len(stars)} labelled stars ({clump} red clump, {branch} not), {n_usable} of them with a colour and a "
        f"parallax or three bands, in a pattern of bands that holds five of either state; {MIN_STARS} are needed"
    )


def _scores(model: Model, rows: Rows, chosen: np.ndarray) -> pa.Table:
    y = session_of(model).run(None, {"x": rows.stars.x[chosen].T.astype(np.float32)})[0]
    outputs = {field.name: pa.array(v, mask=np.isnan(v)) for field, v in zip(model.outputs, y, strict=True)}
    kept = {"survey": pa.array([str(s) for s in rows.survey[chosen]]), "source_id": pa.array(rows.stars.id[chosen])}
    return pa.table(kept | outputs)


def _judged(after: np.ndarray, start: Model, rows: Rows) -> dict[str, float]:
    """Mean log loss of the states of held-out stars: by P(RC) `after`, NaN where not held out, and by the start."""
    before, state = _p_rc(_scores(start, rows, np.arange(len(rows.stars)))), rows.stars.state
    known = np.isfinite(after + before + state)

    def loss(p: np.ndarray) -> float:
        right = np.where(state == 1, p, 1 - p)[known]
        return round(float(-np.log(right.clip(1e-6)).mean()), 4) if len(right) else 0.0

    return {"n": int(known.sum()), "log_loss": loss(after), "log_loss_before": loss(before)}


def _p_rc(scores: pa.Table) -> np.ndarray:
    return np.array([np.nan if p is None else p for p in scores["p_rc"].to_pylist()], float)


def _metadata(before: dict[str, str], stars: Labelled) -> dict[str, object]:
    """That of the model trained on from, with what has changed."""
    digest = hashlib.sha256(np.ascontiguousarray(stars.x).tobytes() + stars.state.tobytes())
    kept: dict[str, object] = {
        key: value for key, value in before.items() if key not in ("graph_sha256", "metrics", "domain")
    }
    return kept | {
        "trained_on": "both",
        "training_sha256": digest.hexdigest(),
        "n_train": str(len(stars)),
        "trained_from": before["training_sha256"],
    }
