"""The spec of a generator, from the options of `gansdk export`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ..errors import InvalidArgumentError, SpecError
from ..spec import GeneratorSpec, ImageInput, Label, Latent, Output, Truncation
from .export_options import parse_integers, parse_range

SPEC_OPTIONS = {
    "latent": "--latent",
    "law": "--law",
    "no_latent": "--no-latent",
    "classes": "--classes",
    "class_names": "--class-names",
    "one_hot": "--one-hot",
    "truncation": "--truncation",
    "image_size": "--image-size",
    "image_channels": "--image-channels",
    "image_multiple": "--image-multiple",
    "image_scale": "--image-scale",
    "image_range": "--image-range",
    "value_range": "--value-range",
    "layout": "--layout",
    "color": "--color",
    "array": "--array",
    "name": "--name",
}


def spec_of(options: dict[str, Any]) -> GeneratorSpec:
    """Return the spec that options, by their names in `SPEC_OPTIONS`, describe.

    Raises
    ------
    InvalidArgumentError
        One is badly written, is missing, or contradicts another.
    SpecError
        A value is out of range.
    """
    pixels = {name: options[name] for name in ("layout", "color")}
    value_range = parse_range(options["value_range"], "--value-range")
    image = _image(options, value_range)
    kind = "array" if options["array"] else "image"
    psi = options["truncation"]
    return GeneratorSpec(
        latent=_latent(options, image),
        label=_label(options),
        output=Output(kind=kind, value_range=value_range, **pixels),  # type: ignore[arg-type]
        name=options["name"],
        image=image,
        truncation=None if psi is None else Truncation(default=psi),
    )


def read_spec(path: Path) -> GeneratorSpec:
    """Read a spec document; `SpecError` where the file is none."""
    try:
        return GeneratorSpec.from_json(path.read_text())
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SpecError(f"{path} is no text: --spec takes a JSON document") from None
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None


def _latent(options: dict[str, Any], image: ImageInput | None) -> Latent | None:
    text = options["latent"]
    if options["no_latent"]:
        if text is not None:
            raise InvalidArgumentError("--latent and --no-latent contradict each other: take one")
        if image is None:
            raise InvalidArgumentError(
                "--no-latent is for a generator that starts from a picture: say --image-size HxW "
                "(or any) as well"
            )
        return None
    if text is None:
        raise InvalidArgumentError(
            "say what the generator takes: --latent SIZE such as 512 or 100,1,1, or --no-latent "
            "--image-size HxW for one that takes nothing but a picture"
        )
    shape = parse_integers(text, "--latent", "512 or 100,1,1")
    return Latent(math.prod(shape), law=options["law"], shape=shape if len(shape) > 1 else None)


def _label(options: dict[str, Any]) -> Label | None:
    classes, text = options["classes"], options["class_names"]
    names = None if text is None else tuple(word.strip() for word in text.split(","))
    if classes is None and names is None:
        if options["one_hot"]:
            raise InvalidArgumentError("--one-hot needs --classes N")
        return None
    encoding = "one_hot" if options["one_hot"] else "index"
    return Label(
        len(names or ()) if classes is None else classes,
        names=names,
        encoding=encoding,  # type: ignore[arg-type]
    )


def _image(options: dict[str, Any], value_range: tuple[float, float]) -> ImageInput | None:
    text = options["image_size"]
    if text is None:
        names = ("image_channels", "image_multiple", "image_scale", "image_range")
        given = [SPEC_OPTIONS[name] for name in names if options[name] is not None]
        if given:
            raise InvalidArgumentError(
                f"{given[0]} needs --image-size HxW, or --image-size any, beside it"
            )
        return None
    size = None if text == "any" else parse_integers(text, "--image-size", "256x256, or any", "x")
    if size is not None and len(size) != 2:
        raise InvalidArgumentError(f"--image-size is written such as 256x256, or any; got {text!r}")
    channels, multiple, scale = (
        default if options[name] is None else options[name]
        for name, default in (("image_channels", 3), ("image_multiple", 1), ("image_scale", 1))
    )
    own_range = options["image_range"]
    return ImageInput(
        channels=channels,
        size=size,
        multiple=multiple,
        scale=scale,
        value_range=value_range if own_range is None else parse_range(own_range, "--image-range"),
        layout=options["layout"],
        # A grey picture has no order of colours.
        color=options["color"] if channels >= 3 else "RGB",
    )
