"""Whether a star lies inside the convex hull of the training stars: exact, in any number of dimensions.

A point x is inside if, for every facet, gauge @ (x - centre) <= 1, where gauge is the facet's outward normal over its
distance from an interior centre. The largest of these is found by climbing from facet to facet, not by trying them all.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import UserError
from .cache import arrays_once
from .names import NAME

ON_THE_BOUNDARY = 1 + 1e-9
SAME_PLANE = 1e-9
MIN_RELATIVE_WIDTH = 1e-7
STARTS = 32
MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class Facets:
    """The facets of a hull in whitened coordinates u = matrix @ (x - centre).

    gauge [facets, dimensions]; neighbours of facet i are neighbour[pointer[i]:pointer[i + 1]]; start [few] are the
    facets that a climb begins from.
    """

    centre: np.ndarray
    matrix: np.ndarray
    gauge: np.ndarray
    pointer: np.ndarray
    neighbour: np.ndarray
    start: np.ndarray


@dataclass(frozen=True)
class Hull:
    """The convex hull of `corners` [points, dimensions], whose columns are `names`."""

    names: tuple[str, ...]
    corners: np.ndarray

    @cached_property
    def facets(self) -> Facets:
        """Found when first asked for: there are sixty times as many as corners, and they take Qhull a second."""
        content = self.corners.tobytes() + " ".join(self.names).encode()
        found = arrays_once(content, (Path(__file__),), lambda: asdict(_facets(self.corners, self.names)))
        return Facets(**found)

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which points lie inside or on the boundary: x [dimensions, rows] in float64 -> bool [rows]."""
        from .hull_kernel import largest_gauge

        f = self.facets
        u = np.ascontiguousarray((f.matrix @ (x - f.centre[:, None])).T)
        value = largest_gauge(u, f.gauge, f.pointer, f.neighbour, f.start, ON_THE_BOUNDARY)
        return np.asarray(value <= ON_THE_BOUNDARY)


def make_hull(points: np.ndarray, names: Sequence[str]) -> Hull:
    """The hull of points [rows, dimensions], whose columns are `names`.

    Raises
    ------
    UserError
        If there are too few points, one is not finite, or they fill no volume.
    """
    points = np.asarray(points, np.float64)
    n, d = points.shape
    if n <= d:
        raise UserError(f"convex hull: {n} points in {d} dimensions; at least {d + 1} are needed")
    for name, column in zip(names, points.T, strict=True):
        if not np.isfinite(column).all():
            raise UserError(f"convex hull: column {name} holds NaN or infinity; leave those rows out")
    centre, matrix = _whitening(points, names)
    return Hull(tuple(names), points[_corners((points - centre) @ matrix.T, names)])


def write_hull(path: Path, points: np.ndarray, names: Sequence[str]) -> Hull:
    """Make the hull of points [rows, dimensions] and store its corners, as `<model>_hull.npz` beside the model."""
    hull = make_hull(points, names)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        np.savez_compressed(file, names=np.array(hull.names), corners=hull.corners)
    temporary.replace(path)
    return hull


def read_hull(path: Path) -> Hull:
    """Read a stored hull.

    Raises
    ------
    UserError
        If the file is truncated or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > MOST_BYTES:
            raise ValueError(f"it unpacks to {size:,} bytes")
        with np.load(path, allow_pickle=False) as file:
            names, corners = tuple(str(name) for name in file["names"]), file["corners"]
    except Exception as error:  # of NumPy, zipfile, its decompressors and Python's tokenizer
        raise UserError(f"truncated or no convex hull ({error!s:.200}); train the model again", file=path) from None
    named = all(NAME.fullmatch(name) for name in (*names, path.stem))
    shaped = corners.ndim == 2 and corners.shape[1] == len(names) < len(corners)
    if not (named and shaped and corners.dtype == np.float64 and np.isfinite(corners).all()):
        raise UserError("no sound convex hull; train the model again", file=path)
    return Hull(names, corners)


def _whitening(points: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Centre [d] and matrix [d, d] after which the points have unit covariance."""
    centre, spread = points.mean(axis=0), points.std(axis=0)
    for name, width, column in zip(names, spread, points.T, strict=True):
        if width <= MIN_RELATIVE_WIDTH * np.abs(column).max():
            raise UserError(f"convex hull: column {name} has one value, {column[0]:g}; leave it out")
    variances, axes = np.linalg.eigh(np.cov((points - centre) / spread, rowvar=False).reshape(len(names), -1))
    if variances[0] < MIN_RELATIVE_WIDTH**2 * variances[-1]:
        tied = [name for name, weight in zip(names, axes[:, 0], strict=True) if abs(weight) > 0.1]
        raise UserError(f"convex hull: {', '.join(tied)} depend on each other; leave one of them out")
    return centre, (axes / np.sqrt(variances)).T / spread


def _corners(u: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Which of the points u [rows, d] are corners of their hull: indices."""
    if u.shape[1] == 1:
        return np.array([u.argmin(), u.argmax()])
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.sort(ConvexHull(u).vertices)
    except QhullError as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"convex hull of {', '.join(names)}: the points fill no volume ({reason})") from None


def _facets(corners: np.ndarray, names: Sequence[str]) -> Facets:
    centre, matrix = _whitening(corners, names)
    gauge, edges, inner = _gauges((corners - centre) @ matrix.T)
    pointer = np.searchsorted(edges[:, 0], np.arange(len(gauge) + 1)).astype(np.int32)
    directions = np.random.default_rng(0).standard_normal((STARTS, len(names)))
    start = np.unique(np.argmax(directions @ gauge.T, axis=1)).astype(np.int32)
    inner = centre + np.linalg.solve(matrix, inner)
    return Facets(inner, matrix, np.ascontiguousarray(gauge), pointer, edges[:, 1].astype(np.int32), start)


def _gauges(u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauges [facets, d], sorted pairs of neighbours [edges, 2], and the interior point [d] that gauges start from."""
    d = u.shape[1]
    if d == 1:
        inner = np.array([(u.min() + u.max()) / 2])
        half = (u.max() - u.min()) / 2
        return np.array([[1 / half], [-1 / half]]), np.array([[0, 1], [1, 0]]), inner
    from scipy.spatial import ConvexHull

    hull = ConvexHull(u)
    inner = u.mean(axis=0)
    normal, offset = hull.equations[:, :d], hull.equations[:, d]
    gauge = normal / -(offset + normal @ inner)[:, None]
    left, right = np.repeat(np.arange(len(gauge)), d), hull.neighbors.ravel()
    plane = _planes(gauge, left, right)
    gauge = gauge[np.unique(plane, return_index=True)[1]]
    edges = np.unique(np.stack([plane[left], plane[right]], axis=1), axis=0)
    return gauge, edges[edges[:, 0] != edges[:, 1]], inner


def _planes(gauge: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The plane [facets] that each facet lies in: neighbours in one plane, as on a grid, would trap a climb."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = np.linalg.norm(gauge, axis=1)
    same = np.linalg.norm(gauge[left] - gauge[right], axis=1) < SAME_PLANE * (size[left] + size[right])
    pairs = coo_array((np.ones(same.sum()), (left[same], right[same])), shape=(len(gauge), len(gauge)))
    return np.asarray(connected_components(pairs, directed=False)[1])
