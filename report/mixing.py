"""Pictures of what a change of [C/N] does: to magnitudes, over the red clump, and beside the derivatives."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figure import BLUE, GREY, RED, Columns, Plot, band_name, cells, columns, kiel, label, panels, where

#: Of figure 13.
BANDS = {"h_m": "H", "w1mpro": "W1", "phot_rp_mean_mag": "RP", "z_mean_psf_mag": r"z$_{\rm P1}$"}


def changes_origin(connection: duckdb.DuckDBPyConnection) -> str:
    """What the expected changes are of, and of how much [C/N]."""
    rows = connection.execute("select max(origin), max(change_cn_dex) from red_clump.expected_changes").fetchall()
    origin, change = rows[0]
    return origin if change is None else f"{origin}, [C/N] {change:+.2f} dex"


def signal(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.band_signal")
    if not len(table["band"]):
        return None
    spectra = columns(connection, "from red_clump.expected_spectra")
    has_spectra = bool(len(spectra["flux"]))
    figure, axes = panels(2 + has_spectra, 1, 9.0, 2.6)
    if has_spectra:
        _spectra(axes[0, 0], spectra, table)
    place, change = np.arange(len(table["band"])), 1e3 * table["change_mag"].astype(float)
    upper, lower = axes[-2:, 0]
    upper.bar(place, change, 0.6, color=BLUE)
    upper.axhline(0, color=GREY, lw=0.8)
    upper.set(ylabel="change of magnitude [mmag]", title=changes_origin(connection))
    lower.bar(place, table["signal_to_noise"].astype(float), 0.6, color=BLUE)
    lower.axhline(1, color=RED, ls="--", lw=1)
    lower.set(ylabel="|change| / typical error", xlabel="band, by wavelength")
    for ax in (upper, lower):
        ax.set_xticks(place, [band_name(band) for band in table["band"]])
    return figure


def _spectra(ax: Axes, spectra: Columns, bands: Columns) -> None:
    """The relative change of flux by wavelength, with the bands' middles above."""
    ax.plot(spectra["wavelength_low_um"], 100 * spectra["flux_change"].astype(float), color=BLUE, lw=0.6)
    ends = float(spectra["wavelength_low_um"].min()), float(spectra["wavelength_low_um"].max())
    ax.set(xscale="log", xlim=ends, xlabel=r"wavelength [$\mu$m]", ylabel="change of flux [%]")
    ticks = [value for value in (0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.6, 2, 3, 4, 5) if ends[0] <= value <= ends[1]]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    for band, middle in zip(bands["band"], bands["wavelength_um"], strict=True):
        ax.annotate(
            band_name(band), (middle, 1), xycoords=ax.get_xaxis_transform(), ha="center", va="bottom", fontsize=8
        )


