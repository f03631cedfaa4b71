"""Recipe: how a picture was made, so that it can be made again.

The document is kept inside the picture; `read_recipe` finds it there, `encode` and `save` write
it, and `gansdk sample --like picture.png` follows it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from ..arguments import INDEX_LIMIT
from ..documents import DocumentFormat, shown
from ..errors import RecipeError
from .formats import Compression
from .law import Rounding
from .recipe_checks import choice, integer, integers, number, string, strings

FORMAT = "gansdk.recipe"
FORMAT_VERSION = 1
LONGEST = 1 << 20
"""Characters of the longest document; it may come from anyone."""

RecipeLabels: TypeAlias = "int | tuple[int, ...] | Literal['prior', 'balanced'] | None"

_SIDE = 2**31 - 1
_DOCUMENT = DocumentFormat(FORMAT, FORMAT_VERSION, "a recipe", RecipeError)
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Grid:
    """How many images became one picture: the arguments of `grid`.

    Parameters
    ----------
    columns : int
        Images a row.
    padding : int
        Pixels between neighbours.
    background : int or sequence of int
        Level of what lies between them, one or one a channel.
    row_labels : sequence of str, optional
        One a row, in the font that `grid` has by default.
    """

    columns: int
    padding: int = 2
    background: int | tuple[int, ...] = 0
    row_labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        integer(self.columns, "grid.columns", 1, _SIDE)
        integer(self.padding, "grid.padding", 0, _SIDE)
        if isinstance(self.background, (list, tuple)):
            _set(self, "background", integers(self.background, "grid.background", 65_535))
        else:
            integer(self.background, "grid.background", 0, 65_535)
        if self.row_labels is not None:
            _set(self, "row_labels", strings(self.row_labels, "grid.row_labels"))


@dataclass(frozen=True)
class Encoding:
    """How the picture became a file: the arguments of `encode`, and what encoded it.

    Parameters
    ----------
    format : str
        As in `encode`.
    quality : int, optional
        None where the file is lossless.
    compression : "fast" or "small", optional
        Of a PNG.
    encoder : str, optional
        Name and version of the package that encoded, where it is not gansdk itself.
    """

    format: str
    quality: int | None = None
    compression: Compression | None = None
    encoder: str | None = None

    def __post_init__(self) -> None:
        string(self.format, "encoding.format")
        if self.quality is not None:
            integer(self.quality, "encoding.quality", 0, 100)
        if self.compression is not None:
            choice(self.compression, "encoding.compression", get_args(Compression))
        if self.encoder is not None:
            string(self.encoder, "encoding.encoder")


@dataclass(frozen=True)
class Runtime:
    """What ran the network: pixels are the same bytes on one of these, and near on the others.

    Parameters
    ----------
    device : str
        "cpu" or "cuda:N".
    backend : str
        "onnxruntime", "torchscript" or "pt2".
    version : str, optional
        Of ONNX Runtime or torch.
    """

    device: str
    backend: str = "onnxruntime"
    version: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.device, str) or not re.fullmatch(r"cpu|cuda:\d{1,3}", self.device):
            raise RecipeError(f"runtime.device must be cpu or cuda:N; got {shown(self.device)}")
        string(self.backend, "runtime.backend")
        if self.version is not None:
            string(self.version, "runtime.version")


@dataclass(frozen=True)
class Recipe:
    """How a picture was made: the `gansdk.recipe` document, format version 1.

    Parameters
    ----------
    model : str
        The model's name.
    model_sha256 : str
        Of the model's file.
    latent_contract : int
        Version of the rule that turns a seed and an index into a latent.
    seed : int, optional
        0 ... 2^64 - 1; either this or `seeds`.
    seeds : sequence of int, optional
        One image for each of these.
    start : int
        Index of the first image; with `seeds`, of every image.
    count : int
        How many images; with `seeds`, their number.
    labels : int, sequence of int, "prior", "balanced" or None
        The rule by which classes were chosen. A sequence is repeated by the image's index (with
        `seeds`, by its place among them): labels[index mod len(labels)].
    label : int, optional
        The class of a single image.
    truncation : float, optional
        psi, for a model that takes it.
    rounding : "nearest", "truncate" or "stylegan"
        How values became levels.
    grid : Grid, optional
        None for an image that is the picture.
    encoding : Encoding, optional
        None for the defaults of the file's format.
    runtime : Runtime, optional
        None where nothing is known of it.
    gansdk : str, optional
        Version of gansdk.

    Raises
    ------
    RecipeError
        Where a field has a wrong type or value; the message names it.

    Examples
    --------
    >>> recipe = Recipe("digits", "0" * 64, seed=7, start=42, label=3)
    >>> Recipe.from_json(recipe.to_json()) == recipe
    True
    """

    model: str
    model_sha256: str
    latent_contract: int = 1
    seed: int | None = None
    seeds: tuple[int, ...] | None = None
    start: int = 0
    count: int = 1
    labels: RecipeLabels = None
    label: int | None = None
    truncation: float | None = None
    rounding: Rounding = "nearest"
    grid: Grid | None = None
    encoding: Encoding | None = None
    runtime: Runtime | None = None
    gansdk: str | None = None

    _parts: ClassVar[dict[str, type[Any]]] = {
        "grid": Grid,
        "encoding": Encoding,
        "runtime": Runtime,
    }

    def __post_init__(self) -> None:
        string(self.model, "model")
        if not isinstance(self.model_sha256, str) or not re.fullmatch(
            r"[0-9a-f]{64}", self.model_sha256
        ):
            raise RecipeError(
                "model_sha256 must be 64 lower-case hexadecimal digits; "
                f"got {shown(self.model_sha256)}"
            )
        integer(self.latent_contract, "latent_contract", 1, 2**31)
        self._check_images()
        self._check_labels()
        if self.truncation is not None:
            _set(self, "truncation", number(self.truncation, "truncation"))
        choice(self.rounding, "rounding", get_args(Rounding))
        for key, part in self._parts.items():
            value = getattr(self, key)
            if value is not None and not isinstance(value, part):
                raise RecipeError(f"{key} must be a {part.__name__}; got {shown(value)}")
        if self.gansdk is not None:
            string(self.gansdk, "gansdk")

    def _check_images(self) -> None:
        integer(self.start, "start", 0, INDEX_LIMIT - 1)
        integer(self.count, "count", 1, INDEX_LIMIT)
        if (self.seed is None) == (self.seeds is None):
            raise RecipeError("a recipe has either seed or seeds; got both or neither")
        if self.seed is not None:
            integer(self.seed, "seed", 0, INDEX_LIMIT - 1)
            if self.start + self.count > INDEX_LIMIT:
                raise RecipeError(
                    "start + count must be at most 2^64; "
                    f"got start={self.start} and count={self.count}"
                )
        else:
            seeds = integers(self.seeds, "seeds", INDEX_LIMIT - 1)
            _set(self, "seeds", seeds)
            if self.count != len(seeds):
                raise RecipeError(f"count is {self.count}, but there are {len(seeds)} seeds")

    def _check_labels(self) -> None:
        if isinstance(self.labels, (list, tuple)):
            _set(self, "labels", integers(self.labels, "labels", 2**31))
        elif isinstance(self.labels, str):
            if self.labels not in ("prior", "balanced"):
                raise RecipeError(
                    "labels must be prior, balanced, a class or a list of classes; "
                    f"got {shown(self.labels)}"
                )
        elif self.labels is not None:
            integer(self.labels, "labels", 0, 2**31)
        if self.label is not None:
            integer(self.label, "label", 0, 2**31)
            if self.count != 1:
                raise RecipeError(
                    f"label is the class of a single image, but count is {self.count}"
                )

    def to_json(self) -> str:
        """Return the document as one line of ASCII; the same recipe gives the same line.

        A field that is None is left out. `RecipeError` where it is longer than `from_json` reads.
        """
        text = _ENCODER.encode({"format": FORMAT, "version": FORMAT_VERSION, **self.to_dict()})
        if len(text) > LONGEST:
            raise RecipeError(
                f"a {FORMAT} document has at most {LONGEST} characters, this would have "
                f"{len(text)}: name fewer seeds or labels in one picture"
            )
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are not None, by name; those of a part as a mapping in turn."""
        return _values(self)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read the document; `RecipeError` where it is not a version 1 document."""
        if len(text) > LONGEST:
            raise RecipeError(f"a {FORMAT} document has at most {LONGEST} characters")
        return _DOCUMENT.build(cls, _DOCUMENT.parse(text), cls._parts)


def _values(record: Recipe | Grid | Encoding | Runtime) -> dict[str, Any]:
    # Not dataclasses.asdict, which copies: a recipe of an image may be one of a million.
    return {
        k: _values(v) if isinstance(v, (Grid, Encoding, Runtime)) else v
        for k, v in vars(record).items()
        if v is not None
    }


def _set(record: object, name: str, value: Any) -> None:
    object.__setattr__(record, name, value)
