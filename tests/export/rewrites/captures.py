"""Tiny modules captured, rewritten and run: as programs, and in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnxruntime
import torch
from torch import Tensor, fx, nn
from torch.export import Dim

from gansdk.export.capture import capture, exported_program, quiet
from gansdk.export.example import free_batch
from gansdk.export.graphs import placeholders

BATCHES = (1, 3, 16)


def captured(module: nn.Module, *inputs: Tensor, **arguments: Any) -> fx.GraphModule:
    """Capture a module as it is, in its mode, with the batch free."""
    named = {f"x{k}": value for k, value in enumerate(inputs)}
    return capture(module, lambda m, *x: m(*x, **arguments), named, free_batch(named))


def run(program: fx.GraphModule, *inputs: Tensor) -> Tensor:
    with torch.no_grad():
        output: Tensor = program(*inputs)
    return output


def run_onnx(program: fx.GraphModule, *inputs: Sequence[Tensor]) -> list[Tensor]:
    """Export a program to ONNX with a free batch and run it on each list of inputs."""
    named = {f"x{k}": value for k, value in enumerate(inputs[0])}
    assert len(named) == len(placeholders(program))
    exported = exported_program(program, named, free_batch(named))
    batch = Dim("batch", min=1)
    with quiet():
        onnx = torch.onnx.export(
            exported,
            input_names=list(named),
            dynamic_shapes=tuple({0: batch} for _ in named),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert onnx is not None
    session = onnxruntime.InferenceSession(
        onnx.model_proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_inputs()]
    outputs = []
    for values in inputs:
        feed = {name: value.numpy() for name, value in zip(names, values, strict=True)}
        outputs.append(torch.from_numpy(session.run(None, feed)[0]))
    return outputs


def targets(program: fx.GraphModule) -> list[str]:
    """Return the names of the operators that a program calls."""
    return [str(n.target) for n in program.graph.nodes if n.op == "call_function"]
