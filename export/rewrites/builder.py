"""New nodes of a captured program, each with its fake value at once."""

from __future__ import annotations

from typing import Any

import sympy
import torch
from torch import fx
from torch._dispatch.python import enable_python_dispatcher
from torch.fx.node import Argument

from ..graphs import batch_symbol, fake_mode, shape_of

aten = torch.ops.aten


def extent(size: Any) -> sympy.Expr:
    """Return a size (an integer, a symbol or the node of one) as an expression to compute with."""
    if isinstance(size, fx.Node):
        size = size.meta["val"]
    return size.node.expr if isinstance(size, torch.SymInt) else sympy.Integer(int(size))


def extents(node: fx.Node) -> tuple[sympy.Expr, ...]:
    """Return the shape of a node's value as expressions."""
    return tuple(extent(size) for size in shape_of(node))


def batch_extent(program: fx.GraphModule) -> sympy.Expr:
    """Return the batch as an expression."""
    return extent(batch_symbol(program))


def whole_quotient(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr | None:
    """Return a / b where b divides a whatever the symbols are; None where it does not."""
    quotient = sympy.cancel(a / b)
    return quotient if quotient.as_numer_denom()[1] == 1 else None


class Builder:
    """Puts nodes into a program in front of a node, whose layer they take."""

    def __init__(self, program: fx.GraphModule, before: fx.Node) -> None:
        self.program = program
        self.before = before

    def call(self, target: Any, *args: Argument, **kwargs: Argument) -> fx.Node:
        """Return a new node that calls an operator."""
        with self.program.graph.inserting_before(self.before):
            node = self.program.graph.call_function(target, args, kwargs)
        return self._finish(node)

    def copy(self, node: fx.Node, inputs: dict[fx.Node, fx.Node]) -> fx.Node:
        """Return a copy of a node with some of its inputs exchanged."""
        with self.program.graph.inserting_before(self.before):
            new = self.program.graph.node_copy(node, lambda old: inputs.get(old, old))
        return self._finish(new)

    def _finish(self, node: fx.Node) -> fx.Node:
        node.meta["nn_module_stack"] = self.before.meta.get("nn_module_stack")
        fakes: Any = fx.map_arg((node.args, node.kwargs), self._fake)
        with fake_mode(self.program), torch.no_grad(), enable_python_dispatcher():
            node.meta["val"] = node.target(*fakes[0], **fakes[1])  # type: ignore[operator]
        return node

    def _fake(self, node: fx.Node) -> Any:
        value = node.meta["val"]
        mode = fake_mode(self.program)
        if isinstance(value, torch.Tensor) and getattr(value, "fake_mode", None) is not mode:
            value = node.meta["val"] = mode.from_tensor(value, static_shapes=True)
        return value

    def sizes(self, node: fx.Node, *axes: int) -> list[Any]:
        """Return sizes of a node's value as arguments: integers, or nodes where they are free."""
        shape = shape_of(node)
        return [
            int(shape[axis])
            if extent(shape[axis]).is_number
            else self.call(aten.sym_size.int, node, axis)
            for axis in axes
        ]

    def view(self, node: fx.Node, shape: list[Any]) -> fx.Node:
        """Return a node's value in another shape, whatever its strides."""
        sizes = extents(node)
        if len(shape) == len(sizes) and all(
            n == -1 or extent(n) == size for n, size in zip(shape, sizes, strict=True)
        ):
            return node
        return self.call(aten.reshape.default, node, shape)
