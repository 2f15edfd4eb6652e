"""Remote files read by ranges: every one in the version in which it was first seen, or not at all."""

from __future__ import annotations

import io
import threading

from ...errors import RefusedFile, UserError
from .. import web
from ..web import Later
from . import ranges
from .address import Address
from .answers import AGAIN, Transport, Version, replaced

#: Bytes that are asked for at once, that a file may have, and that a small file (a list, properties) may have.
PIECE, MOST_BYTES, MOST_TEXT = 1 << 24, 1 << 40, 1 << 26


class Objects:
    """The remote files that one command or connection reads; `failure` is what went wrong last."""

    def __init__(self) -> None:
        self.failure: UserError | None = None
        self._versions: dict[str, Version] = {}
        self._addresses: dict[str, Address] = {}
        self._transports: dict[str, Transport] = {}
        self._lock = threading.Lock()

    def know(self, address: Address) -> str:
        """The text that stands for an address, without what it is asked with."""
        self._addresses[address.shown] = address
        return address.shown

    def named(self, text: str) -> Address:
        """The address that such a text stands for."""
        return self._addresses.get(text) or Address(text)

    def version(self, address: Address) -> Version:
        """Of the first look at the file, which all later reading is held to."""
        if address.shown not in self._versions:
            _, version = self._ask(address, 0, 0, None)
            if version.size > MOST_BYTES:
                raise RefusedFile(f"has {version.size:,} bytes, more than {MOST_BYTES:,}", file=address)
            self._versions.setdefault(address.shown, version)
        return self._versions[address.shown]

    def read(self, address: Address, first: int, stop: int) -> bytes:
        """The bytes from `first` up to `stop`, which lie within the file."""
        version = self.version(address)
        found = bytearray()
        while first < stop:
            last = min(stop, first + PIECE) - 1
            found += self._piece(address, first, last, version)
            first = last + 1
        return bytes(found)

    def text(self, address: Address) -> str:
        """All of a small file.

        Raises
        ------
        RefusedFile
            If it is large, or no text.
        """
        size = self.version(address).size
        if size > MOST_TEXT:
            raise RefusedFile(f"has {size:,} bytes, more than {MOST_TEXT:,}", file=address)
        try:
            return self.read(address, 0, size).decode("utf-8")
        except UnicodeDecodeError:
            raise RefusedFile("is no text", file=address) from None

    def open(self, address: Address) -> ObjectFile:
        return ObjectFile(self, address)

    def _piece(self, address: Address, first: int, last: int, version: Version) -> bytes:
        name = f"{address.shown} {version}" if version.tag or version.date else ""
        data = ranges.kept(name, first, last) if name else None
        if data is None:
            data, _ = self._ask(address, first, last, version)
            if name:
                ranges.keep(name, first, data)
        return data

    def _ask(self, address: Address, first: int, last: int, version: Version | None) -> tuple[bytes, Version]:
        transport = self._transport(address)
        try:
            data, said = web.patiently(lambda: transport.get(address, first, last, version), (Later,))
        except Later as error:
            raise RefusedFile(f"{error}, {len(web.PAUSES) + 1} times; {AGAIN} later", file=address) from None
        if version and not version.may_be(said):
            raise replaced(address)
        return data, said

    def _transport(self, address: Address) -> Transport:
        kind = "s3" if address.is_s3 else address.shown.split("/")[2]
        with self._lock:
            if kind not in self._transports:
                if address.is_s3:
                    from .s3 import S3

                    self._transports[kind] = S3()
                else:
                    from .https import Web

                    self._transports[kind] = Web(address)
            return self._transports[kind]


class ObjectFile(io.RawIOBase):
    """A remote file as an open one."""

    def __init__(self, objects: Objects, address: Address) -> None:
        super().__init__()
        self.objects, self.address, self.place = objects, address, 0
        self.size = objects.version(address).size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        return self.place

    def read(self, size: int | None = -1) -> bytes:
        end = self.size if size is None or size < 0 else min(self.size, self.place + size)
        if end <= self.place:
            return b""
        data = self.objects.read(self.address, self.place, end)
        self.place = end
        return data
