"""Sampler: images from a trained generator, by seed and index.

`Sampler.sample` for a batch, `Sampler.stream` for more images than fit into memory,
`Sampler.generate` for latents of your own. Image `i` of seed `s` is a pure function of
(model, s, i), and of the label asked for: never of the batch it came in or the thread.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from . import images, latents
from .arguments import INDEX_LIMIT, choice, integer, integers
from .backends import open_backend, spec_of
from .backends.backend import BackendName
from .errors import InvalidArgumentError, ModelError, NonFiniteError, OutOfMemoryError
from .spec import GeneratorSpec

Labels: TypeAlias = "int | Sequence[int] | npt.NDArray[np.integer[Any]] | None"
LabelRule: TypeAlias = Literal["prior", "balanced"]
OutputKind: TypeAlias = Literal["uint8", "float"]
Array: TypeAlias = npt.NDArray[Any]

# One batch's float output stays near the last-level cache; measured best for small generators.
_BATCH_BYTES = 16 << 20
_BATCH_LIMIT = 64


@dataclass(frozen=True)
class _Request:
    """Which images: either a range of indices of one seed, or one index of many seeds."""

    count: int
    seed: int
    start: int
    seeds: npt.NDArray[np.uint64] | None
    labels: int | npt.NDArray[np.int64] | LabelRule | None


class Sampler:
    """A generator, ready to sample from.

    Parameters
    ----------
    model : str or path
        A file, a folder that `gansdk.export` wrote, or a bundled model's name ("digits").
    device : "cpu", "cuda", "cuda:N" or "auto"
        Where the network runs. What cannot be had is an error; "auto" takes CUDA where it can.
    threads : int, optional
        Threads of one call. Default: the cores that this process may use.
    backend : "auto", "onnxruntime" or "torchscript"
        Default: by the file's format.
    spec : GeneratorSpec, optional
        What the generator takes and gives, for a file that does not carry a `gansdk.spec`.

    Attributes
    ----------
    spec : GeneratorSpec
        The generator's description.
    path : pathlib.Path
        The file that was loaded.
    device : str
        Where the network really runs: "cpu" or "cuda:N".

    Raises
    ------
    ModelError
        The file is missing, unreadable, or no generator.
    DeviceError
        The device cannot be had.
    MissingDependencyError
        The package that runs this format is not installed.

    Notes
    -----
    On ONNX Runtime any number of threads may share one sampler.

    Examples
    --------
    >>> sampler = Sampler("digits")
    >>> sampler.sample(4, seed=7, labels=3).shape
    (4, 32, 32, 1)
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        device: str = "cpu",
        threads: int | None = None,
        backend: BackendName = "auto",
        spec: GeneratorSpec | None = None,
    ) -> None:
        if threads is not None:
            threads = integer(threads, "threads", least=1, most=1024)
        self._threads = threads
        self._backend = open_backend(model, device=device, threads=threads, backend=backend)
        self.spec = spec_of(self._backend, spec)

    @property
    def path(self) -> Path:
        """The file that was loaded."""
        return self._backend.path

    @property
    def device(self) -> str:
        """Where the network runs: "cpu" or "cuda:N"."""
        return self._backend.device

    def __repr__(self) -> str:
        return f"Sampler({str(self.path)!r}, device={self.device!r}, name={self.spec.name!r})"

    def sample(
        self,
        n: int | None = None,
        *,
        seed: int = 0,
        start: int = 0,
        seeds: Sequence[int] | None = None,
        labels: Labels | LabelRule = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
    ) -> Array:
        """Return images start ... start + n - 1 of a seed, or image `start` of each of many seeds.

        Parameters
        ----------
        n : int
            How many images; left out where `seeds` is given.
        seed, start : int
            0 ... 2^64 - 1; start + n may be at most 2^64.
        seeds : sequence of int, optional
            One image for each of these seeds.
        labels : int, sequence of int, "prior" or "balanced", optional
            One class for all, one class an image, classes drawn from the model's prior (the
            default of a conditional model), or class `index mod classes`.
        output : "uint8" or "float", optional
            Pixels, or the network's own values. Default: "uint8" for images, "float" for arrays.
        batch_size : int, optional
            Images in one run of the network. It changes time and memory, never an image.

        Returns
        -------
        ndarray
            uint8 of shape (n, height, width, channels), or float32 of the network's shape.

        Raises
        ------
        InvalidArgumentError
            An argument is out of range, or labels do not fit the model.
        OutOfMemoryError
            The result does not fit into memory; `stream` needs one batch of it.
        """
        request = self._request(n, seed, start, seeds, labels)
        return _collect(
            self._batches(request, self._output_kind(output), batch_size), request.count
        )

    def stream(
        self,
        n: int,
        *,
        seed: int = 0,
        start: int = 0,
        labels: Labels | LabelRule = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
    ) -> Iterator[Array]:
        """Return an iterator over the images of `sample`, batch by batch, in constant memory.

        The arguments are those of `sample`; they are checked at the call, before the first batch.
        Each batch is a new array of at most `batch_size` images.
        """
        request = self._request(n, seed, start, None, labels)
        return self._batches(request, self._output_kind(output), batch_size)

    def generate(
        self,
        z: npt.ArrayLike,
        *,
        labels: Labels = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
    ) -> Array:
        """Return the images of your own latents.

        Parameters
        ----------
        z : array of float
            Shape (n, latent size), or (n, *spec.latent.shape); finite. float64 and float16 are
            converted to float32.
        labels : int or sequence of int
            One class for all, or one an image; needed by a conditional model.
        output, batch_size
            As for `sample`.

        Raises
        ------
        InvalidArgumentError
            z has the wrong shape or dtype, or labels are missing or do not fit.
        NonFiniteError
            z holds a NaN or an infinity.
        """
        own = self._latents(z)
        fixed = self._labels(labels, len(own))
        if self.spec.label is not None and not isinstance(fixed, (int, np.ndarray)):
            raise InvalidArgumentError(
                f"generate() needs labels=: {self.spec.name!r} is conditional, "
                f"with classes 0 ... {self.spec.label.classes - 1}"
            )
        request = _Request(len(own), 0, 0, None, fixed)
        kind = self._output_kind(output)
        step = self._batch_size(batch_size)
        batches = (
            self._run(own[i : i + step], self._labels_at(request, i, min(step, len(own) - i)), kind)
            for i in range(0, len(own), step)
        )
        return _collect(batches, len(own))

    def interpolate(
        self,
        first: int,
        last: int,
        *,
        steps: int,
        labels: Labels = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
    ) -> Array:
        """Return `steps` images on the great circle between image 0 of two seeds, both included.

        A conditional model without `labels` keeps the class of the first seed's image 0.
        """
        steps = integer(steps, "steps", least=2)
        ends = self._draw(np.array(integers([first, last], "seeds"), np.uint64), 0, 2)
        t = np.linspace(0, 1, steps, dtype=np.float32)
        z = ends[:1].repeat(steps, axis=0), ends[1:].repeat(steps, axis=0)
        walk = latents.slerp(*z, t) if self.spec.latent.law == "normal" else latents.lerp(*z, t)
        if labels is None and self.spec.label is not None:
            prior = self.spec.label.probabilities
            labels = int(latents.labels(1, prior=prior, seed=first)[0])
        return self.generate(walk, labels=labels, output=output, batch_size=batch_size)

    def labels(
        self,
        n: int,
        *,
        seed: int = 0,
        start: int = 0,
        labels: Labels | LabelRule = None,
    ) -> npt.NDArray[np.int64] | None:
        """Return the classes of the images that `sample` gives for the same arguments.

        int64 of shape (n,); None for an unconditional model.
        """
        request = self._request(n, seed, start, None, labels)
        return self._labels_at(request, 0, request.count)

    def _request(
        self,
        n: int | None,
        seed: int,
        start: int,
        seeds: Sequence[int] | None,
        labels: Labels | LabelRule,
    ) -> _Request:
        seed = integer(seed, "seed", most=INDEX_LIMIT - 1)
        start = integer(start, "start", most=INDEX_LIMIT - 1)
        many = None
        if seeds is not None:
            if n is not None:
                raise InvalidArgumentError("give n or seeds, not both: seeds says how many images")
            many = np.array(integers(seeds, "seeds"), np.uint64)
            count = integer(len(many), "the number of seeds", least=1)
            if isinstance(labels, str) and labels == "balanced":
                raise InvalidArgumentError(
                    "labels='balanced' goes by the index, which is the same for every seed here: "
                    "give one label a seed"
                )
        elif n is None:
            raise InvalidArgumentError("say how many images: sample(n) or sample(seeds=[...])")
        else:
            count = integer(n, "n", least=1, most=INDEX_LIMIT)
            if start + count > INDEX_LIMIT:
                raise InvalidArgumentError(
                    f"start + n must be at most 2^64; got start={start} and n={count}"
                )
        return _Request(count, seed, start, many, self._labels(labels, count))

    def _labels(
        self, labels: Labels | LabelRule, count: int
    ) -> int | npt.NDArray[np.int64] | LabelRule | None:
        label = self.spec.label
        if label is None:
            if labels is None:
                return None
            raise InvalidArgumentError(
                f"{self.spec.name!r} is unconditional and takes no labels; got labels={labels!r}"
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

    def _labels_at(self, request: _Request, done: int, count: int) -> npt.NDArray[np.int64] | None:
        if request.labels is None:
            return None
        if isinstance(request.labels, int):
            return np.full(count, request.labels, np.int64)
        if isinstance(request.labels, np.ndarray):
            return request.labels[done : done + count]
        label = self.spec.label
        assert label is not None  # noqa: S101 - a rule is only kept for a conditional model
        if request.labels == "balanced":
            first = (request.start + done) % label.classes
            return np.arange(first, first + count, dtype=np.int64) % label.classes
        if request.seeds is not None:
            return latents.labels(
                count,
                prior=label.probabilities,
                seed=request.seeds[done : done + count],
                start=request.start,
            )
        return latents.labels(
            count, prior=label.probabilities, seed=request.seed, start=request.start + done
        )

    def _batches(
        self, request: _Request, kind: OutputKind, batch_size: int | None
    ) -> Iterator[Array]:
        step = self._batch_size(batch_size)
        # A generator expression, not a generator function: what is wrong is told at the call.
        return (
            self._run(
                self._latents_at(request, done, min(step, request.count - done)),
                self._labels_at(request, done, min(step, request.count - done)),
                kind,
            )
            for done in range(0, request.count, step)
        )

    def _latents_at(self, request: _Request, done: int, count: int) -> npt.NDArray[np.float32]:
        if request.seeds is None:
            return self._draw(request.seed, request.start + done, count)
        return self._draw(request.seeds[done : done + count], request.start, count)

    def _draw(
        self, seed: int | npt.NDArray[np.uint64], start: int, count: int
    ) -> npt.NDArray[np.float32]:
        latent = self.spec.latent
        draw = latents.normal if latent.law == "normal" else latents.uniform
        return draw(count, latent.size, seed=seed, start=start, threads=self._threads)

    def _run(
        self, z: npt.NDArray[np.float32], labels: npt.NDArray[np.int64] | None, kind: OutputKind
    ) -> Array:
        latent, label = self.spec.latent, self.spec.label
        inputs: dict[str, Array] = {
            latent.input: z.reshape(len(z), *(latent.shape or (latent.size,)))
        }
        if label is not None and labels is not None:
            if label.encoding == "one_hot":
                inputs[label.input] = np.eye(label.classes, dtype=np.float32)[labels]
            else:
                inputs[label.input] = np.ascontiguousarray(labels)
        values = self._backend.run(inputs)
        if len(values) != len(z):
            raise ModelError(
                f"{self.path} gave {len(values)} outputs for a batch of {len(z)}: its batch axis "
                "is not free; export it again with a dynamic batch"
            )
        if kind == "float":
            return values
        if values.ndim != 4:
            raise ModelError(
                f"{self.path} gives arrays of shape {values.shape[1:]}, which are no images: "
                "use output='float'"
            )
        out = self.spec.output
        return images.to_uint8(
            values, value_range=out.value_range, layout=out.layout, threads=self._threads
        )

    def _latents(self, z: npt.ArrayLike) -> npt.NDArray[np.float32]:
        latent = self.spec.latent
        array = np.asarray(z)
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
            raise NonFiniteError(f"z holds a NaN or an infinity, first in row {finite.argmin()}")
        return flat

    def _output_kind(self, output: OutputKind | None) -> OutputKind:
        if output is None:
            return "uint8" if self.spec.output.kind == "image" else "float"
        choice(output, "output", ("uint8", "float"))
        if output == "uint8" and self.spec.output.kind == "array":
            raise InvalidArgumentError(
                f"{self.spec.name!r} gives arrays, not images: use output='float'"
            )
        return output

    def _batch_size(self, batch_size: int | None) -> int:
        if batch_size is not None:
            return integer(batch_size, "batch_size", least=1)
        shape = self.spec.output.shape or (3, 256, 256)
        return max(1, min(_BATCH_LIMIT, _BATCH_BYTES // (4 * int(np.prod(shape)))))


def _collect(batches: Iterator[Array], count: int) -> Array:
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
