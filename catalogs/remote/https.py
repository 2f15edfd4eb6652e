"""Ranges of files from web servers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ...errors import RefusedFile
from ..web import TIMEOUT, Later, session_for
from .address import Address
from .answers import PASSING, NoSuchObject, Version, body_of, pause, replaced, size_said


class Web:
    """One server, with the connections to it."""

    def __init__(self, address: Address) -> None:
        self.session = session_for(address.asked, only_tls=True)

    def get(self, address: Address, first: int, last: int, version: Version | None) -> tuple[bytes, Version]:
        """As `Transport.get` says."""
        import requests

        headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        if version and version.tag.startswith('"'):
            headers["If-Match"] = version.tag
        try:
            with self.session.get(address.asked, headers=headers, stream=True, timeout=(10, TIMEOUT)) as response:
                found = _checked(address, response, first, last, version)
                return body_of(response.raw, address, first, last), found
        except requests.RequestException as error:
            raise _said_of(address, error) from None


def _checked(address: Address, response: Any, first: int, last: int, version: Version | None) -> Version:
    """The version that an answer is of."""
    status = response.status_code
    says = f"the server says {_words(status)}"
    if status in PASSING:
        raise Later(says, pause(response.headers.get("Retry-After", "")))
    if status in (404, 410):
        raise NoSuchObject(f"is not there: {says}", file=address)
    if status in (401, 403):
        raise RefusedFile(f"access is refused: {says}", file=address)
    if status == 412 or (status == 416 and version):
        raise replaced(address)
    if status == 416:
        raise RefusedFile("is empty, or the server does not give parts of files", file=address)
    if status == 200:
        raise RefusedFile("the server does not give parts of files; download it, and name the file", file=address)
    if status != 206:
        raise RefusedFile(says, file=address)
    packed = response.headers.get("Content-Encoding", "identity").lower()
    if packed != "identity":
        raise RefusedFile(f"the server gives it packed ({packed:.20}); download it, and name the file", file=address)
    size = size_said(response.headers.get("Content-Range", ""), first, last)
    if size is None:
        raise RefusedFile("the server gives other parts of the file than it is asked for; download it", file=address)
    return Version(size, response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))


def _words(status: int) -> str:
    """A status with its meaning; a server's own words may be of any length, and repeat what it was asked with."""
    return f"{status} {HTTPStatus(status).phrase}" if status in {*HTTPStatus} else str(status)


def _said_of(address: Address, error: Exception) -> Exception:
    """What to say of a request that failed: its own words name the address with all that it is asked with."""
    import requests

    said = repr(error)
    if isinstance(error, requests.exceptions.SSLError):
        return RefusedFile("the server's certificate is not accepted", file=address)
    if isinstance(error, requests.TooManyRedirects):
        return RefusedFile("the server sends in circles", file=address)
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return RefusedFile("is no address that can be asked", file=address)
    if "NameResolution" in said or "getaddrinfo" in said:
        return Later("there is no host of this name (DNS)")
    if isinstance(error, requests.Timeout):
        return Later(f"the server says nothing for {TIMEOUT} s")
    return Later("the server cannot be reached")
