"""GeneratorSpec: what a generator takes and gives, and where it came from.

The document lives inside the model file under the key `gansdk.spec` (ONNX `metadata_props`,
TorchScript `_extra_files`), so a file alone is enough to sample from it. To read one from a file,
use `Sampler(path).spec`; to write one, hand it to `gansdk.export.export`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, get_args

from .documents import DocumentFormat
from .errors import SpecError

FORMAT_VERSION = 1
METADATA_KEY = "gansdk.spec"
DISCRIMINATOR_METADATA_KEY = "gansdk.discriminator"
"""Marks the file of a discriminator, so that it is never taken for a generator."""

Law = Literal["normal", "uniform"]
Encoding = Literal["index", "one_hot"]
Kind = Literal["image", "array"]
Layout = Literal["NCHW", "NHWC"]
Color = Literal["RGB", "BGR"]

_DOCUMENT = DocumentFormat(METADATA_KEY, FORMAT_VERSION, "a spec document", SpecError)


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
        _integer(self.size, "latent.size", 1)
        _choice(self.law, "latent.law", get_args(Law))
        _string(self.input, "latent.input")
        if self.shape is not None:
            object.__setattr__(self, "shape", _shape(self.shape, "latent.shape"))
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
        _integer(self.classes, "label.classes", 1)
        _string(self.input, "label.input")
        _choice(self.encoding, "label.encoding", get_args(Encoding))
        if self.names is not None:
            names = _sequence(self.names, "label.names", self.classes)
            for name in names:
                _string(name, "label.names")
            object.__setattr__(self, "names", names)
        if self.prior is not None:
            prior = tuple(
                _number(p, "label.prior")
                for p in _sequence(self.prior, "label.prior", self.classes)
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
        Shape of one output, without the batch axis; `export` fills it in.
    output : str
        Name of the network's output.
    """

    kind: Kind = "image"
    value_range: tuple[float, float] = (-1.0, 1.0)
    layout: Layout = "NCHW"
    shape: tuple[int, ...] | None = None
    output: str = "image"
    color: Color = "RGB"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        _choice(self.kind, "output.kind", get_args(Kind))
        _choice(self.layout, "output.layout", get_args(Layout))
        _choice(self.color, "output.color", get_args(Color))
        _string(self.output, "output.output")
        low, high = (
            _number(v, "output.value_range")
            for v in _sequence(self.value_range, "output.value_range", 2)
        )
        if not low < high:
            raise SpecError(
                f"output.value_range must rise, for instance [-1, 1]; got {[low, high]}"
            )
        object.__setattr__(self, "value_range", (low, high))
        if self.shape is not None:
            object.__setattr__(self, "shape", _shape(self.shape, "output.shape"))
            if self.kind == "image" and len(self.shape) != 3:
                raise SpecError(
                    f"output.shape of an image has 3 axes ({self.layout[1:]}); "
                    f"got {list(self.shape)}"
                )
        self._check_channels()

    def _check_channels(self) -> None:
        channels = self.channels
        if self.color == "BGR" and channels not in (None, 3, 4):
            raise SpecError(f"output.color BGR needs 3 or 4 channels; the image has {channels}")
        for name in ("mean", "std"):
            values = getattr(self, name)
            if values is None:
                continue
            if isinstance(values, str) or not isinstance(values, Sequence):
                raise SpecError(f"output.{name} must hold a number a channel; got {values!r}")
            numbers = _sequence(values, f"output.{name}", channels or len(values))
            numbers = tuple(_number(v, f"output.{name}") for v in numbers)
            if name == "std" and not all(v > 0 for v in numbers):
                raise SpecError(f"output.std must be above 0 for each channel; got {list(numbers)}")
            object.__setattr__(self, name, numbers)

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


@dataclass(frozen=True)
class Discriminator:
    """The discriminator shipped in the same folder: its file name and sha256."""

    file: str
    sha256: str

    def __post_init__(self) -> None:
        _string(self.file, "discriminator.file")
        if "/" in self.file or "\\" in self.file:
            raise SpecError(
                f"discriminator.file is a name in the generator's folder; got {self.file!r}"
            )
        _sha256(self.sha256, "discriminator.sha256")


