"""APNG, put together from one PNG a frame.

Pillow's own writer joins equal neighbours into one frame and encodes on one core; this keeps every
frame and encodes as all PNGs are encoded. The price: a frame is stored whole, also where
little of it changed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction

from .batch import encode_batch
from .pictures import Bytes

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(frames: Bytes, *, rate: Fraction, plays: int, threads: int | None) -> bytes:
    """Return the file's bytes; `rate` is at most 65535 in both terms."""
    _, height, width, _ = frames.shape
    parts = [_SIGNATURE]
    number = 0  # of the chunks that make up the animation
    for i, picture in enumerate(encode_batch(frames, "png", threads=threads)):
        chunks = list(_chunks(picture))
        if i == 0:
            parts.append(_chunk(b"IHDR", chunks[0][1]))
            parts.append(_chunk(b"acTL", struct.pack(">II", len(frames), plays)))
        delay = (rate.denominator, rate.numerator)
        control = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, *delay, 0, 0)
        parts.append(_chunk(b"fcTL", control))
        number += 1
        pixels = b"".join(body for kind, body in chunks if kind == b"IDAT")
        if i == 0:  # what a reader that knows no animation shows
            parts.append(_chunk(b"IDAT", pixels))
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", number) + pixels))
            number += 1
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
