"""Where model code fixes the batch to the example's, for the error to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sympy
from torch import nn

from .model_source import running_line, written_in


@contextmanager
def fixed_sizes(module: nn.Module, call: Callable[..., Any]) -> Iterator[list[str]]:
    """Within, gather the lines of the model's code at which a free size becomes a constant.

    torch.export says that one did, but not where; this listens to its shape environment, and
    gathers nothing under a PyTorch whose has another form.
    """
    from torch.fx.experimental import symbolic_shapes

    lines: list[str] = []
    environment: Any = symbolic_shapes.ShapeEnv
    real = getattr(environment, "_set_replacement", None)
    if real is None:
        yield lines
        return
    homes = written_in(module, call)

    def listening(self: Any, symbol: Any, target: Any, *rest: Any, **keywords: Any) -> Any:
        line = running_line(homes) if isinstance(target, sympy.Integer) else None
        if line is not None and line not in lines:
            lines.append(line)
        return real(self, symbol, target, *rest, **keywords)

    environment._set_replacement = listening
    try:
        yield lines
    finally:
        environment._set_replacement = real
