"""Compiler flags that change the bits are caught: by the hashes, by the self-test, at import."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

import pytest

from .builds import build, checked, cross_build, need, run, wrong_cases
from .golden import KERNEL_CASES

pytestmark = pytest.mark.slow

MESSAGE = r"gansdk's core computes wrong .* with its \w+ kernels: .* rebuild it without them"


def needs_fused_multiply_add() -> None:
    """Skip where -march=native has none."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists() or not re.search(r"\b(fma|asimd)\b", cpuinfo.read_text()):
        pytest.skip(f"no fused multiply-add is known of this CPU, {platform.machine()}")


def appending(compiler: str, flags: str, folder: Path) -> str:
    """Return a compiler that puts `flags` behind all others."""
    wrapper = folder / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec {compiler} "$@" {flags}\n')
    wrapper.chmod(0o755)
    return str(wrapper)


def check_refused(folder: Path) -> None:
    """Hashes differ, the self-test says why, and the Python module cannot be imported."""
    wrong = wrong_cases([folder / "dump_latents"])
    assert [case for case in wrong if case.startswith("words")] == []  # integers are what they are
    assert len(wrong) > len(KERNEL_CASES) / 5
    tested = run([folder / "dump_latents", "--self-test"])
    assert tested.returncode == 1
    assert re.search(MESSAGE, tested.stderr)
    (module,) = folder.glob("_core*.so")
    code = (
        "import sys; from importlib.util import *\n"
        "spec = spec_from_file_location('_core', sys.argv[1])\n"
        "spec.loader.exec_module(module_from_spec(spec))"
    )
    imported = run([sys.executable, "-c", code, module])
    assert imported.returncode == 1
    assert re.search(f"^ImportError: {MESSAGE}", imported.stderr, re.MULTILINE)


def python_module() -> list[str]:
    """Options with which `build` makes gansdk._core too."""
    missing = "pybind11 is not installed: pip install pybind11"
    pybind11 = pytest.importorskip("pybind11", reason=missing)
    return [
        "-DGANSDK_BUILD_PYTHON=ON",
        f"-DPython_EXECUTABLE={sys.executable}",
        f"-Dpybind11_DIR={pybind11.get_cmake_dir()}",
    ]


def test_fast_math() -> None:
    """A user's flags come before gansdk's own, yet reordering and estimates stay."""
    check_refused(build(need("g++", "g++"), *python_module(), cxxflags="-ffast-math"))


def test_contraction(tmp_path: Path) -> None:
    needs_fused_multiply_add()
    flags = "-ffp-contract=fast -march=native"
    compiler = appending(need("g++", "g++"), flags, tmp_path)
    check_refused(build(compiler, *python_module()))


def test_contraction_on_arm(tmp_path: Path) -> None:
    """Compilers contract there unless they are told not to."""
    emulator = need("qemu-aarch64", "qemu-user")
    triple = "aarch64-linux-gnu"
    gcc = need(f"{triple}-g++", f"g++-{triple}")
    folder = cross_build(appending(gcc, "-ffp-contract=fast", tmp_path), triple)
    assert wrong_cases([emulator, folder / "dump_latents"]) != []
    tested = run([emulator, folder / "dump_latents", "--self-test"])
    assert tested.returncode == 1
    assert re.search(MESSAGE, tested.stderr)


def test_flags_that_ours_override() -> None:
    needs_fused_multiply_add()
    folder = build(need("g++", "g++"), cxxflags="-ffp-contract=fast -march=native")
    checked([folder / "dump_latents", "--self-test"])
    assert wrong_cases([folder / "dump_latents"]) == []
