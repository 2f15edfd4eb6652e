"""BibTeX of the package, the papers, and what a workspace rests on."""

import importlib
import re
from importlib.metadata import version
from types import SimpleNamespace

import duckdb
import pytest
from candlesql.commands.cite import _add, cite

cite_module = importlib.import_module("candlesql.commands.cite")


def keys(entries) -> list[str]:
    return [re.findall(r"^@\w+\{([^,]+),", entry)[0] for entry in entries]


def test_without_a_workspace_the_package_and_the_four_papers():
    assert keys(cite()) == ["candlesql", "lucey2020", "green2021", "stonemartinez2024", "hogg2019"]


def test_a_workspace_cites_its_surveys(tiny_sky, candlesql):
    assert keys(cite(tiny_sky)) == ["candlesql", "gaiacollaboration2018", "skrutskie2006"]
    out = candlesql("cite", tiny_sky).out
    assert "journal = {A\\&A}" in out
    assert "author = {{Gaia Collaboration} and others}" in out
    assert out.count("@") == 3


@pytest.mark.parametrize(
    ("citation", "wanted"),
    [
        (
            "Schlafly, Meisner & Green 2019, ApJS 240, 30",
            ["Schlafly and Meisner and Green", "ApJS", "240"],
        ),
        ("Chambers et al. 2016, arXiv:1612.05560", ["Chambers and others", "eprint = {1612.05560}"]),
        ("Ke et al. 2017, LightGBM", ["@misc{x,", "note = {Ke et al. 2017, LightGBM}"]),
        (
            "e.g. Ting, Hawkins & Rix 2018, ApJ 858, L7; Vrard et al. 2016, A&A 588, A87",
            ["ting2018", "vrard2016"],
        ),
        ("the user's own", []),
    ],
)
def test_citations_of_surveys_become_entries(citation, wanted):
    told = {}
    _add(told, citation, "x", "survey x")
    text = "\n".join(told.values())
    assert all(word in text for word in wanted)
    assert bool(text) == bool(wanted)


def test_braces_are_closed(tiny_sky):
    assert all(entry.count("{") == entry.count("}") for entry in [*cite(), *cite(tiny_sky)])


def test_a_workspace_cites_the_systems_and_models_that_made_its_products(monkeypatch, tmp_path):
    """Of two models the one that a run names by its hash; of the systems that with products."""
    models = [
        SimpleNamespace(name=name, sha256=name * 8, metadata={"citation": f"{name.title()} et al. 2020, ApJ 1, 2"})
        for name in ("known", "other")
    ]
    models.append(SimpleNamespace(name="silent", sha256="silent", metadata={}))
    database = duckdb.connect(config={"threads": 1})
    database.execute("create schema candlesql; create table candlesql.runs(product varchar, models varchar)")
    database.execute(
        "insert into candlesql.runs values ('distmass.scores', ?), ('staging.gaia_dr2', '{\"silent\": \"silent\"}')",
        ['{"known": "' + "known" * 8 + '"}'],
    )
    sky = SimpleNamespace(surveys=tmp_path, models=tmp_path, catalog=lambda name: tmp_path / name)
    (tmp_path / "twomass").touch()
    monkeypatch.setattr(cite_module, "existing_sky", lambda path: sky)
    monkeypatch.setattr(cite_module, "open_sky", lambda path: database)
    monkeypatch.setattr(cite_module, "every_model", lambda path: models)
    entries = list(cite(tmp_path))
    assert keys(entries) == ["candlesql", "stonemartinez2024", "skrutskie2006", "known2020"]
    assert f"version = {{{version('candlesql')}}}" in entries[0]
    assert not any("usedby" in entry for entry in entries)
    assert "note = {model known}" in entries[-1]
    assert "note = {survey twomass: " in entries[2]


def test_a_paper_that_two_name_is_cited_once():
    told = {"doe2020": "as it is"}
    _add(told, "Doe et al. 2020, ApJ 1, 2; Roe 2021, arXiv:2101.00001", "x", "survey x")
    assert (told["doe2020"], [*told]) == ("as it is", ["doe2020", "roe2021"])
