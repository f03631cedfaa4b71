"""gansdk's side of every comparison of files."""

from __future__ import annotations

from typing import Any

from gansdk import images

from ..peers import Floats
from .inputs import Bytes


def encode(pictures: Bytes, format: str, *, threads: int, **options: Any) -> list[bytes]:  # noqa: A002
    """Encode a batch of levels."""
    return images.encode_batch(pictures, format, threads=threads, **options)


def encode_floats(x: Floats, format: str, *, threads: int, **options: Any) -> list[bytes]:  # noqa: A002
    """Encode a batch of a network's floats."""
    return images.encode_batch(x, format, threads=threads, **options)
