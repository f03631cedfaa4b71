"""Modules as users have them: other dtypes, norms on their weights, hooks, wrappers."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

from gansdk import Sampler, latents
from gansdk.errors import ExportError
from gansdk.export import export
from gansdk.spec import GeneratorSpec, Latent

from ..toys import LATENT, Generator

SPEC = GeneratorSpec(latent=Latent(LATENT))


def wrapped(wrap: Callable[[nn.Module], nn.Module]) -> Generator:
    """Return a generator with both layers wrapped, after a forward pass in train mode."""
    module = Generator()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the legacy norms are deprecated
        module.linear, module.convolution = wrap(module.linear), wrap(module.convolution)
    module(torch.randn(3, LATENT))
    return module


def hooked() -> Generator:
    module = Generator()
    module.convolution.register_forward_hook(lambda module, inputs, output: output * 0.5)
    return module


MODULES = {
    "float64": lambda: Generator().double(),
    "float16": lambda: Generator().half(),
    "bfloat16": lambda: Generator().bfloat16(),
    "channels_last": lambda: Generator().to(memory_format=torch.channels_last),
    "hook": hooked,
    "DataParallel": lambda: nn.DataParallel(Generator()),
    "spectral_norm": lambda: wrapped(parametrizations.spectral_norm),
    "weight_norm": lambda: wrapped(parametrizations.weight_norm),
    "orthogonal": lambda: wrapped(parametrizations.orthogonal),
    "legacy spectral_norm": lambda: wrapped(spectral_norm),
    "legacy weight_norm": lambda: wrapped(weight_norm),
}


@pytest.mark.parametrize("kind", MODULES)
def test_the_file_is_the_module_in_float32(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = MODULES[kind]()
    names, dtypes = [], []
    for name, value in module.state_dict().items():
        names.append(name)
        dtypes.append(value.dtype)
    export(module, tmp_path / "model", spec=SPEC)
    assert list(module.state_dict()) == names
    assert [value.dtype for value in module.state_dict().values()] == dtypes

    z = torch.from_numpy(latents.normal(3, LATENT, seed=1))
    reference = (module.module if kind == "DataParallel" else module).eval().float()
    with torch.no_grad():
        wanted = reference(z).numpy()
    for file in ("generator.onnx", "generator.ts", "generator.pt2"):
        sampler = Sampler(tmp_path / "model" / file, threads=1)
        found = sampler.sample(3, seed=1, output="float")
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_a_parametrization_is_folded_into_its_weight(tmp_path: Path) -> None:
    module = wrapped(parametrizations.spectral_norm)
    export(module, tmp_path / "model", spec=SPEC, formats=["onnx"])
    model = onnx.load(tmp_path / "model" / "generator.onnx")
    names = {x.name for x in model.graph.initializer}
    shapes = {x.name: tuple(x.dims) for x in model.graph.initializer}
    assert sorted(s for s in shapes.values() if len(s) > 1) == [(3, 3, 3, 3), (48, 4)], names
    assert {n.op_type for n in model.graph.node} <= {"Gemm", "Reshape", "Conv", "Tanh"}


def test_a_module_that_cannot_be_copied_says_so(tmp_path: Path) -> None:
    class Stubborn(Generator):
        def __deepcopy__(self, memo: dict[int, object]) -> Generator:
            raise TypeError("cannot pickle '_thread.lock' object")

    with pytest.raises(ExportError, match="cannot be copied: cannot pickle"):
        export(Stubborn(), tmp_path / "model", spec=SPEC)


def test_a_lazy_layer_that_was_never_called(tmp_path: Path) -> None:
    module = nn.Sequential(nn.LazyLinear(48), nn.Unflatten(1, (3, 4, 4)))
    with pytest.raises(
        ExportError, match="weight 0.weight has no shape yet.* call the module once"
    ):
        export(module, tmp_path / "model", spec=SPEC)
    module(torch.zeros(1, 4))
    assert export(module, tmp_path / "model", spec=SPEC, formats=["onnx"])


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.* is deprecated")
def test_a_scripted_part_is_refused(tmp_path: Path) -> None:
    module = Generator()
    module.convolution = torch.jit.script(module.convolution)
    with pytest.raises(ExportError, match="a part of it, is TorchScript"):
        export(module, tmp_path / "model", spec=SPEC)


def test_the_weights_digest_follows_the_weights(tmp_path: Path) -> None:
    module = Generator()
    other = copy.deepcopy(module)
    with torch.no_grad():
        other.linear.bias[0] += 1

    def digest_of(module: nn.Module, name: str) -> str:
        export(module, tmp_path / name, spec=SPEC, formats=["torchscript"])
        spec = Sampler(tmp_path / name, threads=1).spec
        return str(spec.provenance["weights_sha256"])

    digests = [digest_of(m, name) for m, name in ((module, "a"), (module, "b"), (other, "c"))]
    assert digests[0] == digests[1] != digests[2]
