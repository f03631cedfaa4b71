"""Which output is the picture, and in which layout."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..backend import Tensor
from ..dtypes import is_integer
from .guess import Finding
from .inputs import CHANNELS, layout_of

_NAMED = re.compile(r"ima?ge?|rgb|fake|output|sample|pictur")


def output_findings(tensors: Sequence[Tensor], *, batch: bool) -> list[Finding]:
    """Return what the outputs seem to be; `batch` is whether the inputs have an axis for it."""
    shapes = {x.name: x.shape[1:] if batch or len(x.shape) > 3 else x.shape for x in tensors}
    image = [x for x in tensors if layout_of(shapes[x.name]) is not None]
    unsized = [x for x in tensors if len(x.shape) == 4 or not x.shape]
    candidates = image or unsized or list(tensors)
    named = [x for x in candidates if _NAMED.search(x.name.lower())]
    chosen = (named or candidates)[0]
    only = len(tensors) == 1
    reason = "the only output" if only else f"of {len(tensors)} outputs, by its shape and name"
    found = [Finding("output.output", chosen.name, "declared" if only else "likely", reason)]
    if len(chosen.shape) == 1 and batch:
        return [*found, Finding("output.kind", "array", "declared", "one number an image")]
    return found + shape_findings(shapes[chosen.name], chosen.dtype)


def shape_findings(shape: Sequence[int | None], dtype: str) -> list[Finding]:
    """Return kind, layout and shape of one output; nothing where its shape is not known."""
    if not shape:
        return []
    layout = layout_of(shape)
    if layout is None:
        if len(shape) == 3 and (None in (shape[0], shape[2])):
            return []  # running it tells
        array = Finding("output.kind", "array", "likely", f"its shape, {list(shape)}")
        sizes = [] if None in shape else [Finding("output.shape", list(shape), "declared", "as is")]
        return [array, *sizes]
    # Where both may be channels, the sides of most pictures are equal in one reading alone.
    both = shape[0] in CHANNELS and shape[2] in CHANNELS
    unclear = both and (shape[1] == shape[2]) == (shape[0] == shape[1])
    found = [
        Finding("output.kind", "image", "declared", "it has the shape of pictures"),
        Finding(
            "output.layout",
            layout,
            "unsure" if unclear else "declared",
            f"the axis of 1, 3 or 4 of {list(shape)} is the channels'",
        ),
    ]
    sides = shape[1:] if layout == "NCHW" else shape[:2]
    if (None in sides) == (sides == (None, None)):
        found.append(Finding("output.shape", list(shape), "declared", "as the file declares it"))
    if is_integer(dtype):
        found.append(Finding("output.value_range", [0, 255], "declared", "it gives integers"))
    return found


def looks_like_a_judge(findings: Sequence[Finding]) -> bool:
    """Whether a picture goes in and one number comes out, as in a discriminator."""
    known = {finding.field: finding.value for finding in findings}
    shape = known.get("output.shape")
    return "image.input" in known and known.get("output.kind") == "array" and shape in ([1], None)
