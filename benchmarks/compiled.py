"""The C++ peer: std_normal.cpp, compiled when the benchmark runs."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from .peers import Absent, Call, Floats, Peer

SOURCE = Path(__file__).with_name("std_normal.cpp")
# What an instruction set that gansdk is held to means to the compiler; else this CPU's own.
MARCH = {"avx2": "x86-64-v3", "baseline": "x86-64"}


def std_peers() -> list[Peer]:
    """Compile and load the peer, held to the instruction set that gansdk is held to."""
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if not compiler:
        raise Absent("needs a C++ compiler: `c++` on the path, or CXX")
    isa = os.environ.get("GANSDK_ISA", "") if platform.machine() == "x86_64" else ""
    flags = ["-O3", f"-march={MARCH.get(isa, 'native')}", "-std=c++17", "-shared", "-fPIC"]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "std_normal.so"
        command = [compiler, *flags, str(SOURCE), "-o", str(library)]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise Absent(f"{compiler} does not compile {SOURCE.name}: {error}") from None
        functions = ctypes.CDLL(str(library))  # stays loaded when the file is gone
    functions.std_normal_new.restype = ctypes.c_void_p

    def bind(out: Floats, seed: int) -> Call:
        engine = ctypes.c_void_p(functions.std_normal_new(ctypes.c_uint32(seed)))
        address, size = out.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(out.size)
        return lambda: functions.std_normal_fill(engine, address, size)

    return [Peer("std::normal_distribution + mt19937", "cpp", bind)]
