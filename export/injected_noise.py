"""Eager PyTorch on given noise: what a module is compared with whose file takes noise inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from gansdk.errors import ExportError

from .draws import RULES, bound, draws

Axes = Sequence[int | None]
"""For each noise, the batch's axis among those of what the module draws; None where it has none."""


@contextmanager
def injected_noise(values: Sequence[Tensor], *, axes: Axes | None = None) -> Iterator[None]:
    """Let PyTorch take these values, in this order, wherever it would draw random numbers.

    PyTorch's own generator is left as it was.

    Parameters
    ----------
    values : sequence of Tensor
        The noise inputs that `declare_noise` makes of the same module, each (batch, *shape):
        standard normal, or uniform on [-1, 1).
    axes : sequence of int or None, optional
        What `noise_axes` gives for the program. Default: the batch is always the first axis.

    Raises
    ------
    ExportError
        The module draws more, fewer or other numbers than `values` hold; or it draws once for the
        whole batch and `values` are of several images, see `run_with_noise`.
    """
    mode = _Injection(list(values), [0] * len(values) if axes is None else list(axes))
    with torch.random.fork_rng(devices=[]), mode:
        yield
    if mode.taken != len(mode.values):
        raise ExportError(
            f"the module draws {mode.taken} random tensors where its captured program draws "
            f"{len(mode.values)}: whether it draws must depend on nothing but its inputs' shapes"
        )


def run_with_noise(
    call: Callable[..., Tensor], inputs: Sequence[Tensor], values: Sequence[Tensor], axes: Axes
) -> Tensor:
    """Return `call(*inputs)` on given noise; image by image where the module draws for a batch.

    Parameters
    ----------
    call : callable
        From inputs with the batch as their first axis to an output with the same.
    inputs : sequence of Tensor
        The inputs that are no noise.
    values, axes
        As for `injected_noise`.

    Raises
    ------
    ExportError
        As `injected_noise` does.
    """
    if None not in axes:
        with injected_noise(values, axes=axes):
            return call(*inputs)
    outputs = []
    for k in range(len(values[0])):
        with injected_noise([value[k : k + 1] for value in values], axes=axes):
            outputs.append(call(*(value[k : k + 1] for value in inputs)))
    return torch.cat(outputs)


class _Injection(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, values: list[Tensor], axes: list[int | None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.values = values
        self.axes = axes
        self.taken = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in RULES and draws(func, args, kwargs):
            return self._drawn(func, args, kwargs)
        with self:
            # In inference mode operators come whole, with what they draw inside.
            result = func.decompose(*args, **kwargs)
        if result is not NotImplemented:
            return result
        if draws(func, args, kwargs):
            raise ExportError(f"the module draws random numbers by {func}, which takes no noise")
        return func(*args, **kwargs)

    def _drawn(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = bound(func, args, kwargs)
        in_place = func._schema.name.endswith("_")
        drawn = args[0] if in_place else func(*args, **kwargs)
        first = drawn[0] if isinstance(drawn, tuple) else drawn
        result = RULES[func].result(_emit, self._next(first), given)
        return args[0].copy_(result) if in_place else result

    def _next(self, like: Tensor) -> Tensor:
        shape = tuple(like.shape)
        if self.taken == len(self.values):
            raise ExportError(
                f"the module draws more random tensors than the {self.taken} of its captured "
                f"program, another of shape {shape}: where it draws what it does not use, leave "
                "that out"
            )
        value, axis = self.values[self.taken], self.axes[self.taken]
        self.taken += 1
        if axis is None and len(value) != 1:
            raise ExportError(
                f"the module draws noise of shape {shape} once for the whole batch, so each "
                "image's own noise can only be given to a batch of 1"
            )
        if axis is None or like.ndim == 1:
            fits = value.numel() == like.numel()
        else:
            if value.ndim > like.ndim:  # several rows an image, which the module has in the batch
                value = value.flatten(0, 1)
            value = value.movedim(0, axis)
            fits = tuple(value.shape) == shape
        if not fits:
            raise ExportError(
                f"the module draws random numbers of shape {shape} where its captured program "
                f"takes noise of shape {tuple(value.shape)}"
            )
        return value.reshape(shape).to(like.dtype)


def _emit(target: Any, *args: Any, **kwargs: Any) -> Tensor:
    result: Tensor = target(*args, **kwargs)
    return result
