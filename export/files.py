"""A network's files, each compared with PyTorch as soon as it is written."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from torch import fx

from gansdk.errors import ExportError
from gansdk.models.locate import Format
from gansdk.spec import Output

from .example import Free, Inputs
from .first_difference import first_difference
from .network import Network
from .parity import Case, PartError, compare
from .report import Difference
from .writer import Writer


class CheckedFiles:
    """Writes a network's files, and keeps none that is not equal to it.

    Parameters
    ----------
    network : Network
        What the files must equal.
    cases : list of Case
        What they are compared on.
    program : GraphModule
        The network's program after all rewrites.
    inputs : dict of Tensor
        Example inputs of the program, in order.
    free : dict
        The free axes of each.
    output : Output or str
        The spec's output, by which values become levels; or only the output's name.
    opset : int
        Of ONNX.
    """

    def __init__(
        self,
        network: Network,
        cases: list[Case],
        program: fx.GraphModule,
        inputs: Inputs,
        free: Free,
        output: Output | str,
        opset: int,
    ) -> None:
        self._network = network
        self._cases = cases
        self._program = program
        self._output = None if isinstance(output, str) else output
        name = output if isinstance(output, str) else output.output
        self._writer_of = partial(Writer, inputs=inputs, free=free, output=name, opset=opset)
        self._writer = self._writer_of(program)
        self._judged: dict[Format, Difference] = {}

    def write(self, form: Format, path: Path, metadata: dict[str, str]) -> Difference:
        """Write a file and compare it; once a format, for metadata change nothing.

        Raises
        ------
        ExportError
            It cannot be written, or differs; the message names the first layer where it does.
        """
        operators = self._writer.write(form, path, metadata)
        if form in self._judged:
            return replace(self._judged[form], size=path.stat().st_size)
        try:
            difference = compare(self._network, self._cases, path, form, self._output)
        except PartError as error:
            case = error.case
            where = first_difference(
                self._program, case.expected, case.inputs, form, self._writer_of, error.tolerance
            )
            raise ExportError(f"{error}; {where}; nothing was written") from None
        self._judged[form] = replace(difference, operators=operators)
        return self._judged[form]
