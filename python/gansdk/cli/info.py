"""gansdk info: what a model takes and gives, and where it came from."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import click

from ..sampler import Sampler
from ..spec import GeneratorSpec
from .options import model_argument


@click.command(
    "info",
    help="""Show what MODEL takes and gives, and where it came from.

    MODEL is a file, a folder that `gansdk export` wrote, or the name of a bundled model (digits).
    """,
    epilog="""\b
Examples:
  gansdk info digits
  gansdk info model/ --json
""",
)
@model_argument
@click.option("--json", "as_json", is_flag=True, help="The whole spec document as JSON.")
def command(model: str, as_json: bool) -> None:
    """Show a model."""
    sampler = Sampler(model)
    data = sampler.path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if as_json:
        document = {"file": str(sampler.path), "bytes": len(data), "sha256": digest}
        click.echo(json.dumps({**document, "spec": sampler.spec.to_dict()}, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("file", f"{sampler.path} ({len(data) / 1024:.0f} KiB)")
    table.add_row("sha256", digest)
    for name, text in _rows(sampler.spec):
        table.add_row(name, text)
    # No markup and no highlighting: names in a file are data, not styles.
    Console(markup=False, highlight=False, soft_wrap=False).print(table)


def _rows(spec: GeneratorSpec) -> list[tuple[str, str]]:
    latent, label, output = spec.latent, spec.label, spec.output
    rows = [("name", spec.name), ("latent", f"{latent.input}: {latent.size} values, {latent.law}")]
    if label is not None:
        names = f": {', '.join(label.names)}" if label.names else ""
        rows.append(("label", f"{label.input}: {label.classes} classes{names}"))
    shape = " x ".join(map(str, output.shape)) if output.shape else "unknown shape"
    low, high = output.value_range
    rows.append(
        (output.kind, f"{output.output}: {shape} ({output.layout[1:]}), [{low:g}, {high:g}]")
    )
    if spec.discriminator is not None:
        rows.append(("discriminator", spec.discriminator.file))
    rows += [(key, _text(value)) for key, value in spec.provenance.items()]
    return rows


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k} {_text(v)}" for k, v in value.items())
    return value if isinstance(value, str) else json.dumps(value)
