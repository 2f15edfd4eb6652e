"""VOTable in every serialisation: TABLEDATA, BINARY and BINARY2 in slices; FITS and PARQUET by their own readers.

Columns with several values a row and complex numbers are left out. The standard is IVOA VOTable 1.5.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import struct
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

import duckdb
import pyarrow as pa

from ...errors import RefusedFile, UserError
from . import fits, parquet
from .source import FileColumn, Source
from .votable_binary import TYPES, Field, pieces_of, records, values_of

BLOCK, SLICE_ROWS = 1 << 20, 20_000
LONGEST_PIECE, DEEPEST = 1 << 25, 100
SERIALISATIONS = ("TABLEDATA", "BINARY", "BINARY2", "FITS", "PARQUET")
DAMAGE = (OSError, EOFError, zlib.error, binascii.Error, expat.ExpatError, struct.error, ValueError)


class Document:
    """A VOTable as it comes by: what its header says, and then rows of text or a stream of bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.elements: list[dict[str, str]] = []
        self.serialisation = self.status = self.said = ""
        self.stream: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self.is_done = False
        self._row: list[str] = []
        self._open: list[str] = []
        self._wanted = False

    def blocks(self) -> Iterator[None]:
        """Read on, a block at a time."""
        parser = expat.ParserCreate()
        parser.buffer_text, parser.buffer_size = True, 1 << 16
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        with _opened(self.path) as file:
            fed = 0
            while block := file.read(BLOCK):
                parser.Parse(block)
                fed += len(block)
                if fed - parser.CurrentByteIndex > LONGEST_PIECE:
                    raise ValueError(f"one comment, tag or value is longer than {LONGEST_PIECE:,} bytes")
                yield
        parser.Parse(b"", True)
        yield

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        inside = self._open[-1] if self._open else ""
        self._open.append(name)
        if len(self._open) > DEEPEST:
            raise ValueError(f"elements lie more than {DEEPEST} deep")
        if name == "TD":
            self.text, self._wanted = [], True
        elif name == "TR":
            self._row = []
        elif name == "INFO" and attributes.get("name") == "QUERY_STATUS":
            self.status, self.text, self._wanted = attributes.get("value", ""), [], True
        elif self.is_done:
            return
        elif name == "TABLE":
            self.elements = []
        elif name == "FIELD":
            self.elements.append(dict(attributes))
        elif name == "VALUES" and inside == "FIELD":
            self.elements[-1]["null"] = attributes.get("null", "")
        elif name == "DESCRIPTION" and inside == "FIELD":
            self.text, self._wanted = [], True
        elif name in SERIALISATIONS and inside == "DATA":
            self.serialisation = name
        elif name == "STREAM" and self.serialisation:
            self.stream, self.text, self._wanted = attributes, [], True

    def _characters(self, text: str) -> None:
        if self._wanted:
            self.text.append(text)

    def _end(self, tag: str) -> None:
        name = self._open.pop()
        if name == "TD":
            self._row.append("".join(self.text))
            if len(self._row) > len(self.elements):
                raise ValueError(f"a row has more cells than the header's {len(self.elements):,} fields")
            self._wanted = False
        elif name == "TR" and not self.is_done:
            self.rows.append(self._row)
        elif name == "DESCRIPTION" and self._open[-1:] == ["FIELD"]:
            self.elements[-1]["description"] = " ".join("".join(self.text).split())
            self._wanted = False
        elif name == "INFO" and self._wanted:
            self.said, self._wanted = " ".join("".join(self.text).split()), False
        elif name == "STREAM":
            self._wanted = False
        elif name == self.serialisation:
            self.is_done = True

    def taken_bytes(self, rest: str) -> tuple[bytes, str]:
        """The stream's bytes that have come since, after `rest` of the characters before."""
        text = rest + "".join("".join(self.text).split())
        self.text = []
        whole = len(text) - len(text) % 4
        return base64.b64decode(text[:whole], validate=True), text[whole:]


