"""Every number of the mock sky, each with its unit and where it comes from."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

BANDS = ("g", "bp", "rp", "ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2")
G, BP, RP, PS1_G, PS1_R, PS1_I, PS1_Z, PS1_Y, J, H, KS, W1, W2 = range(len(BANDS))
GAIA, PS1, TWOMASS, ALLWISE = slice(G, PS1_G), slice(PS1_G, J), slice(J, W1), slice(W1, W2 + 1)

GAIA_EPOCH = 2015.5


def _of(default: Any, unit: str, source: str) -> Any:
    return field(default=default, metadata={"unit": unit, "source": source})


@dataclass(frozen=True)
class Parameters:
    """Numbers of the recipe; `dataclasses.fields` gives unit and source of each.

    "tuned" means set by hand so that the sample resembles Lucey+2020 (their noise levels, limits
    and the purity that their networks reach), "assumed" that nothing was tuned or measured.
    """

    # Galaxy
    sun_radius: float = _of(8.2, "kpc", "Bland-Hawthorn & Gerhard 2016")
    sun_height: float = _of(0.02, "kpc", "Bland-Hawthorn & Gerhard 2016, rounded")
    thin_length: float = _of(2.6, "kpc", "Bland-Hawthorn & Gerhard 2016")
    thin_height_young: float = _of(0.15, "kpc", "assumed")
    thin_height_old: float = _of(0.33, "kpc", "Bland-Hawthorn & Gerhard 2016 (0.30), tuned")
    thick_length: float = _of(2.0, "kpc", "Bland-Hawthorn & Gerhard 2016")
    thick_height: float = _of(0.9, "kpc", "Bland-Hawthorn & Gerhard 2016")
    young_share: float = _of(0.20, "of the local thin disc, by number formed", "tuned")
    young_limit: float = _of(1.5, "Gyr", "assumed")
    thick_share: float = _of(0.08, "of the local thin disc", "assumed (published: 0.04 to 0.12)")
    halo_share: float = _of(0.004, "of the local thin disc", "assumed")
    halo_slope: float = _of(-2.8, "power of radius", "assumed (published: -2.5 to -3.5)")
    bulge_share: float = _of(36.0, "central density / local thin disc", "tuned")
    bar_angle: float = _of(27.0, "deg", "Wegg & Gerhard 2013")
    bar_scales: tuple = _of((1.5, 0.62, 0.43), "kpc", "Dwek+1995, rounded")
    metallicity_local: float = _of(-0.05, "dex", "assumed")
    metallicity_slope: float = _of(-0.06, "dex/kpc", "assumed, as APOGEE finds")
    # dust, in units of the Green+2020 reddening (about E(B-V))
    dust_local: float = _of(0.24, "mag/kpc", "tuned")
    dust_length: float = _of(4.2, "kpc", "assumed")
    dust_height: float = _of(0.10, "kpc", "Marshall+2006, rounded")
    dust_clumps: float = _of(0.9, "sigma of ln density on 6 deg", "tuned")
    dust_scatter: float = _of(0.10, "relative, star to star", "assumed")
    extinction_w1: float = _of(2.45 / 16, "A/E(B-V)", "A_G/A_W1 = 16 (networks say 45 by gauge)")
    extinction_w2: float = _of(0.11, "A/E(B-V)", "assumed (networks say 0 by gauge)")
    # stars
    cn_amplitude: float = _of(1.0, "of the physical imprint", "Lucey+2020 figure 1")
    cn_scatter: float = _of(0.12, "dex", "assumed")
    cn_dredge_up: float = _of(0.35, "dex/Msun", "assumed, after Martig+2016")
    sed_scatter: float = _of(0.006, "mag per band", "assumed")
    clump_shift: float = _of(0.0, "K added to core-helium stars", "PARSEC as it is")
    binary_share: float = _of(0.06, "of stars", "tuned")
    fast_share: float = _of(1e-3, "of dwarfs", "assumed: they test the epochs, not physics")
    fast_range: tuple = _of((200.0, 3000.0), "mas/yr", "assumed")
    # noise
    noise_scale: float = _of(1.0, "of PHOTOMETRIC_NOISE", "-")
    variable_share: float = _of(0.003, "of stars, G error several times larger", "assumed")
    error_spread: float = _of(0.12, "sigma of ln error", "assumed")
    parallax_scale: float = _of(1.3, "of the pre-launch error", "tuned to Gaia DR2")
    parallax_floor: float = _of(0.025, "mas", "tuned to Gaia DR2")
    parallax_zero: float = _of(-0.040, "mas", "between Lindegren+2018 and Zinn+2019")
    parallax_zero_wave: float = _of(0.008, "mas, over the sky", "assumed")
    parallax_zero_slope: float = _of(-0.004, "mas/mag from G = 15", "assumed")
    motion_error: float = _of(1.7, "mas/yr per mas of parallax error", "assumed")
    # what Gaia lists here
    declination_min: float = _of(-33.0, "deg", "a little beyond Pan-STARRS1")
    g_limit: float = _of(20.5, "mag", "assumed")
    ks_limit: float = _of(15.05, "mag", "a little beyond twomass_limit")
    ps1_g_limit: float = _of(21.5, "mag", "assumed")
    bright_margin: float = _of(0.5, "mag above ps1_brightest", "assumed")
    # the other surveys
    twomass_limit: float = _of(14.9, "mag in Ks", "tuned")
    allwise_limit: float = _of(17.1, "mag in W1", "Cutri+2013")
    limit_width: float = _of(0.03, "mag, logistic", "assumed")
    ps1_declination_min: float = _of(-30.0, "deg", "Chambers+2016")
    ps1_brightest: tuple = _of((12.4, 12.4, 12.4, 12.0, 11.0), "mag", "Green+2020 sample")
    ps1_saturation: tuple = _of((13.6, 1.2, 0.020), "mag: onset, range, scatter", "tuned")
    lost_share: float = _of(0.01, "of stars, each survey", "assumed")
    lost_share_plane: float = _of(0.03, "of stars at b = 0, more", "assumed: crowding")
    extra_share: float = _of(0.03, "of a survey's sources", "assumed: fainter than Gaia's limit")
    ghost_share: float = _of(0.01, "of a survey's sources", "assumed: artefacts beside stars")
    missing_band: float = _of(0.004, "of sources, each band", "assumed")
    twomass_noise: float = _of(0.08, "arcsec", "Skrutskie+2006")
    allwise_noise: float = _of(0.06, "arcsec", "Cutri+2013")
    panstarrs1_noise: float = _of(0.02, "arcsec", "Magnier+2020")
    lamost_noise: float = _of(0.05, "arcsec", "assumed")
    twomass_epochs: tuple = _of((1997.44, 2001.12), "Julian years", "Skrutskie+2006")
    allwise_epochs: tuple = _of((2010.03, 2010.60), "Julian years", "Cutri+2013")
    panstarrs1_epochs: tuple = _of((2010.5, 2014.2), "Julian years", "Chambers+2016")
    # spectra
    lamost_share: float = _of(1.0, "chance of a star of r = 13", "tuned")
    lamost_faint: float = _of(0.30, "dex/mag from r = 13", "tuned")
    lamost_range: tuple = _of((12.0, 17.9), "mag in r", "LAMOST DR3")
    lamost_declination_min: float = _of(-10.0, "deg", "LAMOST DR3")
    lamost_snr: float = _of(75.0, "per pixel at r = 14", "tuned")
    lamost_snr_slope: float = _of(-0.40, "ln/mag", "tuned")
    lamost_snr_spread: float = _of(0.55, "sigma of ln", "tuned")
    teff_noise: tuple = _of((50.0, 80.0), "K: floor, at S/N 30", "tuned to LAMOST DR3")
    logg_noise: tuple = _of((0.09, 0.15), "dex: floor, at S/N 30", "tuned to LAMOST DR3")
    feh_noise: tuple = _of((0.05, 0.10), "dex: floor, at S/N 30", "tuned to LAMOST DR3")
    # asteroseismology and its labels
    clump_delta_p: float = _of(272.0, "s, zero-age red clump", "tuned to Vrard+2016")
    hull_logg: tuple = _of((2.0, 3.1), "dex", "assumed, after Ting+2018")
    hull_teff: tuple = _of((4300.0, 5300.0), "K", "assumed, after Ting+2018")
    hull_feh: float = _of(-0.9, "dex, at least", "assumed, after Ting+2018")
    delta_p_noise: tuple = _of((25.0, 45.0), "s: floor, at S/N 30", "tuned to Ting+2018")
    delta_nu_noise: tuple = _of((0.08, 0.16), "relative: floor, at S/N 30", "tuned to Ting+2018")
    delta_nu_floor: float = _of(0.25, "uHz", "tuned to Ting+2018")
    swapped_labels: float = _of(0.015, "of labels at S/N 75", "Ting+2018: 3 % contamination")


#: Error model of a magnitude m: hypot(floor, reference 10^(slope (m - at))) [mag, mag, mag, 1/mag],
#: set so that the medians are those of Lucey+2020 section 2.2 (and include its 1.8 mmag in G).
PHOTOMETRIC_NOISE = np.array(
    [
        # floor   reference  at  slope
        (0.0018, 0.0010, 18.0, 0.25),
        (0.0030, 0.0100, 16.6, 0.33),
        (0.0030, 0.0100, 15.3, 0.33),
        (0.0060, 0.0070, 17.8, 0.28),
        (0.0055, 0.0050, 17.6, 0.28),
        (0.0070, 0.0060, 17.4, 0.28),
        (0.0085, 0.0070, 17.0, 0.28),
        (0.0090, 0.0080, 16.2, 0.28),
        (0.0230, 0.0150, 14.0, 0.32),
        (0.0230, 0.0180, 13.3, 0.32),
        (0.0210, 0.0180, 13.0, 0.32),
        (0.0235, 0.0130, 14.0, 0.30),
        (0.0225, 0.0150, 13.6, 0.34),
    ],
    np.float32,
)

#: Change of the 13 magnitudes [mag] when [C/N] falls by CN_REFERENCE [dex]: signs from the text of
#: Lucey+2020, sizes read off its figure 1 (about the photometric errors).
CN_REFERENCE = 0.79
CN_RESPONSE = np.array(
    [.0010, .0010, .0025, .0040, .0, .0030, .0060, .0110, .0110, .0040, -.0080, -.0010, -.0240],
    np.float32,
)  # fmt: skip

COMPONENTS = ("thin_young", "thin_old", "thick", "bulge", "halo")
#: Mean and scatter of [Fe/H] [dex]; None: the disc's gradient (assumed).
COMPONENT_METALLICITY = ((None, 0.13), (None, 0.20), (-0.50, 0.25), (-0.05, 0.38), (-1.4, 0.45))
#: Velocity dispersions (radial, along rotation, vertical) and mean rotation [km/s] (assumed,
#: near those of Bland-Hawthorn & Gerhard 2016; the bulge as a slow rotator).
COMPONENT_MOTION = np.array(
    [
        (20, 15, 10, 228),
        (38, 26, 20, 215),
        (65, 50, 42, 175),
        (110, 90, 85, 60),
        (140, 85, 85, 10),
    ],
    np.float32,
)
#: Rotation at the Sun's place (assumed) and the Sun's own (U, V, W) (Schoenrich+2010) [km/s].
CIRCULAR_SPEED = 232.24
SOLAR_MOTION = (11.1, 12.24, 7.25)
