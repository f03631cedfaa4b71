"""The exported file against eager PyTorch: what is not equal is not kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from gansdk import images
from gansdk.backends import open_backend
from gansdk.errors import ExportError, GansdkError
from gansdk.spec import Output

from .example import Inputs
from .report import Difference

BATCHES = (1, 3, 16)
RELATIVE_TOLERANCE = 1e-4
"""Of the width of the output's value range."""
LEVELS_TOLERANCE = 1e-4
"""Of the 8-bit levels."""


def compare(
    network: str,
    module: nn.Module,
    path: Path,
    inputs_of: Callable[[int], Inputs],
    output: Output | None,
) -> Difference:
    """Compare a file with the module at each batch size.

    `output` says how values become levels; without it (a discriminator's logits) the tolerance is
    relative to the largest absolute value.

    Raises
    ------
    ExportError
        They differ by more than the tolerance, or the file cannot run some batch size.
    """
    largest, total, values, moved, levels, scale = 0.0, 0.0, 0, 0, 0, 0.0
    backend = open_backend(path)
    for count in BATCHES:
        inputs = inputs_of(count)
        with torch.inference_mode():
            expected = module(*inputs.values()).float().numpy()
        try:
            actual = backend.run({name: value.numpy() for name, value in inputs.items()})
        except GansdkError as error:
            raise ExportError(f"{path.name} does not run at batch {count}: {error}") from None
        if actual.shape != expected.shape:
            raise ExportError(
                f"{path.name} gives shape {actual.shape} at batch {count}, PyTorch gives "
                f"{expected.shape}: the batch size is baked in"
            )
        if not (np.isfinite(expected).all() and np.isfinite(actual).all()):
            raise ExportError(f"the {network} gives NaN or infinity at batch {count}")
        difference = np.abs(actual.astype(np.float64) - expected)
        largest = max(largest, float(difference.max()))
        total += float(difference.sum())
        values += difference.size
        scale = max(scale, float(np.abs(expected).max()))
        if output is not None and output.kind == "image":
            pair = [
                images.to_uint8(x, value_range=output.value_range, layout=output.layout)
                for x in (np.ascontiguousarray(actual), np.ascontiguousarray(expected))
            ]
            moved += int((pair[0] != pair[1]).sum())
            levels += pair[0].size
    if output is not None and output.kind == "image":
        scale = output.value_range[1] - output.value_range[0]
    tolerance = RELATIVE_TOLERANCE * scale
    if largest > tolerance:
        raise ExportError(
            f"{path.name} differs from PyTorch by {largest:.3g}, more than the {tolerance:.3g} "
            "allowed; nothing was written"
        )
    if levels and moved > LEVELS_TOLERANCE * levels:
        raise ExportError(
            f"{path.name} moves {moved} of {levels} 8-bit levels, more than the "
            f"{LEVELS_TOLERANCE:.0e} allowed; nothing was written"
        )
    return Difference(
        network=network,
        file=path.name,
        format="onnx" if path.suffix == ".onnx" else "torchscript",
        size=path.stat().st_size,
        largest=largest,
        mean=total / values,
        tolerance=tolerance,
        levels_moved=moved if levels else None,
        levels=levels or None,
        batches=BATCHES,
    )
