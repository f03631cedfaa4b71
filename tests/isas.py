"""The same code on every instruction set: one is chosen once a process."""

from __future__ import annotations

import os
import subprocess
import sys

from gansdk import _core


def outputs(code: str, *arguments: str) -> set[str]:
    """Run code once for each instruction set of this CPU; return what differs in its output."""
    found = set()
    for isa in _core.available_isas():
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "GANSDK_ISA": isa},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    return found
