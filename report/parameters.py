"""Pictures of the inferred parameters: Kiel diagrams, comparisons, residuals, pulls, the asteroseismic plane."""

from __future__ import annotations

import duckdb
import numpy as np
from matplotlib.figure import Figure

from .figure import BLUE, GREY, ORANGE, RED, Plot, cells, columns, counts, kiel, label, legend, panels, present, where

PARAMETERS = ("teff_k", "logg", "delta_nu_uhz", "delta_p_s")
NETWORKS = {"": "the paper's networks", "joint_": "joint networks"}


def kiel_diagrams(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.kiel_cells where teff_low_k between 3000 and 8500")
    if not len(table["n"]):
        return None
    names = {
        "label": "Label",
        "any star": "Inferred, networks of any star",
        "giants": "Inferred, networks of giants",
        "giants, joint": "Inferred, joint networks of giants",
    }
    (low, high), (giant,) = _cuts(connection, "teff"), _cuts(connection, "logg")
    figure, axes = panels(2, 2, 4.8, 3.8)
    for ax, (panel, title) in zip(axes.flat, names.items(), strict=True):
        rows = where(table, panel=panel)
        ax.set_title(title)
        if len(rows["n"]):
            image = cells(ax, rows["teff_low_k"], rows["logg_low"], rows["n"], (50, 0.05), counts(table["n"]))
        if panel == "any star":
            ax.plot([low, high, high, low, low], [0, 0, giant, giant, 0], color=RED, lw=1.5)
            ax.annotate("giants", (3000, giant), (-4, 4), textcoords="offset points", color=RED, ha="right")
        kiel(ax, (3000, 8500) if "giants" not in panel else (3800, 5600), (0, 5.2) if "giants" not in panel else (0, 4))
    figure.colorbar(image, ax=axes, label="labelled stars per cell of 50 K × 0.05 dex")
    return figure


def _cuts(connection: duckdb.DuckDBPyConnection, what: str) -> tuple[float, ...]:
    names = {"teff": ["lucey_min_teff", "lucey_max_teff"], "logg": ["lucey_max_logg"]}[what]
    rows = connection.execute("select " + ", ".join(f"cuts.{name}()" for name in names)).fetchall()
    return tuple(float(value) for value in rows[0])


def comparisons(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.comparison_cells where reference = 'label'")
    parameters = present(table, "parameter", PARAMETERS, "joint_")
    if not parameters:
        return None
    vrard = columns(
        connection,
        "select parameter, inferred + difference as reference, inferred from red_clump.parameter_differences "
        "where reference = 'Vrard+2016'",
    )
    said = columns(connection, "from red_clump.validation where reference = 'label'")
    figure, axes = panels(2, len(parameters), 3.8, 3.6)
    for row, prefix in zip(axes, NETWORKS, strict=True):
        for ax, parameter in zip(row, parameters, strict=True):
            rows = where(table, parameter=prefix + parameter)
            if not len(rows["n"]):
                ax.text(0.5, 0.5, "no rows", ha="center", transform=ax.transAxes)
                continue
            limits = _limits(rows)
            size = float(rows["cell_width"][0])
            image = cells(ax, rows["reference_low"], rows["inferred_low"], rows["n"], (size, size), counts(table["n"]))
            ax.plot(limits, limits, color=ORANGE, lw=1)
            measured = where(vrard, parameter=prefix + parameter)
            if len(measured["inferred"]):
                ax.plot(measured["reference"], measured["inferred"], ".", color=RED, ms=4, label="Vrard+2016")
                ax.legend(loc="lower right")
            ax.set(xlim=limits, ylim=limits, xlabel=f"label {label(parameter)}", ylabel=f"inferred {label(parameter)}")
            found = where(said, parameter=prefix + parameter)
            ax.set_title(
                f"{NETWORKS[prefix]}\nbias {found['bias'][0]:+.3g}, std {found['standard_deviation'][0]:.3g}, "
                f"$\\langle\\sigma\\rangle$ {found['typical_sigma'][0]:.3g}"
            )
    figure.colorbar(image, ax=axes, label="labelled giants per cell")
    return figure


def _limits(rows: dict[str, np.ndarray]) -> tuple[float, float]:
    """The range that holds 99.6 % of the stars of both axes."""
    ends = []
    for name in ("reference_low", "inferred_low"):
        order = np.argsort(rows[name])
        share = np.cumsum(rows["n"][order]) / rows["n"].sum()
        ends += [float(rows[name][order][np.searchsorted(share, q)]) for q in (0.002, 0.998)]
    return min(ends), max(ends) + float(rows["cell_width"][0])


def residuals(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(
        connection,
        "select *, inferred_low + 2.5 * red_clump.cell_width(parameter) as inferred_middle "
        "from red_clump.residual_bins where reference = 'label' and n >= 10",
    )
    parameters = present(table, "parameter", PARAMETERS, "joint_")
    if not parameters:
        return None
    figure, axes = panels(1, len(parameters), 3.8, 3.4)
    for ax, parameter in zip(axes.flat, parameters, strict=True):
        for name, colour in ((parameter, BLUE), (f"joint_{parameter}", ORANGE)):
            rows = where(table, parameter=name)
            if not len(rows["n"]):
                continue
            x = rows["inferred_middle"]
            ax.fill_between(x, rows["difference_low"], rows["difference_high"], color=colour, alpha=0.25, lw=0)
            kind = "joint" if name.startswith("joint_") else "paper's"
            ax.plot(x, rows["difference_median"], color=colour, label=f"{kind}: median, 68 %")
            ax.plot(x, rows["sigma_median"], color=colour, ls=":", lw=1, label=rf"{kind}: stated $\pm\sigma$")
            ax.plot(x, -rows["sigma_median"], color=colour, ls=":", lw=1)
        ax.axhline(0, color=GREY, lw=0.8)
        ax.set(xlabel=f"inferred {label(parameter)}", ylabel=f"label − inferred {label(parameter)}")
    legend(figure, axes)
    return figure


def pulls(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.pulls where reference = 'label' and abs(pull_low) <= 5")
    parameters = present(table, "parameter", PARAMETERS, "joint_")
    if not parameters:
        return None
    figure, axes = panels(1, len(parameters), 3.6, 3.2, sharey=True)
    x = np.linspace(-5, 5, 200)
    for ax, parameter in zip(axes.flat, parameters, strict=True):
        for name, colour, kind in ((parameter, BLUE, "paper's"), (f"joint_{parameter}", ORANGE, "joint")):
            rows = where(table, parameter=name)
            if len(rows["n"]):
                ax.step(rows["pull_low"], rows["share"] * 4, where="post", color=colour, label=f"{kind} networks")
        ax.plot(x, np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi), color=GREY, ls="--", label="standard normal")
        ax.set(xlim=(-5, 5), xlabel=rf"(label − inferred) / $\sigma$ of {label(parameter).split(' [')[0]}")
    axes.flat[0].set_ylabel("density of labelled giants")
    legend(figure, axes)
    return figure


def seismic_planes(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(
        connection,
        "from red_clump.seismic_cells where delta_nu_low_uhz between 0 and 19.75 and delta_p_low_s between 0 and 395",
    )
    if not len(table["n"]):
        return None
    tier = connection.execute(
        "select cuts.tier1_min_delta_p(), cuts.tier1_max_delta_nu(), "
        "cuts.tier2_min_delta_p(), cuts.tier2_max_delta_nu()"
    ).fetchall()[0]
    names = {"label": "Label", "inferred": "Inferred, the paper's networks", "joint": "Inferred, joint networks"}
    figure, axes = panels(1, 3, 4.2, 3.8, sharey=True)
    for ax, (panel, title) in zip(axes.flat, names.items(), strict=True):
        rows = where(table, panel=panel)
        ax.set(title=title, xlim=(0, 20), ylim=(0, 400), xlabel=label("delta_nu_uhz"))
        if not len(rows["n"]):
            continue
        image = cells(ax, rows["delta_nu_low_uhz"], rows["delta_p_low_s"], rows["n"], (0.25, 5), counts(table["n"]))
        for (low, high), colour, name in ((tier[:2], RED, "tier 1"), (tier[2:], BLUE, "tier 2")):
            ax.plot([0, high, high], [low, low, 400], color=colour, lw=1.5, label=name)
    axes.flat[0].set_ylabel(label("delta_p_s"))
    axes.flat[-1].legend(loc="lower right")
    figure.colorbar(image, ax=axes, label=r"labelled giants per 0.25 $\mu$Hz × 5 s")
    return figure


ROWS = "Labelled giants, scored by networks that were not trained on them."
PLOTS = (
    Plot(
        "kiel",
        "Kiel diagrams (figure 2)",
        "From red_clump.kiel_cells: labelled stars (lower panels: giants), scored by networks that were not trained on "
        "them. The box is what section 3.2 calls a giant.",
        kiel_diagrams,
    ),
    Plot(
        "comparison",
        "Inferred parameters against labels (figures 2 and 3)",
        f"From red_clump.comparison_cells and red_clump.validation, reference 'label'. {ROWS} Colours are numbers of "
        "stars on a logarithmic scale; bias and standard deviation in the unit of the axes.",
        comparisons,
    ),
    Plot(
        "residuals",
        "Residuals",
        f"From red_clump.residual_bins, reference 'label', bins of 10 or more. {ROWS}",
        residuals,
    ),
    Plot(
        "pulls",
        "Pulls: are the stated errors right?",
        f"From red_clump.pulls, reference 'label'. {ROWS} A parameter whose stated errors are right follows the dashed "
        "curve; the labels' own errors are part of the difference.",
        pulls,
    ),
    Plot(
        "seismic_plane",
        "DeltaP and Delta nu (figure 3)",
        f"From red_clump.seismic_cells. {ROWS} The lines are the cuts of table 1; tier 1 wants Teff > 4700 K too.",
        seismic_planes,
    ),
)
