"""The options of `gansdk export`, under their headings, and how their values are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from ..errors import InvalidArgumentError
from ..spec import Law
from ..spec.checks import Color, Layout
from .grouped import grouped, options_under

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)

_network = options_under(
    "The network",
    grouped(
        "--weights",
        metavar="FILE",
        type=_FILE,
        help="Its weights: .safetensors, or a .pt that holds nothing but tensors, numbers and "
        "texts. Without it the factory must load them.",
    ),
    grouped("--key", help="Where in a checkpoint the weights are: g_ema, or ema.generator."),
    grouped(
        "--prefix",
        help="Cut this off the weights' names and leave out those without it: generator. for "
        "example. module. and _orig_mod. are cut off unasked.",
    ),
    grouped(
        "--factory-arg",
        "factory_args",
        metavar="NAME=JSON",
        multiple=True,
        help="An argument of the factory: size=256. May be given many times.",
    ),
    grouped(
        "--argument",
        "arguments",
        metavar="NAME=JSON",
        multiple=True,
        help="A constant argument of forward: noise_mode=const. May be given many times.",
    ),
    grouped(
        "--call",
        metavar="FUNCTION",
        help="How it is called, where forward(picture, latent, label) is not right: a function of "
        "the module and these, written as FACTORY is.",
    ),
)

_inputs = options_under(
    "What it takes",
    grouped("--latent", metavar="SIZE", help="Values of a latent: 512, or its shape: 100,1,1."),
    grouped(
        "--law",
        type=click.Choice(get_args(Law)),
        default="normal",
        show_default=True,
        help="Standard normal latents, or uniform on [-1, 1).",
    ),
    grouped("--no-latent", is_flag=True, help="It takes a picture and nothing random."),
    grouped("--classes", type=int, help="It takes a class, 0 ... CLASSES - 1."),
    grouped("--class-names", metavar="NAMES", help="Their names: cat,dog."),
    grouped(
        "--one-hot", is_flag=True, help="It takes classes as one-hot rows.  [default: as integers]"
    ),
    grouped(
        "--truncation",
        metavar="[PSI]",
        type=float,
        is_flag=False,
        flag_value=1.0,
        help="psi becomes an input, which forward takes as truncation_psi, truncation or psi; PSI "
        "is what it gets where nobody says.  [default: 1]",
    ),
    grouped(
        "--image-size",
        metavar="HxW|any",
        help="It takes a picture of this size, as its first input.",
    ),
    grouped("--image-channels", type=int, help="Of that picture: 1, 3 or 4.  [default: 3]"),
    grouped("--image-multiple", type=int, help="What its sides are multiples of.  [default: 1]"),
    grouped("--image-scale", type=int, help="Rows that come out for a row of it.  [default: 1]"),
    grouped(
        "--image-range",
        metavar="LOW,HIGH",
        help="What its levels 0 and 255 become.  [default: as --value-range]",
    ),
)

_output = options_under(
    "What it gives",
    grouped(
        "--value-range",
        metavar="LOW,HIGH",
        default="-1,1",
        show_default=True,
        help="The values that become levels 0 and 255.",
    ),
    grouped(
        "--layout",
        type=click.Choice(get_args(Layout)),
        default="NCHW",
        show_default=True,
        help="Order of the axes, of pictures in and out.",
    ),
    grouped(
        "--color",
        type=click.Choice(get_args(Color)),
        default="RGB",
        show_default=True,
        help="Order of the colours, of pictures in and out.",
    ),
    grouped("--array", is_flag=True, help="It gives no images: sound, tables."),
    grouped("--name", default="generator", show_default=True, help="The model's name."),
    grouped(
        "--spec",
        "spec_file",
        metavar="FILE",
        type=_FILE,
        help="All of this as a gansdk.spec document in JSON, instead of these options.",
    ),
)

_discriminator = options_under(
    "Its discriminator, to be kept beside it",
    grouped("--discriminator", metavar="FACTORY", help="Written as FACTORY is."),
    grouped("--discriminator-weights", metavar="FILE", type=_FILE, help="As --weights."),
    grouped("--discriminator-key", help="As --key."),
    grouped("--discriminator-prefix", help="As --prefix."),
    grouped(
        "--discriminator-arg",
        "discriminator_args",
        metavar="NAME=JSON",
        multiple=True,
        help="As --factory-arg.",
    ),
)

_files = options_under(
    "The files",
    grouped("--out", type=_FILE, required=True, help="The folder to make."),
    grouped(
        "--format",
        "formats",
        type=click.Choice(["onnx", "torchscript", "pt2"]),
        multiple=True,
        help="May be given many times.  [default: all of them]",
    ),
    grouped("--opset", type=int, help="Version of ONNX's operators.  [default: 20]"),
    grouped(
        "--statistics",
        metavar="running|instance",
        help="What batch norm subtracts and divides by: what training kept, or what each image has "
        "itself.  [default: running]",
    ),
    grouped("--force", is_flag=True, help="Replace a model that the folder holds."),
)


def export_options(function: F) -> F:
    """Add every option of `gansdk export`."""
    for add in (_files, _discriminator, _output, _inputs, _network):
        function = add(function)
    return function


def parse_pairs(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Read NAME=JSON; what is no JSON is a text, except for Python's own constants."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise InvalidArgumentError(f"{option} is written NAME=VALUE; got {pair!r}")
        if name in values:
            raise InvalidArgumentError(f"{option} gives {name} twice")
        if text in ("True", "False", "None"):
            json_text = {"True": "true", "False": "false", "None": "null"}[text]
            raise InvalidArgumentError(
                f"{option} {pair}: write {json_text}, as in JSON, or '\"{text}\"' for the text"
            )
        try:
            values[name] = json.loads(text)
        except ValueError:
            if text[:1] in ("[", "{", '"'):
                raise InvalidArgumentError(f"{option} {pair} is no JSON") from None
            values[name] = text
    return values


def parse_integers(text: str, option: str, example: str, separator: str = ",") -> tuple[int, ...]:
    """Read integers such as 100,1,1."""
    try:
        return tuple(int(word) for word in text.split(separator))
    except ValueError:
        raise InvalidArgumentError(f"{option} is written such as {example}; got {text!r}") from None


def parse_range(text: str, option: str) -> tuple[float, float]:
    """Read LOW,HIGH."""
    try:
        low, high = (float(word) for word in text.split(","))
    except ValueError:
        raise InvalidArgumentError(f"{option} is written such as -1,1; got {text!r}") from None
    return low, high
