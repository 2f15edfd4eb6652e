"""What the pictures share: their form, axes with labels and units, colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import duckdb
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

matplotlib.rcParams.update({"font.size": 10, "axes.titlesize": 10, "legend.frameon": False, "image.cmap": "cividis"})

#: Okabe & Ito 2008.
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#666666"

Columns = dict[str, np.ndarray]

#: Axis labels by parameter, without and with the prefix that tells the joint networks.
NAMES = {
    "teff_k": (r"$T_{\rm eff}$", "K"),
    "logg": (r"$\log g$", "dex"),
    "delta_nu_uhz": (r"$\Delta\nu$", r"$\mu$Hz"),
    "delta_p_s": (r"$\Delta P$", "s"),
    "p_rc": ("P(RC)", ""),
}


@dataclass(frozen=True)
class Plot:
    """A picture: its file's name, its title, what it shows, from which views and rows, and what draws it.

    `draw` returns None where its views have no rows.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[duckdb.DuckDBPyConnection], Figure | None]


def columns(connection: duckdb.DuckDBPyConnection, query: str) -> Columns:
    """A query's columns as arrays; NULL numbers are NaN."""
    table = connection.execute(query).fetchnumpy()
    return {name: _filled(values) for name, values in table.items()}


def _filled(values: np.ndarray) -> np.ndarray:
    if np.ma.isMaskedArray(values) and values.dtype.kind in "iuf":
        return np.ma.filled(values.astype(float), np.nan)
    return np.asarray(values)


def where(table: Columns, **wanted: object) -> Columns:
    """The rows whose columns have these values."""
    chosen = np.ones(len(next(iter(table.values()))), dtype=bool)
    for name, value in wanted.items():
        chosen &= table[name] == value
    return {name: values[chosen] for name, values in table.items()}


def present(table: Columns, column: str, wanted: Iterable[str], *prefixes: str) -> list[str]:
    """Those of the wanted values that a column has, with or without one of the prefixes."""
    found = set(table[column])
    return [name for name in wanted if any(prefix + name in found for prefix in ("", *prefixes))]


def panels(rows: int, wide: int, width: float = 4.2, height: float = 3.6, **options) -> tuple[Figure, np.ndarray]:
    """A figure and its axes [rows, wide]; sizes of one of them in inches."""
    figure = Figure(figsize=(width * wide, height * rows), layout="constrained")
    return figure, figure.subplots(rows, wide, squeeze=False, **options)


def label(parameter: str) -> str:
    """A parameter as the label of an axis, with its unit."""
    name, unit = NAMES[parameter.removeprefix("joint_")]
    return f"{name} [{unit}]" if unit else name


def band_name(band: str) -> str:
    """A band as text on an axis; Gaia's G and Pan-STARRS1's g are a letter apart."""
    if band.startswith("ps1_"):
        return f"{band.removeprefix('ps1_')}$_{{\\rm P1}}$"
    return {"g": "G", "bp": "BP", "rp": "RP", "ks": "Ks"}.get(band, band.upper())


def cells(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    value: np.ndarray,
    size: tuple[float, float],
    norm: Normalize | None = None,
    cmap: str = "cividis",
) -> AxesImage:
    """Paint cells by their lower edges; cells that are not given stay empty."""
    x_place = np.rint((x - x.min()) / size[0]).astype(int)
    y_place = np.rint((y - y.min()) / size[1]).astype(int)
    image = np.full((y_place.max() + 1, x_place.max() + 1), np.nan)
    image[y_place, x_place] = value
    left, low = x.min(), y.min()
    extent = (left, left + image.shape[1] * size[0], low, low + image.shape[0] * size[1])
    return axes.imshow(
        image, origin="lower", extent=extent, aspect="auto", norm=norm, cmap=cmap, interpolation="nearest"
    )


def shares(*values: np.ndarray) -> Normalize:
    """A scale in per cent from 0 that holds every value."""
    highest = max((float(np.nanmax(part)) for part in values if np.isfinite(part).any()), default=0.0)
    return Normalize(0, min(100, max(10, 10 * np.ceil(highest / 10))))


def counts(values: np.ndarray) -> LogNorm:
    """A logarithmic scale for numbers of stars."""
    return LogNorm(1, max(2.0, float(values.max(initial=1))))


def kiel(axes: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Axes of a Kiel diagram: hot to the left, bright at the top; ranges low to high."""
    axes.set(xlim=x[::-1], ylim=y[::-1], xlabel=label("teff_k"), ylabel=label("logg"))


def legend(figure: Figure, axes: np.ndarray) -> None:
    """One legend for all panels, below them."""
    handles = {name: handle for ax in axes.flat for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    ncols = 4 if axes.shape[1] > 1 else 1
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=ncols, fontsize=9)
