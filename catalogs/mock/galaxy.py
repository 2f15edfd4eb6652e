"""The Galaxy on a grid of sky cells and distance moduli: densities, dust and motions."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import gaussian_filter

from .parameters import CIRCULAR_SPEED, COMPONENT_METALLICITY, COMPONENT_MOTION, SOLAR_MOTION, Parameters
from .sphere import to_equatorial

N_LON, N_LAT = 120, 60
LON_EDGES = np.linspace(0, 360, N_LON + 1)
#: Narrow near the plane: 0.9 deg at b = 0, 9 deg at the poles.
LAT_EDGES = 90 * np.sinh(3.2 * np.linspace(-1, 1, N_LAT + 1)) / np.sinh(3.2)
MODULUS_STEP = 0.25
MODULUS_EDGES = np.arange(4.0, 18.51, MODULUS_STEP)
N_MODULUS = len(MODULUS_EDGES) - 1
DISC_ZONES = ((0.0, 5.0), (5.0, 7.0), (7.0, 9.0), (9.0, 11.0), (11.0, 14.0))
QUANTILES = 8192
KM_S_PER_MAS_KPC = 4.74047


def distance_kpc(modulus: np.ndarray) -> np.ndarray:
    return 10 ** (modulus / 5 - 2)


@dataclass(frozen=True)
class Population:
    """Stars of one origin: a component, in the disc one zone of radius.

    Attributes
    ----------
    component : int
        Index into `parameters.COMPONENTS`.
    metallicity, scatter : float
        [Fe/H] [dex]; for the old disc at 4 Gyr.
    """

    component: int
    metallicity: float
    scatter: float


def galactocentric(lon, lat, distance, p: Parameters) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (from the centre to the Sun), Y (along rotation), Z [kpc] at l, b [deg], distance [kpc]."""
    lon, lat = np.radians(lon), np.radians(lat)
    flat = distance * np.cos(lat)
    return (
        p.sun_radius - flat * np.cos(lon),
        flat * np.sin(lon),
        distance * np.sin(lat) + p.sun_height,
    )


