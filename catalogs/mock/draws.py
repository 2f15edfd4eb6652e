"""Stars of the mock sky as they are: drawn from the library and the Galaxy, not yet observed."""

from dataclasses import dataclass, fields

import numpy as np

from ...errors import UserError
from .galaxy import MODULUS_EDGES, Galaxy, Population, distance_kpc, draw_in_cells
from .parameters import CN_REFERENCE, CN_RESPONSE, KS, PS1, PS1_G, PS1_Y, G, Parameters
from .sphere import motion_to_equatorial, to_equatorial
from .stars import StarLibrary
from .tracks import CORE_HELIUM, EARLY_AGB, LOG_TE, LOGG, MAIN_SEQUENCE, MASS_CURRENT, MASS_INITIAL, NODES

GUIDE = 1 << 20
#: Extinction may take a star this far below the bright limit of Pan-STARRS1 [mag].
RESCUE = 6.0
LIMIT_MARGIN = 0.1
DWARF_LOGG = 3.8
SEGMENTS_OF_PHASE = np.array(NODES, np.float32) - 1


@dataclass
class TrueStars:
    """True properties, one row a star; `magnitudes` are apparent and reddened, without noise.

    Positions are at epoch 2015.5 [deg], proper motions [mas/yr] along ra with cos dec.
    """

    number: np.ndarray  # int64, unique in the sky
    ra: np.ndarray
    dec: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    pmra: np.ndarray
    pmdec: np.ndarray
    distance_kpc: np.ndarray
    ebv: np.ndarray
    magnitudes: np.ndarray  # float32 [star, band]
    teff_k: np.ndarray
    logg: np.ndarray
    feh: np.ndarray
    mass_msun: np.ndarray
    log_age: np.ndarray
    phase: np.ndarray
    component: np.ndarray
    delta_nu_uhz: np.ndarray
    delta_p_s: np.ndarray
    is_binary: np.ndarray

    def __len__(self) -> int:
        return len(self.ra)

    def __getitem__(self, rows) -> "TrueStars":
        return TrueStars(*(getattr(self, column.name)[rows] for column in fields(self)))


