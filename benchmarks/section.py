"""One process's measurements: an instruction set is chosen once a process."""

from __future__ import annotations

import os
import sys
from typing import Any

from gansdk import _core

from . import answers, machine, mkl
from .bench import Bench
from .case import Case, time_case
from .cases import ALL
from .targets import BEST_OF_MKL, target

# What holds gansdk and its peers to an instruction set.
VARIABLES = (
    "GANSDK_ISA",
    "MKL_ENABLE_INSTRUCTIONS",
    "ATEN_CPU_CAPABILITY",
    "OPENCV_CPU_DISABLE",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
)


def begin_section(name: str) -> dict[str, Any]:
    """Return a section of JSON to which cases are added."""
    return {
        "name": name,
        "isa": _core.isa(),
        "environment": {key: os.environ[key] for key in VARIABLES if key in os.environ},
        "load_before": machine.load(),
        "notes": [],
        "cases": [],
    }


def end_section(section: dict[str, Any], absent: dict[str, str]) -> dict[str, Any]:
    """Note what is known once all was measured."""
    return {**section, "absent": absent, "load_after": machine.load()}


def run_section(name: str, bench: Bench, names: list[str]) -> dict[str, Any]:
    """Check and time the cases named; return what JSON and tables are made of.

    Raises
    ------
    WrongAnswer
        gansdk or a peer does not compute what its name says. Nothing of that case was timed.
    """
    answers.check_known_answers()
    section = begin_section(name)
    if "mkl" in bench.families and "mkl" not in bench.absent:
        section["notes"].append(f"{mkl.mkl_version(mkl.load_mkl())}.")
    for key in names:
        case = ALL[key](bench)
        print(f"{name}: {case.title}", file=sys.stderr, flush=True)
        section["cases"].append(_time(case, bench, section["isa"]))
    return end_section(section, bench.absent)


def _time(case: Case, bench: Bench, isa: str) -> dict[str, Any]:
    effort = bench.effort
    rounds = effort.large_rounds if case.amount > 1 << 20 else effort.rounds
    timed = time_case(case, rounds=rounds, sample_seconds=effort.sample_seconds)
    mkl_names = {peer.name for peer in bench.peers if peer.family == "mkl"}
    if bench.best_of_mkl is None:
        found = [row for row in timed["rows"] if row["name"] in mkl_names]
        if found:
            bench.best_of_mkl = min(found, key=lambda row: row["wall"])["name"]
    for row in timed["rows"]:
        best = row["name"] == bench.best_of_mkl
        goal = target(isa, case.name, BEST_OF_MKL if best else row["name"])
        row["label"] = BEST_OF_MKL if best else None
        row["target"] = None if goal is None else {"must": goal.must, "aim": goal.aim}
    return timed
