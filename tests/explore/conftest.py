"""A workspace behind its page, and how to ask it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from candlesql.explore.command import Explorer


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


Ask = Callable[..., Answer]


@pytest.fixture(scope="package")
def served(mock_sky: Path) -> Iterator[Explorer]:
    with Explorer(mock_sky) as page:
        yield page


@pytest.fixture
def ask(served: Explorer) -> Ask:
    """`ask("cuts", {"cuts": {}})` posts; `ask("session")` gets; headers and the path can be others."""

    def asked(what: str, question: object = None, *, path: str = "", method: str = "", **headers: str) -> Answer:
        place = urlsplit(served.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=200)
        body = None if question is None else json.dumps(question).encode()
        given = {"Content-Type": "application/json"} if body else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method or ("POST" if body else "GET"), path or f"{place.path}{what}", body, given)
        answer = connection.getresponse()
        try:
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    return asked
