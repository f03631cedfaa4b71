"""gansdk translate: pictures through an image-conditioned generator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from .. import images
from ..errors import InvalidArgumentError, NonFiniteError, OutputError
from ..images.encoding import encoding_of
from ..images.files import write
from ..images.fitting import fitted_size
from ..images.formats import FORMATS, Compression, format_of
from ..images.law import Rounding
from ..images.reading import READABLE, read_picture
from ..sampler import Sampler
from ..selection import CyclicLabels, labels_at
from ..staging import check_folder, staged_folder
from .options import encoding_options, model_argument, parse_labels, sampling_options
from .progress import progress_bar

# Pictures that share a call, so that those of one size share a run of the network: so many, or
# fewer where their outputs have more pixels than this in all.
_MOST_PICTURES = 64
_MOST_PIXELS = 1 << 24

Pixels = npt.NDArray[np.uint8]


@click.command(
    "translate",
    help="""Translate PICTURES by MODEL, a generator that starts from pictures.

    MODEL is a file or a folder that `gansdk export` wrote. PICTURES are files, or folders of them.
    One picture becomes a file; more, or a folder, become a folder, names kept. Picture k has the
    latent, noise and class of image START + k of the seed.
    """,
    epilog="""\b
Examples:
  gansdk translate model/ photo.jpg -o painted.png
  gansdk translate model/ photos/ -o painted/ --format png
  gansdk translate x4.onnx scan.png -o large.png --tile 512 --overlap 64
  gansdk translate model/ edges.png -o shoe.png --seed 7 --start 3
