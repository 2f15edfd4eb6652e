"""Pictures of section 5: what the networks' errors follow, and what their outputs depend on."""

from __future__ import annotations

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from .figure import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    Plot,
    band_name,
    cells,
    columns,
    kiel,
    label,
    legend,
    panels,
    where,
)  # fmt: skip
from .mixing import changes_origin

INPUTS = {"G-W2": r"$\sigma_{G-W2}$ [mag]", "parallax": r"$\sigma_\varpi / \varpi$"}
SUBSETS = {
    "Teff < 4700 K": (BLUE, "-"),
    "Teff > 4700 K": (ORANGE, "-"),
    "log g < 2.5": (GREEN, "--"),
    "log g > 2.5": (PURPLE, "--"),
}
#: Bands of figures 10 and 13, then the others by wavelength: the first four that have gradients are drawn.
BANDS = {
    "h_m": "H", "w1mpro": "W1", "phot_rp_mean_mag": "RP", "z_mean_psf_mag": "z", "ks_m": r"K_{\rm s}", "j_m": "J",
    "phot_g_mean_mag": "G", "phot_bp_mean_mag": "BP", "w2mpro": "W2", "y_mean_psf_mag": "y", "i_mean_psf_mag": "i",
    "r_mean_psf_mag": "r", "g_mean_psf_mag": "g",
}  # fmt: skip
SHOWN = 4


