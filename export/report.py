"""What an export did: files, sizes, and how far each is from PyTorch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Difference:
    """A file's network against eager PyTorch, over all that was compared.

    Parameters
    ----------
    network : str
        "generator" or "discriminator".
    file : str
        The file's name.
    format : str
        "onnx", "torchscript" or "pt2".
    size : int
        Bytes.
    largest, mean : float
        Of the absolute difference, in units of the output, at what seeds give.
    tolerance : float
        The largest difference that was allowed.
    extreme : float or None
        The largest difference at extreme latents and pictures, which is in none of the others: few
        networks are well-conditioned there, and the files may differ as much as PyTorch's own
        rounding errors, times 4.
    levels_moved : int or None
        8-bit levels that differ, of `levels`; None where the output is no image.
    levels : int or None
        8-bit levels compared.
    compared : tuple of str
        What was compared: batch sizes of seed 0, extreme latents, values of psi.
    operators : mapping of str to int
        How often each operator stands in the file, the most frequent first.
    milliseconds, milliseconds_pytorch : float
        Time of one run at batch 16, by the image; eager PyTorch's beside it. One run on a machine
        that did other things too: not a benchmark.
    """

    network: str
    file: str
    format: str
    size: int
    largest: float
    mean: float
    tolerance: float
    extreme: float | None
    levels_moved: int | None
    levels: int | None
    compared: tuple[str, ...]
    operators: Mapping[str, int]
    milliseconds: float
    milliseconds_pytorch: float


@dataclass(frozen=True)
class ExportReport:
    """The result of `export`."""

    name: str
    folder: str
    seconds: float
    differences: Sequence[Difference]

    def to_json(self) -> str:
        """Return the report as JSON text; it names no folder, so that it can travel."""
        document = asdict(self)
        del document["folder"]
        return json.dumps(document, indent=2) + "\n"

    def __str__(self) -> str:
        lines = [
            f"{'file':<20} {'KiB':>7} {'largest':>9} {'mean':>9} {'allowed':>9} {'extreme':>9} "
            f"{'levels moved':>17} {'operators':>9} {'ms/image':>8} {'PyTorch':>7}"
        ]
        for d in self.differences:
            moved = (
                "-" if not d.levels else f"{1e6 * (d.levels_moved or 0) / d.levels:.3g} a million"
            )
            lines.append(
                f"{d.file:<20} {d.size / 1024:7.0f} {d.largest:9.2g} {d.mean:9.2g} "
                f"{d.tolerance:9.2g} {_short(d.extreme)} {moved:>17} {sum(d.operators.values()):9} "
                f"{d.milliseconds:8.3g} {d.milliseconds_pytorch:7.3g}"
            )
        compared = ", ".join(self.differences[0].compared)
        lines.append(f"compared with PyTorch at {compared}; exported in {self.seconds:.1f} s")
        if any(d.format == "torchscript" for d in self.differences):
            lines.append("PyTorch has deprecated TorchScript (.ts): .pt2 is its successor")
        return "\n".join(lines)


def _short(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:9.2g}"
