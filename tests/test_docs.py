"""The documents say what the code does."""

import importlib.util
import re
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


@pytest.mark.parametrize("page", [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")], ids=lambda p: p.name)
def test_links_between_documents_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
