"""`cumprod`, which ONNX has no operator for before opset 26, as products of shifted slices.

Volume rendering needs it (GRAF, pi-GAN, EG3D): the light that is left behind each sample of a ray.
Of n values the products are made in log2 n steps (Hillis and Steele 1986), where PyTorch takes one
value after another: the two round differently.
"""

from __future__ import annotations

import torch
from torch import fx

from ..graphs import calls, shape_of, tidy
from ..graphs import replace as put_in_place
from .builder import Builder, aten
from .convolutions import bound


def products_of_slices(program: fx.GraphModule) -> int:
    """Rewrite `cumprod` along axes of a fixed size; return how many."""
    count = 0
    for node in calls(program, aten.cumprod.default):
        count += _as_slices(program, node)
    if count:
        tidy(program)
    return count


def _as_slices(program: fx.GraphModule, node: fx.Node) -> bool:
    given = bound(node)
    product: fx.Node = given["self"]
    shape = shape_of(product)
    if not shape or isinstance(shape[given["dim"]], torch.SymInt):
        return False
    axis, size = given["dim"] % len(shape), int(shape[given["dim"]])
    builder = Builder(program, node)
    dtype = node.meta["val"].dtype  # a product of integers is int64
    if product.meta["val"].dtype != dtype:
        product = builder.call(aten._to_copy.default, product, dtype=dtype)
    step = 1
    while step < size:
        # Each holds the product of the `step` values that end with it; now of twice as many.
        head = builder.call(aten.slice.Tensor, product, axis, 0, step)
        tail = builder.call(aten.slice.Tensor, product, axis, step, size)
        before = builder.call(aten.slice.Tensor, product, axis, 0, size - step)
        tail = builder.call(aten.mul.Tensor, tail, before)
        product = builder.call(aten.cat.default, [head, tail], axis)
        step *= 2
    put_in_place(node, product)
    return True
