"""The exported file against eager PyTorch: what is not equal is not kept."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from gansdk import images
from gansdk.backends import Backend, open_backend
from gansdk.errors import ExportError, GansdkError
from gansdk.golden import RELATIVE_TOLERANCE
from gansdk.spec import Output

from .example import BATCHES, Inputs
from .network import Network
from .report import Difference

LEVELS_TOLERANCE = 1e-4
"""Of the 8-bit levels."""
_OWN_ERRORS = 4
"""How much more than PyTorch's own rounding error a file may differ at extreme inputs."""

_TIMED = f"batch {max(BATCHES)}"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """Inputs, and what eager PyTorch gives for them in so many seconds."""

    name: str
    inputs: Inputs
    expected: Floats
    seconds: float

    @property
    def extreme(self) -> bool:
        """Whether no seed gives such inputs, so that the network need not be well-conditioned."""
        return self.name.startswith("extreme")

    @property
    def batch(self) -> int:
        """The number of images."""
        return len(self.expected)


class NonFiniteOutputError(ExportError):
    """The network itself gives NaN or infinity."""


class PartError(ExportError):
    """A file is not equal to PyTorch: where they part is still to be found."""

    def __init__(self, message: str, case: Case, tolerance: float) -> None:
        super().__init__(message)
        self.case = case
        self.tolerance = tolerance


def eager_case(network: Network, name: str, inputs: Inputs) -> Case:
    """Run a network on inputs in PyTorch.

    Raises
    ------
    ExportError
        It fails, does not keep the batch first, or gives NaN or infinity.
    """
    start = time.perf_counter()
    output = network.eager(inputs)
    seconds = time.perf_counter() - start
    count = len(next(iter(inputs.values())))
    if output.shape[:1] != (count,):
        raise ExportError(
            f"the {network.what} gives shape {tuple(output.shape)} at batch {count}: "
            "the batch must be the first axis (a squeeze() without an axis drops it)"
        )
    if not torch.isfinite(output).all():
        raise NonFiniteOutputError(
            f"the {network.what} gives NaN or infinity at {name}: was it trained to the end, and "
            "does it take nothing from the batch, such as a deviation, which 1 image lacks?"
        )
    return Case(name, inputs, output.float().contiguous().numpy(), seconds)


def eager_cases(network: Network, cases: Iterable[tuple[str, Inputs]]) -> list[Case]:
    """Run a network on all cases in PyTorch; extremes that it is not made for are left out."""
    run = []
    for name, inputs in cases:
        try:
            run.append(eager_case(network, name, inputs))
        except NonFiniteOutputError:
            if not name.startswith("extreme"):
                raise
    return run


def check_pure(network: Network, cases: list[Case], output: Output | None) -> None:
    """Raise `ExportError` where an image depends on the batch around it, or on the call."""
    again = network.eager(cases[0].inputs).float().numpy()
    scale = output.span if output is not None and output.kind == "image" else None
    tolerance = RELATIVE_TOLERANCE * (scale or float(np.abs(cases[0].expected).max()))
    if np.abs(again - cases[0].expected).max() > tolerance:
        raise ExportError(
            f"the {network.what} gives another output each time for the same inputs: it keeps "
            "count of its calls, or draws random numbers by other ways than PyTorch's"
        )
    few, many = (c for c in cases if c.name in ("batch 3", "batch 16"))
    # Both begin with the same inputs, so they must begin with the same images.
    difference = float(np.abs(few.expected - many.expected[: few.batch]).max())
    # One that goes by the first image, or by the order, shows only where these change.
    turned = network.eager({name: value.flip(0) for name, value in few.inputs.items()}).flip(0)
    difference = max(difference, float(np.abs(few.expected - turned.float().numpy()).max()))
    if difference > (RELATIVE_TOLERANCE * (scale or float(np.abs(many.expected).max()))):
        raise ExportError(
            f"the {network.what}'s output depends on the batch that it is in (by {difference:.3g} "
            f"from batch {few.batch} to {many.batch}, or in another order): statistics over the "
            "batch, such as batch norm without running statistics, the minibatch standard "
            "deviation of a discriminator, or values of its first image, cannot be computed for "
            "one image alone"
        )


