"""Small files and lines of text, read no further than such a file or line goes: one without end fills the memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import RefusedFile

#: Of a file that says how something is, such as a survey's, and of a line of text; both are far beyond any in use.
MOST_BYTES, LONGEST_LINE = 1 << 24, 1 << 25


def short_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a file that says how something is.

    Raises
    ------
    RefusedFile
        If it has more than `most` bytes, or is a folder, a pipe or a device.
    """
    if path.exists() and not path.is_file():
        raise RefusedFile("is no file", file=path)
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise RefusedFile(f"has more than {most:,} bytes; no file of its kind does", file=path)
    return content.decode("utf-8")


def lines_of(file: IO[str], path: Path) -> Iterator[str]:
    """The lines of an open text.

    Raises
    ------
    RefusedFile
        If one has more letters than any line of a catalog.
    """
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise RefusedFile(f"has a line of more than {LONGEST_LINE:,} letters", file=path)
        yield line
