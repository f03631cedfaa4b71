"""Python integers in model code, kept symbols while torch.export runs it.

Model code makes plain integers of the batch size, which fixes it to the example's:
`int(x.shape[0])` in StyleGAN2-ADA and StyleGAN3, `int(windows.shape[0] / (H * W / size / size))`
wherever Swin's windows are put together again, `torch.LongTensor(range(y.size(0)))` in StarGAN v2,
`len(x)`. Here the names `int`, `len` and `range` of the model's own Python modules stand for what
hands symbols on, and does what Python's do in all else; PyTorch itself keeps the real ones, for it
reckons with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sympy
import torch
from torch import Tensor, nn

from .model_source import written_in
from .symbolic_ranges import SymbolicRange, tensors_of_ranges

_integer = int
_range = range
_length = len
# Of a float constant that is taken as the fraction that it is: 0.5 and 0.25, but not 0.1.
_LARGEST_DENOMINATOR = 2**10


class _IntMeta(type):
    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        if len(args) == 1 and not keywords:
            if isinstance(args[0], torch.SymInt):
                return args[0]
            if isinstance(args[0], torch.SymFloat):
                quotient = _quotient(args[0])
                return _integer(args[0]) if quotient is None else quotient
        return _integer(*args, **keywords)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _integer)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _integer)


class _Int(_integer, metaclass=_IntMeta):
    """`int`, but a symbol remains one."""


class _RangeMeta(type):
    def __call__(cls, *args: Any) -> Any:
        if any(isinstance(arg, torch.SymInt) for arg in args):
            return SymbolicRange(*args)
        return _range(*args)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, (_range, SymbolicRange))


class _Range(metaclass=_RangeMeta):
    """`range`, but that of a symbol can become a tensor."""


def _len(value: Any) -> Any:
    if isinstance(value, Tensor) and value.ndim:
        return value.shape[0]
    return _length(value)


@contextmanager
def symbolic_integers(module: nn.Module, call: Callable[..., Any]) -> Iterator[None]:
    """Within, `int`, `len` and `range` keep symbols in the Python modules of `module`'s code."""
    stand_ins = {"int": _Int, "len": _len, "range": _Range}
    replaced = [
        (home, name)
        for home in written_in(module, call)
        for name in stand_ins
        if name not in vars(home)
    ]
    try:
        for home, name in replaced:
            vars(home)[name] = stand_ins[name]
        with tensors_of_ranges():
            yield
    finally:
        for home, name in replaced:
            vars(home).pop(name, None)


def _quotient(value: torch.SymFloat) -> Any:
    """Return the integer part of a quotient of sizes as a symbol; None where it is no such thing.

    Floats of sizes are exact below 2^53, so that the integer part of the float division is that of
    the fraction.
    """
    from torch.utils._sympy.functions import FloatTrueDiv, FloorDiv, IntTrueDiv, ToFloat

    node = value.node
    constants = {number: sympy.Rational(float(number)) for number in node.expr.atoms(sympy.Float)}
    if any(fraction.q > _LARGEST_DENOMINATOR for fraction in constants.values()):
        return None
    exact = node.expr.xreplace(constants)
    for division in (FloatTrueDiv, IntTrueDiv):
        exact = exact.replace(division, lambda a, b: a / b)
    exact = exact.replace(ToFloat, lambda a: a)
    over, under = sympy.fraction(sympy.together(exact))
    if not (over.is_integer and over.is_nonnegative and under.is_Integer):
        return None
    whole = over if under == 1 else FloorDiv(over, under)
    hint = None if node.hint is None else _integer(node.hint)
    return node.shape_env.create_symintnode(whole, hint=hint)
