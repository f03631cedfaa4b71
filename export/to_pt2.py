"""To `.pt2`: PyTorch's own format for exported programs, the successor of TorchScript."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.export import ExportedProgram

from .capture import quiet


def to_pt2(program: ExportedProgram, path: Path, metadata: dict[str, str]) -> None:
    """Write an exported program; `metadata` becomes its extra files."""
    for node in program.graph.nodes:
        # Source paths of the exporting machine: no use to who runs the file.
        for key in ("stack_trace", "from_node", "source_fn_stack"):
            node.meta.pop(key, None)
    # Or the file would hold a batch of inputs.
    program.example_inputs = None
    with quiet():
        torch.export.save(program, path, extra_files=dict(metadata))
