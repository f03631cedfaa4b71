"""To TorchScript: a program written out as source, operator by operator.

Tracing would fix whatever Python computes from the batch size; source keeps it free. PyTorch has
deprecated torch.jit; ONNX and `.pt2` are the better files.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import torch
from torch import fx, nn

from gansdk.errors import ExportError

from .capture import quiet
from .graphs import constant, layer_of
from .reasons import reason_of

_INFIX: dict[Callable[..., Any], str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.floordiv: "//",
    operator.mod: "%",
}
_TAKEN = ("self", "torch", "float", "training", "forward")
# Checks of sizes: the exporter's own, worthless in a file whose shapes are free.
_CHECKS = ("_assert_scalar", "_assert_tensor_metadata", "_assert_async")


def to_torchscript(program: fx.GraphModule, path: Path, metadata: dict[str, str]) -> None:
    """Write a program as TorchScript; `metadata` becomes its extra files.

    Raises
    ------
    ExportError
        The program holds what TorchScript has no word for; the message names it.
    """
    # A class of its own: TorchScript would take the method of an earlier export for this one's.
    weights: nn.Module = type("Generator", (nn.Module,), {"__module__": "gansdk"})()
    source = _source(program, weights)
    try:
        with quiet():
            script = torch.jit.script(weights)
            script.define(source)
            torch.jit.save(script, str(path), _extra_files=metadata)
    except RuntimeError as error:
        raise ExportError(f"TorchScript cannot express the program: {reason_of(error)}") from error
    _strip(path)


def _source(program: fx.GraphModule, weights: nn.Module) -> str:
    """Return the program's `forward`, its weights registered with the module."""
    names: dict[fx.Node, str] = {}
    inputs: list[str] = []
    lines: list[str] = []
    for node in program.graph.nodes:
        name = names[node] = f"{node.name}_" if node.name in _TAKEN else node.name
        if node.op == "placeholder":
            inputs.append(name)
        elif node.op == "get_attr":
            value = constant(program, node)
            if value is None:
                continue  # a branch of a condition, which its user is refused for
            weights.register_buffer(name, value)
            names[node] = f"self.{name}"
        elif node.op == "output":
            results: Any = node.args[0]
            lines.append(f"return {names[results[0]]}")
        elif node.op == "call_function":
            if getattr(node.target, "_opname", None) not in _CHECKS:
                lines.append(f"{name} = {_call(node, names, inputs[0])}")
        else:
            raise ExportError(f"TorchScript has no word for {node.op} {node.target}")
    head = ", ".join(f"{name}: Tensor" for name in inputs)
    body = "".join(f"    {line}\n" for line in lines)
    return f"def forward(self, {head}) -> Tensor:\n{body}"


def _call(node: fx.Node, names: dict[fx.Node, str], first: str) -> str:
    target: Any = node.target
    if target in _INFIX:
        left, right = (_value(arg, names) for arg in node.args)
        return f"({left} {_INFIX[target]} {right})"
    if target is operator.getitem:
        owner, index = node.args
        return f"{_value(owner, names)}[{index}]"
    if target is torch.ops.aten.sym_size.int:
        return f"{_value(node.args[0], names)}.size({node.args[1]})"
    if not isinstance(target, torch._ops.OpOverload):
        where = layer_of(node)
        raise ExportError(
            f"TorchScript has no word for {getattr(target, '__name__', target)}"
            f'{f", in layer {where}" if where else ""}: leave "torchscript" out of the formats'
        )
    parameters = {a.name: str(a.type) for a in target._schema.arguments}
    kinds = list(parameters.values())
    given = [_value(arg, names, kind) for arg, kind in zip(node.args, kinds, strict=False)]
    for key, arg in node.kwargs.items():
        # The device that the weights are moved to when the file is loaded.
        text = f"{first}.device" if key == "device" and arg is not None else None
        given.append(f"{key}={text or _value(arg, names, parameters[key])}")
    return f"torch.ops.{target.namespace}.{target._opname}({', '.join(given)})"


def _value(value: Any, names: dict[fx.Node, str], kind: str = "") -> str:
    if isinstance(value, fx.Node):
        return names[value]
    if isinstance(value, (list, tuple)):
        text = f"[{', '.join(_value(v, names) for v in value)}]"
        if value and not any(v is None for v in value):
            return text
        # An empty list, or one with None in it, does not tell its type.
        element = "Optional[Tensor]" if "Tensor" in kind else "float" if "float" in kind else "int"
        return f"torch.jit.annotate(List[{element}], {text})"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, torch.device):
        return f"torch.device('{value}')"
    return repr(value)


def _strip(path: Path) -> None:
    # Source paths of the exporting machine, and the inputs it traced: no use to who runs the file.
    with ZipFile(path) as old:
        records = {
            name: old.read(name)
            for name in old.namelist()
            if not name.endswith(".debug_pkl") and "/traced_inputs" not in name
        }
    with ZipFile(path, "w") as new:
        for name, data in records.items():
            new.writestr(ZipInfo(name), data)
