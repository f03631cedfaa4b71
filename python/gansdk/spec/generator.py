"""GeneratorSpec: the whole `gansdk.spec` document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from ..documents import DocumentFormat
from ..errors import SpecError
from . import checks
from .inputs import ImageInput, Label, Latent, Noise, Truncation
from .output import Output

FORMAT_VERSION = 1
METADATA_KEY = "gansdk.spec"
DISCRIMINATOR_METADATA_KEY = "gansdk.discriminator"
"""Marks the file of a discriminator, so that it is never taken for a generator."""

_DOCUMENT = DocumentFormat(METADATA_KEY, FORMAT_VERSION, "a spec document", SpecError)


@dataclass(frozen=True)
class Discriminator:
    """The discriminator shipped in the same folder: its file name and sha256."""

    file: str
    sha256: str

    def __post_init__(self) -> None:
        checks.string(self.file, "discriminator.file")
        if "/" in self.file or "\\" in self.file:
            raise SpecError(
                f"discriminator.file is a name in the generator's folder; got {self.file!r}"
            )
        checks.sha256(self.sha256, "discriminator.sha256")


@dataclass(frozen=True)
class Golden:
    """Outputs that the exported network gave, by which a copy of it proves itself elsewhere.

    Images 0 ... count - 1 of `seed` with balanced labels: sha256 of the uint8 pixels (of the
    float32 values for an array), exact on the execution provider and instruction set that wrote it;
    mean and standard deviation of the network's float output, to be met within `tolerance`
    anywhere. Where the generator starts from pictures, these are of uniform levels: to_uint8 of the
    uniform law on the stream behind that of the last noise input, of the spec's size, or 64 x 64
    rounded up to its multiple.
    """

    seed: int
    count: int
    sha256: str
    mean: float
    std: float
    tolerance: float

    def __post_init__(self) -> None:
        checks.integer(self.seed, "golden.seed", 0)
        checks.integer(self.count, "golden.count", 1)
        checks.sha256(self.sha256, "golden.sha256")
        for name in ("mean", "std", "tolerance"):
            object.__setattr__(self, name, checks.number(getattr(self, name), f"golden.{name}"))


@dataclass(frozen=True)
class GeneratorSpec:
    """What a generator takes and gives: the `gansdk.spec` document, format version 1.

    Parameters
    ----------
    latent : Latent, optional
        The latent input. A generator has a latent, an image, or both.
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
    image : ImageInput, optional
        The picture that it starts from, for an image-conditioned generator.
    noise : sequence of Noise
        Noise inputs beside the latent, in the order of their streams.
    truncation : Truncation, optional
        The truncation input.

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

    latent: Latent | None = None
    label: Label | None = None
    output: Output = field(default_factory=Output)
    name: str = "generator"
    discriminator: Discriminator | None = None
    golden: Golden | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    image: ImageInput | None = None
    noise: tuple[Noise, ...] = ()
    truncation: Truncation | None = None

    _parts: ClassVar[dict[str, type[Any]]] = {
        "latent": Latent,
        "label": Label,
        "output": Output,
        "discriminator": Discriminator,
        "golden": Golden,
        "image": ImageInput,
        "truncation": Truncation,
    }

    def __post_init__(self) -> None:
        checks.string(self.name, "name")
        for key, part in self._parts.items():
            value = getattr(self, key)
            if not (isinstance(value, part) or (value is None and key != "output")):
                raise SpecError(f"{key} must be a {part.__name__}; got {value!r}")
        if self.latent is None and self.image is None:
            raise SpecError(
                "a generator starts from a latent or a picture: give latent=Latent(size) or "
                "image=ImageInput(...)"
            )
        if isinstance(self.noise, (str, Noise)) or not isinstance(self.noise, Sequence):
            raise SpecError(f"noise must be a list of Noise; got {self.noise!r}")
        for value in self.noise:
            if not isinstance(value, Noise):
                raise SpecError(f"noise must be a list of Noise; it holds {value!r}")
        object.__setattr__(self, "noise", tuple(self.noise))
        names = (*self.input_names, self.output.output)
        if len(set(names)) != len(names):
            raise SpecError(f"names of inputs and output must differ; got {', '.join(names)}")
        if not isinstance(self.provenance, Mapping):
            raise SpecError(f"provenance must be a mapping of JSON values; got {self.provenance!r}")

    @property
    def input_names(self) -> tuple[str, ...]:
        """The network's inputs in order: image, latent, label, noise, truncation."""
        parts = (self.image, self.latent, self.label, *self.noise, self.truncation)
        return tuple(part.input for part in parts if part is not None)

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
        return _DOCUMENT.build(cls, document, cls._parts, {"noise": Noise})
