"""The formats that pictures are written in, and what each can hold.

| name | lossless | lossy | dtypes | channels | written by |
|---|---|---|---|---|---|
| png | always | | uint8, uint16 | 1, 2, 3, 4 | gansdk |
| jpeg | | quality 1 ... 100, default 95 | uint8 | 1, 3 | simplejpeg |
| webp | by default | quality 0 ... 100 | uint8 | 1, 3, 4 | Pillow |
| jxl | by default | quality 0 ... 100 | uint8, uint16 | 1, 2, 3, 4 | imagecodecs |
| qoi | always | | uint8 | 3, 4 | imagecodecs |
| npy, npz | always | | uint8, uint16 | any | NumPy |
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from ..arguments import choice, integer
from ..errors import InvalidArgumentError

Compression: TypeAlias = Literal["fast", "small"]
_MOST_PIXELS = 2**31 - 1


@dataclass(frozen=True)
class Format:
    """What a format holds.

    Parameters
    ----------
    name : str
        Its name in `encode`.
    suffixes : tuple of str
        Of its files; the first is the usual one.
    channels : tuple of int
        How many it takes; empty for any.
    dtypes : tuple of str
        Which it takes.
    side, pixels : int, optional
        The longest side and the most pixels of a picture; None for no limit.
    quality : pair of int, optional
        Range of a lossy format's quality; None for a format that is lossless only.
    default_quality : int, optional
        The quality if none is asked for; None for lossless.
    recipe : bool
        Whether a file can carry a `Recipe`.
    """

    name: str
    suffixes: tuple[str, ...]
    channels: tuple[int, ...]
    dtypes: tuple[str, ...] = ("uint8",)
    side: int | None = None
    pixels: int | None = _MOST_PIXELS
    quality: tuple[int, int] | None = None
    default_quality: int | None = None
    recipe: bool = False


_DEEP = ("uint8", "uint16")

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("png", (".png",), (1, 2, 3, 4), _DEEP, side=2**31 - 1, recipe=True),
        # 65,500 is libjpeg's own limit; the format's is 65,535.
        Format(
            *("jpeg", (".jpg", ".jpeg"), (1, 3)),
            side=65_500,
            quality=(1, 100),
            default_quality=95,
            recipe=True,
        ),
        Format("webp", (".webp",), (1, 3, 4), side=16_383, quality=(0, 100), recipe=True),
        Format("jxl", (".jxl",), (1, 2, 3, 4), _DEEP, side=2**30, quality=(0, 100)),
        # Readers refuse more than 400 million pixels.
        Format("qoi", (".qoi",), (3, 4), pixels=400_000_000 - 1),
        Format("npy", (".npy",), (), _DEEP, pixels=None),
        Format("npz", (".npz",), (), _DEEP, pixels=None),
    )
}


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the name of the format that a file's suffix names.

    Raises
    ------
    InvalidArgumentError
        It names none.

    Examples
    --------
    >>> format_of("samples.JPG")
    'jpeg'
    """
    suffix = Path(path).suffix.lower()
    for known in FORMATS.values():
        if suffix in known.suffixes:
            return known.name
    usual = [known.suffixes[0] for known in FORMATS.values()]
    raise InvalidArgumentError(
        f"{os.fspath(path)}: the suffix {suffix!r} names no picture format; "
        f"use {', '.join(usual[:-1])} or {usual[-1]}"
    )


def checked_format(
    format: str,  # noqa: A002 - Pillow's name for it
    quality: int | None,
    compression: Compression | None,
    recipe: bool,
) -> tuple[Format, int | None, Compression | None]:
    """Return a format by its name, with the quality and compression that will be used.

    Raises
    ------
    InvalidArgumentError
        The format is not known, or it does not take what was asked of it.
    """
    choice(format, "format", tuple(FORMATS))
    known = FORMATS[format]
    if quality is None:
        quality = known.default_quality
    elif known.quality is None:
        raise InvalidArgumentError(f"{format} is lossless and takes no quality; got {quality!r}")
    else:
        least, most = known.quality
        quality = integer(quality, f"quality of {format}", least=least, most=most)
    if format == "png":
        compression = "fast" if compression is None else compression
        choice(compression, "compression", get_args(Compression))
    elif compression is not None:
        raise InvalidArgumentError(
            f"compression is for png alone, {format} takes none; got {compression!r}"
        )
    if recipe and not known.recipe:
        able = ", ".join(f.name for f in FORMATS.values() if f.recipe)
        raise InvalidArgumentError(
            f"{format} cannot carry a recipe: use one of {able}, or leave recipe out"
        )
    return known, quality, compression


def checked_images(images: Any, known: Format, name: str = "images") -> npt.NDArray[Any]:
    """Return a batch (n, height, width, channels) that the format can hold.

    Raises
    ------
    InvalidArgumentError
        It is no such batch, has no pixels or too many, or the format does not take its dtype,
        channels or size.
    """
    array = levels_array(images, name)
    if array.ndim != 4:
        one = name == "image" and array.shape[:1] == (1,)
        shape = "height, width, channels" if name == "image" else "n, height, width, channels"
        given = array.shape[1:] if one else array.shape
        raise InvalidArgumentError(f"{name} must have the shape ({shape}); got {given}")
    height, width, channels = array.shape[1:]
    if 0 in (height, width, channels):
        raise InvalidArgumentError(
            f"{name} has no pixels: height, width and channels are {array.shape[1:]}"
        )
    if array.dtype.name not in known.dtypes:
        deep = ", ".join(f.name for f in FORMATS.values() if array.dtype.name in f.dtypes)
        raise InvalidArgumentError(
            f"{known.name} holds {known.dtypes[0]}, {name} is {array.dtype}: use one of {deep}"
        )
    if known.channels and channels not in known.channels:
        listed = ", ".join(map(str, known.channels[:-1])) + f" or {known.channels[-1]}"
        raise InvalidArgumentError(
            f"{known.name} holds pictures of {listed} channels; {name} has {channels}: "
            "change them, or use png (1 ... 4) or npy (any)"
        )
    if known.side is not None and max(height, width) > known.side:
        raise InvalidArgumentError(
            f"{known.name} holds sides of at most {known.side} pixels; {name} is {height} x {width}"
        )
    if known.pixels is not None and height * width > known.pixels:
        raise InvalidArgumentError(
            f"{known.name} holds at most {known.pixels} pixels; {name} has {height * width} "
            f"({height} x {width}): make several pictures of it, or use npy"
        )
    return array


def levels_array(images: Any, name: str) -> npt.NDArray[Any]:
    """Return levels as an array in native byte order.

    Raises
    ------
    InvalidArgumentError
        They are no array of uint8 or uint16.
    """
    try:
        array = np.asarray(images)
    except ValueError as error:  # rows of unequal length
        raise InvalidArgumentError(f"{name} is no array: {error}") from None
    native = array.dtype.newbyteorder("=")
    if native not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        mend = ": to_uint8 makes levels of floats" if native.kind == "f" else ""
        raise InvalidArgumentError(f"{name} must be uint8 or uint16; got {array.dtype}{mend}")
    return array.astype(native, copy=False)
