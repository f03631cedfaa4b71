"""Which layers combine the images of a batch: names for the error when a picture needs others.

Each value's axes along which the batch lies are followed through the program. An axis is known by
the batch's symbol in its size; a view may also split the batch into groups, whose axes all count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx

from ..graphs import batch_symbol, layer_of, shape_of
from .batch_norms import batch_norms

_ATEN = torch.ops.aten
_REDUCTIONS = (
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "flip",
    "linalg_vector_norm",
    "log_softmax",
    "logcumsumexp",
    "logsumexp",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "norm",
    "prod",
    "roll",
    "softmax",
    "sort",
    "std",
    "std_mean",
    "sum",
    "topk",
    "var",
    "var_mean",
)
_AXIS_NAMES = ("dim", "dims", "axis")
_VIEWS = (_ATEN.view.default, _ATEN.reshape.default, _ATEN._unsafe_view.default)
_PRODUCTS = (_ATEN.matmul.default, _ATEN.mm.default, _ATEN.bmm.default, _ATEN.mv.default)
Axes = frozenset[int]


def mixes_batch(program: fx.GraphModule) -> list[str]:
    """Return the layers that combine images of the batch, in order, each once; "" is the outermost.

    They are those with a reduction (mean, deviation, largest value, softmax, ...), a sum of
    products or a reordering along the batch, and batch norms over it. Views and permutations, which
    only move the batch to another axis, are none.
    """
    over_batch = {n.node for n in batch_norms(program) if n.over_batch and not n.of_one_sample}
    carried: dict[fx.Node, Axes] = {}
    found: dict[str, None] = {}
    for node in program.graph.nodes:
        if node in over_batch or _combines(node, carried):
            found[layer_of(node)] = None
        if isinstance(node.meta.get("val"), torch.Tensor):
            carried[node] = _axes_of(program, node, carried)
    return list(found)


def _combines(node: fx.Node, carried: dict[fx.Node, Axes]) -> bool:
    target: Any = node.target
    if not isinstance(target, torch._ops.OpOverload) or not node.args:
        return False
    first: Any = node.args[0]
    if not isinstance(first, fx.Node) or first not in carried:
        return False
    if target in _PRODUCTS:
        second: Any = node.args[1]
        ranks = len(shape_of(first)), len(shape_of(second))
        inner = max(ranks[1] - 2, 0)
        return ranks[0] - 1 in carried[first] or inner in carried.get(second, ())
    if target._schema.name.removeprefix("aten::").lstrip("_") not in _REDUCTIONS:
        return False
    names = [argument.name for argument in target._schema.arguments]
    if len(names) > 1 and names[1] == "other":
        return False  # the larger of two values
    given = {**dict(zip(names, node.args, strict=False)), **node.kwargs}
    axes: Any = next((given[name] for name in _AXIS_NAMES if name in given), None)
    if axes is None or axes == []:
        return bool(carried[first])
    axes = axes if isinstance(axes, Sequence) else [axes]
    rank = len(shape_of(first))
    return any(axis % max(rank, 1) in carried[first] for axis in axes)


def _axes_of(program: fx.GraphModule, node: fx.Node, carried: dict[fx.Node, Axes]) -> Axes:
    shape = shape_of(node)
    symbol = batch_symbol(program).node.expr
    named = frozenset(
        axis
        for axis, size in enumerate(shape)
        if isinstance(size, torch.SymInt) and symbol in size.node.expr.free_symbols
    )
    args: tuple[Any, ...] = node.args
    if node.target in _VIEWS:
        source = args[0]
        return named | _split(shape_of(source), shape, carried.get(source, frozenset()))
    if node.target is _ATEN.permute.default:
        source, order = args
        rank = len(shape)
        moved = (k for k, axis in enumerate(order) if axis % rank in carried[source])
        return named | frozenset(moved)
    if torch.Tag.pointwise in getattr(node.target, "tags", ()):
        rank = len(shape)
        for source in node.all_input_nodes:
            if source in carried:
                behind = rank - len(shape_of(source))
                named |= {axis + behind for axis in carried[source]}
    return named


def _split(before: Sequence[Any], after: Sequence[Any], carried: Axes) -> Axes:
    # Axes into which a view splits one that holds nothing but images: (N) to (4, N / 4). In one
    # of size 4 N the 4 is something else's, as of (N * C) to (N, C).
    result: set[int] = set()
    i = j = 0
    while i < len(before) and j < len(after):
        ins, outs = [i], [j]
        a, b = before[i], after[j]
        i, j = i + 1, j + 1
        while not _same(a, b):
            if j < len(after) and (_divides(b, a) or i == len(before)):
                b = b * after[j]
                outs.append(j)
                j += 1
            elif i < len(before):
                a = a * before[i]
                ins.append(i)
                i += 1
            else:
                return frozenset()
        if all(k in carried for k in ins) and _coefficient(a) == 1:
            result |= {k for k in outs if not _same(after[k], 1)}
    return frozenset(result)


def _expression(size: Any) -> Any:
    return size.node.expr if isinstance(size, torch.SymInt) else size


def _coefficient(size: Any) -> Any:
    expression = _expression(size)
    return expression if isinstance(expression, int) else expression.as_coeff_Mul()[0]


def _same(a: Any, b: Any) -> bool:
    return bool(_expression(a) == _expression(b))


def _divides(b: Any, a: Any) -> bool:
    # Whether more of the view's axes are to be taken, rather than more of the value's.
    a, b = _expression(a), _expression(b)
    if isinstance(a, int) and isinstance(b, int):
        return b < a
    return isinstance(b, int) or not isinstance(a, int)
