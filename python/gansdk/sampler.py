"""Sampler: images from a trained generator, by seed and index.

`Sampler.sample` for a batch, `Sampler.stream` for more images than fit into memory,
`Sampler.generate` for latents of your own, `Sampler.translate` for pictures to start from. Image
`i` of seed `s` is a pure function of (model, s, i), and of the label and the picture given: never
of the batch it came in or the thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import latents
from .arguments import integer
from .backends import open_backend, spec_of
from .backends.backend import BackendName
from .errors import InvalidArgumentError
from .images.law import Rounding, level_law
from .network import Array, Network, OutputKind, collect
from .selection import Labels, Selection
from .spec import GeneratorSpec
from .translation import translate


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
    backend : "auto", "onnxruntime", "torchscript" or "pt2"
        Default: by the file's format.
    spec : GeneratorSpec, optional
        What the generator takes and gives, for a file that does not carry a `gansdk.spec`. Default:
        what the JSON of its name beside it says.
    rounding : "nearest", "truncate" or "stylegan"
        How floats become levels; the latter two reproduce what other code bases did, as
        `gansdk.images.to_uint8` says.

    Attributes
    ----------
    spec : GeneratorSpec
        The generator's description.
    path : pathlib.Path
        The file that was loaded.
    device : str
        Where the network really runs: "cpu" or "cuda:N".
    threads : int or None
        As given; None for all cores.
    rounding : str
        As given.

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
        rounding: Rounding = "nearest",
    ) -> None:
        if threads is not None:
            threads = integer(threads, "threads", least=1, most=1024)
        self.threads = threads
        self._backend = open_backend(model, device=device, threads=threads, backend=backend)
        self.spec = spec_of(self._backend, spec)
        self.rounding = rounding
        level_law(**self.spec.output.conversion, rounding=rounding)
        self._network = Network(self._backend, self.spec, rounding, threads)

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
        labels: Labels = None,
        truncation: float | None = None,
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
        truncation : float, optional
            psi of a model with a truncation input. Default: `spec.truncation.default`.
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
        if seeds is not None:
            if n is not None:
                raise InvalidArgumentError("give n or seeds, not both: seeds says how many images")
            selection = Selection.of_seeds(self.spec, seeds, start, labels, truncation)
        elif n is not None:
            selection = Selection.of_range(self.spec, n, seed, start, labels, truncation)
        else:
            raise InvalidArgumentError("say how many images: sample(n) or sample(seeds=[...])")
        return collect(self._batches(selection, output, batch_size), selection.count)

    def stream(
        self,
        n: int,
        *,
        seed: int = 0,
        start: int = 0,
        labels: Labels = None,
        truncation: float | None = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
    ) -> Iterator[Array]:
        """Return an iterator over the images of `sample`, batch by batch, in constant memory.

        The arguments are those of `sample`; they are checked at the call, before the first batch.
        Each batch is a new array of at most `batch_size` images.
        """
        selection = Selection.of_range(self.spec, n, seed, start, labels, truncation)
        return self._batches(selection, output, batch_size)

    def generate(
        self,
        z: npt.ArrayLike,
        *,
        seed: int = 0,
        start: int = 0,
        labels: Labels = None,
        truncation: float | None = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
    ) -> Array:
        """Return the images of your own latents.

        Parameters
        ----------
        z : array of float
            Shape (n, latent size), or (n, *spec.latent.shape); finite. float64 and float16 are
            converted to float32.
        seed, start : int
            Where the noise of a model with noise inputs comes from: row i has that of image
            start + i of the seed.
        labels : int or sequence of int
            One class for all, or one an image; needed by a conditional model.
        truncation, output, batch_size
            As for `sample`.

        Raises
        ------
        InvalidArgumentError
            z has the wrong shape or dtype, or labels are missing or do not fit.
        NonFiniteError
            z holds a NaN or an infinity.
        """
        selection = Selection.of_latents(
            self.spec, z, labels, seed=seed, start=start, truncation=truncation
        )
        return collect(self._batches(selection, output, batch_size), selection.count)

    def interpolate(
        self,
        *seeds: int,
        steps: int,
        loop: bool = False,
        labels: Labels = None,
        truncation: float | None = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
    ) -> Array:
        """Return `steps` images on the way through image 0 of two or more seeds.

        From seed to seed along the great circle for normal latents, the straight line for uniform
        ones. The first image is the first seed's and the last the last's; with `loop` the way leads
        on to the first seed again and stops one step before it, so that it plays without a jump.
        How to make every seed one of the steps: `latents.interpolate`. A conditional model without
        `labels` keeps the class of the first seed's image 0, and noise inputs keep its noise.
        """
        steps = integer(steps, "steps", least=2)
        if len(seeds) < 2:
            raise InvalidArgumentError(
                f"interpolate needs two or more seeds, as in interpolate(3, 14, steps=60); "
                f"got {len(seeds)}"
            )
        latent = self.spec.latent
        if latent is None:
            raise InvalidArgumentError(f"{self.spec.name!r} takes no latent to walk through")
        drawn = Selection.of_seeds(self.spec, seeds, 0, None)
        inputs = drawn.inputs(0, len(seeds), self.threads)
        keys = inputs[latent.input].reshape(len(seeds), -1)
        normal = latent.law == "normal"
        walk = latents.interpolate(keys, steps, method="slerp" if normal else "lerp", loop=loop)
        if labels is None and self.spec.label is not None:
            labels = int(drawn.classes(0, 1)[0])  # type: ignore[index]
        selection = Selection.of_latents(
            self.spec, walk, labels, seed=seeds[0], fixed_noise=True, truncation=truncation
        )
        return collect(self._batches(selection, output, batch_size), selection.count)

    def translate(
        self,
        images: Any,
        *,
        seed: int = 0,
        start: int = 0,
        labels: Labels = None,
        truncation: float | None = None,
        output: OutputKind | None = None,
        batch_size: int | None = None,
        tile: int | None = None,
        overlap: int | None = None,
        on_tile: Callable[[float], None] | None = None,
    ) -> Any:
        """Return pictures as an image-conditioned generator changes them.

        Parameters
        ----------
        images : array, Pillow image, or list of them
            One picture, uint8 (height, width, channels) or (height, width); a batch (n, height,
            width, channels); or a list of pictures of any sizes. Grey becomes RGB by repetition;
            what would lose channels is an error. Other sizes than the network takes are resized,
            cropped, padded or refused, as `spec.image.fit` says.
        seed, start, labels, truncation, output
            As for `sample`: picture i has the latent, noise and class of image start + i.
        batch_size : int, optional
            Pictures, or tiles, in one run of the network.
        tile : int, optional
            Side of the tiles in which each picture is taken, in its pixels: for pictures too large
            for memory, and models that take any size. A multiple of `spec.image.multiple`.
        overlap : int, optional
            Pixels that neighbours have in common, 32 or a little more by default. Where no pixel
            depends on others more than overlap / 2 away, the result is that of the whole picture.
        on_tile : callable, optional
            Called after each tile with the largest difference between it and its neighbours along
            the lines where they meet, in levels. Where it is large, a larger `overlap` is worth its
            time.

        Returns
        -------
        ndarray or list of ndarray
            In the structure of `images`: a picture for a picture, (n, height, width, channels) for
            a batch, a list for a list. What was padded is cut away; a picture that was resized or
            cropped comes in the network's size.

        Raises
        ------
        InvalidArgumentError
            The model starts from latents, or pictures or arguments do not fit it.
        OutOfMemoryError
            Pictures or the result do not fit into memory.
        """
        return translate(
            self._network,
            images,
            seed=seed,
            start=start,
            labels=labels,
            truncation=truncation,
            output=output,
            batch_size=batch_size,
            tile=tile,
            overlap=overlap,
            on_tile=on_tile,
        )

    def labels(
        self,
        n: int,
        *,
        seed: int = 0,
        start: int = 0,
        labels: Labels = None,
    ) -> npt.NDArray[np.int64] | None:
        """Return the classes of the images that `sample` gives for the same arguments.

        int64 of shape (n,); None for an unconditional model.
        """
        selection = Selection.of_range(self.spec, n, seed, start, labels)
        return selection.classes(0, selection.count)

    def _batches(
        self, selection: Selection, output: OutputKind | None, batch_size: int | None
    ) -> Iterator[Array]:
        if self.spec.image is not None:
            raise InvalidArgumentError(
                f"{self.spec.name!r} starts from pictures: use translate(images)"
            )
        kind = self._network.output_kind(output)
        shape = [size or 256 for size in self.spec.output.shape or (3, 256, 256)]
        step = self._network.batch_size(batch_size, shape)
        # A generator expression, not a generator function: what is wrong is told at the call.
        return (
            self._run(selection, done, min(step, selection.count - done), kind)
            for done in range(0, selection.count, step)
        )

    def _run(self, selection: Selection, done: int, count: int, kind: OutputKind) -> Array:
        values = self._network.run(selection.inputs(done, count, self.threads), count)
        if kind == "float":
            return values
        return self._network.levels(values, range(done, done + count), selection.name)
