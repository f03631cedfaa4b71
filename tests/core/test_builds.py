"""The golden hashes hold for every compiler, processor and byte order that can be had here.

Foreign programs run under qemu-user, which computes as the processor does; WebAssembly in Node.
"""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

import pytest

from .builds import build, checked, need, run, wrong_cases
from .golden import KERNEL_CASES, ROOT

pytestmark = pytest.mark.slow

DATA = ROOT / "tests" / "data"
COMPILERS = {"g++": "g++", "clang++": "clang"}  # and Debian's packages of them
# Processor: prefix of Debian's cross compiler, emulator. s390x is big-endian.
CROSS = {
    "aarch64": ("aarch64-linux-gnu", "qemu-aarch64"),
    "armhf": ("arm-linux-gnueabihf", "qemu-arm"),
    "riscv64": ("riscv64-linux-gnu", "qemu-riscv64"),
    "s390x": ("s390x-linux-gnu", "qemu-s390x"),
}


def tested_isas(folder: Path, *emulator: str) -> list[str]:
    """Run the core's own tests; the instruction sets that they name."""
    checked([*emulator, folder / "dump_latents", "--self-test"])
    told = [
        checked([*emulator, folder / program, *arguments])
        for program, arguments in (("core_test", [DATA]), ("levels_test", []))
    ]
    assert told[0] == told[1]
    return re.findall(r"^(\w+): passed$", told[0], re.MULTILINE)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_native_compilers(compiler: str) -> None:
    folder = build(need(compiler, COMPILERS[compiler]), "-DGANSDK_WERROR=ON")
    isas = tested_isas(folder)
    assert isas[0] == "baseline"
    for isa in isas:
        for threads in ("1", "3"):
            assert wrong_cases([folder / "dump_latents", threads], GANSDK_ISA=isa) == []


def cross_build(triple: str, *options: str) -> Path:
    compiler = need(f"{triple}-g++", f"g++-{triple}")
    system = ["-DCMAKE_SYSTEM_NAME=Linux", f"-DCMAKE_SYSTEM_PROCESSOR={triple.split('-')[0]}"]
    static = "-DCMAKE_EXE_LINKER_FLAGS=-static"  # no foreign libraries to be found at run time
    return build(compiler, *system, static, "-DGANSDK_WERROR=ON", *options)


@pytest.mark.parametrize("processor", CROSS)
def test_other_processors(processor: str) -> None:
    triple, qemu = CROSS[processor]
    emulator = need(qemu, "qemu-user")
    folder = cross_build(triple)
    assert wrong_cases([emulator, folder / "dump_latents"]) == []
    assert tested_isas(folder, emulator) == ["baseline"]


# Processors without AVX-512, and without AVX at all.
@pytest.mark.parametrize(
    ("cpu", "isas"), [("Nehalem", ["baseline"]), ("Haswell", ["baseline", "avx2"])]
)
def test_older_processors(cpu: str, isas: list[str]) -> None:
    if platform.machine() != "x86_64":
        pytest.skip(f"x86-64 only; this is {platform.machine()}")
    emulator = [need("qemu-x86_64", "qemu-user"), "-cpu", cpu]
    version = re.search(r"version (\d+)\.(\d+)", checked([emulator[0], "--version"]))
    assert version is not None
    if "avx2" in isas and (int(version[1]), int(version[2])) < (7, 2):
        pytest.skip(f"{version[0]} of qemu-x86_64 cannot run AVX2; 7.2 can")
    folder = build(need("g++", "g++"), "-DGANSDK_WERROR=ON")
    assert tested_isas(folder, *emulator) == isas
    for isa in isas:
        assert wrong_cases([*emulator, folder / "dump_latents"], GANSDK_ISA=isa) == []
    refused = run([*emulator, folder / "dump_latents"], GANSDK_ISA="avx512")
    expected = f"GANSDK_ISA=avx512 is not available here; this CPU runs {', '.join(isas)}: "
    assert refused.returncode == 1
    assert expected in refused.stderr
    code = "from gansdk import latents; latents.normal(1, 1, seed=0)"
    in_python = run(
        [*emulator, sys.executable, "-c", code], GANSDK_ISA="avx512", OPENBLAS_NUM_THREADS="1"
    )
    assert in_python.returncode == 1
    assert f"gansdk.errors.DeviceError: {expected}" in in_python.stderr


