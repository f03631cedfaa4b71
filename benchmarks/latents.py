"""Latents against every other way to draw them.

    python -m benchmarks.latents --json run.json > run.md      some minutes
    python -m benchmarks.latents --quick --peers numpy         seconds; a smoke test

Run it from the root of the repository, with gansdk and the peers installed (the `bench` extra). It
stops with an error if any answer is wrong, and never because of a time.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gansdk import _core

from . import machine, tables
from .answers import WrongAnswer
from .bench import EVERY_FAMILY, FULL, QUICK, Bench
from .cases import ALL
from .section import run_section

ROOT = Path(__file__).parents[1]
FORCED = ["normal", "rows", "call", *[n for n in ALL if n.startswith("truncated")], "words"]


class Section(NamedTuple):
    """What one process measures, and what it holds gansdk and the peers to that can be held."""

    environment: dict[str, str]
    cases: list[str]
    peers: list[str]


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run sections in processes of their own and print the tables."""
    options = _parser().parse_args(arguments)
    if options.section:
        return _child(options)
    run: dict[str, Any] = {
        "format": 1,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine.machine(),
        "versions": machine.versions(),
        "load": machine.load(),
        "sections": [],
    }
    warning = machine.too_busy(run["load"])
    if warning:
        print(f"warning: {warning}", file=sys.stderr)
    for name in _sections(options):
        section = _section_in_a_process(name, options)
        if section is None:
            return 1
        run["sections"].append(section)
    if options.json:
        options.json.write_text(json.dumps(run, indent=1) + "\n")
    print(tables.markdown(run), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latents",
        description=(__doc__ or "").partition("\n")[0],
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    parser.add_argument("--quick", action="store_true", help="seconds, not minutes; a smoke test")
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=EVERY_FAMILY,
        default=EVERY_FAMILY,
        help="the peers to measure, if they are installed (default: all)",
    )
    parser.add_argument(
        "--cases", nargs="+", choices=list(ALL), default=list(ALL), help="only these"
    )
    parser.add_argument("--section", choices=list(SECTIONS), help=argparse.SUPPRESS)
    return parser


def _sections(options: argparse.Namespace) -> list[str]:
    """Return the sections that this CPU can run and that are not another one over again."""
    for variable in ("GANSDK_ISA", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY"):
        if variable in os.environ:
            raise SystemExit(f"unset {variable}: each section sets its own")
    asked = set(options.cases), set(options.peers)
    return [name for name, section in SECTIONS.items() if _makes_sense(section, *asked)]


def _makes_sense(section: Section, cases: set[str], peers: set[str]) -> bool:
    isa = section.environment.get("GANSDK_ISA")
    slower = _core.available_isas()[:-1]
    if isa is not None and isa not in slower:
        return False
    if section.peers == ["mkl"]:
        return bool(cases & set(section.cases)) and "mkl" in peers and _mkl_can_be_held(slower)
    return bool(cases & set(section.cases))


def _mkl_can_be_held(slower: list[str]) -> bool:
    return "avx2" in slower and "mkl" in machine.versions()


def _section_in_a_process(name: str, options: argparse.Namespace) -> dict[str, Any] | None:
    """Run one section in a child; None if it failed, and then the child has said why."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **SECTIONS[name].environment}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "section.json"
        command = [sys.executable, "-m", "benchmarks.latents", "--section", name]
        command += ["--json", str(file)]
        command += ["--peers", *options.peers, "--cases", *options.cases]
        command += ["--quick"] if options.quick else []
        if subprocess.run(command, cwd=ROOT, env=environment).returncode != 0:  # noqa: S603
            return None
        section: dict[str, Any] = json.loads(file.read_text())
    return section


def _child(options: argparse.Namespace) -> int:
    _, cases, peers = SECTIONS[options.section]
    try:
        families = [peer for peer in peers if peer in options.peers]
        bench = Bench(QUICK if options.quick else FULL, families)
        section = run_section(options.section, bench, [c for c in cases if c in options.cases])
    except WrongAnswer as error:
        print(f"wrong answer, nothing is timed: {error}", file=sys.stderr)
        return 1
    options.json.write_text(json.dumps(section))
    return 0


if __name__ == "__main__":
    sys.exit(main())
