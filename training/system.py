"""Trains all networks of a system: folds by a hash of the star, one ONNX file, and scores of stars held out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet

from ..commands.steps.inputs import SYSTEMS, read_as
from ..errors import UserError
from ..udfs.hull import write_hull
from ..udfs.model import Model, write_model
from ..udfs.model_files import HULL
from ..udfs.onnx_udf import session_of
from ..workspace.query import first_row
from .density import DENSITY, write_density
from .export import Member, system_graph
from .labels import refused
from .mdn import train
from .origin import input_systems
from .specification import System, load_system
from .taught import kind_of_stars, write_list
from .trees import train_trees

FOLDS = 5
ONE_FOLD_ABOVE = 20_000
MIN_ROWS = 200
BASELINE_OUTPUTS = [{"name": "p_rc_baseline", "unit": ""}]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Rows:
    """Labelled stars in memory: what names each [rows], columns [rows], the fold that holds each out, and the one that
    stops a training."""

    ids: dict[str, np.ndarray]
    columns: dict[str, np.ndarray]
    fold: np.ndarray
    validation: np.ndarray

    def labels(self, columns: list[str]) -> np.ndarray:
        """Labels [rows, labels], NaN where not known."""
        return np.stack([self.columns[name] for name in columns], axis=1)

    def __len__(self) -> int:
        return len(self.fold)


def train_system(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    model_path: Path,
    held_out_path: Path,
    view: str | None = None,
    seed: int = 0,
    progress: Progress = lambda what, done, of: None,
    simulated: str = "",
) -> Model:
    """Train a system on its training view, write the model, and the scores of stars that it was not trained on.

    Up to 20,000 labelled stars every fold is held out once and the model is trained on all of them; above, one fold is
    held out of the model itself.

    Parameters
    ----------
    view
        Another view with the columns of the system's training view.
    simulated
        What lists the simulated stars among them, if not the system's view `truth`.

    Raises
    ------
    UserError
        If the view lacks columns, or too few stars have labels and inputs.
    """
    started = time.time()
    rows, system = _load(connection, name, view)
    folds = range(FOLDS) if len(rows) <= ONE_FOLD_ABOVE else range(1)
    held_out, baseline = [], []
    for fold in folds:
        label = f"fold {fold + 1} of {len(folds)}"
        members = _train_members(connection, system, rows, rows.fold != fold, seed, label, progress)
        graph = system_graph(members, system.input_names, len(system.outputs), name)
        model = write_model(model_path.with_suffix(f".fold{fold}"), graph, _plain_metadata(system))
        held_out.append(_scores(model, system.outputs, system, rows, rows.fold == fold))
        model.path.unlink()
        trees = _train_baseline(connection, system, rows, rows.fold != fold, seed, _baseline_path(model_path))
        if trees:
            baseline.append(_scores(trees, BASELINE_OUTPUTS, system, rows, rows.fold == fold))
    if len(folds) > 1:
        members = _train_members(connection, system, rows, rows.fold >= 0, seed, "all stars", progress)
        _train_baseline(connection, system, rows, rows.fold >= 0, seed, _baseline_path(model_path))
        graph = system_graph(members, system.input_names, len(system.outputs), name)
    held = pa.concat_tables(held_out)
    _write_parquet(held, held_out_path)
    if baseline:
        _write_parquet(pa.concat_tables(baseline), held_out_path.with_name(f"{name}_baseline.parquet"))
    giants = _giants(connection, {n: held[n].to_numpy() for n in held.column_names}, len(held))
    seconds = time.time() - started
    _write_hull(connection, system, rows, folds, seed, model_path)
    _write_density(system, rows, folds, seed, model_path)
    metadata = _plain_metadata(system) | _provenance(system, rows, held, giants, len(folds), seed, seconds)
    simulated = simulated or f"{system.name}.truth"
    metadata |= _stars_seen(connection, system, view or system.view, simulated, len(folds), model_path)
    return write_model(model_path, graph, metadata)


def _stars_seen(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    relation: str,
    simulated: str,
    n_folds: int,
    model_path: Path,
) -> dict[str, str]:
    """For the metadata: whether the training stars are simulated, and the list of the real ones, which is written."""
    columns = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
    place = ", ".join(f'"{name}"' if name in columns else f'null::double as "{name}"' for name in ("ra", "dec"))
    ids = ", ".join(system.id)
    complete = " and ".join(f"{name} is not null" for name in system.input_names)
    trained = "true" if n_folds > 1 else f"stats.fold({system.id[-1]}, 'cross-validation', {FOLDS}) <> 0"
    stars = f"from {relation} as stars where {complete} and {trained}"
    real = f"{stars} and ({ids}) not in (select ({ids}) from {simulated})"
    (n,) = first_row(connection, f"select count(*) {stars}")
    (n_real,) = first_row(connection, f"select count(*) {real}")
    found = {"trained_on": kind_of_stars(n, n - n_real)}
    if n_real:
        name = " || ':' || ".join(system.id)
        query = f"select {place}, [{name}] as names {real}"
        found["training_stars"] = write_list(connection, model_path.parent, model_path.stem, query)
    return found


def _load(connection: duckdb.DuckDBPyConnection, name: str, view: str | None) -> tuple[Rows, System]:
    """The labelled stars that have every input used; an input that less than half of them have is not used."""
    everything = load_system(name)
    relation = view or everything.view
    names = [*everything.input_names, *everything.label_columns]
    try:
        known = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
    except duckdb.CatalogException as error:
        raise refused(relation, error) from None
    missing = [n for n in (*everything.id, *names) if n not in known]
    if missing:
        raise UserError(f"has no column {missing[0]}; see red_clump.training for what a label view has", file=relation)
    counts = first_row(connection, f"select count(*), {', '.join(f'count({n})' for n in names)} from {relation}")
    total, present = counts[0], dict(zip(names, counts[1:], strict=True))
    if not total:
        raise UserError(
            "no labelled star passes the cuts and has a match; is a label survey ingested and matched? "
            "(`candlesql info` counts each step)",
            file=relation,
        )
    used = {n for n in names if present[n] >= max(MIN_ROWS, 0.5 * total if n in everything.input_names else 0)}
    system = load_system(name, used)
    return _fetch(connection, system, relation, known), system


def _fetch(connection: duckdb.DuckDBPyConnection, system: System, relation: str, there: set[str]) -> Rows:
    inputs = {n: read_as(n, SYSTEMS.get(n, ""), there) for n in system.input_names}
    wanted = ", ".join(f"({sql})::double as {n}" for n, sql in (inputs | {n: n for n in system.label_columns}).items())
    complete = " and ".join(f"{n} is not null" for n in system.input_names)
    number = system.id[-1]
    table = connection.execute(
        f"select {', '.join(system.id)}, {wanted}, stats.fold({number}, 'cross-validation', {FOLDS})::int as fold, "
        f"stats.fold({number}, 'validation', {FOLDS})::int as validation from {relation} "
        f"where {complete} order by {', '.join(system.id)}"
    ).fetchnumpy()
    ids = {n: np.asarray(table.pop(n)) for n in system.id}
    columns = {n: np.ma.filled(v.astype(float), np.nan) for n, v in table.items()}
    fold, validation = columns.pop("fold").astype(int), columns.pop("validation").astype(int)
    if len(fold) < MIN_ROWS:
        raise UserError(f"{len(fold)} stars have labels and all inputs; at least {MIN_ROWS} are needed", file=relation)
    return Rows(ids, columns, fold, validation)


def _train_members(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    rows: Rows,
    chosen: np.ndarray,
    seed: int,
    what: str,
    progress: Progress,
) -> list[Member]:
    """Train every network on the chosen rows [rows]; those for giants on the giants that the first ones find."""
    members: list[Member] = []
    inferred: dict[str, np.ndarray] = {}
    giants = chosen
    total = sum(network.members for network in system.networks)
    done = 0
    for network in system.networks:
        if network.giants_only and giants is chosen:
            giants = chosen & _giants(connection, inferred, len(rows))
        name = network.labels[0].output
        labels = rows.labels([label.column for label in network.labels])
        usable = (giants if network.giants_only else chosen) & np.isfinite(labels).any(axis=1)
        usable = _sample(usable, _most(connection, network.most), _seed(seed, name, 0))
        x = network.features.of({n: v[usable] for n, v in rows.columns.items()})
        state = rows.columns[network.state.column][usable] if network.state else None
        networks = []
        for number in range(network.members):
            progress(f"{what}: {name}", done, total)
            held = rows.validation[usable] == number % FOLDS
            networks.append(train(x, labels[usable], state, held, network.recipe, _seed(seed, name, number)))
            done += 1
        members.append(Member(networks, network.features))
        if not network.giants_only:
            inferred[name] = networks[0].mean(network.features.of(rows.columns))[:, 0]
    progress(what, total, total)
    return members


def _baseline_path(model_path: Path) -> Path:
    return model_path.with_name(f"{model_path.stem}_baseline.onnx")


def _train_baseline(
    connection: duckdb.DuckDBPyConnection, system: System, rows: Rows, chosen: np.ndarray, seed: int, path: Path
) -> Model | None:
    """Train trees on the labelled states of the chosen rows [rows], and write them; nothing without a state."""
    states = [network.state for network in system.networks if network.state]
    if not states:
        return None
    state = rows.columns[states[0].column]
    usable = chosen & np.isfinite(state)
    graph = train_trees(rows.labels(system.input_names)[usable], state[usable], _seed(seed, "baseline", 0) % 2**31)
    about = {"outputs": BASELINE_OUTPUTS, "n_train": str(int(usable.sum())), "citation": "Ke et al. 2017, LightGBM"}
    return write_model(path, graph, _plain_metadata(system) | about)


def _most(connection: duckdb.DuckDBPyConnection, cut: str) -> int:
    """The value in force of the cut that limits the number of training rows."""
    return int(first_row(connection, f"select cuts.{cut}()")[0])


def _sample(usable: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most so many of the usable rows [rows]."""
    places = np.flatnonzero(usable)
    if len(places) <= most:
        return usable
    sampled = np.zeros(len(usable), bool)
    sampled[np.random.default_rng(seed).choice(places, most, replace=False)] = True
    return sampled


