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


@pytest.mark.parametrize("command", [c.callback for c in app.registered_commands], ids=lambda c: c.__name__)
def test_every_command_shows_an_example(command):
    assert f"Example: candlesql {command.__name__.replace('_', '-')}" in command.__doc__


@pytest.mark.parametrize("page", [ROOT / "README.md", *(ROOT / "docs").glob("*.md")], ids=lambda p: p.name)
def test_links_between_documents_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
