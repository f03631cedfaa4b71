"""Batch norm with running statistics, folded into the convolution or linear layer before it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx

from ..graphs import add_constant, constant, replace, shape_of, tidy
from .batch_norms import BatchNorm, batch_norms

_ATEN = torch.ops.aten
_CONVOLUTIONS = (
    _ATEN.conv1d.default,
    _ATEN.conv1d.padding,
    _ATEN.conv2d.default,
    _ATEN.conv2d.padding,
    _ATEN.conv3d.default,
    _ATEN.conv3d.padding,
)
_TRANSPOSED = (
    _ATEN.conv_transpose1d.default,
    _ATEN.conv_transpose2d.input,
    _ATEN.conv_transpose3d.input,
)


def fold_batch_norms(program: fx.GraphModule) -> int:
    """Fold each batch norm that follows a layer with constant weights; return how many.

    The layer's output must go nowhere else. Weight and bias are worked out in float64 and rounded
    once. Conditional batch norm, whose weights come from the label, stays; so does one that stands
    before its layer, where padding would see other zeros.
    """
    folded = 0
    for norm in batch_norms(program):
        weights = _weights(program, norm)
        if weights is None or norm.output is None or len(norm.node.users) > 1:
            continue
        _fold(program, norm, *weights)
        folded += 1
    if folded:
        tidy(program)
    return folded


def _weights(program: fx.GraphModule, norm: BatchNorm) -> tuple[Tensor, Tensor | None] | None:
    # The layer's weight and bias, if all that is to be folded is constant.
    layer = norm.input
    known = (*_CONVOLUTIONS, *_TRANSPOSED, _ATEN.linear.default)
    if norm.over_batch or layer.target not in known or len(layer.users) > 1:
        return None
    if layer.target is _ATEN.linear.default and len(shape_of(layer)) != 2:
        return None  # features are not the axis that is normalised
    operands = (norm.weight, norm.bias, norm.mean, norm.variance, _argument(layer, 2, "bias"))
    if any(value is not None and constant(program, value) is None for value in operands):
        return None
    weight = constant(program, _argument(layer, 1, "weight"))
    if weight is None or norm.mean is None:
        return None
    return weight, constant(program, operands[-1])


def _argument(node: fx.Node, position: int, name: str, default: Any = None) -> Any:
    if len(node.args) > position:
        return node.args[position]
    return node.kwargs.get(name, default)


def _fold(program: fx.GraphModule, norm: BatchNorm, weight: Tensor, bias: Tensor | None) -> None:
    layer, output = norm.input, norm.output
    assert output is not None  # noqa: S101 - fold_batch_norms looked
    scale = (_double(program, norm.variance, 1.0) + norm.eps).rsqrt()
    scale = scale * _double(program, norm.weight, 1.0)
    offset = 0.0 if bias is None else bias.double()
    new_bias = (offset - _double(program, norm.mean, 0.0)) * scale
    new_bias = new_bias + _double(program, norm.bias, 0.0)
    if layer.target in _TRANSPOSED:
        groups = _argument(layer, 6, "groups", 1)
        # (in, out / groups, ...): the outputs of group g belong to the g-th part of the inputs.
        grouped = weight.double().view(groups, -1, *weight.shape[1:])
        new_weight = grouped * scale.view(groups, 1, -1, *[1] * (weight.ndim - 2))
        new_weight = new_weight.flatten(0, 1)
    else:
        new_weight = weight.double() * scale.view(-1, *[1] * (weight.ndim - 1))
    name = str(layer.args[1]).removeprefix("generator_").removeprefix("folded_")
    values = [new_weight.to(weight.dtype), new_bias.to(weight.dtype)]
    names = (name, f"{name}_bias")
    nodes = [add_constant(program, n, v, layer) for n, v in zip(names, values, strict=True)]
    layer.args = (layer.args[0], *nodes, *layer.args[3:])
    layer.kwargs = {k: v for k, v in layer.kwargs.items() if k not in ("weight", "bias")}
    replace(output, layer)
    program.graph.erase_node(norm.node)


def _double(program: fx.GraphModule, node: Any, default: float) -> Tensor:
    value = constant(program, node)
    return torch.tensor([default], dtype=torch.float64) if value is None else value.double()
