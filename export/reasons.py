"""Why something failed, in one line, from the exceptions of others."""

from __future__ import annotations


def reason_of(error: BaseException) -> str:
    """Return the first line of an exception's first cause, with its type."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