@pytest.mark.parametrize("simd", [[], ["-msimd128"]], ids=["scalar", "simd128"])
def test_webassembly(simd: list[str], tmp_path: Path) -> None:
    compiler, node = need("clang++", "clang"), need("node", "nodejs")
    need("wasm-ld", "lld")
    sources = [ROOT / "csrc" / "kernels.cpp", ROOT / "csrc" / "tests" / "latents_wasm.cpp"]
    module = tmp_path / "kernels.wasm"
    freestanding = ["--target=wasm32", "-ffreestanding", "-nostdlib", "-Wl,--no-entry"]
    flags = ["-std=c++20", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
    strict = ["-Wall", "-Wextra", "-Werror", "-mbulk-memory", *simd, f"-I{ROOT / 'csrc'}"]
    checked([compiler, *freestanding, *flags, *strict, *sources, "-o", module])
    compared = checked([node, Path(__file__).parent / "latents_wasm.mjs", module, DATA])
    assert int(compared) > len(KERNEL_CASES)


BREAKING = {
    # A user's flags come before gansdk's own, so fast-math's reordering and estimates stay.
    "fast-math": ("-ffast-math", ""),
    # A compiler that puts its flags behind ours.
    "contraction": ("", "-ffp-contract=fast -march=native"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_builds_that_change_the_bits_are_caught(name: str, tmp_path: Path) -> None:
    """Hashes differ, and the Python module refuses to be imported."""
    cxxflags, appended = BREAKING[name]
    compiler = need("g++", "g++")
    if appended and not fused_multiply_add():
        pytest.skip("this CPU has no fused multiply-add")
    if appended:
        wrapper = tmp_path / "wrapper"
        wrapper.write_text(f'#!/bin/sh\nexec {compiler} "$@" {appended}\n')
        wrapper.chmod(0o755)
        compiler = str(wrapper)
    pybind11 = pytest.importorskip("pybind11", reason="pybind11 is not installed: pip has it")
    python = ["-DGANSDK_BUILD_PYTHON=ON", f"-DPython_EXECUTABLE={sys.executable}"]
    folder = build(
        compiler, *python, f"-Dpybind11_DIR={pybind11.get_cmake_dir()}", cxxflags=cxxflags
    )
    assert wrong_cases([folder / "dump_latents"]) != []
    refused = run([folder / "dump_latents", "--self-test"])
    assert refused.returncode == 1
    message = r"gansdk's core computes wrong .* with its \w+ kernels: .*rebuild it without them"
    assert re.search(message, refused.stderr)
    (module,) = folder.glob("_core*")
    code = (
        "import sys; from importlib.util import *\n"
        "spec = spec_from_file_location('_core', sys.argv[1])\n"
        "spec.loader.exec_module(module_from_spec(spec))"
    )
    imported = run([sys.executable, "-c", code, module])
    assert imported.returncode == 1
    assert re.search(f"^ImportError: {message}", imported.stderr, re.MULTILINE)


def test_flags_that_ours_override_change_nothing() -> None:
    if not fused_multiply_add():
        pytest.skip("this CPU has no fused multiply-add")
    folder = build(need("g++", "g++"), cxxflags="-ffp-contract=fast -march=native")
    checked([folder / "dump_latents", "--self-test"])
    assert wrong_cases([folder / "dump_latents"]) == []


def fused_multiply_add() -> bool:
    if platform.machine() == "aarch64":
        return True
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.exists() and " fma " in cpuinfo.read_text()
