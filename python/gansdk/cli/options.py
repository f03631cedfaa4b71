"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from ..errors import InvalidArgumentError
from ..images.formats import Compression
from ..images.law import Rounding
from ..selection import CyclicLabels

F = TypeVar("F", bound=Callable[..., Any])

model_argument = click.argument("model", metavar="MODEL")

truncation_option = click.option(
    "--truncation",
    metavar="PSI",
    type=float,
    help="Of a model that takes it: 1 leaves the latents alone, below 1 images are more typical "
    "and less varied.  [default: the model's]",
)


def sampling_options(function: F) -> F:
    """Add what every command that samples takes."""
    for option in reversed(
        [
            click.option("--seed", type=int, default=0, show_default=True, help="0 ... 2^64 - 1."),
            click.option(
                "--start", type=int, default=0, show_default=True, help="Index of the first image."
            ),
            click.option(
                "--labels",
                metavar="LABELS",
                help="prior (drawn from the model's prior, the default), balanced (index mod "
                "classes), one class, or classes to repeat in turn: 3 or 0,1,2.",
            ),
            truncation_option,
            click.option(
                "--rounding",
                type=click.Choice(get_args(Rounding)),
                default="nearest",
                show_default=True,
                help="How floats become levels; the others are what other code bases did.",
            ),
            click.option("--batch-size", type=int, help="Images in one run of the network."),
            click.option(
                "--device",
                default="cpu",
                show_default=True,
                help="cpu, cuda, cuda:N or auto.",
            ),
            click.option("--threads", type=int, help="Default: all cores."),
        ]
    ):
        function = option(function)
    return function


def encoding_options(function: F) -> F:
    """Add what every command that writes pictures takes."""
    for option in reversed(
        [
            click.option(
                "--quality",
                type=int,
                help="Of .jpg, 1 ... 100 (default 95); of .webp and .jxl, 0 ... 100 (default: "
                "lossless).",
            ),
            click.option(
                "--compression",
                type=click.Choice(get_args(Compression)),
                help="Of .png.  [default: fast]",
            ),
        ]
    ):
        function = option(function)
    return function


def parse_labels(text: str | None) -> CyclicLabels:
    """Read --labels; several classes are to be repeated by the image's index."""
    if text is None or text == "prior" or text == "balanced":
        return text  # type: ignore[return-value]
    try:
        classes = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise InvalidArgumentError(
            f"--labels must be prior, balanced, a class such as 3, or classes such as 0,1,2; "
            f"got {text!r}"
        ) from None
    return classes[0] if len(classes) == 1 else classes


def parse_seeds(text: str) -> list[int]:
    """Read --seeds."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise InvalidArgumentError(
            f"--seeds must be integers such as 3,14,15; got {text!r}"
        ) from None
