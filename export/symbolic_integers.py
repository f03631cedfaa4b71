"""`int(x.shape[0])` and `len(x)` in model code, kept a symbol while torch.export runs it.

StyleGAN2-ADA and StyleGAN3 turn the batch size into an `int`, which fixes it to the example's, and
so does `len` of a tensor. Here the names `int` and `len` of the model's own Python modules stand
for what hands symbols on as they are, and is `int` and `len` in all else; PyTorch itself keeps the
real ones, for it reckons with them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

_REAL_INT, _REAL_LEN = int, len
_SKIPPED = {*sys.stdlib_module_names, "gansdk", "numpy", "sympy", "torch"}


class _Meta(type):
    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        if _REAL_LEN(args) == 1 and not keywords and isinstance(args[0], torch.SymInt):
            return args[0]
        return _REAL_INT(*args, **keywords)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _REAL_INT)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _REAL_INT)


class _Int(int, metaclass=_Meta):
    """`int`, but a symbol remains one."""


def _len(value: Any) -> Any:
    """`len`, but that of a tensor may be a symbol."""
    if isinstance(value, Tensor) and value.ndim > 0:
        return value.shape[0]
    return _REAL_LEN(value)


_REPLACEMENTS: dict[str, Any] = {"int": _Int, "len": _len}


@contextmanager
def symbolic_integers(module: nn.Module, call: Callable[..., Any]) -> Iterator[None]:
    """Within, `int(size)` and `len(x)` keep symbols in the Python modules of `module`.

    Those are where its parts' classes are defined and `call` is, and what these import, but for
    PyTorch, NumPy, gansdk and the standard library.
    """
    replaced = [
        (vars(home), name)
        for home in _written_in(module, call)
        for name in _REPLACEMENTS
        if name not in vars(home)
    ]
    try:
        for names, name in replaced:
            names[name] = _REPLACEMENTS[name]
        yield
    finally:
        for names, name in replaced:
            names.pop(name, None)


def _written_in(module: nn.Module, call: Callable[..., Any]) -> list[ModuleType]:
    classes = {c for part in module.modules() for c in type(part).__mro__}
    waiting = [_home(value) for value in (*classes, *_functions(call))]
    found: dict[str, ModuleType] = {}
    while waiting:
        home = waiting.pop()
        if home is None or home.__name__ in found:
            continue
        found[home.__name__] = home
        for value in list(vars(home).values()):
            if isinstance(value, ModuleType) or hasattr(value, "__module__"):
                waiting.append(_home(value))
    return list(found.values())


def _functions(call: Any) -> list[Any]:
    # A call with those that it wraps: gansdk's own hold the user's in their closures.
    waiting: list[Any] = [call]
    found: list[Any] = []
    while waiting:
        value = waiting.pop()
        if any(value is known for known in found):
            continue
        found.append(value)
        if isinstance(value, partial):
            waiting.append(value.func)
        elif isinstance(value, FunctionType):
            held = inspect.getclosurevars(value).nonlocals.values()
            waiting += [v for v in held if isinstance(v, (FunctionType, partial))]
    return found


def _home(value: Any) -> ModuleType | None:
    # What a name in a module's globals belongs to; None where the model cannot be written in it.
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if not isinstance(name, str) or name.partition(".")[0] in _SKIPPED:
        return None
    return sys.modules.get(name)
