"""One exported program, written in any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import onnx
from torch import fx
from torch.export import ExportedProgram

from gansdk.models.locate import Format

from .capture import exported_program
from .example import Free, Inputs
from .to_onnx import operators, save_onnx, to_onnx
from .to_pt2 import to_pt2
from .to_torchscript import to_torchscript


class Writer:
    """Writes a program's files; what takes long is done once, whatever is written how often.

    Parameters
    ----------
    program : GraphModule
        After its rewrites.
    inputs : dict of Tensor
        Example inputs, by name, in the order of the program's.
    free : dict
        The free axes of each.
    output : str
        Name of the output.
    opset : int
        Of ONNX.
    """

    def __init__(
        self, program: fx.GraphModule, inputs: Inputs, free: Free, output: str, opset: int
    ) -> None:
        self._names: Sequence[str] = list(inputs)
        self._output = output
        self._opset = opset
        self._exported: ExportedProgram = exported_program(program, inputs, free)
        self._model: onnx.ModelProto | None = None

    def write(self, form: Format, path: Path, metadata: dict[str, str]) -> dict[str, int]:
        """Write a file; returns how often each operator stands in it, the most frequent first.

        Raises
        ------
        ExportError
            PyTorch cannot write the program in this format.
        """
        if form == "onnx":
            if self._model is None:
                self._model = to_onnx(self._exported, self._names, self._output, self._opset)
            save_onnx(self._model, path, metadata)
            return operators(self._model)
        module = self._exported.module(check_guards=False)
        if form == "torchscript":
            to_torchscript(module, path, metadata)
        else:
            to_pt2(self._exported, path, metadata)
        names = (getattr(node.target, "_opname", "") for node in module.graph.nodes)
        return dict(Counter(name for name in names if name).most_common())
