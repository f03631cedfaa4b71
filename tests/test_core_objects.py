"""The kernels' objects: each exports its table and nothing else, and nothing weak.

A weak symbol compiled for AVX-512 may be the one that the linker keeps for every caller, and an
older CPU then dies of an illegal instruction.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLAGS = {
    "baseline": [],
    "avx2": ["-mavx2"],
    "avx512": [
        "-mavx512f",
        "-mavx512bw",
        "-mavx512dq",
        "-mavx512vl",
        "-mprefer-vector-width=512",
    ],
}
STRICT = [
    "-std=c++20",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fPIC",
    "-Wall",
    "-Wextra",
    "-Werror",
]
KERNEL_SOURCES = ["kernels.cpp", "kernels.h", "elementary.h", "truncated.h", "packs.h", "lanes.h",
                  "levels.h", "philox.h"]  # fmt: skip


def command(compiler: str, isa: str) -> list[str]:
    define = f"-DGANSDK_KERNELS_NAMESPACE={isa}"
    return [compiler, *STRICT, *FLAGS[isa], define, "-c", str(ROOT / "csrc/kernels.cpp")]


@pytest.mark.parametrize("isa", FLAGS)
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_exports_the_table_alone(compiler: str, isa: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None or shutil.which("nm") is None:
        pytest.skip(f"{compiler} or nm is not installed")
    if isa != "baseline" and platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(f"{isa} is for x86-64; this is {platform.machine()}")
    if not (ROOT / "csrc/kernels.cpp").exists():
        pytest.skip("the sources are not here: the tests run beside an installed package alone")
    target = tmp_path / "kernels.o"
    subprocess.run(
        [*command(compiler, isa), "-o", str(target)],
        check=True,
    )
    symbols = subprocess.run(
        ["nm", "--demangle", str(target)],  # noqa: S607 - found above
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.findall(r"^[0-9a-f ]{16} ([A-Za-z]) (.*)$", symbols, re.MULTILINE)
    assert [name for kind, name in found if kind in "WwVvu"] == []
    exported = [name for kind, name in found if kind.isupper() and kind != "U"]
    assert exported == [f"gansdk::{isa}::kernels"]


def test_kernels_include_c_headers_alone() -> None:
    for name in KERNEL_SOURCES:
        text = (ROOT / "csrc" / name).read_text()
        assert re.findall(r"#include <(?![a-z0-9_]+\.h>)", text) == []


def test_kernels_hold_no_fused_multiply_add(tmp_path: Path) -> None:
    if shutil.which("g++") is None or shutil.which("objdump") is None:
        pytest.skip("g++ or objdump is not installed")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(f"x86-64 only; this is {platform.machine()}")
    target = tmp_path / "kernels.o"
    subprocess.run(
        [*command("g++", "avx512"), "-o", str(target)],
        check=True,
    )
    code = subprocess.run(
        ["objdump", "-d", str(target)],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert re.findall(r"\bvfn?m(?:add|sub)\w+", code) == []
