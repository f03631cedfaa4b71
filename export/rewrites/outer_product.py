"""Tensors as products of smaller ones.

A product's axes are elementary ones: (B * O, I, k, k) seen through the `view` that made it has the
axes B, O, I, k, k, along a few of which each factor varies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy
from torch import fx

from ..graphs import shape_of
from .builder import Builder, aten, extents, whole_quotient

Axes = tuple[int | None, ...]


@dataclass(frozen=True)
class Factor:
    """A node's value to a power; `axes` says which axis of it lies along each of the product's."""

    node: fx.Node
    axes: Axes
    power: int = 1

    @property
    def along(self) -> frozenset[int]:
        """The axes of the product along which the factor varies."""
        return frozenset(k for k, axis in enumerate(self.axes) if axis is not None)


@dataclass(frozen=True)
class Product:
    """A tensor as the product of factors.

    `sizes` are those of its elementary axes, none of them 1; `counts` says how many of them make
    up each axis of the tensor, 0 for an axis of size 1.
    """

    sizes: tuple[sympy.Expr, ...]
    counts: tuple[int, ...]
    factors: tuple[Factor, ...]
    scale: float = 1.0

    def groups(self) -> list[list[int]]:
        """Return the elementary axes of each axis of the tensor."""
        groups, start = [], 0
        for count in self.counts:
            groups.append(list(range(start, start + count)))
            start += count
        return groups

    def to_power(self, power: int) -> Product:
        """Return the product to an integer power."""
        factors = tuple(replace(factor, power=factor.power * power) for factor in self.factors)
        return replace(self, factors=factors, scale=self.scale**power)

    def permuted(self, dims: Iterable[int]) -> Product:
        """Return the product with the tensor's axes in another order."""
        groups = [self.groups()[dim] for dim in dims]
        order = [axis for group in groups for axis in group]
        return Product(
            tuple(self.sizes[axis] for axis in order),
            tuple(len(group) for group in groups),
            tuple(replace(f, axes=tuple(f.axes[axis] for axis in order)) for f in self.factors),
            self.scale,
        )


def whole(node: fx.Node) -> Product:
    """Return a node's value as a product of itself."""
    sizes = extents(node)
    axes = tuple(axis for axis, size in enumerate(sizes) if size != 1)
    counts = tuple(int(size != 1) for size in sizes)
    return Product(tuple(sizes[axis] for axis in axes), counts, (Factor(node, axes),))


def viewed(builder: Builder, product: Product, shape: Iterable[sympy.Expr]) -> Product | None:
    """Return the product in another shape; None where an axis cannot be divided like that."""
    counts, axis = [], 0
    for size in shape:
        count, rest = 0, size
        while rest != 1:
            if axis == len(product.sizes):
                return None
            if (left := whole_quotient(rest, product.sizes[axis])) is None:
                split = _split(builder, product, axis, rest)
                if split is None:
                    return None
                product, left = split, sympy.Integer(1)
            count, axis, rest = count + 1, axis + 1, left
        counts.append(count)
    return replace(product, counts=tuple(counts)) if axis == len(product.sizes) else None


def _split(builder: Builder, product: Product, axis: int, outer: sympy.Expr) -> Product | None:
    inner = whole_quotient(product.sizes[axis], outer)
    if inner is None:
        return None
    factors = []
    for factor in product.factors:
        at = factor.axes[axis]
        before, behind = factor.axes[:axis], factor.axes[axis + 1 :]
        if at is None:
            factors.append(replace(factor, axes=(*before, None, None, *behind)))
            continue
        shape = [*extents(factor.node)]
        shape[at : at + 1] = [outer, inner]
        if sum(not size.is_number for size in shape) > 1:
            return None
        node = builder.view(factor.node, [int(n) if n.is_number else -1 for n in shape])
        moved = [a if a is None or a < at else a + 1 for a in (*before, *behind)]
        axes = (*moved[:axis], at, at + 1, *moved[axis:])
        factors.append(Factor(node, axes, factor.power))
    sizes = (*product.sizes[:axis], outer, inner, *product.sizes[axis + 1 :])
    return Product(sizes, product.counts, tuple(factors), product.scale)


