"""A network's floats to levels and to files, against every other way.

    python -m benchmarks.images --json run.json > run.md             about a quarter of an hour
    python -m benchmarks.images --quick --peers numpy pillow         seconds; a smoke test

Run it from the root of the repository, with gansdk and the peers installed (the `bench` extra). It
stops with an error if any answer is wrong, and never because of a time.
"""

from __future__ import annotations

import sys
from typing import Any

from .pictures.bench import EVERY_FAMILY, FULL, QUICK, Bench
from .pictures.section import ALL, run_section
from .runner import Benchmark, Choice, Section

PACKAGES = (
    "gansdk",
    "numpy",
    "torch",
    "onnxruntime",
    "pillow",
    "opencv-python-headless",
    "imagecodecs",
    "simplejpeg",
    "deflate",
    "isal",
)
# What follows an instruction set: conversion, and gansdk's own PNG.
FORCED = [name for name in ALL if name.startswith("convert") or name.endswith("png-256")]
SECTIONS = {
    "this CPU's best": Section({}, list(ALL), EVERY_FAMILY),
    "gansdk, torch and OpenCV held to AVX2": Section(
        {
            "GANSDK_ISA": "avx2",
            "ATEN_CPU_CAPABILITY": "avx2",
            "OPENCV_CPU_DISABLE": "AVX512-SKX",
        },
        FORCED,
        EVERY_FAMILY,
    ),
    "gansdk, torch and OpenCV held to the baseline": Section(
        {
            "GANSDK_ISA": "baseline",
            "ATEN_CPU_CAPABILITY": "default",
            "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FMA3,FP16,AVX",
        },
        FORCED,
        EVERY_FAMILY,
    ),
}


def _run(choice: Choice) -> dict[str, Any]:
    bench = Bench(QUICK if choice.quick else FULL, choice.peers)
    return run_section(choice.name, bench, choice.cases)


BENCHMARK = Benchmark(
    "benchmarks.images", (__doc__ or "").partition("\n")[0], SECTIONS, PACKAGES, _run
)
main = BENCHMARK.main

if __name__ == "__main__":
    sys.exit(main())
