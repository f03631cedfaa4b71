"""`range(x.shape[0])` made a tensor or an index in model code: `torch.arange`, for any batch.

A loop over such a range cannot be captured: it runs as often as the example has images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_LEGACY = {"LongTensor": torch.int64, "IntTensor": torch.int32, "FloatTensor": torch.float32}
_TAKERS = (torch.tensor, torch.as_tensor, Tensor.__getitem__)


class SymbolicRange:
    """A range one of whose ends is a symbol.

    It has neither length nor items, for PyTorch would ask for them, which fixes the symbol.
    """

    def __init__(self, *ends: Any) -> None:
        self._ends = ends

    def __iter__(self) -> Iterator[int]:
        return iter(range(*map(int, self._ends)))

    def tensor(self) -> Tensor:
        """Return it as int64."""
        return torch.arange(*self._ends)


class _Mode(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in _TAKERS:
            args = _as_tensors(args)
        return func(*args, **(kwargs or {}))


class _LegacyMeta(type):
    _real: Any
    _dtype: torch.dtype

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], SymbolicRange):
            return args[0].tensor().to(cls._dtype)
        return cls._real(*args, **keywords)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls._real)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._real, name)


@contextmanager
def tensors_of_ranges() -> Iterator[None]:
    """Within, PyTorch makes tensors of `SymbolicRange` where it does of `range`.

    These are torch.tensor, torch.as_tensor, an index, and the constructors of an older time,
    torch.LongTensor and its like, which nothing but their names gives a hold of.
    """
    real = {name: getattr(torch, name) for name in _LEGACY}
    try:
        for name, dtype in _LEGACY.items():
            stand_in = _LegacyMeta(name, (), {"_real": real[name], "_dtype": dtype})
            setattr(torch, name, stand_in)
        with _Mode():
            yield
    finally:
        for name, value in real.items():
            setattr(torch, name, value)


def _as_tensors(value: Any) -> Any:
    if isinstance(value, SymbolicRange):
        return value.tensor()
    if type(value) in (tuple, list):
        return type(value)(map(_as_tensors, value))
    return value
