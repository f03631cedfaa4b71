"""Builds of the core by any compiler, run here or under an emulator."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from . import golden


def need(name: str, package: str) -> str:
    """Path of a tool, from beside the interpreter or the PATH; the test is skipped without it."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


def run(command: Sequence[str | Path], **env: str) -> subprocess.CompletedProcess[str]:
    """Run to the end, whatever the exit status."""
    return subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def checked(command: Sequence[str | Path], **env: str) -> str:
    """Run, and fail with all that was written unless it succeeds."""
    done = run(command, **env)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@functools.cache
def build(compiler: str, *options: str, cxxflags: str = "", target: str = "all") -> Path:
    """Compile the core's programs once a session; the folder that they are in."""
    if not (golden.ROOT / "CMakeLists.txt").exists():
        pytest.skip("the sources are not here: the tests run beside an installed package alone")
    cmake = need("cmake", "cmake")
    folder = Path(tempfile.mkdtemp(prefix="gansdk-build-"))
    _folders.append(folder)
    define = ["-DCMAKE_CXX_COMPILER=" + compiler, "-DGANSDK_BUILD_TESTS=ON", *options]
    ninja = need("ninja", "ninja-build")
    where = ["-S", golden.ROOT, "-B", folder, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    checked([cmake, *where, *define], CXXFLAGS=cxxflags)
    checked([cmake, "--build", folder, "--target", target])
    return folder


def cross_build(compiler: str, triple: str, *options: str, cxxflags: str = "") -> Path:
    """Compile for another processor, without foreign libraries to be found at run time."""
    system = ["-DCMAKE_SYSTEM_NAME=Linux", f"-DCMAKE_SYSTEM_PROCESSOR={triple.split('-')[0]}"]
    return build(compiler, *system, "-DCMAKE_EXE_LINKER_FLAGS=-static", *options, cxxflags=cxxflags)


_folders: list[Path] = []


def remove_builds() -> None:
    """Remove what `build` made."""
    while _folders:
        shutil.rmtree(_folders.pop())
    build.cache_clear()


def wrong_cases(command: Sequence[str | Path], **env: str) -> list[str]:
    """Golden lines that a `dump_latents` command does not reproduce."""
    done = subprocess.run(
        [str(word) for word in command],
        input=golden.FILE.read_bytes(),
        env={**os.environ, **env},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    wrong, offset = [], 0
    for case in golden.KERNEL_CASES:
        part = done.stdout[offset : offset + case.size]
        offset += case.size
        if hashlib.sha256(part).hexdigest() != case.sha256:
            wrong.append(str(case))
    assert offset == len(done.stdout)
    return wrong
