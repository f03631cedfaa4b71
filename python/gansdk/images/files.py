"""Pictures as files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import InvalidArgumentError, OutputError
from .encoding import encode
from .pictures import Bytes

_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


def save(path: str | os.PathLike[str], image: Bytes, *, force: bool = True) -> None:
    """Write one picture to a file whose suffix, .png, .jpg, .jpeg or .webp, gives the format.

    The file appears whole or not at all: it is written under a temporary name and renamed.

    Parameters
    ----------
    path, image
        Where to, and what: see `encode`.
    force
        Replace a file that exists; False raises instead.

    Raises
    ------
    InvalidArgumentError
        The suffix is not known, or the picture has the wrong dtype or shape.
    OutputError
        The file cannot be written, or exists and `force` is False.
    MissingDependencyError
        Pillow is not installed.
    """
    target = Path(path)
    content = encode(image, check_target(target, force=force))
    temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(content)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error


def check_target(path: str | os.PathLike[str], *, force: bool = True) -> str:
    """Return the format that `save` would write; raise what it would raise before encoding.

    For callers whose picture takes long to make.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _FORMATS:
        raise InvalidArgumentError(
            f"{target}: the suffix {suffix!r} names no picture format; use .png, .jpg or .webp"
        )
    if target.exists() and not force:
        raise OutputError(f"{target} exists: choose another name, or use --force (force=True)")
    if target.is_dir():
        raise OutputError(f"{target} is a folder: name a file in it")
    if not target.parent.is_dir():
        raise OutputError(f"{target.parent} is no folder: make it first, or choose another one")
    if not os.access(target.parent, os.W_OK):
        raise OutputError(f"{target.parent} cannot be written: choose another folder")
    return _FORMATS[suffix]
