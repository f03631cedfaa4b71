"""`int(x.shape[0])` in model code, kept a symbol while torch.export runs it.

StyleGAN2-ADA and StyleGAN3 turn the batch size into an `int`, which fixes it to the example's. Here
the name `int` of the model's own Python modules stands for a class that hands symbols on as they
are, and is `int` in all else; PyTorch itself keeps the real one, for it reckons with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
from torch import nn

_integer = int
_SKIPPED = {*sys.stdlib_module_names, "gansdk", "numpy", "sympy", "torch"}


class _Meta(type):
    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        if len(args) == 1 and not keywords and isinstance(args[0], torch.SymInt):
            return args[0]
        return _integer(*args, **keywords)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _integer)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _integer)


class _Int(_integer, metaclass=_Meta):
    """`int`, but a symbol remains one."""


@contextmanager
def symbolic_integers(module: nn.Module, call: Callable[..., Any]) -> Iterator[None]:
    """Within, `int(size)` keeps a symbol in the Python modules that `module` is written in.

    Those are where its parts' classes are defined and `call` is, and what these import, but for
    PyTorch, NumPy and the standard library.
    """
    replaced = [m for m in _written_in(module, call) if "int" not in vars(m)]
    try:
        for python_module in replaced:
            vars(python_module)["int"] = _Int
        yield
    finally:
        for python_module in replaced:
            vars(python_module).pop("int", None)


def _written_in(module: nn.Module, call: Callable[..., Any]) -> list[ModuleType]:
    classes = {c for part in module.modules() for c in type(part).__mro__}
    waiting = [_home(c) for c in classes] + [_home(getattr(call, "func", call))]
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


def _home(value: Any) -> ModuleType | None:
    # What a name in a module's globals belongs to; None where the model cannot be written in it.
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if not isinstance(name, str) or name.partition(".")[0] in _SKIPPED:
        return None
    return sys.modules.get(name)
