"""Latents against every other way to draw them.

    python -m benchmarks.latents --json run.json > run.md      some minutes
    python -m benchmarks.latents --quick --peers numpy         seconds; a smoke test

Run it from the root of the repository, with gansdk and the peers installed (the `bench` extra). It
stops with an error if any answer is wrong, and never because of a time.
"""

from __future__ import annotations

import sys
from typing import Any

from gansdk import _core

from . import machine
from .bench import EVERY_FAMILY, FULL, QUICK, Bench
from .cases import ALL
from .runner import Benchmark, Choice, Section, can_run
from .section import run_section

PACKAGES = ("gansdk", "numpy", "scipy", "torch", "mkl")
FORCED = ["normal", "rows", "call", *[n for n in ALL if n.startswith("truncated")], "words"]
SECTIONS = {
    "this CPU's best": Section({}, list(ALL), EVERY_FAMILY),
    "MKL held to AVX2": Section({"MKL_ENABLE_INSTRUCTIONS": "AVX2"}, ["normal"], ["mkl"]),
    "all held to AVX2": Section(
        {
            "GANSDK_ISA": "avx2",
            "MKL_ENABLE_INSTRUCTIONS": "AVX2",
            "ATEN_CPU_CAPABILITY": "avx2",
        },
        FORCED,
        EVERY_FAMILY,
    ),
    "all held to the baseline": Section(
        {
            "GANSDK_ISA": "baseline",
            "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
            "ATEN_CPU_CAPABILITY": "default",
        },
        FORCED,
        EVERY_FAMILY,
    ),
}


def _run(choice: Choice) -> dict[str, Any]:
    bench = Bench(QUICK if choice.quick else FULL, choice.peers)
    return run_section(choice.name, bench, choice.cases)


def _makes_sense(section: Section, cases: set[str], peers: set[str]) -> bool:
    if section.peers == ["mkl"] and not _mkl_can_be_held():
        return False
    return can_run(section, cases, peers)


def _mkl_can_be_held() -> bool:
    return "avx2" in _core.available_isas()[:-1] and "mkl" in machine.versions(PACKAGES)


BENCHMARK = Benchmark(
    "benchmarks.latents",
    (__doc__ or "").partition("\n")[0],
    SECTIONS,
    PACKAGES,
    _run,
    _makes_sense,
)
main = BENCHMARK.main

if __name__ == "__main__":
    sys.exit(main())
