"""The address of a file or folder on the web or in an object store."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ...errors import RefusedFile
from ..web import without_secrets

#: A path that begins so is an address; `Path` takes one of the two slashes away.
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(?=[^/])")
PARTS = re.compile(r"(?:(?P<user>[^/@]*)@)?(?P<host>[^/?#@]+)(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?")
#: This machine, where there is nobody between to listen.
LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")


@dataclass(frozen=True)
class Address:
    """Where a remote file or folder is.

    `shown` may be told and stored; `user` (USER:PASSWORD) and `query`, in which signatures stand, are only asked with.
    """

    shown: str
    user: str = field(default="", repr=False)
    query: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.shown

    def __truediv__(self, name: str) -> Address:
        return replace(self, shown=f"{self.shown.rstrip('/')}/{name}")

    @property
    def asked(self) -> str:
        """What is sent; never to be told."""
        scheme, _, rest = self.shown.partition("://")
        return f"{scheme}://{self.user and self.user + '@'}{rest}{self.query}"

    @property
    def is_s3(self) -> bool:
        return self.shown.startswith("s3://")

    @property
    def has_secret(self) -> bool:
        return bool(self.user or self.query)

    @property
    def bucket_and_key(self) -> tuple[str, str]:
        bucket, _, key = self.shown.removeprefix("s3://").partition("/")
        return bucket, key

    @property
    def name(self) -> str:
        return PurePosixPath(self.shown.partition("://")[2]).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix if "/" in self.shown.partition("://")[2] else ""


Place = Path | Address


def place_of(text: str | Path) -> Place:
    """The address that a text is, or the path.

    Raises
    ------
    RefusedFile
        For an address that is not read: of another scheme, without a host, or over plain http.
    """
    said = str(text)
    scheme = SCHEME.match(said)
    if scheme is None:
        return Path(text)
    kind, rest = scheme[1].lower(), said[scheme.end() :]
    parts = PARTS.fullmatch(rest)
    shown = without_secrets(f"{kind}://{rest}")
    if kind not in ("http", "https", "s3"):
        raise RefusedFile(f"{kind}:// is not read, only https:// and s3://", file=shown)
    if parts is None or re.search(r"[\x00-\x20\x7f]", rest):
        raise RefusedFile("is no address: a host, or a bucket, and a path are expected", file=shown)
    if kind == "http" and not LOOPBACK.fullmatch(parts["host"]):
        raise RefusedFile("http:// lets anybody between change what comes; say https://", file=shown)
    path = (parts["path"] or "").rstrip("/")
    return Address(f"{kind}://{parts['host']}{path}", parts["user"] or "", parts["query"] or "")
