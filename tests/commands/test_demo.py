"""What `demo` refuses to replace, and how it says what came out."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.commands import demo
from candlesql.workspace.folder import Sky


@pytest.fixture
def sky(tmp_path):
    (tmp_path / "catalogs").mkdir()
    return Sky(tmp_path)


def test_whose_catalogs_they_are(sky):
    assert demo._is_mock(sky.catalogs)
    (sky.catalogs / "gaia_dr2.parquet").touch()
    assert not demo._is_mock(sky.catalogs)
    with pytest.raises(UserError, match="holds catalogs of yours; give the demo a folder of its own"):
        list(demo.run_demo(sky.root, 10, 1))
    (sky.catalogs / "mock_truth.parquet").touch()
    assert demo._is_mock(sky.catalogs)
    (sky.catalogs / "mock_truth.parquet").unlink()
    (sky.root / ".demo").touch()
    assert demo._is_mock(sky.catalogs)


def test_a_sky_of_other_options_is_refused(sky):
    demo._refuse_other(sky, "demo --stars 1 --seed 2")
    (sky.root / ".demo").write_text("demo --stars 1 --seed 2\n")
    demo._refuse_other(sky, "demo --stars 3 --seed 2")  # there are no catalogs
    (sky.catalogs / "gaia_dr2.parquet").touch()
    demo._refuse_other(sky, "demo --stars 1 --seed 2")
    with pytest.raises(UserError, match=r"holds the sky of `candlesql demo --stars 1 --seed 2`.*--overwrite"):
        demo._refuse_other(sky, "demo --stars 3 --seed 2")
    (sky.root / ".demo").unlink()
    with pytest.raises(UserError, match="holds the sky of `candlesql demo`"):
        demo._refuse_other(sky, "demo --stars 3 --seed 2")


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """The lines of a demo with all that it does replaced; and what was asked of it."""
    asked, sky = [], tmp_path / "sky"
    (sky / "catalogs").mkdir(parents=True)
    monkeypatch.setattr(demo, "new_or_existing", lambda path: contextlib.nullcontext())
    monkeypatch.setattr(demo, "writing", lambda path: contextlib.nullcontext())
    monkeypatch.setattr(demo, "make_mock_sky", lambda *given: asked.append(given) or "ingested")
    monkeypatch.setattr(demo, "_run", lambda connection, sky, said, ingested: [f"{said}: {ingested}"])

    def run(**given):
        return list(demo.run_demo(sky, 10, 3, **given)), asked

    return run


def test_what_a_demo_says_and_leaves(ran, tmp_path):
    lines, asked = ran()
    assert lines[:2] == ["demo --stars 10 --seed 3: ingested", "next:"]
    assert lines[2].startswith(f"  candlesql shell {tmp_path / 'sky'} ")
    assert asked == [(tmp_path / "sky", 10, 3, "gaia_dr2")]
    assert (tmp_path / "sky" / ".demo").read_text() == "demo --stars 10 --seed 3\n"
    assert ran(release="gaia_dr3")[0][0] == "demo --stars 10 --seed 3 --release gaia_dr3: ingested"
    (tmp_path / "sky" / "catalogs" / "mock_truth.parquet").touch()
    with pytest.raises(UserError, match=r"holds the sky of `candlesql demo --stars 10 --seed 3 --release gaia_dr3`"):
        ran()
    assert ran(overwrite=True)[0][0] == "demo --stars 10 --seed 3: ingested"
    with pytest.raises(UserError, match="--release gaia_dr1: it is one of gaia_dr2, gaia_dr3"):
        ran(release="gaia_dr1")


@pytest.fixture
def connection(empty):
    empty.execute(
        """create schema red_clump; create table red_clump.giants(tier integer);
        insert into red_clump.giants values (1), (2), (2), (null), (null), (null);
        create table red_clump.roc(method varchar, truth varchar, bands varchar, base_rate double,
            completeness double, contamination double, contamination_low double, contamination_high double);
        create table red_clump.validation(parameter varchar, reference varchar, n bigint, bias double,
            robust_scatter double);
        insert into red_clump.validation values ('distance', 'truth', 1234, 0.0123, 0.05),
            ('distance', 'bailer_jones', 5, -0.02, 0.1), ('teff', 'truth', 5, 0, 0)"""
    )
    return empty


def test_a_demo_without_labels(connection):
    assert list(demo._judge(connection)) == [
        "6 giants, 3 red clump (tier 2), 1 of them tier 1",
        "no labelled giants: contamination and completeness cannot be judged",
    ]


def test_how_a_demo_is_judged(connection):
    """The first step that is complete enough; of all bands, of this method and truth."""
    connection.execute(
        """insert into red_clump.roc values
            ('joint', 'label', 'all', 0.3, 0.24, 0.01, 0.005, 0.03),
            ('joint', 'label', 'all', 0.3, 0.25, 0.1, 0.08, 0.13),
            ('joint', 'label', 'all', 0.3, 0.6, 0.2, 0.15, 0.26), ('joint', 'phase', 'all', 0.9, 0.95, 0.4, 0.3, 0.5),
            ('joint', 'label', 'few', 0.8, 0.95, 0.7, 0.6, 0.8)"""
    )
    _, said, *lines = demo._judge(connection)
    assert said == "contamination at completeness, labelled giants that no network was trained on (30% are red clump):"
    none = "none at 25%, none at 50%, none at 94%"
    assert lines == [
        f"  bins_4d   against label: {none}",
        "  joint     against label: 10.0% (+3.0% -2.0%) at 25%, 20.0% (+6.0% -5.0%) at 50%, none at 94%",
        f"  any_bands against label: {none}",
        f"  bins_4d   against phase: {none}",
        "  joint     against phase: " + ", ".join(f"40.0% (+10.0% -10.0%) at {c}%" for c in (25, 50, 94)),
        f"  any_bands against phase: {none}",
        "distance against bailer_jones: bias -2.0%, scatter 10.0% (5 stars)",
        "distance against truth: bias +1.2%, scatter 5.0% (1,234 stars)",
    ]


@pytest.fixture
def mocked(monkeypatch, sky):
    """Makes a mock sky with what draws and ingests replaced; what was asked, and the bar's last word."""
    asked, told = [], []

    def make_mock(folder, stars, seed, progress):
        asked.append((folder.parent, stars, seed))
        progress(3, 10)
        return {name: folder / f"{name}.parquet" for name in ("gaia_dr2", "twomass", "mock_truth")}

    bar = SimpleNamespace(
        add_task=lambda *given, **named: (given, named), update=lambda *given, **named: told.append((given, named))
    )
    monkeypatch.setattr(demo, "make_sky", lambda path: sky)
    monkeypatch.setattr(demo, "bar", lambda: contextlib.nullcontext(bar))
    monkeypatch.setattr(demo, "make_mock", make_mock)
    monkeypatch.setattr(demo, "load_survey", lambda name: name)
    monkeypatch.setattr(demo, "put_in", lambda _, survey, file: asked.append((survey, file.name)) or f"{survey} is in")
    monkeypatch.setattr(demo, "write_dr3", lambda _, dr2, truth, target: asked.append((dr2.name, truth.name)) or target)
    monkeypatch.setattr(demo, "take_away", lambda _, path: asked.append(("away", path.name)))
    return asked, told


