"""Which Python modules a network is written in, and which of their lines is running."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from traceback import walk_tb
from types import FrameType, FunctionType, ModuleType
from typing import Any

from torch import nn

_SKIPPED = {*sys.stdlib_module_names, "gansdk", "numpy", "sympy", "torch"}


def written_in(module: nn.Module, call: Callable[..., Any]) -> list[ModuleType]:
    """Return the Python modules of `module`'s code.

    Those are where its parts' classes are defined and `call` is, and what these import, but for
    PyTorch, NumPy and the standard library.
    """
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


def running_line(homes: Iterable[ModuleType]) -> str | None:
    """Return the innermost line of `homes` on the stack, as "models.py line 7, `code`"."""
    names = {home.__name__ for home in homes}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_of(frame, names):
        frame = frame.f_back
    return None if frame is None else _line(frame, frame.f_lineno)


def raising_line(error: BaseException, homes: Iterable[ModuleType]) -> str | None:
    """Return the innermost line of `homes` through which an exception came, in the same form."""
    names = {home.__name__ for home in homes}
    passed = [
        (frame, number) for frame, number in walk_tb(error.__traceback__) if _is_of(frame, names)
    ]
    return _line(*passed[-1]) if passed else None


def _is_of(frame: FrameType, names: set[str]) -> bool:
    return frame.f_globals.get("__name__") in names


def _line(frame: FrameType, number: int) -> str:
    path = frame.f_code.co_filename
    code = linecache.getline(path, number).strip()
    return f"{Path(path).name} line {number}" + (f", `{code}`" if code else "")


def _home(value: Any) -> ModuleType | None:
    # What a name in a module's globals belongs to; None where the model cannot be written in it.
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if not isinstance(name, str) or name.partition(".")[0] in _SKIPPED:
        return None
    return sys.modules.get(name)
