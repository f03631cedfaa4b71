"""A kernel for each image, of any form, without the batch in `groups`.

For what `modulated_convolution` leaves: kernels that another network gave (hypernetworks, dynamic
filters, kernel prediction), mixtures of kernels chosen per image. The convolution becomes a matrix
product per image over patches of the input, exactly what it is. The price is the patches' memory:
as many times the input as the kernel has taps.
"""

from __future__ import annotations

import operator
from typing import Any

import sympy
import torch
from torch import fx

from gansdk.errors import ExportError

from ..graphs import calls, layer_of, tidy
from ..graphs import replace as put_in_place
from .builder import Builder, aten, batch_extent, extent, extents, whole_quotient
from .convolutions import CONVOLUTIONS, Convolution, batch_grouped, bound
from .views import cancel_views


def batch_free_convolutions(program: fx.GraphModule) -> int:
    """Rewrite grouped-by-batch 1-d and 2-d convolutions as matrix products; return how many.

    Others (3-d; transposed or padded by name and of pictures of any size) stay. Run it after
    `batch_free_modulated_convolutions`, which knows a cheaper form of most.
    """
    count = sum(_rewrite(program, convolution) for convolution in batch_grouped(program))
    if count:
        cancel_views(program)
        tidy(program)
    return count


def no_batch_in_groups(program: fx.GraphModule) -> None:
    """Check that no convolution takes its number of groups from the batch.

    Raises
    ------
    ExportError
        One does: a rewrite did not know it. The message names its layer and the operator.
    """
    for node in calls(program, *CONVOLUTIONS):
        arguments = bound(node)
        groups = arguments["groups"]
        if isinstance(groups, (fx.Node, torch.SymInt)) and not extent(groups).is_number:
            where = layer_of(node) or "the generator itself"
            name = node.target._schema.name.removeprefix("aten::")  # type: ignore[union-attr]
            raise ExportError(
                f"{name} in {where} has groups={extent(groups)}, which varies with the batch, and "
                "is of no form that is known to do without: write it per image (torch.bmm, or scale"
                " its input and output)"
            )


def _rewrite(program: fx.GraphModule, convolution: Convolution) -> bool:
    front, second, *kernel = extents(convolution.arguments["weight"])
    each = whole_quotient(front, batch_extent(program) * sympy.Integer(convolution.groups))
    if each is None or convolution.spatial > 2:
        return False
    if not all(size.is_number for size in (each, second, *kernel)):
        return False
    builder = Builder(program, convolution.node)
    sizes = _output_sizes(builder, convolution, [int(n) for n in kernel])
    if sizes is None:
        return False
    multiply = _transposed if convolution.transposed else _plain
    # Every group is an image of its own here.
    value = multiply(builder, convolution, int(each), int(second), [int(n) for n in kernel])
    value = builder.view(value, [*([1] if convolution.batched else []), -1, *sizes])
    bias = convolution.arguments["bias"]
    if bias is not None:
        bias = builder.view(bias, [-1, *[1] * convolution.spatial])
        value = builder.call(aten.add.Tensor, value, bias)
    put_in_place(convolution.node, value)
    return True


def _output_sizes(
    builder: Builder, convolution: Convolution, kernel: list[int]
) -> list[int | fx.Node] | None:
    """Return the output's spatial sizes, nodes if they are free; None for what has none."""
    axes = range(-convolution.spatial, 0)
    output = [extents(convolution.node)[axis] for axis in axes]
    if all(size.is_number for size in output):
        return [int(size) for size in output]
    arguments = convolution.arguments
    if convolution.transposed or isinstance(arguments["padding"], str):
        return None
    sizes = builder.sizes(arguments["input"], *axes)
    for k, (size, stride) in enumerate(zip(sizes, arguments["stride"], strict=True)):
        reach = arguments["dilation"][k] * (kernel[k] - 1) + 1
        size = builder.call(operator.add, size, 2 * arguments["padding"][k] - reach)
        size = builder.call(operator.floordiv, size, stride)
        sizes[k] = builder.call(operator.add, size, 1)
    return sizes


def _plain(
    builder: Builder, convolution: Convolution, outputs: int, inputs: int, kernel: list[int]
) -> fx.Node:
    arguments = convolution.arguments
    source = convolution.images(builder, inputs)
    stride, dilation = (_pair(arguments[name], 1) for name in ("stride", "dilation"))
    padding = arguments["padding"]
    if padding == "same":
        total = [
            d * (k - 1)
            for d, k in zip(_pair(arguments["dilation"], 1), _pair(kernel, 1), strict=True)
        ]
        sides = [side for n in reversed(total) for side in (n // 2, n - n // 2)]
        source = builder.call(aten.pad.default, source, sides[: 2 * convolution.spatial])
    padding = [0, 0] if isinstance(padding, str) else _pair(padding, 0)
    size = _pair(kernel, 1)
    if size == [1, 1] and stride == [1, 1] and padding == [0, 0]:
        patches = builder.call(aten.flatten.using_ints, source, 2)
    else:
        if convolution.spatial == 1:
            source = builder.call(aten.unsqueeze.default, source, 2)
        patches = builder.call(aten.im2col.default, source, size, dilation, padding, stride)
    weight = builder.view(arguments["weight"], [-1, outputs, inputs * size[0] * size[1]])
    return builder.call(aten.bmm.default, weight, patches)


def _transposed(
    builder: Builder, convolution: Convolution, inputs: int, outputs: int, kernel: list[int]
) -> fx.Node:
    arguments = convolution.arguments
    stride, dilation = (_pair(arguments[name], 1) for name in ("stride", "dilation"))
    padding, size = _pair(arguments["padding"], 0), _pair(kernel, 1)
    source = convolution.images(builder, inputs)
    pixels = builder.call(aten.flatten.using_ints, source, 2)
    weight = builder.view(arguments["weight"], [-1, inputs, outputs * size[0] * size[1]])
    weight = builder.call(aten.transpose.int, weight, 1, 2)
    patches = builder.call(aten.bmm.default, weight, pixels)
    target = _pair([int(n) for n in extents(convolution.node)[-convolution.spatial :]], 1)
    return builder.call(aten.col2im.default, patches, target, size, dilation, padding, stride)


def _pair(values: Any, neutral: int) -> list[int]:
    """Return what a 1-d convolution says of its axis as a 2-d one would, height being 1."""
    return [neutral, *values] if len(values) == 1 else [*values]
