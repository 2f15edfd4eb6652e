"""Writes the numbers of `sql/photometric/band_table.sql` again from filter curves, a spectrum of Vega and dust curves.

    python docs/make_band_tables.py --filters FOLDER --vega alpha_lyr_mod_004.fits

The filter curves are those that pyphot carries; the spectrum of Vega is CALSPEC's (Bohlin 2014), also in pyphot. Needs
`dust_extinction`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import constants
from astropy import units as u
from astropy.modeling.physical_models import BlackBody
from astropy.table import Table
from dust_extinction.parameter_averages import G23

TARGET = Path(__file__).parents[1] / "sql/photometric/band_table.sql"
HEADER = """\
-- The one table of bands, written by docs/make_band_tables.py, which photometric.bands shows as rows.
-- `system` is that of the networks and of `magnitude_column` of `survey`.
-- ab_minus_vega: W1 and W2 from Jarrett et al. 2011 as used by Schlafly et al. 2019, the others from the spectrum of
-- Vega in CALSPEC (Bohlin 2014) through the filter curve.
-- extinction_g23: A(band) / A(V) of a 5500 K black body behind little dust, Gordon et al. 2023 with R(V) = 3.1.
-- extinction_s16: the mean vector of Schlafly et al. 2016, with A(H) / A(Ks) = 1.55 (Indebetouw et al. 2005), A(r) = 1.

-- [] The one table of bands as a list of structs, which photometric.bands shows as rows; sources above.
create or replace macro photometric.band_table() as [
"""


@dataclass(frozen=True)
class Band:
    """Where a band is found: its filter file, and the survey and column that hold its magnitudes."""

    name: str
    filter: str
    survey: str
    column: str
    system: str


BANDS = [
    Band("g", "gaiadr2v2_g", "gaia_dr2", "phot_g_mean_mag", "Vega"),
    Band("bp", "gaiadr2v2_bp", "gaia_dr2", "phot_bp_mean_mag", "Vega"),
    Band("rp", "gaiadr2v2_rp", "gaia_dr2", "phot_rp_mean_mag", "Vega"),
    *(Band(f"ps1_{x}", f"ps1_{x}", "panstarrs1", f"{x}_mean_psf_mag", "AB") for x in "grizy"),
    *(Band(x, f"2mass_{x}", "twomass", f"{x}_m", "Vega") for x in ("j", "h", "ks")),
    *(Band(x, f"wise_rsr_{x}", "allwise", f"{x}mpro", "Vega") for x in ("w1", "w2")),
]
#: Jarrett et al. 2011, as Schlafly et al. 2019 and Green et al. 2020, section 3.2, use them [mag].
PUBLISHED_AB_MINUS_VEGA = {"w1": 2.699, "w2": 3.339}
#: Mean reddening vector of Schlafly et al. 2016 (their extinction curve at x = 0), up to a constant.
S16 = {
    "ps1_g": 0.65373283, "ps1_r": 0.39063843, "ps1_i": 0.20197893, "ps1_z": 0.07871701, "ps1_y": -0.00476316,
    "j": -0.14213929, "h": -0.23660605, "ks": -0.28522577, "w1": -0.321301, "w2": -0.33503192,
}  # fmt: skip
H_OVER_KS = 1.55  # Indebetouw et al. 2005


def read_filter(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Wavelength [Angstrom] and photon transmission of a filter file."""
    lines = path.read_text().splitlines()
    unit = next(line.split()[-1] for line in lines if line.startswith("# WAVELENGTH_UNIT"))
    detector = next(line.split()[-1] for line in lines if line.startswith("# DETECTOR"))
    rows = [line.split(",") for line in lines if line and line[0].isdigit()]
    wavelength, transmission = np.array(rows, float).T
    wavelength = (wavelength * u.Unit("AA" if unit == "AA" else unit)).to_value("AA")
    order = np.argsort(wavelength)
    wavelength, transmission = wavelength[order], transmission[order]
    return wavelength, transmission / wavelength if detector == "energy" else transmission


def pivot(wavelength: np.ndarray, transmission: np.ndarray) -> float:
    """Pivot wavelength [Angstrom] of a photon-counting band."""
    top = np.trapezoid(transmission * wavelength, wavelength)
    return float(np.sqrt(top / np.trapezoid(transmission / wavelength, wavelength)))


def ab_minus_vega(wavelength: np.ndarray, transmission: np.ndarray, vega: Table) -> float:
    """AB magnitude of Vega, whose Vega magnitude is 0 [mag]."""
    flux = np.interp(wavelength, vega["WAVELENGTH"], vega["FLUX"])  # erg/s/cm2/Angstrom
    f_lambda = np.trapezoid(flux * transmission * wavelength, wavelength) / np.trapezoid(
        transmission * wavelength, wavelength
    )
    per_frequency = f_lambda * u.Unit("erg s-1 cm-2 AA-1") * (pivot(wavelength, transmission) * u.AA) ** 2
    return float(-2.5 * np.log10((per_frequency / constants.c).to_value("Jy") / 3631))


def extinction_g23(wavelength: np.ndarray, transmission: np.ndarray) -> float:
    """A(band) / A(V) at little dust."""
    photons = BlackBody(5500 * u.K, scale=1 * u.Unit("erg s-1 cm-2 AA-1 sr-1"))(wavelength * u.AA).value
    photons = photons * transmission * wavelength
    a_v = 0.01
    dimmed = photons * G23(Rv=3.1).extinguish(wavelength * u.AA, Av=a_v)
    ratio = np.trapezoid(dimmed, wavelength) / np.trapezoid(photons, wavelength)
    return float(-2.5 * np.log10(ratio) / a_v)


def extinction_s16(name: str) -> float | None:
    """A(band) / A(r), NULL for bands that Schlafly et al. 2016 have not measured."""
    if name not in S16:
        return None
    grey = (H_OVER_KS * S16["ks"] - S16["h"]) / (1 - H_OVER_KS)
    return (S16[name] + grey) / (S16["ps1_r"] + grey)


def row(band: Band, filters: Path, vega: Table) -> str:
    """One band as a STRUCT."""
    curve = read_filter(filters / f"{band.filter}.csv")
    offset = PUBLISHED_AB_MINUS_VEGA.get(band.name) or ab_minus_vega(*curve, vega)
    s16 = extinction_s16(band.name)
    return (
        f"    {{\n        'band': '{band.name}', 'survey': '{band.survey}', 'magnitude_column': '{band.column}', "
        f"'system': '{band.system}',\n        'wavelength_um': {pivot(*curve) / 1e4:.4f}, "
        f"'ab_minus_vega': {offset:.3f}, 'extinction_g23': {extinction_g23(*curve):.4f},\n"
        f"        'extinction_s16': {'null' if s16 is None else f'{s16:.4f}'}::double\n    }}"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filters", type=Path, required=True)
    parser.add_argument("--vega", type=Path, required=True)
    options = parser.parse_args()
    vega = Table.read(options.vega, hdu=1)
    rows = ",\n".join(row(band, options.filters, vega) for band in BANDS)
    TARGET.write_text(f"{HEADER}{rows}\n];\n")


if __name__ == "__main__":
    main()
