"""The exported file against eager PyTorch: what is not equal is not kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from gansdk import images
from gansdk.backends import Backend, open_backend
from gansdk.errors import ExportError, GansdkError
from gansdk.spec import Output

from .example import Inputs, run_module
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
    # torch's own count: opening a TorchScript file would set another in the whole process.
    backend = open_backend(path, threads=torch.get_num_threads())
    earlier = None
    for count in BATCHES:
        inputs = inputs_of(count)
        expected = run_module(module, inputs).float().numpy()
        if expected.shape[:1] != (count,):
            raise ExportError(
                f"the {network} gives shape {expected.shape} at batch {count}: "
                "the batch must be the first axis (a squeeze() without an axis drops it)"
            )
        actual = run_file(backend, inputs)
        if actual.shape != expected.shape:
            raise ExportError(
                f"{path.name} gives shape {actual.shape} at batch {count}, PyTorch gives "
                f"{expected.shape}: the batch size is baked in"
            )
        if not (np.isfinite(expected).all() and np.isfinite(actual).all()):
            raise ExportError(f"the {network} gives NaN or infinity at batch {count}")
        if output is not None and earlier is not None:
            _check_alone(earlier, expected, output)
        earlier = expected
        difference = np.abs(actual.astype(np.float64) - expected)
        largest = max(largest, float(difference.max()))
        total += float(difference.sum())
        values += difference.size
        scale = max(scale, float(np.abs(expected).max()))
        if output is not None and output.kind == "image":
            pair = [images.to_uint8(x, **output.conversion) for x in (actual, expected)]
            moved += int((pair[0] != pair[1]).sum())
            levels += pair[0].size
    if output is not None and output.kind == "image":
        scale = output.span
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


def run_file(backend: Backend, inputs: Inputs) -> npt.NDArray[np.float32]:
    """Run an exported file; `ExportError` where it fails."""
    try:
        return backend.run({name: value.numpy() for name, value in inputs.items()})
    except GansdkError as error:
        count = len(next(iter(inputs.values())))
        reason = str(error).replace(str(backend.path), backend.path.name)
        raise ExportError(
            f"{backend.path.name} does not run at batch {count}, the batch size may be baked in: "
            f"{reason}"
        ) from None


def _check_alone(
    few: npt.NDArray[np.float32], many: npt.NDArray[np.float32], output: Output
) -> None:
    # Both batches begin with the same inputs, so they must begin with the same images.
    difference = float(np.abs(few - many[: len(few)]).max())
    scale = output.span if output.kind == "image" else float(np.abs(many).max())
    if difference > RELATIVE_TOLERANCE * scale:
        raise ExportError(
            f"the generator's image depends on the batch that it is in (by {difference:.3g} from "
            f"batch {len(few)} to {len(many)}): statistics over the batch, such as batch norm "
            "without running statistics, cannot be sampled reproducibly"
        )