def mixing(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.mixing_cells")
    if len(table["n"]) < 4:
        return None
    figure, axes = panels(1, 2, 5.4, 4.4)
    ax, size = axes[0, 0], (50.0, 0.05)
    x, y = table["teff_low_k"].astype(float), table["logg_low"].astype(float)
    image = cells(ax, x, y, table["change_cn_dex"], size, cmap="viridis")
    figure.colorbar(image, ax=ax, label="change of [C/N] [dex]")
    _lines(ax, x, y, table["mass_msun"].astype(float), size, (0.8, 1, 1.2, 1.5, 2, 3), "-", "{:g} M☉")
    _lines(ax, x, y, table["feh"].astype(float), size, (-1.5, -1, -0.5, -0.25, 0, 0.25), "--", "{:+g}")
    kiel(ax, (x.min(), x.max() + size[0]), (y.min(), y.max() + size[1]))
    ax.set_title(f"{int(table['n'].sum()):,} red clump stars: {table['origin'][0]}")
    points = columns(connection, "from red_clump.mixing using sample 4000 rows (reservoir, 1)")
    image = axes[0, 1].scatter(points["mass_msun"], points["change_cn_dex"], c=points["feh"], s=4, cmap="cividis")
    axes[0, 1].set(xlabel=r"mass [M$_\odot$]", ylabel="change of [C/N] [dex]")
    figure.colorbar(image, ax=axes[0, 1], label="[Fe/H] [dex]")
    return figure


def _lines(
    ax: Axes,
    x: np.ndarray,
    y: np.ndarray,
    value: np.ndarray,
    size: tuple[float, float],
    levels: Iterable[float],
    style: str,
    text: str,
) -> None:
    """Red contours of a value over cells, with what they stand for: those of the levels that lie within it."""
    known = np.isfinite(value)
    shown = sorted({level for level in levels if known.any() and value[known].min() < level < value[known].max()})
    if not shown:
        return
    columns_at, rows_at = np.rint((x - x.min()) / size[0]).astype(int), np.rint((y - y.min()) / size[1]).astype(int)
    grid = np.full((rows_at.max() + 1, columns_at.max() + 1), np.nan)
    grid[rows_at, columns_at] = value
    if min(grid.shape) < 2:
        return
    axes = zip((x, y), size, grid.shape[::-1], strict=True)
    middles = (low.min() + step * (np.arange(n) + 0.5) for low, step, n in axes)
    drawn = ax.contour(*middles, np.ma.masked_invalid(grid), levels=shown, colors=RED, linestyles=style, linewidths=0.9)
    ax.clabel(drawn, fmt=text.format, fontsize=7)


def gradients_and_mixing(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    table = columns(connection, "from red_clump.gradient_cells where n >= 5 and d_delta_p_s is not null")
    changes = columns(connection, "from red_clump.mixing_changes")
    bands = [name for name in BANDS if name in table["input"] and name in changes["magnitude_column"]]
    if not bands:
        return None
    figure, axes = panels(1, len(bands), 4.2, 3.9, sharey=True)
    for ax, band in zip(axes.flat, bands, strict=True):
        rows, expected = where(table, input=band), where(changes, magnitude_column=band)
        size = float(rows["teff_width_k"][0]), float(rows["logg_width"][0])
        x, y = rows["teff_low_k"].astype(float), rows["logg_low"].astype(float)
        image = cells(ax, x, y, np.abs(rows["d_delta_p_s"].astype(float)), size, cmap="viridis")
        figure.colorbar(image, ax=ax)
        place = expected["teff_low_k"].astype(float), expected["logg_low"].astype(float)
        change = 1e3 * expected["change_mag"].astype(float)
        levels = np.linspace(np.nanmin(change), np.nanmax(change), 5)[1:-1]
        _lines(ax, *place, change, (50.0, 0.05), levels, "--", "{:.2g}")
        kiel(ax, (x.min(), x.max() + size[0]), (y.min(), y.max() + size[1]))
        ax.set_title(f"|d{label('delta_p_s').partition(' [')[0]}/d{BANDS[band]}| [s/mag]")
        ax.label_outer()
    return figure


PLOTS = (
    Plot(
        "cn_signal",
        "What a change of [C/N] does to magnitudes (figure 1)",
        "From red_clump.band_signal and red_clump.expected_spectra: of two spectra given to `candlesql synphot`, or on "
        "the mock sky the changes that it was made with. Typical errors are those of section 2.",
        signal,
    ),
    Plot(
        "cn_change",
        "How far [C/N] falls over the red clump (figure 12)",
        "From red_clump.mixing_cells and red_clump.mixing: models ingested as `cn_models`, or else red clump stars "
        "of the mock sky, whose law is assumed. Red lines: mass (solid), [Fe/H] (dashed).",
        mixing,
    ),
    Plot(
        "cn_gradients",
        "DeltaP's derivatives beside the expected changes (figure 13)",
        "From red_clump.gradient_cells and red_clump.mixing_changes. Red: the change of magnitude [mmag] by the change "
        "of [C/N] there. On the mock sky likeness shows nothing, see docs/mock-sky.md.",
        gradients_and_mixing,
    ),
)
