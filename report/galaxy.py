"""Pictures of distances and of where the red clump stars are."""

from __future__ import annotations

from itertools import cycle

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from .figure import BLUE, GREY, ORANGE, RED, Plot, cells, columns, counts, panels, where


def distance_comparison(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.distance_cells")
    if not len(table["n"]):
        return None
    said = columns(connection, "from red_clump.validation where starts_with(parameter, 'distance')")
    known = set(zip(table["parameter"], table["reference"], strict=True))
    kinds = [
        kind
        for kind in (("distance", "parallax"), ("distance", "truth"), ("distance_bayesian", "truth"))
        if kind in known
    ]
    if not kinds:
        return None
    names = {"distance": "by magnitude", "distance_bayesian": "by magnitude and parallax"}
    references = {"parallax": "distance of parallaxes better than 5 %", "truth": "true distance"}
    figure, axes = panels(1, len(kinds), 4.4, 4.2)
    for ax, (parameter, reference) in zip(axes.flat, kinds, strict=True):
        rows = where(table, parameter=parameter, reference=reference)
        place = rows["log_reference_low"], rows["log_distance_low"]
        image = cells(ax, *place, rows["n"], (0.01, 0.01), counts(table["n"]))
        ends = float(min(p.min() for p in place)), float(max(p.max() for p in place)) + 0.01
        ax.plot(ends, ends, color=ORANGE, lw=1)
        found = where(said, parameter=parameter, reference=reference)
        title = f"{names[parameter]}, {int(rows['n'].sum()):,} stars"
        if len(found["bias"]):
            title += f"\nbias {found['bias'][0]:+.1%}, scatter {found['robust_scatter'][0]:.1%}"
        ax.set(title=title, xlim=ends, ylim=ends, xlabel=f"{references[reference]} [kpc]")
        ax.set_ylabel("red clump distance [kpc]")
        ticks = [
            v
            for v in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50)
            if ends[0] <= np.log10(v) <= ends[1]
        ]
        ax.set_xticks(np.log10(ticks), [f"{v:g}" for v in ticks])
        ax.set_yticks(np.log10(ticks), [f"{v:g}" for v in ticks])
    figure.colorbar(image, ax=axes, label="stars per cell of 0.01 × 0.01 dex")
    return figure


