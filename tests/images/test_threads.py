"""Results in order, whatever the threads do."""

from __future__ import annotations

import threading
import time

import pytest

from gansdk.images.threads import map_in_order


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_results_come_in_order(threads: int) -> None:
    used = set()

    def work(x: float) -> float:
        used.add(threading.get_ident())
        time.sleep(x)
        return x

    items = [0.01, 0, 0.005, 0, 0.002] * 3
    assert map_in_order(work, items, threads=threads) == items
    assert len(used) <= threads
    assert map_in_order(work, [], threads=threads) == []


def test_the_first_error_in_order_is_raised() -> None:
    started = threading.Barrier(2)

    def work(i: int) -> int:
        if i < 2:
            started.wait(10)
        if i == 0:
            time.sleep(0.05)
            raise ValueError("first")
        if i == 1:
            raise KeyError("second, but sooner")
        return i

    with pytest.raises(ValueError, match="first"):
        map_in_order(work, list(range(100)), threads=2)
