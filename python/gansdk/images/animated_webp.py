"""Animated WebP, put together from one WebP a frame.

libwebp's own animation encoder joins equal neighbours into one frame and runs on one core; this
keeps every frame and encodes them side by side. Measured on walks through latents, lossless files
are 6 to 8 % smaller than its at the same effort; lossy ones of frames that hardly change are twice
as large.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from ..cpus import usable_cpus
from ..errors import MissingDependencyError
from .pictures import Bytes
from .pil import to_pil
from .threads import map_in_order

_ANIMATION, _ALPHA = 0x02, 0x10  # flags of the whole file
_NO_BLENDING = 0x02  # a frame replaces the one before it, where it is transparent too


def encode(
    frames: Bytes, *, durations: list[int], plays: int, quality: int | None, threads: int | None
) -> bytes:
    """Return the file's bytes; lossless where `quality` is None, durations in milliseconds."""
    try:
        from PIL import features
    except ImportError:
        raise MissingDependencyError(
            "animated WebP needs Pillow: pip install 'gansdk[images]'"
        ) from None
    if not features.check("webp"):
        raise MissingDependencyError(
            "this build of Pillow has no WebP: install its wheel, "
            "pip install --only-binary=:all: pillow"
        )
    # Lossless at method 2 is within half a percent of method 4 on walks, in half of its time.
    options: dict[str, Any] = {"lossless": True, "exact": True, "method": 2}
    if quality is not None:
        options = {"quality": quality, "method": 4}

    def encode_frame(frame: Bytes) -> bytes:
        buffer = io.BytesIO()
        to_pil(frame).save(buffer, "webp", **options)  # type: ignore[union-attr]
        return buffer.getvalue()

    _, height, width, channels = frames.shape
    size = _three(width - 1) + _three(height - 1)
    flags = _ANIMATION | (_ALPHA if channels == 4 else 0)
    parts = [
        _chunk(b"VP8X", struct.pack("<I", flags) + size),
        _chunk(b"ANIM", struct.pack("<IH", 0, plays)),
    ]
    files = map_in_order(encode_frame, frames, threads=threads or usable_cpus())
    for duration, file in zip(durations, files, strict=True):
        head = _three(0) + _three(0) + size + _three(duration) + bytes([_NO_BLENDING])
        pixels = [
            _chunk(kind, body)
            for kind, body in _chunks(file)
            if kind in (b"ALPH", b"VP8 ", b"VP8L")
        ]
        parts.append(_chunk(b"ANMF", head + b"".join(pixels)))
    return _chunk(b"RIFF", b"WEBP" + b"".join(parts))


def _chunks(webp: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(webp):
        kind, length = struct.unpack_from("<4sI", webp, at)
        yield kind, webp[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")
