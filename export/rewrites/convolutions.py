"""Convolutions of a captured program, and those among them that take images for groups.

`groups` is an attribute in ONNX and a number in a trace: where it is the batch, a file would be
good for one batch size. Authors write that to give each image a kernel of its own, by a reshape of
(B, C, H, W) to (1, B * C, H, W).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import fx

from ..graphs import calls, shape_of
from .builder import Builder, aten, batch_extent, extent, whole_quotient

_PLAIN = (
    aten.conv1d.default,
    aten.conv2d.default,
    aten.conv3d.default,
    aten.conv1d.padding,
    aten.conv2d.padding,
    aten.conv3d.padding,
)
_TRANSPOSED = (
    aten.conv_transpose1d.default,
    aten.conv_transpose2d.input,
    aten.conv_transpose3d.input,
)
_EITHER = (aten.convolution.default,)
CONVOLUTIONS = (*_PLAIN, *_TRANSPOSED, *_EITHER)
"""Every operator that is a convolution."""


@dataclass(frozen=True)
class Convolution:
    """A convolution node with its arguments by name; `groups` is that of one image."""

    node: fx.Node
    arguments: dict[str, Any]
    groups: int

    @property
    def transposed(self) -> bool:
        """Whether it is a transposed one, whose weight is (in, out, ...)."""
        return bool(self.arguments.get("transposed", self.node.target in _TRANSPOSED))

    @property
    def spatial(self) -> int:
        """The number of axes behind the channels."""
        return len(shape_of(self.arguments["weight"])) - 2

    @property
    def batched(self) -> bool:
        """Whether the input has an axis before the channels, of size 1."""
        return len(shape_of(self.arguments["input"])) == self.spatial + 2

    def images(self, builder: Builder, channels: int) -> fx.Node:
        """Return the input as (B * groups * in / channels, channels, ...)."""
        source = self.arguments["input"]
        sizes = builder.sizes(source, *range(-self.spatial, 0))
        return builder.view(source, [-1, channels, *sizes])

    def folded(self, builder: Builder, output: fx.Node) -> fx.Node:
        """Return an output of (B, out, ...) in the node's own shape."""
        sizes = builder.sizes(output, *range(-self.spatial, 0))
        return builder.view(output, [*([1] if self.batched else []), -1, *sizes])

    def applied(self, builder: Builder, source: fx.Node, weight: fx.Node) -> fx.Node:
        """Return the convolution of images of their own axis, with one weight and no bias."""
        changed = {"input": source, "weight": weight, "bias": None, "groups": self.groups}
        return builder.call(self.node.target, *({**self.arguments, **changed}).values())


def batch_grouped(program: fx.GraphModule) -> list[Convolution]:
    """Return the convolutions whose groups are the images of a batch, or groups of each image."""
    found = []
    for node in calls(program, *CONVOLUTIONS):
        arguments = bound(node)
        groups = whole_quotient(extent(arguments["groups"]), batch_extent(program))
        if groups is None or not groups.is_number:
            continue
        convolution = Convolution(node, arguments, int(groups))
        if not convolution.batched or extent(shape_of(arguments["input"])[0]) == 1:
            found.append(convolution)
    return found


def bound(node: fx.Node) -> dict[str, Any]:
    """Return the arguments of an operator's node by name, with its defaults."""
    names = node.target._schema.arguments  # type: ignore[union-attr]
    given = dict(zip((argument.name for argument in names), node.args, strict=False))
    return {a.name: given.get(a.name, node.kwargs.get(a.name, a.default_value)) for a in names}
