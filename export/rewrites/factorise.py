"""How the operators of a program make products of smaller tensors: see `outer_product`.

What makes a modulated weight and its norm cheap: a weight of (B, O, I, k, k) is that of the layer
times a style of (B, I), and is never needed as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import fx

from .builder import Builder, aten, extent, extents
from .outer_product import Product, multiplied, placed, viewed, whole
from .views import RESHAPES, SAME


def factorise(builder: Builder, node: fx.Node) -> Product:
    """Return a node's value as a product, of itself alone if nothing more is known of it.

    It is read backwards through products and changes of shape, down to nodes that are neither.
    """
    rule = _RULES.get(node.target) if node.op == "call_function" else None
    found = rule(builder, node) if rule is not None else None
    return whole(node) if found is None else found


# How an operator's output is written as a product; None where it is none.
_Rule = Callable[[Builder, fx.Node], "Product | None"]


def _input(builder: Builder, node: fx.Node) -> Product | None:
    source = node.args[0]
    value = node.meta["val"]
    if not isinstance(source, fx.Node) or not value.is_floating_point():
        return None
    return factorise(builder, source) if source.meta["val"].is_floating_point() else None


def _reshape(builder: Builder, node: fx.Node) -> Product | None:
    product = _input(builder, node)
    return None if product is None else viewed(builder, product, extents(node))


def _permute(builder: Builder, node: fx.Node) -> Product | None:
    product = _input(builder, node)
    if product is None:
        return None
    rank = len(product.counts)
    if node.target is aten.permute.default:
        dims: Any = node.args[1]
        return product.permuted(int(dim) % rank for dim in dims)
    order = list(range(rank))
    if rank > 1:
        a, b = node.args[1:] if node.target is aten.transpose.int else (0, 1)  # else `t`
        order[a], order[b] = order[b], order[a]  # type: ignore[index]
    return product.permuted(order)


def _expand(builder: Builder, node: fx.Node) -> Product | None:
    product = _input(builder, node)
    ones = [size for size in extents(node) if size != 1]
    counts = tuple(int(size != 1) for size in extents(node))
    return None if product is None else multiplied(builder, product, Product((*ones,), counts, ()))


def _repeat(builder: Builder, node: fx.Node) -> Product | None:
    product = _input(builder, node)
    repeats: Any = node.args[1]
    if product is None:
        return None
    times = [extent(n) for n in repeats]
    groups = [*[[]] * (len(times) - len(product.counts)), *product.groups()]
    sizes, counts = [], []
    places: list[int | None] = []
    for n, group in zip(times, groups, strict=True):
        new = [n] if n != 1 else []
        sizes += [*new, *(product.sizes[k] for k in group)]
        places += [*([None] * len(new)), *group]
        counts.append(len(new) + len(group))
    factors = tuple(placed(factor, places) for factor in product.factors)
    return Product(tuple(sizes), tuple(counts), factors, product.scale)


def _slice(builder: Builder, node: fx.Node) -> Product | None:
    # `w[:, None]` is a slice that takes everything.
    source = node.args[0]
    step = node.args[4] if len(node.args) > 4 else 1
    if not isinstance(source, fx.Node) or step != 1 or extents(source) != extents(node):
        return None
    return _input(builder, node)


def _flip(builder: Builder, node: fx.Node) -> Product | None:
    product = _input(builder, node)
    if product is None:
        return None
    dims: Any = node.args[1]
    axes = [axis for dim in dims for axis in product.groups()[dim]]
    factors = []
    for factor in product.factors:
        at = [factor.axes[axis] for axis in axes if factor.axes[axis] is not None]
        flipped = builder.call(aten.flip.default, factor.node, at) if at else factor.node
        factors.append(replace(factor, node=flipped))
    return replace(product, factors=tuple(factors))


def _mul(builder: Builder, node: fx.Node) -> Product | None:
    a, b = _operand(builder, node.args[0]), _operand(builder, node.args[1])
    if a is None or b is None:
        return None
    if node.target in (aten.div.Tensor, aten.div.Scalar):
        if not b.factors and b.scale == 0:
            return None
        b = b.to_power(-1)
    return multiplied(builder, a, b)


def _operand(builder: Builder, value: Any) -> Product | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Product((), (), (), float(value))
    if not isinstance(value, fx.Node) or not isinstance(value.meta["val"], torch.Tensor):
        return None
    return factorise(builder, value) if value.meta["val"].is_floating_point() else whole(value)


def _einsum(builder: Builder, node: fx.Node) -> Product | None:
    # Of those that add nothing up.
    equation, operands = node.args[:2]
    inputs, _, output = str(equation).replace(" ", "").partition("->")
    terms = inputs.split(",")
    if any(len({*term}) != len(term) or not {*term} <= {*output} for term in terms):
        return None
    result: Product | None = Product((), (), ())
    for term, operand in zip(terms, operands, strict=True):  # type: ignore[arg-type]
        product = _operand(builder, operand)
        if product is None or result is None:
            return None
        product = product.permuted(sorted(range(len(term)), key=lambda k: output.index(term[k])))
        counts = iter(product.counts)
        spread = tuple(next(counts) if letter in term else 0 for letter in output)
        result = multiplied(builder, result, replace(product, counts=spread))
    return result


def _power(power: int) -> _Rule:
    def rule(builder: Builder, node: fx.Node) -> Product | None:
        product = _input(builder, node)
        return None if product is None else product.to_power(power)

    return rule


def _pow(builder: Builder, node: fx.Node) -> Product | None:
    power = node.args[1]
    if not isinstance(power, (int, float)) or power != int(power) or power == 0:
        return None
    return _power(int(power))(builder, node)


def _neg(builder: Builder, node: fx.Node) -> Product | None:
    product = _input(builder, node)
    return None if product is None else replace(product, scale=-product.scale)


_RULES: dict[Any, _Rule] = {
    **dict.fromkeys(RESHAPES, _reshape),
    **dict.fromkeys((aten.permute.default, aten.transpose.int, aten.t.default), _permute),
    **dict.fromkeys(
        (aten.expand.default, aten.expand_as.default, aten.broadcast_to.default), _expand
    ),
    **dict.fromkeys((*SAME, aten.to.dtype, aten._to_copy.default), _input),
    **dict.fromkeys((aten.mul.Tensor, aten.mul.Scalar, aten.div.Tensor, aten.div.Scalar), _mul),
    aten.einsum.default: _einsum,
    aten.repeat.default: _repeat,
    aten.slice.Tensor: _slice,
    aten.flip.default: _flip,
    aten.square.default: _power(2),
    aten.reciprocal.default: _power(-1),
    aten.pow.Tensor_Scalar: _pow,
    aten.neg.default: _neg,
}
