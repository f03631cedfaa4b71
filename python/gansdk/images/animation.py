"""Frames as a film: `save_animation` for a file, `encode_animation` for its bytes.

Which format: WebP is lossless and small, and every browser plays it; APNG where something reads
only PNG; GIF where nothing else is taken; MP4 for long or large films, which it shrinks most.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..arguments import choice, integer
from ..errors import InvalidArgumentError
from . import animated_gif, animated_png, animated_webp, video
from .files import check_place, write
from .pictures import Bytes, checked_pictures

AnimationFormat: TypeAlias = Literal["webp", "apng", "gif", "mp4"]

_SUFFIXES: dict[str, AnimationFormat] = {
    ".webp": "webp",
    ".png": "apng",
    ".apng": "apng",
    ".gif": "gif",
    ".mp4": "mp4",
}
_CHANNELS = {"webp": (1, 3, 4), "apng": (1, 3, 4), "gif": (1, 3), "mp4": (1, 3)}
# Browsers show a GIF's frame of less than 20 ms, and any other's of 10 ms or less, for 100 ms: a
# faster film would play slower.
_FASTEST = {"webp": 60, "apng": 60, "gif": 50, "mp4": 240}
_LONGEST_SIDE = {"webp": 16383, "apng": 2**31 - 1, "gif": 65535, "mp4": 16384}
_CRF = 18


def encode_animation(
    frames: Bytes,
    format: AnimationFormat = "webp",  # noqa: A002 - as in encode
    *,
    fps: float | Fraction = 30,
    loop: int = 0,
    quality: int | None = None,
    crf: int | None = None,
    threads: int | None = None,
) -> bytes:
    """Encode frames as an animated WebP, APNG or GIF, or as an MP4, in memory.

    Every frame is kept, also where two neighbours are equal, and the film lasts len(frames) / fps
    seconds: WebP counts in milliseconds and GIF in hundredths of a second, and where a frame is no
    whole number of them, frames differ by one so that no error adds up. The bytes hold no time
    stamp: equal frames give equal bytes under one version of Pillow, or of PyAV for MP4.

    Parameters
    ----------
    frames
        uint8 of shape (n, height, width, channels), n at least 1: 1 channel (grey), 3 (RGB) or, in
        WebP and APNG, 4 (RGBA).
    format
        "webp": every level is kept, unless `quality` is given. "apng": every level is kept. "gif":
        exact where a frame has at most 256 colours, as grey ones do; otherwise 256 colours chosen
        for each frame, dithered. "mp4": H.264 for every player, colours at half the resolution;
        an odd width or height is made even by repeating the last column or row.
    fps
        Frames a second, from 0.01 to 60 (GIF: 50, MP4: 240); taken as the nearest fraction whose
        denominator is at most 1001.
    loop
        How often the film plays, 0 for ever. MP4 cannot say: its players decide.
    quality
        For WebP: 0 ... 100 makes it lossy and small.
    crf
        For MP4: x264's constant rate factor, 1 (best) ... 51; by default 18, where losses are hard
        to see.
    threads
        Frames of WebP and APNG encoded at the same time; by default one for each usable CPU. The
        bytes do not depend on it.

    Raises
    ------
    InvalidArgumentError
        An argument has the wrong value, shape or dtype, or is not for this format.
    MissingDependencyError
        Pillow, or for MP4 PyAV, is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> film = images.encode_animation(np.zeros((3, 8, 8, 3), np.uint8), fps=12)
    >>> film[:4], film[8:12]
    (b'RIFF', b'WEBP')
    """
    choice(format, "format", ("webp", "apng", "gif", "mp4"))
    pictures = _checked_frames(frames, format)
    rate = _checked_rate(fps, format)
    plays = integer(loop, "loop", most=65535)
    if quality is not None and format != "webp":
        raise InvalidArgumentError(f"quality is for WebP: leave it out, {format!r} has none")
    if crf is not None and format != "mp4":
        raise InvalidArgumentError(f"crf is for MP4: leave it out, {format!r} has none")
    if threads is not None:
        threads = integer(threads, "threads", least=1, most=1024)
    if format == "apng":
        return animated_png.encode(pictures, rate=rate, plays=plays, threads=threads)
    if format == "gif":
        return animated_gif.encode(pictures, durations=_ticks(pictures, 100 / rate), plays=plays)
    if format == "webp":
        if quality is not None:
            quality = integer(quality, "quality", most=100)
        durations = _ticks(pictures, 1000 / rate)
        return animated_webp.encode(
            pictures, durations=durations, plays=plays, quality=quality, threads=threads
        )
    if plays:
        raise InvalidArgumentError("MP4 cannot say how often it plays: leave loop out")
    return video.encode(
        pictures, rate=rate, crf=_CRF if crf is None else integer(crf, "crf", least=1, most=51)
    )


def save_animation(
    path: str | os.PathLike[str],
    frames: Bytes,
    *,
    fps: float | Fraction = 30,
    loop: int = 0,
    quality: int | None = None,
    crf: int | None = None,
    threads: int | None = None,
    force: bool = True,
) -> None:
    """Write frames to a file whose suffix, .webp, .png, .apng, .gif or .mp4, gives the format.

    The file appears whole or not at all: it is written under a temporary name and renamed.

    Parameters
    ----------
    path, frames, fps, loop, quality, crf, threads
        Where to, what, and how: see `encode_animation`.
    force
        Replace a file that exists; False raises instead.

    Raises
    ------
    InvalidArgumentError
        The suffix is not known, or an argument has the wrong value, shape or dtype.
    OutputError
        The file cannot be written, or exists and `force` is False.
    MissingDependencyError
        Pillow, or for MP4 PyAV, is not installed.
    """
    format_ = check_animation_target(path, force=force)
    content = encode_animation(
        frames,
        format_,
        fps=fps,
        loop=loop,
        quality=quality,
        crf=crf,
        threads=threads,
    )
    write(path, content, force=force)


def check_animation_target(path: str | os.PathLike[str], *, force: bool = True) -> AnimationFormat:
    """Return the format that `save_animation` would write; raise what it would before encoding.

    For callers whose frames take long to make.
    """
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise InvalidArgumentError(
            f"{target}: the suffix {target.suffix!r} names no animation; "
            "use .webp, .png, .gif or .mp4"
        )
    check_place(path, force=force)
    return _SUFFIXES[target.suffix.lower()]


def _checked_frames(frames: Any, format_: str) -> Bytes:
    pictures = checked_pictures(frames, "frames")
    _, height, width, channels = pictures.shape
    if pictures.size == 0:
        raise InvalidArgumentError(f"frames holds no pixels: its shape is {pictures.shape}")
    if channels not in _CHANNELS[format_]:
        mend = ""
        if channels == 4:
            mend = ": drop the alpha channel, or write WebP"
        raise InvalidArgumentError(
            f"frames of {format_!r} have {_listed(_CHANNELS[format_])} channels; "
            f"got {channels}{mend}"
        )
    most = _LONGEST_SIDE[format_]
    if max(height, width) > most:
        raise InvalidArgumentError(
            f"frames of {format_!r} are at most {most} pixels wide and high; got {width} x {height}"
        )
    return pictures


def _checked_rate(fps: Any, format_: str) -> Fraction:
    most = _FASTEST[format_]
    try:
        if isinstance(fps, (bool, str, bytes)):
            raise TypeError
        rate = Fraction(fps)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgumentError(f"fps must be a positive number; got {fps!r}") from None
    if not Fraction(1, 100) <= rate <= most:
        raise InvalidArgumentError(f"fps must be 0.01 ... {most} for {format_!r}; got {fps!r}")
    return rate.limit_denominator(1001)


def _ticks(frames: Bytes, each: Fraction) -> list[int]:
    """Return whole durations whose sums stay within half a tick of the exact ones."""
    ends = [round(i * each) for i in range(len(frames) + 1)]
    return [b - a for a, b in itertools.pairwise(ends)]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:-1])) + f" or {numbers[-1]}"