def _giants(connection: duckdb.DuckDBPyConnection, inferred: dict[str, np.ndarray], n_rows: int) -> np.ndarray:
    """Which rows the first networks take for giants; all, where there is no such network."""
    if not {"teff_all_k", "logg_all"} <= inferred.keys():
        return np.ones(n_rows, bool)
    table = pa.table({name: inferred[name] for name in ("teff_all_k", "logg_all")})
    connection.register("first_networks", table)
    found = connection.execute("select red_clump.is_giant(teff_all_k, logg_all) as g from first_networks").fetchnumpy()
    connection.unregister("first_networks")
    return np.asarray(found["g"])


def _seed(seed: int, output: str, number: int) -> int:
    return int(hashlib.sha256(f"{seed}:{output}:{number}".encode()).hexdigest()[:8], 16)


def _write_hull(
    connection: duckdb.DuckDBPyConnection, system: System, rows: Rows, folds: range, seed: int, model_path: Path
) -> None:
    """The convex hull of a sample of the training stars, beside the model (Lucey et al. 2020, section 2.2)."""
    trained = rows.fold >= 0 if len(folds) > 1 else rows.fold != 0
    chosen = _sample(trained, _most(connection, system.hull_stars), _seed(seed, "hull", 0))
    write_hull(model_path.with_name(f"{model_path.stem}{HULL}.npz"), rows.labels(system.hull)[chosen], system.hull)


