"""The documents say what the code does."""

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path

import pytest
from candlesql.cli import app

ROOT = Path(__file__).parents[1]


def test_cli_reference_is_what_the_commands_print():
    spec = importlib.util.spec_from_file_location("make_cli_reference", ROOT / "docs/make_cli_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TARGET.read_text() == module.reference(), "run python docs/make_cli_reference.py"


@pytest.fixture(scope="module")
def make_reference():
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs/make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_files_say(make_reference):
    written = {path.name: path.read_text() for path in make_reference.TARGET.glob("*.md")}
    made = make_reference.pages()
    assert written.keys() == made.keys()
    stale = [name for name in made if made[name] != written[name]]
    assert not stale, "run python docs/make_reference.py"


def test_no_view_column_function_or_public_name_is_undocumented(make_reference):
    assert make_reference.undocumented() == []


def test_duckdb_tells_what_a_macro_gives(make_reference, tmp_path):
    macros = dict(
        make_reference.duckdb.connect(make_reference.make_sky(tmp_path).database)
        .execute(
            "select function_name, comment from duckdb_functions() where function_name in ('cone', 'max_ruwe', 'mass')"
        )
        .fetchall()
    )
    assert macros["cone"].startswith("[rows] The rows of a survey")
    assert macros["max_ruwe"] == "[] Lucey+2020 section 2.2 (ii); Lindegren 2018"
    assert macros["mass"].startswith("[solMass] Mass of a giant of teff_k [K]")


@pytest.mark.parametrize("command", [c.callback for c in app.registered_commands], ids=lambda c: c.__name__)
def test_every_command_shows_an_example(command):
    assert f"Example: candlesql {command.__name__.replace('_', '-')}" in command.__doc__


DOCS = ROOT / "docs"
TUTORIALS = [*(DOCS / "tutorials").glob("*.py"), DOCS / "gallery.py"]
PAGES = [*DOCS.rglob("*.md"), *TUTORIALS]


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *PAGES], ids=lambda p: p.name)
def test_links_between_documents_lead_to_a_place(page):
    for target, place in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name} links to {target}"
        assert not place or place in headings(there), f"{page.name} links to {target}#{place}"


@cache
def headings(page):
    """The headings of a page as GitHub and MyST name them in links."""
    found = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in found}


def test_every_page_stands_in_a_table_of_contents():
    listed = set()
    for page in DOCS.rglob("*.md"):
        for names, globs in re.findall(r"```{toctree}\n((?:[^`\n]*\n)*?)\n((?:[^`\n]+\n)*)```", page.read_text()):
            for entry in globs.split():
                found = page.parent.glob(f"{entry}.md") if ":glob:" in names else [page.parent / entry]
                listed |= {path.with_suffix("") for path in found}
    assert {page.with_suffix("") for page in PAGES} - listed == {DOCS / "index"}


def test_every_view_of_the_lineage_is_documented(lineage):
    """A box of the picture is a link to the view's heading in the reference."""
    for schema in lineage.schemas():
        drawn = lineage.graph(schema).reads
        own = {name.replace(".", "") for name in drawn if "." in name}
        surveys = {f"staging{survey}" for survey in headings(DOCS / "reference/surveys.md")}
        assert own <= headings(DOCS / f"reference/{schema}.md") | surveys


def test_a_view_stands_to_the_right_of_all_that_it_reads(lineage):
    assert lineage.columns({"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": set()}) == [["c", "d"], ["b"], ["a"]]


def test_the_lineage_looks_through_macros(lineage):
    """No macro stands in the picture, and what a view reads through one does."""
    reads = lineage.graph("red_clump").reads
    assert "red_clump.giants" in reads["red_clump.catalogue"]
    assert not any(name.startswith(("cuts", "sphere", "stats")) for sources in reads.values() for name in sources)


@pytest.fixture(scope="module")
def lineage(extension):
    return extension("lineage")


@pytest.fixture(scope="module")
def extension():
    """A module of `docs/extensions`, by name."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed")

    def load(name):
        spec = importlib.util.spec_from_file_location(name, DOCS / f"extensions/{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return load


def test_a_site_that_leads_nowhere_or_loads_from_elsewhere_is_noticed(extension, tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"></p><a href="b.html#there"></a><a href="b.html#gone"></a><a href="c.html"></a>'
        '<a href="#here"></a><a href="https://example.org"></a>'
        '<img src="https://example.org/a.png"><link rel="stylesheet" href="s.css">'
    )
    (tmp_path / "b.html").write_text(
        '<svg><a id="there" href="a.html#gone"></a></svg><script src="//cdn.org/x"></script>'
    )
    (tmp_path / "s.css").write_text("@import url('https://fonts.org/x'); p { background: url(data:x) }")
    assert extension("closed").faults(tmp_path) == [
        "a.html links to b.html#gone",
        "a.html links to c.html",
        "a.html loads https://example.org/a.png",
        "b.html links to a.html#gone",
        "b.html loads //cdn.org/x",
        "s.css loads https://fonts.org/x",
    ]
