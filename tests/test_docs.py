"""Every snippet of the documentation and every example runs as it stands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def run(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"


PYTHON = [
    pytest.param(code, id=f"{page.name}-{i}")
    for page in PAGES
    for i, code in enumerate(blocks(page, "python"))
]
COMMANDS = [
    pytest.param(code, id=f"{page.name}-{i}")
    for page in PAGES
    for i, code in enumerate(blocks(page, "bash"))
]


def test_there_are_snippets() -> None:
    assert len(PYTHON) >= 5
    assert len(COMMANDS) >= 2
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("code", PYTHON)
def test_python_snippets_run(code: str, tmp_path: Path) -> None:
    run(["-W", "error", "-c", code], tmp_path)


@pytest.mark.parametrize("code", COMMANDS)
def test_commands_run(code: str, tmp_path: Path) -> None:
    for line in code.strip().splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "gansdk", line
        if words[1] == "train":
            words += ["--steps", "2"]  # the commands are what is tested here, not the result
        run(["-c", "from gansdk.cli import main; main()", *words[1:]], tmp_path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_examples_run(path: Path, tmp_path: Path) -> None:
    run(["-W", "error", str(path)], tmp_path)


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_picture_of_the_readme_is_what_its_code_makes(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    run(["-c", blocks(ROOT / "README.md", "python")[0]], tmp_path)
    with (
        Image.open(tmp_path / "digits.png") as made,
        Image.open(ROOT / "docs" / "images" / "digits.png") as kept,
    ):
        difference = np.abs(np.asarray(made).astype(int) - np.asarray(kept))
    # A level may move on another CPU's ONNX Runtime kernels.
    assert difference.max() <= 1
