"""gansdk evaluate: a model against real data that it never saw."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

import click

from ..sampler import Sampler
from .options import model_argument


@click.command(
    "evaluate",
    help="""Judge MODEL by real data that it never saw, beside controls.

    Accuracies (percent, on the real test set) are those of classifiers trained on the model's
    images; the distances compare with the test set. Needs `pip install 'gansdk[evaluate]'`.
    """,
    epilog="""\b
Examples:
  gansdk evaluate digits --real digits
  gansdk evaluate model/ --real digits --seed 1 --json
""",
)
@model_argument
@click.option(
    "--real", type=click.Choice(["digits"]), required=True, help="The real data to compare with."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the images judged.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(model: str, real: str, seed: int, as_json: bool) -> None:
    """Judge a model."""
    from .. import evaluate

    rows = evaluate.compare_with_digits(Sampler(model), seed=seed)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{model} against real {real}, seed {seed}", box=box.SIMPLE)
    table.add_column("")
    for row in rows:
        table.add_column(row.data, justify="right")
    for field in fields(evaluate.Row)[1:]:
        digits = 1 if field.name.endswith("accuracy") else 3
        values = (f"{getattr(row, field.name):.{digits}f}" for row in rows)
        table.add_row(field.name.replace("_", " "), *values)
    Console(markup=False, highlight=False).print(table)
