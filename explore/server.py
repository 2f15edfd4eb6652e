"""The local server of the page: this machine alone, a secret in the address, and no page of another origin."""

from __future__ import annotations

import io
import json
import secrets
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa

from ..commands.sql import is_ours
from ..errors import UserError
from .session import Session

ADDRESS = "127.0.0.1"
STATIC = Path(__file__).with_name("static")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: What a browser is told: nothing from elsewhere, nothing guessed, no address passed on; notebooks here may frame it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LONGEST = 1 << 20
#: Longest silence of a browser that is sending a request [s].
PATIENCE = 60


class Refused(Exception):
    """A request that gets no answer but a status."""

    def __init__(self, status: HTTPStatus, said: str):
        super().__init__(said)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves one session at `url` until it is shut down."""

    daemon_threads = True

    def __init__(self, session: Session, port: int = 0):
        self.session = session
        self.secret = secrets.token_urlsafe(24)
        try:
            super().__init__((ADDRESS, port), Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise UserError(f"--port {port}: cannot be listened at ({why}); leave it out for a free one") from None

    @property
    def origins(self) -> set[str]:
        return {f"http://{name}:{self.server_port}" for name in (ADDRESS, "localhost")}

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.server_port}/{self.secret}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that has gone is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """Answers a browser: the page's files, and what it asks of the session."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: Server

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def version_string(self) -> str:
        return "candlesql"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address holds the secret."""

    def _answered(self, answer: Callable[[str], None]) -> None:
        try:
            answer(self._asked())
        except Refused as refusal:
            self.close_connection = True
            self._send(refusal.status, "text/plain; charset=utf-8", f"{refusal}\n".encode())
        except UserError as error:
            self._send_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        except duckdb.Error as error:
            if is_ours(error):
                traceback.print_exc()
            self._send_json({"error": str(error).split("\n")[0]}, HTTPStatus.BAD_REQUEST)
        except ConnectionError:
            raise
        except Exception:
            traceback.print_exc()
            self._send_json({"error": "the program failed; its window says how"}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _asked(self) -> str:
        """What is asked, below the secret.

        Raises
        ------
        Refused
            If the request is for another host, from another origin, or does not know the secret.
        """
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        if f"http://{host}" not in self.server.origins:
            raise Refused(HTTPStatus.FORBIDDEN, "this host is not served here")
        if origin is not None and origin not in self.server.origins:
            raise Refused(HTTPStatus.FORBIDDEN, "other origins are not answered")
        _, secret, *rest = (urlsplit(self.path).path + "/").split("/", 2)
        if not secrets.compare_digest(secret.encode(), self.server.secret.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "the address lacks its secret; candlesql explore printed it")
        asked = rest[0].strip("/")
        is_foreign = self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if is_foreign and (asked or self.command != "GET"):
            raise Refused(HTTPStatus.FORBIDDEN, "other sites are not answered")
        return asked

    def _get(self, asked: str) -> None:
        session = self.server.session
        if asked == "session":
            about = {
                "name": session.sky.root.name,
                "sliders": [asdict(slider) for slider in session.sliders()],
                "axes": session.axes(),
                "pixels": session.pixels(),
                "graticule": session.graticule(),
            }
            return self._send_json(about)
        file = STATIC / (asked or "index.html")
        if file.parent != STATIC or file.suffix not in TYPES or not file.is_file():
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such page")
        return self._send(HTTPStatus.OK, TYPES[file.suffix], file.read_bytes())

    def _post(self, asked: str) -> None:
        if asked not in self._answers:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing of that name to ask")
        if self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "questions are JSON")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a question has a length, below 1 MB")
        try:
            question = json.loads(self.rfile.read(int(length)))
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "questions are JSON") from None
        if not isinstance(question, dict) or not isinstance(question.get("cuts", {}), dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "a question is an object, and its cuts are one")
        self._answers[asked](question)

    @cached_property
    def _answers(self) -> dict[str, Callable[[dict], None]]:
        return {"cuts": self._cuts, "curve": self._curve, "query": self._query, "export": self._export}

    def _cuts(self, question: dict) -> None:
        session, cuts = self.server.session, question.get("cuts", {})
        self._send_json(
            {"table": session.stars(cuts), "numbers": session.numbers(cuts), "command": session.command(cuts)}
        )

    def _curve(self, question: dict) -> None:
        self._send_json({"curve": self.server.session.curve(question.get("cuts", {}))})

    def _query(self, question: dict) -> None:
        text = str(question.get("sql", ""))
        if question.get("type") == "exec":
            self.server.session.count_first(text)
            return self._send_json({})
        rows = self.server.session.select(text)
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        return self._send(HTTPStatus.OK, "application/vnd.apache.arrow.stream", sink.getvalue())

    def _export(self, question: dict) -> None:
        given = {key: str(question.get(key, "")) for key in ("where", "format")}
        file = self.server.session.export(question.get("cuts", {}), given["where"], given["format"])
        try:
            self._send(HTTPStatus.OK, "application/octet-stream", file.read_bytes(), file.name)
        finally:
            file.unlink()

    def _send_json(self, value: object, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes, name: str = "") -> None:
        self.send_response(status)
        for header, value in {"Content-Type": kind, "Content-Length": str(len(body)), **HEADERS}.items():
            self.send_header(header, value)
        if name:
            self.send_header("Content-Disposition", f'attachment; filename="{name}"')
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
