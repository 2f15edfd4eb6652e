"""VOTable in every serialisation: TABLEDATA, BINARY and BINARY2 in slices; FITS and PARQUET by their own readers.

Columns with several values a row and complex numbers are left out. The standard is IVOA VOTable 1.5.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import struct
import tempfile
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
from .boundary import refuse_many
from .chosen import chosen
from .source import FileColumn, Source, streamed
from .votable_binary import BOOLEANS, DECLARED, TYPES, Field, pieces_of, records, values_of

BLOCK, SLICE_ROWS = 1 << 20, 20_000
LONGEST_PIECE, DEEPEST, MOST_TABLES = 1 << 25, 100, 10_000
#: A table begins; the longest of these is shorter than what is looked at twice at the seam of two blocks.
TABLE, SEAM = re.compile(rb"<(?:[\w.-]+:)?TABLE[\s>]"), 64
INTEGERS = ("unsignedByte", "short", "int", "long")
SERIALISATIONS = ("TABLEDATA", "BINARY", "BINARY2", "FITS", "PARQUET")
DAMAGE = (OSError, EOFError, zlib.error, binascii.Error, expat.ExpatError, struct.error, ValueError)


class Document:
    """A VOTable as it comes by: what its header says, and then rows of text or a stream of bytes."""

    def __init__(self, path: Path, place: int = 0) -> None:
        self.path, self.place = path, place
        self.tables: list[str] = []
        self.nulls: dict[str, str] = {}
        self._name = ""
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
                n_open = 0 if self.stream else sum(map(len, self.text))
                if max(n_open, fed - parser.CurrentByteIndex) > LONGEST_PIECE:
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
        elif name == "TABLE":
            self._name = attributes.get("name") or attributes.get("ID") or "(no name)"
            if not self.is_done:
                self.elements = []
        elif name == "DATA":
            self.tables.append(self._name)
            if len(self.tables) > MOST_TABLES:
                raise ValueError(f"holds more than {MOST_TABLES:,} tables")
        elif self.is_done:
            return
        elif name == "FIELD":
            self.elements.append(dict(attributes))
            refuse_many(len(self.elements), self.path)
        elif name == "VALUES" and inside == "FIELD":
            null = attributes.get("null", self.nulls.get(attributes.get("ref", ""), ""))
            self.elements[-1]["null"] = self.nulls[attributes.get("ID", "")] = null
        elif name == "DESCRIPTION" and inside == "FIELD":
            self.text, self._wanted = [], True
        elif name in SERIALISATIONS and inside == "DATA" and self.place in (0, len(self.tables)):
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
            if self.serialisation and not self.is_done and len(self._row) > len(self.elements):
                raise ValueError(f"a row has more cells than the header's {len(self.elements):,} fields")
            self._wanted = False
        elif name == "TR" and self.serialisation and not self.is_done:
            self.rows.append(self._row)
        elif name == "DESCRIPTION" and self._open[-1:] == ["FIELD"]:
            self.elements[-1]["description"] = " ".join("".join(self.text).split())
            self._wanted = False
        elif name == "INFO" and self._wanted:
            self.said, self._wanted = " ".join("".join(self.text).split()), False
        elif name == "STREAM":
            self._wanted = False
        elif name == self.serialisation and self._open[-1:] == ["DATA"]:
            self.is_done = True

    def taken_bytes(self, rest: str) -> tuple[bytes, str]:
        """The stream's bytes that have come since, after `rest` of the characters before."""
        text = rest + "".join("".join(self.text).split())
        self.text = []
        whole = len(text) - len(text) % 4
        return base64.b64decode(text[:whole], validate=True), text[whole:]


