"""`import candlesql` gives what the commands do, and exceptions that can be told apart."""

import inspect
import shutil
import subprocess
import sys

import astropy.units as u
import candlesql
import pytest
from candlesql import errors

STARS = """source_id,ra,dec,parallax
11,10.0,-5.0,2.5
12,10.0,-5.0001,
"""


@pytest.fixture(scope="module")
def sky(tmp_path_factory):
    """A workspace with two stars of a survey of its own, 0.36 arcsec apart."""
    folder = tmp_path_factory.mktemp("python")
    (folder / "mine.toml").write_text(
        'title = "Mine"\ncitation = "none"\nid = "source_id"\nra = "ra"\ndec = "dec"\nepoch = 2000.0\n[columns]\n'
        'source_id = { type = "BIGINT", description = "Identifier" }\n'
        'ra = { type = "DOUBLE", unit = "deg", description = "Right ascension" }\n'
        'dec = { type = "DOUBLE", unit = "deg", description = "Declination", required = true }\n'
        'parallax = { type = "DOUBLE", unit = "mas", description = "Parallax" }\n'
    )
    (folder / "mine.csv").write_text(STARS)
    done = candlesql.ingest(folder / "sky", str(folder / "mine.toml"), folder / "mine.csv")
    assert (done.rows, done.left_out) == (2, [])
    return folder / "sky"


def test_a_table_has_units_and_masks_null(sky):
    table = candlesql.table(sky, "staging.mine")
    table.sort("source_id")
    assert table["ra"].unit == u.deg
    assert list(table["source_id"]) == [11, 12]
    assert table["parallax"].unit == u.mas
    assert list(table["parallax"].mask) == [False, True]
    assert table["parallax"][0].value == 2.5


def test_a_connection_answers_too_and_stays_open(sky):
    with candlesql.open_sky(sky) as connection:
        assert len(candlesql.table(connection, "staging.mine")) == 2
        assert candlesql.frame(connection, "staging.mine").sort("source_id")["parallax"].to_list() == [2.5, None]
        assert connection.execute("select count(*) from staging.mine").fetchone() == (2,)


def test_export_join_and_match_return_their_rows(sky, tmp_path):
    assert candlesql.export(sky, "staging.mine", tmp_path / "out.parquet") == 2
    (tmp_path / "theirs.csv").write_text("star,flux\n12,1.5\n99,2.5\n")
    joined = candlesql.join(sky, tmp_path / "theirs.csv", tmp_path / "joined.csv", on="star", view="staging.mine")
    assert joined == (2, 1)
    assert (joined.rows, joined.matched) == (2, 1)


def test_info_says_what_there_is(sky):
    info = candlesql.info(sky)
    assert info.surveys == {"mine": 2}
    assert info.products["staging.mine"].rows == 2
    assert info.products["staging.mine"].made_by == "ingest mine mine.csv"
    assert info.cuts == {}


def test_models_say_inputs_with_units(sky):
    network = {network.name: network for network in candlesql.models(sky)}["photometry"]
    assert network.inputs == {"teff_k": "K", "logg": "dex(cm/s2)", "feh": "dex"}
    assert network.outputs["absolute_g"] == "mag"


def test_synphot_gives_magnitudes_or_stores_changes(own_sky, tmp_path):
    """Between 3 and 6 um only W1 and W2 are covered; 2.5119 times the light is one magnitude."""
    pytest.importorskip("speclite")
    for name, flux in (("faint.txt", 1.0), ("bright.txt", 10**0.4)):
        (tmp_path / name).write_text("".join(f"{25000 + 100 * i} {flux}\n" for i in range(400)))
    faint, bright = (candlesql.synphot(own_sky, tmp_path / name) for name in ("faint.txt", "bright.txt"))
    assert faint.keys() == {"w1", "w2"}
    assert bright["w1"] - faint["w1"] == pytest.approx(-1)
    assert candlesql.synphot(own_sky, tmp_path / "faint.txt", tmp_path / "bright.txt", -0.5) == 2
    changes = candlesql.frame(own_sky, "red_clump.expected_changes")
    assert changes["change_mag"].to_list() == pytest.approx([-1, -1])
    assert changes["change_cn_dex"].to_list() == [-0.5, -0.5]


def test_a_region_says_how_much_of_the_sky_it_is(own_sky, tmp_path):
    """One of the 12 base cells, in MOC's text form."""
    pytest.importorskip("mocpy")
    (tmp_path / "cell.txt").write_text("0/4")
    assert candlesql.region(own_sky, "cell", tmp_path / "cell.txt") == (1, pytest.approx(1 / 12))


