"""The golden hashes hold for every compiler, processor and byte order that can be had here.

Foreign programs run under qemu-user, which computes as the processor does; WebAssembly in Node.
"""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

import pytest

from .builds import build, checked, cross_build, need, run, wrong_cases
from .golden import KERNEL_CASES, ROOT

pytestmark = pytest.mark.slow

DATA = ROOT / "tests" / "data"
COMPILERS = {"g++": "g++", "clang++": "clang"}  # and Debian's packages of them
# Processor: what Debian calls its compiler, its emulator, flags for its vector instructions. Those
# of armhf would flush subnormal numbers, of which there are none. s390x is big-endian.
CROSS = {
    "aarch64": ("aarch64-linux-gnu", "qemu-aarch64", ""),
    "aarch64-sve2": ("aarch64-linux-gnu", "qemu-aarch64", "-march=armv8.5-a+sve2"),
    "armhf": ("arm-linux-gnueabihf", "qemu-arm", ""),
    "armhf-neon": ("arm-linux-gnueabihf", "qemu-arm", "-march=armv7-a -mfpu=neon-vfpv4"),
    "riscv64": ("riscv64-linux-gnu", "qemu-riscv64", ""),
    "s390x": ("s390x-linux-gnu", "qemu-s390x", ""),
    "s390x-z14": ("s390x-linux-gnu", "qemu-s390x", "-march=z14"),
}


def passing_isas(folder: Path, *emulator: str) -> list[str]:
    """Run the core's own tests; the instruction sets that they name."""
    checked([*emulator, folder / "dump_latents", "--self-test"])
    told = [
        checked([*emulator, folder / program, *arguments])
        for program, arguments in (("core_test", [DATA]), ("levels_test", []), ("png_test", []))
    ]
    assert len({*told}) == 1
    return re.findall(r"^(\w+): passed$", told[0], re.MULTILINE)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_native_compilers(compiler: str) -> None:
    folder = build(need(compiler, COMPILERS[compiler]), "-DGANSDK_WERROR=ON")
    isas = passing_isas(folder)
    assert isas[0] == "baseline"
    for isa in isas:
        for threads in ("1", "3"):
            assert wrong_cases([folder / "dump_latents", threads], GANSDK_ISA=isa) == []


@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_word(compiler: str) -> None:
    """All 2^32 words, where other tests see a sample."""
    lines = (DATA / "every_word.txt").read_text().splitlines(keepends=True)
    expected = "".join(line for line in lines if not line.startswith("#"))
    options = "-DGANSDK_WERROR=ON"
    isas = passing_isas(build(need(compiler, COMPILERS[compiler]), options))
    folder = build(need(compiler, COMPILERS[compiler]), options, target="every_word")
    assert [isa for isa in isas if checked([folder / f"every_word_{isa}"]) != expected] == []


@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_level(compiler: str) -> None:
    """All 2^32 float32 patterns, by every instruction set here."""
    options = "-DGANSDK_WERROR=ON"
    folder = build(need(compiler, COMPILERS[compiler]), options, target="every_level")
    assert checked([folder / "every_level"]) == "passed\n"


# Clang squares a float32 into a float64 by this instruction; a truncated normal's threshold is one.
MDEBR = r"""
int main() {
  float half = 0.5f;
  double square;
  __asm__ volatile("ldr %0, %1\n\tmdebr %0, %1" : "=&f"(square) : "f"(half));
  return square != 0.25;
}
"""


def need_mdebr(gcc: str, emulator: str, folder: Path) -> None:
    """Skip where the emulator takes the first float32 of that product for a float64."""
    source, program = folder / "mdebr.cpp", folder / "mdebr"
    source.write_text(MDEBR)
    checked([gcc, "-static", source, "-o", program])
    if run([emulator, program]).returncode != 0:
        pytest.skip(f"{emulator} computes 0.5 * 0.5 wrongly with MDEBR; a newer one may not")


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("processor", CROSS)
def test_other_processors(processor: str, compiler: str, tmp_path: Path) -> None:
    triple, qemu, cxxflags = CROSS[processor]
    emulator = need(qemu, "qemu-user")
    gcc = need(f"{triple}-g++", f"g++-{triple}")  # Clang needs the libraries that come with it
    if compiler == "g++":
        folder = cross_build(gcc, triple, "-DGANSDK_WERROR=ON", cxxflags=cxxflags)
    else:
        target = f"-DCMAKE_CXX_COMPILER_TARGET={triple}"
        clang = need("clang++", "clang")
        if processor.startswith("s390x"):
            need_mdebr(gcc, emulator, tmp_path)
        folder = cross_build(clang, triple, target, "-DGANSDK_WERROR=ON", cxxflags=cxxflags)
    assert wrong_cases([emulator, folder / "dump_latents"]) == []
    assert passing_isas(folder, emulator) == ["baseline"]


# Processors without AVX at all, and without AVX-512.
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
        pytest.skip(f"qemu-x86_64 {version[1]}.{version[2]} cannot run AVX2; 7.2 can")
    folder = build(need("g++", "g++"), "-DGANSDK_WERROR=ON")
    assert passing_isas(folder, *emulator) == isas
    for isa in isas:
        assert wrong_cases([*emulator, folder / "dump_latents"], GANSDK_ISA=isa) == []
    expected = f"GANSDK_ISA=avx512 is not available here; this CPU runs {', '.join(isas)}: "
    refused = run([*emulator, folder / "dump_latents"], GANSDK_ISA="avx512")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert expected in refused.stderr
    code = "from gansdk import latents; latents.normal(1, 1, seed=0)"
    one_thread = {"OPENBLAS_NUM_THREADS": "1"}
    in_python = run([*emulator, sys.executable, "-c", code], GANSDK_ISA="avx512", **one_thread)
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
