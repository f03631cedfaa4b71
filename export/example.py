"""Example inputs: what a module is captured with, and what its files are compared on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.export import Dim

from gansdk import images, latents
from gansdk.errors import ExportError, InvalidArgumentError
from gansdk.selection import LabelRule, Selection
from gansdk.spec import GeneratorSpec, ImageInput, Latent

Inputs = dict[str, Tensor]
Free = dict[str, dict[int, Any]]
"""Free axes of each input: by name, the axis' number to its `torch.export.Dim`."""

BATCHES = (1, 3, 16)
OTHER_SIZE = "another size"
"""The case in which pictures of any size have another than in the rest."""
_LARGEST_NORMAL = 6.76
_FREE_SIZES = ((64, 64), (45, 75))
"""Of pictures, in front of rounding to the spec's multiple, where the network takes any.

The second becomes odd multiples: what halves a picture once more than the spec says shows there.
"""


def generator_inputs(spec: GeneratorSpec, count: int, *, size: int = 0) -> Inputs:
    """Return named inputs for images 0 ... count - 1 of seed 0, classes balanced.

    Pictures, where the spec has them, are of uniform levels; `size` is which of the sizes to try.
    """
    labels: LabelRule | None = "balanced" if spec.label is not None else None
    inputs: dict[str, npt.NDArray[Any]] = {}
    if spec.image is not None:
        inputs[spec.image.input] = _pictures(spec, spec.image, count, size)
    inputs |= Selection.of_range(spec, count, 0, 0, labels).inputs(0, count, None)
    return {name: torch.from_numpy(value) for name, value in inputs.items()}


def free_batch(inputs: Inputs) -> Free:
    """Return the batch as the only free axis of each input."""
    batch = Dim("batch", min=1)
    return {name: {0: batch} for name in inputs}