class Table:
    """A table of a VOTable: its fields, and its rows from the start as often as wanted."""

    def __init__(self, path: Path, wanted: str = "") -> None:
        self.path = path
        self.failure: UserError | None = None
        self.place = _place(path, wanted)
        document = Document(path, self.place)
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
    def readable(self) -> dict[str, Field]:
        """Fields with one value or a vector a row; the second of two with one name gets its number."""
        named: dict[str, Field] = {}
        for i, field in enumerate(self.fields, 1):
            if field.is_kept or field.is_vector:
                named[field.name if field.name not in named else f"{field.name}_{i}"] = field
        return named

    @property
    def kept(self) -> dict[str, Field]:
        """Fields with one value a row."""
        return {name: field for name, field in self.readable.items() if field.is_kept}

    def schema(self, names: list[str]) -> pa.Schema:
        is_text = self.serialisation == "TABLEDATA"
        fields = [self.readable[name] for name in names]
        return pa.schema([(f.sql, pa.string() if is_text and f.is_kept else f.arrow_type) for f in fields])

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows, in slices; what goes wrong is kept in `failure`, since DuckDB shows only its text."""
        readable = self.readable
        places = [self.fields.index(readable[name]) for name in names]
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

    def _text_rows(self, places: list[int]) -> Iterator[list[list[Any]]]:
        document, n_seen = Document(self.path, self.place), 0
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
        document, data, rest, start = Document(self.path, self.place), b"", "", 0
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
            if len(data) - start > LONGEST_PIECE:
                raise ValueError(f"a row is longer than {LONGEST_PIECE:,} bytes")
        if len(data) > start or rest:
            raise ValueError("its stream ends within a row")


def read(connection: duckdb.DuckDBPyConnection, path: Path, wanted: str = "") -> Source:
    """Open the one table of a VOTable, or that with the number (from 1) or name `wanted`.

    Raises
    ------
    UserError
        If it is no VOTable, holds no table or several, is an archive's error message, or an answer that was cut off.
    """
    table = Table(path, wanted)
    if table.serialisation in ("FITS", "PARQUET"):
        return _elsewhere(connection, table)
    if not table.kept:
        raise RefusedFile("its table has no column with one value a row", file=path)
    relation, close = streamed(connection, table.schema, table.batches, list(table.kept))
    columns = {name: _described(field, table.serialisation == "TABLEDATA") for name, field in table.readable.items()}
    vectors = {name: column for name, column in columns.items() if column.type.endswith("]")}
    kept = {name: column for name, column in columns.items() if name not in vectors}
    left_out = tuple(field.name for field in table.fields if not field.is_kept)
    return Source(path, kept, relation, left_out, lambda: table.failure, close, vectors)


def _described(field: Field, is_text: bool) -> FileColumn:
    return FileColumn(
        field.name,
        field.sql,
        field.unit,
        field.ucd,
        field.description,
        is_text=field.is_text or (is_text and field.is_kept),
        is_float=field.datatype in ("float", "double") and not is_text,
        type=DECLARED[field.datatype] + ("[]" if field.is_vector else ""),
    )


def _place(path: Path, wanted: str) -> int:
    """Which of the document's tables with rows is meant, from 1; 0 for the only one.

    The bytes tell quickly whether there may be several, or an answer that was cut off; then the document is read.
    """
    n_tables = n_overflows = 0
    tail = b""
    try:
        with _opened(path) as file:
            while block := file.read(BLOCK):
                window = tail + block
                tail = window[-SEAM:]
                seen = len(TABLE.findall(window)) - len(TABLE.findall(tail))
                n_tables += seen
                n_overflows += window.count(b"OVERFLOW")
        n_tables += len(TABLE.findall(tail))
        if not wanted and n_tables < 2 and not n_overflows:
            return 0
        document = Document(path)
        for _ in document.blocks():
            document.rows = []
            if document.stream:
                document.text = []
    except DAMAGE as error:
        if wanted or n_tables > 1:
            raise RefusedFile(f"not a readable VOTable ({error})", file=path) from None
        return 0
    if document.status == "OVERFLOW":
        raise RefusedFile(
            "its archive has cut the answer off (QUERY_STATUS OVERFLOW): not all rows are here; ask for fewer",
            file=path,
        )
    if not wanted and len(document.tables) < 2:
        return 0
    name = chosen(path, document.tables, wanted)
    return int(wanted) if wanted.isdigit() and wanted not in document.tables else document.tables.index(name) + 1


def _elsewhere(connection: duckdb.DuckDBPyConnection, table: Table) -> Source:
    """The rows stand in a FITS or Parquet file, inside the VOTable or beside it; the VOTable says what they are."""
    document = Document(table.path, table.place)
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


def _cell(text: str, field: Field) -> Any:
    """The text of a TD; empty, the field's null value, and the `?` of logicals are NULL."""
    text = text.strip()
    missing = not text or text == field.null or (field.datatype == "boolean" and text == "?")
    if missing or (field.null and field.is_null(text)):
        return None
    if field.is_vector:
        return [_element(word, field) for word in text.split()]
    is_hexadecimal = text[:2].lower() == "0x" and field.datatype in INTEGERS
    return str(int(text, 16)) if is_hexadecimal else text


def _element(text: str, field: Field) -> Any:
    if field.datatype == "boolean":
        return BOOLEANS.get(text[:1].encode())
    if field.null and field.is_null(text):
        return None
    return float(text) if field.datatype in ("float", "double") else int(text, 0)
