"""StyleGAN's modulated convolution without the batch in `groups`.

StyleGAN2 and 3 give each image a kernel of its own: the shared weight times a style along the input
channels, divided by its norm (demodulation). Fused, that is one convolution of (1, B * C, H, W)
with groups=B and a weight of (B, O, I, k, k). A convolution is linear in its kernel, so the same
comes from the shared weight: scale the input's channels by the style and the output's by what the
norm left. The norm itself is a product of two matrices, s^2 @ sum_k(w^2)^T. What it costs: the
sums are taken in another order, which moves the last bits (about 1e-6 of the value range a layer).
"""

from __future__ import annotations

from dataclasses import replace

import sympy
import torch
from torch import fx

from ..graphs import calls, tidy
from ..graphs import replace as put_in_place
from .builder import Builder, aten, batch_extent, extents, whole_quotient
from .contraction import contract_outer_products
from .convolutions import Convolution, batch_grouped
from .factorise import factorise
from .outer_product import Factor, Product, multiply_out, viewed
from .per_image_style import per_image
from .views import cancel_views


def batch_free_modulated_convolutions(program: fx.GraphModule) -> int:
    """Rewrite grouped-by-batch convolutions whose weight is a product; return how many.

    The weight must be a product of factors each of which is shared by all images, or varies from
    image to image along the input channels only, or along the output channels only; others are
    left as they are. Norms of such products (demodulation) become matrix products also where the
    convolution itself was written batch-free.

    StyleGAN3 divides styles by their root mean square over the whole batch, which makes an image
    depend on its neighbours. Where demodulation provably cancels that number, that of the image
    takes its place; see `per_image_style`.
    """
    for node in calls(program, aten._assert_tensor_metadata.default):
        program.graph.erase_node(node)  # it would keep what it looks at
    count = sum(_rewrite(program, convolution) for convolution in batch_grouped(program))
    if count:
        cancel_views(program)
        tidy(program)
    # What the rewritten weights alone made of these is gone by now.
    contract_outer_products(program)
    return count


def _rewrite(program: fx.GraphModule, convolution: Convolution) -> bool:
    builder = Builder(program, convolution.node)
    weight, bias = convolution.arguments["weight"], convolution.arguments["bias"]
    front, second, *kernel = extents(weight)
    groups = sympy.Integer(convolution.groups)
    each = whole_quotient(front, batch_extent(program) * groups)
    if each is None or not all(size.is_number for size in (each, second, *kernel)):
        return False
    shape = [batch_extent(program), groups, each, second, *kernel]
    product = viewed(builder, factorise(builder, weight), shape)
    if product is None:
        return False
    product = per_image(builder, product)
    inputs, outputs = (2, 3) if convolution.transposed else (3, 2)
    parts = _parts(product, inputs, outputs)
    if parts is None:
        return False
    shared, styles, scales = parts

    size = [int(groups * each), int(second), *(int(n) for n in kernel)]
    kernels = _in_full(builder, shared, range(1, len(shape)), size)
    source = convolution.images(builder, int(groups * shape[inputs]))
    dtype = source.meta["val"].dtype
    channels = [-1, int(groups * shape[inputs]), *[1] * convolution.spatial]
    if styles.factors:
        by = _in_full(builder, styles, (0, 1, inputs), channels)
        source = builder.call(aten.mul.Tensor, source, _cast(builder, by, dtype))
    output = convolution.applied(builder, source, _cast(builder, kernels, dtype))
    channels = [-1, int(groups * shape[outputs]), *[1] * convolution.spatial]
    if scales.factors:
        by = _in_full(builder, scales, (0, 1, outputs), channels)
        output = builder.call(aten.mul.Tensor, output, _cast(builder, by, dtype))
    if bias is not None:
        output = builder.call(aten.add.Tensor, output, builder.view(bias, channels))
    put_in_place(convolution.node, convolution.folded(builder, output))
    return True


def _parts(product: Product, inputs: int, outputs: int) -> tuple[Product, Product, Product] | None:
    """Divide a weight's factors: shared, along the input's channels, along the output's."""
    axes = product.groups()
    images = {*axes[0]}
    before, behind = {*axes[0], *axes[1], *axes[inputs]}, {*axes[0], *axes[1], *axes[outputs]}
    shared: list[Factor] = []
    styles: list[Factor] = []
    scales: list[Factor] = []
    for factor in product.factors:
        own = bool(factor.along & images)
        if own or _varies(factor.node):
            if factor.along <= before:
                styles.append(factor)
            elif factor.along <= behind:
                scales.append(factor)
            elif own:
                return None
            else:
                shared.append(factor)
        else:
            shared.append(factor)
    if not shared:
        return None
    bare = replace(product, scale=1.0)
    return (
        replace(product, factors=tuple(shared)),
        replace(bare, factors=tuple(styles)),
        replace(bare, factors=tuple(scales)),
    )


def _in_full(
    builder: Builder, part: Product, dims: tuple[int, ...] | range, shape: list[int]
) -> fx.Node:
    """Return a part along some of the weight's axes in a shape, the image's number being -1."""
    order = [axis for dim in dims for axis in part.groups()[dim]]
    value = multiply_out(builder, part, order)
    assert value is not None  # noqa: S101 - there is a factor
    sizes = [int(part.sizes[a]) if part.sizes[a].is_number else -1 for a in order]
    found = [int(size) if size.is_number else -1 for size in extents(value)]
    if any(n != -1 and n != m for n, m in zip(sizes, found, strict=True)):
        value = builder.call(aten.expand.default, value, sizes)
    return builder.view(value, shape)


def _cast(builder: Builder, value: fx.Node, dtype: torch.dtype) -> fx.Node:
    if value.meta["val"].dtype == dtype:
        return value
    return builder.call(aten._to_copy.default, value, dtype=dtype)


def _varies(node: fx.Node) -> bool:
    """Whether a node's value depends on the inputs, other than on their shape."""
    seen, todo = set(), [node]
    while todo:
        node = todo.pop()
        if node.op == "placeholder":
            return True
        if node not in seen and node.target is not aten.sym_size.int:
            seen.add(node)
            todo += node.all_input_nodes
    return False
