"""BibTeX of the package, the papers, and what a workspace rests on."""

import re

import pytest
from candlesql.commands.cite import _add, cite


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