def test_report_is_a_function_however_it_was_imported(sky):
    import candlesql.report.page

    with pytest.raises(candlesql.UserError, match=r"no red_clump\.scores"):
        candlesql.report(sky)


@pytest.mark.parametrize(
    ("kind", "does", "fields"),
    [
        (candlesql.NoWorkspace, lambda sky: candlesql.info(sky / "none"), {"file": "none"}),
        (candlesql.UnknownName, lambda sky: candlesql.table(sky, "staging.min"), {"value": "staging.min"}),
        (candlesql.UserError, lambda sky: candlesql.spectra(sky, sky / "surveys"), {"file": "surveys"}),
        (candlesql.UserError, lambda sky: candlesql.reddening(sky, sky / "priors.parquet"), {}),
        (candlesql.NotIngested, lambda sky: candlesql.nmsu(sky), {}),
        (candlesql.UnknownName, lambda sky: candlesql.ingest(sky, "alwise", sky), {"value": "alwise"}),
        (
            candlesql.UnknownName,
            lambda sky: candlesql.run(sky, "red_clump", cut={"max_ruwee": 1.2}),
            {"value": "max_ruwee"},
        ),
    ],
)
def test_each_kind_is_caught_with_its_fields(sky, kind, does, fields):
    with pytest.raises(kind) as caught:
        does(sky)
    assert isinstance(caught.value, candlesql.UserError)
    assert {name: str(getattr(caught.value, name)).split("/")[-1] for name in fields} == fields


def test_an_unknown_view_names_its_nearest(sky):
    with pytest.raises(candlesql.UnknownName) as caught:
        candlesql.table(sky, "stagin.mine")
    assert "staging.mine" in caught.value.nearest


@pytest.mark.parametrize(
    ("kind", "text", "fields"),
    [
        (candlesql.MissingColumn, "source_id,ra\n1,2\n", {"column": "dec"}),
        (candlesql.RefusedFile, "", {}),
    ],
)
def test_a_file_that_is_refused_says_where(sky, tmp_path, kind, text, fields):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(kind) as caught:
        candlesql.ingest(sky, "mine", tmp_path / "bad.csv")
    assert str(caught.value.file).endswith("bad.csv")
    assert {name: getattr(caught.value, name) for name in fields} == fields


def test_every_exception_is_public_and_a_user_error():
    kinds = {name for name, thing in vars(errors).items() if inspect.isclass(thing)} - {"Iterable"}
    assert kinds <= set(candlesql.__all__)
    assert all(issubclass(getattr(candlesql, name), candlesql.UserError) for name in kinds)


def test_importing_candlesql_imports_no_database():
    code = "import candlesql, sys; print(sorted({'duckdb', 'onnx', 'numpy', 'torch'} & sys.modules.keys()))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize("name", candlesql.__all__)
def test_every_public_name_is_documented_and_typed(name):
    thing = getattr(candlesql, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        assert inspect.signature(thing).return_annotation is not inspect.Signature.empty


def test_match_and_run_return_rows(own_sky):
    pairs = candlesql.match(own_sky, "gaia_dr2", "twomass", radius_arcsec=2)
    with candlesql.open_sky(own_sky) as connection:
        assert connection.execute("select count(*) from match.gaia_dr2_twomass").fetchone() == (pairs,)
    with pytest.raises(candlesql.UserError, match="no such cut"):
        candlesql.run(own_sky, "red_clump", cut={"max_ruwee": 1.2})


def test_run_says_what_it_made(mock_sky, tmp_path):
    sky = shutil.copytree(mock_sky, tmp_path / "sky")
    with candlesql.open_sky(sky, read_only=False) as connection:
        connection.execute("delete from candlesql.runs where product = 'red_clump.scores'")
    made = candlesql.run(sky, "red_clump")
    with candlesql.open_sky(sky) as connection:
        scored = connection.execute("select count(*) from red_clump.scores").fetchone()[0]
        rows = connection.execute("select count(*) from red_clump.catalogue").fetchone()[0]
    assert made.products["red_clump.scores"] == scored
    assert "match.gaia_dr2_twomass" not in made.products
    assert (made.catalogue, made.rows) == ("red_clump.catalogue", rows)
    assert candlesql.run(sky, "red_clump").products == {}
