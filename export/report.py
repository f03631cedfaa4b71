"""What an export did: files, sizes, and how far each is from PyTorch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Difference:
    """A file's network against eager PyTorch, over all batches compared.

    Parameters
    ----------
    network : str
        "generator" or "discriminator".
    file : str
        The file's name.
    format : str
        "onnx" or "torchscript".
    size : int
        Bytes.
    largest, mean : float
        Of the absolute difference, in units of the output.
    tolerance : float
        The largest difference that was allowed.
    levels_moved : int or None
        8-bit levels that differ, of `levels`; None where the output is no image.
    levels : int or None
        8-bit levels compared.
    batches : tuple of int
        Batch sizes compared.
    """

    network: str
    file: str
    format: str
    size: int
    largest: float
    mean: float
    tolerance: float
    levels_moved: int | None
    levels: int | None
    batches: tuple[int, ...]


@dataclass(frozen=True)
class ExportReport:
    """The result of `export`."""

    name: str
    folder: str
    differences: Sequence[Difference]

    def to_json(self) -> str:
        """Return the report as JSON text; it names no folder, so that it can travel."""
        document = asdict(self)
        del document["folder"]
        return json.dumps(document, indent=2) + "\n"

    def __str__(self) -> str:
        lines = [
            f"{'file':<20} {'KiB':>7} {'largest':>9} {'mean':>9} {'allowed':>9}  8-bit levels moved"
        ]
        for d in self.differences:
            moved = "-" if d.levels is None else f"{d.levels_moved} of {d.levels:,}"
            lines.append(
                f"{d.file:<20} {d.size / 1024:7.0f} {d.largest:9.2g} {d.mean:9.2g} "
                f"{d.tolerance:9.2g}  {moved}"
            )
        batches = ", ".join(map(str, self.differences[0].batches))
        return "\n".join([*lines, f"compared with PyTorch at batch {batches}"])
