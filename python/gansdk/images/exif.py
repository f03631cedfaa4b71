"""The smallest EXIF block that holds a UserComment, and the way back."""

from __future__ import annotations

import struct

_SOFTWARE, _EXIF_IFD, _VERSION, _USER_COMMENT = 0x0131, 0x8769, 0x9000, 0x9286
_ASCII, _LONG, _UNDEFINED = 2, 4, 7
_CHARSET = b"ASCII\0\0\0"
# Bytes of a value of each type that TIFF knows.
_SIZES = {1: 1, _ASCII: 1, 3: 2, _LONG: 4, 5: 8, 6: 1, _UNDEFINED: 1, 8: 2, 9: 4, 10: 8}


def tiff_block(software: str, comment: str) -> bytes:
    """Return a little-endian TIFF block with Software and, in its EXIF part, UserComment.

    Both are ASCII.
    """
    name = software.encode("ascii") + b"\0"
    text = _CHARSET + comment.encode("ascii")
    # Header 8 bytes; a directory is its count, 12 bytes an entry, and where the next one is.
    second = 8 + 2 + 2 * 12 + 4
    values = second + 2 + 2 * 12 + 4
    name += b"\0" * max(0, 5 - len(name))  # up to four bytes would stand in the entry itself
    after_name = values + len(name) + len(name) % 2
    first_directory = struct.pack(
        "<HHHIIHHIII", 2,
        _SOFTWARE, _ASCII, len(name), values,
        _EXIF_IFD, _LONG, 1, second, 0,
    )  # fmt: skip
    second_directory = struct.pack(
        "<HHHI4sHHIII", 2,
        _VERSION, _UNDEFINED, 4, b"0232",
        _USER_COMMENT, _UNDEFINED, len(text), after_name, 0,
    )  # fmt: skip
    header = b"II*\0" + struct.pack("<I", 8)
    padding = b"\0" * (len(name) % 2)
    return header + first_directory + second_directory + name + padding + text


def comment_of(block: bytes) -> str | None:
    """Return the UserComment of a TIFF block where it is ASCII; None where there is none.

    A block that breaks off or contradicts itself has none: it may be any camera's.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return None
    try:
        (first,) = struct.unpack_from(f"{order}I", block, 4)
        pointer = _value(block, order, first, _EXIF_IFD)
        if pointer is None or len(pointer) != 4:
            return None
        (second,) = struct.unpack(f"{order}I", pointer)
        comment = _value(block, order, second, _USER_COMMENT)
    except struct.error:
        return None
    if comment is None or not comment.startswith((_CHARSET, b"\0" * 8)):
        return None
    try:
        return comment[8:].rstrip(b"\0 ").decode("ascii")
    except UnicodeDecodeError:
        return None


def _value(block: bytes, order: str, directory: int, wanted: int) -> bytes | None:
    (count,) = struct.unpack_from(f"{order}H", block, directory)
    for i in range(count):
        at = directory + 2 + 12 * i
        tag, kind, number = struct.unpack_from(f"{order}HHI", block, at)
        if tag != wanted:
            continue
        size = _SIZES.get(kind, 1) * number
        (offset,) = struct.unpack_from(f"{order}I", block, at + 8)
        start = at + 8 if size <= 4 else offset
        value = block[start : start + size]
        return value if len(value) == size else None
    return None