@dataclass(frozen=True)
class Golden:
    """Outputs that the exported network gave, by which a copy of it proves itself elsewhere.

    Images 0 ... count - 1 of `seed` with balanced labels: sha256 of the uint8 pixels (of the
    float32 values for an array), exact on the execution provider and instruction set that wrote it;
    mean and standard deviation of the network's float output, to be met within `tolerance`
    anywhere.
    """

    seed: int
    count: int
    sha256: str
    mean: float
    std: float
    tolerance: float

    def __post_init__(self) -> None:
        _integer(self.seed, "golden.seed", 0)
        _integer(self.count, "golden.count", 1)
        _sha256(self.sha256, "golden.sha256")
        for name in ("mean", "std", "tolerance"):
            object.__setattr__(self, name, _number(getattr(self, name), f"golden.{name}"))


@dataclass(frozen=True)
class GeneratorSpec:
    """What a generator takes and gives: the `gansdk.spec` document, format version 1.

    Parameters
    ----------
    latent : Latent
        The latent input.
    label : Label, optional
        The class label, for a conditional generator.
    output : Output
        What comes out.
    name : str
        The model's name.
    discriminator : Discriminator, optional
        The discriminator beside it.
    golden : Golden, optional
        Known outputs.
    provenance : mapping
        JSON values: versions of gansdk and torch, opset, sha256 of the weights, training recipe.

    Raises
    ------
    SpecError
        Where a field has a wrong type or value; the message names it.

    Examples
    --------
    >>> spec = GeneratorSpec(latent=Latent(128), label=Label(10))
    >>> GeneratorSpec.from_json(spec.to_json()) == spec
    True
    """

    latent: Latent
    label: Label | None = None
    output: Output = field(default_factory=Output)
    name: str = "generator"
    discriminator: Discriminator | None = None
    golden: Golden | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    _parts: ClassVar[dict[str, type[Any]]] = {
        "latent": Latent,
        "label": Label,
        "output": Output,
        "discriminator": Discriminator,
        "golden": Golden,
    }

    def __post_init__(self) -> None:
        _string(self.name, "name")
        for key, part in self._parts.items():
            value = getattr(self, key)
            optional = key not in ("latent", "output")
            if not (isinstance(value, part) or (optional and value is None)):
                raise SpecError(f"{key} must be a {part.__name__}; got {value!r}")
        if not isinstance(self.provenance, Mapping):
            raise SpecError(f"provenance must be a mapping of JSON values; got {self.provenance!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON values, with the format's name and version."""
        return {"format": METADATA_KEY, "version": FORMAT_VERSION, **asdict(self)}

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the document as JSON text; the same spec gives the same text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> GeneratorSpec:
        """Read the document from JSON text; `SpecError` where it is not a version 1 document."""
        return cls.from_dict(_DOCUMENT.parse(text))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> GeneratorSpec:
        """Read the document from JSON values; `SpecError` where it is not a version 1 document."""
        return _DOCUMENT.build(cls, document, cls._parts)


def _integer(value: Any, name: str, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SpecError(f"{name} must be an integer of at least {least}; got {value!r}")


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise SpecError(f"{name} must be a finite number; got {value!r}")
    return float(value)


def _string(value: Any, name: str) -> None:
    if not isinstance(value, str) or not value:
        raise SpecError(f"{name} must be a string with at least one character; got {value!r}")


def _choice(value: Any, name: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SpecError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def _sequence(value: Any, name: str, length: int) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != length:
        raise SpecError(f"{name} must hold {length} values; got {value!r}")
    return tuple(value)


def _shape(value: Any, name: str) -> tuple[int, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise SpecError(f"{name} must be a list of positive integers; got {value!r}")
    for size in value:
        _integer(size, name, 1)
    return tuple(value)


def _sha256(value: Any, name: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise SpecError(f"{name} must be 64 lower-case hexadecimal digits; got {value!r}")
