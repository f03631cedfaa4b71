"""Pictures as files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ..errors import InvalidArgumentError, OutputError
from .encoding import encode
from .formats import Compression, format_of
from .recipe import Recipe


def save(
    path: str | os.PathLike[str],
    image: npt.NDArray[Any],
    *,
    quality: int | None = None,
    compression: Compression | None = None,
    recipe: Recipe | None = None,
    force: bool = True,
) -> None:
    """Write one picture to a file whose suffix gives the format.

    The file appears whole or not at all: it is written under a temporary name and renamed.

    Parameters
    ----------
    path
        Where to: .png, .jpg, .jpeg, .webp, .jxl, .qoi, .npy or .npz.
    image, quality, compression, recipe
        What and how: see `encode`.
    force
        Replace a file that exists; False raises instead.

    Raises
    ------
    InvalidArgumentError
        The suffix is not known, or the picture or an option does not fit the format.
    OutputError
        The file cannot be written, or exists and `force` is False; nothing is left behind.
    MissingDependencyError
        The package that encodes this format is not installed.
    """
    kind = check_target(path, force=force)
    content = encode(image, kind, quality=quality, compression=compression, recipe=recipe)
    write(path, content, force=force)


def check_target(path: str | os.PathLike[str], *, force: bool = True) -> str:
    """Return the format that `save` would write; raise what it would raise before encoding.

    For callers whose picture takes long to make.
    """
    kind = format_of(path)
    check_place(path, force=force)
    return kind


def check_place(path: str | os.PathLike[str], *, force: bool = True) -> None:
    """Raise what `write` would raise for a file of any suffix, as far as can be told before."""
    target = Path(path)
    if "\0" in str(target):
        raise InvalidArgumentError(f"{str(target)!r} is no file name: it holds a null character")
    try:
        if target.exists() and not force:
            raise OutputError(f"{target} exists: choose another name, or use --force (force=True)")
        if target.is_dir():
            raise OutputError(f"{target} is a folder: name a file in it")
        # A rename would put a file in the place of /dev/null.
        if target.exists() and not target.is_file():
            raise OutputError(f"{target} is a device or a pipe: name a file")
        if not target.parent.is_dir():
            raise OutputError(f"{target.parent} is no folder: make it first, or choose another one")
        if not os.access(target.parent, os.W_OK):
            raise OutputError(f"{target.parent} cannot be written: choose another folder")
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from None


def write(path: str | os.PathLike[str], content: bytes, *, force: bool = True) -> None:
    """Write bytes to a file that appears whole or not at all.

    Raises
    ------
    OutputError
        The file cannot be written, or exists and `force` is False; nothing is left behind.
    """
    target = Path(path)
    try:
        # Through a link to the file it stands for: a rename would replace the link instead.
        place = Path(os.path.realpath(target))
        # Not named after the target, whose name may be as long as a name can be.
        temporary = place.with_name(f".gansdk-{os.urandom(6).hex()}.tmp")
        try:
            with temporary.open("xb") as file:
                file.write(content)
            if not force and place.exists():  # once more: the picture may have taken long
                raise OutputError(
                    f"{target} exists: choose another name, or use --force (force=True)"
                )
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
