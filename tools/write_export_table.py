"""Print the table of docs/export.md: every architecture of the zoo, exported in every format.

Some ten minutes on two cores: python tools/write_export_table.py >table.md
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.zoo.later_members import LATER
from tests.zoo.member import Member
from tests.zoo.members import MEMBERS

from gansdk.export import Difference, export
from gansdk.spec import GeneratorSpec

FORMATS = ("onnx", "torchscript", "pt2")


def row(member: Member) -> str:
    """Export one member and return its row: differences are in units of the value range."""
    with tempfile.TemporaryDirectory() as folder:
        report = export(
            member.build(),
            Path(folder) / "model",
            spec=member.spec,
            arguments=member.arguments,
            call=member.call,
            formats=member.formats,
            statistics=member.statistics,
            discriminator=member.discriminator() if member.discriminator else None,
        )
    files = {d.format: d for d in report.differences if d.network == "generator"}
    cells = [difference(files.get(form), member.spec) for form in FORMATS]
    operators = sum(files["onnx"].operators.values())
    beside = " with discriminator" if member.discriminator else ""
    return (
        f"| {member.name} | {member.notes}{beside} | {' | '.join(cells)} | "
        f"{levels(files.values())} | {operators} | {report.seconds:.0f} |"
    )


def difference(found: Difference | None, spec: GeneratorSpec) -> str:
    """Return a format's largest difference, or that it has none."""
    if found is None:
        return "-"
    span = spec.output.span if spec.output.kind == "image" else found.tolerance / 1e-4
    return f"{found.largest / span:.1e}"


def levels(found: Iterable[Difference]) -> str:
    """Return the levels that moved in the worst format, of a million."""
    shares = [1e6 * (d.levels_moved or 0) / d.levels for d in found if d.levels]
    return f"{max(shares):.0f}" if shares else "-"


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    head = "generator | what is hard about it | ONNX | TorchScript | .pt2 | levels | nodes | s"
    sys.stdout.write(f"| {head} |\n|{'---|' * 8}\n")
    for member in (*MEMBERS, *LATER):
        sys.stdout.write(f"{row(member)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
