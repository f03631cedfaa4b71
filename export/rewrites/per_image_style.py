"""StyleGAN3's normalised styles, each by its own image instead of by the batch.

StyleGAN3 divides the styles by the root of their mean square over the whole batch before it
modulates a weight and demodulates it. Demodulation divides by the norm of what the styles made, so
the number cancels, up to the epsilon of the norm; but its last bits are those of the other images.
Any number near it does the same work. It is exchanged only where it cancels by form: where the
weight holds the number to the power p, and a factor that is the norm of a product with the number
to the power p, to the power -1. Anywhere else it stays.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from torch import fx

from ..graphs import shape_of, varies_with_batch
from .builder import Builder, aten, batch_extent
from .contraction import SUMS, contracted, summand
from .outer_product import Factor, Product
from .views import RESHAPES, SAME

# What an operator does to the degree of a number that its input is proportional to, roughly: an
# epsilon that is added, or a floor, changes nothing that matters.
_DEGREES: dict[Any, Fraction] = {
    aten.rsqrt.default: Fraction(-1, 2),
    aten.sqrt.default: Fraction(1, 2),
    aten.reciprocal.default: Fraction(-1),
    aten.square.default: Fraction(2),
    **dict.fromkeys(
        (
            aten.add.Tensor,
            aten.add.Scalar,
            aten.mul.Tensor,
            aten.mul.Scalar,
            aten.div.Tensor,
            aten.clamp_min.default,
            aten.to.dtype,
            aten._to_copy.default,
            *RESHAPES,
            *SAME,
        ),
        Fraction(1),
    ),
}
_WITH_EPSILON = (aten.add.Tensor, aten.add.Scalar, aten.clamp_min.default)
_LARGEST_EPSILON = 1e-4
_MEANS = (aten.mean.default, aten.mean.dim)


def per_image(builder: Builder, product: Product) -> Product:
    """Return a weight with means over the batch that demodulation cancels taken per image."""
    numbers = dict.fromkeys(f.node for f in product.factors if not f.along)
    for number in numbers:
        path = _path(number, _MEANS)
        if path is None or not _over_the_batch(builder, path[-1]):
            continue
        power = sum(f.power for f in product.factors if f.node is number)
        for norm in [f for f in product.factors if f.along]:
            below = _path(norm.node, SUMS)
            if below is None:
                continue
            degree = norm.power * _degree(below)
            inside = summand(builder, below[-1])
            if inside is None or batch_extent(builder.program) not in inside.sizes:
                continue
            found = sum(f.power for f in inside.factors if f.node is number)
            if found and found * degree == -power:
                changed = _changed(builder, product, number, path, norm, below)
                product = changed or product
                break
    return product


def _changed(
    builder: Builder,
    product: Product,
    number: fx.Node,
    path: list[fx.Node],
    norm: Factor,
    below: list[fx.Node],
) -> Product | None:
    mean = path[-1]
    axes = list(range(1, len(shape_of(mean.args[0]))))  # type: ignore[arg-type]
    own = builder.call(aten.mean.dim, mean.args[0], axes, True, **mean.kwargs)
    own = _copied(builder, path, own)

    def exchanged(product: Product) -> Product:
        image = product.sizes.index(batch_extent(builder.program))
        axes = tuple(0 if axis == image else None for axis in range(len(product.sizes)))
        factors = (
            replace(f, node=own, axes=axes) if f.node is number else f for f in product.factors
        )
        return replace(product, factors=tuple(factors))

    total = contracted(builder, below[-1], exchanged)
    if total is None:
        return None
    new = _copied(builder, below, total)
    factors = (replace(f, node=new) if f is norm else f for f in product.factors)
    return exchanged(replace(product, factors=tuple(factors)))


def _path(node: fx.Node, ends: tuple[object, ...]) -> list[fx.Node] | None:
    """Return the nodes from one down to a sum, all in between being functions of that sum alone."""
    path = [node]
    while node.target not in ends:
        source = node.args[0] if node.args else None
        if not isinstance(source, fx.Node) or _degree_of(node) is None:
            return None
        path.append(source)
        node = source
    return path


def _degree_of(node: fx.Node) -> Fraction | None:
    rest = node.args[1] if len(node.args) > 1 else None
    if node.target is aten.pow.Tensor_Scalar and isinstance(rest, (int, float)):
        return Fraction(rest)
    if node.target in RESHAPES:
        return Fraction(1)
    if isinstance(rest, fx.Node):
        return None
    small = isinstance(rest, (int, float)) and 0 <= rest <= _LARGEST_EPSILON
    if node.target in _WITH_EPSILON and not small:
        return None
    return _DEGREES.get(node.target)


def _degree(path: list[fx.Node]) -> Fraction:
    degree = Fraction(1)
    for node in path[:-1]:
        degree *= _degree_of(node) or 0
    return degree * (Fraction(1, 2) if path[-1].target is aten.linalg_vector_norm.default else 1)


def _copied(builder: Builder, path: list[fx.Node], end: fx.Node) -> fx.Node:
    new = {path[-1]: end}
    for node in reversed(path[:-1]):
        new[node] = builder.copy(node, new)
    return new[path[0]]


def _over_the_batch(builder: Builder, mean: fx.Node) -> bool:
    source = mean.args[0]
    if not isinstance(source, fx.Node) or len(shape_of(source)) < 2:
        return False
    return varies_with_batch(builder.program, source) and not shape_of(mean)
