"""Every error that gansdk raises on purpose.

Catch `GansdkError` to catch them all. Each child also derives from the built-in exception that a
Python user would expect in its place, so `except ValueError` keeps working. A message is one line:
what was given, what was expected, how to mend it.
"""

from __future__ import annotations


class GansdkError(Exception):
    """Root of all errors raised by gansdk."""


class InvalidArgumentError(GansdkError, ValueError):
    """An argument has the wrong value, shape or dtype."""


class NonFiniteError(InvalidArgumentError):
    """An array holds a NaN or an infinity where only finite values make sense.

    Attributes
    ----------
    first : int or None
        Position along the first axis (the batch) of the first row that does.
    """

    def __init__(self, message: str, *, first: int | None = None) -> None:
        super().__init__(message)
        self.first = first


class ModelError(GansdkError):
    """A model file is missing, unreadable or not a generator."""


class SpecError(ModelError):
    """A `gansdk.spec` document is malformed or contradicts the network it describes."""


class RecipeError(GansdkError, ValueError):
    """A `gansdk.recipe` document is malformed, in a damaged picture, or cannot be followed."""


class DeviceError(GansdkError, RuntimeError):
    """A device or execution provider was asked for and cannot be had."""


class OutOfMemoryError(GansdkError, MemoryError):
    """A result or an intermediate does not fit into memory."""


class MissingDependencyError(GansdkError, ImportError):
    """An optional package is needed for what was asked and is not installed."""


class ExportError(GansdkError, RuntimeError):
    """A network cannot be exported, or its export is not equal to it."""


class TrainingError(GansdkError, RuntimeError):
    """Training cannot start, continue or be resumed."""


class OutputError(GansdkError, OSError):
    """A result cannot be written, or writing it would overwrite something."""
