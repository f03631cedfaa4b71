"""A generator's inputs: latent, label, noise, truncation, image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..errors import SpecError
from . import checks
from .checks import Color, Layout

Law = Literal["normal", "uniform"]
Encoding = Literal["index", "one_hot"]
Fit = Literal["resize", "crop", "pad", "error"]
Resample = Literal["nearest", "bilinear", "bicubic", "lanczos"]


@dataclass(frozen=True)
class Latent:
    """The latent input: float32 of shape (batch, size), or (batch, *shape).

    Parameters
    ----------
    size : int
        Number of values an image, at least 1.
    law : "normal" or "uniform"
        Standard normal, or uniform on [-1, 1).
    input : str
        Name of the network's input.
    shape : sequence of int, optional
        Shape of one latent as the network wants it, for instance (100, 1, 1) for a DCGAN. Its
        product is `size`. Default: (size,).
    """

    size: int
    law: Law = "normal"
    input: str = "z"
    shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        checks.integer(self.size, "latent.size", 1)
        checks.choice(self.law, "latent.law", get_args(Law))
        checks.string(self.input, "latent.input")
        if self.shape is not None:
            object.__setattr__(self, "shape", checks.shape(self.shape, "latent.shape"))
            if math.prod(self.shape) != self.size:
                raise SpecError(
                    f"latent.shape is {list(self.shape)}, {math.prod(self.shape)} values, "
                    f"but latent.size is {self.size}"
                )


@dataclass(frozen=True)
class Label:
    """The class label of a conditional generator.

    Parameters
    ----------
    classes : int
        Number of classes, at least 1; labels are 0 ... classes - 1.
    names : sequence of str, optional
        One name a class.
    prior : sequence of float, optional
        One probability a class, not negative, sum 1 within 1e-6. Default: uniform.
    input : str
        Name of the network's input.
    encoding : "index" or "one_hot"
        int64 of shape (batch,), or float32 of shape (batch, classes).
    """

    classes: int
    names: tuple[str, ...] | None = None
    prior: tuple[float, ...] | None = None
    input: str = "label"
    encoding: Encoding = "index"

    def __post_init__(self) -> None:
        checks.integer(self.classes, "label.classes", 1)
        checks.string(self.input, "label.input")
        checks.choice(self.encoding, "label.encoding", get_args(Encoding))
        if self.names is not None:
            names = checks.sequence(self.names, "label.names", self.classes)
            for name in names:
                checks.string(name, "label.names")
            object.__setattr__(self, "names", names)
        if self.prior is not None:
            prior = tuple(
                checks.number(p, "label.prior")
                for p in checks.sequence(self.prior, "label.prior", self.classes)
            )
            if min(prior) < 0 or abs(math.fsum(prior) - 1) > 1e-6:
                raise SpecError(
                    "label.prior must hold probabilities: none negative, their sum 1; "
                    f"the sum is {math.fsum(prior):.6g}, the smallest {min(prior):.6g}"
                )
            object.__setattr__(self, "prior", prior)

    @property
    def probabilities(self) -> tuple[float, ...]:
        """The prior, with its default written out."""
        return self.prior or (1 / self.classes,) * self.classes


@dataclass(frozen=True)
class Noise:
    """A noise input beside the latent: float32 of shape (batch, *shape).

    The k-th of a spec is drawn on stream 16 + k, so that noise too is a function of (seed, index).

    Parameters
    ----------
    shape : sequence of int
        Shape of one image's noise, for instance (1, 64, 64).
    law : "normal" or "uniform"
        Standard normal, or uniform on [-1, 1).
    input : str
        Name of the network's input.
    """

    shape: tuple[int, ...]
    law: Law = "normal"
    input: str = "noise"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", checks.shape(self.shape, "noise.shape"))
        checks.choice(self.law, "noise.law", get_args(Law))
        checks.string(self.input, "noise.input")

    @property
    def size(self) -> int:
        """Number of values an image."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Truncation:
    """The truncation input psi: w = w_avg + psi (w - w_avg) (Karras et al. 2019, appendix B).

    Parameters
    ----------
    default : float
        What is given to the network where a call does not say. 1 leaves the latents alone.
    input : str
        Name of the network's input: float32, one value an image, shape (batch,).
    """

    default: float = 1.0
    input: str = "psi"

    def __post_init__(self) -> None:
        object.__setattr__(self, "default", checks.number(self.default, "truncation.default"))
        checks.string(self.input, "truncation.input")


@dataclass(frozen=True)
class ImageInput:
    """The picture that an image-conditioned generator starts from, as for pix2pix.

    Parameters
    ----------
    channels : int
        1, 3 or 4.
    size : pair of int, optional
        Height and width that the network takes. Default: any.
    multiple : int
        Height and width must be multiples of it.
    fit : "resize", "crop", "pad" or "error", optional
        What becomes of a picture of another size: stretched; scaled until it covers the size and
        cropped around its middle; its lower and right edges reflected, and the result cut back;
        refused. Without a size it becomes a multiple: the nearest, the one below, the one above.
        Default: "resize" where there is a size, else "pad".
    resample : "nearest", "bilinear", "bicubic" or "lanczos"
        The filter of "resize" and "crop".
    value_range : pair of float
        The values that levels 0 and 255 become.
    layout : "NCHW" or "NHWC"
        Order of the axes.
    color : "RGB" or "BGR"
        Order of the first three channels of 3 or 4.
    mean, std : sequence of float, optional
        One number a channel, in the network's order: the network takes (data - mean) / std.
    scale : int
        Rows of the output for a row of the picture: 1, or the factor of a super-resolution.
    input : str
        Name of the network's input.
    """

    channels: int = 3
    size: tuple[int, int] | None = None
    multiple: int = 1
    fit: Fit | None = None
    resample: Resample = "bicubic"
    value_range: tuple[float, float] = (-1.0, 1.0)
    layout: Layout = "NCHW"
    color: Color = "RGB"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    scale: int = 1
    input: str = "input_image"

    def __post_init__(self) -> None:
        if type(self.channels) is not int or self.channels not in (1, 3, 4):
            raise SpecError(f"image.channels must be 1, 3 or 4; got {self.channels!r}")
        checks.integer(self.multiple, "image.multiple", 1)
        checks.integer(self.scale, "image.scale", 1)
        if self.size is not None:
            size = checks.shape(checks.sequence(self.size, "image.size", 2), "image.size")
            object.__setattr__(self, "size", size)
            if any(side % self.multiple for side in size):
                raise SpecError(
                    f"image.size {list(size)} must hold multiples of image.multiple, "
                    f"{self.multiple}"
                )
        if self.fit is None:
            object.__setattr__(self, "fit", "pad" if self.size is None else "resize")
        checks.choice(self.fit, "image.fit", get_args(Fit))
        checks.choice(self.resample, "image.resample", get_args(Resample))
        checks.string(self.input, "image.input")
        checks.pixels(self, "image", self.channels)

    @property
    def conversion(self) -> dict[str, Any]:
        """What `gansdk.images.from_uint8` must be told of a picture: keyword arguments."""
        names = ("value_range", "layout", "color", "mean", "std")
        return {name: getattr(self, name) for name in names}
