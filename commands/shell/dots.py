"""The shell's commands that begin with a dot, and what users of psql and IPython type for them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb

from ...errors import UnknownName, UserError
from ...sql import files
from ...sql.describe import view_columns
from ...sql.views import explain_missing
from ...workspace.folder import Sky
from ..cuts import cut_rows
from ..models import describe_model, model_rows
from ..steps.shown import DIGITS, Rows, listed, rows_of

VIEWS = """select schema_name || '.' || view_name, coalesce(comment, '')
from duckdb_views() where not internal and database_name = current_database() order by 1"""
FUNCTIONS = """select distinct schema_name || '.' || function_name || '(' || array_to_string(parameters, ', ') || ')',
coalesce(comment, '') from duckdb_functions()
where not internal and database_name = current_database() and schema_name not in ('main', 'cuts') order by 1"""


@dataclass
class Looks:
    """How results are shown."""

    lines: bool = False
    digits: int | None = DIGITS
    timer: bool = False
    pager: bool = True


@dataclass
class Desk:
    """What the commands work on."""

    connection: duckdb.DuckDBPyConnection
    sky: Sky
    looks: Looks


Answer = Rows | str


class Leave(Exception):
    """The user wants to go."""


def views(desk: Desk, pattern: str) -> Rows:
    """[WORD]  every view, or those that hold the word"""
    return listed(("view", "a row is"), pattern, desk.connection.execute(VIEWS).fetchall())


def columns(desk: Desk, view: str) -> Rows:
    """VIEW  its columns with unit and description"""
    if not view:
        raise UserError(".columns: of which view? As in .columns red_clump.catalogue")
    found = view_columns(desk.connection, view)
    rows = [(column.name, column.type.lower(), column.unit, column.description) for column in found]
    return rows_of(("column", "type", "unit", "what it is"), rows)


def source(desk: Desk, name: str) -> str:
    """VIEW|MACRO  its SQL, and the file that it stands in"""
    if not name:
        raise UserError(".source: of which view or macro? As in .source red_clump.tiers")
    known = {item.name: item for item in files.items()}
    if name in known:
        return f"-- {known[name].path}\n{known[name].body.strip()}"
    made = desk.connection.execute(
        "select sql from duckdb_views() "
        "where database_name = current_database() and schema_name || '.' || view_name = ?",
        [name],
    ).fetchall()
    if not made:
        raise explain_missing(desk.connection, name)
    return f"-- made over files of the workspace\n{made[0][0]}"


def functions(desk: Desk, pattern: str) -> Rows:
    """[WORD]  macros and networks with their arguments, or those that hold the word"""
    return listed(("function", "what it gives"), pattern, desk.connection.execute(FUNCTIONS).fetchall())


def cuts(desk: Desk, pattern: str) -> Rows:
    """[WORD]  thresholds in force, with the published value where it differs, unit and source"""
    return cut_rows(desk.connection, pattern)


def models(desk: Desk, name: str) -> Answer:
    """[NAME]  the networks; of one all that its file says"""
    return "\n".join(describe_model(desk.sky, name)) if name else model_rows(desk.sky)


def mode(desk: Desk, name: str) -> str:
    """[table|line]  a table, or a line a value; without a word the other one"""
    known = {"table": False, "line": True, "": not desk.looks.lines}
    desk.looks.lines = _chosen(".mode", name, known)
    return f"mode {'line' if desk.looks.lines else 'table'}"


def digits(desk: Desk, number: str) -> str:
    """[N|all]  significant digits of displayed doubles"""
    if number == "all":
        desk.looks.digits = None
    elif number.isdigit() and int(number):
        desk.looks.digits = int(number)
    elif number:
        raise UserError(f".digits {number}: it is a number above 0, or all")
    return f"digits {desk.looks.digits or 'all'}"


def timer(desk: Desk, switch: str) -> str:
    """[on|off]  say how long each statement took"""
    desk.looks.timer = _chosen(".timer", switch, {"on": True, "off": False, "": not desk.looks.timer})
    return f"timer {'on' if desk.looks.timer else 'off'}"


def pager(desk: Desk, switch: str) -> str:
    """[on|off]  show what does not fit the terminal in a pager ($PAGER, or less)"""
    desk.looks.pager = _chosen(".pager", switch, {"on": True, "off": False, "": not desk.looks.pager})
    return f"pager {'on' if desk.looks.pager else 'off'}"


def help_(desk: Desk, nothing: str) -> str:
    """this list"""
    return "\n".join(help_lines())


def leave(desk: Desk, nothing: str) -> str:
    """leave; so do quit, exit and Ctrl-D"""
    raise Leave


COMMANDS: dict[str, Callable[[Desk, str], Answer]] = {
    ".views": views,
    ".columns": columns,
    ".source": source,
    ".functions": functions,
    ".cuts": cuts,
    ".models": models,
    ".mode": mode,
    ".digits": digits,
    ".timer": timer,
    ".pager": pager,
    ".help": help_,
    ".quit": leave,
}
#: What completes the argument of a command.
ARGUMENTS = {
    **dict.fromkeys(COMMANDS, ""),
    ".views": "view",
    ".columns": "view",
    ".source": "view",
    ".cuts": "cut",
    ".mode": "table line",
    ".digits": "all",
    ".timer": "on off",
    ".pager": "on off",
}
#: What users of the DuckDB shell, psql and IPython type.
ALIASES = {
    ".exit": ".quit",
    ".tables": ".views",
    ".schema": ".source",
    "\\q": ".quit",
    "\\d": ".columns",
    "\\dv": ".views",
    "\\df": ".functions",
    "\\x": ".mode",
    "\\timing": ".timer",
    "\\?": ".help",
    "?": ".help",
    "help": ".help",
}
LEAVING = ("quit", "exit", "quit()", "exit()", ".quit", ".exit", "\\q")


def is_leaving(text: str) -> bool:
    """Whether the last line of an input, or all of it, says that the user wants to go."""
    return text.strip().split("\n")[-1].strip("; ").lower() in LEAVING


def is_command(text: str) -> bool:
    """Whether a text is a command of the shell, not SQL."""
    return text.startswith((".", "\\")) or text.rstrip("; ").lower() in ALIASES


def answer(desk: Desk, text: str) -> Answer:
    """Do what a command says.

    Raises
    ------
    UserError
        If there is no such command, or nothing of that name.
    Leave
        To leave.
    """
    name, _, argument = text.strip().rstrip(";").strip().partition(" ")
    name = ALIASES.get(name, name)
    if name == ".columns" and not argument and text.startswith("\\"):
        name = ".views"
    command = COMMANDS.get(name)
    if command is None:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"nearest: {near[0]}" if near else ".help lists them"
        raise UnknownName(f"there is no command {name}", value=name, nearest=near, hint=hint)
    return command(desk, argument.strip())


def help_lines() -> Iterator[str]:
    """A line a command."""
    for name, command in COMMANDS.items():
        first, _, rest = (inspect.getdoc(command) or "").partition("  ")
        argument, text = (first, rest) if rest else ("", first)
        yield f"{name + ' ' + argument:<20} {text}"
    yield "Everything else is SQL, which ends with a semicolon. Ctrl-C stops a query, or forgets what is typed."


def _chosen(command: str, word: str, known: dict[str, bool]) -> bool:
    if word not in known:
        raise UserError(f"{command} {word}: it is {' or '.join(filter(None, known))}")
    return known[word]
