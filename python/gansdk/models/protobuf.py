"""Protobuf's wire format, as far as ONNX files need it: fields read and written one by one."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def read_bytes(path: Path) -> memoryview:
    """Return the bytes of a file, read as they are looked at; `ModelError` where it cannot be."""
    try:
        with path.open("rb") as file:
            # Not closed by hand: views of it are handed out, and it goes with the last of them.
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:  # ValueError: an empty file
        reason = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"{path} cannot be read: {reason}") from None


def fields(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Yield each field's number, where its value starts, and its value's bytes."""
    position = 0
    while position < len(data):
        tag, position = varint(data, position)
        start = position
        wire = tag & 7
        if wire == VARINT:
            _, position = varint(data, position)
        elif wire == BYTES:
            length, start = varint(data, position)
            position = start + length
        elif wire in (FIXED32, FIXED64):
            position += 4 if wire == FIXED32 else 8
        else:
            raise ModelError("the file is no whole ONNX file: it holds a field of no known kind")
        if position > len(data):
            raise ModelError("the file is no whole ONNX file: it ends within a field")
        yield tag >> 3, start, data[start:position]


def varint(data: memoryview, position: int = 0) -> tuple[int, int]:
    """Return the number at a position, and where it ends."""
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ModelError("the file is no whole ONNX file: it ends within a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def bytes_field(number: int, value: bytes) -> bytes:
    """Return a field of text, bytes or a message."""
    return _digits(number << 3 | BYTES) + _digits(len(value)) + value


def number_field(number: int, value: int) -> bytes:
    """Return a field of a number that is not negative."""
    return _digits(number << 3 | VARINT) + _digits(value)


def _digits(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
