"""The columns of a FITS table: how their bytes lie in a row, and how they become Arrow arrays."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io.fits import Header

from ...errors import RefusedFile
from .source import WHOLE_NUMBERS

MAX_ELEMENTS = 64
FORM = re.compile(r"\s*(\d*)\s*([LXBIJKAEDCMPQ])\s*(.*)")
ASCII_FORM = re.compile(r"\s*([AIFED])\s*(\d+)")
#: numpy type of one value, big-endian as stored, and its size in bytes.
CODES = {"L": "u1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
SIZES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
#: Integer zero points that only mean the other signedness; FITS standard 4.0, section 7.3.2.
RESIGNED = {("u1", -128): "i1", (">i2", 2**15): "u2", (">i4", 2**31): "u4", (">i8", 2**63): "u8"}
#: Arrow's names of types, in DuckDB's.
ARROW_NAMES = {
    **WHOLE_NUMBERS,
    "float": "REAL",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "string": "VARCHAR",
}


@dataclass(frozen=True)
class Field:
    """Where a column's bytes lie in a row, and how they become values."""

    name: str
    sql: str
    code: str
    offset: int
    place: int
    scale: float = 1
    zero: float = 0
    null: str | int | None = None
    is_logical: bool = False
    is_ascii: str = ""
    part_of: str = ""
    count: int = 1
    heap: str = ""
    n_bits: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is a vector or a variable-length array, whose text is one value."""
        return (self.n_bits or self.count) > 1 or (bool(self.heap) and not self.is_text)

    @property
    def numpy_type(self) -> object:
        """Of what stands in the row: of a variable-length array its length and place."""
        if self.heap:
            return (">i4" if self.heap == "P" else ">i8", (2,))
        return (self.code, (self.count,)) if self.count > 1 or self.n_bits else self.code

    @property
    def declared(self) -> str:
        """DuckDB's name of its type."""
        if self.is_ascii:
            return {"A": "VARCHAR", "I": "BIGINT"}.get(self.is_ascii, "DOUBLE")
        one = "DOUBLE" if self.is_scaled else ARROW_NAMES[str(self.one_type)]
        length = self.n_bits or self.count
        return one + (("[]" if self.heap else f"[{length}]") if self.is_whole else "")

    @property
    def is_text(self) -> bool:
        return self.code.startswith("S")

    @property
    def is_scaled(self) -> bool:
        return self.scale != 1 or (self.zero != 0 and (self.code, self.zero) not in RESIGNED)

    @property
    def one_type(self) -> pa.DataType:
        return pa.bool_() if self.n_bits else array_of(self, np.empty(0, self.code)).type

    @property
    def arrow_type(self) -> pa.DataType:
        if not self.is_whole:
            return self.one_type
        return pa.list_(self.one_type) if self.heap else pa.list_(self.one_type, self.n_bits or self.count)


def layout(header: Header, path: Path) -> tuple[dict[str, Field], tuple[str, ...]]:
    """The columns with one value a row, and the names of the others."""
    is_binary = header["XTENSION"].strip() == "BINTABLE"
    kept: dict[str, Field] = {}
    left_out = []
    offset = 0
    for i in range(1, header["TFIELDS"] + 1):
        name = str(header.get(f"TTYPE{i}", f"col{i}")).strip()
        name = name if name not in kept else f"{name}_{i}"
        scaling = {
            "scale": header.get(f"TSCAL{i}", 1),
            "zero": header.get(f"TZERO{i}", 0),
            "null": header.get(f"TNULL{i}"),
        }
        if is_binary:
            form = _binary_form(header, i, path)
            whole = Field(name, "", form.code, offset, i, is_logical=form.is_logical, **scaling)
            whole = replace(whole, count=form.count, heap=form.heap, n_bits=form.n_bits)
            fields = [
                replace(whole, name=label, offset=offset + place, count=1, heap="", n_bits=0, part_of=of)
                for label, place, of in form.elements(name)
            ]
            if form.code and (whole.is_whole or whole.heap or whole.n_bits):
                kept[name] = replace(whole, sql=f"c{len(kept)}")
            offset += form.n_bytes
        else:
            fields = _ascii_field(header, i, name, scaling)
        for field in fields:
            kept[field.name] = replace(field, sql=f"c{len(kept)}")
        if not fields and (name not in kept or kept[name].is_whole):
            left_out.append(name)
    if is_binary and offset != header["NAXIS1"]:
        raise RefusedFile(
            f"damaged: its columns fill {offset} bytes a row, its header says {header['NAXIS1']}", file=path
        )
    return kept, tuple(left_out)