def free_axes(spec: GeneratorSpec, inputs: Inputs) -> Free:
    """Return which axes of the inputs are free: the batch, and the sides of pictures of any size.

    A noise input has no free axis but the batch.
    """
    free = free_batch(inputs)
    if spec.image is not None and spec.image.size is None:
        first = 2 if spec.image.layout == "NCHW" else 1
        for axis, name in enumerate(("height", "width"), first):
            side = Dim(name, min=max(2, 16 // spec.image.multiple), max=2**14)
            free[spec.image.input][axis] = spec.image.multiple * side
    return free


def cases(spec: GeneratorSpec) -> Iterator[tuple[str, Inputs]]:
    """Iterate over what a file is compared on: a name, and inputs whose psi is one value.

    Batches of 1, 3 and 16 of seed 0, and the most extreme latents or pictures that there are.
    """
    for count in BATCHES:
        yield f"batch {count}", generator_inputs(spec, count)
    if spec.latent is not None:
        largest = _LARGEST_NORMAL if spec.latent.law == "normal" else 1.0
        inputs = generator_inputs(spec, 5)
        z = inputs[spec.latent.input]
        flat = torch.zeros(5, spec.latent.size)
        flat[1], flat[2], flat[3, ::2], flat[3, 1::2] = largest, -largest, largest, -largest
        flat[4, 0] = largest
        yield "extreme latents", {**inputs, spec.latent.input: flat.reshape(z.shape)}
    if spec.truncation is not None:
        for psi in (0.0, 0.5, 1.0):
            inputs = generator_inputs(spec, 3)
            yield f"psi {psi:g}", {**inputs, spec.truncation.input: torch.full((3,), psi)}
    if spec.image is not None:
        yield (
            "extreme pictures",
            {
                **generator_inputs(spec, 2),
                spec.image.input: torch.from_numpy(_black_and_white(spec.image)),
            },
        )
        if spec.image.size is None:
            yield OTHER_SIZE, generator_inputs(spec, 2, size=1)


def infer_spec(example_inputs: Mapping[str, Tensor]) -> GeneratorSpec:
    """Read a spec off example inputs: floats (batch, ...) are the latent; the label cannot be told.

    Raises
    ------
    ExportError
        There is anything but one float input; the message says what a spec would have to say.
    InvalidArgumentError
        They are no dict of tensors with a batch axis.
    """
    if not isinstance(example_inputs, Mapping) or not example_inputs:
        raise InvalidArgumentError(
            "example_inputs must be a dict of named tensors, for instance "
            f"{{'z': torch.randn(2, 128)}}; got {type(example_inputs).__name__}"
        )
    for name, value in example_inputs.items():
        if not isinstance(value, Tensor):
            raise InvalidArgumentError(
                f"example_inputs[{name!r}] must be a tensor; got {type(value).__name__}"
            )
    ((name, z), *others) = example_inputs.items()
    if others or not z.is_floating_point():
        raise ExportError(
            f"what the inputs {list(example_inputs)} mean cannot be told from examples: pass "
            "spec=GeneratorSpec(latent=Latent(...), label=Label(...))"
        )
    if z.ndim < 2:
        raise InvalidArgumentError(
            f"example_inputs[{name!r}] must have shape (batch, ...); got {tuple(z.shape)}"
        )
    shape = tuple(z.shape[1:])
    size = math.prod(shape)
    return GeneratorSpec(latent=Latent(size, input=name, shape=shape if len(shape) > 1 else None))


def with_output_shape(spec: GeneratorSpec, output: Any, count: int) -> GeneratorSpec:
    """Return the spec with the shape of an eager output filled in; an error where they disagree."""
    if not isinstance(output, Tensor):
        raise ExportError(
            f"the generator returns {type(output).__name__}: it must return one tensor; "
            "pick the image with call=lambda generator, z: generator(z)[0] (--call)"
        )
    if output.shape[:1] != (count,) or output.ndim < 2:
        raise ExportError(
            f"the generator returns shape {tuple(output.shape)} for a batch of {count}: "
            "the batch must be the first axis"
        )
    shape: tuple[int | None, ...] = tuple(output.shape[1:])
    if spec.output.kind == "image" and len(shape) != 3:
        raise ExportError(
            f"the generator gives outputs of shape {list(shape)}, which are no images: "
            "say Output(kind='array') in the spec (--array)"
        )
    channels = shape[0] if spec.output.layout == "NCHW" else shape[-1]
    if spec.output.kind == "image" and channels not in (1, 3, 4):
        raise ExportError(
            f"the generator gives images of {channels} channels (shape {list(shape)}, layout "
            f"{spec.output.layout}): an image has 1, 3 or 4; "
            f"{_other_output(shape, spec.output.layout)}"
        )
    if spec.image is not None and spec.output.kind == "image":
        spec = _with_scale(spec, spec.image, shape)
        if spec.image is not None and spec.image.size is None:
            first = spec.output.layout == "NCHW"
            shape = (channels, None, None) if first else (None, None, channels)
    if spec.output.shape not in (None, shape):
        raise ExportError(
            f"the spec says outputs of shape {list(spec.output.shape or ())}, "
            f"but the generator gives {list(shape)}"
        )
    return replace(spec, output=replace(spec.output, shape=shape))


def _other_output(shape: tuple[int | None, ...], layout: str) -> str:
    other = "NHWC" if layout == "NCHW" else "NCHW"
    if (shape[-1] if other == "NHWC" else shape[0]) in (1, 3, 4):
        return f"say Output(layout='{other}') in the spec (--layout {other})"
    return "otherwise say Output(kind='array') in the spec (--array)"


def _with_scale(
    spec: GeneratorSpec, image: ImageInput, shape: tuple[int | None, ...]
) -> GeneratorSpec:
    given = image.size or _free_size(image, 0)
    got = shape[1:] if spec.output.layout == "NCHW" else shape[:2]
    scales = {(a or 0) / b for a, b in zip(got, given, strict=True)}
    scale = scales.pop()
    if not scales and scale.is_integer() and scale >= 1:
        if image.scale not in (1, int(scale)):
            raise ExportError(
                f"the spec says image.scale {image.scale}, but a picture of {list(given)} "
                f"becomes one of {list(got)}"
            )
        return replace(spec, image=replace(image, scale=int(scale)))
    if image.size is None:
        raise ExportError(
            f"a picture of {list(given)} becomes one of {list(got)}: where pictures may have any "
            "size, the output must be a whole number of times as large; give image.size, or "
            "image.multiple if the network needs multiples"
        )
    return spec


def check_scale(spec: GeneratorSpec, shape: tuple[int, ...]) -> None:
    """Raise `ExportError` unless pictures of the other size to try become `scale` times as large.

    `shape` is that of the output for them, with the batch.
    """
    assert spec.image is not None  # noqa: S101 - the caller's condition
    given = _free_size(spec.image, 1)
    got = shape[2:] if spec.output.layout == "NCHW" else shape[1:3]
    if spec.output.kind == "image" and got != tuple(side * spec.image.scale for side in given):
        raise ExportError(
            f"a picture of {list(given)} becomes one of {list(got)}, where one of "
            f"{list(_free_size(spec.image, 0))} is enlarged {spec.image.scale} times: if the "
            "network takes sizes of multiples only, say image.multiple (--image-multiple)"
        )


def _pictures(
    spec: GeneratorSpec, image: ImageInput, count: int, size: int
) -> npt.NDArray[np.float32]:
    height, width = image.size or _free_size(image, size)
    stream = latents.noise_stream(len(spec.noise))
    values = latents.uniform(count, height * width * image.channels, seed=0, stream=stream)
    levels = images.to_uint8(values.reshape(count, image.channels, height, width))
    floats: npt.NDArray[np.float32] = images.from_uint8(levels, **image.conversion)
    return floats


def _black_and_white(image: ImageInput) -> npt.NDArray[np.float32]:
    # Halves and a chessboard. One colour alone would leave nothing of a network but the rounding
    # errors that instance norm divides by a standard deviation of 0.
    height, width = image.size or _free_size(image, 0)
    rows, columns = np.arange(height)[:, None], np.arange(width)
    both = np.stack(
        [np.broadcast_to(2 * columns < width, (height, width)), rows // 8 % 2 == columns // 8 % 2]
    )
    levels = np.repeat((both * 255).astype(np.uint8)[..., None], image.channels, axis=-1)
    floats: npt.NDArray[np.float32] = images.from_uint8(levels, **image.conversion)
    return floats


def _free_size(image: ImageInput, which: int) -> tuple[int, int]:
    height, width = (
        (-(-side // image.multiple) | which) * image.multiple for side in _FREE_SIZES[which]
    )
    return height, width
