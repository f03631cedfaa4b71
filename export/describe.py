"""What an export says of itself in the spec: golden values and provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import torch
from torch import Tensor, nn

from gansdk.backends import open_backend
from gansdk.golden import GOLDEN_COUNT, golden_of
from gansdk.models.locate import GENERATOR_FILES, Format
from gansdk.spec import GeneratorSpec

from .example import generator_inputs
from .files import CheckedFiles
from .network import Network
from .parity import run_file


def described(
    spec: GeneratorSpec,
    network: Network,
    files: CheckedFiles,
    forms: Sequence[Format],
    opset: int,
    stage: Path,
) -> GeneratorSpec:
    """Return the spec with golden values, which are the ONNX file's own, and provenance."""
    inputs = generator_inputs(spec, GOLDEN_COUNT)
    if "onnx" in forms:
        path = stage / GENERATOR_FILES["onnx"]
        files.write("onnx", path, {})
        values = run_file(open_backend(path), inputs)
    else:
        values = network.eager(inputs).float().numpy()
    provenance = {
        **spec.provenance,
        "gansdk": metadata.version("gansdk"),
        "torch": torch.__version__,
        "opset": opset,
        "weights_sha256": _weights_sha256(network.module),
    }
    return replace(spec, golden=golden_of(values, spec.output), provenance=provenance)


def _weights_sha256(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if isinstance(value, Tensor):  # a module's extra state may be anything
            digest.update(name.encode())
            digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()
