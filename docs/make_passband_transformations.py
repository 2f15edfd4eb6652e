"""Writes `sql/photometric/gaia_releases.sql`: what the passbands of Gaia DR2 and (E)DR3 make of the same star.

    pip download --no-deps webbpsf_ext astroARIADNE      # and unzip both wheels into FOLDER
    python docs/make_passband_transformations.py FOLDER

The passbands and zero points are the published ones (Maiz Apellaniz & Weiler 2018 in Evans et al. 2018's revised
form; Riello et al. 2021), which `webbpsf_ext` carries. Spectra are those of the BT-Settl grid as 20 bands from 346 to
1650 nm, which `astroARIADNE` carries, joined by a smooth curve in logarithms: coarse, but the two passbands of a band
differ little and smoothly. They are reddened by Gordon et al. 2023 with R(V) = 3.1. Passbands do not fix the flux
scale of two releases to better than a hundredth, so one constant for G and one for BP and RP together are those of
open clusters (Gaia EDR3 documentation); the colour BP - RP keeps that of the passbands.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from astropy import units as u
from dust_extinction.parameter_averages import G23
from scipy.interpolate import PchipInterpolator

TARGET = Path(__file__).parents[1] / "sql/photometric/gaia_releases.sql"
BANDS = ("g", "bp", "rp")
#: Zero points [mag, Vega] that the archives' magnitudes have: Evans et al. 2018, table 4; Riello et al. 2021, table 3.
ZERO_POINTS = {"DR2": np.array([25.6884, 25.3514, 24.7619]), "DR3": np.array([25.6873669, 25.3385422, 24.7478955])}
FILES = {"DR2": "GaiaDR2_RevisedPassbands.dat", "DR3": "GaiaEDR3_Passbands.dat"}
#: Pivot wavelengths [nm] of the bands that stand for a spectrum.
PIVOTS = {
    "STROMGREN_u": 346.1, "SDSS_u": 355.2, "SkyMapper_v": 383.6, "STROMGREN_v": 411.0, "TYCHO_B_MvB": 428.0,
    "STROMGREN_b": 466.8, "PS1_g": 484.9, "SkyMapper_g": 507.5, "TYCHO_V_MvB": 534.0, "STROMGREN_y": 547.9,
    "SDSS_r": 617.6, "PS1_r": 620.1, "PS1_i": 753.5, "SkyMapper_i": 777.2, "PS1_z": 867.4, "SDSS_z": 893.3,
    "SkyMapper_z": 915.8, "PS1_y": 962.8, "2MASS_J": 1239.1, "2MASS_H": 1649.5,
}  # fmt: skip
#: Mean of EDR3 minus DR2 in open clusters [mag], in G, and in BP and RP together (+0.003 and +0.007), at this colour.
CLUSTERS, CLUSTER_COLOUR = np.array([-0.009, 0.005, 0.005]), 1.0
REDDENINGS = (0.0, 0.3, 0.8)
RANGE = (0.2, 2.4)
DEGREE = 3


def passbands(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Wavelength [nm] and transmission [band, wavelength] by release."""
    found = {}
    for release, name in FILES.items():
        rows = np.loadtxt(next(folder.rglob(name)))
        found[release] = rows[:, 0], np.where(rows[:, 1::2] > 99, 0, rows[:, 1::2]).T
    return found


