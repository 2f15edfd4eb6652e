"""Geometry on the sphere: rotation between frames, motion across the sky, names of positions."""

import numpy as np

#: ICRS to Galactic, as astropy has it (rows: Galactic axes in ICRS).
ICRS_TO_GALACTIC = np.array(
    [
        (-0.05487565771259168, -0.8734370519556163, -0.4838350736167155),
        (0.4941094371927275, -0.44482972122329517, 0.7469821839866676),
        (-0.8676661375596587, -0.19807633727300075, 0.4559838136873016),
    ]
)
MAS = np.pi / 180 / 3600e3


def unit_vectors(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Vectors [3, star] of longitudes and latitudes [deg]."""
    lon, lat = np.radians(lon), np.radians(lat)
    cos_lat = np.cos(lat)
    return np.stack([cos_lat * np.cos(lon), cos_lat * np.sin(lon), np.sin(lat)])


def angles(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes 0 to 360 and latitudes [deg] of vectors [3, star] of any length."""
    x, y, z = vectors
    lon = np.degrees(np.arctan2(y, x)) % 360
    return np.where(lon == 360, 0, lon), np.degrees(np.arctan2(z, np.hypot(x, y)))


def to_galactic(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Galactic l, b [deg] of ICRS positions [deg]."""
    return angles(np.tensordot(ICRS_TO_GALACTIC, unit_vectors(ra, dec), 1))


def to_equatorial(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ICRS ra, dec [deg] of Galactic positions [deg]."""
    return angles(np.tensordot(ICRS_TO_GALACTIC.T, unit_vectors(lon, lat), 1))


def frames(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors [3, star] outwards, to growing longitude and latitude, at positions [deg]."""
    lon, lat = np.radians(lon), np.radians(lat)
    sin_lon, cos_lon, sin_lat, cos_lat = np.sin(lon), np.cos(lon), np.sin(lat), np.cos(lat)
    return (
        np.stack([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]),
        np.stack([-sin_lon, cos_lon, np.zeros_like(lon)]),
        np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat]),
    )


def displace(ra, dec, east, north) -> tuple[np.ndarray, np.ndarray]:
    """Positions [deg] moved in the tangent plane by `east` and `north` [mas].

    A proper motion (pmra, pmdec) times years is such a step: motion along a straight line.
    """
    outwards, to_east, to_north = frames(ra, dec)
    return angles(outwards + MAS * (east * to_east + north * to_north))


def motion_to_equatorial(ra, dec, lon, lat, pm_lon, pm_lat) -> tuple[np.ndarray, np.ndarray]:
    """Proper motion along ra (with cos dec) and dec from that along l (with cos b) and b."""
    _, to_l, to_b = frames(lon, lat)
    motion = ICRS_TO_GALACTIC.T @ (pm_lon * to_l + pm_lat * to_b)
    _, to_east, to_north = frames(ra, dec)
    return (motion * to_east).sum(0), (motion * to_north).sum(0)
