"""The cases of files: levels to files on one thread, and floats to files on two."""

from __future__ import annotations

from collections.abc import Sequence

from ..case import IMAGES_A_SECOND, Case
from . import answers
from .bench import Bench
from .encoders import gansdk_encoders, pillow_encoders
from .inputs import Bytes, floats, pictures
from .pipelines import gansdk_pipelines
from .targets import BYTES

DECIBELS = "PSNR, dB"


def encode(bench: Bench, name: str, count: int, side: int, *, lossless: bool) -> Case:
    """Every encoder, one picture after the other."""
    levels = pictures(*bench.effort.batch(count, side))
    kind = "Files without loss" if lossless else "JPEG and WebP, quality 95, 4:2:0"
    title = f"{kind}, {levels.shape[1]} x {levels.shape[2]}, one thread"
    case = Case(name, title, len(levels), unit=IMAGES_A_SECOND)
    reference = _pillow_bytes(levels, lossless=lossless)
    for one in [*gansdk_encoders(), *bench.encoders]:
        if one.lossless != lossless or levels.shape[1] > one.largest:
            continue
        call = one.bind(levels)
        files = call()
        case.calls[one.name] = call
        case.facts[one.name] = {BYTES: _size(files) / reference}
        if lossless:
            answers.check_lossless(one.name, files, levels, one.decode)
        else:
            case.facts[one.name][DECIBELS] = answers.check_lossy(one.name, files, levels)
    return case


def encode_floats(bench: Bench, name: str, count: int, side: int, *, format: str) -> Case:  # noqa: A002
    """Floats to files, a batch a call."""
    levels = pictures(*bench.effort.batch(count, side))
    x = floats(levels)
    title = f"Floats {' x '.join(map(str, x.shape))} to {format.upper()}, two threads"
    case = Case(name, title, len(levels), unit=IMAGES_A_SECOND)
    lossless = format == "png"
    reference = _pillow_bytes(levels, lossless=lossless)
    for one in [*gansdk_pipelines(), *bench.pipelines]:
        if format not in one.formats:
            continue
        call = one.bind(x, format)
        files = call()
        case.calls[one.name] = call
        case.facts[one.name] = {BYTES: _size(files) / reference}
        if lossless:
            answers.check_lossless(one.name, files, levels)
        else:
            case.facts[one.name][DECIBELS] = answers.check_lossy(one.name, files, levels)
    return case


def _pillow_bytes(levels: Bytes, *, lossless: bool) -> int:
    """Return the size of Pillow's PNGs or JPEGs, whether or not Pillow is one of the peers."""
    first = next(one for one in pillow_encoders() if one.lossless == lossless)
    return _size(first.bind(levels)())


def _size(files: Sequence[bytes]) -> int:
    return sum(map(len, files))
