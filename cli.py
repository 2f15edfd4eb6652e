"""The `candlesql` command: its options, its commands in order, and what an error or Ctrl-C prints."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from contextlib import suppress
from itertools import islice
from typing import Annotated, NoReturn

import typer

from .arguments import catalogs, results, systems
from .errors import UserError, is_text, told

app = typer.Typer(
    help="Standard candles in SQL: red clump samples, distances, masses and ages of giants as DuckDB queries.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
    context_settings={"max_content_width": 110},
)

#: Exit code after Ctrl-C: 128 + SIGINT.
INTERRUPTED = 130
#: How DuckDB says that Ctrl-C has come while it worked, or while a function in Python did.
INTERRUPTIONS = ("Query interrupted", "INTERRUPT Error", "executing the UDF: KeyboardInterrupt")
#: How DuckDB says that memory is too little, in an error of its own or one that Arrow passes on.
OUT_OF_MEMORY = "Out of Memory Error"
#: Those that have come: code in C makes other errors of the KeyboardInterrupt that they raise.
_signals: list[int] = []
#: Errors of the machine, wherever they come up: no space, read-only, not allowed, too long a name, too many files.
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EMFILE}


def main() -> None:
    """Run the command; bad input is one line on stderr and exit code 2, an error of the program keeps its traceback."""
    from .workspace.change import finished, opened
    from .workspace.limits import said

    for of_the_last_command in (finished, opened, said, told):
        of_the_last_command.clear()
    _signals.clear()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, _interrupt)
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _refuse_no_text(sys.argv)
        code = app(_hoisted(sys.argv[1:]) or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        _stop(str(error), 2)
    except KeyboardInterrupt:
        _interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except SystemExit:
        raise SystemExit(0) from None  # typer's answer to a reader that has gone, on which it stops with 1
    except Exception as error:
        if _signals or any(said in str(error) for said in INTERRUPTIONS):
            _interrupted()
        if str(error).startswith(OUT_OF_MEMORY):
            from .workspace.limits import TOO_LITTLE_MEMORY

            _stop(TOO_LITTLE_MEMORY, 2)
        if isinstance(error, OSError) and error.errno in OF_THE_DISK:
            _stop(str(UserError(f"the disk says: {error.strerror}", file=error.filename)), 2)
        if "No space left on device" in str(error):
            _stop("the disk is full; free some space and run it again", 2)
        if not hasattr(error, "format_message"):
            _blame_damaged_file(error)
            raise
        where = getattr(getattr(error, "ctx", None), "command_path", "candlesql")
        _stop(f"{error.format_message()} (`{where} --help`)", 2)
    if code == INTERRUPTED:
        _interrupted()
    raise SystemExit(code if isinstance(code, int) else 0)


def _open_what_is_closed() -> None:
    """Of a shell's `>&-`: the next file that is opened would be the standard output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115 - to the end


def _refuse_no_text(arguments: list[str]) -> None:
    """DuckDB and the readers take names in UTF-8 only; Python gives other bytes as surrogates."""
    for text in arguments:
        if not is_text(text):
            hint = "rename the file, or set PYTHONUTF8=1 if your terminal writes UTF-8"
            raise UserError("is no text in UTF-8", file=text, hint=hint)


def _blame_damaged_file(error: Exception) -> None:
    """Stop with one line where a reader's error comes from a damaged file of the workspace."""
    if not any(kind.__module__.startswith(("_duckdb", "pyarrow")) for kind in type(error).__mro__):
        return
    from .sql.damage import damaged_file
    from .sql.open import open_sky
    from .workspace.change import opened

    for sky in {sky.root: sky for sky in opened}.values():
        with suppress(UserError), open_sky(sky.root, trust=False) as connection:  # a stranger's views are not asked
            if damaged := damaged_file(connection, sky):
                _stop(str(damaged), 2)


def _interrupt(number: int, frame: object) -> NoReturn:
    """SIGTERM and SIGHUP end a command as Ctrl-C does."""
    _signals.append(number)
    raise KeyboardInterrupt


def _hoisted(arguments: list[str]) -> list[str]:
    """The options of every command may stand anywhere before a bare `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    hoisted, others, pending = [], [], iter(arguments[:end])
    for text in pending:
        if text in ("--memory", "--threads"):
            hoisted += [text, *islice(pending, 1)]
        elif text == "--wait" or text.startswith(("--memory=", "--threads=")):
            hoisted.append(text)
        else:
            others.append(text)
    return [*hoisted, *others, *arguments[end:]]


def _interrupted() -> NoReturn:
    from .workspace.change import finished

    kept = ", ".join(dict.fromkeys(finished))
    said = f"finished before that, and kept: {kept}" if kept else "what was there before is unchanged"
    _stop(f"interrupted; {said}", INTERRUPTED)


def _stop(message: str, code: int) -> NoReturn:
    if message not in told:
        print(" ".join(message.split()), file=sys.stderr)
    raise SystemExit(code) from None


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"candlesql {version('candlesql')} (DuckDB {version('duckdb')}, ONNX Runtime {version('onnxruntime')})")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print versions."),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait where another command writes to the workspace; also behind the command."),
    ] = False,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="What DuckDB may take, as 4GB; also behind the command.")
    ] = None,
    threads: Annotated[
        str | None, typer.Option(metavar="N", help="How many cores to use; also behind the command.")
    ] = None,
) -> None:
    given = {"memory": memory, "threads": threads}
    if memory is not None or threads is not None:
        from .workspace import limits

        limits.said.update({name: value for name, value in given.items() if value is not None})
    if wait:
        from .workspace import change

        change.waits = True


#: In the order in which `candlesql --help` lists them.
COMMANDS = (
    catalogs.demo,
    catalogs.ingest,
    catalogs.fetch,
    catalogs.region,
    catalogs.match,
    systems.train,
    systems.score,
    systems.run,
    results.sql,
    results.shell,
    results.export,
    results.join,
    results.map,
    results.report,
    results.explore,
    results.models,
    results.cuts,
    results.info,
    results.cite,
    catalogs.spectra,
    systems.nmsu,
    systems.reddening,
    systems.synphot,
    catalogs.mock_apogee,
    catalogs.mock_clusters,
)
for command in COMMANDS:
    app.command()(command)
