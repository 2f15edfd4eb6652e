"""Catalogs inside zstd, xz, bzip2 and zip: unpacked beside, in blocks, and read by the name that is inside."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

import pyarrow as pa

from ...errors import RefusedFile
from .boundary import MAX_EXPANSION, SMALL

PACKED = (".zst", ".zstd", ".xz", ".bz2", ".zip")
OPENERS: dict[str, Callable[[Path], object]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
BLOCK = 1 << 22
DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowInvalid)


def is_packed(path: Path) -> bool:
    return path.suffix.lower() in PACKED


def unpacked(path: Path, member: str = "") -> tuple[TemporaryDirectory, Path, str]:
    """The folder of a copy that is no longer packed, the copy in it, and what of `member` names a table in that.

    Raises
    ------
    UserError
        If the file is damaged, or a zip file holds several catalogs and `member` names none of them.
    """
    folder = TemporaryDirectory(prefix="candlesql-")
    name, rest = path.with_suffix("").name, member
    try:
        if path.suffix.lower() == ".zip":
            name = _member(path, member)
            rest = "" if name == member else member
        copy = Path(folder.name) / Path(name).name
        with _opened(path, name) as packed, copy.open("wb") as file:
            while block := packed.read(BLOCK):
                file.write(block)
                if file.tell() > max(SMALL, MAX_EXPANSION * path.stat().st_size):
                    raise RefusedFile(f"unpacks to more than {MAX_EXPANSION:,} times its size", file=path)
    except DAMAGE as error:
        folder.cleanup()
        raise RefusedFile(f"truncated, or not what its name says ({error}); fetch it again", file=path) from None
    except RefusedFile:
        folder.cleanup()
        raise
    return folder, copy, rest


def _opened(path: Path, name: str) -> IO[bytes]:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return zipfile.ZipFile(path).open(name)
    if suffix in (".zst", ".zstd"):
        return cast(IO[bytes], pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    return cast(IO[bytes], OPENERS[suffix](path))


def _member(path: Path, wanted: str) -> str:
    """The one file of a zip file, or that with the name `wanted`."""
    with zipfile.ZipFile(path) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    names = [name for name in names if not name.startswith("__MACOSX/")]
    if wanted in names:
        return wanted
    if len(names) != 1:
        raise RefusedFile(
            f"holds {len(names)} files: {', '.join(names[:8])}; say which, as in '{path.name}[{(names or ['x'])[0]}]'",
            file=path,
        )
    return names[0]
