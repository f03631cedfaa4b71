"""Work on many threads whose results come in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy.typing as npt

_T = TypeVar("_T")


def map_in_order(
    work: Callable[[Any], _T], items: Sequence[Any] | npt.NDArray[Any], *, threads: int
) -> list[_T]:
    """Return [work(item) for item in items], made by up to `threads` threads, this one included.

    Each thread takes the next item when it is done with one, so that items of unequal cost level
    out; unlike an executor it needs no future for each. A thread that cannot be started is done
    without. Of several errors, the one of the first item is raised, whichever came first.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    for i in range(len(items)):
        waiting.put(i)
    results: dict[int, _T] = {}
    errors: dict[int, BaseException] = {}

    def run() -> None:
        while not errors:
            try:
                i = waiting.get_nowait()
            except Empty:
                return
            try:
                results[i] = work(items[i])
            except BaseException as error:  # told by the thread that asked for the work
                errors[i] = error

    helpers: list[threading.Thread] = []
    with suppress(RuntimeError):
        while len(helpers) < min(threads, len(items)) - 1:
            helper = threading.Thread(target=run)
            helper.start()
            helpers.append(helper)
    run()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[min(errors)]
    return [results[i] for i in range(len(items))]
