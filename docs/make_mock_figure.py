"""Draws `docs/mock-sky.png`: the mock sky beside real stars, from the tables of ../shared/data.

candlesql demo sky && python docs/make_mock_figure.py sky
"""

import sys
from pathlib import Path

import numpy as np
from candlesql import open_sky
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
STARS, K2 = DATA / "green2020/stars_13band.parquet", DATA / "apo_k2/apo_k2.csv"
KEPLER = DATA / "kepler/kepler_giants.parquet"
TARGET = ROOT / "docs" / "mock-sky.png"
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"

#: Colour, its expression on the mock, on Green+2020's stars, and its reddening per E.
COLOURS = (
    ("BP − RP", "phot_bp_mean_mag - phot_rp_mean_mag", "bp_mag - rp_mag", 1.3),
    ("G − Ks", "phot_g_mean_mag - ks_m", "g_mag - ks_mag", 2.2),
    ("J − Ks", "j_m - ks_m", "j_mag - ks_mag", 0.53),
)
MOCK = "staging.mock_truth as t join staging.gaia_dr2 using (source_id)"
MOCK += " join staging.twomass on designation = twomass_designation"

#: What is drawn below: label, edges of the bins, and a query for each set of stars.
HISTOGRAMS = {
    "absolute Ks of the red clump [mag]": (
        np.arange(-2.4, -0.8, 0.08),
        {
            "mock": f"""select ks_m - 5 * log10(100 * distance_kpc) - 0.2 * ebv from {MOCK}
                where phase = 3 and mass_msun < 1.8""",
            "APO-K2": f"""select kmag + 5 * log10((para + 0.03) / 100) from '{K2}'
                where ev = 'RC' and para > 0.8 and mass < 1.8""",
            "Kepler": f"""select k + 5 * log10((parallax + 0.05) / 100) from '{KEPLER}'
                where evstate = 'RC' and parallax_src = 'DR2' and parallax > 15 * parallax_error""",
        },
    ),
    r"$\Delta\nu$ of the red clump [$\mu$Hz]": (
        np.arange(2, 9, 0.25),
        {
            "mock": f"select t.delta_nu_uhz from {MOCK} where phase = 3 and component = 'thin_old'",
            "Kepler": f"select dnu from '{KEPLER}' where evstate = 'RC'",
        },
    ),
    r"$\Delta\nu$ of the giant branch [$\mu$Hz]": (
        np.arange(2, 20, 0.5),
        {
            "mock": f"select t.delta_nu_uhz from {MOCK} where phase = 2 and component = 'thin_old'",
            "Kepler": f"select dnu from '{KEPLER}' where evstate = 'RGB'",
        },
    ),
}


def medians(connection, colour: str, teff: str, source: str) -> np.ndarray:
    """Teff, 16th percentile, median and 84th percentile of a colour in steps of 150 K, giants of log g 2 to 3."""
    rows = connection.execute(
        f"""select (floor({teff} / 150) + 0.5) * 150 as middle, quantile_cont({colour}, [0.16, 0.5, 0.84])
        from {source} and logg between 2 and 3 and feh between -0.6 and 0.4 and {teff} between 4200 and 5300
        group by middle having count(*) >= 10 order by middle"""
    ).fetchall()
    return np.array([[middle, *quantiles] for middle, quantiles in rows], dtype=float)


def values(connection, query: str) -> np.ndarray:
    return np.array([row[0] for row in connection.execute(query).fetchall() if row[0] is not None], dtype=float)


def main() -> None:
    figure = Figure(figsize=(13.5, 7.2), layout="constrained")
    axes = figure.subplots(2, 3)
    with open_sky(sys.argv[1]) as sky:
        for ax, colour in zip(axes[0], COLOURS, strict=True):
            compare_colours(ax, sky, *colour)
        for ax, (text, (edges, sets)) in zip(axes[1], HISTOGRAMS.items(), strict=True):
            histogram(ax, text, edges, {name: values(sky, query) for name, query in sets.items()})
    axes[0, 0].legend()
    figure.savefig(TARGET, dpi=100)


def compare_colours(ax, sky, name: str, ours: str, theirs: str, slope: float) -> None:
    real = f"'{STARS}' where published_reddening < 0.15 and not isnan({theirs})"
    mock = medians(sky, f"{ours} - {slope} * ebv", "t.teff_k", f"{MOCK} where ebv < 0.15")
    green = medians(sky, f"{theirs} - {slope} * published_reddening", "teff", real)
    for colour, text, table in ((BLUE, "mock", mock), (ORANGE, "Green+2020", green)):
        span = np.abs(table[:, [1, 3]] - table[:, [2]]).T
        ax.errorbar(table[:, 0], table[:, 2], span, color=colour, label=text)
    ax.set(xlabel=r"$T_{\rm eff}$ [K]", ylabel=f"{name} without dust [mag]", xlim=(5350, 4150))


def histogram(ax, text: str, edges: np.ndarray, sets: dict[str, np.ndarray]) -> None:
    for colour, (name, stars) in zip((BLUE, ORANGE, GREEN), sets.items(), strict=False):
        ax.hist(stars, edges, density=True, histtype="step", color=colour, label=f"{name} ({len(stars):,})")
        ax.axvline(np.median(stars[(stars > edges[0]) & (stars < edges[-1])]), color=colour, ls=":", lw=1)
    ax.set(xlabel=text, ylabel="density")
    ax.legend()


if __name__ == "__main__":
    main()
