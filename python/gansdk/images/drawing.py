"""Text for pictures, as masks of how much ink each pixel takes; drawn by Pillow."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InvalidArgumentError, MissingDependencyError
from .pictures import Bytes

# Pillow's own font is a small one: letters without accents, digits, punctuation.
_NO_CHARACTER = "\U0010ffff"


def load_font(size: int, path: str | os.PathLike[str] | None = None) -> Any:
    """Return Pillow's own font, or that of a TrueType or OpenType file, in pixels."""
    try:
        from PIL import Image, ImageDraw, ImageFont, features  # noqa: F401 - all or none
    except ImportError:
        raise MissingDependencyError(
            "text in pictures needs Pillow: pip install 'gansdk[images]'"
        ) from None
    if not features.check("freetype2"):
        raise MissingDependencyError(
            "text in pictures needs FreeType, which this build of Pillow lacks: install its wheel, "
            "pip install --only-binary=:all: pillow"
        )
    if path is None:
        return ImageFont.load_default(size=size)
    try:
        return ImageFont.truetype(os.fspath(path), size)
    except (OSError, TypeError, ValueError):
        raise InvalidArgumentError(
            f"font must be the path of a TrueType or OpenType file; got {path!r}"
        ) from None


def row_heads(labels: Sequence[str], *, height: int, font: Any) -> Bytes:
    """Draw labels for rows of `height` pixels: right-aligned, vertically centred.

    Returns the masks, uint8 of shape (labels, height, width), as wide as the longest label needs.
    """
    from PIL import Image, ImageDraw

    for label in labels:
        _check_characters(label, font)
    margin = max(2, math.ceil(font.size / 3))
    boxes = [font.getbbox(label, anchor="rm") for label in labels]
    left = max(0, *(math.ceil(-box[0]) for box in boxes))
    right = max(0, *(math.ceil(box[2]) for box in boxes))
    width = margin + left + right + margin
    heads = np.zeros((len(labels), height, width), np.uint8)
    for head, label in zip(heads, labels, strict=True):
        canvas = Image.new("L", (width, height))
        ImageDraw.Draw(canvas).text(
            (margin + left, height // 2), label, fill=255, font=font, anchor="rm"
        )
        head[:] = np.asarray(canvas)
    return heads


def _check_characters(text: str, font: Any) -> None:
    """Refuse what the font would draw as an empty box."""
    box = font.getmask(_NO_CHARACTER)
    shape = (box.size, bytes(box))
    for character in text:
        drawn = font.getmask(character)
        if (drawn.size, bytes(drawn)) == shape and box.size[0] > 0:
            raise InvalidArgumentError(
                f"the font has no {character!r} (U+{ord(character):04X}), which {text!r} needs: "
                "pass font=, the path of a TrueType file that has it"
            )
