"""Where a picture came from: the recipe of what a sampler makes.

`gansdk sample` and `gansdk generate` write it into every picture; in a program, hand it on:
`images.save("42.png", sampler.sample(1, seed=7, start=42)[0], recipe=recipe_of(sampler, seed=7,
start=42))`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from .errors import InvalidArgumentError, ModelError
from .images.recipe import Encoding, Grid, Recipe, Runtime
from .latents import CONTRACT
from .models import locate
from .models.onnx_file import external_files
from .sampler import Sampler
from .selection import CyclicLabels, Selection, checked_cycle, labels_at


def recipe_of(
    sampler: Sampler,
    *,
    count: int | None = None,
    seed: int = 0,
    start: int = 0,
    seeds: Sequence[int] | None = None,
    labels: CyclicLabels = None,
    truncation: float | None = None,
    grid: Grid | None = None,
    encoding: Encoding | None = None,
) -> Recipe:
    """Return how a picture of a sampler's images is made.

    Parameters
    ----------
    sampler : Sampler
        What makes the images.
    count : int, optional
        How many images; by default one, or one for each of `seeds`.
    seed, start, seeds : int
        Which: as for `Sampler.sample`.
    labels : int, tuple of int, "prior", "balanced" or None
        Their classes; a tuple is repeated by the image's index, with `seeds` by the place among
        them.
    truncation : float, optional
        psi, as for `Sampler.sample`; the recipe of a model that takes one always says it.
    grid : Grid, optional
        How they are laid out; None for a single image.
    encoding : Encoding, optional
        How the picture is encoded.

    Raises
    ------
    InvalidArgumentError
        The sampler has no such images, or labels or truncation do not fit the model.

    Examples
    --------
    >>> from gansdk import Sampler
    >>> recipe_of(Sampler("digits"), seed=7, start=42, labels=3).label
    3
    """
    labels = checked_cycle(sampler.spec, labels)
    rule = None if isinstance(labels, tuple) else labels
    if seeds is None:
        count = 1 if count is None else count
        picked = Selection.of_range(sampler.spec, count, seed, start, rule, truncation)
    else:
        picked = Selection.of_seeds(sampler.spec, seeds, start, rule, truncation)
        if count is not None and count != picked.count:
            raise InvalidArgumentError(
                f"count is that of seeds, {picked.count}; got {count}: leave it out"
            )
    many = None if picked.seeds is None else tuple(picked.seeds.tolist())
    label = None
    if picked.count == 1:
        first = picked.seed if many is None else many[0]
        wanted = labels_at(labels, picked.start if many is None else 0, 1)
        classes = sampler.labels(1, seed=first, start=picked.start, labels=wanted)
        label = None if classes is None else int(classes[0])
    # A model may call itself anything; a recipe holds what can be printed on a line.
    name = "".join(c if c.isprintable() else "?" for c in sampler.spec.name[:200])
    return Recipe(
        name,
        file_sha256(sampler),
        seed=picked.seed if many is None else None,
        seeds=many,
        start=picked.start,
        count=picked.count,
        labels=labels,
        label=label,
        truncation=_psi(sampler, picked),
        rounding=sampler.rounding,
        grid=grid,
        encoding=encoding,
        runtime=runtime_of(sampler),
        gansdk=metadata.version("gansdk"),
        latent_contract=CONTRACT,
    )


def _psi(sampler: Sampler, picked: Selection) -> float | None:
    if picked.truncation is None and sampler.spec.truncation is not None:
        return sampler.spec.truncation.default
    return picked.truncation


def runtime_of(sampler: Sampler) -> Runtime:
    """Return what runs a sampler's network."""
    kind = locate(sampler.path)[1]
    if kind != "onnx":
        return Runtime(sampler.device, kind, _version("torch"))
    version = _version("onnxruntime") or _version("onnxruntime-gpu")
    return Runtime(sampler.device, "onnxruntime", version)


def file_sha256(sampler: Sampler) -> str:
    """Return the sha256 by which recipes know a sampler's file; `ModelError` where it is gone."""
    return digest_of(sampler.path)


def digest_of(path: Path) -> str:
    """Return the sha256 of a model file, the weights that it keeps beside it included.

    Of an ONNX file that keeps weights in files beside it, it is the sha256 of a text: the model
    file's own sha256 and a line feed, then a line for each of those files in the order of their
    names, of its sha256, two spaces and its name.

    Raises
    ------
    ModelError
        A file of it cannot be read.
    """
    digest = _digest(path)
    status = path.stat()
    weights = _weights(path, status.st_size, status.st_mtime_ns)
    if not weights:
        return digest
    lines = [f"{digest}\n", *(f"{_digest(path.parent / name)}  {name}\n" for name in weights)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest(path: Path) -> str:
    try:
        status = path.stat()
        return _sha256(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from None


# Else a recipe an image would read the model an image. Size and time tell whether it changed.
@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, changed: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


@lru_cache(maxsize=64)
def _weights(path: Path, size: int, changed: int) -> tuple[str, ...]:
    try:
        return external_files(path) if locate(path)[1] == "onnx" else ()
    except ModelError:  # changed since it was loaded, and no model any more: its own bytes are all
        return ()


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
