"""What every request over the web passes: where it may go, how long it may take, and how often it is tried again."""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ..errors import MissingPackage, RefusedFile

#: Seconds to wait before each further try of a request that failed.
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
#: Seconds until a server has to say something, and that it may ask one to wait.
TIMEOUT, LONGEST_PAUSE = 60, 120.0
#: What an address may hold that is nobody else's business: who asks, and the query, in which signatures stand.
SECRETS = (
    (re.compile(r"(://)[^/\s@'\"]*@"), r"\1"),
    (re.compile(r"\?[^\s'\"<>()]*=[^\s'\"<>()]*"), ""),
)

Result = TypeVar("Result")


class Later(Exception):
    """A request that may go well when it is tried again, after `pause` seconds where the server says so."""

    def __init__(self, what: str, pause: float = 0.0) -> None:
        super().__init__(what)
        self.pause = pause


def without_secrets(text: str) -> str:
    """A text without the users, passwords and queries of the addresses in it."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def session_for(address: str, *, only_tls: bool = False) -> Any:
    """A session that goes to web servers only, and to private addresses only on the service's own host; each hop of a
    redirect is looked at.

    Parameters
    ----------
    only_tls
        Whether a server that is asked over TLS may not send one to an address without it.
    """
    try:
        import requests
    except ImportError:
        raise MissingPackage("an address on the web needs requests: pip install 'candlesql[remote]'") from None

    start = urlsplit(address)

    class Guarded(requests.Session):
        def send(self, request: Any, **options: Any) -> Any:
            refuse_private(request.url, start.hostname)
            if only_tls and start.scheme == "https" and urlsplit(request.url).scheme != "https":
                raise RefusedFile("sends to an address without TLS; it is not asked", file=without_secrets(address))
            if options.get("timeout") is None:
                options["timeout"] = TIMEOUT
            return super().send(request, **options)

        def request(self, *asked: Any, **options: Any) -> Any:
            try:
                return super().request(*asked, **options)
            except requests.RequestException:
                raise
            except ValueError:
                said = "sends to what is no address; the archive is not to be trusted"
                raise RefusedFile(said, file=without_secrets(address)) from None

    return Guarded()


def refuse_private(address: str, home: str | None) -> None:
    """Refuse what an archive sends one to that is no web address, or one inside the user's own network.

    Raises
    ------
    RefusedFile
        If it is.
    """
    parts, shown = urlsplit(address), f"{without_secrets(address):.200}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RefusedFile("is no web address; the archive is not to be trusted", file=shown)
    if parts.hostname == home:
        return
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(parts.hostname, None)}
    except OSError:
        return
    if any(not ipaddress.ip_address(str(one).partition("%")[0]).is_global for one in found):
        raise RefusedFile("is a private address that the archive sends to; it is not asked", file=shown)


def patiently(
    action: Callable[[], Result],
    failures: tuple[type[Exception], ...],
    may_pass: Callable[[Exception], bool] = lambda error: True,
) -> Result:
    """The action's result, tried again after longer and longer pauses while it fails in one of these ways, which may
    pass; the last failure is raised."""
    for pause in (*PAUSES, None):
        try:
            return action()
        except failures as error:
            if pause is None or not may_pass(error):
                raise
            time.sleep(max(pause, min(LONGEST_PAUSE, getattr(error, "pause", 0.0))))
    raise AssertionError("unreachable")
