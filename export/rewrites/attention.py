"""Attention of other than four axes as that of four, which is all that ONNX's exporter knows.

Windows folded into the batch, as in Swin, and attention of one head are written with three axes.
"""

from __future__ import annotations

from torch import fx

from ..graphs import calls, shape_of, tidy
from ..graphs import replace as put_in_place
from .builder import Builder, aten
from .convolutions import bound


def four_axes_attention(program: fx.GraphModule) -> int:
    """Rewrite `scaled_dot_product_attention` of other ranks; return how many.

    One whose mask has axes of its own among those that would be folded is left as it is.
    """
    count = 0
    for node in calls(program, aten.scaled_dot_product_attention.default):
        count += _with_four_axes(program, node)
    if count:
        tidy(program)
    return count


def _with_four_axes(program: fx.GraphModule, node: fx.Node) -> bool:
    given = bound(node)
    query, _, value = parts = [given[name] for name in ("query", "key", "value")]
    mask, rank = given["attn_mask"], len(shape_of(query))
    masked = len(shape_of(mask)) if mask is not None else 0
    if rank == 4 or any(len(shape_of(part)) != rank for part in parts):
        return False
    if masked > 2 and not masked == rank == 3:
        return False
    builder = Builder(program, node)

    def unfolded(part: fx.Node) -> fx.Node:
        if rank > 4:
            return builder.view(part, [-1, *builder.sizes(part, rank - 3, rank - 2, rank - 1)])
        for _ in range(4 - rank):
            part = builder.call(aten.unsqueeze.default, part, 0 if rank < 3 else 1)
        return part

    leading = builder.sizes(query, *range(rank - 1))
    result = builder.call(
        aten.scaled_dot_product_attention.default,
        *(unfolded(part) for part in parts),
        builder.call(aten.unsqueeze.default, mask, 1) if masked == 3 else mask,
        given["dropout_p"],
        given["is_causal"],
        scale=given["scale"],
        enable_gqa=given["enable_gqa"],
    )
    width = builder.sizes(value, rank - 1)
    put_in_place(node, builder.view(result, [*leading, *width]))
    return True
