"""Pictures of the selection: bins, contamination against completeness, calibration, latitude and photometric error."""

from __future__ import annotations

import duckdb
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from .figure import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Plot, cells, columns, kiel, legend, panels, where

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
        "where n_rc >= 3 or n_selected >= 3",
    )
    if not len(table["n"]):
        return None
    (teff, logg) = connection.execute("select cuts.teff_bin()::double, cuts.logg_bin()::double").fetchall()[0]
    base = _base_rate(connection)
    x, y = _range(table["teff_low_k"], teff), _range(table["logg_low"], logg)
    figure, axes = panels(2, 2, 4.8, 3.8)
    for column, tier in enumerate((1, 2)):
        rows = where(table, tier=tier)
        found = rows["n_rc"] >= 3
        chosen = rows["n_selected"] >= 3
        for row, (name, kept, title) in enumerate(
            ((("completeness", found, "share of red clump found")), ("contamination", chosen, "contamination"))
        ):
            ax = axes[row, column]
            place = (rows["teff_low_k"][kept], rows["logg_low"][kept], 100 * rows[name][kept].astype(float))
            if kept.any():
                image = cells(ax, *place, (teff, logg), Normalize(0, (100, 60)[row]), ("viridis", "cividis")[row])
            kiel(ax, x, y)
            ax.set_title(f"tier {tier}: {title}" + (f"\n(all labelled giants: {1 - base:.0%})" if row else ""))
            if column:
                figure.colorbar(image, ax=axes[row], label=f"{title} [%]")
    for ax, tier in zip(axes[0], (1, 2), strict=True):
        rows = where(table, tier=tier)
        _write_shares(ax, rows, teff, logg)
    return figure


def _write_shares(ax, rows: dict[str, np.ndarray], teff: float, logg: float) -> None:
    """As in figure 4: the share of the labelled red clump in two by two bins."""
    outline = [withStroke(linewidth=1.5, foreground="black")]
    x, y = np.floor(rows["teff_low_k"] / (2 * teff)), np.floor((rows["logg_low"] + 1e-6) / (2 * logg))
    for place in sorted(set(zip(x, y, strict=True))):
        share = rows["share_of_rc"][(x == place[0]) & (y == place[1])].astype(float).sum()
        if share >= 0.01:
            at = ((place[0] + 0.5) * 2 * teff, (place[1] + 0.5) * 2 * logg)
            ax.text(*at, f"{share:.0%}", ha="center", va="center", fontsize=7, color="white", path_effects=outline)


def _range(low: np.ndarray, width: float) -> tuple[float, float]:
    return float(low.min()), float(low.max() + width)


def _base_rate(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of red clump among the labelled giants."""
    rows = connection.execute("select max(base_rate) from red_clump.tiers").fetchall()
    return float(rows[0][0]) if rows[0][0] is not None else float("nan")


def roc_curves(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.roc where n_selected >= 10")
    if not len(table["completeness"]):
        return None
    tiers = columns(connection, "from red_clump.tiers where region = 'all' and contamination is not null")
    figure, axes = panels(1, 2, 5.2, 4.8)
    for ax, truth in zip(axes.flat, ("label", "phase"), strict=True):
        ax.set(xlim=(0, 100), xlabel="completeness [%]")
        judged = where(table, truth=truth)
        if not len(judged["completeness"]):
            ax.set_title(f"against {truth}: no rows")
            continue
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
    if not len(where(table, truth="phase")["completeness"]):
        figure.delaxes(axes[0, 1])
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
    table = columns(connection, "from red_clump.final_curves")
    if not len(table["n"]):
        return None
    base = _base_rate(connection)
    figure, axes = panels(2, 2, 5.0, 3.6)
    kinds = (
        ("abs_b_deg", r"$|b|$ [deg]", "above it", 1, 10),
        ("g_error_ratio", r"$(\sigma_G - 0.0018) / G$ [$10^{-5}$]", "below it", 1e5, 0.5),
    )
    for row, tier in zip(axes, (1, 2), strict=True):
        for ax, (along, name, side, factor, width) in zip(row, kinds, strict=True):
            rows = where(table, tier=tier, along=along)
            rows = {key: values[rows["n"] >= 20] for key, values in rows.items()}
            ax.set(xlabel=name, ylabel="contamination [%]", title=f"tier {tier}", ylim=(0, 60))
            if not len(rows["n"]):
                continue
            x = factor * rows["low"].astype(float) + width / 2
            ax.errorbar(
                x,
                100 * rows["contamination"],
                100 * rows["contamination_error"],
                fmt="o",
                ms=4,
                color=BLUE,
                label="here",
            )
            ax.plot(x, 100 * rows["contamination_so_far"], color=RED, label=f"of the catalogue {side}")
            ax.axhline(
                100 * (1 - base), color=GREY, ls=":", label=f"no selection (base rate: {base:.0%} are red clump)"
            )
            numbers = ax.twinx()
            numbers.step(x, rows["n"] / rows["n"].sum(), where="mid", color=GREY, alpha=0.6, lw=1)
            numbers.set(ylim=(0, None), ylabel="share of the catalogue")
    legend(figure, axes)
    return figure


def final_cells(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.final_cells where n >= 5 and g_error_ratio_low is not null")
    if not len(table["n"]):
        return None
    base = _base_rate(connection)
    figure, axes = panels(2, 2, 4.8, 3.6, sharex=True, sharey=True)
    for column, tier in enumerate((1, 2)):
        rows = where(table, tier=tier)
        for row, name in enumerate(("contamination", "completeness")):
            ax = axes[row, column]
            ax.set_title(f"tier {tier}: {name}" + (f" (no selection {1 - base:.0%})" if not row else ""))
            if len(rows["n"]):
                place = (1e5 * rows["g_error_ratio_low"].astype(float), rows["abs_b_low_deg"].astype(float))
                value = 100 * rows[name].astype(float)
                image = cells(ax, *place, value, (0.5, 10), Normalize(0, (50, 100)[row]), ("cividis", "viridis")[row])
            if column:
                figure.colorbar(image, ax=axes[row], label=f"{name} [%]")
            ax.set(
                xlabel=r"$(\sigma_G - 0.0018) / G$ [$10^{-5}$]" if row else "", ylabel="" if column else r"$|b|$ [deg]"
            )
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
        "the labelled red clump in two by two bins.",
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
        "From red_clump.final_curves: contamination of labelled giants (against labels, held out) in cells, weighted "
        "by the catalogue's own stars; steps of 20 or more stars.",
        final_contamination,
    ),
    Plot(
        "contamination_cells",
        "Contamination and completeness in both (figure 6, upper left)",
        "From red_clump.final_cells: shares among labelled giants (against labels, held out), pooled with those of the "
        "tier where they are few; cells of 5 or more stars of the catalogue.",
        final_cells,
    ),
    Plot(
        "extinction",
        "Extinction against latitude (figure 6, upper right)",
        "From red_clump.extinction_by_latitude: selected red clump stars, A_V = A_W1 × 16 / 0.789; no labels enter.",
        extinction,
    ),
)
