"""Writes `docs/cli.md`: what `candlesql COMMAND --help` prints."""

from pathlib import Path

from candlesql.cli import app
from typer.main import get_command
from typer.testing import CliRunner

TARGET = Path(__file__).parent / "cli.md"


def reference() -> str:
    """The page, a section a command."""
    parts = ["# Command reference", "", "Exit code 0; 2 with one line on stderr for bad input; 130 after Ctrl-C."]
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        result = CliRunner().invoke(app, [name, "--help"], prog_name="candlesql", env={"COLUMNS": "100"})
        parts += ["", f"## candlesql {name}", "", "```text", result.output.strip(), "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
