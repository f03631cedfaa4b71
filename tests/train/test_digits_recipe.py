"""The digits recipe from nothing to its figures, by the commands of the README."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def gansdk(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from gansdk.cli import main; main()", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_training_from_scratch_reaches_the_figures_of_the_bundled_model(tmp_path: Path) -> None:
    gansdk(tmp_path, "train", "digits", "--out", "run")
    gansdk(tmp_path, "export", "run", "--out", "model")
    rows = json.loads(gansdk(tmp_path, "evaluate", "model", "--real", "digits", "--json"))
    figures = rows[0]
    assert figures["svc_accuracy"] > 95.5
    assert figures["coverage"] > 0.92
    assert figures["recall"] > 0.75
    assert 0.9 < figures["neighbour_ratio"] < 1.15
    assert figures["variance_ratio"] > 0.7