def compare(
    network: Network, cases: list[Case], path: Path, form: str, output: Output | None
) -> Difference:
    """Compare a file with what PyTorch gave in each case.

    `output` says how values become levels; without it (a discriminator's logits) the tolerance is
    relative to the largest absolute value.

    Raises
    ------
    PartError
        They differ by more than the tolerance.
    ExportError
        The file cannot run some batch size.
    """
    image = output if output is not None and output.kind == "image" else None
    # torch's own count: opening a file of torch's would set another in the whole process.
    backend = open_backend(path, threads=torch.get_num_threads())
    if any(tensor.shape[:1] != (None,) for tensor in backend.inputs or ()):
        raise ExportError(f"the batch size is baked into {path.name}")
    sums = _Sums()
    milliseconds = 0.0
    for case in cases:
        start = time.perf_counter()
        actual = run_file(backend, case.inputs)
        if case.name == _TIMED:
            milliseconds = 1e3 * (time.perf_counter() - start) / case.batch
        if actual.shape != case.expected.shape:
            raise ExportError(
                f"{path.name} gives shape {actual.shape} at {case.name}, PyTorch gives "
                f"{case.expected.shape}: the batch size is baked in"
            )
        scale = image.span if image else float(np.abs(case.expected).max())
        tolerance = RELATIVE_TOLERANCE * scale
        difference = np.abs(actual.astype(np.float64) - case.expected)
        allowed = tolerance
        if case.extreme and not difference.max() <= tolerance:
            allowed = max(tolerance, _OWN_ERRORS * _own_error(network, case))
        if not difference.max() <= allowed:  # NaN too
            raise PartError(
                f"{path.name} differs from PyTorch by {difference.max():.3g} at {case.name}, more "
                f"than the {allowed:.3g} allowed",
                case,
                allowed,
            )
        if case.extreme:
            sums.extreme = max(sums.extreme or 0.0, float(difference.max()))
            continue
        sums.tolerance = max(sums.tolerance, tolerance)
        sums.largest = max(sums.largest, float(difference.max()))
        sums.total += float(difference.sum())
        sums.values += difference.size
        if image is not None:
            pair = [images.to_uint8(x, **image.conversion) for x in (actual, case.expected)]
            sums.moved += int((pair[0] != pair[1]).sum())
            sums.levels += pair[0].size
    if sums.levels and sums.moved > _levels_allowed(sums.levels):
        raise PartError(
            f"{path.name} moves {sums.moved} of {sums.levels} 8-bit levels, more than 1 in "
            f"{1 / LEVELS_TOLERANCE:,.0f}",
            cases[0],
            sums.tolerance,
        )
    timed = next(case for case in cases if case.name == _TIMED)
    return Difference(
        network=network.what,
        file=path.name,
        format=form,
        size=path.stat().st_size,
        largest=sums.largest,
        mean=sums.total / sums.values,
        tolerance=sums.tolerance,
        extreme=sums.extreme,
        levels_moved=sums.moved if sums.levels else None,
        levels=sums.levels or None,
        compared=tuple(case.name for case in cases),
        operators={},
        milliseconds=milliseconds,
        milliseconds_pytorch=1e3 * timed.seconds / timed.batch,
    )


@dataclass
class _Sums:
    largest: float = 0.0
    total: float = 0.0
    values: int = 0
    tolerance: float = 0.0
    extreme: float | None = None
    moved: int = 0
    levels: int = 0


def _own_error(network: Network, case: Case) -> float:
    """Return how far PyTorch in float32 is from itself in float64; 0 where it cannot tell."""
    inputs = {k: v.double() if v.is_floating_point() else v for k, v in case.inputs.items()}
    try:
        exact = network.in_float64().eager(inputs)
    except ExportError:  # a module that makes float32 constants of its own
        return 0.0
    return float(np.abs(exact.numpy() - case.expected).max())


def _levels_allowed(levels: int) -> float:
    # Which levels move is chance: three standard deviations above the mean, or a small image of
    # 10,000 levels would be refused for its second one.
    mean = LEVELS_TOLERANCE * levels
    return mean + 3 * math.sqrt(mean)


def run_file(backend: Backend, inputs: Inputs) -> Floats:
    """Run an exported file; `ExportError` where it fails."""
    try:
        return backend.run({name: value.numpy() for name, value in inputs.items()})
    except GansdkError as error:
        count = len(next(iter(inputs.values())))
        reason = str(error).replace(str(backend.path), backend.path.name)
        raise ExportError(
            f"{backend.path.name} does not run at batch {count}, the batch size may be baked in: "
            f"{reason}"
        ) from None
