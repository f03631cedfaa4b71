"""gansdk's side of every comparison of files."""

from __future__ import annotations

from typing import Any, Literal

from gansdk import images

from ..peers import Floats
from .inputs import Bytes

Compression = Literal["fast", "small"]


def encode(pictures: Bytes, format: str, *, threads: int, **options: Any) -> list[bytes]:  # noqa: A002
    """Encode a batch of levels."""
    if hasattr(images, "encode_batch"):
        files: list[bytes] = images.encode_batch(pictures, format, threads=threads, **options)
        return files
    return [images.encode(picture, format) for picture in pictures]


def encode_floats(x: Floats, format: str, *, threads: int, **options: Any) -> list[bytes]:  # noqa: A002
    """Encode a batch of a network's floats."""
    return encode(images.to_uint8(x, threads=threads), format, threads=threads, **options)
