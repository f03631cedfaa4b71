"""Which images a call asks for, and what the network is given for them.

A selection is a range of one seed, one index of many seeds, or latents of the caller's own. It is
checked when it is made, so that what is wrong is told before the first batch; then any part of it
is a pure function of where it lies, never of how the whole is cut into batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from . import latents
from .arguments import INDEX_LIMIT, choice, integer, integers
from .errors import InvalidArgumentError, NonFiniteError
from .spec import GeneratorSpec

LabelRule: TypeAlias = Literal["prior", "balanced"]
Labels: TypeAlias = "int | Sequence[int] | npt.NDArray[np.integer[Any]] | LabelRule | None"
CyclicLabels: TypeAlias = "int | tuple[int, ...] | LabelRule | None"
"""As `Labels`, but a tuple is repeated by the image's index: labels[index mod len(labels)]."""


@dataclass(frozen=True)
class Selection:
    """Images of a generator; make one with `of_range`, `of_seeds` or `of_latents`."""

    spec: GeneratorSpec
    count: int
    labels: int | npt.NDArray[np.int64] | LabelRule | None
    seed: int = 0
    start: int = 0
    seeds: npt.NDArray[np.uint64] | None = None
    z: npt.NDArray[np.float32] | None = None

    @classmethod
    def of_range(
        cls, spec: GeneratorSpec, n: int, seed: int, start: int, labels: Labels
    ) -> Selection:
        """Images start ... start + n - 1 of a seed."""
        seed, start = integer(seed, "seed"), integer(start, "start")
        count = integer(n, "n", least=1, most=INDEX_LIMIT)
        if start + count > INDEX_LIMIT:
            raise InvalidArgumentError(
                f"start + n must be at most 2^64; got start={start} and n={count}"
            )
        return cls(spec, count, _checked_labels(spec, labels, count), seed, start)

    @classmethod
    def of_seeds(
        cls, spec: GeneratorSpec, seeds: Sequence[int], start: int, labels: Labels
    ) -> Selection:
        """Image `start` of each of many seeds."""
        many = np.array(integers(seeds, "seeds"), np.uint64)
        count = integer(len(many), "the number of seeds", least=1)
        if isinstance(labels, str) and labels == "balanced":
            raise InvalidArgumentError(
                "labels='balanced' goes by the index, which is the same for every seed here: "
                "give one label a seed"
            )
        checked = _checked_labels(spec, labels, count)
        return cls(spec, count, checked, start=integer(start, "start"), seeds=many)

    @classmethod
    def of_latents(cls, spec: GeneratorSpec, z: npt.ArrayLike, labels: Labels) -> Selection:
        """Images of the caller's latents; a conditional model has no prior for them."""
        own = _checked_latents(spec, z)
        checked = _checked_labels(spec, labels, len(own))
        if spec.label is not None and not isinstance(checked, (int, np.ndarray)):
            raise InvalidArgumentError(
                f"generate() needs labels=: {spec.name!r} is conditional, "
                f"with classes 0 ... {spec.label.classes - 1}"
            )
        return cls(spec, len(own), checked, z=own)

    def inputs(self, done: int, count: int, threads: int | None) -> dict[str, npt.NDArray[Any]]:
        """Return the network's inputs, by name, for `count` images from the `done`-th on."""
        latent, label = self.spec.latent, self.spec.label
        z = self._latents(done, count, threads)
        inputs: dict[str, npt.NDArray[Any]] = {
            latent.input: z.reshape(count, *(latent.shape or (latent.size,)))
        }
        classes = self.classes(done, count)
        if label is not None and classes is not None:
            one_hot = label.encoding == "one_hot"
            inputs[label.input] = (
                np.eye(label.classes, dtype=np.float32)[classes] if one_hot else classes
            )
        return inputs

    def classes(self, done: int, count: int) -> npt.NDArray[np.int64] | None:
        """Return the classes of `count` images from the `done`-th on; None without labels."""
        label = self.spec.label
        if label is None:
            return None
        if isinstance(self.labels, int):
            return np.full(count, self.labels, np.int64)
        if isinstance(self.labels, np.ndarray):
            return self.labels[done : done + count]
        if self.labels == "balanced":
            first = (self.start + done) % label.classes
            return np.arange(first, first + count, dtype=np.int64) % label.classes
        seed, start = self._place(done, count)
        return latents.labels(count, prior=label.probabilities, seed=seed, start=start)

    def name(self, position: int) -> str:
        """Return what to call the image at a position in an error message."""
        if self.z is not None:
            return f"the image of z[{position}]"
        if self.seeds is not None:
            return f"image {self.start} of seed {self.seeds[position]}"
        return f"image {self.start + position} of seed {self.seed}"

    def _latents(self, done: int, count: int, threads: int | None) -> npt.NDArray[np.float32]:
        if self.z is not None:
            return self.z[done : done + count]
        draw = latents.normal if self.spec.latent.law == "normal" else latents.uniform
        seed, start = self._place(done, count)
        return draw(count, self.spec.latent.size, seed=seed, start=start, threads=threads)

    def _place(self, done: int, count: int) -> tuple[int | npt.NDArray[np.uint64], int]:
        if self.seeds is None:
            return self.seed, self.start + done
        return self.seeds[done : done + count], self.start


