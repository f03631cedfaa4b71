"""Times calls against each other: interleaved rounds in one process, medians, ratios by round.

A machine that slows down or is shared slows every call of a round alike, so the ratio of two calls
within a round moves far less than either time. The price: a call's time is taken with caches that
another call has just filled, as in a program that does more than one thing.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Call = Callable[[], object]


@dataclass
class Timed:
    """Seconds a call, one entry a round: on the clock, and of this process's CPUs."""

    name: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Spread:
    """A median between its quartiles."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles, each a value or the middle of two."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(low, median, high)


def ratios(one: Sequence[float], reference: Sequence[float]) -> Spread:
    """Spread of one / reference, round by round."""
    return spread([a / b for a, b in zip(one, reference, strict=True)])


def interleaved(
    calls: dict[str, Call],
    *,
    rounds: int,
    sample_seconds: float,
    most_seconds: float = math.inf,
) -> list[Timed]:
    """Time every call once a round, in an order that moves on by one each round.

    Parameters
    ----------
    calls
        By name. Each is called before the first round, so that nothing is timed cold.
    rounds
        Samples of each call, at least 1.
    sample_seconds
        A sample repeats its call until about this long, at least once: what the clock cannot
        resolve is averaged, and what takes longer is not repeated.
    most_seconds
        Rounds are left out beyond about this long, but never below three.

    Returns
    -------
    One entry a call, in the order of `calls`.
    """
    seconds = {name: min(_sample(call, 1)[0] for _ in range(2)) for name, call in calls.items()}
    repeats = {name: max(1, round(sample_seconds / max(s, 1e-7))) for name, s in seconds.items()}
    one_round = sum(repeats[name] * seconds[name] for name in calls)
    rounds = min(rounds, max(3, int(min(most_seconds / max(one_round, 1e-7), 1e9))))
    timed = {name: Timed(name) for name in calls}
    names = list(calls)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for r in range(rounds):
            for name in names[r % len(names) :] + names[: r % len(names)]:
                wall, cpu = _sample(calls[name], repeats[name])
                timed[name].wall.append(wall)
                timed[name].cpu.append(cpu)
    finally:
        if collecting:
            gc.enable()
    return list(timed.values())


def _sample(call: Call, repeats: int) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall / repeats, cpu / repeats
