"""Which input is what: picture, latent, label, noise, truncation, by type, shape and name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..backend import Tensor
from ..dtypes import is_float, is_integer
from .guess import Confidence, Finding

_LABEL = re.compile(r"(^|[^a-z])(y|c|cond)([^a-z]|$)|label|class|one_?hot|categor")
_LATENT = re.compile(r"(^|[^a-z])(z|w|x)([^a-z]|$)|latent|noise|seed|random|style|code")
_NOISE = re.compile(r"noise")
_TRUNCATION = re.compile(r"(^|[^a-z])psi([^a-z]|$)|trunc")

CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Input:
    """An input with its batch axis taken off; `shape` is None in each axis that is free."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    batch: bool

    def named(self, pattern: re.Pattern[str]) -> bool:
        """Whether the name, in lower case, says so."""
        return pattern.search(self.name.lower()) is not None

    @property
    def size(self) -> int | None:
        """Number of values an image; None where an axis is free."""
        return None if None in self.shape else math.prod(s for s in self.shape if s is not None)


def inputs_findings(tensors: Sequence[Tensor]) -> tuple[list[Finding], list[str]]:
    """Return what the inputs seem to be, and what of them was not understood."""
    findings: list[Finding] = []
    problems: list[str] = []
    left: list[Input] = []
    for tensor in tensors:
        value = without_batch(tensor)
        if not (is_float(value.dtype) or is_integer(value.dtype)):
            problems.append(f"the input {value.name} is a {value.dtype}, which gansdk cannot give")
        else:
            left.append(value)
    for take in (_truncation, _image, _index_label, _noise, _latent_and_label):
        findings += take(left)
    problems += [
        f"the input {x.name} {[*(['batch'] if x.batch else []), *x.shape]} was not understood"
        for x in left
    ]
    return findings, problems


def without_batch(tensor: Tensor) -> Input:
    """Return an input with its batch axis, if it has one, taken off."""
    # One axis of many values is a latent without a batch axis, not a batch of that size.
    first = tensor.shape[:1]
    one_axis = len(tensor.shape) == 1 and is_float(tensor.dtype)
    batch = bool(first) and not (one_axis and first[0] not in (None, 1))
    return Input(tensor.name, tensor.shape[1:] if batch else tensor.shape, tensor.dtype, batch)


def _truncation(left: list[Input]) -> list[Finding]:
    named = [x for x in left if x.named(_TRUNCATION) and x.size in (1, None) and len(x.shape) < 2]
    if not named or not is_float(named[0].dtype):
        return []
    left.remove(named[0])
    return [
        Finding("truncation.input", named[0].name, "likely", "a number, by its name psi"),
    ]


def layout_of(shape: Sequence[int | None]) -> str | None:
    """Return the layout of an image's three axes by the one of 1, 3 or 4 channels."""
    if len(shape) != 3:
        return None
    first, last = shape[0] in CHANNELS, shape[2] in CHANNELS
    if first and last:
        # Such as (3, 4, 4): the sides of most pictures are equal.
        return "NHWC" if shape[0] == shape[1] and shape[1] != shape[2] else "NCHW"
    if not (first or last):
        return None
    return "NCHW" if first else "NHWC"


def _image(left: list[Input]) -> list[Finding]:
    vectors = [x for x in left if x.size is not None and len(x.shape) < 3]
    for x in left:
        layout = layout_of(x.shape)
        if layout is None:
            continue
        sides = x.shape[1:] if layout == "NCHW" else x.shape[:2]
        channels = x.shape[0] if layout == "NCHW" else x.shape[2]
        is_noise = x.named(_NOISE) or (channels == 1 and bool(vectors))
        if is_noise or any(side == 1 for side in sides):
            continue
        left.remove(x)
        found = [
            Finding("image.input", x.name, "declared", "the one input of a picture's shape"),
            Finding("image.channels", channels, "declared", f"its axes, {layout[1:]}"),
            Finding("image.layout", layout, "declared", "the axis of 1, 3 or 4 is the channels'"),
        ]
        if None not in sides:
            found.append(Finding("image.size", list(sides), "declared", "its height and width"))
        if is_integer(x.dtype):
            found.append(Finding("image.value_range", [0, 255], "declared", "it takes bytes"))
        else:
            reason = "which values stand for black and white is not in the file"
            found.append(Finding("image.value_range", None, "unknown", reason))
        return found
    return []


