"""What an export says of itself in the spec: golden values and provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gansdk import images
from gansdk.backends import open_backend
from gansdk.models.locate import GENERATOR_FILES, Format
from gansdk.spec import GeneratorSpec, Golden

from .example import generator_inputs
from .files import CheckedFiles
from .network import Network
from .parity import RELATIVE_TOLERANCE, Floats, run_file

_GOLDEN_COUNT = 10


def described(
    spec: GeneratorSpec,
    network: Network,
    files: CheckedFiles,
    forms: Sequence[Format],
    opset: int,
    stage: Path,
) -> GeneratorSpec:
    """Return the spec with golden values, which are the ONNX file's own, and provenance."""
    inputs = generator_inputs(spec, _GOLDEN_COUNT)
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
    return replace(spec, golden=_golden(np.ascontiguousarray(values), spec), provenance=provenance)


def _golden(values: Floats, spec: GeneratorSpec) -> Golden:
    is_image = spec.output.kind == "image"
    pixels = images.to_uint8(values, **spec.output.conversion) if is_image else values
    scale = spec.output.span if is_image else float(np.abs(values).max())
    return Golden(
        seed=0,
        count=_GOLDEN_COUNT,
        sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        mean=float(values.mean(dtype=np.float64)),
        std=float(values.std(dtype=np.float64)),
        tolerance=RELATIVE_TOLERANCE * scale,
    )


def _weights_sha256(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if isinstance(value, Tensor):  # a module's extra state may be anything
            digest.update(name.encode())
            digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()