@dataclass(frozen=True)
class _Form:
    """A TFORM: numpy code of one value ("" for a column that is left out), how many there are, bytes a row."""

    code: str
    count: int
    n_bytes: int
    is_logical: bool
    heap: str = ""
    n_bits: int = 0

    def elements(self, name: str) -> list[tuple[str, int, str]]:
        """Name, offset and the vector's name of each value."""
        if not self.code or self.heap or self.n_bits or self.count > MAX_ELEMENTS:
            return []
        if self.count == 1:
            return [(name, 0, "")]
        return [(f"{name}[{k + 1}]", k * self.n_bytes // self.count, name) for k in range(self.count)]


def _binary_form(header: Header, i: int, path: Path) -> _Form:
    found = FORM.fullmatch(str(header[f"TFORM{i}"]))
    if not found:
        raise RefusedFile(f"damaged: TFORM{i} is {header[f'TFORM{i}']!r}", file=path)
    repeat, letter, rest = int(found[1] or 1), found[2], found[3]
    size = -(-repeat // 8) if letter == "X" else repeat * SIZES[letter]
    if letter == "A" and repeat:
        width = _width(str(header.get(f"TDIM{i}", "")), rest, repeat)
        return _Form(f"S{width}", repeat // width, size, False)
    if letter == "X" and repeat:
        return _Form("u1", size, size, False, n_bits=repeat)
    if letter in "PQ" and repeat and rest[:1] == "A":
        return _Form("S1", 1, size, False, letter)
    if letter in "PQ" and repeat and rest[:1] in CODES:
        return _Form(CODES[rest[0]], 1, size, rest[0] == "L", letter)
    return _Form(CODES.get(letter, "") if repeat else "", repeat, size, letter == "L")


def _width(dimensions: str, rest: str, repeat: int) -> int:
    """Letters of one text, where a column holds several: as TDIM says, or the old convention `12A3`."""
    first = re.match(r"\s*\(\s*(\d+)\s*,", dimensions)
    width = int(first[1]) if first else int(rest) if rest.isdigit() else repeat
    return width if 0 < width <= repeat and repeat % width == 0 else repeat


def _ascii_field(header: Header, i: int, name: str, scaling: dict) -> list[Field]:
    found = ASCII_FORM.match(str(header[f"TFORM{i}"]))
    if not found or scaling["scale"] != 1 or scaling["zero"] != 0:
        return []
    return [Field(name, "", f"S{found[2]}", header[f"TBCOL{i}"] - 1, i, null=scaling["null"], is_ascii=found[1])]


def array_of(field: Field, raw: np.ndarray) -> pa.Array:
    """A column of a slice; undefined values are NULL, NaN stays."""
    if field.is_text:
        return _text(field, raw)
    if field.is_logical:
        return pa.array(raw == ord("T"), mask=(raw != ord("T")) & (raw != ord("F")))
    is_integer = field.code[-2] in "iu"
    mask = raw == int(field.null) if is_integer and field.null is not None else None
    values = raw.astype(raw.dtype.newbyteorder("="))
    if field.is_scaled:
        values = values.astype(np.float64) * field.scale + field.zero
    elif field.zero != 0:
        values = values.view(RESIGNED[field.code, int(field.zero)])
        values = values + np.array(field.zero).astype(values.dtype)
    return pa.array(values, mask=mask)


def _text(field: Field, raw: np.ndarray) -> pa.Array:
    """Strings without the blanks and NULs that pad them; an empty one is NULL."""
    values = pa.array(raw, type=pa.binary())
    try:
        text = values.cast(pa.string())
    except pa.ArrowInvalid:
        text = pa.array([value.decode("latin-1") for value in raw.tolist()], type=pa.string())
    text = pc.utf8_trim(pc.replace_substring_regex(text, r"(?s)\x00.*", ""), " \t\r\n")
    missing = [""]
    if field.is_ascii and field.null is not None:
        missing.append(str(field.null).strip()[: int(field.code[1:])])
    text = pc.if_else(pc.is_in(text, pa.array(missing)), pa.scalar(None, pa.string()), text)
    return pc.replace_substring_regex(text, r"^([+-]?[0-9.]+)[Dd]([+-]?[0-9]+)$", r"\1E\2") if field.is_ascii else text


def whole_of(field: Field, raw: np.ndarray, values: Callable[[Field, np.ndarray], list[np.ndarray]]) -> pa.Array:
    """A column of vectors as lists, of bits as truth values, of variable-length text as text; `values` reads the raw
    values of each row from the heap."""
    if field.n_bits:
        bits = np.unpackbits(np.ascontiguousarray(raw), axis=1)[:, : field.n_bits] == 1
        flat = pa.array(bits.reshape(-1))
        return pa.FixedSizeListArray.from_arrays(flat, field.n_bits) if field.is_whole else flat
    if not field.heap:
        return pa.FixedSizeListArray.from_arrays(array_of(field, np.ascontiguousarray(raw).reshape(-1)), field.count)
    arrays = values(field, raw)
    if field.is_text:
        return array_of(field, np.array([array.tobytes() for array in arrays], bytes))
    ends = np.cumsum([0, *(len(array) for array in arrays)])
    flat = np.concatenate(arrays) if arrays else np.empty(0, field.code)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), array_of(field, flat.astype(field.code)))
