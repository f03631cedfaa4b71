"""To TorchScript, by tracing. PyTorch has deprecated torch.jit; ONNX is the better file."""

from __future__ import annotations

import warnings
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import torch
from torch import nn

from gansdk.errors import ExportError

from .example import Inputs


def to_torchscript(module: nn.Module, inputs: Inputs, path: Path, metadata: dict[str, str]) -> None:
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
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                module, tuple(inputs.values()), check_trace=False
            )
            torch.jit.save(traced, str(path), _extra_files=metadata)
    except Exception as error:  # the tracer runs the module, which may raise anything
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ExportError(f"PyTorch cannot trace the module: {lines[0]}") from error
    _strip(path)


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
