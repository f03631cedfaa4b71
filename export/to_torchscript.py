"""To TorchScript, by tracing. PyTorch has deprecated torch.jit as a whole; ONNX is the better file."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

from gansdk.errors import ExportError

from .example import Inputs


def to_torchscript(
    module: nn.Module, inputs: Inputs, path: Path, metadata: dict[str, str]
) -> None:
    """Trace the module, in eval mode, and write it; `metadata` becomes its extra files.

    Whether the trace kept the batch free, the parity check finds out: it runs other batch sizes.

    Raises
    ------
    ExportError
        The module cannot be traced.
    """
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            # The trace's own check repeats what parity does, on one batch only.
            traced = torch.jit.trace(module, tuple(inputs.values()), check_trace=False)
            torch.jit.save(traced, str(path), _extra_files=metadata)
    except Exception as error:  # the tracer runs the module, which may raise anything
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ExportError(f"PyTorch cannot trace the module: {lines[0]}") from error
