"""`candlesql shell`: a prompt over a workspace, with history, completion, and the networks as functions."""

from __future__ import annotations

import os
import pydoc
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import duckdb
from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer

from ...errors import UserError
from ...sql.open import open_sky
from ...workspace.folder import Sky, find_sky
from ...workspace.progress import watched
from ..sql import explain, is_ours, refuse_untrusted, rows_of_statement
from ..steps.shown import Rows, as_lines, as_table
from . import dots
from .completion import Names
from .dots import Desk, Leave, Looks

GREETING = "SQL ends with a semicolon; .help lists commands, Tab completes, .quit leaves."
INTERRUPTED = "interrupted"
#: What may hold a semicolon that ends nothing; and what is left of one of them that is still open.
CLOSED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$", re.DOTALL)
OPEN = re.compile(r"['\"]|/\*|\$\$")


def run_shell(path: Path, read: Sequence[Path] = (), trust: bool = False) -> None:
    """Answer statements until the user leaves; errors are shown and the prompt goes on.

    Without a terminal the statements of standard input are answered, and the first error ends it.

    Raises
    ------
    UserError
        If there is no such workspace; without a terminal also for a statement that fails.
    """
    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    sky = find_sky(path)
    with open_sky(path, read=read, trust=trust) as connection:
        desk = Desk(connection, sky, Looks())
        if not sys.stdin.isatty():
            answer_all(desk, sys.stdin, trust)
            return
        print(GREETING)
        converse(desk, session_of(desk).prompt, trust)


def session_of(desk: Desk) -> PromptSession[str]:
    """A prompt in which Enter goes on to the next line until the statement is complete."""
    keys = KeyBindings()

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return PromptSession(
        "sky> ",
        multiline=True,
        prompt_continuation="...> ",
        key_bindings=keys,
        history=_history(desk.sky),
        completer=Names(desk.connection, dots.ARGUMENTS),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        lexer=PygmentsLexer(SqlLexer),
    )


def converse(desk: Desk, ask: Callable[[], str], trust: bool = False) -> None:
    """Answer what is asked until the user leaves."""
    opened = _stamp(desk.sky)
    while True:
        try:
            text = ask()
            respond(desk, text, trust)
        except KeyboardInterrupt:
            continue
        except (EOFError, Leave):
            return
        if _stamp(desk.sky) != opened:
            opened = _stamp(desk.sky)
            print("another command has changed the workspace; leave and come back to see all of it")


def respond(desk: Desk, text: str, trust: bool = False) -> None:
    """Answer one input, be it a command of the shell or statements; what is wrong with it is printed.

    Raises
    ------
    Leave
        To leave.
    """
    try:
        for answer in answers(desk, text, trust):
            _print(desk.looks, answer)
    except UserError as error:
        print(error)
    except KeyboardInterrupt:
        print(INTERRUPTED)


def answer_all(desk: Desk, lines: Iterable[str], trust: bool) -> None:
    """Answer the statements of a text that nobody types.

    Raises
    ------
    UserError
        For the first that fails.
    """
    text = ""
    try:
        for line in lines:
            text = f"{text}{line}"
            if is_complete(text.strip()):
                for answer in answers(desk, text.strip(), trust):
                    _print(desk.looks, answer)
                text = ""
        for answer in answers(desk, text.strip(), trust):
            _print(desk.looks, answer)
    except Leave:
        return


def answers(desk: Desk, text: str, trust: bool) -> Iterator[Rows | str]:
    """The answer of each statement of an input, one after the other.

    Raises
    ------
    UserError
        If there is no such command, or DuckDB refuses a statement.
    KeyboardInterrupt
        If the user has stopped it.
    Leave
        To leave.
    """
    text = text.strip()
    if dots.is_leaving(text):
        raise Leave
    if dots.is_command(text):
        yield dots.answer(desk, text)
        return
    connection = desk.connection
    try:
        statements = connection.extract_statements(text)
        if not trust:
            refuse_untrusted(connection, statements)
        for statement in statements:
            started = time.perf_counter()
            found = watched(connection, "running", partial(rows_of_statement, connection, statement))
            if found is not None:
                yield found
            if desk.looks.timer:
                yield f"{time.perf_counter() - started:.3f} s"
    except (duckdb.Error, RuntimeError) as error:
        if "interrupted" in str(error).lower().split("\n")[0]:
            raise KeyboardInterrupt from None
        if not isinstance(error, duckdb.Error) or is_ours(error):
            raise
        raise explain(connection, text, error) from None


def is_complete(text: str) -> bool:
    """Whether Enter ends an input: SQL up to its semicolon, a command of the shell, or nothing at all."""
    stripped = text.strip()
    if not stripped or dots.is_command(stripped) or dots.is_leaving(stripped):
        return True
    bare = CLOSED.sub(" ", stripped).rstrip()
    return bare.endswith(";") and not OPEN.search(bare)


def _print(looks: Looks, answer: Rows | str) -> None:
    """Print an answer, in a pager where it does not fit the terminal."""
    if isinstance(answer, str):
        print(answer)
        return
    size = shutil.get_terminal_size()
    width = size.columns if sys.stdout.isatty() else None
    text = _text(looks, answer, None if answer.types else width)
    lines = text.split("\n")
    if width is None or (len(lines) < size.lines and max(map(len, lines)) <= width):
        print(text)
    elif looks.pager:
        os.environ.setdefault("LESS", "-SRFX")
        pydoc.pager(text)
    else:
        print(_text(looks, answer, width))


def _text(looks: Looks, answer: Rows, width: int | None) -> str:
    return as_lines(answer, looks.digits) if looks.lines else as_table(answer, looks.digits, width)


def _history(sky: Sky) -> FileHistory | InMemoryHistory:
    file = sky.root / ".shell_history"
    return FileHistory(str(file)) if os.access(file if file.exists() else sky.root, os.W_OK) else InMemoryHistory()


def _stamp(sky: Sky) -> tuple[int, int]:
    """What changes when another command has put a new database in place."""
    stat = sky.database.stat()
    return stat.st_ino, stat.st_mtime_ns
