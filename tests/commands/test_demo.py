"""What `demo` refuses to replace, and how it says what came out."""

from __future__ import annotations

import contextlib

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
