"""Simplification must not take small constants for 0, as the exporter's own does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from gansdk import GeneratorSpec, Latent, Sampler
from gansdk.export import export
from gansdk.spec import Output

SPEC = GeneratorSpec(latent=Latent(8), output=Output(kind="array"))


@pytest.mark.parametrize("epsilon", [1e-8, 1e-12])
def test_the_epsilon_of_pixel_norm_stays(epsilon: float, tmp_path: Path) -> None:
    class PixelNorm(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return z * torch.rsqrt(torch.mean(z**2, dim=1, keepdim=True) + epsilon)

    export(PixelNorm(), tmp_path / "model", spec=SPEC, formats=["onnx"])
    zeros = Sampler(tmp_path / "model", threads=1).generate(np.zeros((1, 8), np.float32))
    assert np.array_equal(zeros, np.zeros((1, 8)))


def test_a_factor_next_to_1_stays(tmp_path: Path) -> None:
    class Scaled(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return z * 1.000008 + z.relu()

    export(Scaled(), tmp_path / "model", spec=SPEC, formats=["onnx"])
    one = Sampler(tmp_path / "model", threads=1).generate(np.full((1, 8), -1, np.float32))
    assert np.array_equal(one, np.full((1, 8), -np.float32(1.000008)))


def test_padding_and_chains_of_views_join(tmp_path: Path) -> None:
    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.only = nn.Conv2d(2, 3, 3)

        def forward(self, z: Tensor) -> Tensor:
            x = nn.functional.pad(z.reshape(-1, 4, 2).reshape(-1, 2, 2, 2), (1, 1, 1, 1))
            return self.only(x).flatten(1)

    export(Padded(), tmp_path / "model", spec=SPEC, formats=["onnx"])
    model = onnx.load(tmp_path / "model" / "generator.onnx")
    assert [node.op_type for node in model.graph.node] == ["Reshape", "Conv", "Reshape"]
