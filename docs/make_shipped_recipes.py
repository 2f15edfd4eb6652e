"""Writes `sql/red_clump/shipped_recipes.sql` again: intrinsic colours and absolute magnitudes of the red clump.

    python docs/make_shipped_recipes.py --data FOLDER

Colours come from the giants of Green et al. 2020, with their reddening taken off. The absolute magnitude in Ks comes
from Kepler's red clump stars by seismology (Gaia DR2 parallaxes) and those of APO-K2 (Gaia DR3, corrected there); half
of what the two differ by is its error, which the errors of the two zero points do not exceed. That in W1 is the one in
Ks less Ks - W1 at 4800 K. Prints what each sample gives by itself, with its zero point moved by 0.03 mas too.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

TARGET = Path(__file__).parents[1] / "sql/red_clump/shipped_recipes.sql"
PIVOT_K = 4800.0
#: Wang & Chen 2019, ApJ 877, 116, table 3: A(band) / A(V) of red clump stars; A(V) = 3.1 E(B-V).
OVER_V = {"g": 0.789, "j": 0.243, "h": 0.131, "ks": 0.078, "w1": 0.789 / 16, "w2": 0.026}
#: Zinn et al. 2019 for Gaia DR2 in the Kepler field; APO-K2's parallaxes are corrected [mas].
KEPLER_ZERO_POINT, K2_ZERO_POINT = -0.053, 0.0
MAX_ERROR_RATIO = 0.1
#: Of the scales of Teff and reddening, in a colour [mag]; assumed.
COLOUR_FLOOR = 0.02
#: Of the slope of an absolute magnitude [mag per 1000 K]; assumed.
SLOPE_FLOOR = 0.05
AB_MINUS_VEGA = {"w1": 2.699, "w2": 3.339}
HEADER = """\
-- A distance recipe as shipped, written by docs/make_shipped_recipes.py from real stars: at cuts.recipe_teff() and per
-- 1000 K the colour and absolute magnitude of the red clump, the standard errors of both, the red clump's width, and
-- how far from it what contaminates it lies (on the mock sky).
"""


@dataclass(frozen=True)
class Line:
    """y = at_pivot + slope (Teff - 4800 K) / 1000 K, the scatter about it, and the stars that it is made of."""

    at_pivot: float
    slope: float
    scatter: float
    n: int

    @property
    def error(self) -> float:
        return self.scatter / np.sqrt(self.n)


def robust_scatter(values: np.ndarray) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def clipped_line(teff: np.ndarray, values: np.ndarray, clip: float = 3.0) -> Line:
    """A straight line in Teff [K] through values [mag], clipped at 3 standard deviations until nothing changes."""
    x = (teff - PIVOT_K) / 1000
    kept = np.isfinite(x) & np.isfinite(values)
    for _ in range(10):
        slope, at_pivot = np.polyfit(x[kept], values[kept], 1)
        residual = values - at_pivot - slope * x
        scatter = robust_scatter(residual[kept])
        kept = np.isfinite(residual) & (np.abs(residual) < clip * scatter)
    return Line(float(at_pivot), float(slope), scatter, int(kept.sum()))


def columns(query: str) -> dict[str, np.ndarray]:
    found = duckdb.connect().sql(query).fetchnumpy()
    return {name: np.ma.filled(np.ma.asarray(values, float), np.nan) for name, values in found.items()}


def colours(data: Path) -> dict[str, Line]:
    """Intrinsic colours of giants near the red clump; Green et al. 2020, W1 and W2 turned to Vega."""
    stars = columns(f"""
        select teff, reddening, g_mag as g, j_mag as j, h_mag as h, ks_mag as ks,
            w1_ab_mag - {AB_MINUS_VEGA["w1"]} as w1,
            w2_ab_mag - {AB_MINUS_VEGA["w2"]} as w2
        from '{data}/green2020/stars_13band.parquet'
        where logg between 1.9 and 3.1 and teff between 4400 and 5300 and reddening < 0.2
    """)
    intrinsic = {band: stars[band] - 3.1 * OVER_V[band] * stars["reddening"] for band in OVER_V}
    pairs = {"G-W1": ("g", "w1"), "H-W2": ("h", "w2"), "J-Ks": ("j", "ks"), "Ks-W1": ("ks", "w1")}
    return {name: clipped_line(stars["teff"], intrinsic[a] - intrinsic[b]) for name, (a, b) in pairs.items()}


def magnitudes(stars: dict[str, np.ndarray], zero_point: float, colour: Line) -> tuple[Line, float, float]:
    """M_Ks of red clump stars with extinction by J - Ks, their width without parallax noise, median parallax [mas]."""
    true_parallax = stars["parallax"] - zero_point
    ratio = stars["parallax_error"] / np.where(true_parallax > 0, true_parallax, np.nan)
    good = (ratio < MAX_ERROR_RATIO) & np.isfinite(stars["j"] + stars["ks"] + stars["teff"])
    stars = {name: values[good] for name, values in stars.items()}
    x = (stars["teff"] - PIVOT_K) / 1000
    excess = stars["j"] - stars["ks"] - colour.at_pivot - colour.slope * x
    extinction = np.maximum(excess, 0) * OVER_V["ks"] / (OVER_V["j"] - OVER_V["ks"])
    line = clipped_line(stars["teff"], stars["ks"] - extinction + 5 * np.log10(true_parallax[good]) - 10)
    width = np.sqrt(max(line.scatter**2 - np.median(5 / np.log(10) * ratio[good]) ** 2, 0.0))
    return line, float(width), float(np.median(true_parallax[good]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with green2020, kepler and apo_k2")
    parser.add_argument(
        "--contaminants",
        default="0.4,0.6",
        help="offset and width of contaminants [mag], on the mock sky where parallaxes say little",
    )
    arguments = parser.parse_args()
    found = colours(arguments.data)
    for name, line in found.items():
        print(f"{name:<6}{line.at_pivot:7.3f} {line.slope:+.3f} / 1000 K, scatter {line.scatter:.3f}, {line.n} giants")
    samples = {
        "Kepler": (
            KEPLER_ZERO_POINT,
            columns(f"""
                select teff, J as j, K as ks, parallax, parallax_error
                from '{arguments.data}/kepler/kepler_seismic.parquet' where state = 'RC' and parallax_src = 'DR2'
            """),
        ),
        "APO-K2": (
            K2_ZERO_POINT,
            columns(f"""
                select teff, jmag as j, kmag as ks, para as parallax, para_err as parallax_error
                from read_csv('{arguments.data}/apo_k2/apo_k2.csv') where ev = 'RC'
            """),
        ),
    }
    lines, widths = {}, {}
    for name, (zero_point, stars) in samples.items():
        for moved in (-0.03, 0.0, 0.03):
            line, width, parallax = magnitudes(stars, zero_point + moved, found["J-Ks"])
            print(
                f"M_Ks by {name:<7} zero point {zero_point + moved:+.3f} mas: {line.at_pivot:.3f} {line.slope:+.3f} "
                f"/ 1000 K, "
                f"width {width:.3f}, {line.n} stars, median parallax {parallax:.2f} mas"
            )
            if not moved:
                lines[name], widths[name] = line, width
    write(found, list(lines.values()), min(widths.values()), [float(x) for x in arguments.contaminants.split(",")])


def write(found: dict[str, Line], lines: list[Line], width: float, contaminants: list[float]) -> None:
    """The view's text: a row a recipe."""
    middle = float(np.mean([line.at_pivot for line in lines]))
    error = abs(lines[0].at_pivot - lines[1].at_pivot) / 2
    slope = float(np.mean([line.slope for line in lines]))
    slope_error = abs(lines[0].slope - lines[1].slope) / 2
    to_w1 = found["Ks-W1"]
    rows = {
        "G-W1": (middle - to_w1.at_pivot, slope, float(np.hypot(error, to_w1.error))),
        "H-W2": (middle, slope, error),
        "J-Ks": (middle, slope, error),
    }
    selects = []
    for recipe, (magnitude, magnitude_slope, magnitude_error) in rows.items():
        colour = found[recipe]
        numbers = {
            "colour": colour.at_pivot,
            "colour_slope": colour.slope,
            "colour_error": max(colour.error, COLOUR_FLOOR),
            "absolute_magnitude": magnitude,
            "magnitude_slope": magnitude_slope,
            "magnitude_error": magnitude_error,
            "slope_error": max(slope_error, SLOPE_FLOOR),
            "width": width,
            "contaminant_offset": contaminants[0],
            "contaminant_width": contaminants[1],
        }
        given = [f"    '{recipe}' as recipe", *(f"    {number:.3f} as {name}" for name, number in numbers.items())]
        selects.append("select\n" + ",\n".join(given) + "\n")
    TARGET.write_text(HEADER + "union all\n".join(selects))


if __name__ == "__main__":
    main()
