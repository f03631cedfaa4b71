"""Network: a loaded file with its spec, from named inputs to values and levels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from . import images
from .arguments import choice, integer
from .backends import Backend, batch_of
from .errors import InvalidArgumentError, ModelError, NonFiniteError, OutOfMemoryError
from .images.law import Rounding
from .spec import GeneratorSpec

OutputKind: TypeAlias = Literal["uint8", "float"]
Array: TypeAlias = npt.NDArray[Any]

# Keeps the float output of one batch near 16 MiB, whatever the size of an image.
_BATCH_BYTES = 16 << 20
_BATCH_LIMIT = 64


@dataclass(frozen=True)
class Network:
    """What `Sampler` and `translate` run: the backend, and how its output becomes levels."""

    backend: Backend
    spec: GeneratorSpec
    rounding: Rounding = "nearest"
    threads: int | None = None

    def run(self, inputs: Mapping[str, Array], count: int) -> Array:
        """Return the network's values of a batch of `count`; `ModelError` where it gives others."""
        values = self.backend.run(inputs)
        if len(values) != count:
            raise ModelError(
                f"{self.backend.path} gave {len(values)} outputs for a batch of {count}: its batch "
                "axis is not free; export it again with a dynamic batch"
            )
        return values

    def levels(self, values: Array, positions: Sequence[int], name: Callable[[int], str]) -> Array:
        """Return the pixels of a batch of values, uint8 (n, height, width, channels).

        Raises
        ------
        ModelError
            The values are no images.
        NonFiniteError
            One holds a NaN or an infinity: the first that does, at `positions[its row]` of what
            was asked for, called `name(its position)`.
        """
        if values.ndim != 4:
            raise ModelError(
                f"{self.backend.path} gives arrays of shape {values.shape[1:]}, which are no "
                "images: use output='float'"
            )
        try:
            return images.to_uint8(
                values, **self.spec.output.conversion, rounding=self.rounding, threads=self.threads
            )
        except NonFiniteError as error:
            first = positions[error.first or 0]
            raise NonFiniteError(
                f"{name(first)} holds a NaN or an infinity: the network fails there; "
                "output='float' shows its values",
                first=first,
            ) from None

    def output_kind(self, output: OutputKind | None) -> OutputKind:
        """Return what to give, checked; by default uint8 for images and float for arrays."""
        if output is None:
            return "uint8" if self.spec.output.kind == "image" else "float"
        choice(output, "output", ("uint8", "float"))
        if output == "uint8" and self.spec.output.kind == "array":
            raise InvalidArgumentError(
                f"{self.spec.name!r} gives arrays, not images: use output='float'"
            )
        return output

    def batch_size(self, batch_size: int | None, shape: Sequence[int]) -> int:
        """Return how many outputs of a shape one run shall give; None chooses."""
        if batch_size is not None:
            return integer(batch_size, "batch_size", least=1)
        size = max(1, min(_BATCH_LIMIT, _BATCH_BYTES // (4 * math.prod(shape))))
        # Whole runs of a file whose batch is fixed: a part of one costs as much.
        fixed = batch_of(self.backend, self.spec) or 1
        return max(1, size // fixed) * fixed


def collect(batches: Iterator[Array], count: int) -> Array:
    """Return batches of `count` images in all as one array."""
    first = next(batches)
    if len(first) == count:
        return first
    shape = (count, *first.shape[1:])
    try:
        result = np.empty(shape, first.dtype)
    except (MemoryError, ValueError):
        size = math.prod(shape) * first.itemsize
        raise OutOfMemoryError(
            f"{count} images need {size / 2**30:.3g} GiB at once: take them batch by batch "
            "with stream(), or write them with `gansdk generate`"
        ) from None
    result[: len(first)] = first
    done = len(first)
    for batch in batches:
        result[done : done + len(batch)] = batch
        done += len(batch)
    return result
