"""gansdk generate: a folder of images with a manifest."""

from __future__ import annotations

from pathlib import Path

import click

from ..images.law import Rounding
from ..jobs import generate
from ..sampler import Sampler
from .options import model_argument, parse_labels, sampling_options
from .progress import progress_bar


@click.command(
    "generate",
    help="""Generate a folder of numbered PNGs from MODEL, with their metadata and a manifest.

    MODEL is a file, a folder that `gansdk export` wrote, or the name of a bundled model (digits).
    The folder appears when it is complete; nothing half-written is left behind.
    """,
    epilog="""\b
Examples:
  gansdk generate digits -n 1000 --seed 7 --out dataset/
  gansdk generate digits -n 1000 --seed 7 --start 1000 --labels balanced --out more/
  gansdk generate model/ -n 50000 --device cuda --batch-size 64 --out dataset/
""",
)
@model_argument
@click.option("-n", "count", type=int, required=True, help="How many images.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to make.")
@click.option("--force", is_flag=True, help="Replace a data set that the folder holds.")
@sampling_options
def command(
    model: str,
    count: int,
    out: Path,
    force: bool,
    seed: int,
    start: int,
    labels: str | None,
    truncation: float | None,
    rounding: Rounding,
    batch_size: int | None,
    device: str,
    threads: int | None,
) -> None:
    """Generate a folder."""
    sampler = Sampler(model, device=device, threads=threads, rounding=rounding)
    with progress_bar("images", total=count) as advance:
        manifest = generate(
            sampler,
            count,
            out,
            seed=seed,
            start=start,
            labels=parse_labels(labels),
            truncation=truncation,
            batch_size=batch_size,
            force=force,
            on_images=advance,
        )
    click.echo(f"{out}: {count} images of {sampler.spec.name}; {manifest.name} says how")
