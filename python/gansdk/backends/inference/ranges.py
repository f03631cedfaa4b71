"""Which values stand for black and white, by the values that come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .guess import Confidence, Finding

_FIELD = "output.value_range"
_BOUNDED = {"Tanh": (-1, 1), "Sigmoid": (0, 1), "HardSigmoid": (0, 1)}
# The values seen lie within the first pair: then the range is the second, and how sure that is.
_RULES: tuple[tuple[tuple[float, float], tuple[float, float], Confidence], ...] = (
    ((0, 1), (0, 1), "likely"),
    ((-1, 1), (-1, 1), "likely"),
    ((-0.5, 1.5), (0, 1), "unsure"),
    ((-4, 4), (-1, 1), "unsure"),
    ((0, 255), (0, 255), "likely"),
    ((-64, 320), (0, 255), "unsure"),
)
_SLACK = 1e-3
_UNBOUNDED = "no last operator bounds them"


def range_finding(values: npt.NDArray[Any], operator: str | None) -> Finding:
    """Guess the value range from some images and the last operator of the graph.

    Data normalised by a mean and deviation cannot be told from data in [-1, 1] that overshoot; that
    is said in the reason.
    """
    if not np.isfinite(values).all():
        return Finding(_FIELD, None, "unknown", "it gives NaN or infinity")
    low, high = float(values.min()), float(values.max())
    seen = f"{len(values)} images lie in [{low:.3g}, {high:.3g}]"
    if operator in _BOUNDED:
        reason = f"its last operator is {operator}; {seen}"
        return Finding(_FIELD, list(_BOUNDED[operator]), "likely", reason)
    for (least, most), guess, confidence in _RULES:
        if least - _SLACK <= low and high <= most + _SLACK:
            # What spans little of a range says little about it.
            wide = high - low > (guess[1] - guess[0]) / 4
            loose = confidence == "unsure" or not wide
            reason = f"{seen}; {_UNBOUNDED}" if loose else seen
            return Finding(_FIELD, list(guess), "unsure" if loose else confidence, reason)
    reason = f"{seen}, no usual range; perhaps the data were normalised by a mean and deviation"
    return Finding(_FIELD, None, "unknown", reason)


def range_after_pictures(finding: Finding, operator: str | None, scale: int) -> Finding:
    """Return the guess for a network that pictures of [-1, 1] went into.

    Where no last operator bounds them, what comes out follows what went in, and says little.
    """
    if operator in _BOUNDED or finding.value not in ([-1, 1], [0, 1]):
        return finding
    if scale > 1:
        reason = f"networks that enlarge mostly use it; {_UNBOUNDED}, so running it cannot tell"
        return Finding(_FIELD, [0, 1], "unsure", reason)
    return Finding(_FIELD, finding.value, "unsure", f"{finding.reason}; {_UNBOUNDED}")
