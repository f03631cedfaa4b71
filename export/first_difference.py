"""Where a file and PyTorch part: the first layer whose values differ."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import fx

from gansdk.backends import open_backend
from gansdk.errors import GansdkError
from gansdk.models.locate import GENERATOR_FILES, Format

from .graphs import layer_of, tidy, varies_with_batch
from .parity import Floats, run_file
from .writer import Writer

WriterOf = Callable[[fx.GraphModule], Writer]


def first_difference(
    program: fx.GraphModule,
    expected: Floats,
    inputs: dict[str, torch.Tensor],
    form: Format,
    writer_of: WriterOf,
    tolerance: float,
) -> str:
    """Return in words the first layer of a program whose file gives other values than PyTorch.

    The program in PyTorch is compared with what the module gave, and if they agree, parts of the
    program with files of these parts, by bisection over its layers. `tolerance` is that of the
    whole output; within, it is relative to the largest value of a layer.
    """
    last: Any = program.graph.output_node().args[0]
    values = _values(program, inputs)
    if not np.abs(values[last].numpy() - expected).max() <= tolerance:
        return "the captured program differs already: the module does otherwise when captured"
    ends = _layer_ends(program)
    relative = tolerance / max(float(np.abs(expected).max()), 1e-30)

    def parts(node: fx.Node) -> bool:
        try:
            actual = _file_values(program, node, inputs, form, writer_of)
        except GansdkError:
            return True
        wanted = values[node].numpy()
        return not np.abs(actual - wanted).max() <= relative * max(np.abs(wanted).max(), 1e-30)

    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if parts(ends[middle]) else (middle + 1, high)
    if not ends:
        return "at no layer of its own"
    node = ends[low]
    operator = getattr(node.target, "_opname", node.target)
    return f"first at layer {layer_of(node) or '(the outermost)'}, operator {operator}"


def _values(
    program: fx.GraphModule, inputs: dict[str, torch.Tensor]
) -> dict[fx.Node, torch.Tensor]:
    class Keeping(fx.Interpreter):
        def run_node(self, n: fx.Node) -> object:
            value = super().run_node(n)
            if isinstance(value, torch.Tensor):
                values[n] = value.detach().clone()
            return value

    values: dict[fx.Node, torch.Tensor] = {}
    with torch.inference_mode():
        Keeping(program).run(*inputs.values())
    return values


def _layer_ends(program: fx.GraphModule) -> list[fx.Node]:
    # The last node of each run of nodes from one layer, as far as it can be an output.
    nodes = [
        n
        for n in program.graph.nodes
        if n.op == "call_function"
        and isinstance(n.meta.get("val"), torch.Tensor)
        and n.meta["val"].is_floating_point()
        and varies_with_batch(program, n)
    ]
    following = [*nodes[1:], None]
    return [
        a for a, b in zip(nodes, following, strict=True) if b is None or layer_of(a) != layer_of(b)
    ]


def _file_values(
    program: fx.GraphModule,
    node: fx.Node,
    inputs: dict[str, torch.Tensor],
    form: Format,
    writer_of: WriterOf,
) -> Floats:
    part = copy.deepcopy(program)
    twin = next(n for n in part.graph.nodes if n.name == node.name)
    part.graph.output_node().args = (twin,)
    tidy(part)
    with TemporaryDirectory() as folder:
        path = Path(folder) / GENERATOR_FILES[form]
        writer_of(part).write(form, path, {})
        return run_file(open_backend(path, threads=torch.get_num_threads()), inputs)
