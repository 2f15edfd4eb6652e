"""What commands write as products and from what, with what computes replaced."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql import UserError
from candlesql.catalogs.mock.apogee.giants import BANDS, draw_giants
from candlesql.commands import mock_apogee, nmsu, reddening, region, spectra, synphot
from candlesql.commands.steps import band_offsets, fitted, gradients
from candlesql.commands.steps.isochrones import Grid
from candlesql.udfs.metadata import Field
from candlesql.workspace.folder import Sky


@pytest.fixture
def sky(tmp_path):
    made = Sky(tmp_path)
    for folder in (made.catalogs, made.matches, made.results):
        folder.mkdir()
    return made


@pytest.fixture
def connection(empty):
    empty.execute("create schema red_clump; create schema distmass; create schema cuts")
    return empty


# --- bands in another system


@pytest.fixture
def offsets_written(connection, sky, monkeypatch):
    """Looks at stars of two tables; what was looked at, and what was written."""
    looked, written, asked = [], [], []
    fields = [Field("g", "mag"), Field("teff", "K"), Field("j", "mag")]
    model = SimpleNamespace(sha256="abc", metadata={"factors": '{"level": [1, 2]}'}, inputs=fields)

    def offsets(x, factors):
        looked.append((x.tolist(), factors["level"].tolist()))
        return [(1, 9, 8, 0.5)] if x[0, 0] == 12 else []

    def write_product(connection, sky, product, query, *given):
        written.append((product, connection.execute(query).fetchall(), *given))
        return 7

    monkeypatch.setattr(band_offsets, "load_model", lambda path: model)
    monkeypatch.setattr(band_offsets, "offsets", offsets)
    monkeypatch.setattr(band_offsets, "write_product", write_product)
    monkeypatch.setattr(band_offsets, "sources", lambda sky: ["source"])
    connection.execute(
        """create table red_clump.scores(n integer); create table red_clump.kept_inputs as
            from (values ('b', 1::bigint, 12.0, 1.0), ('a', 2, 13.0, null)) as t(survey, source_id, g, j)"""
    )

    def run(fresh=False, path=Path("any.onnx"), **given):
        files = {"red_clump_any_bands": path} if path else {}
        monkeypatch.setattr(band_offsets, "model_files", lambda own: files)
        monkeypatch.setattr(band_offsets, "is_fresh", lambda *given: asked.append(given) or fresh)
        return band_offsets.write_band_offsets(connection, sky, "run", **given), looked, written, asked

    return run


def test_bands_of_each_table_are_looked_at(offsets_written, connection, sky):
    n, looked, (written,), ((_, product, sources, models, cuts_),) = offsets_written()
    assert n == 7
    np.testing.assert_equal(looked, [([[13.0, np.nan]], [1, 2]), ([[12.0, 1.0]], [1, 2])])
    assert written[:2] == ("red_clump.band_offsets", [("b", "j", 9, 8, 0.5)])
    assert written[2:] == (
        sky.results / "red_clump_band_offsets.parquet", "run red_clump", ["source"], {"red_clump_any_bands": "abc"},
        "run",
    )  # fmt: skip
    assert (product, sources, models) == ("red_clump.band_offsets", ["source"], {"red_clump_any_bands": "abc"})
    assert "gradient_step" not in cuts_


def test_bands_are_looked_at_again_where_they_are_asked_for(offsets_written):
    assert offsets_written(fresh=True)[0] is None
    assert offsets_written(fresh=True, only_stale=False)[0] == 7
    assert offsets_written(path=None)[0] is None


def test_one_star_in_three_is_enough_of_sixty_thousand(offsets_written, connection):
    connection.execute("insert into red_clump.scores from range(60000)")
    connection.execute(
        "insert into red_clump.kept_inputs select 'c', range, 13.0, 1.0 from range(9000)",
    )
    _, looked, _, _ = offsets_written()
    assert 2700 < len(looked[-1][0]) < 3300


def test_factors_that_do_not_fit(offsets_written, monkeypatch):
    def fail(x, factors):
        raise ValueError("2 bands")

    monkeypatch.setattr(band_offsets, "offsets", fail)
    with pytest.raises(
        UserError, match=r"any\.onnx: its metadata candlesql\.factors do not fit its inputs \(2 bands\)"
    ):
        offsets_written()


# --- derivatives


@pytest.mark.parametrize(
    ("differentiable", "fresh", "made"), [(True, False, 7), (True, True, None), (False, False, None)]
)
def test_derivatives_that_are_missing_or_stale(sky, monkeypatch, differentiable, fresh, made):
    model = SimpleNamespace(name="m", sha256="abc")
    asked, written = [], []
    sky.catalog("b").touch()
    (sky.matches / "a.parquet").touch()
    monkeypatch.setattr(gradients, "own_model", lambda sky, system: model)
    monkeypatch.setattr(gradients, "is_differentiable", lambda model: differentiable)
    monkeypatch.setattr(gradients, "is_fresh", lambda *given: asked.append(given) or fresh)
    monkeypatch.setattr(gradients, "gradient_query", lambda *given: given[1:])
    monkeypatch.setattr(gradients, "write_product", lambda *given, **named: written.append((given, named)) or 7)
    assert gradients.write_gradients("connection", sky, lambda: "labels") == made
    sources = sorted([sky.catalog("b"), sky.matches / "a.parquet"])
    for given in asked:
        assert given[:4] == ("connection", "red_clump.gradients", sources, {"m": "abc"})
        assert {"gradient_step"} < given[4]
    if made:
        ((given, named),) = written
        assert given[2:] == (
            "red_clump.gradients", ("labels", "red_clump.evaluation"), sky.results / "red_clump_gradients.parquet",
            "run red_clump", sources,
        )  # fmt: skip
        assert named == {"models": {"m": "abc"}}
    assert len(written) == bool(made)


def test_changes_that_a_mock_sky_was_made_with(connection, sky, monkeypatch):
    """[C/N] falls by 0.79 dex: W2 is 0.024 mag brighter."""
    monkeypatch.setattr(
        gradients, "write_product", lambda connection, sky, product, query, *given: (product, query, given)
    )
    assert gradients.write_mock_changes(connection, sky) is None
    sky.catalog("mock_truth").touch()
    product, query, given = gradients.write_mock_changes(connection, sky)
    rows = connection.execute(query).fetchall()
    assert product == "red_clump.expected_changes"
    assert len(rows) == 13
    assert rows[-1] == ("w2", pytest.approx(-0.024), pytest.approx(-0.79), "mock sky")
    target = sky.results / "red_clump_expected_changes.parquet"
    assert given == (target, "run red_clump", [sky.catalog("mock_truth")])
    target.touch()
    assert gradients.write_mock_changes(connection, sky) is None


def test_derivatives_of_a_network_by_hand(connection, monkeypatch):
    """y = 3 g + j^2 at g = 1, j = 2: 3 and 4; by steps of 0.1 the same."""
    connection.execute(
        """create macro cuts.gradient_step() as 0.1;
        create macro m_net(g, j) as {'y': 3 * g + j * j, 'z': 0};
        create macro m_gradient(g, j) as {'y': {'g': 3.0, 'j': 2 * j}, 'z': {'g': 0.0, 'j': 0.0}};
        create table labels as from (values ('s', 1, 1.0, 2.0), ('s', 2, 1.0, null), ('s', 3, 1.0, 1.0))
            as t(survey, source_id, g, j);
        create table giants as from (values ('s', 1), ('s', 2)) as t(survey, source_id)"""
    )
    model = SimpleNamespace(
        name="m", inputs=[Field("g", ""), Field("j", "")], outputs=[Field("y", ""), Field("z", "")], metadata={}
    )
    monkeypatch.setattr(gradients, "products", lambda: {"red_clump.gradients": {"columns": {"d_y": "float"}}})
    rows = connection.execute(gradients.gradient_query(model, "labels", "giants")).fetchall()
    assert rows == [
        ("s", 1, "g", 3.0, pytest.approx(3.0)), ("s", 1, "j", 4.0, pytest.approx(4.0)),
    ]  # fmt: skip


# --- distances by isochrones


GRID = Grid(np.array([[4800.0, 2.4, 0.0]]), np.array([0.013]), np.array([1.0]))


def test_distances_by_isochrones_have_the_stars_identifiers(connection):
    connection.execute(
        """create table distmass.nmsu_inputs as from (values ('x', 4800.0, 2.4, 0.0, 80.0, 0.1, 0.05),
            ('y', 9800.0, 2.4, 0.0, 80.0, 0.1, 0.05)
        ) as t(spectrum_id, teff_k, logg, m_h, teff_k_error, logg_error, m_h_error);
        create macro distmass.nmsu_distances(found) as table from query_table(found)"""
    )
    with nmsu.found_by_isochrones(connection, GRID) as query:
        first, second = connection.execute(query).fetchall()
    assert first == ("x", pytest.approx(0.0032, abs=1e-6), pytest.approx(0.01), pytest.approx(0.0168, abs=1e-6))
    assert second[0] == "y"
    assert np.isnan(second[1:]).all()
    with pytest.raises(duckdb.Error):
        connection.execute("from nmsu_found")


def test_distances_that_are_missing_or_stale(sky, monkeypatch):
    asked = []
    monkeypatch.setattr(nmsu, "infer_distances", lambda connection, sky: 5)
    monkeypatch.setattr(nmsu, "is_fresh", lambda *given: asked.append(given) or len(asked) > 1)
    assert nmsu.infer_stale("connection", sky) == {}
    sky.catalog("dartmouth").touch()
    sky.catalog("apogee").touch()
    assert nmsu.infer_stale("connection", sky) == {"distmass.nmsu": 5}
    assert nmsu.infer_stale("connection", sky) == {}
    assert asked[0] == ("connection", "distmass.nmsu", [sky.catalog("apogee"), sky.catalog("dartmouth")])


def test_where_distances_are_placed(sky, monkeypatch):
    sky.catalog("mist").touch()
    monkeypatch.setattr(nmsu, "write_product", lambda *given: given[2:])
    found = nmsu.place_distances("connection", sky, "query")
    assert found == ("distmass.nmsu", "query", sky.results / "distmass_nmsu.parquet", "nmsu", [sky.catalog("mist")])


# --- spectra of a user's own


@pytest.fixture
def changes_written(connection, sky, monkeypatch):
    written = {}

    def write_product(connection, sky, product, query, target, origin, sources):
        written[product] = (connection.execute(query).fetchall(), target.name, origin, sources)
        return len(written[product][0])

    monkeypatch.setattr(synphot, "existing_sky", lambda path: sky)
    monkeypatch.setattr(synphot, "writing", lambda path, whole: contextlib.nullcontext(connection))
    monkeypatch.setattr(synphot, "write_product", write_product)
    monkeypatch.setattr(synphot, "ab_magnitudes", lambda spectrum: spectrum[2])
    monkeypatch.setattr(synphot, "binned_change", lambda before, after: pa.table({"n": [1]}))
    return written


def test_changes_of_magnitudes_in_bands_that_both_cover(changes_written, sky):
    before, after = (0, 0, {"j": 10.0, "g": 11.0, "h": 9.0}), (0, 0, {"j": 10.25, "g": 10.5, "w1": 1.0})
    assert synphot.write_expected_changes(sky.root, before, after, -0.79) == 2
    rows, *others = changes_written["red_clump.expected_changes"]
    assert rows == [
        ("g", -0.5, pytest.approx(-0.79), "synthetic spectra"), ("j", 0.25, pytest.approx(-0.79), "synthetic spectra"),
    ]  # fmt: skip
    assert others == ["red_clump_expected_changes.parquet", "synthetic spectra", []]
    assert changes_written["red_clump.expected_spectra"] == (
        [(1,)], "red_clump_expected_spectra.parquet", "synthetic spectra", [],
    )  # fmt: skip


def test_the_command_takes_two_spectra_with_a_change_or_one_without(monkeypatch):
    monkeypatch.setattr(synphot, "magnitudes_of", lambda path, file: ("one", file))
    monkeypatch.setattr(synphot, "read_spectrum", lambda file: f"read {file}")
    monkeypatch.setattr(synphot, "write_expected_changes", lambda *given: given)
    a, b = Path("x/a.txt"), Path("x/b.txt")
    assert synphot.synphot_command(Path("sky"), a, None, None) == ("one", a)
    assert synphot.synphot_command(Path("sky"), a, b, 0.0) == (
        Path("sky"), f"read {a}", f"read {b}", 0.0, "a.txt to b.txt",
    )  # fmt: skip


# --- reddening


def test_priors_of_a_workspace(monkeypatch, tmp_path):
    """A star twice counts once; those without SFD's value have none; each chunk draws its own samples."""
    database = duckdb.connect(config={"threads": 1})
    database.execute(
        """create schema staging; create table staging.gaia as from (values
            ('b', 7, 10.0, 60.0, 9.0, 0.1), ('a', 7, 20.0, 60.0, 1.0, 0.1), ('a', 8, 30.0, 60.0, null, null),
            ('a', 9, null, null, 1.0, 0.1), ('a', 5, 40.0, 60.0, 1.0, 0.1)
        ) as t(survey, source_id, ra, "dec", parallax, parallax_error)"""
    )
    opened, seen = [], []
    monkeypatch.setattr(reddening, "open_sky", lambda sky, trust: opened.append(trust) or database.cursor())

    def priors(sight, sfd, bayestar, seed):
        seen.append((sight.direction.ra.deg.round(6).tolist(), sight.parallax.tolist(), seed))
        return np.where(sight.direction.ra.deg > 35, np.nan, sight.direction.ra.deg), np.full(len(sight), 0.5)

    monkeypatch.setattr(reddening, "reddening_priors", priors)
    monkeypatch.setattr(reddening, "CHUNK", 2)
    assert reddening.write_priors(tmp_path, tmp_path / "out", "sfd", None, seed=3) == 2
    assert pq.read_table(tmp_path / "out").to_pylist() == [
        {"source_id": 7, "ebv_prior": 20.0, "ebv_prior_error": 0.5},
        {"source_id": 8, "ebv_prior": 30.0, "ebv_prior_error": 0.5},
    ]
    np.testing.assert_equal(seen, [([40.0, 20.0], [1.0, 1.0], 3), ([30.0], [np.nan], 5)])
    assert opened == [True]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    database.execute("delete from staging.gaia where ra is not null")
    with pytest.raises(UserError, match=r"Gaia has no stars to look up; candlesql ingest .* gaia_dr3 FILE comes first"):
        reddening.write_priors(tmp_path, tmp_path / "out", "sfd", None)