def _write_density(system: System, rows: Rows, folds: range, seed: int, model_path: Path) -> None:
    """The density of the training stars, beside the model."""
    trained = rows.fold >= 0 if len(folds) > 1 else rows.fold != 0
    unknown = np.full(len(rows), np.nan)
    x = np.stack([rows.columns.get(entry["name"], unknown)[trained] for entry in system.density], axis=1)
    path = model_path.with_name(f"{model_path.stem}{DENSITY}.onnx")
    if np.isfinite(x).any():
        write_density(path, system, x.astype(np.float64), _plain_metadata(system), _seed(seed, "density", 0) % 2**31)


def _scores(model: Model, named: list[dict[str, str]], system: System, rows: Rows, held: np.ndarray) -> pa.Table:
    x = np.stack([rows.columns[n][held] for n in system.input_names]).astype(np.float32)
    y = session_of(model).run(None, {"x": x})[0]
    outputs = {entry["name"]: pa.array(values) for entry, values in zip(named, y, strict=True)}
    return pa.table({name: pa.array(values[held]) for name, values in rows.ids.items()} | outputs)


def _plain_metadata(system: System) -> dict[str, object]:
    return {
        "system": system.name,
        "inputs": system.inputs,
        "input_systems": input_systems(system.input_names),
        "outputs": system.outputs,
        "citation": system.citation,
        "version": "1",
    }


