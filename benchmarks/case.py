"""One comparison: calls that do the same work, timed against the first of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import timing
from .peers import Call


class Unit(NamedTuple):
    """How a time is reported: seconds a piece, or pieces a second."""

    name: str
    scale: float
    rate: bool = False

    def of(self, seconds: float, amount: float) -> float:
        """Return what is reported of a call that took `seconds` for `amount`."""
        return self.scale * (amount / seconds if self.rate else seconds / amount)


NS_A_VALUE = Unit("ns/value", 1e9)
US_A_CALL = Unit("us/call", 1e6)  # of an amount of 1
GB_A_SECOND = Unit("GB/s", 1e-9, rate=True)  # of an amount in bytes
IMAGES_A_SECOND = Unit("images/s", 1, rate=True)


@dataclass
class Case:
    """Calls by name, the first of them gansdk's, which the ratios refer to."""

    name: str
    title: str
    amount: int  # what a call makes, in what the unit counts: values, calls, bytes, images
    calls: dict[str, Call] = field(default_factory=dict)
    unit: Unit = NS_A_VALUE
    facts: dict[str, dict[str, float]] = field(default_factory=dict)  # beside a row's time


def time_case(
    case: Case, *, rounds: int, sample_seconds: float, most_seconds: float = float("inf")
) -> dict[str, Any]:
    """Time a case whose answers were checked; return what JSON and tables are made of."""
    timed = timing.interleaved(
        case.calls, rounds=rounds, sample_seconds=sample_seconds, most_seconds=most_seconds
    )
    rows = []
    for one in timed:
        wall, cpu = timing.spread(one.wall), timing.spread(one.cpu)
        rows.append(
            {
                "name": one.name,
                "wall": case.unit.of(wall.median, case.amount),
                "wall_quartiles": sorted(
                    case.unit.of(s, case.amount) for s in (wall.low, wall.high)
                ),
                "cpu": case.unit.of(cpu.median, case.amount),
                "ratio": _three(timing.ratios(one.wall, timed[0].wall)),
                "cpu_ratio": _three(timing.ratios(one.cpu, timed[0].cpu)),
                "facts": case.facts.get(one.name, {}),
                "samples": {"wall_seconds": one.wall, "cpu_seconds": one.cpu},
            }
        )
    return {
        "name": case.name,
        "title": case.title,
        "unit": case.unit.name,
        "amount": case.amount,
        "rounds": len(timed[0].wall),
        "rows": rows,
    }


def _three(spread: timing.Spread) -> list[float]:
    return [spread.low, spread.median, spread.high]
