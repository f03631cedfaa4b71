"""The graph of a captured program, and what its rewrites share.

A program is a `torch.fx.GraphModule` as `capture` makes it: flat and functional, ATen operators
only, its weights `get_attr` nodes, each node's value as a fake tensor in `node.meta["val"]`, where
the batch (and, for pictures of any size, height and width) is a symbol.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, fx
from torch._dispatch.python import enable_python_dispatcher
from torch._subclasses.fake_tensor import FakeTensorMode

ROOT = "generator"
"""The attribute of the captured wrapper that holds the user's module."""


def placeholders(program: fx.GraphModule) -> list[fx.Node]:
    """Return the program's inputs, in order."""
    return [node for node in program.graph.nodes if node.op == "placeholder"]


def calls(program: fx.GraphModule, *targets: Any) -> Iterator[fx.Node]:
    """Iterate over the nodes that call one of the operators; the graph may change meanwhile."""
    for node in list(program.graph.nodes):
        if node.op == "call_function" and node.target in targets:
            yield node


def shape_of(node: fx.Node) -> tuple[int | torch.SymInt, ...]:
    """Return the shape of a node's value; sizes that are free are symbols."""
    return tuple(node.meta["val"].shape)


def batch_symbol(program: fx.GraphModule) -> torch.SymInt:
    """Return the symbol of the batch: the first axis of the first input."""
    size = shape_of(placeholders(program)[0])[0]
    assert isinstance(size, torch.SymInt)  # noqa: S101 - `capture` makes it free
    return size


def is_batch(program: fx.GraphModule, size: Any) -> bool:
    """Whether a size, an integer, a symbol or the node of one, is the batch."""
    if isinstance(size, fx.Node):
        size = size.meta["val"]
    return isinstance(size, torch.SymInt) and size.node.expr == batch_symbol(program).node.expr


def batch_multiple(program: fx.GraphModule, size: Any) -> int:
    """Return how many times the batch a size is; 0 where it is no whole number of times."""
    if not isinstance(size, torch.SymInt):
        return 0
    times = size.node.expr / batch_symbol(program).node.expr
    return int(times) if times.is_Integer else 0


def varies_with_batch(program: fx.GraphModule, node: fx.Node) -> bool:
    """Whether the first axis of a node's value is the batch."""
    shape = shape_of(node)
    return bool(shape) and is_batch(program, shape[0])


def batch_size(program: fx.GraphModule) -> fx.Node:
    """Return a node that holds the batch size; put in behind the inputs where there is none."""
    inputs = placeholders(program)
    for node in calls(program, torch.ops.aten.sym_size.int):
        if node.args == (inputs[0], 0):
            return node
    # Behind what stands first, so that every node may use it.
    after = next(n for n in program.graph.nodes if n.op == "call_function")
    with program.graph.inserting_before(after):
        node = program.graph.call_function(torch.ops.aten.sym_size.int, (inputs[0], 0))
    node.meta["val"] = batch_symbol(program)
    return node


def constant(program: fx.GraphModule, node: Any) -> Tensor | None:
    """Return the tensor of a `get_attr` node; None for any other."""
    if not isinstance(node, fx.Node) or node.op != "get_attr":
        return None
    value: Any = program
    for name in str(node.target).split("."):
        value = getattr(value, name)
    return value.detach() if isinstance(value, Tensor) else None


def add_constant(program: fx.GraphModule, name: str, value: Tensor, before: fx.Node) -> fx.Node:
    """Return a new node that holds a tensor, `name` being made unique."""
    name = "folded_" + name.replace(".", "_")
    k, free = 0, name
    while hasattr(program, free):
        k += 1
        free = f"{name}_{k}"
    program.register_buffer(free, value.detach().clone().contiguous())
    with program.graph.inserting_before(before):
        node = program.graph.get_attr(free)
    mode = fake_mode(program)
    node.meta["val"] = mode.from_tensor(value.detach(), static_shapes=True)
    return node


def fake_mode(program: fx.GraphModule) -> FakeTensorMode:
    """Return the mode to which the fake values of the program belong."""
    mode = placeholders(program)[0].meta["val"].fake_mode
    assert isinstance(mode, FakeTensorMode)  # noqa: S101
    return mode


def layer_of(node: fx.Node) -> str:
    """Return the path of the user's module that a node came from, "" for the outermost."""
    stack = node.meta.get("nn_module_stack") or {}
    paths = [path for path, _ in stack.values()]
    path = paths[-1] if paths else ""
    return path.removeprefix(ROOT).lstrip(".")


def replace(old: fx.Node, new: fx.Node) -> None:
    """Put one node in the place of another, which keeps its layer, and erase the other."""
    new.meta.setdefault("nn_module_stack", old.meta.get("nn_module_stack"))
    old.replace_all_uses_with(new)
    old.graph.erase_node(old)


def tidy(program: fx.GraphModule) -> None:
    """Drop what nothing uses, and work out every node's fake value anew."""
    program.graph.eliminate_dead_code()
    program.graph.lint()
    program.recompile()
    mode = fake_mode(program)
    # Symbolic sizes need the dispatcher's Python side, which decides by symbols.
    with mode, torch.no_grad(), enable_python_dispatcher():
        _Fakes(program).run(*(node.meta["val"] for node in placeholders(program)))


class _Fakes(fx.Interpreter):
    """Runs a program on fake tensors and keeps each node's value."""

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if n.op != "output":
            n.meta["val"] = value
        return value

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Any:
        value = super().get_attr(target, args, kwargs)
        if not isinstance(value, Tensor):
            return value  # a branch of a condition
        return fake_mode(self.module).from_tensor(value, static_shapes=True)  # type: ignore[arg-type]
