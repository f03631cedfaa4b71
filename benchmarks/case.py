"""One comparison: calls that do the same work, timed against the first of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import timing
from .peers import Call


@dataclass
class Case:
    """Calls by name, the first of them gansdk's, which the ratios refer to."""

    name: str
    title: str
    values: int  # values a call
    calls: dict[str, Call] = field(default_factory=dict)
    per_call: bool = False  # report microseconds a call, not nanoseconds a value


def time_case(case: Case, *, rounds: int, sample_seconds: float) -> dict[str, Any]:
    """Time a case whose answers were checked; return what JSON and tables are made of."""
    timed = timing.interleaved(case.calls, rounds=rounds, sample_seconds=sample_seconds)
    per_value = 1e6 if case.per_call else 1e9 / case.values
    rows = []
    for one in timed:
        wall, cpu = timing.spread(one.wall), timing.spread(one.cpu)
        rows.append(
            {
                "name": one.name,
                "wall": wall.median * per_value,
                "wall_quartiles": [wall.low * per_value, wall.high * per_value],
                "cpu": cpu.median * per_value,
                "ratio": _three(timing.ratios(one.wall, timed[0].wall)),
                "cpu_ratio": _three(timing.ratios(one.cpu, timed[0].cpu)),
                "samples": {"wall_seconds": one.wall, "cpu_seconds": one.cpu},
            }
        )
    return {
        "name": case.name,
        "title": case.title,
        "unit": "us/call" if case.per_call else "ns/value",
        "values": case.values,
        "rounds": rounds,
        "rows": rows,
    }


def _three(spread: timing.Spread) -> list[float]:
    return [spread.low, spread.median, spread.high]