# --- spectra, regions and the simulated APOGEE


def test_files_of_spectra(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    names = ["aspcapStar-b.fits", "deep/aspcapStar-a.fits.gz", "deep/er/aspcapStar-c.fits", "deep/other.fits"]
    for name in names:
        (tmp_path / name).touch()
    assert spectra.spectrum_files([tmp_path / "deep", tmp_path / names[0]]) == [
        tmp_path / names[0], tmp_path / names[1], tmp_path / names[2],
    ]  # fmt: skip
    with pytest.raises(UserError, match=r"no aspcapStar-\*\.fits in this folder"):
        spectra.spectrum_files([tmp_path / "empty"])


def test_spectra_are_stored_and_recorded(sky, monkeypatch):
    calls = []
    monkeypatch.setattr(spectra, "new_or_existing", lambda path: contextlib.nullcontext(sky))
    monkeypatch.setattr(spectra, "writing", lambda path: contextlib.nullcontext("connection"))
    monkeypatch.setattr(spectra, "write_spectra", lambda made, files: calls.append((made.name, files)) or 3)
    monkeypatch.setattr(spectra, "place", lambda _, made, target: calls.append((made.name, target)))
    monkeypatch.setattr(spectra, "refresh", lambda *_: calls.append("refresh"))
    monkeypatch.setattr(spectra, "record", lambda *given: calls.append(given))
    assert spectra.store_spectra(sky.root, [Path("b"), Path("a")]) == 3
    made, target = ".parallax_spectra.parquet.made", sky.results / "parallax_spectra.parquet"
    assert calls[:3] == [(made, [Path("a"), Path("b")]), (made, target), "refresh"]
    assert calls[3][:6] == ("connection", "parallax.spectra", "3 aspcapStar files", [], {}, 3)
    assert 0 <= calls[3][6] < 100
    assert calls[3][7] == [target]


def test_a_region_is_its_ranges_in_order(connection, monkeypatch):
    monkeypatch.setattr(region, "_ranges", lambda file: ([8, 2], [9, 3], 0.25))
    monkeypatch.setattr(region, "writing", lambda path: contextlib.nullcontext(connection))
    assert region.store_region(Path("sky"), "field_1", Path("a.moc")) == (2, 0.25)
    assert connection.execute("from region.field_1").fetchall() == [(2, 3), (8, 9)]
    for name in ("Field", "1f", "a-b", ""):
        with pytest.raises(UserError, match="a name has small letters, digits and _ only"):
            region.store_region(Path("sky"), name, Path("a.moc"))


def test_what_surveys_see_of_simulated_giants():
    """Gaia's errors are fluxes over theirs: 2.5 / ln 10 / 0.002 mag is 543."""
    giants = draw_giants(5, np.random.default_rng(1))
    table = mock_apogee.catalogue(giants)
    for i, band in enumerate(BANDS):
        assert table[mock_apogee.ARCHIVE_NAMES[band]].to_pylist() == giants.magnitudes[:, i].tolist()
    error = table["phot_g_mean_flux_over_error"].to_numpy()
    assert error == pytest.approx(1.0857362 / giants.magnitude_errors[:, 0])
    assert table["j_msigcom"].to_pylist() == giants.magnitude_errors[:, 3].tolist()
    assert table["apogee_id"].to_pylist() == giants.names
    assert table["member"].to_pylist() == giants.clusters
    known = mock_apogee.truth(giants)
    assert known["apogee_id"].to_pylist() == giants.names
    assert set(known.column_names) == {"apogee_id", *giants.truth}


# --- what is fitted


def test_what_is_fitted(connection):
    connection.execute("create table red_clump.fitted as select 'slope' as quantity, 'shipped' as origin, 1234 as n")
    connection.execute("create table mine as select 'slope' as quantity, 'fitted' as origin, 5 as n")
    assert list(fitted.fitted_lines(connection, "red_clump")) == ["red_clump slope: shipped (1,234 stars)"]
    assert list(fitted.fitted_lines(connection, "red_clump", "mine")) == ["red_clump slope: fitted (5 stars)"]
    assert list(fitted.fitted_lines(connection, "no_system")) == []
