"""Walks through the parts of PNG, JPEG and WebP files: headers are read, the rest is skipped."""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

from ..errors import RecipeError
from .recipe import LONGEST

# No encoder writes so many; a file made to keep a reader busy might.
_MOST_PARTS = 1_000_000
_LONGEST_PART = LONGEST + 1024


def png_texts_of(file: BinaryIO, keyword: str) -> str | None:
    """Return the text of a keyword in a PNG file, from a tEXt, zTXt or iTXt chunk.

    Raises
    ------
    RecipeError
        The file ends before its last chunk, or the chunk is damaged.
    """
    file.seek(8)
    wanted = keyword.encode("latin-1") + b"\0"
    for _ in range(_MOST_PARTS):
        head = _exactly(file, 8)
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return None
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or length < len(wanted):
            _skip(file, length + 4)
            continue
        start = _exactly(file, len(wanted))
        if start != wanted:
            _skip(file, length + 4 - len(wanted))
            continue
        if length > _LONGEST_PART:
            raise RecipeError(f"its {keyword} has {length} bytes, more than any recipe")
        data = start + _exactly(file, length - len(wanted))
        (checksum,) = struct.unpack(">I", _exactly(file, 4))
        if zlib.crc32(kind + data) != checksum:
            raise RecipeError(f"its {keyword} is damaged: the checksum is wrong")
        return _text(kind, data[len(wanted) :], keyword)
    raise RecipeError(f"it has more than {_MOST_PARTS} chunks")


def jpeg_exif(file: BinaryIO) -> bytes | None:
    """Return the EXIF segment of a JPEG file, from its signature on; None without one.

    Raises
    ------
    RecipeError
        The file ends before its pixels.
    """
    file.seek(2)
    for _ in range(_MOST_PARTS):
        marker = _exactly(file, 2)
        while marker == b"\xff\xff":  # fill bytes
            marker = b"\xff" + _exactly(file, 1)
        if marker[0] != 0xFF:
            raise RecipeError("it is damaged: a JPEG marker is missing")
        if marker[1] in (0xDA, 0xD9):  # the pixels, or the end
            return None
        if marker[1] == 0x01 or 0xD0 <= marker[1] <= 0xD8:  # markers that stand alone
            continue
        (length,) = struct.unpack(">H", _exactly(file, 2))
        if length < 2:
            raise RecipeError("it is damaged: a JPEG segment has no length")
        if marker[1] != 0xE1:
            _skip(file, length - 2)
            continue
        data = _exactly(file, length - 2)
        if data.startswith(b"Exif\0"):
            return data
    raise RecipeError(f"it has more than {_MOST_PARTS} segments")


def webp_exif(file: BinaryIO) -> bytes | None:
    """Return the EXIF chunk of a WebP file; None without one.

    Raises
    ------
    RecipeError
        The file ends too early.
    """
    file.seek(4)
    (size,) = struct.unpack("<I", _exactly(file, 4))
    end = 8 + size
    at = 12
    for _ in range(_MOST_PARTS):
        if at + 8 > end:
            return None
        file.seek(at)
        kind, length = struct.unpack("<4sI", _exactly(file, 8))
        if kind == b"EXIF":
            if length > _LONGEST_PART:
                raise RecipeError(f"its EXIF has {length} bytes, more than any recipe")
            return _exactly(file, length)
        at += 8 + length + length % 2
    raise RecipeError(f"it has more than {_MOST_PARTS} chunks")


def _text(kind: bytes, data: bytes, keyword: str) -> str:
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        # Flag and method of compression, then language and translated keyword, each with a null.
        packed = data[:1] == b"\1"
        parts = data[2:].split(b"\0", 2)
        data = parts[2] if len(parts) == 3 else b""
    elif packed:
        data = data[1:]
    if packed:
        unpack = zlib.decompressobj()
        try:
            data = unpack.decompress(data, LONGEST + 1)
        except zlib.error:
            raise RecipeError(f"its {keyword} is damaged: it cannot be decompressed") from None
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise RecipeError(f"its {keyword} is damaged: it is no ASCII text") from None


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise RecipeError("it ends too early: the file is damaged, or was not copied whole")
    return data


def _skip(file: BinaryIO, count: int) -> None:
    file.seek(count, os.SEEK_CUR)
