"""What can be wrong with input: exceptions that a caller can tell apart, each one line that says the way out."""

from __future__ import annotations

from collections.abc import Iterable

#: What this command has printed on stderr: an error that says the same is not said twice.
told: set[str] = set()


def is_text(name: str) -> bool:
    """Whether a name is text in UTF-8: of other bytes Python makes surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def one_line(text: object) -> str:
    """A text as one line without control characters, which names and values in a file may hold and a terminal obeys."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in str(text))


class UserError(Exception):
    """The input, not the program, is at fault.

    The command prints it as one line to stderr and exits with code 2; anything else keeps its traceback.

    Parameters
    ----------
    what
        What is wrong, in words.
    file, column, value
        Where: the file or folder, the column in it, the value; None where there is none.
    hint
        The way out.
    """

    def __init__(
        self,
        what: str,
        *,
        file: object = None,
        column: str | None = None,
        value: object = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what, self.file, self.column, self.value, self.hint = what, file, column, value, hint

    def __str__(self) -> str:
        where = "" if self.file is None else f"{self.file}: "
        way_out = "" if self.hint is None else f"; {self.hint}"
        return one_line(f"{where}{self.what}{way_out}")


class NoWorkspace(UserError):
    """There is no workspace where one was named, and none can be made."""


class NotIngested(UserError):
    """A survey, model or product that is needed is not there yet."""


class MissingColumn(UserError):
    """A file or view lacks a column that is needed."""


class WrongUnit(UserError):
    """A unit that cannot be converted into the one that is expected."""


class UnknownName(UserError):
    """No survey, system, view, cut or option has this name; `nearest` are those that are like it."""

    def __init__(self, what: str, *, nearest: Iterable[str] = (), **fields: object) -> None:
        super().__init__(what, **fields)  # type: ignore[arg-type]
        self.nearest = tuple(nearest)


class Locked(UserError):
    """Another process or connection holds the workspace."""


class NoSpace(UserError):
    """The disk is full."""


class RefusedFile(UserError):
    """A file that is damaged, of no known format, or against what its survey says."""


class MissingPackage(UserError):
    """An optional package is not installed; the hint names the extra."""


class Stale(UserError):
    """What was made before no longer fits what is there now."""