def test_tables_of_a_mock_sky(mocked, sky):
    asked, told = mocked
    made = demo.make_mock_sky(sky.root, 10, 3)
    assert asked == [
        (sky.root, 10, 3), ("away", "gaia_dr3.parquet"),
        *((name, f"{name}.parquet") for name in ("gaia_dr2", "twomass", "mock_truth")),
    ]  # fmt: skip
    assert told == [(((("making the sky",), {"total": 10}),), {"completed": 3, "total": 10})]
    assert [(name, done) for name, (done, _) in made.items()] == [
        (name, f"{name} is in") for name in ("gaia_dr2", "twomass", "mock_truth")
    ]
    assert all(0 <= seconds < 100 for _, seconds in made.values())


def test_a_mock_sky_of_dr3(mocked, sky):
    asked, _ = mocked
    assert list(demo.make_mock_sky(sky.root, 10, 3, "gaia_dr3")) == ["gaia_dr3", "twomass", "mock_truth"]
    assert asked[1:4] == [
        ("gaia_dr2.parquet", "mock_truth.parquet"), ("away", "gaia_dr2.parquet"), ("gaia_dr3", "gaia_dr3.parquet"),
    ]  # fmt: skip


def test_stars_of_dr2_as_dr3_lists_them(sky, empty, monkeypatch, tmp_path):
    empty.execute(
        """create schema mock;
        create macro mock.gaia_dr3(a, b) as table from query_table(a) join query_table(b) using (n)"""
    )
    for name, rows in (("dr2", "1 as n, 2 as g"), ("truth", "1 as n, 3 as t")):
        empty.execute(f"copy (select {rows}) to '{tmp_path / name}' (format parquet)")
    opened = []
    monkeypatch.setattr(demo, "connect", lambda _, read_only: opened.append(read_only) or contextlib.nullcontext(empty))
    target = tmp_path / "dr3"
    assert demo.write_dr3(sky, tmp_path / "dr2", tmp_path / "truth", target) == target
    assert empty.execute(f"from read_parquet('{target}')").fetchall() == [(1, 2, 3)]
    assert opened == [True]
    empty.execute("drop view temp.main.dr2_stars; drop view temp.main.true_stars")


def test_what_a_demo_records(sky, monkeypatch):
    calls = []
    for name in ("refresh", "settle", "record_catalog"):
        monkeypatch.setattr(demo, name, lambda *given, name=name: calls.append((name, *given[2:])))
    monkeypatch.setattr(demo, "load_survey", lambda name: name)
    monkeypatch.setattr(demo, "run_system", lambda *given: {"red_clump.scores": 12345})
    monkeypatch.setattr(demo, "_judge", lambda connection: ["judged"])
    done = SimpleNamespace(rows=1234)
    assert list(demo._run("connection", sky, "said", {"gaia_dr2": (done, 1.5)})) == [
        "staging.gaia_dr2: 1,234 rows", "red_clump.scores: 12,345 rows", "judged",
    ]  # fmt: skip
    assert calls == [("refresh",), ("record_catalog", "gaia_dr2", "said", [], done, 1.5), ("settle",)]
