"""Pictures of the selection: bins, contamination against completeness, calibration, latitude and photometric error."""

from __future__ import annotations

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from .figure import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    Columns,
    Plot,
    cells,
    columns,
    kiel,
    legend,
    panels,
    present,
    shares,
    where,
)

METHODS = {
    "bins_4d": ("bins of 4 parameters", ORANGE, "-"),
    "teff_logg_photometric": (r"bins of photometric $T_{\rm eff}$, $\log g$", GREEN, "-"),
    "teff_logg_spectroscopic": (r"bins of spectroscopic $T_{\rm eff}$, $\log g$", BLUE, "-"),
    "lightgbm": ("LightGBM", PURPLE, "--"),
    "joint": ("P(RC), joint networks", RED, "-"),
}

#: Completeness and contamination [%] of tiers 1 and 2 by Lucey et al. 2020, table 1.
PAPER_TIERS = (25, 94), (20, 33)


def bin_maps(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(
        connection,
        "select * replace (teff_low_k::double as teff_low_k, logg_low::double as logg_low) from red_clump.bins_2d "
        "where (n_rc >= 3 or n_selected >= 3) and teff_low_k is not null and logg_low is not null",
    )
    if not len(table["n"]):
        return None
    (teff, logg) = connection.execute("select cuts.teff_bin()::double, cuts.logg_bin()::double").fetchall()[0]
    base = _base_rate(connection)
    x, y = _blocks(table["teff_low_k"], 2 * teff), _blocks(table["logg_low"], 2 * logg)
    kinds = (
        ("completeness", "n_rc", "share of red clump found", "viridis", Normalize(0, 100)),
        (
            "contamination",
            "n_selected",
            "contamination",
            "cividis",
            shares(100 * table["contamination"][table["n_selected"] >= 3].astype(float)),
        ),
    )
    figure, axes = panels(2, 2, 4.8, 3.8)
    for row, (name, number, title, cmap, norm) in zip(axes, kinds, strict=True):
        for ax, tier in zip(row, (1, 2), strict=True):
            rows = where(table, tier=tier)
            kept = rows[number] >= 3
            if kept.any():
                value = 100 * rows[name][kept].astype(float)
                cells(ax, rows["teff_low_k"][kept], rows["logg_low"][kept], value, (teff, logg), norm, cmap)
            kiel(ax, (x[0], x[-1]), (y[0], y[-1]))
            ax.set_title(f"tier {tier}: {title}")
        figure.colorbar(ScalarMappable(norm, cmap), ax=row, label=f"{title} [%]")
    for ax, tier in zip(axes[0], (1, 2), strict=True):
        _write_shares(ax, where(table, tier=tier), x, y)
    for ax, tier in zip(axes[1], (1, 2), strict=True):
        ax.set_title(f"tier {tier}: contamination\n(all labelled giants: {1 - base:.0%})")
    return figure


def _write_shares(ax: Axes, rows: Columns, x: np.ndarray, y: np.ndarray) -> None:
    """As in figure 4: the share of the labelled red clump in blocks of two by two bins, which are outlined."""
    ax.vlines(x, y[0], y[-1], color="black", lw=0.8)
    ax.hlines(y, x[0], x[-1], color="black", lw=0.8)
    box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85}
    share, _, _ = np.histogram2d(
        rows["teff_low_k"] + 1e-6, rows["logg_low"] + 1e-6, (x, y), weights=rows["share_of_rc"]
    )
    for (i, j), value in np.ndenumerate(share):
        if value >= 0.01:
            middle = (x[i] + x[i + 1]) / 2, (y[j] + y[j + 1]) / 2
            ax.text(*middle, f"{value:.0%}", ha="center", va="center", fontsize=7, bbox=box)


def _blocks(low: np.ndarray, width: float) -> np.ndarray:
    """The edges of blocks that hold bins with these lower edges, at multiples of their width."""
    return width * np.arange(np.floor(low.min() / width + 1e-6), np.floor(low.max() / width + 1e-6) + 2)


