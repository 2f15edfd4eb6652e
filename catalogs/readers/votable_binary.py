"""Fields of a VOTable, and the records of its binary serialisations (IVOA VOTable 1.5, section 5)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

#: Bytes of one value, its letter in `struct` ("" for what is left out), and its Arrow type.
TYPES: dict[str, tuple[int, str, pa.DataType]] = {
    "boolean": (1, "c", pa.bool_()),
    "bit": (1, "B", pa.bool_()),
    "unsignedByte": (1, "B", pa.uint8()),
    "short": (2, "h", pa.int16()),
    "int": (4, "i", pa.int32()),
    "long": (8, "q", pa.int64()),
    "char": (1, "s", pa.string()),
    "unicodeChar": (2, "s", pa.string()),
    "float": (4, "f", pa.float32()),
    "double": (8, "d", pa.float64()),
    "floatComplex": (8, "", pa.null()),
    "doubleComplex": (16, "", pa.null()),
}
#: DuckDB's names of the types.
DECLARED = {
    "boolean": "BOOLEAN",
    "bit": "BOOLEAN",
    "unsignedByte": "UTINYINT",
    "short": "SMALLINT",
    "int": "INTEGER",
    "long": "BIGINT",
    "char": "VARCHAR",
    "unicodeChar": "VARCHAR",
    "float": "REAL",
    "double": "DOUBLE",
}
BOOLEANS = dict.fromkeys((b"T", b"t", b"1"), True) | dict.fromkeys((b"F", b"f", b"0"), False)


@dataclass(frozen=True)
class Field:
    """A FIELD element, and how its values lie in a binary stream."""

    name: str
    sql: str
    datatype: str
    arraysize: str
    null: str
    unit: str
    ucd: str
    description: str

    @property
    def is_text(self) -> bool:
        return self.datatype in ("char", "unicodeChar")

    def is_null(self, text: str) -> bool:
        """Whether a number is the field's null value, however it is written."""
        if self.is_text:
            return False
        null = number_of(self.null)
        return null is not None and number_of(text) == null

    @property
    def is_variable(self) -> bool:
        return self.arraysize.endswith("*")

    @property
    def count(self) -> int:
        """Values a row, or a step of a variable number of them."""
        sizes = self.arraysize.split("x")
        return math.prod(int(n) for n in (sizes[:-1] if self.is_variable else sizes) if n)

    @property
    def is_kept(self) -> bool:
        single = self.is_text or self.arraysize in ("", "1")
        return bool(TYPES[self.datatype][1]) and single and "x" not in self.arraysize

    @property
    def is_vector(self) -> bool:
        """Whether it is several numbers or truth values a row."""
        return not self.is_kept and not self.is_text and self.datatype != "bit" and bool(TYPES[self.datatype][1])

    @property
    def arrow_type(self) -> pa.DataType:
        return pa.list_(TYPES[self.datatype][2]) if self.is_vector else TYPES[self.datatype][2]

    @property
    def n_bytes(self) -> int:
        return -(-self.count // 8) if self.datatype == "bit" else self.count * TYPES[self.datatype][0]


def number_of(text: str) -> float | int | None:
    """A number as VOTables write it, hexadecimal too; None for other text."""
    for kind in (lambda word: int(word, 0), int, float):
        try:
            return kind(text.strip())
        except ValueError:
            continue
    return None


def pieces_of(fields: list[Field]) -> tuple[list[struct.Struct | int], list[int]]:
    """How to walk over a record: fixed stretches, and bytes a step of variable fields; and each field's slot."""
    pieces: list[struct.Struct | int] = []
    slots, stretch = [], ">"
    for n, field in enumerate(fields):
        slots.append(n)
        if field.is_variable:
            pieces += [struct.Struct(stretch), field.n_bytes] if stretch != ">" else [field.n_bytes]
            stretch = ">"
        else:
            letter = TYPES[field.datatype][1]
            stretch += letter if field.count == 1 and letter not in ("", "s") else f"{field.n_bytes}s"
    return pieces + ([struct.Struct(stretch)] if stretch != ">" else []), slots


def records(
    data: bytes, start: int, n_mask: int, pieces: list[struct.Struct | int], most: int
) -> tuple[list[int], list[list[Any]], int]:
    """Up to `most` whole records from `start`: null masks, values, and where the next one begins."""
    masks: list[int] = []
    rows: list[list[Any]] = []
    end = len(data)
    while len(rows) < most:
        at = start + n_mask
        values: list[Any] = []
        for piece in pieces:
            if isinstance(piece, int):
                if at + 4 > end:
                    return masks, rows, start
                size = 4 + int.from_bytes(data[at : at + 4], "big") * piece
                values.append(data[at + 4 : at + size])
                at += size
            else:
                if at + piece.size > end:
                    return masks, rows, start
                values += piece.unpack_from(data, at)
                at += piece.size
        if at > end or at == start:
            return masks, rows, start
        masks.append(int.from_bytes(data[start : start + n_mask], "big"))
        rows.append(values)
        start = at
    return masks, rows, start


def values_of(field: Field, raw: tuple, masks: list[int], bit: int) -> list[Any]:
    """A column of a slice as Python values; NaN stays."""
    values = list(raw)
    if field.is_vector:
        values = [_vector(value, field) for value in raw]
    elif field.datatype == "boolean":
        values = [BOOLEANS.get(value) for value in raw]
    elif field.datatype == "bit":
        values = [value != 0 for value in raw]
    elif field.is_text:
        values = [_text(value, field) for value in raw]
    elif field.null:
        null = number_of(field.null)
        values = [None if value == null else value for value in raw]
    return [None if mask & bit else value for mask, value in zip(masks, values, strict=True)] if any(masks) else values


def _vector(raw: bytes, field: Field) -> list[Any]:
    if field.datatype == "boolean":
        return [BOOLEANS.get(bytes([byte])) for byte in raw]
    size, letter, _ = TYPES[field.datatype]
    numbers = struct.unpack(f">{len(raw) // size}{letter}", raw)
    return [None if field.null and field.is_null(str(number)) else number for number in numbers]


def _text(raw: bytes, field: Field) -> str | None:
    if field.datatype == "unicodeChar":
        text = raw.decode("utf-16-be", "replace")
    else:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
    text = text.partition("\0")[0].strip()
    return None if not text or text == field.null else text
