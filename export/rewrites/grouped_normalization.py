"""Norms of each image by itself that are written as a batch norm of one large image.

MUNIT's adaptive instance norm folds (B, C, H, W) into (1, B * C, H, W) and calls a batch norm in
train mode, whose statistics are then those of each channel of each image: an instance norm in
disguise. As that it is the same for any batch; as a batch norm in train mode it would be refused.
"""

from __future__ import annotations

import operator
from typing import Any

from torch import fx

from ..graphs import calls, tidy
from ..graphs import replace as put_in_place
from .builder import Builder, aten, batch_extent, extents, whole_quotient
from .convolutions import bound
from .views import cancel_views

_BATCH_NORMS = (
    aten.batch_norm.default,
    aten.native_batch_norm.default,
    aten._native_batch_norm_legit.default,
    aten._native_batch_norm_legit.no_stats,
    aten._native_batch_norm_legit_functional.default,
)


def batch_free_normalizations(program: fx.GraphModule) -> int:
    """Rewrite norms of a folded batch to norms of each image; return how many.

    Rewritten are batch norms in train mode and instance norms of (1, B * C, ...). Group norms of it
    never come here: their number of groups must be known when a module is captured.
    """
    count = 0
    for node in calls(program, *_BATCH_NORMS, aten.instance_norm.default):
        arguments = bound(node)
        if arguments.get("training", arguments.get("use_input_stats")):
            count += _as_instance_norm(program, node, arguments)
    if count:
        cancel_views(program)
        tidy(program)
    return count


def _as_instance_norm(program: fx.GraphModule, node: fx.Node, arguments: dict[str, Any]) -> bool:
    channels = _channels(program, arguments["input"])
    outputs = [node] if _is_tensor(node) else _used(node)
    if channels is None or outputs is None:
        return False
    builder = Builder(program, node)
    images = _images(builder, arguments["input"], channels)
    statistics = (None, None, None, None, True, 0.1, arguments["eps"], False)
    value = builder.call(aten.instance_norm.default, images, *statistics)
    return _finish(builder, outputs[0], value, channels, arguments)


def _channels(program: fx.GraphModule, source: fx.Node) -> int | None:
    """Return C of an input of (1, B * C, ...); None for any other."""
    first, second, *rest = extents(source)
    channels = whole_quotient(second, batch_extent(program))
    if first != 1 or not rest or channels is None or not channels.is_number:
        return None
    return int(channels)


def _images(builder: Builder, source: fx.Node, channels: int) -> fx.Node:
    spatial = range(2, len(extents(source)))
    return builder.view(source, [-1, channels, *builder.sizes(source, *spatial)])


def _finish(
    builder: Builder, output: fx.Node, value: fx.Node, channels: int, arguments: dict[str, Any]
) -> bool:
    spatial = range(2, len(extents(value)))
    for name, apply in (("weight", aten.mul.Tensor), ("bias", aten.add.Tensor)):
        if arguments[name] is not None:
            by = builder.view(arguments[name], [-1, channels, *[1] * len(spatial)])
            value = builder.call(apply, value, by)
    put_in_place(output, builder.view(value, [1, -1, *builder.sizes(value, *spatial)]))
    return True


def _is_tensor(node: fx.Node) -> bool:
    return not isinstance(node.meta["val"], (tuple, list))


def _used(node: fx.Node) -> list[fx.Node] | None:
    """Return the `getitem` of a norm's output; None if its statistics are used too."""
    items = [user for user in node.users if user.target is operator.getitem]
    used = [item for item in items if item.users]
    return used if [item.args[1] for item in used] == [0] else None
