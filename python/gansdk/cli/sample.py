"""gansdk sample: a grid of images in one picture."""

from __future__ import annotations

from pathlib import Path

import click

from .. import images
from ..errors import InvalidArgumentError
from ..sampler import Sampler
from ..selection import labels_at
from .options import model_argument, parse_labels, sampling_options

# A picture for people: beyond this it is a data set, which `generate` writes in constant memory.
_LIMIT = 10_000


@click.command(
    "sample",
    help="""Sample images from MODEL into one picture, a grid read row by row.

    MODEL is a file, a folder that `gansdk export` wrote, or the name of a bundled model (digits).
    Image i of a seed is always the same image, whatever the other options.
    """,
    epilog="""\b
Examples:
  gansdk sample digits -n 100 --seed 7 -o digits.png
  gansdk sample digits -n 100 --seed 7 --labels balanced -o digits.png
  gansdk sample digits -n 10 --seed 7 --start 1000000 --labels 3 -o threes.png
  gansdk sample digits --seeds 3,14,15 -o three.png
  gansdk sample model/ -n 64 --device cuda -o grid.png
""",
)
@model_argument
@click.option("-n", "count", type=int, help="How many images.  [default: 64]")
@click.option("--seeds", metavar="SEEDS", help="Image START of each of these seeds: 3,14,15.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("samples.png"),
    show_default=True,
    help="The picture: .png, .jpg or .webp.",
)
@click.option("--columns", type=int, help="Default: as square as can be.")
@click.option("--padding", type=int, default=2, show_default=True, help="Pixels between images.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@sampling_options
def command(
    model: str,
    count: int | None,
    seeds: str | None,
    output: Path,
    columns: int | None,
    padding: int,
    force: bool,
    seed: int,
    start: int,
    labels: str | None,
    batch_size: int | None,
    device: str,
    threads: int | None,
) -> None:
    """Sample a grid."""
    images.check_target(output, force=force)
    chosen = None if seeds is None else _parse_seeds(seeds)
    if chosen is None and count is None:
        count = 64
    if count is not None and count > _LIMIT:
        raise InvalidArgumentError(
            f"a picture holds at most {_LIMIT} images, -n asks for {count}: "
            "use `gansdk generate` for a data set"
        )
    sampler = Sampler(model, device=device, threads=threads)
    total = len(chosen) if chosen is not None else count or 0
    pixels = sampler.sample(
        count,
        seed=seed,
        start=start,
        seeds=chosen,
        labels=labels_at(parse_labels(labels), 0 if chosen else start, total),
        batch_size=batch_size,
    )
    images.save(output, images.grid(pixels, columns=columns, padding=padding), force=force)
    click.echo(f"{output}: {len(pixels)} images of {sampler.spec.name}")


def _parse_seeds(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise InvalidArgumentError(
            f"--seeds must be integers such as 3,14,15; got {text!r}"
        ) from None
