"""What every benchmark shares: its options, and sections, each in a process of its own."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from gansdk import _core

from . import machine, tables
from .answers import WrongAnswer

ROOT = Path(__file__).parents[1]


class Section(NamedTuple):
    """What one process measures, and what it holds gansdk and the peers to that can be held."""

    environment: dict[str, str]
    cases: list[str]
    peers: list[str]


class Choice(NamedTuple):
    """What the command line asked of a section."""

    name: str
    cases: list[str]
    peers: list[str]
    quick: bool


def can_run(section: Section, cases: set[str], peers: set[str]) -> bool:
    """Return whether a section has cases and is not another one over again on this CPU."""
    isa = section.environment.get("GANSDK_ISA")
    if isa is not None and isa not in _core.available_isas()[:-1]:
        return False
    return bool(cases & set(section.cases) and peers & set(section.peers))


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that `python -m` runs by its module's name."""

    module: str
    title: str
    sections: dict[str, Section]
    packages: tuple[str, ...]  # whose versions are noted
    run_section: Callable[[Choice], dict[str, Any]]
    makes_sense: Callable[[Section, set[str], set[str]], bool] = can_run

    @property
    def cases(self) -> list[str]:
        """Every case, in order: the first section has them all."""
        return next(iter(self.sections.values())).cases

    @property
    def peers(self) -> list[str]:
        """Every family of peers."""
        return next(iter(self.sections.values())).peers

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run sections in processes of their own and print the tables."""
        options = self._parser().parse_args(arguments)
        if options.section:
            return self._child(options)
        run: dict[str, Any] = {
            "format": 1,
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": machine.machine(),
            "versions": machine.versions(self.packages),
            "load": machine.load(),
            "sections": [],
        }
        warning = machine.too_busy(run["load"])
        if warning:
            print(f"warning: {warning}", file=sys.stderr)
        for name in self._sections(options):
            section = self._section_in_a_process(name, options)
            if section is None:
                return 1
            run["sections"].append(section)
        if options.json:
            options.json.write_text(json.dumps(run, indent=1) + "\n")
        print(tables.markdown(run), end="")
        return 0

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(prog=f"python -m {self.module}", description=self.title)
        parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
        parser.add_argument("--quick", action="store_true", help="seconds; a smoke test")
        parser.add_argument(
            "--peers",
            nargs="+",
            choices=self.peers,
            default=self.peers,
            help="the peers to measure, if they are installed (default: all)",
        )
        parser.add_argument(
            "--cases", nargs="+", choices=self.cases, default=self.cases, help="only these"
        )
        parser.add_argument("--section", choices=list(self.sections), help=argparse.SUPPRESS)
        return parser

    def _sections(self, options: argparse.Namespace) -> list[str]:
        """Return the sections that this CPU can run and that are not another one over again."""
        for variable in {key for section in self.sections.values() for key in section.environment}:
            if variable in os.environ:
                raise SystemExit(f"unset {variable}: each section sets its own")
        asked = set(options.cases), set(options.peers)
        return [name for name, one in self.sections.items() if self.makes_sense(one, *asked)]

    def _section_in_a_process(
        self, name: str, options: argparse.Namespace
    ) -> dict[str, Any] | None:
        """Run one section in a child; None if it failed, and then the child has said why."""
        # Idle OpenMP threads would spin on CPUs that another row is being timed on.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
        environment |= self.sections[name].environment
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "section.json"
            command = [sys.executable, "-m", self.module, "--section", name, "--json", str(file)]
            command += ["--peers", *options.peers, "--cases", *options.cases]
            command += ["--quick"] if options.quick else []
            if subprocess.run(command, cwd=ROOT, env=environment).returncode != 0:  # noqa: S603
                return None
            section: dict[str, Any] = json.loads(file.read_text())
        return section

    def _child(self, options: argparse.Namespace) -> int:
        _, cases, peers = self.sections[options.section]
        chosen = Choice(
            options.section,
            [case for case in cases if case in options.cases],
            [peer for peer in peers if peer in options.peers],
            options.quick,
        )
        try:
            section = self.run_section(chosen)
        except WrongAnswer as error:
            print(f"wrong answer, nothing is timed: {error}", file=sys.stderr)
            return 1
        options.json.write_text(json.dumps(section))
        return 0