class Drawer:
    """Draws stars that Gaia can list, each inside its own range of distance.

    A draw is a pair of segment and population, weighted by the stars born there times the share
    of the Galaxy in which they are bright enough; so almost no invisible star is ever made.
    """

    def __init__(self, library: StarLibrary, galaxy: Galaxy, parameters: Parameters):
        self.library, self.galaxy, self.parameters = library, galaxy, parameters
        self.component = np.array([q.component for q in galaxy.populations])
        self.nearest, self.farthest = self._visible_range()
        weights, segments, populations = [], [], []
        for number, population in enumerate(galaxy.populations):
            weight = self._weights(number, population)
            found = np.flatnonzero(weight > 0)
            weights.append(weight[found])
            segments.append(found.astype(np.int32))
            populations.append(np.full(len(found), number, np.int16))
        upto = np.concatenate(weights).cumsum()
        if len(upto) == 0:
            raise UserError("no star of these isochrones can be seen; are its ages and [M/H] real?")
        self._upto = upto / upto[-1]
        self._segment, self._population = np.concatenate(segments), np.concatenate(populations)
        self._guide = np.searchsorted(self._upto, np.arange(GUIDE) / GUIDE).astype(np.int32)

    def _visible_range(self) -> tuple[np.ndarray, np.ndarray]:
        """Nearest and farthest distance modulus [segment] at which Gaia lists the star."""
        p, middle = self.parameters, self.library.middle
        limits = np.minimum(p.ks_limit - middle(KS), p.g_limit - middle(G)) + LIMIT_MARGIN
        farthest = np.minimum(limits, MODULUS_EDGES[-1] - 1e-3)
        saturated = [
            brightest - p.bright_margin - middle(band)
            for brightest, band in zip(p.ps1_brightest, range(PS1.start, PS1.stop), strict=True)
        ]
        nearest = np.maximum(np.max(saturated, axis=0) - RESCUE, MODULUS_EDGES[0])
        return np.minimum(nearest, farthest).astype(np.float32), farthest.astype(np.float32)

    def _weights(self, number: int, population: Population) -> np.ndarray:
        """Expected number [segment] of listed stars of one population."""
        library, galaxy = self.library, self.galaxy
        age = 10 ** (library.log_age.astype(np.float64) - 9)
        forming = self._star_formation(population.component, age)
        mean = population.metallicity - 0.012 * (age - 4) * (population.component == 1)
        offset = (library.metallicity - mean) / population.scatter
        born = forming * np.exp(-(offset**2) / 2) * library.born
        seen = galaxy.count_nearer(number, self.farthest) - galaxy.count_nearer(number, self.nearest)
        return np.where(library.usable, born / max(born.sum(), 1e-300) * seen, 0.0)

    def _star_formation(self, component: int, age: np.ndarray) -> np.ndarray:
        """Relative star-formation rate at ages [Gyr]: bursts, and a slow decline of the disc."""
        young = self.parameters.young_limit
        rates = (
            age < young,
            np.where((age >= young) & (age < 10.2), np.exp((age - 10) / 12), 0),
            age > 8.5,
            age > 7.5,
            age > 9.5,
        )
        return np.asarray(rates[component], np.float64)

    def draw(self, rng: np.random.Generator, first_number: int, candidates: int) -> TrueStars:
        """The stars among `candidates` draws that Gaia lists, numbered from `first_number`."""
        p, library, galaxy = self.parameters, self.library, self.galaxy
        segment, population = self._pairs(rng.random(candidates))
        modulus, cell, ebv = galaxy.draw_places(population, self.nearest[segment], self.farthest[segment], rng)
        start = library.start[segment]
        along = rng.random(candidates, np.float32)
        kept = np.flatnonzero(self._is_listed(start, along, modulus, ebv))
        lon, lat = draw_in_cells(cell[kept], rng)
        ra, dec = to_equatorial(lon, lat)
        inside = dec > p.declination_min
        kept, lon, lat, ra, dec = kept[inside], lon[inside], lat[inside], ra[inside], dec[inside]

        segment, start, along = segment[kept], start[kept], along[kept]
        component = self.component[population[kept]]
        distance = distance_kpc(modulus[kept].astype(np.float64))
        labels = _between(library.labels, start, along)
        phase = library.phase[segment]
        teff, mass = 10 ** labels[:, LOG_TE], labels[:, MASS_CURRENT]
        feh = library.metallicity[segment] + 0.05 * (rng.random(len(kept), np.float32) - 0.5)
        magnitudes = _between(library.magnitudes, start, along)
        magnitudes += self._carbon_nitrogen(start, labels, teff, feh, rng)
        magnitudes += p.sed_scatter * rng.standard_normal(magnitudes.shape, np.float32)
        is_binary = self._add_companions(magnitudes, segment, labels[:, MASS_INITIAL], rng)
        magnitudes += modulus[kept, None] + library.extinctions[start] * ebv[kept, None]
        pmra, pmdec = self._motions(component, lon, lat, ra, dec, distance, labels, rng)
        delta_nu = delta_nu_uhz(mass, labels[:, LOGG])
        progress = (library.place[segment] + along) / SEGMENTS_OF_PHASE[phase]
        return TrueStars(
            number=first_number + kept,
            ra=ra,
            dec=dec,
            lon=lon,
            lat=lat,
            pmra=pmra,
            pmdec=pmdec,
            distance_kpc=distance,
            ebv=ebv[kept],
            magnitudes=magnitudes,
            teff_k=teff,
            logg=labels[:, LOGG],
            feh=feh,
            mass_msun=mass,
            log_age=library.log_age[segment],
            phase=phase,
            component=component,
            delta_nu_uhz=delta_nu,
            delta_p_s=self._period_spacing(phase, mass, feh, progress, delta_nu, rng),
            is_binary=is_binary,
        )

    def _pairs(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Segments and populations at quantiles `u`: a guide table, two steps, else bisection."""
        last = len(self._upto) - 1
        pair = self._guide[(u * GUIDE).astype(np.int32)]
        for _ in range(2):
            pair = np.minimum(pair + (self._upto[pair] < u), last)
        far = np.flatnonzero(self._upto[pair] < u)
        pair[far] = np.minimum(np.searchsorted(self._upto, u[far]), last)
        return self._segment[pair], self._population[pair]

    def _is_listed(self, start, along, modulus, ebv) -> np.ndarray:
        """Whether stars are inside the magnitude limits of the sky."""
        p, library = self.parameters, self.library

        def apparent(band: int) -> np.ndarray:
            low, high = library.magnitudes[start, band], library.magnitudes[start + 1, band]
            return low + (high - low) * along + modulus + library.extinctions[start, band] * ebv

        g, y = apparent(PS1_G), apparent(PS1_Y)
        return (
            (apparent(KS) < p.ks_limit)
            & (apparent(G) < p.g_limit)
            & (g < p.ps1_g_limit)
            & (g > p.ps1_brightest[0] - p.bright_margin)
            & (y > p.ps1_brightest[-1] - p.bright_margin)
        )

    def _carbon_nitrogen(self, start, labels, teff, feh, rng) -> np.ndarray:
        """Change of magnitudes [star, band] by [C/N] of a giant against the mean giant."""
        p, mass = self.parameters, labels[:, MASS_CURRENT]
        giant = (labels[:, LOGG] < DWARF_LOGG) & (teff < 5800)
        poor, light = np.clip((0.15 - feh) / 0.85, 0, 1.2), np.clip((2 - mass) / 1.15, 0, 1)
        fall = self.library.mixing[start] * (0.30 + 0.65 * poor * light)
        fall += p.cn_dredge_up * (np.clip(mass, 0.8, 2.5) - 1.2)
        fall += p.cn_scatter * rng.standard_normal(len(start), np.float32)
        return np.where(giant, p.cn_amplitude / CN_REFERENCE * fall, 0)[:, None] * CN_RESPONSE

    def _add_companions(self, magnitudes, segment, mass_initial, rng) -> np.ndarray:
        """Brighten binaries in place by a dwarf of the same isochrone; says which they are."""
        library = self.library
        pair = np.flatnonzero(rng.random(len(segment), np.float32) < self.parameters.binary_share)
        steps = rng.integers(NODES[MAIN_SEQUENCE], size=len(pair))
        dwarf = library.first_dwarf[segment[pair]] + steps
        mass = library.labels[dwarf, MASS_INITIAL]
        lighter = (mass > 0) & (mass < mass_initial[pair])
        pair, dwarf = pair[lighter], dwarf[lighter]
        contrast = np.clip(magnitudes[pair] - library.magnitudes[dwarf], -8, 3)
        magnitudes[pair] -= 2.5 * np.log10(1 + 10 ** (0.4 * contrast))
        is_binary = np.zeros(len(segment), bool)
        is_binary[pair] = True
        return is_binary

    def _motions(self, component, lon, lat, ra, dec, distance, labels, rng):
        """Proper motions [mas/yr] in ra and dec; a few dwarfs get a large one of any direction."""
        p = self.parameters
        pm = self.galaxy.motions(component, lon, lat, distance, rng)
        pmra, pmdec = motion_to_equatorial(ra, dec, lon, lat, *pm)
        fast = np.flatnonzero((labels[:, LOGG] > DWARF_LOGG) & (rng.random(len(ra), np.float32) < p.fast_share))
        slowest, fastest = p.fast_range
        speed = slowest * (fastest / slowest) ** rng.random(len(fast))
        direction = 2 * np.pi * rng.random(len(fast))
        pmra[fast], pmdec[fast] = speed * np.sin(direction), speed * np.cos(direction)
        return pmra, pmdec

    def _period_spacing(self, phase, mass, feh, progress, delta_nu, rng) -> np.ndarray:
        """Delta P [s] of mixed modes: red and secondary clump, early AGB, else red giant branch."""
        clump = self.parameters.clump_delta_p + 60 * progress - 12 * (feh + 0.1)
        secondary = 170 + 60 * np.clip(mass - 2, 0, 1.5) + 90 * progress
        heavy = 1 / (1 + np.exp((1.9 - mass) / 0.06))
        helium = clump * (1 - heavy) + secondary * heavy
        agb = np.maximum(300 - 316 * progress, 70)
        branch = np.clip(58 + 2 * delta_nu, 50, 115)
        spacing = np.where(phase == CORE_HELIUM, helium, np.where(phase == EARLY_AGB, agb, branch))
        return spacing * (1 + 0.04 * rng.standard_normal(len(mass), np.float32))


def _between(table: np.ndarray, start: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Rows [star, column] of a node table, `along` of the way from `start` to the next node."""
    low = table[start]
    return low + (table[start + 1] - low) * along[:, None]


def delta_nu_uhz(mass: np.ndarray, logg: np.ndarray) -> np.ndarray:
    """Large separation [uHz] scaled from the Sun's 135.1: the root of the mean density."""
    return 135.1 * mass**-0.25 * 10 ** (0.75 * (logg - 4.438))
