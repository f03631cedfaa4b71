"""Sums over outer products, as matrix products: the norms of modulated weights.

sum_ik (w[o,i,k] * s[b,i])^2 over a tensor of (B, O, I, K) is s^2 @ sum_k(w^2)^T, which needs
B * I + O * I numbers at a time instead of B * O * I * K.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from torch import fx

from ..graphs import calls, shape_of, tidy
from ..graphs import replace as put_in_place
from .builder import Builder, aten, extents
from .factorise import factorise
from .outer_product import Factor, Product, multiply_out

SUMS = (aten.sum.dim_IntList, aten.mean.dim, aten.linalg_vector_norm.default)
"""Operators whose operand may be an outer product: the last counts where it is the 2-norm."""


def contract_outer_products(program: fx.GraphModule) -> int:
    """Rewrite sums over outer products of per-image and shared factors; return how many."""
    count = 0
    for node in calls(program, *SUMS):
        new = contracted(Builder(program, node), node)
        if new is not None:
            put_in_place(node, new)
            count += 1
    if count:
        tidy(program)
    return count


def summand(builder: Builder, node: fx.Node) -> Product | None:
    """Return what one of `SUMS` adds up, as a product; None if it does not add up."""
    product = factorise(builder, node.args[0])  # type: ignore[arg-type]
    if node.target is aten.linalg_vector_norm.default:
        return product.to_power(2) if len(node.args) < 2 or node.args[1] == 2 else None
    return product


def contracted(
    builder: Builder, node: fx.Node, change: Callable[[Product], Product] = lambda product: product
) -> fx.Node | None:
    """Return a sum over an outer product as a matrix product; None if it is over none.

    `change` may exchange factors of what is added up.
    """
    product = summand(builder, node)
    if product is None:
        return None
    product = change(product)
    axes = range(len(product.sizes))
    # The images' axis is the one whose size is free: the batch, or the frames of a batch.
    image = next((axis for axis in axes if not product.sizes[axis].is_number), None)
    if image is None or any(not product.sizes[a].is_number for a in axes if a != image):
        return None
    if len(axes) < 3 or any(len(factor.along) == len(axes) for factor in product.factors):
        return None  # nothing is gained: a factor is as large as the whole
    added = _added(node, product)
    shared = [f for f in product.factors if image not in f.along]
    outside = [f for f in product.factors if image in f.along and f.along.isdisjoint(added)]
    styles = [f for f in product.factors if image in f.along and f.along & added]
    images, rows = sorted(_along(styles) - added), sorted(_along(shared) - added)
    if image in added or not shared or not styles + outside or {*images} & {*rows}:
        return None

    scale = product.scale * math.prod(
        int(product.sizes[a]) for a in added - _along(product.factors)
    )
    if node.target is aten.mean.dim:
        scale /= math.prod(int(product.sizes[a]) for a in added)
    part = replace(product, scale=1.0)
    columns = sorted(_along(shared) & _along(styles) & added)
    matrix = _summed(
        builder, replace(part, factors=tuple(shared), scale=scale), rows, columns, added
    )
    if styles:
        vectors = _summed(builder, replace(part, factors=tuple(styles)), images, columns, added)
        matrix = builder.call(aten.linear.default, vectors, matrix)
    places = [*images, *rows]
    sizes = [-1 if axis == image else int(product.sizes[axis]) for axis in places]
    matrix = builder.view(matrix, sizes)
    where = tuple(places.index(axis) if axis in places else None for axis in axes)
    value = multiply_out(
        builder,
        replace(part, factors=(Factor(matrix, where), *outside)),
        [axis for axis in axes if axis not in added],
    )
    return _as(builder, value, node, [product.sizes[a] for a in axes if a not in added])


def _summed(
    builder: Builder, part: Product, rows: list[int], columns: list[int], added: frozenset[int]
) -> fx.Node:
    """Return a part as a matrix, rows by columns, added up over its other axes."""
    rest = sorted((_along(part.factors) & added) - {*columns})
    value = multiply_out(builder, part, [*rows, *columns, *rest])
    assert value is not None  # noqa: S101 - there is a factor
    start = len(rows) + len(columns)
    if rest:
        value = builder.call(aten.sum.dim_IntList, value, list(range(start, start + len(rest))))
    width = math.prod(int(part.sizes[axis]) for axis in columns)
    return builder.view(value, [-1, width])


def _as(builder: Builder, value: Any, node: fx.Node, sizes: list[Any]) -> fx.Node:
    """Return what was added up in the shape and dtype of the node that it stands for."""
    full = [int(n) if n.is_number else -1 for n in sizes]
    if any(n not in (-1, m) for n, m in zip(full, shape_of(value), strict=True)):
        value = builder.call(aten.expand.default, value, full)
    if node.target is aten.linalg_vector_norm.default:
        value = builder.call(aten.sqrt.default, value)
    if value.meta["val"].dtype != node.meta["val"].dtype:
        value = builder.call(aten._to_copy.default, value, dtype=node.meta["val"].dtype)
    return builder.view(value, [int(n) if n.is_number else -1 for n in extents(node)])


def _added(node: fx.Node, product: Product) -> frozenset[int]:
    at = 2 if node.target is aten.linalg_vector_norm.default else 1
    dims: Any = node.args[at] if len(node.args) > at else None
    groups = product.groups()
    return frozenset(axis for dim in dims or range(len(groups)) for axis in groups[dim])


def _along(factors: Iterable[Factor]) -> frozenset[int]:
    return frozenset(axis for factor in factors for axis in factor.along)
