"""What the batches of an Arrow file say that they unpack to, before any of it is unpacked.

A message is a flatbuffer (Arrow's format/Message.fbs); a compressed buffer begins with the number of its bytes.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pyarrow as pa

from ...errors import RefusedFile

MOST_BYTES = 1 << 28
MAGIC = b"ARROW1\0\0"


def refuse_expanding(path: Path) -> None:
    """Refuse a file of which one batch unpacks to more than `MOST_BYTES`.

    Raises
    ------
    RefusedFile
        If one does.
    """
    with pa.OSFile(str(path)) as file:
        if file.read(len(MAGIC)) != MAGIC:
            file.seek(0)
        messages = pa.ipc.MessageReader.open_stream(file)
        while True:
            try:
                message = messages.read_next_message()
            except (StopIteration, pa.ArrowInvalid, OSError):
                return
            n = _unpacked(message) if message.type in ("record batch", "dictionary") else 0
            if n > MOST_BYTES:
                raise RefusedFile(
                    f"one of its batches unpacks to {n:,} bytes; write it again in smaller ones, with "
                    "pyarrow.feather.write_feather(table, file, chunksize=65536)",
                    file=path,
                )


def _unpacked(message: pa.ipc.Message) -> int:
    """Bytes that the compressed buffers of a batch say that they unpack to."""
    meta, body = message.metadata.to_pybytes(), message.body
    try:
        batch = _table(meta, _field(meta, struct.unpack_from("<I", meta)[0], 2))
        if message.type == "dictionary":
            batch = _table(meta, _field(meta, batch, 1))
        if not _field(meta, batch, 3):
            return 0
        buffers = _table(meta, _field(meta, batch, 2))
        (count,) = struct.unpack_from("<I", meta, buffers)
        places = [struct.unpack_from("<qq", meta, buffers + 4 + 16 * i) for i in range(count)]
        sizes = [struct.unpack_from("<q", body.slice(start, 8))[0] for start, length in places if length >= 8]
    except struct.error:
        return 0
    return sum(size for size in sizes if size > 0)


def _table(meta: bytes, place: int) -> int:
    """Where what a flatbuffer refers to at `place` begins."""
    return int(place + struct.unpack_from("<I", meta, place)[0])


def _field(meta: bytes, table: int, number: int) -> int:
    """Where a field of a table stands; 0 where it has none."""
    vtable = table - struct.unpack_from("<i", meta, table)[0]
    (size,) = struct.unpack_from("<H", meta, vtable)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", meta, vtable + 4 + 2 * number)
    return int(table + offset) if offset else 0
