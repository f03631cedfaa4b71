"""One process's measurements of pictures, and every case by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from gansdk.errors import MissingDependencyError

from ..case import Case, time_case
from ..section import begin_section, end_section
from . import conversion_cases, file_cases, inputs, targets
from .bench import Bench

SIDES = (64, 256, 1024)
# Six originals in turn: a multiple of six has them all as often.
_CONVERT = {32: 64, 256: 64, 1024: 8}
_ENCODE = {64: 60, 256: 12, 1024: 4}
_FLOATS = {64: 240, 256: 36, 1024: 8}


def _convert(side: int) -> Callable[[Bench], Case]:
    name, count = f"convert-{side}", _CONVERT[side]
    return partial(conversion_cases.convert, name=name, count=count, side=side)


def _encode(kind: str, side: int) -> Callable[[Bench], Case]:
    name, count, lossless = f"{kind}-{side}", _ENCODE[side], kind == "png"
    return partial(file_cases.encode, name=name, count=count, side=side, lossless=lossless)


def _floats(kind: str, side: int) -> Callable[[Bench], Case]:
    name, count = f"floats-{kind}-{side}", _FLOATS[side]
    return partial(file_cases.encode_floats, name=name, count=count, side=side, format=kind)


ALL: dict[str, Callable[[Bench], Case]] = {
    **{f"convert-{side}": _convert(side) for side in _CONVERT},
    "convert-float16": conversion_cases.convert_float16,
    "convert-nhwc": conversion_cases.convert_nhwc,
    "convert-threads": conversion_cases.convert_threads,
    **{f"{kind}-{side}": _encode(kind, side) for kind in ("png", "jpeg") for side in SIDES},
    **{f"floats-{kind}-{side}": _floats(kind, side) for kind in ("png", "jpeg") for side in SIDES},
}


def run_section(name: str, bench: Bench, names: list[str]) -> dict[str, Any]:
    """Check and time the cases named; return what JSON and tables are made of.

    Raises
    ------
    WrongAnswer
        gansdk or a peer does not make what its name says. Nothing of that case was timed.
    """
    section = begin_section(name)
    section["notes"].append(inputs.describe())
    for key in names:
        try:
            case = ALL[key](bench)
        except MissingDependencyError as how:  # gansdk's own side cannot be had
            bench.absent[f"the case {key}"] = str(how)
            continue
        print(f"{name}: {case.title}", file=sys.stderr, flush=True)
        section["cases"].append(_time(case, bench, section["isa"]))
    return end_section(section, bench.absent)


def _time(case: Case, bench: Bench, isa: str) -> dict[str, Any]:
    effort = bench.effort
    timed = time_case(
        case,
        rounds=effort.rounds,
        sample_seconds=effort.sample_seconds,
        most_seconds=effort.case_seconds,
    )
    for row in timed["rows"]:
        goal = None if effort.quick else targets.target(isa, case.name, row["name"])
        row["label"] = None
        row["target"] = None if goal is None else {"must": goal.must, "aim": goal.aim}
        row["at_most"] = targets.most(case.name, row["name"])
    return timed
