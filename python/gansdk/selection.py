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
from .arguments import INDEX_LIMIT, choice, integer, integers, number
from .errors import InvalidArgumentError, NonFiniteError
from .spec import GeneratorSpec, Latent, Law

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
    truncation: float | None = None

    @classmethod
    def of_range(
        cls,
        spec: GeneratorSpec,
        n: int,
        seed: int,
        start: int,
        labels: Labels,
        truncation: float | None = None,
    ) -> Selection:
        """Images start ... start + n - 1 of a seed."""
        seed, start = integer(seed, "seed"), integer(start, "start")
        count = integer(n, "n", least=1, most=INDEX_LIMIT)
        if start + count > INDEX_LIMIT:
            raise InvalidArgumentError(
                f"start + n must be at most 2^64; got start={start} and n={count}"
            )
        checked = _checked_labels(spec, labels, count)
        psi = _checked_truncation(spec, truncation)
        return cls(spec, count, checked, seed, start, truncation=psi)

    @classmethod
    def of_seeds(
        cls,
        spec: GeneratorSpec,
        seeds: Sequence[int],
        start: int,
        labels: Labels,
        truncation: float | None = None,
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
        psi = _checked_truncation(spec, truncation)
        first = integer(start, "start")
        return cls(spec, count, checked, start=first, seeds=many, truncation=psi)

    @classmethod
    def of_latents(
        cls,
        spec: GeneratorSpec,
        z: npt.ArrayLike,
        labels: Labels,
        *,
        seed: int = 0,
        start: int = 0,
        fixed_noise: bool = False,
        truncation: float | None = None,
    ) -> Selection:
        """Images of the caller's latents; a conditional model has no prior for them.

        Noise inputs are those of images `start` ... of the seed; with `fixed_noise` all that of
        image `start`, as the frames of a film want it.
        """
        own = _checked_latents(spec, z)
        seed, start = integer(seed, "seed"), integer(start, "start")
        if start + len(own) > INDEX_LIMIT:
            raise InvalidArgumentError(
                f"start + the number of latents must be at most 2^64; got {start} + {len(own)}"
            )
        checked = _checked_labels(spec, labels, len(own))
        if spec.label is not None and not isinstance(checked, (int, np.ndarray)):
            raise InvalidArgumentError(
                f"generate() needs labels=: {spec.name!r} is conditional, "
                f"with classes 0 ... {spec.label.classes - 1}"
            )
        seeds = np.full(len(own), seed, np.uint64) if fixed_noise else None
        psi = _checked_truncation(spec, truncation)
        return cls(spec, len(own), checked, seed, start, seeds, own, psi)

    def inputs(self, done: int, count: int, threads: int | None) -> dict[str, npt.NDArray[Any]]:
        """Return the network's inputs for `count` images from the `done`-th on, but a picture.

        By name, in the order of `spec.input_names`.
        """
        spec = self.spec
        inputs: dict[str, npt.NDArray[Any]] = {}
        if spec.latent is not None:
            z = self._latents(spec.latent, done, count, threads)
            inputs[spec.latent.input] = z.reshape(count, *(spec.latent.shape or (-1,)))
        classes = self.classes(done, count)
        if spec.label is not None and classes is not None:
            one_hot = spec.label.encoding == "one_hot"
            inputs[spec.label.input] = (
                np.eye(spec.label.classes, dtype=np.float32)[classes] if one_hot else classes
            )
        for k, noise in enumerate(spec.noise):
            stream = latents.noise_stream(k)
            values = self._draw(noise.law, noise.size, stream, done, count, threads)
            inputs[noise.input] = values.reshape(count, *noise.shape)
        if spec.truncation is not None:
            psi = spec.truncation.default if self.truncation is None else self.truncation
            inputs[spec.truncation.input] = np.full(count, psi, np.float32)
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

    def _latents(
        self, latent: Latent, done: int, count: int, threads: int | None
    ) -> npt.NDArray[np.float32]:
        if self.z is not None:
            return self.z[done : done + count]
        return self._draw(latent.law, latent.size, latents.LATENT_STREAM, done, count, threads)

    def _draw(
        self, law: Law, size: int, stream: int, done: int, count: int, threads: int | None
    ) -> npt.NDArray[np.float32]:
        draw = latents.normal if law == "normal" else latents.uniform
        seed, start = self._place(done, count)
        return draw(count, size, seed=seed, start=start, stream=stream, threads=threads)

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


def _checked_truncation(spec: GeneratorSpec, truncation: float | None) -> float | None:
    if truncation is None:
        return None
    if spec.truncation is None:
        raise InvalidArgumentError(
            f"{spec.name!r} has no truncation input; got truncation={truncation!r}: export it with "
            "spec=GeneratorSpec(..., truncation=Truncation())"
        )
    psi = number(truncation, "truncation")
    if abs(psi) > float(np.finfo(np.float32).max):
        raise InvalidArgumentError(f"truncation must be a float32, at most 3.4e38; got {psi:g}")
    return psi


def _checked_latents(spec: GeneratorSpec, z: npt.ArrayLike) -> npt.NDArray[np.float32]:
    latent = spec.latent
    if latent is None:
        raise InvalidArgumentError(
            f"{spec.name!r} takes no latent, only pictures: use translate(images)"
        )
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
