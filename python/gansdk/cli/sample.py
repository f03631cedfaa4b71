"""gansdk sample: a grid of images in one picture."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from click.core import ParameterSource

from .. import images
from ..arguments import integer
from ..errors import InvalidArgumentError
from ..images.encoding import encoding_of
from ..images.files import write
from ..images.formats import FORMATS, Compression
from ..images.law import Rounding
from ..images.recipe import Grid
from ..provenance import recipe_of
from ..sampler import Sampler
from ..selection import labels_at
from .like import check_suffix, picture_kind, recipe_in, remake
from .options import encoding_options, parse_labels, parse_seeds, sampling_options
from .recipes import check_count, composed, default_columns

# What a recipe says, so that --like leaves nothing of it to say.
_SAID = {
    "count": "-n",
    "seeds": "--seeds",
    "seed": "--seed",
    "start": "--start",
    "labels": "--labels",
    "truncation": "--truncation",
    "columns": "--columns",
    "padding": "--padding",
    "rounding": "--rounding",
    "quality": "--quality",
    "compression": "--compression",
}


@click.command(
    "sample",
    help="""Sample images from MODEL into one picture, a grid read row by row.

    MODEL is a file, a folder that `gansdk export` wrote, or the name of a bundled model (digits).
    Image i of a seed is always the same image, whatever the other options. PNG, JPEG and WebP
    pictures carry the recipe of how they were made: `gansdk info` shows it, --like follows it.
    """,
    epilog="""\b
Examples:
  gansdk sample digits -n 100 --seed 7 -o digits.png
  gansdk sample digits -n 100 --seed 7 --labels balanced -o digits.png
  gansdk sample digits -n 10 --seed 7 --start 1000000 --labels 3 -o threes.png
  gansdk sample digits --seeds 3,14,15 -o three.jpg --quality 90
  gansdk sample --like digits.png -o again.png
  gansdk sample model/ -n 64 --device cuda -o grid.png
""",
)
@click.argument("model", metavar="MODEL", required=False)
@click.option("-n", "count", type=int, help="How many images.  [default: 64]")
@click.option("--seeds", metavar="SEEDS", help="Image START of each of these seeds: 3,14,15.")
@click.option(
    "--like",
    metavar="PICTURE",
    type=click.Path(path_type=Path),
    help="Make this picture again, byte for byte. MODEL may be left out for a bundled model.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("samples.png"),
    show_default=True,
    help="The picture: .png, .jpg, .webp, .jxl, .qoi, .npy or .npz.",
)
@encoding_options
@click.option("--columns", type=int, help="Default: as square as can be.")
@click.option("--padding", type=int, default=2, show_default=True, help="Pixels between images.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@sampling_options
@click.pass_context
def command(
    context: click.Context,
    /,
    model: str | None,
    like: Path | None,
    output: Path,
    force: bool,
    device: str,
    threads: int | None,
    batch_size: int | None,
    **what: Any,
) -> None:
    """Sample a grid, or follow a recipe."""
    given = {
        name
        for name in (*_SAID, "output", "device")
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    how: dict[str, Any] = {"threads": threads, "batch_size": batch_size, "force": force}
    if like is not None:
        said = [flag for name, flag in _SAID.items() if name in given]
        if said:
            raise InvalidArgumentError(
                f"{', '.join(said)} cannot stand beside --like: the picture's recipe says it all"
            )
        target = output if "output" in given else None
        _follow(like, target, model=model, device=device if "device" in given else None, **how)
    elif model is None:
        raise click.UsageError("Missing argument 'MODEL'.", context)
    else:
        _sample(model, output, device=device, **how, **what)


def _sample(
    model: str,
    output: Path,
    *,
    count: int | None,
    seeds: str | None,
    seed: int,
    start: int,
    labels: str | None,
    truncation: float | None,
    columns: int | None,
    padding: int,
    rounding: Rounding,
    quality: int | None,
    compression: Compression | None,
    device: str,
    threads: int | None,
    batch_size: int | None,
    force: bool,
) -> None:
    kind = images.check_target(output, force=force)
    encoding = encoding_of(kind, quality=quality, compression=compression)
    chosen = None if seeds is None else parse_seeds(seeds)
    if chosen is None and count is None:
        count = 64
    total = len(chosen) if chosen is not None else count or 0
    check_count(total if count is None else count)
    wanted = parse_labels(labels)
    sampler = Sampler(model, device=device, threads=threads, rounding=rounding)
    across = default_columns(total) if columns is None else columns
    grid = Grid(
        integer(across, "columns", least=1, most=2**31 - 1),
        integer(padding, "padding", most=2**31 - 1),
    )
    recipe = recipe_of(
        sampler,
        count=total,
        seed=seed,
        start=start,
        seeds=chosen,
        labels=wanted,
        truncation=truncation,
        grid=grid if total > 1 else None,
        encoding=encoding,
    )
    carried = recipe if FORMATS[kind].recipe else None
    encode = partial(
        images.encode,
        format=kind,
        quality=quality,
        compression=encoding.compression,
        recipe=carried,
    )
    # One pixel, so that a missing package, or channels or a recipe that the format does not hold
    # are told before the work.
    channels = sampler.spec.output.channels or (*FORMATS[kind].channels, 1)[0]
    encode(np.zeros((1, 1, channels), np.uint8))
    pixels = sampler.sample(
        count,
        seed=seed,
        start=start,
        seeds=chosen,
        labels=labels_at(wanted, 0 if chosen else start, total),
        truncation=truncation,
        batch_size=batch_size,
    )
    write(output, encode(composed(pixels, grid)), force=force)
    note = "" if carried else f" ({kind} carries no recipe)"
    click.echo(f"{output}: {total} image{'s' * (total > 1)} of {sampler.spec.name}{note}")


def _follow(
    picture: Path,
    output: Path | None,
    *,
    model: str | None,
    device: str | None,
    threads: int | None,
    batch_size: int | None,
    force: bool,
) -> None:
    recipe = recipe_in(picture)
    suffix = FORMATS[picture_kind(picture)].suffixes[0]
    target = Path(f"samples{suffix}") if output is None else output
    check_suffix(picture, target, images.check_target(target, force=force))
    content = remake(
        picture, recipe, model=model, device=device, threads=threads, batch_size=batch_size
    )
    write(target, content, force=force)
    click.echo(f"{target}: {picture} again, byte for byte")
