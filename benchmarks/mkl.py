"""Intel MKL's generators, called through ctypes in the library that `pip install mkl` brings.

Which code MKL runs is its own choice by CPU maker and model: AVX-512 on Intel's CPUs, less on
others. MKL_ENABLE_INSTRUCTIONS=AVX2, set before the process starts, holds it back.
"""

from __future__ import annotations

import ctypes
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .peers import Absent, Call, Floats, Peer

# From mkl_vsl_defines.h.
GENERATORS = {"MT19937": 8 << 20, "SFMT19937": 13 << 20, "ARS5": 15 << 20, "Philox": 16 << 20}
METHODS = {"Box-Muller 2": 1, "ICDF": 2}
_SEQUENTIAL = 1


def mkl_peers() -> list[Peer]:
    """Return every generator under both of the fast methods; the best depends on the CPU."""
    library = load_mkl()
    return [_peer(library, generator, method) for generator in GENERATORS for method in METHODS]


def mkl_words(library: Any, generator: str, out: npt.NDArray[np.uint32]) -> Call:
    """Bind raw 32-bit words of a generator to a buffer."""
    stream = _stream(library, generator, 1)
    address = out.ctypes.data_as(ctypes.c_void_p)  # keeps the array alive
    return lambda: _check(library.viRngUniformBits32(0, stream, out.size, address))


def mkl_version(library: Any) -> str:
    """Return MKL's own words about itself."""
    text = ctypes.create_string_buffer(200)
    library.MKL_Get_Version_String(text, len(text))
    return text.value.decode().strip()


def load_mkl() -> Any:
    """Load the library, single-threaded; raise `Absent` if the wheel is not installed."""
    try:
        files = metadata.files("mkl") or []
    except metadata.PackageNotFoundError:
        files = []
    found = [Path(str(f.locate())).resolve() for f in files if f.name.startswith("libmkl_rt.so")]
    if not found:
        raise Absent("`pip install mkl` (x86-64 only)")
    library = ctypes.CDLL(str(found[0]))
    library.MKL_Set_Threading_Layer(_SEQUENTIAL)
    return library


def _peer(library: Any, generator: str, method: str) -> Peer:
    kind, zero, one = METHODS[method], ctypes.c_float(0), ctypes.c_float(1)

    def fill(stream: Any, out: Floats) -> Floats:
        address = out.ctypes.data_as(ctypes.c_void_p)
        _check(library.vsRngGaussian(kind, stream, out.size, address, zero, one))
        return out

    def bind(out: Floats, seed: int) -> Call:
        stream = _stream(library, generator, seed)
        address, size = out.ctypes.data_as(ctypes.c_void_p), out.size
        return lambda: _check(library.vsRngGaussian(kind, stream, size, address, zero, one))

    def fresh(shape: tuple[int, int], seed: int) -> Call:
        stream = _stream(library, generator, seed)
        return lambda: fill(stream, np.empty(shape, np.float32))

    return Peer(f"MKL {generator} {method}", "mkl", bind, fresh)


def _stream(library: Any, generator: str, seed: int) -> Any:
    """Open a stream; it lives as long as the process."""
    stream = ctypes.c_void_p()
    _check(library.vslNewStream(ctypes.byref(stream), GENERATORS[generator], ctypes.c_uint(seed)))
    return stream


def _check(status: int) -> None:
    if status != 0:
        raise RuntimeError(f"MKL returned status {status}")
