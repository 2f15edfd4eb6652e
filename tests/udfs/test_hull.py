"""Membership in a convex hull against brute force over Qhull's own facets and against Delaunay's triangles."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql import UserError
from candlesql.udfs import functions, hull, model_files
from candlesql.udfs.functions import create_stored_macros, register_models
from candlesql.udfs.hull import make_hull, read_hull, write_hull
from scipy.spatial import ConvexHull, Delaunay

rng = np.random.default_rng(3)


def names(points: np.ndarray) -> list[str]:
    return [f"c{i}" for i in range(points.shape[1])]


def probes(points: np.ndarray, n: int = 4000) -> np.ndarray:
    """Points in, near and far outside the hull [n, d]."""
    width = points.std(axis=0)
    near = points[rng.integers(0, len(points), n // 2)] + 0.3 * width * rng.standard_normal((n // 2, len(width)))
    low, high = points.min(axis=0), points.max(axis=0)
    return np.concatenate([near, rng.uniform(low - width, high + width, (n - n // 2, len(width)))])


def brute_force(points: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each x is behind every facet, and how far it is from the nearest, in the points' own units."""
    equations = ConvexHull(points).equations
    height = np.concatenate(
        [(part @ equations[:, :-1].T + equations[:, -1]).max(axis=1) for part in np.array_split(x, 40)]
    )
    return height <= 0, np.abs(height)


CLOUDS = {
    "gaussian": rng.standard_normal((2000, 6)),
    "cube": rng.random((400, 6)),
    "six unequal, tied units": (rng.standard_normal((1000, 6)) @ rng.standard_normal((6, 6))) * [1e3, 1, 1e-2, 1, 1, 1]
    + [5000, 2, 0, 15, -8, 1],
    "grid of three values": rng.integers(0, 3, (2000, 4)).astype(float),
    "corners of a cube": np.stack(np.meshgrid(*[[0.0, 1.0]] * 5), axis=-1).reshape(-1, 5),
    "magnitudes to 0.1": np.round(rng.standard_normal((3000, 6)), 1),
    "plane": rng.standard_normal((500, 2)),
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_agrees_with_brute_force(cloud):
    points = CLOUDS[cloud]
    x = probes(points)
    inside, margin = brute_force(points, x)
    clear = margin > 1e-7 * np.abs(points).max()
    found = make_hull(points, names(points)).contains(x.T)
    np.testing.assert_array_equal(found[clear], inside[clear])
    assert 0.02 < inside.mean() < 0.98


@pytest.mark.parametrize("dimensions", [2, 3, 4])
def test_agrees_with_delaunay(dimensions):
    points = rng.standard_normal((300, dimensions)) ** 3
    x = probes(points)
    expected = Delaunay(points).find_simplex(x) >= 0
    np.testing.assert_array_equal(make_hull(points, names(points)).contains(x.T), expected)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_training_points_are_inside(cloud):
    points = CLOUDS[cloud]
    assert make_hull(points, names(points)).contains(points.T).all()


def test_one_dimension_is_a_range():
    hull = make_hull(np.array([[3.0], [1.0], [2.0]]), ["c"])
    x = np.array([0.999, 1, 1.7, 3, 3.001])
    assert hull.contains(x[None]).tolist() == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        (np.column_stack([rng.random((50, 2)), np.full(50, 7.0)]), "column c2 has one value, 7"),
        (rng.random((50, 2)) @ [[1, 0, 1], [0, 1, 1]], "c0, c1, c2 depend on each other"),
        (rng.random((3, 3)), "3 points in 3 dimensions; at least 4"),
        (np.where(np.eye(9, 2) > 0, np.nan, rng.random((9, 2))), "column c0 holds NaN"),
    ],
)
def test_points_without_a_volume_are_refused(points, complaint):
    with pytest.raises(UserError, match=complaint):
        make_hull(points, names(points))


def test_stored_and_read_again(tmp_path: Path):
    points = CLOUDS["gaussian"]
    made = write_hull(tmp_path / "red_clump_hull.npz", points, names(points))
    read = read_hull(tmp_path / "red_clump_hull.npz")
    x = probes(points, 500).T
    assert read.names == made.names
    np.testing.assert_array_equal(read.contains(x), made.contains(x))


