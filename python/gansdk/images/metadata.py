"""Where a picture keeps its recipe, and how to find it there without decoding a pixel.

PNG keeps it in a text chunk of the keyword `gansdk.recipe`; JPEG and WebP keep it in EXIF, as the
UserComment, which is where the field keeps parameters of generation. `Software` names gansdk in
all three.
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

from ..errors import InvalidArgumentError, RecipeError
from .containers import jpeg_exif, png_texts_of, webp_exif
from .exif import comment_of, tiff_block
from .recipe import FORMAT, Recipe

_EXIF = b"Exif\0\0"
_APP1 = b"\xff\xe1"
# A segment's length counts itself, and is 16 bits.
_LONGEST_SEGMENT = 65_535 - 2


def png_texts(recipe: Recipe) -> dict[str, str]:
    """Return the texts of a PNG with this recipe, by keyword."""
    return {"Software": _software(recipe), FORMAT: recipe.to_json()}


def exif_block(recipe: Recipe) -> bytes:
    """Return the EXIF block of a JPEG or WebP with this recipe."""
    return tiff_block(_software(recipe), recipe.to_json())


def with_exif(jpeg: bytes, block: bytes) -> bytes:
    """Return a JPEG file with an EXIF block put in after its JFIF header.

    Raises
    ------
    InvalidArgumentError
        The block is longer than a JPEG's segment.
    """
    data = _EXIF + block
    if len(data) > _LONGEST_SEGMENT:
        raise InvalidArgumentError(
            f"a recipe of {len(data)} bytes does not fit into a JPEG's EXIF "
            f"({_LONGEST_SEGMENT} at most): write a PNG, or leave recipe out"
        )
    at = 2
    if jpeg[2:4] == b"\xff\xe0":  # JFIF asks to be the first segment
        at = 4 + int.from_bytes(jpeg[4:6], "big")
    return jpeg[:at] + _APP1 + struct.pack(">H", len(data) + 2) + data + jpeg[at:]


def read_recipe(picture: str | os.PathLike[str] | bytes) -> Recipe | None:
    """Return the recipe that a PNG, JPEG or WebP file carries; None where it carries none.

    Only headers are read: neither the time nor the memory depends on the number of pixels.

    Parameters
    ----------
    picture
        A file's path, or its bytes.

    Raises
    ------
    RecipeError
        The file cannot be read, is none of these formats, ends too early, or what it carries is
        no valid recipe.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> recipe = images.Recipe("digits", "0" * 64, seed=7)
    >>> file = images.encode(np.zeros((8, 8, 3), np.uint8), recipe=recipe)
    >>> images.read_recipe(file) == recipe
    True
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return _read(io.BytesIO(picture), "the picture")
    path = Path(picture)
    try:
        with path.open("rb") as file:
            return _read(file, str(path))
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        if isinstance(error, RecipeError):
            raise
        raise RecipeError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


def picture_format(head: bytes) -> str | None:
    """Return "png", "jpeg" or "webp" by a file's first 12 bytes; None for anything else."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


def _read(file: BinaryIO, name: str) -> Recipe | None:
    kind = picture_format(file.read(12))
    if kind is None:
        raise RecipeError(f"{name} is no PNG, JPEG or WebP file: only these carry a recipe")
    try:
        text = _document(file, kind)
        return None if text is None else Recipe.from_json(text)
    except RecipeError as error:
        raise RecipeError(f"{name}: {error}") from None


def _document(file: BinaryIO, kind: str) -> str | None:
    if kind == "png":
        return png_texts_of(file, FORMAT)
    block = jpeg_exif(file) if kind == "jpeg" else webp_exif(file)
    comment = None if block is None else comment_of(block.removeprefix(_EXIF))
    # Anyone's comment may stand there; ours starts with its format.
    ours = comment is not None and comment.startswith(f'{{"format":"{FORMAT}"')
    return comment if ours else None


def _software(recipe: Recipe) -> str:
    name = "gansdk" if recipe.gansdk is None else f"gansdk {recipe.gansdk}"
    return name.encode("ascii", "replace").decode("ascii")
