"""Animated GIF, put together from one GIF a frame.

Pillow's own writer joins equal neighbours into one frame; this keeps every frame. Palettes are
exact wherever 256 colours are enough.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import MissingDependencyError
from .pictures import Bytes

_COLOURS = 256
# A palette is chosen from about so many pixels of a frame: at 256 x 256 a sixth of the time, and
# within a decibel as good.
_SAMPLE = 8192
_TABLE = 0x87  # a colour table of 256 entries follows

Indexed = tuple[Bytes, Bytes]  # (height, width) indices, (at most 256, 3) colours


def encode(frames: Bytes, *, durations: list[int], plays: int) -> bytes:
    """Return the file's bytes; durations in hundredths of a second."""
    try:
        from PIL import Image  # noqa: F401 - asked for before any work
    except ImportError:
        raise MissingDependencyError(
            "animated GIF needs Pillow: pip install 'gansdk[images]'"
        ) from None
    _, height, width, _ = frames.shape
    shared = _shared_colours(frames)
    flags = _TABLE if shared is not None else 0x70
    parts = [b"GIF89a", struct.pack("<HHBBB", width, height, flags, 0, 0)]
    if shared is not None:
        parts.append(_table(_unpacked(shared)))
    if plays != 1:  # the extension counts repetitions, and without it a film plays once
        parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", max(0, plays - 1), 0))
    for frame, duration in zip(frames, durations, strict=True):
        indices, colours = _indexed(frame, shared)
        parts.append(b"\x21\xf9\x04" + struct.pack("<BHBB", 0x04, duration, 0, 0))
        table = b"" if shared is not None else _table(colours)
        head = struct.pack("<HHHHB", 0, 0, width, height, _TABLE if table else 0)
        parts.append(b"\x2c" + head + table + _compressed(indices))
    parts.append(b"\x3b")
    return b"".join(parts)


def _packed(frame: Bytes) -> npt.NDArray[np.int32]:
    if frame.shape[2] == 1:
        return frame[..., 0].astype(np.int32) * 0x010101
    red, green, blue = (frame[..., i].astype(np.int32) for i in range(3))
    return red << 16 | green << 8 | blue


def _unpacked(colours: npt.NDArray[np.int32]) -> Bytes:
    return np.stack([colours >> 16, colours >> 8 & 255, colours & 255], -1).astype(np.uint8)


def _shared_colours(frames: Bytes) -> npt.NDArray[np.int32] | None:
    """Return the colours of all frames in order, or None where one table cannot hold them."""
    if frames.shape[3] == 1:
        return np.arange(_COLOURS, dtype=np.int32) * 0x010101
    found = np.empty(0, np.int32)
    for frame in frames:
        found = np.union1d(found, _packed(frame))
        if len(found) > _COLOURS:
            return None
    return found


def _indexed(frame: Bytes, shared: npt.NDArray[np.int32] | None) -> Indexed:
    packed = _packed(frame)
    colours = np.unique(packed) if shared is None else shared
    if len(colours) <= _COLOURS:
        return np.searchsorted(colours, packed).astype(np.uint8), _unpacked(colours)
    from PIL import Image

    step = math.ceil(math.sqrt(packed.size / _SAMPLE))
    sample = Image.fromarray(np.ascontiguousarray(frame[::step, ::step]))
    # Of Pillow's methods, coverage with dithering keeps gradients smoothest: blurred as the eye
    # does, 46 to 50 dB where median cut has 35 to 40.
    palette = sample.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
    chosen = Image.fromarray(np.ascontiguousarray(frame)).quantize(
        palette=palette, dither=Image.Dither.FLOYDSTEINBERG
    )
    levels = np.array(chosen.getpalette(), np.uint8).reshape(-1, 3)
    return np.asarray(chosen), levels


def _table(colours: Bytes) -> bytes:
    return colours.tobytes().ljust(3 * _COLOURS, b"\0")


def _compressed(indices: Bytes) -> bytes:
    """Return the LZW data of one frame, with the code size before it and the zero after it."""
    from PIL import Image

    picture = Image.fromarray(indices).copy()
    picture.putpalette(bytes(range(256)) * 3)
    buffer = io.BytesIO()
    picture.save(buffer, "gif", interlace=0, optimize=False)
    return next(_data(buffer.getvalue()))


def _data(gif: Any) -> Iterator[bytes]:
    at = 13 + (3 << (gif[10] & 7) + 1 if gif[10] & 0x80 else 0)
    while gif[at] != 0x3B:
        image = gif[at] == 0x2C
        table = 3 << (gif[at + 9] & 7) + 1 if image and gif[at + 9] & 0x80 else 0
        start = at + (10 + table if image else 2)
        at = start + (1 if image else 0)
        while gif[at]:
            at += 1 + gif[at]
        at += 1
        if image:
            yield gif[start:at]