class Table:
    """The first table of a VOTable: its fields, and its rows from the start as often as wanted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure: UserError | None = None
        document = Document(path)
        try:
            for _ in document.blocks():
                if document.serialisation:
                    break
        except DAMAGE as error:
            raise RefusedFile(f"not a readable VOTable ({error})", file=path) from None
        if document.status == "ERROR":
            raise RefusedFile(
                f"is no table but an archive's refusal: {document.said or 'no reason is given'}", file=path
            )
        if not document.serialisation or not document.elements:
            raise RefusedFile("holds no table", file=path)
        self.serialisation = document.serialisation
        self.fields = [_field(i, element, path) for i, element in enumerate(document.elements)]

    @property
    def kept(self) -> dict[str, Field]:
        """Fields with one value a row; the second of two with one name gets its number."""
        kept: dict[str, Field] = {}
        for i, field in enumerate(self.fields, 1):
            if field.is_kept:
                kept[field.name if field.name not in kept else f"{field.name}_{i}"] = field
        return kept

    def schema(self, names: list[str]) -> pa.Schema:
        is_text = self.serialisation == "TABLEDATA"
        return pa.schema(
            [(f.sql, pa.string() if is_text else TYPES[f.datatype][2]) for f in (self.kept[name] for name in names)]
        )

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows, in slices; what goes wrong is kept in `failure`, since DuckDB shows only its text."""
        places = [self.fields.index(self.kept[name]) for name in names]
        schema = self.schema(names)
        make = self._text_rows if self.serialisation == "TABLEDATA" else self._binary_rows
        try:
            for columns in make(places):
                yield pa.RecordBatch.from_arrays(
                    [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema
                )
        except DAMAGE as error:
            self.failure = RefusedFile(f"truncated or damaged ({error}); fetch it again", file=self.path)
            raise self.failure from None

    def _text_rows(self, places: list[int]) -> Iterator[list[list[str | None]]]:
        document, n_seen = Document(self.path), 0
        for _ in document.blocks():
            rows, document.rows = document.rows, []
            for row in rows:
                n_seen += 1
                if len(row) != len(self.fields):
                    raise ValueError(f"row {n_seen:,} has {len(row)} cells, the header {len(self.fields)}")
            if rows:
                columns = list(zip(*rows, strict=True))
                yield [[_cell(text, self.fields[i]) for text in columns[i]] for i in places]

    def _binary_rows(self, places: list[int]) -> Iterator[list[list[Any]]]:
        n_mask = -(-len(self.fields) // 8) if self.serialisation == "BINARY2" else 0
        pieces, slots = pieces_of(self.fields)
        document, data, rest, start = Document(self.path), b"", "", 0
        for _ in document.blocks():
            new, rest = document.taken_bytes(rest) if document.stream else (b"", rest)
            data, start = data[start:] + new, 0
            while True:
                masks, rows, start = records(data, start, n_mask, pieces, SLICE_ROWS)
                if not rows:
                    break
                columns = list(zip(*rows, strict=True))
                bits = [1 << (8 * n_mask - 1 - i) if n_mask else 0 for i in places]
                wanted = zip(places, bits, strict=True)
                yield [values_of(self.fields[i], columns[slots[i]], masks, bit) for i, bit in wanted]
        if len(data) > start or rest:
            raise ValueError("its stream ends within a row")


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open the first table of a VOTable.

    Raises
    ------
    UserError
        If it is no VOTable, holds no table, or is an archive's error message.
    """
    table = Table(path)
    if table.serialisation in ("FITS", "PARQUET"):
        return _elsewhere(connection, table)
    if not table.kept:
        raise RefusedFile("its table has no column with one value a row", file=path)
    registered: list[str] = []

    def relation(names: list[str]) -> str:
        name = f"votable_{uuid.uuid4().hex}"
        chosen = names or list(table.kept)[:1]
        connection.register(name, pa.RecordBatchReader.from_batches(table.schema(chosen), table.batches(chosen)))
        registered.append(name)
        return name

    def close() -> None:
        while registered:
            connection.unregister(registered.pop())

    columns = {
        name: FileColumn(
            name,
            f.sql,
            f.unit,
            f.ucd,
            f.description,
            is_text=f.is_text or table.serialisation == "TABLEDATA",
            is_float=f.datatype in ("float", "double") and table.serialisation != "TABLEDATA",
        )
        for name, f in table.kept.items()
    }
    left_out = tuple(field.name for field in table.fields if not field.is_kept)
    return Source(path, columns, relation, left_out, lambda: table.failure, close)


def _elsewhere(connection: duckdb.DuckDBPyConnection, table: Table) -> Source:
    """The rows stand in a FITS or Parquet file, inside the VOTable or beside it; the VOTable says what they are."""
    document = Document(table.path)
    folder = tempfile.TemporaryDirectory()
    inner = Path(folder.name) / f"rows.{table.serialisation.lower()}"
    rest = ""
    try:
        with inner.open("wb") as file:
            for _ in document.blocks():
                if document.stream and "href" not in document.stream:
                    data, rest = document.taken_bytes(rest)
                    file.write(data)
    except DAMAGE as error:
        raise RefusedFile(f"truncated or damaged ({error}); fetch it again", file=table.path) from None
    if "href" in document.stream:
        inner = _linked(table.path, document.stream["href"])
    source = (fits.read if table.serialisation == "FITS" else parquet.read)(connection, inner)
    said = {field.name: field for field in table.fields}
    columns = {
        name: replace(c, unit=said[name].unit, ucd=said[name].ucd, description=said[name].description)
        if name in said
        else c
        for name, c in source.columns.items()
    }

    def close() -> None:
        source.close()
        folder.cleanup()

    return replace(source, path=table.path, columns=columns, close=close)


def _linked(path: Path, address: str) -> Path:
    parts = urlsplit(address)
    target = path.parent / unquote(parts.netloc + parts.path if parts.scheme == "file" else address)
    if parts.scheme not in ("", "file") or not target.is_file():
        raise RefusedFile(f"its rows are elsewhere, at {address}; fetch that file, and ingest it", file=path)
    return target


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if is_gzip else path.open("rb")


def _field(place: int, element: dict[str, str], path: Path) -> Field:
    datatype, size = element.get("datatype", ""), element.get("arraysize", "")
    if datatype not in TYPES or not all(n.isdigit() or not n for n in size.rstrip("*").split("x")):
        raise RefusedFile(
            f"damaged: FIELD {element.get('name')} has datatype {datatype!r}, arraysize {size!r}", file=path
        )
    return Field(
        element.get("name") or element.get("ID") or f"col{place + 1}",
        f"c{place}",
        datatype,
        size,
        element.get("null", ""),
        element.get("unit", ""),
        element.get("ucd", ""),
        element.get("description", ""),
    )


def _cell(text: str, field: Field) -> str | None:
    """The text of a TD; empty, the field's null value, and the `?` of logicals are NULL."""
    text = text.strip()
    missing = not text or text == field.null or (field.datatype == "boolean" and text == "?")
    return None if missing else text
