"""The encoders that write a picture's file on one thread, gansdk's own first."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gansdk.images.formats import Compression

from ..peers import Absent
from . import ours
from .inputs import Bytes

Encode = Callable[[], list[bytes]]
One = Callable[[Bytes], bytes]
GANSDK_PNG = "gansdk PNG"
PILLOW_6 = "Pillow PNG, level 6"


@dataclass(frozen=True)
class Encoder:
    """Something that writes pictures of (n, height, width, 3) as files, one after the other."""

    name: str
    family: str
    bind: Callable[[Bytes], Encode]
    lossless: bool = True
    decode: Callable[[bytes], Any] | None = None  # what Pillow does not
    largest: int = 1 << 16  # no side beyond this is measured: it would take too long


def gansdk_encoders() -> list[Encoder]:
    """Our PNG in both of its compressions, and the JPEG that we pass on to simplejpeg."""

    def png(compression: Compression) -> Callable[[Bytes], Encode]:
        return lambda x: lambda: ours.encode(x, "png", threads=1, compression=compression)

    def jpeg(x: Bytes) -> Encode:
        return lambda: ours.encode(x, "jpeg", threads=1, quality=95)

    return [
        Encoder(GANSDK_PNG, "", png("fast")),
        Encoder("gansdk PNG, small", "", png("small")),
        Encoder("gansdk JPEG", "", jpeg, lossless=False),
    ]


def pillow_encoders() -> list[Encoder]:
    """Pillow's PNG (zlib), JPEG (libjpeg-turbo) and WebP (libwebp)."""
    try:
        from PIL import Image
    except ImportError:
        raise Absent("`pip install pillow`") from None

    def saved(format: str, **options: Any) -> Callable[[Bytes], Encode]:  # noqa: A002
        def one(picture: Bytes) -> bytes:
            file = io.BytesIO()
            Image.fromarray(picture).save(file, format, **options)
            return file.getvalue()

        return _each(one)

    jpeg = saved("JPEG", quality=95, subsampling="4:2:0")
    return [
        Encoder(PILLOW_6, "pillow", saved("PNG")),
        Encoder("Pillow PNG, level 1", "pillow", saved("PNG", compress_level=1)),
        Encoder("Pillow WebP lossless", "pillow", saved("WebP", lossless=True), largest=256),
        Encoder(
            "Pillow WebP lossless, method 0",
            "pillow",
            saved("WebP", lossless=True, quality=0, method=0),
        ),
        Encoder("Pillow JPEG", "pillow", jpeg, lossless=False),
        Encoder("Pillow WebP", "pillow", saved("WebP", quality=95), lossless=False),
    ]


def opencv_encoders() -> list[Encoder]:
    """OpenCV's imencode, given BGR as it wants it."""
    try:
        import cv2
    except ImportError:
        raise Absent("`pip install opencv-python-headless`") from None
    cv2.setNumThreads(1)

    def written(suffix: str, *options: int) -> Callable[[Bytes], Encode]:
        def one(picture: Bytes) -> bytes:
            file: bytes = cv2.imencode(suffix, picture, options)[1].tobytes()
            return file

        return lambda pictures: _each(one)(np.ascontiguousarray(pictures[..., ::-1]))

    return [
        Encoder("OpenCV PNG", "opencv", written(".png")),
        Encoder("OpenCV JPEG", "opencv", written(".jpg", *opencv_jpeg()), lossless=False),
    ]


def opencv_jpeg() -> tuple[int, ...]:
    """Return imencode's options for quality 95, 4:2:0."""
    import cv2

    return (
        *(cv2.IMWRITE_JPEG_QUALITY, 95),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
    )


def imagecodecs_encoders() -> list[Encoder]:
    """libspng, libjxl, QOI and libjpeg-turbo."""
    try:
        import imagecodecs as codecs
    except ImportError:
        raise Absent("`pip install imagecodecs`") from None

    def spng(picture: Bytes) -> bytes:
        return bytes(codecs.spng_encode(picture, level=1))

    def jpegxl(picture: Bytes) -> bytes:
        return bytes(codecs.jpegxl_encode(picture, lossless=True, effort=1, numthreads=1))

    def qoi(picture: Bytes) -> bytes:
        return bytes(codecs.qoi_encode(picture))

    def jpeg(picture: Bytes) -> bytes:
        return bytes(codecs.jpeg8_encode(picture, level=95, subsampling="420"))

    family = "imagecodecs"
    return [
        Encoder("imagecodecs PNG, libspng level 1", family, _each(spng)),
        Encoder(
            "imagecodecs JPEG XL lossless, effort 1",
            family,
            _each(jpegxl),
            decode=codecs.jpegxl_decode,
        ),
        Encoder("imagecodecs QOI", family, _each(qoi), decode=codecs.qoi_decode),
        Encoder("imagecodecs JPEG", family, _each(jpeg), lossless=False),
    ]


def simplejpeg_encoders() -> list[Encoder]:
    """libjpeg-turbo, which gansdk's own JPEG goes through."""
    try:
        import simplejpeg
    except ImportError:
        raise Absent("`pip install simplejpeg`") from None

    def one(picture: Bytes) -> bytes:
        file: bytes = simplejpeg.encode_jpeg(picture, quality=95, colorsubsampling="420")
        return file

    return [Encoder("simplejpeg JPEG", "simplejpeg", _each(one), lossless=False)]


def isal_encoders() -> list[Encoder]:
    """ISA-L's deflate at level 1, after the Sub filter on every row by NumPy."""
    try:
        from isal import isal_zlib
    except ImportError:
        raise Absent("`pip install isal`") from None

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    def one(picture: Bytes) -> bytes:
        height, width, channels = picture.shape
        rows = np.empty((height, 1 + width * channels), np.uint8)
        flat = picture.reshape(height, width * channels)
        rows[:, 0] = 1  # Sub
        rows[:, 1 : 1 + channels] = flat[:, :channels]
        np.subtract(flat[:, channels:], flat[:, :-channels], out=rows[:, 1 + channels :])
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        data = isal_zlib.compress(rows, 1)
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            [chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")]
        )

    return [Encoder("Sub filter and ISA-L PNG, level 1", "isal", _each(one))]


def _each(one: One) -> Callable[[Bytes], Encode]:
    return lambda pictures: lambda: [one(picture) for picture in pictures]
