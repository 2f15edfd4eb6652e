"""A server of files on this machine that gives parts of them, by HTTP or as S3 does, and fails as such servers do."""

import gzip
import hashlib
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


@dataclass
class Store:
    """What the server has, how it fails, and what it was asked."""

    folder: Path
    url: str = ""
    #: Answers that fail before one does not: a status, or what is done wrong instead.
    faults: list[int | str] = field(default_factory=list)
    #: What is done wrong with files of these names, always.
    bad: dict[str, int | str] = field(default_factory=dict)
    #: An S3 error code instead of every answer.
    code: str = ""
    status: int = 403
    retry_after: str = ""
    #: Name and number of bytes of each part that was given.
    given: list[tuple[str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    #: After how many parts a file has another ETag; never if below 0.
    replaced_after: int = -1

    @property
    def n_bytes(self) -> int:
        return sum(n for _, n in self.given)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in ({"Content_Length": len(body)} | headers).items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        store = self.server.store
        store.headers.append(dict(self.headers))
        store.paths.append(self.path)
        file = store.folder / unquote(self.path.partition("?")[0]).lstrip("/")
        fault = store.faults.pop(0) if store.faults else store.bad.get(file.name, "")
        if isinstance(fault, int):
            self.say(fault, **({"Retry_After": store.retry_after} if store.retry_after else {}))
        elif fault.startswith("http") or fault.startswith("file"):
            self.say(302, Location=fault)
        elif fault.startswith("HTTP/"):
            self.close_connection = True
            self.wfile.write(fault.replace("\r\n", "\r\nConnection: close\r\n", 1).encode("latin-1"))
        elif fault == "in circles":
            self.say(302, Location=self.path)
        elif store.code:
            self.say(store.status, error(store.code), Content_Type="application/xml")
        elif not file.is_file():
            bucket = store.folder / self.path.split("/")[1]
            self.say(404, error("NoSuchKey" if bucket.is_dir() else "NoSuchBucket"), Content_Type="application/xml")
        else:
            self.give(store, file, fault)

    def give(self, store, file, fault):
        body, wanted = file.read_bytes(), re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if store.replaced_after == 0:
            tag = '"another"'
        store.replaced_after -= 1
        if self.headers.get("If-Match", tag) != tag and fault != "ignores If-Match":
            self.say(412, error("PreconditionFailed"))
            return
        if fault == "speaks HTTP/1.0":
            self.protocol_version, self.close_connection = "HTTP/1.0", True
        if fault in ("ignores Range", "speaks HTTP/1.0"):
            self.say(200, body, ETag=tag)
            return
        first, last = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
        if first >= len(body):
            self.say(416, error("InvalidRange"))
            return
        part = body[first : last + 1]
        store.given.append((file.name, len(part)))
        total = len(body) + 1000 if fault == "lies about the size" else len(body)
        if fault == "gives another part":
            first += 1
        headers = {"Content_Range": f"bytes {first}-{last}/{total}", "ETag": tag}
        if fault == "gives more":
            part += b"more"
        if fault == "packs it":
            part, headers["Content_Encoding"] = gzip.compress(part), "gzip"
        if fault == "does not know the size":
            headers["Content_Range"] = f"bytes {first}-{last}/*"
        if fault == "two parts":
            headers |= {"Content_Type": "multipart/byteranges; boundary=x"}
            del headers["Content_Range"]
        if fault == "resets":
            self.reset(part, headers)
            return
        if fault == "drips":
            self.drip(part, headers)
            return
        if fault == "waits":
            time.sleep(3)
        if fault == "breaks off":
            self.close_connection = True
            headers["Content_Length"] = len(part)
            part = part[: len(part) // 2]
        self.say(206, part, **headers)

    def reset(self, part, headers):
        """Half of it, and then the connection is torn down, not closed."""
        self.close_connection = True
        self.begin(part, headers)
        self.wfile.write(part[: len(part) // 2])
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def begin(self, part, headers):
        self.send_response(206)
        for name, value in ({"Content_Length": len(part)} | headers).items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def drip(self, part, headers):
        """A byte at a time, as long as anybody listens."""
        self.close_connection = True
        self.begin(part, headers)
        for place in range(len(part)):
            self.wfile.write(part[place : place + 1])
            time.sleep(0.02)


def error(code):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()


def serve(folder):
    """The store of a folder, and how to end it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that goes away is no error
    server.store = Store(folder, f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def stop():
        server.shutdown()
        server.server_close()

    return server.store, stop
