"""Where a picture came from: the recipe of what a sampler makes.

`gansdk sample` and `gansdk generate` write it into every picture; in a program, hand it on:
`images.save("42.png", sampler.sample(1, seed=7, start=42)[0], recipe=recipe_of(sampler, seed=7,
start=42))`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import metadata

from .images.recipe import Encoding, Grid, Recipe, Runtime
from .latents import CONTRACT
from .models import locate
from .sampler import Sampler
from .selection import CyclicLabels, labels_at


def recipe_of(
    sampler: Sampler,
    *,
    count: int = 1,
    seed: int = 0,
    start: int = 0,
    seeds: Sequence[int] | None = None,
    labels: CyclicLabels = None,
    grid: Grid | None = None,
    encoding: Encoding | None = None,
) -> Recipe:
    """Return how a picture of a sampler's images is made.

    Parameters
    ----------
    sampler : Sampler
        What makes the images.
    count, seed, start, seeds : int
        Which: as for `Sampler.sample`.
    labels : int, tuple of int, "prior", "balanced" or None
        Their classes; a tuple is repeated by the image's index.
    grid : Grid, optional
        How they are laid out; None for a single image.
    encoding : Encoding, optional
        How the picture is encoded.

    Examples
    --------
    >>> from gansdk import Sampler
    >>> recipe_of(Sampler("digits"), seed=7, start=42, labels=3).label
    3
    """
    label = None
    if count == 1:
        first = seed if seeds is None else seeds[0]
        wanted = labels_at(labels, start if seeds is None else 0, 1)
        classes = sampler.labels(1, seed=first, start=start, labels=wanted)
        label = None if classes is None else int(classes[0])
    if labels is None and sampler.spec.label is not None:
        labels = "prior"
    # A model may call itself anything; a recipe holds what can be printed on a line.
    name = "".join(c if c.isprintable() else "?" for c in sampler.spec.name[:200])
    return Recipe(
        name,
        file_sha256(sampler),
        seed=seed if seeds is None else None,
        seeds=None if seeds is None else tuple(seeds),
        start=start,
        count=count,
        labels=labels,
        label=label,
        rounding=sampler.rounding,
        grid=grid,
        encoding=encoding,
        runtime=runtime_of(sampler),
        gansdk=metadata.version("gansdk"),
        latent_contract=CONTRACT,
    )


def runtime_of(sampler: Sampler) -> Runtime:
    """Return what runs a sampler's network."""
    if locate(sampler.path)[1] == "torchscript":
        return Runtime(sampler.device, "torchscript", _version("torch"))
    version = _version("onnxruntime") or _version("onnxruntime-gpu")
    return Runtime(sampler.device, "onnxruntime", version)


def file_sha256(sampler: Sampler) -> str:
    """Return the sha256 of a sampler's file."""
    digest = hashlib.sha256()
    with sampler.path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
