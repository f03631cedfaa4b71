"""Files that do not take any number of images: a fixed batch, no batch axis, a shared input.

They are run in parts that they take; the last part is filled up with copies of its last image,
which are cut off again. So the size that a file was exported with never reaches an image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from .backend import Tensor

Inputs = dict[str, npt.NDArray[Any]]


def fixed_batch(inputs: Sequence[Tensor], ranks: Mapping[str, int]) -> int | None:
    """Return the number of images that every run must have; None where it is free.

    Parameters
    ----------
    inputs : sequence of Tensor
        The file's inputs.
    ranks : mapping of str to int
        The number of axes of what each is given, with the batch axis.

    Raises
    ------
    ModelError
        Two inputs fix it differently.
    """
    # An input without an axis for it takes what holds for one image.
    axes = [x.shape[0] for x in inputs if x.name in ranks and len(x.shape) >= ranks[x.name]]
    sizes = {size for size in axes if size is not None}
    larger = sorted(sizes - {1})
    if len(larger) > 1:
        raise ModelError(
            f"the inputs fix the batch to {larger[0]} and to {larger[1]}: export the file again "
            "with a dynamic batch"
        )
    if larger:
        return larger[0]
    # One input of batch 1 beside a free one is shared by the batch, as a scalar psi is.
    return 1 if None not in axes else None


def run_in_parts(
    run: Callable[[Inputs], npt.NDArray[Any]],
    inputs: Mapping[str, npt.NDArray[Any]],
    declared: Mapping[str, Tensor],
) -> npt.NDArray[Any]:
    """Run a network on as many images as `inputs` hold, whatever batch it takes.

    Raises
    ------
    ModelError
        The inputs fix the batch differently, one of them is shared by a batch whose images differ
        in it, or the output does not have one row an image.
    """
    fitted = {name: _fitted(value, declared.get(name)) for name, value in inputs.items()}
    known = [declared[name] for name in fitted if name in declared]
    size = fixed_batch(known, {name: value.ndim for name, value in fitted.items()})
    shared = {
        name: _axes(value, declared.get(name))
        for name, value in fitted.items()
        if _is_shared(value, declared.get(name), size)
    }
    if size is None and not shared:
        return run(fitted)
    if size != 1:
        differing = [name for name in shared if (fitted[name] != fitted[name][:1]).any()]
        if differing and size is not None:
            raise ModelError(
                f"the input {differing[0]} is one for a batch of {size}, but the images asked for "
                "differ in it: ask for one at a time"
            )
        size = 1 if differing else size
    count = len(next(iter(fitted.values())))
    step = count if size is None else size
    outputs = []
    for start in range(0, count, step):
        rows = np.minimum(np.arange(start, start + step), count - 1)
        part = {
            name: value[rows] if name not in shared else value[start : start + shared[name]]
            for name, value in fitted.items()
        }
        for name, axes in shared.items():
            if axes == 0:
                part[name] = fitted[name][start, ...]  # an array, not a scalar of NumPy
        output = run(part)
        if len(shared) == len(fitted) and not any(shared.values()) and not _has_batch(output):
            output = output[None]
        if size is not None and len(output) != step:
            raise ModelError(
                f"it gave {len(output)} outputs for a batch of {step}: its batch axis is not the "
                "first, or another one than its inputs'; export it again with a dynamic batch"
            )
        outputs.append(output[: count - start])
    return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)


def _fitted(value: npt.NDArray[Any], tensor: Tensor | None) -> npt.NDArray[Any]:
    # One number an image, as a label or psi is, for an input of shape (batch, 1).
    if tensor is not None and value.ndim == 1 and len(tensor.shape) == 2:
        return value[:, None]
    return value


def _axes(value: npt.NDArray[Any], tensor: Tensor | None) -> int:
    return 0 if tensor is not None and len(tensor.shape) < value.ndim else 1


def _is_shared(value: npt.NDArray[Any], tensor: Tensor | None, size: int | None) -> bool:
    if tensor is None:
        return False  # the runtime names what it does not know
    return _axes(value, tensor) == 0 or (tensor.shape[:1] == (1,) and size != 1)


def _has_batch(output: npt.NDArray[Any]) -> bool:
    return output.ndim == 4 and len(output) == 1