def labels_at(labels: CyclicLabels, start: int, count: int) -> Labels:
    """Return labels for images start ... start + count - 1, a tuple's repetition spelled out."""
    if isinstance(labels, tuple):
        return [labels[(start + i) % len(labels)] for i in range(count)]
    return labels


def checked_cycle(spec: GeneratorSpec, labels: CyclicLabels) -> CyclicLabels:
    """Return labels for images of any index as plain integers; None becomes the prior's rule.

    Raises
    ------
    InvalidArgumentError
        They do not fit the model, or are a list: whether one an image or repeated, it cannot say.
    """
    if isinstance(labels, tuple):
        period = integer(len(labels), "the number of labels", least=1)
        checked = _checked_labels(spec, labels, period)
        return tuple(checked.tolist()) if isinstance(checked, np.ndarray) else None
    if labels is not None and np.ndim(labels) != 0:
        raise InvalidArgumentError(
            "labels must be one class, or a tuple of classes, which is repeated by the image's "
            f"index; got {type(labels).__name__}"
        )
    one = _checked_labels(spec, labels, 1)
    return None if isinstance(one, np.ndarray) else one


def _checked_labels(
    spec: GeneratorSpec, labels: Labels, count: int
) -> int | npt.NDArray[np.int64] | LabelRule | None:
    label = spec.label
    if label is None:
        if labels is None:
            return None
        raise InvalidArgumentError(
            f"{spec.name!r} is unconditional and takes no labels; got labels={labels!r}"
        )
    if labels is None:
        return "prior"
    if isinstance(labels, str):
        choice(labels, "labels", ("prior", "balanced"), "a class or one class an image")
        return labels
    if np.ndim(labels) == 0:
        return integer(labels, "labels", most=label.classes - 1)
    many = np.array(integers(labels, "labels", most=label.classes - 1), np.int64)
    if len(many) != count:
        raise InvalidArgumentError(
            f"labels must be one class, or one for each of the {count} images; got {len(many)}"
        )
    return many


def _checked_latents(spec: GeneratorSpec, z: npt.ArrayLike) -> npt.NDArray[np.float32]:
    latent = spec.latent
    try:
        array = np.asarray(z)
    except ValueError as error:  # rows of unequal length
        raise InvalidArgumentError(f"z is no array: {error}") from None
    shapes = {(latent.size,), latent.shape or (latent.size,)}
    if array.dtype.kind != "f":
        raise InvalidArgumentError(f"z must hold floats; got dtype {array.dtype}")
    if array.ndim < 2 or array.shape[1:] not in shapes or len(array) == 0:
        wanted = " or ".join(f"(n, {', '.join(map(str, s))})" for s in sorted(shapes))
        raise InvalidArgumentError(f"z must have shape {wanted}; got {array.shape}")
    with np.errstate(over="ignore"):  # what overflows float32 is refused as infinite below
        flat = np.ascontiguousarray(array, np.float32).reshape(len(array), -1)
    finite = np.isfinite(flat).all(axis=1)
    if not finite.all():
        raise NonFiniteError(
            f"z holds a NaN or an infinity, first in row {finite.argmin()}: latents must be finite",
            first=int(finite.argmin()),
        )
    return flat
