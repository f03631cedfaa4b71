"""PNG by zlib, one picture after the other: stands in for the core's encoder."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}
_SUB = 1


def encode_png(
    pictures: npt.NDArray[Any],
    *,
    compression: Literal["fast", "small"] = "fast",
    texts: Sequence[Mapping[str, str]] | None = None,
    threads: int | None = None,
) -> list[bytes]:
    """Encode a batch (n, height, width, 1 ... 4), uint8 or uint16, as PNG files."""
    notes: Sequence[Mapping[str, str]] = [{}] * len(pictures) if texts is None else texts
    level = 1 if compression == "fast" else 9
    return [_encode(x, level, t) for x, t in zip(pictures, notes, strict=True)]


def _encode(picture: npt.NDArray[Any], level: int, texts: Mapping[str, str]) -> bytes:
    height, width, channels = picture.shape
    depth = picture.itemsize
    big_endian = np.ascontiguousarray(picture, picture.dtype.newbyteorder(">"))
    rows = big_endian.view(np.uint8).reshape(height, width * channels * depth)
    filtered = np.full((height, 1 + rows.shape[1]), _SUB, np.uint8)
    filtered[:, 1:] = rows
    filtered[:, 1 + channels * depth :] -= rows[:, : -channels * depth]
    head = struct.pack(">IIBBBBB", width, height, 8 * depth, _COLOURS[channels], 0, 0, 0)
    parts = [(b"IHDR", head)]
    parts += [(b"tEXt", f"{k}\0{v}".encode("latin-1")) for k, v in texts.items()]
    parts += [(b"IDAT", zlib.compress(filtered.tobytes(), level)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
