"""gansdk sample --like: a picture made again from its own recipe, byte for byte or not at all."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import images
from ..errors import InvalidArgumentError, MissingDependencyError, RecipeError
from ..images.encoding import encoding_of
from ..images.formats import FORMATS
from ..images.metadata import picture_format
from ..images.recipe import Recipe
from ..models import bundled
from ..provenance import file_sha256, runtime_of
from ..sampler import Sampler
from .recipes import composed, made_by, sampled


def recipe_in(picture: Path) -> Recipe:
    """Return a picture's recipe; `RecipeError` where it carries none."""
    recipe = images.read_recipe(picture)
    if recipe is None:
        raise RecipeError(
            f"{picture} carries no recipe: gansdk did not make it, or another program dropped it"
        )
    return recipe


def remake(
    picture: Path,
    recipe: Recipe,
    *,
    model: str | None,
    device: str | None,
    threads: int | None,
    batch_size: int | None,
) -> bytes:
    """Return the bytes of a picture, made from its recipe alone.

    `model` None is the bundled model of the recipe's name, `device` None the recipe's.

    Raises
    ------
    RecipeError
        The model is another one, or the picture that it makes here is not the same.
    """
    sampler = _sampler_for(picture, recipe, model, device, threads)
    kind = picture_kind(picture)
    encoding = recipe.encoding or encoding_of(kind)
    if encoding.format != kind:
        raise RecipeError(
            f"{picture} is a {kind} file, but its recipe says {encoding.format}: another program "
            "converted it"
        )
    try:
        pixels = composed(sampled(sampler, recipe, batch_size), recipe.grid)
    except RecipeError as error:
        raise RecipeError(f"{picture} cannot be made again: {error}") from None
    content = images.encode(
        pixels,
        kind,
        quality=encoding.quality,
        compression=encoding.compression,
        recipe=recipe,
    )
    if not _holds(picture, content):
        here = replace(
            recipe,
            gansdk=metadata.version("gansdk"),
            runtime=runtime_of(sampler),
            encoding=encoding_of(kind, quality=encoding.quality, compression=encoding.compression),
        )
        raise RecipeError(
            f"{picture} cannot be made again here byte for byte: {_difference(picture, content)}; "
            f"it was made by {made_by(recipe)}; here are {made_by(here)}"
        )
    return content


def check_suffix(picture: Path, output: Path, kind: str) -> None:
    """Raise `InvalidArgumentError` where the copy would be of another format."""
    original = picture_kind(picture)
    if kind != original:
        raise InvalidArgumentError(
            f"{picture} is a {original} file and is made again as one: "
            f"name the output {output.stem}{FORMATS[original].suffixes[0]}, not {output.name}"
        )


def picture_kind(picture: Path) -> str:
    """Return the format that a picture has, whatever its name; `RecipeError` for no picture."""
    try:
        with picture.open("rb") as file:
            kind = picture_format(file.read(12))
    except OSError as error:
        raise RecipeError(f"{picture} cannot be read: {error.strerror}") from None
    if kind is None:
        raise RecipeError(f"{picture} is no PNG, JPEG or WebP file: only these carry a recipe")
    return kind


def _sampler_for(
    picture: Path, recipe: Recipe, model: str | None, device: str | None, threads: int | None
) -> Sampler:
    if model is None and recipe.model not in bundled():
        raise InvalidArgumentError(
            f"{picture} was made by {recipe.model!r}, which does not ship with gansdk: "
            f"name the file with sha256 {recipe.model_sha256} as MODEL"
        )
    if device is None:
        device = "cpu" if recipe.runtime is None else recipe.runtime.device
    name = recipe.model if model is None else model
    sampler = Sampler(name, device=device, threads=threads, rounding=recipe.rounding)
    digest = file_sha256(sampler)
    if digest != recipe.model_sha256:
        raise RecipeError(
            f"{name} has sha256 {digest}, but {picture} was made by {recipe.model!r} with sha256 "
            f"{recipe.model_sha256}: name that file as MODEL"
        )
    return sampler


def _holds(picture: Path, content: bytes) -> bool:
    try:
        return picture.stat().st_size == len(content) and picture.read_bytes() == content
    except OSError as error:
        raise RecipeError(f"{picture} cannot be read: {error.strerror}") from None


def _difference(original: Path, content: bytes) -> str:
    before, after = _decoded(original), _decoded(io.BytesIO(content))
    if before is None or after is None:
        return "its pixels cannot be read"
    if before.shape != after.shape:
        return f"it has the shape {before.shape}, the copy {after.shape}"
    apart = np.abs(before.astype(np.int32) - after)
    differ = int(np.count_nonzero(apart))
    if differ == 0:
        return "the pixels are the same, but not the file around them"
    return f"{differ} of {apart.size} levels differ, by at most {apart.max()}"


def _decoded(file: Path | io.BytesIO) -> npt.NDArray[np.uint8] | None:
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError(
            "comparing pictures needs Pillow: pip install 'gansdk[images]'"
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow's, about a picture made to fill the memory
            with Image.open(file) as picture:
                return np.asarray(picture)
    except Exception:  # the file may be anyone's, and Pillow's errors share no base class
        return None
