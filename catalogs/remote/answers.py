"""What servers of every kind answer: a version of a file, its bytes, or why not."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from ...errors import RefusedFile
from .. import web
from ..web import Later
from .address import Address

#: Seconds that a piece may take to come.
LONGEST_PIECE = 600.0
#: Bytes that are taken from a connection at once, at most.
BLOCK = 1 << 20
AGAIN = "run it again"
CONTENT_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20})", re.ASCII)
#: Answers that may be others later.
PASSING = (408, 425, 429, 500, 502, 503, 504)


class NoSuchObject(RefusedFile):
    """There is no file at an address."""


@dataclass(frozen=True)
class Version:
    """What a server says a file is: its size in bytes, ETag and date, empty where it does not say."""

    size: int
    tag: str = ""
    date: str = ""

    def may_be(self, other: Version) -> bool:
        """Whether two answers can be of one version of a file."""
        return self.size == other.size and all(
            mine == its or not (mine and its) for mine, its in ((self.tag, other.tag), (self.date, other.date))
        )


class Transport(Protocol):
    """Asks a kind of server."""

    def get(self, address: Address, first: int, last: int, version: Version | None) -> tuple[bytes, Version]:
        """The bytes from `first` to `last`, of this version where one is known, and the version that they are of.

        Raises
        ------
        Later
            If it may go well another time.
        RefusedFile
            If it will not.
        """


def replaced(address: Address) -> RefusedFile:
    """What to say of a file that is another one than at the first look."""
    return RefusedFile(f"was replaced while it was read; {AGAIN}", file=address)


def size_said(content_range: str, first: int, last: int) -> int | None:
    """The size [bytes] of a file whose bytes from `first` to `last` an answer says to hold; None if it says others."""
    said = CONTENT_RANGE.fullmatch(content_range)
    return int(said[3]) if said and (int(said[1]), int(said[2])) == (first, last) else None


def body_of(stream: Any, address: Address, first: int, last: int) -> bytes:
    """The bytes from `first` to `last`, which a urllib3 response holds; they take no longer than a piece may.

    Raises
    ------
    Later
        If fewer come, or too slowly.
    RefusedFile
        If more come.
    """
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    wanted, began, found = last + 1 - first, time.monotonic(), bytearray()
    try:
        # what is there already, since a server that sends byte by byte would have `read` wait for all
        while block := stream.read1(BLOCK):
            found += block
            if len(found) > wanted:
                raise RefusedFile("gives more bytes than it is asked for; download it, and name the file", file=address)
            if time.monotonic() - began > LONGEST_PIECE:
                raise Later(f"sends {wanted:,} bytes in more than {LONGEST_PIECE:g} s")
    except ReadTimeoutError:
        raise Later(f"says nothing for {web.TIMEOUT} s") from None
    except (HTTPError, OSError):
        raise Later(f"breaks off: {len(found):,} of {wanted:,} bytes came") from None
    if len(found) < wanted:
        raise Later(f"breaks off: {len(found):,} of {wanted:,} bytes came")
    return bytes(found)


def pause(said: str) -> float:
    """Seconds to wait, as a server says it: a number, or a date."""
    try:
        return float(said)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
