from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gansdk.arguments import choice, integer, integers
from gansdk.errors import InvalidArgumentError


@pytest.mark.parametrize("value", [0, 7, 2**64 - 1, np.uint64(2**64 - 1), np.int8(3)])
def test_integer_takes_python_and_numpy_integers(value: Any) -> None:
    assert integer(value, "seed") == int(value)
    assert type(integer(value, "seed")) is int


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1, r"seed must be 0 \.\.\. 2\^64 - 1; got -1"),
        (2**64, r"seed must be 0 \.\.\. 2\^64 - 1; got 18446744073709551616"),
        (1.0, "seed must be an integer; got 1.0"),
        (True, "seed must be an integer; got True"),
        ("7", "seed must be an integer; got '7'"),
        (None, "seed must be an integer; got None"),
        (np.array([1, 2]), "seed must be an integer"),
    ],
)
def test_integer_refuses_the_rest(value: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        integer(value, "seed")


def test_integer_names_the_range() -> None:
    with pytest.raises(InvalidArgumentError, match=r"columns must be 1 \.\.\. 9; got 0"):
        integer(0, "columns", least=1, most=9)


def test_integers_names_the_element() -> None:
    assert integers(np.array([3, 14]), "seeds") == [3, 14]
    with pytest.raises(InvalidArgumentError, match=r"seeds\[1\] must be an integer; got 'x'"):
        integers([3, "x"], "seeds")
    for wrong in (7, "314", b"314"):
        with pytest.raises(InvalidArgumentError, match="seeds must be a sequence of integers"):
            integers(wrong, "seeds")


def test_choice_lists_the_choices() -> None:
    choice("a", "layout", ("a", "b"))
    with pytest.raises(InvalidArgumentError, match="layout must be one of 'a', 'b'; got 'c'"):
        choice("c", "layout", ("a", "b"))
