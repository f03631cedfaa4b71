"""The ratios that gansdk's development aims at; a run shows them and never fails on them.

They were set from measurements on one machine, an AMD Zen 5 with four 512-bit pipes, and say little
about another: a CPU with two such pipes, or one for which MKL brings its maker's own code, differs.
"""

from __future__ import annotations

from dataclasses import dataclass

MACHINE = "AMD Zen 5, AVX-512 with four 512-bit pipes, 2 cores"
BEST_OF_MKL = "best of MKL"


@dataclass(frozen=True)
class Target:
    """How many times slower than gansdk the other row should be."""

    must: float
    aim: float


# By instruction set and case; rows by their names. "" stands for every instruction set.
_TARGETS: dict[tuple[str, str], dict[str, Target]] = {
    ("avx512", "normal 256 KiB"): {
        "numpy SFC64": Target(18, 28),
        "torch randn": Target(7, 10),
        BEST_OF_MKL: Target(2.7, 4),
    },
    ("avx2", "normal 256 KiB"): {
        "numpy SFC64": Target(8, 10),
        "torch randn": Target(3, 4),
        BEST_OF_MKL: Target(1.2, 1.5),
    },
    ("", "normal threads"): {"gansdk, 1 thread": Target(1.8, 1.95)},
    ("avx512", "truncated"): {"scipy truncnorm.rvs": Target(350, 500)},
}


def target(isa: str, case: str, row: str) -> Target | None:
    """Return the target of a row; a case is found by the beginning of its name."""
    for (on, prefix), rows in _TARGETS.items():
        if on in ("", isa) and case.startswith(prefix) and row in rows:
            return rows[row]
    return None