def sigmas(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.sigma_bins where n >= 10 and input_error_low between 1e-3 and 3")
    if not len(table["n"]):
        return None
    known = set(zip(table["parameter"], table["input"], table["subset"], strict=True))
    pairs = (("teff_k", "G-W2"), ("logg", "parallax"), ("delta_nu_uhz", "parallax"), ("delta_p_s", "G-W2"))
    chosen = [pair for pair in pairs if (*pair, "all") in known]
    if not chosen:
        return None
    figure, axes = panels(2, len(chosen), 3.8, 3.3, sharex="col")
    for upper, lower, (parameter, given) in zip(*axes, chosen, strict=True):
        rows = where(table, parameter=parameter, input=given)
        whole = where(rows, subset="all")
        x = whole["input_error_low"] * 10**0.05
        for low, high, alpha in (("sigma_lowest", "sigma_highest", 0.2), ("sigma_low", "sigma_high", 0.35)):
            upper.fill_between(x, whole[low], whole[high], color=BLUE, alpha=alpha, lw=0)
        upper.plot(x, whole["sigma_median"], color=BLUE)
        for subset, (colour, line) in SUBSETS.items():
            part = where(rows, subset=subset)
            if not len(part["n"]):
                continue
            lower.plot(part["input_error_low"] * 10**0.05, part["sigma_median"], color=colour, ls=line, label=subset)
        name = label(parameter).replace("[", r"error [")
        upper.set(xscale="log", ylabel=name)
        lower.set(xscale="log", xlabel=INPUTS[given], ylabel=f"median {name}")
    legend(figure, axes)
    return figure


def gradient_maps(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    names = ", ".join(f"'{name}'" for name in BANDS)
    table = columns(connection, f"from red_clump.gradient_cells where input in ({names}) and n >= 5")
    if not len(table["n"]):
        return None
    ((cool, hot, low, high),) = connection.execute(
        "select cuts.gradient_min_teff(), cuts.gradient_max_teff(), "
        "cuts.gradient_min_logg()::double, cuts.gradient_max_logg()::double"
    ).fetchall()
    outputs = [name for name in ("teff_k", "logg", "delta_p_s", "p_rc") if np.isfinite(table[f"d_{name}"]).any()]
    bands = [name for name in BANDS if name in table["input"]][:SHOWN]
    figure, axes = panels(len(outputs), len(bands), 3.7, 3.1, sharex=True, sharey=True)
    size = float(table["teff_width_k"][0]), float(table["logg_width"][0])
    x = float(table["teff_low_k"].min()), float(table["teff_low_k"].max()) + size[0]
    y = float(table["logg_low"].min()), float(table["logg_low"].max()) + size[1]
    for row, output in zip(axes, outputs, strict=True):
        for ax, band in zip(row, bands, strict=True):
            rows = where(table, input=band)
            value = np.abs(rows[f"d_{output}"].astype(float))
            if not np.isfinite(value).any():
                continue
            norm = Normalize(0, float(np.nanpercentile(value, 98)))
            image = cells(ax, rows["teff_low_k"], rows["logg_low"], value, size, norm, "viridis")
            kiel(ax, x, y)
            ax.plot([cool, hot, hot, cool, cool], [low, low, high, high, low], color=RED, lw=1)
            name, _, unit = label(output).partition(" [")
            unit = f"{unit.rstrip(']')}/mag" if unit else "1/mag"
            figure.colorbar(image, ax=ax)
            ax.set_title(f"|d{name}/d{BANDS[band]}| [{unit}]")
            ax.label_outer()
    return figure


def gradient_checks(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.gradient_cells where n >= 5")
    outputs = [name for name in ("teff_k", "logg", "delta_p_s") if np.isfinite(table[f"d_{name}"]).any()]
    if not outputs:
        return None
    figure, axes = panels(1, len(outputs), 4.0, 3.8)
    for ax, output in zip(axes.flat, outputs, strict=True):
        exact, step = table[f"d_{output}"].astype(float), table[f"step_{output}"].astype(float)
        ax.plot(exact, step, ".", ms=3, color=BLUE)
        ends = np.nanmin(exact), np.nanmax(exact)
        ax.plot(ends, ends, color=GREY, lw=0.8)
        name, _, unit = label(output).partition(" [")
        ax.set(xlabel=f"d{name}/dm exact [{unit.rstrip(']')}/mag]", ylabel="by ±0.001 mag")
        ax.locator_params(nbins=5)
    return figure


def strengths(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.gradient_strength where strength is not null")
    if not len(table["band"]):
        return None
    expected = np.abs(table["change_mag"].astype(float))
    known = np.isfinite(expected).any()
    figure, axes = panels(1, 2 if known else 1, 5.4, 4.2)
    names = [band_name(band) for band in table["band"]]
    place = np.arange(len(names))
    for k, (column, text, colour) in enumerate(
        (("d_teff_k", r"$T_{\rm eff}$", BLUE), ("d_logg", r"$\log g$", GREEN), ("d_delta_p_s", r"$\Delta P$", RED))
    ):
        value = np.abs(table[column].astype(float))
        axes[0, 0].bar(place + 0.27 * (k - 1), value / np.nanmax(value), 0.25, color=colour, label=text)
    axes[0, 0].set_xticks(place, names)
    axes[0, 0].set(ylabel="|median derivative| / largest", xlabel="band, by wavelength")
    axes[0, 0].legend()
    if known:
        ax = axes[0, 1]
        ax.plot(1e3 * expected, table["strength"], "o", ms=4, color=BLUE)
        ax.set(yscale="log", xlabel="|change of magnitude by [C/N]| [mmag]")
        ax.margins(0.12)
        _name_points(ax, 1e3 * expected, table["strength"], names)
        ax.set_ylabel(r"|d$\Delta P$/dm| / (|d$T_{\rm eff}$/dm| |d$\log g$/dm|) [s mag K$^{-1}$ dex$^{-1}$]")
        ax.set_title(f"expected changes: {changes_origin(connection)}")
    return figure


def _name_points(ax: Axes, x: np.ndarray, y: np.ndarray, names: list[str]) -> None:
    """A name beside each point, on the side where other points and names leave room."""
    known = np.isfinite(x)
    points = ax.transData.transform(np.column_stack([x, y])[known]) * 72 / ax.figure.dpi
    taken = list(points)
    for k, name in enumerate(np.array(names)[known]):
        others = np.delete(taken, k, axis=0)
        room = {
            (right, up): min(20.0, np.hypot(*(others - points[k] - (12 * right, 8 * up)).T).min(initial=20.0))
            for right in (1, -1)
            for up in (1, -1)
        }
        right, up = max(room, key=lambda side: room[side])
        taken.append(points[k] + (12 * right, 8 * up))
        ax.annotate(
            name,
            (x[known][k], y[known][k]),
            (4 * right, 3 * up),
            textcoords="offset points",
            fontsize=9,
            ha="left" if right > 0 else "right",
            va="bottom" if up > 0 else "top",
        )


PLOTS = (
    Plot(
        "sigma",
        "Stated errors against the errors of the inputs (figure 9)",
        "From red_clump.sigma_bins: labelled giants, scored by networks that were not trained on them; bins of 10 or "
        "more. Above: median, 68 % and 95 % of the stated errors; below: medians in ranges. The networks never see the "
        "errors of their inputs.",
        sigmas,
    ),
    Plot(
        "gradients",
        "Derivatives by band (figure 10)",
        "From red_clump.gradient_cells: medians of exact derivatives over labelled giants, in ten by ten cells of "
        "inferred Teff and log g. The box is where the red clump is (figure 11). Outputs of the paper's networks, and "
        "P(RC) of the joint ones.",
        gradient_maps,
    ),
    Plot(
        "gradient_check",
        "Exact derivatives beside steps of 0.001 mag",
        "From red_clump.gradient_cells: a point is a cell and an input.",
        gradient_checks,
    ),
    Plot(
        "strength",
        "What DeltaP depends on beyond Teff and log g (figure 11)",
        "From red_clump.gradient_strength: medians over labelled giants with 4100 K < Teff < 5100 K and 2.3 < log g < "
        "2.7. On the mock sky the expected changes are those it was made with: a correlation here does not show that "
        "photometry carries [C/N], see docs/mock-sky.md.",
        strengths,
    ),
)