def distance_distribution(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.gain where distance_low_kpc < 60")
    if not len(table["n_here"]):
        return None
    x = table["distance_low_kpc"].astype(float)
    figure, axes = panels(1, 2, 5.4, 4.0)
    axes[0, 0].bar(x, table["n_here"], 0.5, align="edge", color=BLUE)
    axes[0, 0].set(yscale="log", ylim=(0.7, None), xlabel="distance [kpc]", ylabel="stars per 0.5 kpc")
    ax, ratio = axes[0, 1], table["error_ratio_median"].astype(float)
    _other_surveys(ax, connection)
    _w1_axis(ax, x, table["w1_low_mag"].astype(float))
    ax.plot(x, table["n_beyond"], color=GREY, lw=0.8, zorder=1)
    image = ax.scatter(x, table["n_beyond"], c=ratio, norm=LogNorm(0.3, 30), cmap="viridis", s=22, zorder=2)
    gains = x[ratio > 1]
    if len(gains):
        ax.axvline(gains.min(), color=RED, ls="--", lw=1)
        first = table["n_gain_beyond"][0]
        axes[0, 0].set_title(f"{int(first):,} of {int(table['n_beyond'][0]):,} stars gain on Gaia")
        late = gains.min() > x.mean()
        place = {"xytext": (-4 if late else 4, 5), "textcoords": "offset points", "ha": "right" if late else "left"}
        text = "red clump better beyond" if late else "red clump better"
        ax.annotate(text, (gains.min(), 0), xycoords=ax.get_xaxis_transform(), color=RED, **place)
    ax.set(yscale="log", ylim=(0.7, None), xlabel="distance [kpc]", ylabel="stars from there on")
    figure.colorbar(image, ax=ax, label=r"median of $\sigma_d$ of Gaia / $\sigma_d$ of the red clump", extend="both")
    return figure


def _other_surveys(ax: Axes, connection: duckdb.DuckDBPyConnection) -> None:
    """The red clump stars of each table of labels, in black."""
    table = columns(connection, "from red_clump.labelled_reach where distance_low_kpc < 60")
    for name, line in zip(dict.fromkeys(table["label_table"]), cycle(("-", "--", ":", "-.")), strict=False):
        rows = where(table, label_table=name)
        ax.step(rows["distance_low_kpc"], rows["n_beyond"], "black", ls=line, lw=0.9, label=name, zorder=1)
    if len(table["n_beyond"]):
        ax.legend(title="labelled red clump", fontsize=8, title_fontsize=8)


def _w1_axis(ax: Axes, distance: np.ndarray, w1: np.ndarray) -> None:
    """W1 of a red clump star above, in whole magnitudes."""
    known = np.isfinite(w1)
    if known.sum() < 2:
        return
    ticks = np.arange(np.ceil(w1[known].min()), np.floor(w1[known].max()) + 1)
    above = ax.secondary_xaxis("top")
    above.set_xticks(np.interp(ticks, w1[known], distance[known]), [f"{tick:g}" for tick in ticks])
    above.set_xlabel("W1 of a red clump star [mag]")


def sky_map(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.sky_cells where tier = 2")
    if not len(table["n"]):
        return None
    # the middles of half-degree steps, and the cell that holds each
    grid = columns(
        connection,
        "select l, b, sphere.healpix_ring(cuts.sky_nside(), l, b) as healpix_ring "
        "from (select unnest(range(720)) / 2 - 179.75 as l), (select unnest(range(360)) / 2 - 89.75 as b) "
        "order by b, l",
    )
    place = np.searchsorted(table["healpix_ring"], grid["healpix_ring"]).clip(max=len(table["n"]) - 1)
    is_known = table["healpix_ring"][place] == grid["healpix_ring"]
    density = table["stars_per_deg2"].astype(float)
    distance = np.where(table["n"] >= 3, table["distance_median_kpc"].astype(float), np.nan)
    norms = (
        LogNorm(density.min(), max(density.max(), 1.01 * density.min())),
        Normalize(*(np.nanpercentile(distance, [2, 98]) if np.isfinite(distance).any() else (0, 1))),
    )
    figure = Figure(figsize=(9.5, 9.6), layout="constrained")
    axes = figure.subplots(2, 1, subplot_kw={"projection": "mollweide"})
    edges = np.radians(np.linspace(-180, 180, 721)), np.radians(np.linspace(-90, 90, 361))
    texts = ("stars per deg²", "median distance of 3 or more [kpc]")
    for ax, value, norm, text in zip(axes, (density, distance), norms, texts, strict=True):
        image = np.where(is_known, value[place], np.nan).reshape(360, 720)[:, ::-1]  # l to the left
        mesh = ax.pcolormesh(*edges, image, norm=norm, cmap="cividis", rasterized=True)
        ax.grid(color=GREY, lw=0.3)
        ax.set_xticks(np.radians(range(-120, 121, 60)), [f"{-x % 360}°" for x in range(-120, 121, 60)], fontsize=8)
        for longitude in ax.get_xticklabels():  # they stand on the map
            longitude.set_path_effects([withStroke(linewidth=2, foreground="white")])
        ax.set_yticks(np.radians(range(-60, 61, 30)), [f"{b}°" for b in range(-60, 61, 30)], fontsize=8)
        figure.colorbar(mesh, ax=ax, label=text, shrink=0.8)
    return figure


def colour_magnitude(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.colour_magnitude_cells where j_ks_low_mag between -0.2 and 2")
    if not len(table["n"]):
        return None
    figure, axes = panels(1, 2, 5.0, 4.6, sharex=True, sharey=True)
    norm = counts(table["n"])
    for ax, (column, title) in zip(
        axes.flat, (("n", "giants"), ("n_selected", "in the catalogue (tier 2)")), strict=True
    ):
        kept = table[column] > 0
        if kept.any():
            place = table["j_ks_low_mag"][kept], table["absolute_ks_low_mag"][kept]
            cells(ax, *place, table[column][kept], (0.02, 0.1), norm)
        ax.set(xlabel=r"$J - K_{\rm s}$ [mag]", title=f"{int(table[column].sum()):,} {title}")
    ends = [float(table[name].min()) for name in ("j_ks_low_mag", "absolute_ks_low_mag")]
    tops = float(table["j_ks_low_mag"].max()) + 0.02, float(table["absolute_ks_low_mag"].max()) + 0.1
    axes[0, 0].set(xlim=(ends[0], tops[0]), ylim=(tops[1], ends[1]), ylabel=r"$M_{K_{\rm s}}$ by parallax [mag]")
    figure.colorbar(ScalarMappable(norm, "cividis"), ax=axes, label="stars per cell of 0.02 × 0.1 mag")
    return figure


def galactic_planes(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.galactic_cells where abs(x_low_kpc) < 30 and abs(up_low_kpc) < 30")
    if not len(table["n"]):
        return None
    ((sun,),) = connection.execute("select cuts.sun_x_kpc()::double").fetchall()
    half = _half_width(table, sun)
    figure, axes = panels(1, 2, 5.2, 4.3)
    shown = (
        ("X-Y", "Y (along rotation)", "from above, |Z| < 3 kpc"),
        ("X-Z", "Z (north)", "from the side"),
    )
    for ax, (plane, name, title) in zip(axes.flat, shown, strict=True):
        rows = where(table, plane=plane)
        ax.set_title(title)
        if len(rows["n"]):
            image = cells(ax, rows["x_low_kpc"], rows["up_low_kpc"], rows["n"] / 0.04, (0.2, 0.2), LogNorm(25, None))
            figure.colorbar(image, ax=ax, label="stars per kpc²", shrink=0.8)
        ax.plot(sun, 0, "o", mfc="none", color=RED, label="Sun")
        ax.plot(0, 0, "x", color=RED, label="Galactic centre")
        ax.set(
            xlabel="X (on through the centre) [kpc]",
            ylabel=f"{name} [kpc]",
            aspect="equal",
            xlim=(sun - half, sun + half),
            ylim=(-half, half),
        )
    axes[0, 0].legend(loc="lower right", fontsize=8, frameon=True)
    return figure


def _half_width(table: dict[str, np.ndarray], sun: float) -> float:
    """A square about the Sun that holds 99.8 % of the stars and the Galactic centre."""
    away = np.maximum(np.abs(table["x_low_kpc"] - sun), np.abs(table["up_low_kpc"]))
    order = np.argsort(away)
    share = np.cumsum(table["n"][order]) / table["n"].sum()
    return max(float(away[order][np.searchsorted(share, 0.998)]), abs(sun) + 1)


STARS = "All selected red clump stars (tier 2, which holds tier 1); no labels enter."
PLOTS = (
    Plot(
        "distances",
        "Distances against Gaia and truth",
        "From red_clump.distance_cells and red_clump.validation: selected red clump stars, contaminants and all. No "
        "star's parallax enters its own distance by magnitude. Truth is known on the mock sky only.",
        distance_comparison,
    ),
    Plot(
        "distance_distribution",
        "Distribution of distances and the gain on Gaia (figure 7)",
        f"From red_clump.gain and red_clump.labelled_reach. {STARS} Gaia's error is sigma_parallax d², as in section "
        "4.2; W1 is without extinction. Black: stars that a table of labels calls red clump, by the catalogue's "
        "distances.",
        distance_distribution,
    ),
    Plot(
        "sky",
        "On the sky",
        f"From red_clump.sky_cells: HEALPix cells in Galactic coordinates, Mollweide's projection, longitude to the "
        f"left, the centre in the middle. {STARS}",
        sky_map,
    ),
    Plot(
        "colour_magnitude",
        "Colour and absolute magnitude",
        "From red_clump.colour_magnitude_cells: giants whose parallax is better than 20 %, not corrected for dust, "
        "which moves stars to the right and a little down.",
        colour_magnitude,
    ),
    Plot("galaxy", "In the Galaxy (figure 8)", f"From red_clump.galactic_cells. {STARS}", galactic_planes),
)
