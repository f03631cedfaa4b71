"""A recipe's picture again, and the command that makes it."""

from __future__ import annotations

import math
import shlex
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import images
from ..arguments import INDEX_LIMIT, integer
from ..errors import InvalidArgumentError, RecipeError
from ..images.formats import FORMATS
from ..images.recipe import Encoding, Grid, Recipe
from ..latents import CONTRACT
from ..models import bundled
from ..sampler import Sampler
from ..selection import labels_at

# A picture for people: beyond this it is a data set, which `generate` writes in constant memory.
LIMIT = 10_000


def sampled(sampler: Sampler, recipe: Recipe, batch_size: int | None) -> npt.NDArray[Any]:
    """Return the images of a recipe, (count, height, width, channels).

    Raises
    ------
    RecipeError
        The recipe asks for what this version of gansdk does not do.
    """
    if recipe.latent_contract != CONTRACT:
        raise RecipeError(
            f"it was made under version {recipe.latent_contract} of the latent contract, "
            f"this gansdk keeps version {CONTRACT}"
        )
    check_count(recipe.count)
    labels = recipe.label if recipe.labels is None else recipe.labels
    return sampler.sample(
        recipe.count if recipe.seeds is None else None,
        seed=recipe.seed or 0,
        start=recipe.start,
        seeds=recipe.seeds,
        labels=labels_at(labels, recipe.start if recipe.seeds is None else 0, recipe.count),
        truncation=recipe.truncation,
        batch_size=batch_size,
    )


def check_count(count: int) -> None:
    """Raise `InvalidArgumentError` for no images, or more than a picture holds."""
    if count > LIMIT:
        raise InvalidArgumentError(
            f"a picture holds at most {LIMIT} images, this would be {count}: "
            "use `gansdk generate` for a data set"
        )
    integer(count, "n", least=1, most=INDEX_LIMIT)


def default_columns(count: int) -> int:
    """Return as many columns as make a grid as square as can be."""
    return math.isqrt(count - 1) + 1


def composed(pixels: npt.NDArray[Any], grid: Grid | None) -> npt.NDArray[Any]:
    """Return the images as one picture: the grid, or the only image.

    Raises
    ------
    InvalidArgumentError
        As `grid`.
    RecipeError
        There are many images and no grid.
    """
    if grid is None:
        if len(pixels) != 1:
            raise RecipeError(f"it holds {len(pixels)} images, but does not say as which grid")
        return np.asarray(pixels[0])
    return images.grid(
        pixels,
        columns=grid.columns,
        padding=grid.padding,
        background=grid.background,
        row_labels=grid.row_labels,
    )


def command_of(recipe: Recipe, kind: str = "png") -> str | None:
    """Return the command that makes a recipe's picture; None where its options do not reach.

    `kind` is the format of a recipe that names none, the picture's own.
    """
    grid = recipe.grid
    out_of_reach = (
        recipe.latent_contract != CONTRACT
        or recipe.count > LIMIT
        or (grid is None and recipe.count != 1)
        or (recipe.encoding is not None and recipe.encoding.format not in FORMATS)
        or (grid is not None and (grid.background != 0 or grid.row_labels is not None))
    )
    if out_of_reach:
        return None
    # The name is a claim of the picture's; only that of a bundled model is also a path.
    words = ["gansdk", "sample", recipe.model if recipe.model in bundled() else "MODEL"]
    if recipe.seeds is None:
        words += ["-n", str(recipe.count), "--seed", str(recipe.seed)]
    else:
        words += ["--seeds", ",".join(map(str, recipe.seeds))]
    if recipe.start:
        words += ["--start", str(recipe.start)]
    labels = recipe.label if recipe.labels is None else recipe.labels
    if labels is not None:
        classes = labels if isinstance(labels, tuple) else (labels,)
        words += ["--labels", ",".join(map(str, classes))]
    if recipe.truncation is not None:
        words += ["--truncation", repr(recipe.truncation)]
    if grid is not None:
        words += ["--columns", str(grid.columns), "--padding", str(grid.padding)]
    encoding = recipe.encoding or Encoding(kind)
    if encoding.quality is not None:
        words += ["--quality", str(encoding.quality)]
    if encoding.compression is not None:
        words += ["--compression", encoding.compression]
    if recipe.rounding != "nearest":
        words += ["--rounding", recipe.rounding]
    if recipe.runtime is not None and recipe.runtime.device != "cpu":
        words += ["--device", recipe.runtime.device]
    return shlex.join([*words, "-o", f"samples{FORMATS[encoding.format].suffixes[0]}"])


def made_by(recipe: Recipe) -> str:
    """Return the versions that made a picture, in words."""
    runtime = recipe.runtime
    parts = [f"gansdk {recipe.gansdk}" if recipe.gansdk else "an unknown gansdk"]
    if runtime is not None:
        version = f" {runtime.version}" if runtime.version else ""
        parts.append(f"{runtime.backend}{version} on {runtime.device}")
    if recipe.encoding is not None and recipe.encoding.encoder:
        parts.append(recipe.encoding.encoder)
    return ", ".join(parts)
