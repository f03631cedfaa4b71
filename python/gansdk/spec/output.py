"""A generator's output: an image or an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..errors import SpecError
from . import checks
from .checks import Color, Layout

Kind = Literal["image", "array"]


@dataclass(frozen=True)
class Output:
    """The network's output: an image, or an array that gansdk hands on untouched.

    Parameters
    ----------
    kind : "image" or "array"
        Images can be had as uint8.
    value_range : pair of float
        The values that become levels 0 and 255.
    layout : "NCHW" or "NHWC"
        Order of an image's axes.
    color : "RGB" or "BGR"
        Order of the first three channels of 3 or 4.
    mean, std : sequence of float, optional
        One number a channel, in the network's order, std above 0: what the training data were
        normalised by, as (data - mean) / std. `value_range` is then that of the data.
    shape : sequence of int, optional
        Shape of one output, without the batch axis; `export` fills it in. An image's height and
        width are None where they follow the picture that the network is given.
    output : str
        Name of the network's output.
    """

    kind: Kind = "image"
    value_range: tuple[float, float] = (-1.0, 1.0)
    layout: Layout = "NCHW"
    shape: tuple[int | None, ...] | None = None
    output: str = "image"
    color: Color = "RGB"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        checks.choice(self.kind, "output.kind", get_args(Kind))
        checks.choice(self.layout, "output.layout", ("NCHW", "NHWC"))
        checks.string(self.output, "output.output")
        if self.shape is not None:
            object.__setattr__(self, "shape", self._checked_shape(self.shape))
        checks.pixels(self, "output", self.channels)

    def _checked_shape(self, given: Any) -> tuple[int | None, ...]:
        if self.kind != "image":
            return checks.shape(given, "output.shape")
        if isinstance(given, Sequence) and len(given) != 3:
            raise SpecError(
                f"output.shape of an image has 3 axes ({self.layout[1:]}); got {list(given)}"
            )
        sides = slice(1, 3) if self.layout == "NCHW" else slice(0, 2)
        if isinstance(given, Sequence) and tuple(given[sides]) == (None, None):
            (channels,) = checks.shape([v for v in given if v is not None], "output.shape")
            return (channels, None, None) if self.layout == "NCHW" else (None, None, channels)
        return checks.shape(given, "output.shape")

    @property
    def channels(self) -> int | None:
        """An image's channels; None where its shape is not known, and for arrays."""
        if self.shape is None or self.kind != "image":
            return None
        return self.shape[0 if self.layout == "NCHW" else 2]

    @property
    def conversion(self) -> dict[str, Any]:
        """What `gansdk.images.to_uint8` must be told of an image: keyword arguments."""
        names = ("value_range", "layout", "color", "mean", "std")
        return {name: getattr(self, name) for name in names}

    @property
    def span(self) -> float:
        """The width of the value range in the network's own values."""
        low, high = self.value_range
        return (high - low) / max(self.std or (1.0,))
