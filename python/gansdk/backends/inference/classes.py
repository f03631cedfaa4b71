"""How many classes a network knows, by asking for ever larger ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import GansdkError, ModelError
from .guess import Finding

_FIELD = "label.classes"
_MOST = 1 << 20


def classes_finding(run: Callable[[int], npt.NDArray[Any]]) -> Finding:
    """Count the classes of a network that takes a class's number.

    A number beyond the last is an error of ONNX Runtime's CPU provider where the network looks the
    class up; where it compares, all of them give the same image.

    Parameters
    ----------
    run : function of int
        The image of one latent and this class.
    """
    beyond: npt.NDArray[Any] | None
    try:
        beyond = run(_MOST)
    except GansdkError:
        beyond = None

    def knows(label: int) -> bool:
        try:
            image = run(label)
        except ModelError:
            return False
        return beyond is None or not np.array_equal(image, beyond)

    if not knows(0):
        return Finding(_FIELD, None, "unknown", "no class number changes the image")
    least, most = 0, 1
    while most < _MOST and knows(most):
        least, most = most, most * 2
    if most >= _MOST:
        return Finding(_FIELD, None, "unknown", f"it takes any number up to {_MOST}")
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if knows(middle) else (least, middle)
    how = "is refused by the network" if beyond is None else "gives what any larger one does"
    return Finding(_FIELD, most, "likely", f"class {most - 1} runs, class {most} {how}")