def test_broken_files_are_refused_in_one_line(tmp_path: Path):
    path = tmp_path / "red_clump_hull.npz"
    write_hull(path, CLOUDS["plane"], ["a", "b"])
    whole = path.read_bytes()
    parts = dict(np.load(path))
    for content in (whole[: len(whole) // 2], b"", b"PK no zip"):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"red_clump_hull\.npz: .*train the model again") as caught:
            read_hull(path)
        assert "\n" not in str(caught.value)
    for changed in (
        {"corners": parts["corners"][:, :1]},
        {"corners": parts["corners"] * np.nan},
        {"names": ["a;--", "b"]},
    ):
        np.savez(path, **{**parts, **changed})
        with pytest.raises(UserError, match="sound"):
            read_hull(path)


@pytest.fixture
def catalog(tmp_path: Path):
    """A database with a hull of the unit square's corners."""
    write_hull(tmp_path / "red_clump_hull.npz", np.array([[0.0, 0], [1, 0], [0, 1], [1, 1], [0.5, 1.5]]), ["a", "b"])
    with duckdb.connect() as connection:
        create_stored_macros(connection, tmp_path)
        yield connection, tmp_path


POINTS = "(values (0.5, 0.5), (0.05, 1.4), (2.0, 0.5), (null, 0.5), ('nan'::float, 1)) as t(a, b)"


def test_membership_in_sql(catalog):
    connection, folder = catalog
    register_models(connection, folder)
    found = connection.execute(f"select red_clump_inside_hull(a, b) from {POINTS}").fetchall()
    assert [row[0] for row in found] == [True, False, False, None, None]


def test_without_python_only_the_surrounding_box_is_known(catalog):
    connection, _ = catalog
    found = connection.execute(f"select red_clump_inside_hull(a, b) from {POINTS}").fetchall()
    assert [row[0] for row in found] == [None, None, False, None, None]


def test_a_hull_of_one_column_is_from_least_to_most():
    hull = make_hull(np.array([[3.0], [4.0], [10.0]]), ["w"])
    assert hull.contains(np.array([[2.9, 3.001, 3.5, 7, 9.999, 10.1]])).tolist() == [False, *[True] * 4, False]


def test_a_hull_is_written_where_there_is_no_folder_yet(tmp_path):
    write_hull(tmp_path / "a/b/own_hull.npz", np.array([[3.0], [4.0], [10.0]]), ["w"])
    assert read_hull(tmp_path / "a/b/own_hull.npz").contains(np.array([[5.0, 11.0]])).tolist() == [True, False]


def test_a_fingerprint_tells_another_hull(tmp_path, monkeypatch):
    monkeypatch.setattr(model_files, "SHIPPED", tmp_path / "none")
    said = []
    for most in (10.0, 11.0, 11.0):
        write_hull(tmp_path / "red_clump_hull.npz", np.array([[3.0], [4.0], [most]]), ["w"])
        said.append(functions.fingerprint(tmp_path))
    assert said[0] != said[1] == said[2]


def test_planes_of_a_cube_and_of_a_range():
    """A cube of edge 1: six planes at 1 / 0.5 of its middle, each beside four. A range from 3 to 10: 1 / 3.5 of 6.5."""
    cube = np.stack(np.meshgrid(*[[0.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
    gauge, edges, inner = hull._gauges(cube)
    assert inner == pytest.approx([0.5] * 3)
    assert sorted(np.round(gauge, 9).tolist()) == sorted((2 * np.concatenate([np.eye(3), -np.eye(3)])).tolist())
    assert np.unique(edges[:, 0], return_counts=True)[1].tolist() == [4] * 6
    assert (gauge[edges[:, 0]] * gauge[edges[:, 1]]).sum(axis=1) == pytest.approx(np.zeros(24))
    gauge, edges, inner = hull._gauges(np.array([[3.0], [4.0], [10.0]]))
    assert (inner.tolist(), edges.tolist()) == ([6.5], [[0, 1], [1, 0]])
    assert gauge.ravel() == pytest.approx([1 / 3.5, -1 / 3.5])


@pytest.mark.parametrize(
    ("corners", "outer"),
    [([[100.0, 20], [101, 20], [100, 29], [100.2, 20.1], [100.1, 26]], [0, 1, 2]), ([[10.0], [11], [15]], [0, 2])],
)
def test_corners_of_a_hull_lie_on_its_facets(corners, outer):
    """The greatest gauge of a corner is 1, from a point inside."""
    given = np.array(corners)
    found = hull._facets(given, ["x", "y"][: given.shape[1]])
    np.testing.assert_allclose(
        ((given[outer] - found.centre) @ found.matrix.T @ found.gauge.T).max(axis=1), 1, rtol=1e-9
    )
