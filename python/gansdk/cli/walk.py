"""gansdk walk: from seed to seed, as a film or a film strip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from .. import images
from ..errors import InvalidArgumentError
from ..images.animation import check_animation_target
from ..sampler import Sampler
from .options import model_argument, parse_seeds, truncation_option

_STRIPS = {".png", ".jpg", ".jpeg"}


@click.command(
    "walk",
    help="""Walk through the latents of MODEL from seed to seed.

    The suffix of the output says what is made: .webp, .gif, .apng or .mp4 an animation of every
    step, .png or .jpg a film strip of a few. MODEL is a file, a folder that `gansdk export` wrote,
    or the name of a bundled model (digits).
    """,
    epilog="""\b
Examples:
  gansdk walk digits --seeds 3,14 --label 8 -o walk.webp
  gansdk walk digits --seeds 3,14,15 --steps 90 --loop -o loop.gif
  gansdk walk digits --seeds 3,14,15 --steps 61 --columns 13 -o strip.png
  gansdk walk model/ --seeds 1,2,3 --steps 600 --fps 60 --crf 23 -o walk.mp4
""",
)
@model_argument
@click.option("--seeds", required=True, help="Two or more, on the way in this order: 3,14,15.")
@click.option("--steps", type=int, default=60, show_default=True, help="Images in all.")
@click.option("--loop", is_flag=True, help="From the last seed back to the first.")
@click.option("--label", type=int, help="The class.  [default: that of the first seed's image]")
@truncation_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("walk.webp"),
    show_default=True,
    help="The film: .webp, .gif, .apng or .mp4; or the strip: .png or .jpg.",
)
@click.option("--fps", type=float, help="Frames a second of a film.  [default: 30]")
@click.option("--quality", type=int, help="Of .webp, 0 ... 100.  [default: lossless]")
@click.option("--crf", type=int, help="Of .mp4, 1 (best) ... 51.  [default: 18]")
@click.option("--columns", type=int, help="Images in a strip.  [default: 8]")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--batch-size", type=int, help="Images in one run of the network.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:N or auto.")
@click.option("--threads", type=int, help="Default: all cores.")
def command(
    model: str,
    seeds: str,
    steps: int,
    loop: bool,
    label: int | None,
    truncation: float | None,
    output: Path,
    fps: float | None,
    quality: int | None,
    crf: int | None,
    columns: int | None,
    force: bool,
    batch_size: int | None,
    device: str,
    threads: int | None,
) -> None:
    """Walk."""
    strip = output.suffix.lower() in _STRIPS
    film_only = {"--fps": fps, "--quality": quality, "--crf": crf}
    unfit = [name for name, value in film_only.items() if strip and value is not None]
    if columns is not None and not strip:
        unfit.append("--columns")
    if unfit:
        kind = "a film strip" if strip else "an animation"
        raise InvalidArgumentError(f"{output} is {kind}, which has no {unfit[0]}: leave it out")
    how: dict[str, Any] = {"fps": 30 if fps is None else fps, "quality": quality, "crf": crf}
    if strip:
        # One pixel, for the same reason as below.
        images.encode(np.zeros((1, 1, 1), np.uint8), images.check_target(output, force=force))
    else:
        format_ = check_animation_target(output, force=force)
        # One small frame, so that a wrong option or a missing package is told before the work.
        images.encode_animation(np.zeros((1, 2, 2, 1), np.uint8), format_, **how)
    chosen = parse_seeds(seeds)
    sampler = Sampler(model, device=device, threads=threads)
    frames = sampler.interpolate(
        *chosen,
        steps=steps,
        loop=loop,
        labels=label,
        truncation=truncation,
        batch_size=batch_size,
    )
    if strip:
        images.save(output, images.montage(frames, columns=columns), force=force)
    else:
        images.save_animation(output, frames, **how, threads=threads, force=force)
    click.echo(f"{output}: {len(frames)} steps through {len(chosen)} seeds of {sampler.spec.name}")