def _provenance(
    system: System,
    rows: Rows,
    held: pa.Table,
    giants: np.ndarray,
    n_folds: int,
    seed: int,
    seconds: float,
) -> dict[str, object]:
    digest = hashlib.sha256()
    for values in (*rows.ids.values(), *(rows.columns[name] for name in sorted(rows.columns))):
        digest.update(np.ascontiguousarray(values.astype(str) if values.dtype == object else values).tobytes())
    trained = len(rows) if n_folds > 1 else int((rows.fold != 0).sum())
    domain = {n: [round(float(v), 4) for v in np.quantile(rows.columns[n], [0.001, 0.999])] for n in system.input_names}
    return {
        "training_sha256": digest.hexdigest(),
        "n_train": str(trained),
        "domain": domain,
        "metrics": _metrics(system, rows, held, giants),
        "training": {"seed": seed, "folds": n_folds, "seconds": round(seconds, 1)},
    }


def _metrics(system: System, rows: Rows, held: pa.Table, giants: np.ndarray) -> dict[str, object]:
    """Bias and scatter of label minus output on held-out stars, of networks for giants on the giants among them; for a
    classifier the share of right answers."""
    place = {star: i for i, star in enumerate(zip(*rows.ids.values(), strict=True))}
    order = np.array([place[star] for star in zip(*(held[name].to_pylist() for name in rows.ids), strict=True)])
    found: dict[str, object] = {"rows": "held out by a hash of the identifier"}
    for network in system.networks:
        among = giants if network.giants_only else np.ones(len(order), bool)
        for label in network.labels:
            found[label.output] = _differences(rows.columns[label.column][order], held[label.output].to_numpy(), among)
        if network.state:
            state = rows.columns[network.state.column][order]
            known = np.isfinite(state) & among
            right = ((held[network.state.output].to_numpy() > 0.5) == (state > 0.5))[known]
            found[network.state.output] = {"n": int(known.sum()), "accuracy": round(float(right.mean()), 4)}
    return found


def _differences(label: np.ndarray, inferred: np.ndarray, among: np.ndarray) -> dict[str, float]:
    """Bias, standard deviation and robust scatter of label minus inferred."""
    known = np.isfinite(label) & among
    difference = (label - inferred)[known]
    spread = 1.4826 * float(np.median(np.abs(difference - np.median(difference))))
    return {
        "n": int(known.sum()),
        "bias": round(float(difference.mean()), 4),
        "standard_deviation": round(float(difference.std()), 4),
        "robust_scatter": round(spread, 4),
    }


def _write_parquet(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    pa.parquet.write_table(table, temporary)
    temporary.replace(path)
