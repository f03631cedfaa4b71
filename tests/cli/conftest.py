"""The command as a user runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def gansdk(tmp_path: Path) -> Run:
    """Run `gansdk ...` in an empty folder."""

    def run(*words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from gansdk.cli import main; main()", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "100", **env},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture
def refused(gansdk: Run, tmp_path: Path) -> Callable[..., str]:
    """Run a command that must fail: exit code 2, one clear line, no file left behind."""

    def run(*words: str | Path, **env: str) -> str:
        before = sorted(tmp_path.rglob("*"))
        done = gansdk(*words, **env)
        assert done.returncode == 2, (done.stdout, done.stderr)
        assert done.stdout == ""
        assert done.stderr.startswith("gansdk: error: ")
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert sorted(tmp_path.rglob("*")) == before
        return done.stderr

    return run
