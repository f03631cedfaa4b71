"""What only running a network tells: its value range, its classes, whether it is a function."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ... import images
from ...errors import GansdkError, ModelError
from ...models.onnx_file import last_operator
from ...selection import Selection
from ...spec import GeneratorSpec
from ..backend import Backend
from ..ort import OrtBackend
from .classes import classes_finding
from .guess import Finding, Guess, from_document
from .output import shape_findings
from .ranges import range_after_pictures, range_finding

Array = npt.NDArray[Any]
Labels = Literal[0, "balanced"]
_COUNT = 4
_SIDES = (64, 256)
"""Of the pictures that a network of any size is tried on."""
_TOLERANCE = 1e-2


def probed(backend: OrtBackend, findings: list[Finding]) -> tuple[list[Finding], list[str]]:
    """Return the findings with what running the network adds, and what goes wrong in it."""
    known = {finding.field: finding for finding in findings}
    if "latent.size" in known and known["latent.size"].confidence == "unknown":
        return findings, []  # nothing to run it on
    backend.choose_output(known["output.output"].value)
    draft = dict(Guess(tuple(findings)).document)
    if "label" in draft:
        draft["label"] = {"classes": 1, **draft["label"]}
    try:
        spec = from_document(draft)
        values, side = run_on(backend, spec, _COUNT)
    except GansdkError as error:
        return findings, [f"it does not run on what it seems to take: {error}"]
    try:
        if "output.kind" not in known:
            dtype = next(x.dtype for x in backend.outputs if x.name == spec.output.output)
            findings = findings + shape_findings(list(values.shape[1:]), dtype)
            known = {finding.field: finding for finding in findings}
        if "output.kind" in known and known["output.kind"].value == "image":
            findings = findings + _scale(values, spec, side, known["output.layout"].value)
            findings = _with_ranges(backend, spec, values, findings)
        if "label.classes" in known and known["label.classes"].confidence == "unknown":
            findings = _replaced(findings, _classes(backend, spec))
        problem = impurity(backend, spec)
    except GansdkError as error:
        return findings, [f"it does not run on what it seems to take: {error}"]
    return findings, [] if problem is None else [problem]


def impurity(backend: Backend, spec: GeneratorSpec) -> str | None:
    """Return why a network's images are no function of what goes in; None where they are."""
    first, again = run_on(backend, spec, 2)[0], run_on(backend, spec, 2)[0]
    if len(first) != 2:
        return f"it gives {len(first)} outputs for a batch of 2: its batch axis is not free"
    if not np.array_equal(first, again, equal_nan=True):
        return (
            "it gives another output each time for the same inputs, so it draws random numbers "
            "itself; gansdk.export makes inputs of them"
        )
    alone = run_on(backend, spec, 1)[0]
    # One that goes by the first image of its batch shows only where that is another.
    turned = run_on(backend, spec, 2, turned=True)[0][::-1]
    scale = float(np.abs(first[np.isfinite(first)]).max(initial=0)) or 1.0
    # A batch of another size may be computed in another order.
    if not all(
        np.allclose(a, b, rtol=0, atol=_TOLERANCE * scale, equal_nan=True)
        for a, b in ((first[:1], alone), (first, turned))
    ):
        return (
            "its image depends on the others of its batch, as with batch norm in training mode; "
            "export it again after eval()"
        )
    return None


def run_on(
    backend: Backend,
    spec: GeneratorSpec,
    count: int,
    *,
    labels: Labels = 0,
    turned: bool = False,
) -> tuple[Array, int]:
    """Return the first images of seed 0, and the height of the pictures that went in.

    A network of pictures of any size is given coarse random ones of 64 rows, or, where it refuses
    those because it halves them too often, of 256. `turned` gives the last image first.
    """

    def run(side: int) -> Array:
        inputs = inputs_of(spec, count, side=side, labels=labels)
        if turned:
            inputs = {name: np.ascontiguousarray(rows[::-1]) for name, rows in inputs.items()}
        return backend.run(inputs)

    if spec.image is None or spec.image.size is not None:
        height = 0 if spec.image is None or spec.image.size is None else spec.image.size[0]
        return run(_SIDES[0]), height
    for side in _SIDES[:-1]:
        try:
            return run(side), side
        except ModelError:
            continue
    return run(_SIDES[-1]), _SIDES[-1]


def inputs_of(
    spec: GeneratorSpec,
    count: int,
    *,
    side: int = _SIDES[0],
    labels: Labels = 0,
) -> dict[str, Array]:
    """Return inputs of `count` images of seed 0, and coarse random pictures of height `side`."""
    inputs: dict[str, Array] = {}
    if spec.image is not None:
        height, width = spec.image.size or (side, side)
        generator = np.random.default_rng(0)
        coarse = generator.integers(0, 256, (count, 8, 8, spec.image.channels), np.uint8)
        rows, columns = np.arange(height) * 8 // height, np.arange(width) * 8 // width
        pictures = np.ascontiguousarray(coarse[:, rows][:, :, columns])
        inputs[spec.image.input] = images.from_uint8(pictures, **spec.image.conversion)
    classes = None if spec.label is None else labels
    return inputs | Selection.of_range(spec, count, 0, 0, classes).inputs(0, count, None)


def _with_ranges(
    backend: OrtBackend, spec: GeneratorSpec, values: Array, findings: list[Finding]
) -> list[Finding]:
    known = {finding.field: finding for finding in findings}
    if "output.value_range" not in known:
        operator = last_operator(backend.path, spec.output.output)
        gives = range_finding(values, operator)
        if spec.image is not None:
            scale = known["image.scale"].value if "image.scale" in known else 1
            gives = range_after_pictures(gives, operator, scale)
        findings = [*findings, gives]
    takes = known.get("image.value_range")
    if takes is not None and takes.confidence == "unknown":
        gives = next(f for f in findings if f.field == "output.value_range")
        if gives.confidence != "unknown":
            reason = "as those that come out; from the file it cannot be told"
            takes = Finding("image.value_range", gives.value, "unsure", reason)
            findings = _replaced(findings, takes)
    return findings


def _scale(values: Array, spec: GeneratorSpec, height: int, layout: str) -> list[Finding]:
    rows = values.shape[2 if layout == "NCHW" else 1]
    if spec.image is None or rows % height:
        return []
    return [Finding("image.scale", rows // height, "likely", f"{height} rows became {rows}")]


def _classes(backend: OrtBackend, spec: GeneratorSpec) -> Finding:
    assert spec.label is not None  # noqa: S101 - the caller's condition
    name, inputs = spec.label.input, inputs_of(spec, 1)
    return classes_finding(lambda label: backend.run({**inputs, name: np.array([label], np.int64)}))


def _replaced(findings: list[Finding], new: Finding) -> list[Finding]:
    return [new if finding.field == new.field else finding for finding in findings]
