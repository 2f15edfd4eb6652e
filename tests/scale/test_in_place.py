"""Gaia and 2MASS read by partitions at an address, beside the same catalogs in folders here."""

import shutil

import polars as pl
import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")
pytest.importorskip("fsspec", reason="needs the extra `remote`")

from candlesql.catalogs.in_place import address_in
from candlesql.catalogs.remote.address import place_of
from candlesql.commands.export import export
from candlesql.commands.ingest import name_in_place
from candlesql.errors import RefusedFile
from candlesql.scale import bench, sources
from candlesql.scale.partition import do_stage
from candlesql.scale.plan import make_plan
from candlesql.sql.open import open_sky, writing
from candlesql.workspace.folder import find_sky

SURVEYS = ("gaia_dr2", "twomass")


@pytest.fixture
def skies(mock_sky, store, tmp_path):
    """The same mock sky twice: two of its catalogs are HATS folders in the one, and at addresses in the other."""
    with open_sky(mock_sky) as connection:
        for name in SURVEYS:
            export(connection, f"staging.{name}", store.folder / "bucket" / f"{name}.hats")
    found = []
    for kind in ("here", "afar"):
        sky = find_sky(shutil.copytree(mock_sky, tmp_path / kind))
        for name in SURVEYS:
            sky.catalog(name).unlink()
            folder = store.folder / "bucket" / f"{name}.hats"
            name_in_place(sky.root, name, [folder if kind == "here" else place_of(f"s3://bucket/{name}.hats")])
        found.append(sky)
    yield found
    bench.close_all()
    sources._known_fields.clear()


def part_of(sky):
    """What the first pass makes of the sky's only partition."""
    with writing(sky.root, whole=True) as connection:
        plan = make_plan(connection, sky, "red_clump")
    (tile,) = plan.tiles[:1]
    outcome = do_stage(0, plan.file, tile)
    return plan, outcome, {file.name: pl.read_parquet(file) for file in plan.part(tile).glob("*.parquet")}


@pytest.mark.heavy
def test_the_same_rows_from_afar(skies, store):
    (_, here, expected), (plan, afar, found) = map(part_of, skies)
    assert (here.fault, afar.fault, here.rows) == ("", "", afar.rows)
    assert set(found) == set(expected)
    assert sum(afar.rows.values()) > 1000
    for name, rows in expected.items():
        assert found[name].sort(pl.all()).equals(rows.sort(pl.all())), name
    text = plan.file.read_text()
    assert '"gaia_dr2": "s3://bucket/gaia_dr2.hats"' in text
    for file in [*skies[1].root.rglob("*")]:
        assert not file.is_file() or b"AKIAWHOSE" not in file.read_bytes()


@pytest.mark.heavy
def test_a_partition_that_cannot_be_had_is_named(skies, store):
    sky = skies[1]
    with writing(sky.root, whole=True) as connection:
        plan = make_plan(connection, sky, "red_clump")
    store.bad = {file.name: 403 for file in (store.folder / "bucket/twomass.hats").rglob("Npix=*.parquet")}
    bench.close_all()
    outcome = do_stage(0, plan.file, plan.tiles[0])
    assert outcome.fault.startswith("s3://bucket/")
    assert outcome.fault.endswith("access is refused: the store says 403")


def test_an_address_that_this_user_has_not_named(own_sky, store, candlesql):
    """The workspace of a stranger is looked at, queried and run without a word to the address."""
    (own_sky / "catalogs/gaia_dr2.parquet").rename(own_sky / "before.parquet")
    (own_sky / "catalogs/gaia_dr2.url").write_text("s3://bucket/gaia\n")
    assert candlesql("sql", own_sky, "select count(*) from staging.gaia_dr2").code == 0
    assert candlesql("info", own_sky).code == 0
    done = candlesql("run", own_sky, "red_clump", "--workers", "1")
    assert done.code == 2
    assert "gaia_dr2.url: names s3://bucket/gaia, which you have not named" in done.err.splitlines()[-1]
    assert not store.paths


@pytest.mark.parametrize("text", ["nothing", "/etc/passwd", "file:///etc/passwd", "https://a:b@c/d", "x" * 5000])
def test_files_that_hold_no_address(tmp_path, text):
    (tmp_path / "a.url").write_text(text)
    with pytest.raises(RefusedFile):
        address_in(tmp_path / "a.url")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("https://me:pass@archive.invalid/gaia", "holds no user, password or query"),
        ("s3://bucket/gaia?X-Amz-Signature=1", "holds no user, password or query"),
        ("s3://bucket/nothing", "nor a HATS catalog"),
        ("nowhere", "say one HATS catalog, a folder or an address"),
    ],
)
def test_places_that_are_not_kept(candlesql, own_sky, store, place, said):
    (own_sky / "catalogs/gaia_dr2.parquet").unlink()
    done = candlesql("ingest", own_sky, "gaia_dr2", place, "--in-place")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert said in done.err
    assert "pass@" not in done.err
    assert not list((own_sky / "catalogs").glob("gaia_dr2*"))


def test_what_is_ingested_goes_before(candlesql, own_sky, store):
    done = candlesql("ingest", own_sky, "gaia_dr2", "s3://bucket/gaia", "--in-place")
    assert "gaia_dr2.parquet: is there, and goes before what is read in place" in done.err