def _index_label(left: list[Input]) -> list[Finding]:
    for x in left:
        scalar = x.shape == () or x.shape == (1,)
        # Keras feeds class numbers to an embedding as floats of shape (batch, 1).
        if scalar and (is_integer(x.dtype) or x.named(_LABEL)):
            left.remove(x)
            whole = is_integer(x.dtype)
            sure: Confidence = "declared" if whole else "likely"
            reason = "the one integer an image" if whole else "a number, by its name"
            return [
                Finding("label.input", x.name, sure, reason),
                Finding("label.encoding", "index", sure, "the class's number"),
                Finding("label.classes", None, "unknown", "how many is not declared"),
            ]
    return []


def _noise(left: list[Input]) -> list[Finding]:
    maps = [
        x for x in left
        if x.size is not None and x.size > 1 and is_float(x.dtype) and x.named(_NOISE)
    ]  # fmt: skip
    others = [x for x in left if x not in maps and is_float(x.dtype) and x.size not in (None, 1)]
    if not others:  # the latent itself is often called noise
        if len(maps) < 2:
            return []
        flat = [x for x in maps if len(x.shape) < 3]
        maps = [x for x in maps if x not in flat[:1]] if flat else []
    for x in maps:
        left.remove(x)
    value = [{"shape": list(x.shape), "law": "normal", "input": x.name} for x in maps]
    reason = "by their name; the law is the usual one"
    return [Finding("noise", value, "likely", reason)] if maps else []


def _latent_and_label(left: list[Input]) -> list[Finding]:
    vectors = [x for x in left if x.size not in (0, 1) and x.shape]
    labels = [x for x in vectors if len(x.shape) == 1 and x.size is not None]
    floats = [x for x in vectors if is_float(x.dtype)]
    label, reason = None, ""
    whole = [x for x in labels if is_integer(x.dtype)]
    if whole:
        label, reason = whole[0], "integers, one a class"
    elif len(floats) > 1:
        named = [x for x in labels if x.named(_LABEL)]
        if named:
            label, reason = named[0], "a vector, by its name"
        elif len(floats) == 2 and labels:
            small, large = sorted(floats, key=lambda x: math.inf if x.size is None else x.size)
            if small in labels and small.size != large.size and not small.named(_LATENT):
                label, reason = small, "the smaller of two vectors"
    latents = [x for x in floats if x is not label]
    latent = latents[0] if len(latents) == 1 else None
    if latent is None:
        called = [x for x in latents if x.named(_LATENT)]
        latent = called[0] if len(called) == 1 else None
    found: list[Finding] = []
    if latent is not None:
        left.remove(latent)
        found += _latent(latent, alone=len(floats) == 1)
    if label is not None:
        left.remove(label)
        found += [
            Finding("label.input", label.name, "likely", reason),
            Finding("label.encoding", "one_hot", "likely", "a value a class"),
            Finding("label.classes", label.size, "likely", "its length"),
        ]
    return found


def _latent(x: Input, *, alone: bool) -> list[Finding]:
    sure: Confidence = "declared" if alone else "likely"
    reason = "the only vector" if alone else "by its name, or what is left"
    found = [Finding("latent.input", x.name, sure, reason)]
    if x.size is None:
        found.append(Finding("latent.size", None, "unknown", "an axis of it is not declared"))
    else:
        found.append(Finding("latent.size", x.size, "declared", f"its shape, {_shape(x)}"))
        if len(x.shape) > 1:
            found.append(Finding("latent.shape", list(x.shape), "declared", "its shape"))
    law = "the usual law; the other is uniform on [-1, 1), and no file says which"
    return [*found, Finding("latent.law", "normal", "likely", law)]


def _shape(x: Input) -> str:
    sizes = ["batch"] * x.batch + ["any" if s is None else str(s) for s in x.shape]
    return f"({', '.join(sizes)})"