class Galaxy:
    """Counts of stars and reddening on the grid, and draws from them.

    Parameters
    ----------
    parameters : Parameters
    rng : numpy.random.Generator
        Makes the clumps of the dust.
    """

    def __init__(self, parameters: Parameters, rng: np.random.Generator):
        self.parameters = parameters
        lon = (LON_EDGES[1:] + LON_EDGES[:-1]) / 2
        lat = (LAT_EDGES[1:] + LAT_EDGES[:-1]) / 2
        distance = distance_kpc((MODULUS_EDGES[1:] + MODULUS_EDGES[:-1]) / 2)
        lon, lat, distance = np.meshgrid(lon, lat, distance, indexing="ij")
        x, y, z = galactocentric(lon, lat, distance, parameters)
        self.populations, densities = self._populations(x, y, z)

        volume = distance**3 * np.cos(np.radians(lat)) * np.diff(LAT_EDGES)[:, None]
        inside = to_equatorial(lon, lat)[1] > parameters.declination_min - 5
        self._count(np.stack([density * volume * inside for density in densities]))
        self.reddening = self._redden(np.hypot(x, y), z, rng)

    def _populations(self, x, y, z) -> tuple[list[Population], list[np.ndarray]]:
        """Populations and their densities, in units of the thin disc's at the Sun."""
        p = self.parameters
        radius, height = np.hypot(x, y), np.abs(z)
        outwards = radius - p.sun_radius
        hole = 1 - 0.9 * np.exp(-((radius / 2) ** 2))
        thin = {
            0: p.young_share * np.exp(-outwards / p.thin_length - height / p.thin_height_young),
            1: (1 - p.young_share) * np.exp(-outwards / p.thin_length - height / p.thin_height_old),
        }
        populations, densities = [], []
        for component, density in thin.items():
            for inner, outer in DISC_ZONES:
                middle = np.clip((inner + outer) / 2, 4.0, 13.0)
                metallicity = p.metallicity_local + p.metallicity_slope * (middle - p.sun_radius)
                scatter = COMPONENT_METALLICITY[component][1]
                populations.append(Population(component, metallicity, scatter))
                beyond = outer if outer < DISC_ZONES[-1][1] else np.inf
                densities.append(density * hole * ((radius >= inner) & (radius < beyond)))
        others = (
            p.thick_share * np.exp(-outwards / p.thick_length - height / p.thick_height),
            p.bulge_share * np.exp(-self._bar(x, y, z) / 2),
            p.halo_share * (np.sqrt(radius**2 + (z / 0.7) ** 2 + 1) / p.sun_radius) ** p.halo_slope,
        )
        for component, density in enumerate(others, start=2):
            populations.append(Population(component, *COMPONENT_METALLICITY[component]))
            densities.append(density)
        return populations, densities

    def _bar(self, x, y, z) -> np.ndarray:
        """Radius in the boxy bar, in units of its scales (Dwek+1995, model G2)."""
        p = self.parameters
        angle, scales = np.radians(p.bar_angle), p.bar_scales
        along = (x * np.cos(angle) + y * np.sin(angle)) / scales[0]
        across = (y * np.cos(angle) - x * np.sin(angle)) / scales[1]
        return np.sqrt((along**2 + across**2) ** 2 + (z / scales[2]) ** 4)

    def _count(self, counts: np.ndarray) -> None:
        """Cumulative counts along distance modulus and, in each shell, quantiles of sky cells."""
        n = len(counts)
        cells = counts.transpose(0, 3, 1, 2).reshape(n, N_MODULUS, N_LON * N_LAT)
        self.cumulative = np.concatenate([np.zeros((n, 1)), cells.sum(2).cumsum(1)], axis=1)
        self.cell_quantiles = np.zeros((n, N_MODULUS, QUANTILES), np.int16)
        levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
        for i, shells in enumerate(cells):
            for j, shell in enumerate(shells):
                upto = shell.cumsum()
                if upto[-1] > 0:
                    self.cell_quantiles[i, j] = np.searchsorted(upto, levels * upto[-1])

    @cached_property
    def _search_keys(self) -> np.ndarray:
        """One ascending array: population number + share of its stars nearer than each edge."""
        share = self.cumulative / self.cumulative[:, -1:]
        return (share + np.arange(len(share))[:, None]).ravel()

    def _redden(self, radius, z, rng) -> np.ndarray:
        """Reddening [cell, modulus edge] of clumpy dust, integrated outwards along each cell."""
        p = self.parameters
        field = gaussian_filter(rng.standard_normal(radius.shape), (1.2, 1.2, 1.0), mode="wrap")
        clumps = np.exp(p.dust_clumps * field / field.std() - p.dust_clumps**2 / 2)
        disc = np.exp(-(radius - p.sun_radius) / p.dust_length - np.abs(z) / p.dust_height)
        density = p.dust_local * disc * clumps * np.minimum(radius / 3, 1)
        edges = distance_kpc(MODULUS_EDGES)
        nearest = 0.2 * p.dust_local * edges[0]
        beyond = nearest + np.cumsum(density * np.diff(edges), axis=2)
        first = np.full((N_LON, N_LAT, 1), nearest)
        total = np.concatenate([first, beyond], axis=2)
        return total.reshape(N_LON * N_LAT, -1).astype(np.float32)

    def count_nearer(self, population, modulus) -> np.ndarray:
        """Stars of a population (per star formed) nearer than a distance modulus."""
        step = (modulus - MODULUS_EDGES[0]) / MODULUS_STEP
        shell = np.clip(step.astype(np.int32), 0, N_MODULUS - 1)
        low = self.cumulative[population, shell]
        return low + np.clip(step - shell, 0, 1) * (self.cumulative[population, shell + 1] - low)

    def draw_places(self, population, nearest, farthest, rng) -> tuple[np.ndarray, ...]:
        """Distance modulus between the limits of each star, cell, and reddening there.

        Returns
        -------
        modulus, cell, reddening : float32, int32, float32 arrays [star]
        """
        low = self.count_nearer(population, nearest)
        high = self.count_nearer(population, farthest)
        wanted = low + rng.random(len(low)) * (high - low)
        width = N_MODULUS + 1
        share = wanted / self.cumulative[population, -1] + population
        edge = np.searchsorted(self._search_keys, share, side="right") - 1
        shell = np.clip(edge - population * width, 0, N_MODULUS - 1)
        first = self.cumulative[population, shell]
        span = np.maximum(self.cumulative[population, shell + 1] - first, 1e-30)
        within = np.clip((wanted - first) / span, 0, 1).astype(np.float32)
        modulus = (MODULUS_EDGES[0] + MODULUS_STEP * (shell + within)).astype(np.float32)

        quantile = (rng.random(len(low)) * QUANTILES).astype(np.int32)
        cell = self.cell_quantiles[population, shell, quantile].astype(np.int32)
        reddening = self.reddening[cell, shell] * (1 - within)
        reddening += self.reddening[cell, shell + 1] * within
        spread = self.parameters.dust_scatter * rng.standard_normal(len(low), np.float32)
        return modulus, cell, reddening * np.exp(spread)

    def motions(self, component, lon, lat, distance, rng) -> tuple[np.ndarray, np.ndarray]:
        """Proper motions along l (with cos b) and b [mas/yr] of stars at l, b [deg], d [kpc]."""
        kinds = COMPONENT_MOTION[component]
        radial, along, vertical = (kinds[:, i] * rng.standard_normal(len(lon), np.float32) for i in range(3))
        along = along + kinds[:, 3]
        x, y, _ = galactocentric(lon, lat, distance, self.parameters)
        radius = np.maximum(np.hypot(x, y), 1e-3)
        u = (along * y - radial * x) / radius - SOLAR_MOTION[0]
        v = (radial * y + along * x) / radius - CIRCULAR_SPEED - SOLAR_MOTION[1]
        w = vertical - SOLAR_MOTION[2]
        lon, lat = np.radians(lon), np.radians(lat)
        outwards = u * np.cos(lon) + v * np.sin(lon)
        scale = KM_S_PER_MAS_KPC * distance
        pm_lon = (v * np.cos(lon) - u * np.sin(lon)) / scale
        return pm_lon, (w * np.cos(lat) - outwards * np.sin(lat)) / scale


def draw_in_cells(cell: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Galactic l, b [deg], uniform on the sphere inside each star's cell."""
    i, j = np.divmod(cell, N_LAT)
    lon = LON_EDGES[i] + rng.random(len(cell)) * (LON_EDGES[1] - LON_EDGES[0])
    sines = np.sin(np.radians(LAT_EDGES))
    sine = sines[j] + rng.random(len(cell)) * (sines[j + 1] - sines[j])
    return lon, np.degrees(np.arcsin(np.clip(sine, -1, 1)))
