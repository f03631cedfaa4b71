"""Whatever depends on weights alone, worked out once: spectral norm, weight norm, equalised rates.

Each value is computed by the operators and in the dtype that eager PyTorch uses, so its bits are
those that the module itself would have worked with.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import Tensor, fx, nn

from ..draws import draws
from ..graphs import add_constant, constant, tidy

GROWTH_LIMIT = 4
SMALL = 1 << 20
"""A value over `SMALL` bytes is left to be computed if it has over 4 times its inputs' bytes."""

_UNINITIALISED = (
    torch.ops.aten.empty.memory_format,
    torch.ops.aten.empty_like.default,
    torch.ops.aten.new_empty.default,
    torch.ops.aten.empty_strided.default,
    torch.ops.aten.new_empty_strided.default,
)


def fold_constants(program: fx.GraphModule) -> int:
    """Evaluate what depends on no input; return how many values became weights or literals.

    Weights that nothing uses any more leave the program, and so the files.
    """
    values, sources = _evaluate(program)
    kept: list[fx.Node] = []
    for node in reversed(list(values)):  # a value too large to keep leaves its inputs to be kept
        if node.op == "get_attr" or all(user in values for user in node.users):
            continue
        if _keepable(values[node], sources[node]):
            kept.append(node)
        else:
            del values[node]
    for node in reversed(kept):
        _keep(program, node, values[node], sources[node])
    for node in reversed(list(program.graph.nodes)):
        if node in values and node.op != "get_attr" and not node.users:
            program.graph.erase_node(node)  # also checks of constants, which have no users
    if kept:
        _merge_equal(program)
        tidy(program)
    drop_unused_weights(program)
    return len(kept)


def drop_unused_weights(program: fx.GraphModule) -> int:
    """Remove the parameters and buffers that the graph does not read; return how many."""
    for node in list(program.graph.nodes):
        if node.op == "get_attr" and not node.users:
            program.graph.erase_node(node)
    used = {str(node.target) for node in program.graph.nodes if node.op == "get_attr"}
    names = [name for name, _ in program.named_parameters(remove_duplicate=False)]
    names += [name for name, _ in program.named_buffers(remove_duplicate=False)]
    unused = [name for name in names if name not in used]
    for name in unused:
        owner, _, attribute = name.rpartition(".")
        delattr(program.get_submodule(owner), attribute)
    _drop_empty(program)
    program.recompile()
    return len(unused)


def _drop_empty(module: nn.Module) -> None:
    for name, child in list(module.named_children()):
        if isinstance(child, fx.GraphModule):
            continue  # a branch of a condition
        _drop_empty(child)
        if not any(True for _ in child.state_dict()) and not list(child.children()):
            delattr(module, name)


def _evaluate(
    program: fx.GraphModule,
) -> tuple[dict[fx.Node, Any], dict[fx.Node, frozenset[fx.Node]]]:
    values: dict[fx.Node, Any] = {}
    sources: dict[fx.Node, frozenset[fx.Node]] = {}
    with torch.no_grad():
        for node in program.graph.nodes:
            if node.op == "get_attr":
                value = constant(program, node)
                if value is None:
                    continue  # a graph of its own, as of a loop
                sources[node] = frozenset([node])
            elif _can_evaluate(node, values):
                args, kwargs = fx.map_arg((node.args, node.kwargs), values.__getitem__)
                value = node.target(*args, **kwargs)
                inputs = [sources[k] for k in node.all_input_nodes]
                sources[node] = frozenset().union(*inputs)
            else:
                continue
            values[node] = value
    return values, sources


def _can_evaluate(node: fx.Node, values: dict[fx.Node, Any]) -> bool:
    if node.op != "call_function" or not all(arg in values for arg in node.all_input_nodes):
        return False
    target = node.target
    if not isinstance(target, torch._ops.OpOverload):
        return getattr(operator, getattr(target, "__name__", ""), None) is target
    return not (
        target._schema.is_mutable
        or target in _UNINITIALISED
        or draws(target, node.args, dict(node.kwargs))
    )


def _keepable(value: Any, sources: frozenset[fx.Node]) -> bool:
    if isinstance(value, int | float):  # also bool
        return True
    if not isinstance(value, Tensor):
        return False
    size = value.numel() * value.element_size()
    inputs = [source.meta["val"] for source in sources]
    given = sum(tensor.numel() * tensor.element_size() for tensor in inputs)
    return size <= max(SMALL, GROWTH_LIMIT * int(given))


def _keep(program: fx.GraphModule, node: fx.Node, value: Any, sources: frozenset[fx.Node]) -> None:
    if not isinstance(value, Tensor):
        for user in list(node.users):
            user.args, user.kwargs = fx.map_arg(
                (user.args, user.kwargs), lambda arg: value if arg is node else arg
            )
        return
    for source in sources:  # copies and detached forms of a weight are the weight
        if _equal(constant(program, source), value):
            node.replace_all_uses_with(source)
            return
    first = min((str(source.target) for source in sources), default=node.name)
    new = add_constant(program, first.removeprefix("generator."), value, node)
    new.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    node.replace_all_uses_with(new)


def _merge_equal(program: fx.GraphModule) -> None:
    # A layer that is called several times has its norm worked out as often.
    seen: dict[tuple[Any, ...], list[fx.Node]] = {}
    for node in list(program.graph.nodes):
        value = constant(program, node)
        if value is None or not str(node.target).startswith("folded_"):
            continue
        alike = seen.setdefault((value.dtype, tuple(value.shape)), [])
        twin = next((other for other in alike if _equal(constant(program, other), value)), None)
        if twin is None:
            alike.append(node)
        else:
            node.replace_all_uses_with(twin)


def _equal(a: Tensor | None, b: Tensor) -> bool:
    # By bits: NaN equals itself, and 0 is not -0.
    if a is None or a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype in (torch.float32, torch.float64) and a.numel():
        whole = torch.int32 if a.dtype is torch.float32 else torch.int64
        return torch.equal(a.contiguous().view(whole), b.contiguous().view(whole))
    return torch.equal(a, b)