def spectra(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Logarithmic wavelengths [bands], and logarithmic fluxes [star, bands] of dwarfs and of giants to 5500 K."""
    file = next(folder.rglob("model_grid_BT_Settl.dat"))
    with file.open() as lines:
        names = lines.readline().lstrip("# ").split()
    rows = np.loadtxt(file)
    teff, logg, feh = rows[:, :3].T
    wanted = (teff >= 3500) & (teff <= 8000) & (feh >= -1) & (feh <= 0.5) & ((logg > 3.5) | (teff <= 5500))
    bands = sorted(PIVOTS, key=PIVOTS.__getitem__)
    columns = [names.index(band) for band in bands]
    return np.log([PIVOTS[band] for band in bands]), np.log(rows[wanted][:, columns])


def magnitudes(folder: Path) -> dict[str, np.ndarray]:
    """Magnitudes [star, band] of all spectra, reddened and not, by release."""
    places, fluxes = spectra(folder)
    seen = {}
    for release, (wavelength, transmission) in passbands(folder).items():
        inside = np.clip(np.log(wavelength), places[0], places[-1])
        micron = np.clip(wavelength, 310, None) / 1000
        curve = np.exp(PchipInterpolator(places, fluxes, axis=1)(inside))
        behind = [10 ** (-0.4 * 3.1 * ebv * G23(Rv=3.1)(micron * u.um)) for ebv in REDDENINGS]
        photons = np.concatenate([curve * dust for dust in behind]) * wavelength
        flux = np.trapezoid(photons[:, None, :] * transmission, wavelength, axis=2)
        seen[release] = -2.5 * np.log10(flux) + ZERO_POINTS[release]
    return seen


def fitted(of: np.ndarray, to: np.ndarray, sign: int) -> np.ndarray:
    """Coefficients [band, power] of `to` minus `of` by BP - RP of `of`, with the clusters' constants."""
    colour = of[:, 1] - of[:, 2]
    inside = (colour > RANGE[0]) & (colour < RANGE[1])
    fits = np.polynomial.polynomial.polyfit(colour[inside], (to - of)[inside], DEGREE).T
    at = np.atleast_1d(np.polynomial.polynomial.polyval(CLUSTER_COLOUR, fits.T))
    fits[0, 0] += sign * CLUSTERS[0] - at[0]
    fits[1:, 0] += sign * CLUSTERS[1] - at[1:].mean()
    scatter = np.std((to - of)[inside] - np.polynomial.polynomial.polyval(colour[inside], fits.T).T, axis=0)
    print("scatter of stars about the fit [mag]:", dict(zip(BANDS, scatter.round(4), strict=True)))
    return fits


def macro(name: str, fits: np.ndarray, colour: str) -> str:
    """One SQL macro that gives the difference of a band by the colour."""
    cases = [
        f"    when '{band}' then photometric.cubic({', '.join(f'{number:.5f}' for number in numbers)}, {colour})"
        for band, numbers in zip(BANDS, fits, strict=True)
    ]
    return "\n".join(
        [
            f"-- [mag] Magnitude of Gaia (E)DR3 minus that of DR2 in the band band_name, by {colour} [mag].",
            f"create or replace macro photometric.{name}(band_name, {colour}) as",
            "case band_name",
            *cases,
            "end;",
        ]
    )


HEADER = """\
-- What Gaia (E)DR3 gives a star in a band minus what DR2 gives it, by BP - RP [mag] of one of the two; beyond the ends
-- of its range that of the end. Written by docs/make_passband_transformations.py, which says how.

-- [mag] A colour [mag], BP - RP, within the range of the transformations: beyond its ends that of the end.
create or replace macro photometric.within_colours(colour) as
case when colour is not null then greatest({}, least({}, colour))::double end;

-- [mag] The polynomial of coefficients a, b, c, d at a colour [mag], BP - RP.
create or replace macro photometric.cubic(a, b, c, d, colour) as
a + photometric.within_colours(colour) * (
    b + photometric.within_colours(colour) * (c + photometric.within_colours(colour) * d)
);

"""
FOOTER = """
-- [mag] A magnitude [mag] of DR2 in the band band_name as (E)DR3 would have it; blue_minus_red [mag] is BP - RP of
-- DR2.
create or replace macro photometric.gaia_dr2_to_dr3(band_name, magnitude, blue_minus_red) as
magnitude + photometric.gaia_dr3_minus_dr2_by_dr2(band_name, blue_minus_red);

-- [mag] A magnitude [mag] of (E)DR3 in the band band_name as DR2 would have it; blue_minus_red [mag] is BP - RP of
-- (E)DR3.
create or replace macro photometric.gaia_dr3_to_dr2(band_name, magnitude, blue_minus_red) as
magnitude - photometric.gaia_dr3_minus_dr2_by_dr3(band_name, blue_minus_red);

-- [mag] A magnitude [mag] in the band band_name from the passbands given to those wanted, as a survey file or a
-- model names them; NULL where blue_minus_red [mag], BP - RP of the magnitude's own release, is needed and not
-- known.
create or replace macro photometric.in_gaia_passband(band_name, given, wanted, magnitude, blue_minus_red) as
case
    when given = wanted then magnitude
    when given = 'Gaia DR3' and wanted = 'Gaia DR2'
        then photometric.gaia_dr3_to_dr2(band_name, magnitude, blue_minus_red)
    when given = 'Gaia DR2' and wanted = 'Gaia DR3'
        then photometric.gaia_dr2_to_dr3(band_name, magnitude, blue_minus_red)
    when given is not null then error('no transformation from the passbands of ' || given || ' to ' || wanted)
end;
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    seen = magnitudes(parser.parse_args().folder)
    forth, back = fitted(seen["DR2"], seen["DR3"], 1), fitted(seen["DR3"], seen["DR2"], -1)
    text = HEADER.format(*RANGE)
    text += macro("gaia_dr3_minus_dr2_by_dr2", forth, "bp_rp_dr2") + "\n\n"
    text += macro("gaia_dr3_minus_dr2_by_dr3", -back, "bp_rp_dr3") + "\n" + FOOTER
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