def _base_rate(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of red clump among the labelled giants."""
    rows = connection.execute("select max(base_rate) from red_clump.tiers").fetchall()
    return float(rows[0][0]) if rows[0][0] is not None else float("nan")


def roc_curves(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.roc where n_selected >= 10")
    truths = present(table, "truth", ("label", "phase"))
    if not truths:
        return None
    tiers = columns(connection, "from red_clump.tiers where region = 'all' and contamination is not null")
    figure, axes = panels(1, len(truths), 10.4 / len(truths), 4.8)
    for ax, truth in zip(axes.flat, truths, strict=True):
        ax.set(xlim=(0, 100), xlabel="completeness [%]")
        judged = where(table, truth=truth)
        for method, (name, colour, line) in METHODS.items():
            rows = where(judged, method=method)
            if not len(rows["completeness"]):
                continue
            x = 100 * rows["completeness"]
            ax.plot(x, 100 * rows["contamination"], color=colour, ls=line, label=name)
            ax.fill_between(
                x, 100 * rows["contamination_low"], 100 * rows["contamination_high"], color=colour, alpha=0.15, lw=0
            )
        base = float(judged["base_rate"].max())
        ax.axhline(100 * (1 - base), color=GREY, ls=":", label="no selection")
        ax.set(title=f"against {truth} (base rate: {base:.0%} are red clump)", ylim=(0, 100 * (1 - base) + 8))
    axes[0, 0].plot(100 * tiers["completeness"], 100 * tiers["contamination"], "k*", ms=10, label="tiers 1 and 2")
    axes[0, 0].plot(*PAPER_TIERS, "kx", ms=7, label="tiers 1 and 2 of the paper")
    axes[0, 0].set_ylabel("contamination [%]")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9)
    return figure


def calibration(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.calibration")
    if not len(table["n"]):
        return None
    figure, axes = panels(1, 1, 4.8, 4.4)
    ax = axes[0, 0]
    ax.plot([0, 1], [0, 1], color=GREY, ls=":")
    span = np.abs([table["rc_share"] - table["rc_share_low"], table["rc_share_high"] - table["rc_share"]])
    ax.errorbar(table["p_rc_mean"], table["rc_share"], span, fmt="o", ms=4, color=BLUE, label="red clump by label")
    if np.isfinite(table["rc_share_by_phase"].astype(float)).any():
        ax.plot(table["p_rc_mean"], table["rc_share_by_phase"], "s", ms=4, color=ORANGE, label="by true phase")
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="P(RC) given", ylabel="share that is red clump")
    ax.legend(loc="upper left")
    return figure


def final_contamination(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(
        connection,
        "select *, n >= 20 as drawn from red_clump.final_curves "
        "where low is not null and not (along = 'g_error_ratio' and low > 1.9e-4)",
    )
    base = _base_rate(connection)
    drawn = where(table, drawn=True)
    top = float(shares(100 * (drawn["contamination"] + drawn["contamination_error"]).astype(float)).vmax or 100)
    along = {
        "abs_b_deg": (r"$|b|$ [deg]", "above this latitude", RED, "-", 1, 10),
        "g_error_ratio": (r"$(\sigma_G - 0.0018) / G$ [$10^{-5}$]", "below this error", PURPLE, "--", 1e5, 0.5),
    }
    known = present(where(table, drawn=True), "along", along)
    if not known:
        return None
    figure, axes = panels(2, len(known), 5.0, 3.6)
    for row, tier in zip(axes, (1, 2), strict=True):
        for ax, quantity in zip(row, known, strict=True):
            name, side, colour, line, factor, width = along[quantity]
            whole = where(table, tier=tier, along=quantity)
            rows = where(whole, drawn=True)
            ax.set(xlabel=name, ylabel="contamination [%]", title=f"tier {tier}", ylim=(0, top))
            if not len(rows["n"]):
                continue
            x = factor * rows["low"].astype(float) + width / 2
            here = 100 * rows["contamination"], 100 * rows["contamination_error"]
            ax.errorbar(x, *here, fmt="o", ms=4, color=BLUE, label="here")
            so_far = 100 * rows["contamination_so_far"]
            ax.plot(x, so_far, color=colour, ls=line, label=f"of the catalogue {side}")
            if 100 * (1 - base) <= top:
                name = f"no selection (base rate: {base:.0%} are red clump)"
                ax.axhline(100 * (1 - base), color=GREY, ls=":", label=name)
            numbers = ax.twinx()
            numbers.bar(x, rows["n"] / whole["n"].sum(), width, color=GREY, alpha=0.2)
            numbers.set(ylim=(0, None), ylabel="share of the catalogue")
    legend(figure, axes)
    return figure


def final_cells(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.final_cells where n >= 5 and g_error_ratio_low is not null")
    if not len(table["n"]):
        return None
    base = _base_rate(connection)
    figure, axes = panels(2, 2, 4.8, 3.6, sharex=True, sharey=True)
    kinds = (
        (
            "contamination",
            f" (no selection {1 - base:.0%})",
            "cividis",
            shares(100 * table["contamination"].astype(float)),
        ),
        ("completeness", "", "viridis", Normalize(0, 100)),
    )
    for row, (name, remark, cmap, norm) in zip(axes, kinds, strict=True):
        for ax, tier in zip(row, (1, 2), strict=True):
            rows = where(table, tier=tier)
            ax.set_title(f"tier {tier}: {name}{remark}")
            if len(rows["n"]):
                place = (1e5 * rows["g_error_ratio_low"].astype(float), rows["abs_b_low_deg"].astype(float))
                cells(ax, *place, 100 * rows[name].astype(float), (0.5, 10), norm, cmap)
        figure.colorbar(ScalarMappable(norm, cmap), ax=row, label=f"{name} [%]")
        row[0].set_ylabel(r"$|b|$ [deg]")
    for ax in axes[-1]:
        ax.set_xlabel(r"$(\sigma_G - 0.0018) / G$ [$10^{-5}$]")
    return figure


def extinction(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.extinction_by_latitude where n >= 5")
    if not len(table["n"]):
        return None
    figure, axes = panels(1, 1, 5.6, 3.8)
    ax = axes[0, 0]
    x = table["b_low_deg"].astype(float) + 2.5
    ax.fill_between(x, table["a_v_low"], table["a_v_high"], color=BLUE, alpha=0.25, lw=0, label="68 % of the stars")
    ax.plot(x, table["a_v_median"], color=BLUE, label=r"median $A_V$ from $G - W1$")
    if np.isfinite(table["a_v_true_median"].astype(float)).any():
        ax.plot(x, table["a_v_true_median"], color=ORANGE, ls="--", label=r"true median, $3.1\,E(B-V)$")
    ax.axhline(0, color=GREY, lw=0.8)
    ax.set(xlim=(-90, 90), xlabel=r"Galactic latitude $b$ [deg]", ylabel=r"$A_V$ [mag]")
    ax.legend()
    return figure


ROWS = "Labelled giants, scored by networks that were not trained on them."
PLOTS = (
    Plot(
        "bins",
        "True positives and contamination in bins of Teff and log g (figure 4)",
        f"From red_clump.bins_2d, against labels, bins of 3 or more. {ROWS} Numbers in the upper panels are shares of "
        "the labelled red clump in the outlined blocks of two by two bins.",
        bin_maps,
    ),
    Plot(
        "roc",
        "Contamination against completeness (figure 5)",
        f"From red_clump.roc and red_clump.tiers. {ROWS} Bins are ranked on other folds "
        "than they are judged on. Bands are 68 % intervals. 'label' is red clump by the label table, 'phase' the true "
        "phase of the mock. Contaminations of samples with other base rates cannot be compared: the crosses are for "
        "orientation.",
        roc_curves,
    ),
    Plot(
        "calibration",
        "Is P(RC) a probability?",
        f"From red_clump.calibration. {ROWS} Bars are 68 % intervals.",
        calibration,
    ),
    Plot(
        "contamination",
        "Contamination of the catalogue against latitude and photometric error (figure 6, lower panels)",
        "From red_clump.final_curves: of the catalogue's own stars, by P(RC) as the labels have it "
        "(red_clump.clump_odds); steps of 20 or more stars, bars are 68 % intervals; all errors above 19e-5 are one "
        "step, which is not drawn. Grey: the share of the catalogue in each step.",
        final_contamination,
    ),
    Plot(
        "contamination_cells",
        "Contamination and completeness in both (figure 6, upper left)",
        "From red_clump.final_cells, cells of 5 or more stars of the catalogue. Contamination: of those stars, by "
        "P(RC) as the labels have it. Completeness: of labelled giants (held out), pooled with that of the tier where "
        "they are few.",
        final_cells,
    ),
    Plot(
        "extinction",
        "Extinction against latitude (figure 6, upper right)",
        "From red_clump.extinction_by_latitude: selected red clump stars, no labels. A_V = A_W1 × 16 / 0.789 from "
        "G - W1, by which section 3.4 corrects distances; the paper takes its A_V from the dust map of Green et al. "
        "2019. The colour that counts as unreddened is that of stars at |b| > 40 deg, their dust and the error of "
        "their Teff included: on a mock sky that brings the median 0.05 to 0.25 mag below the truth at most latitudes "
        "(docs/report.md). Distances feel a twentieth of it.",
        extinction,
    ),
)
