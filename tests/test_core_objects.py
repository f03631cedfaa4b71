"""The kernels' objects: each exports its table and nothing else, nothing weak, nothing fused.

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
    "avx2": ["-mavx2", "-mf16c"],
    "avx512": [
        "-mavx512f",
        "-mavx512bw",
        "-mavx512dq",
        "-mavx512vl",
        "-mprefer-vector-width=512",
    ],
}
PNG_FLAGS = {
    "baseline": [],
    "avx2": ["-mbmi", "-mbmi2", "-mpclmul"],
    "avx512": ["-mbmi", "-mbmi2", "-mpclmul", "-mavx512vbmi"],
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


def skip_unless_it_compiles(compiler: str, isa: str) -> None:
    for name in (compiler, "nm", "objdump"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    if isa != "baseline" and platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(f"{isa} is for x86-64; this is {platform.machine()}")
    if not (ROOT / "csrc/kernels.cpp").exists():
        pytest.skip("the sources are not here: the tests run beside an installed package alone")


def output(*command: str | Path) -> str:
    return subprocess.run(
        [str(word) for word in command], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("table", ["kernels", "png_kernels"])
@pytest.mark.parametrize("isa", FLAGS)
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_objects(compiler: str, isa: str, table: str, tmp_path: Path) -> None:
    """They export the table alone, and multiply and add apart."""
    skip_unless_it_compiles(compiler, isa)
    target, source = tmp_path / "kernels.o", ROOT / f"csrc/{table}.cpp"
    flags = [*FLAGS[isa], *(PNG_FLAGS[isa] if table == "png_kernels" else [])]
    define = f"-DGANSDK_KERNELS_NAMESPACE={isa}"
    output(compiler, *STRICT, *flags, define, "-c", source, "-o", target)
    symbols = output("nm", "--demangle", target)
    found = re.findall(r"^[0-9a-f ]{16} ([A-Za-z]) (.*)$", symbols, re.MULTILINE)
    assert [name for kind, name in found if kind in "WwVvu"] == []
    exported = [name for kind, name in found if kind.isupper() and kind != "U"]
    assert exported == [f"gansdk::{isa}::{table}"]
    fused = re.findall(
        r"\b(?:vfn?m(?:add|sub)\w*|fn?ml[as]|fn?m(?:add|sub))\b", output("objdump", "-d", target)
    )
    assert fused == []


def kernel_sources() -> list[Path]:
    """Both kernels' sources and all of ours that they include."""
    found = [ROOT / "csrc" / "kernels.cpp", ROOT / "csrc" / "png_kernels.cpp"]
    for path in found:
        names = re.findall(r'#include "(.*)"', path.read_text())
        found += [path.parent / x for x in names if path.parent / x not in found]
    return found


def test_kernels_include_freestanding_headers_alone() -> None:
    """C headers, since C++ ones leave weak symbols; those that need no C library, for wasm32."""
    if not (ROOT / "csrc/kernels.cpp").exists():
        pytest.skip("the sources are not here: the tests run beside an installed package alone")
    assert {path.name for path in kernel_sources()} > {"kernels.h", "philox.h", "png_filters.h"}
    for path in kernel_sources():
        included = re.findall(r"#include <(.*)>", path.read_text())
        assert {*included} <= {"stdint.h", "float.h", "immintrin.h", "arm_neon.h", "arm_acle.h"}, (
            path.name
        )
