"""ONNX from a program."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gansdk.errors import ExportError
from gansdk.export import to_onnx
from gansdk.export.capture import capture, exported_program
from gansdk.export.example import free_batch


class Branching(nn.Module):
    def forward(self, z: Tensor) -> Tensor:
        return torch.cond(z.abs().sum() > 0, lambda x: x * 1.5, lambda x: -x, (z,))


def exported(module: nn.Module) -> torch.export.ExportedProgram:
    given = {"z": torch.randn(16, 4)}
    free = free_batch(given)
    return exported_program(capture(module, lambda m, z: m(z), given, free), given, free)


def test_the_branches_of_a_condition_name_no_source_file() -> None:
    model = to_onnx.to_onnx(exported(Branching()), ["z"], "y", 20)
    (condition,) = [node for node in model.graph.node if node.op_type == "If"]
    assert {x.name for x in condition.attribute} == {"then_branch", "else_branch"}
    assert str(Path(__file__).parent).encode() not in model.SerializeToString()


def test_operators_are_counted_the_most_frequent_first() -> None:
    class Chain(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return torch.tanh(torch.relu(torch.relu(z) - 0.5))

    model = to_onnx.to_onnx(exported(Chain()), ["z"], "y", 20)
    assert list(to_onnx.operators(model).items()) == [("Relu", 2), ("Sub", 1), ("Tanh", 1)]


def test_an_opset_that_the_exporter_does_not_write_is_no_other_one() -> None:
    class Plain(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return torch.relu(z)

    with pytest.raises(ExportError, match="wrote opset 18 where 13 was asked for"):
        to_onnx.to_onnx(exported(Plain()), ["z"], "y", 13)
