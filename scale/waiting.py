"""Waits that end: how long the client waits for what, what it says meanwhile, and how it asks a cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import UserError

if TYPE_CHECKING:
    from distributed import Client

#: What asking a scheduler that is not there raises.
GONE = (OSError, TimeoutError, ValueError, KeyError)
#: How long a scheduler or a worker may take to answer a question [s].
ANSWER_SECONDS = 60
#: How often a wait that takes long is told [s].
TELL_EVERY = 60


class Wait:
    """Something that is waited for: told on stderr after `quiet` seconds, and given up after `limit` seconds."""

    def __init__(self, what: str, limit: float, ending: str, quiet: float = 10):
        self.what, self.limit, self.ending, self.quiet = what, limit, ending, quiet
        self.came()

    def came(self) -> None:
        self.since = time.monotonic()
        self.next_told = self.since + self.quiet

    def goes_on(self) -> None:
        """It is not there yet.

        Raises
        ------
        UserError
            If it has been waited for long enough.
        """
        now = time.monotonic()
        if now - self.since > self.limit:
            raise UserError(self.ending)
        if now > self.next_told:
            self.next_told = now + TELL_EVERY
            waited = now - self.since
            print(f"waiting for {self.what}: {waited:,.0f} s so far, {self.limit:,.0f} s at most", file=sys.stderr)


def ask(client: Client, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What a call of the client gives, or a TimeoutError: a process that is stopped neither answers nor hangs up."""
    return client.sync(call, *args, callback_timeout=ANSWER_SECONDS, **options)


def workers_of(client: Client) -> set[str]:
    """The addresses of the workers that the scheduler has now; raises one of GONE if it does not say."""
    if client.status != "running":
        raise OSError("not connected")
    return set(ask(client, client.scheduler.identity)["workers"])
