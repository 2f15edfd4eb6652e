"""The loop of `hull.py`, compiled. Imported only when a hull is used: numba takes a second to load."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def largest_gauge(
    x: np.ndarray, gauge: np.ndarray, pointer: np.ndarray, neighbour: np.ndarray, start: np.ndarray, limit: float
) -> np.ndarray:
    """For each point x [rows, dimensions] the largest of gauge @ x, or the first found above `limit`.

    Climbs from the best of the `start` facets to the best neighbour until none is better. The facets are the vertices
    of the dual polytope, on which a linear function has no local maximum but the global one.
    """
    n, dimensions = x.shape
    out = np.empty(n)
    for i in range(n):
        facet, best = 0, -np.inf
        for s in start:
            value = 0.0
            for k in range(dimensions):
                value += gauge[s, k] * x[i, k]
            if value > best:
                best, facet = value, s
        climbing = best <= limit
        while climbing:
            following, highest = -1, best
            for e in range(pointer[facet], pointer[facet + 1]):
                value = 0.0
                for k in range(dimensions):
                    value += gauge[neighbour[e], k] * x[i, k]
                if value > highest:
                    highest, following = value, neighbour[e]
            climbing = following >= 0 and highest <= limit
            best = highest
            if following >= 0:
                facet = following
        out[i] = best
    return out
