"""Changes of shape that undo each other."""

from __future__ import annotations

from torch import fx

from ..graphs import calls
from .builder import aten, extents

RESHAPES = (
    aten.view.default,
    aten._unsafe_view.default,
    aten.reshape.default,
    aten.flatten.using_ints,
    aten.unflatten.int,
    aten.unsqueeze.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
)
"""Operators that change the shape and keep the order of the elements."""

SAME = (
    aten.clone.default,
    aten.contiguous.default,
    aten.alias.default,
    aten.detach.default,
    aten.lift_fresh_copy.default,
)
"""Operators that change neither shape nor values, in a functional program."""


def cancel_views(program: fx.GraphModule) -> int:
    """Take out reshapes that lead back to a shape that the value had before; return how many."""
    count = 0
    for node in calls(program, *RESHAPES):
        source, found = node.args[0], None
        while isinstance(source, fx.Node):
            if extents(source) == extents(node):
                found = source
            if source.op != "call_function" or source.target not in (*RESHAPES, *SAME):
                break
            source = source.args[0]
        if found is not None:
            node.replace_all_uses_with(found)
            node.graph.erase_node(node)
            count += 1
    return count