""",
)
@model_argument
@click.argument(
    "pictures", nargs=-1, required=True, metavar="PICTURES...", type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A file (.png, .jpg, .webp, .jxl, .qoi, .npy or .npz) or a folder.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(FORMATS)),
    help="Of the pictures in a folder.  [default: by their names; png where that cannot be]",
)
@encoding_options
@click.option("--tile", type=int, help="Side of the tiles of a large picture, in its pixels.")
@click.option("--overlap", type=int, help="Pixels that tiles have in common.  [default: 32]")
@click.option("--force", is_flag=True, help="Replace existing files.")
@sampling_options
def command(
    model: str,
    pictures: tuple[Path, ...],
    output: Path,
    kind: str | None,
    quality: int | None,
    compression: Compression | None,
    tile: int | None,
    overlap: int | None,
    force: bool,
    rounding: Rounding,
    device: str,
    threads: int | None,
    seed: int,
    start: int,
    labels: str | None,
    batch_size: int | None,
    truncation: float | None,
) -> None:
    """Translate pictures."""
    sources = _sources(pictures)
    _check_apart(sources, output)
    names_file = bool(output.suffix) and not output.is_dir()
    single = names_file and sources == list(pictures) and len(sources) == 1
    if single:
        if kind is not None:
            raise InvalidArgumentError("--format is for a folder; a file's name says its format")
        names = [output.name]
        images.check_target(output, force=force)
    elif names_file and any(output.suffix.lower() in f.suffixes for f in FORMATS.values()):
        raise InvalidArgumentError(
            f"{output} names one picture, but {len(sources)} were found: name a folder"
        )
    else:
        names = _names(sources, kind)
        check_folder(output, what="pictures", ours=_ours(names), force=force)
    kinds = sorted({format_of(name) for name in names})
    encoding: dict[str, Any] = {"quality": quality, "compression": compression}
    for one in kinds:
        encoding_of(one, **encoding)
    wanted = parse_labels(labels)
    sampler = Sampler(model, device=device, threads=threads, rounding=rounding)
    for one in kinds:
        # One pixel, so that a missing package, or channels that the format does not hold, are told
        # before the work.
        channels = sampler.spec.output.channels or (*FORMATS[one].channels, 1)[0]
        images.encode(np.zeros((1, 1, channels), np.uint8), one, **encoding)
    differences: list[float] = []
    options: dict[str, Any] = {
        "seed": seed,
        "truncation": truncation,
        "batch_size": batch_size,
        "output": "uint8",
    }
    if tile is not None:
        options |= {"tile": tile, "on_tile": differences.append}
    if overlap is not None:
        options["overlap"] = overlap

    def encoded() -> Iterator[tuple[str, bytes]]:
        made = _translated(sampler, sources, start, wanted, options)
        with progress_bar("pictures", total=len(names)) as advance:
            for name, pixels in zip(names, made, strict=True):
                yield name, images.encode(pixels, format_of(name), **encoding)
                advance(1)

    if single:
        [(_, content)] = encoded()
        write(output, content, force=force)
    else:
        ours = _ours(names)
        with staged_folder(output, what="pictures", ours=ours, force=force) as folder:
            for name, content in encoded():
                (folder / name).write_bytes(content)
    note = ""
    if len(differences) > 1:
        note = (
            f"; {len(differences)} tiles, which differ by at most {max(differences):g} levels "
            "where they meet"
        )
    plural = "s" * (len(names) > 1)
    click.echo(f"{output}: {len(names)} picture{plural} by {sampler.spec.name}{note}")


def _translated(
    sampler: Sampler,
    sources: Sequence[Path],
    start: int,
    labels: CyclicLabels,
    options: dict[str, Any],
) -> Iterator[Pixels]:
    """Yield the translations in order; few pictures are in memory at a time."""
    done = 0
    for chunk in _chunks(sampler, sources):
        first = start + done
        try:
            yield from sampler.translate(
                chunk, start=first, labels=labels_at(labels, first, len(chunk)), **options
            )
        except NonFiniteError as error:
            path = sources[done + (error.first or 0)]
            raise NonFiniteError(
                f"the output for {path} holds a NaN or an infinity: the network fails there"
            ) from None
        done += len(chunk)


def _chunks(sampler: Sampler, sources: Sequence[Path]) -> Iterator[list[Pixels]]:
    rule = sampler.spec.image
    chunk: list[Pixels] = []
    pixels = 0
    for path in sources:
        picture = read_picture(path)
        if rule is not None:  # else translate says what is wrong
            height, width = fitted_size(picture, rule, str(path))
            size = height * width * rule.scale**2
            if chunk and (pixels + size > _MOST_PIXELS or len(chunk) == _MOST_PICTURES):
                yield chunk
                chunk, pixels = [], 0
            pixels += size
        chunk.append(picture)
    yield chunk


def _sources(pictures: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in pictures:
        try:
            if not path.is_dir():
                found.append(path)
                continue
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in READABLE)
        except (OSError, ValueError) as error:
            raise InvalidArgumentError(f"{path} cannot be read: {error}") from None
        if not inside:
            raise InvalidArgumentError(f"{path} holds no pictures ({', '.join(READABLE)})")
        found += inside
    return found


def _names(sources: Sequence[Path], kind: str | None) -> list[str]:
    """Return the names of the pictures in the folder to be made."""
    names: dict[str, Path] = {}
    for path in sources:
        suffix = path.suffix
        written = any(suffix.lower() in known.suffixes for known in FORMATS.values())
        if kind is not None:
            if suffix.lower() not in FORMATS[kind].suffixes:
                suffix = FORMATS[kind].suffixes[0]
        elif not written:
            suffix = ".png"
        name = path.with_suffix(suffix).name
        if name in names:
            raise InvalidArgumentError(
                f"{names[name]} and {path} would both become {name}: translate them apart"
            )
        names[name] = path
    return list(names)


def _ours(names: Sequence[str]) -> str:
    # These names and no others: the folder may hold somebody's photographs.
    return "|".join(map(re.escape, names))


def _check_apart(sources: Sequence[Path], output: Path) -> None:
    target = output.resolve()
    for path in sources:
        if target in (path.resolve(), *path.resolve().parents):
            raise OutputError(f"{output} would replace {path}, which is to be read: choose another")
