"""From a module to a program: torch.export, with the batch free, and back after its rewrites."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram
from torch.fx.traceback import preserve_node_meta

from gansdk.errors import ExportError

from .example import Free, Inputs
from .graphs import ROOT
from .model_source import raising_line, written_in
from .reasons import reason_of
from .specialization import fixed_sizes
from .symbolic_integers import symbolic_integers

_MULTIPLES = " that the spec allows, by image.multiple (--image-multiple) where it halves pictures"


class _Called(nn.Module):
    """The user's module behind the call that turns the spec's inputs into its output."""

    def __init__(self, module: nn.Module, call: Callable[..., Tensor]) -> None:
        super().__init__()
        setattr(self, ROOT, module)
        self._call = call

    def forward(self, *inputs: Tensor) -> Tensor:
        return self._call(getattr(self, ROOT), *inputs)


def capture(
    module: nn.Module, call: Callable[..., Tensor], inputs: Inputs, free: Free
) -> fx.GraphModule:
    """Return the program that `call(module, *inputs)` runs; see `graphs` for what a program is.

    `inputs` are a batch of at least 2: an axis of 1 would be taken for a constant.

    Raises
    ------
    ExportError
        PyTorch cannot capture the module: its Python code depends on values, or on the batch.
    """
    called = _Called(module, call)
    shapes = (tuple(free.values()),)
    lines: list[str] = []
    try:
        with symbolic_integers(module, call), fixed_sizes(module, call) as lines:
            exported = _export(called, inputs, shapes)
        with torch.no_grad(), quiet():
            # Without decompositions this only makes it functional: nothing is written in place.
            exported = exported.run_decompositions({})
    except Exception as error:  # the exporter runs the module, which may raise anything
        where = raising_line(error, written_in(module, call)) or next(iter(lines), None)
        raise ExportError(f"PyTorch cannot capture the module: {_why(error, where)}") from error
    whole = exported.module(check_guards=False)
    whole.graph.set_codegen(fx.graph.CodeGen())
    # A plain GraphModule: that of torch.export insists on the inputs that it was made with.
    program = fx.GraphModule(whole, whole.graph)
    output = program.graph.output_node()
    results: Any = output.args[0]
    (result,) = results
    output.args = (result,)
    program.recompile()
    return program


def exported_program(program: fx.GraphModule, inputs: Inputs, free: Free) -> ExportedProgram:
    """Return a program as what PyTorch's exporters take.

    Raises
    ------
    ExportError
        PyTorch cannot capture it again.
    """
    try:
        with preserve_node_meta():
            return _export(program, inputs, tuple(free.values()))
    except Exception as error:  # as above
        raise ExportError(f"PyTorch cannot capture the program: {reason_of(error)}") from error


def _why(error: Exception, line: str | None) -> str:
    where = f" ({line})" if line else ""
    specialized = re.search(r"You marked (\w+) as dynamic but your code specialized", str(error))
    if specialized:
        size = specialized[1]
        return (
            f"its Python code fixes the {size} to that of the example inputs{where}, as a literal "
            f"size in a view or a loop over the {size} does: write x.shape there, or an operation "
            "on the whole tensor"
        )
    violated = re.search(r"Constraints violated \((\w+)", str(error))
    if violated:
        return (
            f"its Python code decides by the size of the {violated[1]}, or splits it into groups: "
            f"it must do the same at every size{_MULTIPLES if violated[1] != 'batch' else ''}"
        )
    if type(error).__name__.startswith("GuardOnDataDependent"):
        return (
            f"its Python code turns on values{where}, and a file holds one way for all images: "
            "write torch.where there, or an operation on the tensor itself"
        )
    return reason_of(error) + where


def _export(module: nn.Module, inputs: Inputs, shapes: tuple[Any, ...]) -> ExportedProgram:
    # Where it fails, torch.export prints the graph so far.
    with torch.no_grad(), quiet(), redirect_stderr(io.StringIO()):
        return torch.export.export(
            module, tuple(inputs.values()), dynamic_shapes=shapes, strict=False
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence PyTorch's warnings of its own internals; what matters of them, parity checks."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "torch")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
