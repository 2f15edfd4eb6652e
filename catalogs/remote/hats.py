"""A HATS catalog behind an address: its own lists say where its rows are."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...errors import RefusedFile
from .. import hats_layout as layout
from .address import Address
from .answers import AGAIN, NoSuchObject
from .objects import Objects


@dataclass(frozen=True)
class Partition:
    """A file of rows, and the HEALPix pixel that it is of."""

    order: int
    pixel: int
    address: Address


class RemoteCatalog:
    """The catalog at an address, a collection's or its own.

    Raises
    ------
    RefusedFile
        If there is no HATS catalog at the address.
    """

    def __init__(self, objects: Objects, place: Address) -> None:
        self.objects, self.place = objects, place
        collection = self._entries(place, (layout.COLLECTION,))
        inner = (collection or {}).get(layout.PRIMARY, "")
        if collection is not None and not re.fullmatch(r"(?!\.)[\w.+ -]+", inner):
            raise RefusedFile(
                f"its {layout.COLLECTION} does not say which folder holds its rows ({layout.PRIMARY})", file=place
            )
        self.folder = place / inner if inner else place
        properties = self._entries(self.folder, layout.PROPERTIES)
        if properties is None:
            raise RefusedFile(
                "is neither a .parquet file nor a HATS catalog (it has no hats.properties); what is of another format, "
                "download it, and name the file",
                file=place,
            )
        self.properties = properties

    def _entries(self, folder: Address, names: tuple[str, ...]) -> dict[str, str] | None:
        """What the first of these files says, None if none is there."""
        for name in names:
            try:
                return layout.entries(self.objects.text(folder / name))
            except NoSuchObject:
                continue
        return None

    @cached_property
    def partitions(self) -> list[Partition]:
        """In the order in which its list has them.

        Raises
        ------
        RefusedFile
            If its list is missing or says nothing, or each partition is a folder of files whose names nobody tells.
        """
        suffix = self.properties.get("hats_npix_suffix", ".parquet")
        if not re.fullmatch(r"\.[\w.]+", suffix):
            raise RefusedFile(
                "its partitions are folders, whose files cannot be listed from afar; fetch the catalog", file=self.place
            )
        try:
            text = self.objects.text(self.folder / layout.INFO)
        except NoSuchObject:
            raise RefusedFile(f"has no {layout.INFO}, which lists its partitions", file=self.place) from None
        found = layout.listed(text, self.place)
        if not found:
            raise RefusedFile("a HATS catalog without partitions", file=self.place)
        return [Partition(*each, self.folder / layout.partition_name(*each, suffix)) for each in found]

    @property
    def promised_rows(self) -> int | None:
        return layout.promised_rows(self.properties)

    def fingerprint(self) -> str:
        """Changes when the catalog is written anew, as its properties hold when that was."""
        return _hash([sorted(self.properties.items()), [(p.order, p.pixel) for p in self.partitions]])

    def refuse_replaced(self) -> None:
        """Refuse a catalog that is written anew while its partitions are read, which would be a mixture."""
        if RemoteCatalog(Objects(), self.place).fingerprint() != self.fingerprint():
            raise RefusedFile(f"was replaced while it was read; {AGAIN}", file=self.place)


def fingerprint(place: Address, objects: Objects | None = None) -> str:
    """Changes when the Parquet file or HATS catalog at an address does."""
    objects = objects or Objects()
    if is_parquet(place):
        return _hash(objects.version(place))
    return RemoteCatalog(objects, place).fingerprint()


def is_parquet(place: Address) -> bool:
    return place.suffix.lower() in (".parquet", ".parq", ".pq")


def _hash(said: Any) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()
