from __future__ import annotations

import pytest

from gansdk import errors

CHILDREN = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and value.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", CHILDREN, ids=lambda e: e.__name__)
def test_every_error_is_a_gansdk_error_with_a_docstring(error: type[Exception]) -> None:
    assert issubclass(error, errors.GansdkError)
    assert error.__doc__


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.InvalidArgumentError, ValueError),
        (errors.NonFiniteError, ValueError),
        (errors.DeviceError, RuntimeError),
        (errors.OutOfMemoryError, MemoryError),
        (errors.MissingDependencyError, ImportError),
        (errors.OutputError, OSError),
    ],
)
def test_errors_are_what_a_python_user_would_catch(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)