def multiplied(builder: Builder, a: Product, b: Product) -> Product | None:
    """Return the product of two, broadcast; None where their axes do not match."""
    rank = max(len(a.counts), len(b.counts))
    a, b = (replace(p, counts=(0,) * (rank - len(p.counts)) + p.counts) for p in (a, b))
    for dim in range(rank):
        left, right = ([p.sizes[k] for k in p.groups()[dim]] for p in (a, b))
        if left and right and left != right:  # the same axis, divided on one side only
            finer, coarser = (a, b) if len(left) > len(right) else (b, a)
            sizes = left if finer is a else right
            divided = _divided(builder, coarser, dim, sizes)
            if divided is None:
                return None
            a, b = (a, divided) if finer is a else (divided, b)
    sizes, counts = [], []
    places: list[tuple[int | None, int | None]] = []
    for left_axes, right_axes in zip(a.groups(), b.groups(), strict=True):
        count = max(len(left_axes), len(right_axes))
        counts.append(count)
        nowhere: list[int | None] = [None] * count
        places += zip(left_axes or nowhere, right_axes or nowhere, strict=True)
        sizes += [a.sizes[k] for k in left_axes] or [b.sizes[k] for k in right_axes]
    factors = [placed(factor, [place[0] for place in places]) for factor in a.factors]
    factors += [placed(factor, [place[1] for place in places]) for factor in b.factors]
    return Product(tuple(sizes), tuple(counts), tuple(factors), a.scale * b.scale)


def _divided(
    builder: Builder, product: Product, dim: int, sizes: list[sympy.Expr]
) -> Product | None:
    shape = [
        math.prod((product.sizes[k] for k in group), start=sympy.Integer(1))
        for group in product.groups()
    ]
    found = viewed(builder, product, [*shape[:dim], *sizes, *shape[dim + 1 :]])
    if found is None or any(n != 1 for n in found.counts[dim : dim + len(sizes)]):
        return None
    return replace(found, counts=(*product.counts[:dim], len(sizes), *product.counts[dim + 1 :]))


def placed(factor: Factor, places: list[int | None]) -> Factor:
    """Return a factor of a product of other axes: which of the old ones each new one is."""
    return replace(factor, axes=tuple(None if p is None else factor.axes[p] for p in places))


def multiply_out(builder: Builder, product: Product, order: list[int]) -> fx.Node | None:
    """Return the product as a tensor with the elementary axes of `order` as its axes.

    An axis along which no factor varies is of size 1. None is the product of nothing: 1.
    """
    values = []
    for factor in product.factors:
        value = factor.node
        unused = [k for k in range(len(shape_of(value))) if k not in factor.axes]
        if unused:
            value = builder.call(aten.squeeze.dims, value, unused)
        # How many axes have gone before each that is left.
        axes = [factor.axes[k] for k in order]
        kept = [axis - sum(k < axis for k in unused) for axis in axes if axis is not None]
        if kept != sorted(kept):
            value = builder.call(aten.permute.default, value, kept)
        for k, axis in enumerate(axes):
            if axis is None:
                value = builder.call(aten.unsqueeze.default, value, k)
        values.append(_powered(builder, value, factor.power))
    if not values:
        return None
    result = values[0]
    for value in values[1:]:
        result = builder.call(aten.mul.Tensor, result, value)
    return result if product.scale == 1 else builder.call(aten.mul.Tensor, result, product.scale)


def _powered(builder: Builder, value: fx.Node, power: int) -> fx.Node:
    if power < 0:
        value, power = builder.call(aten.reciprocal.default, value), -power
    if power == 2:
        return builder.call(aten.mul.Tensor, value, value)
    return value if power == 1 else builder.call(aten.pow.Tensor_Scalar, value, power)
