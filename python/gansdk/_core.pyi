"""The C++ core. Arguments are raw; gansdk.latents and gansdk.images check and explain."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

def normal(
    out: NDArray[np.float32], seeds: NDArray[np.uint64], start: int, stream: int, threads: int
) -> None: ...
def uniform(
    out: NDArray[np.float32], seeds: NDArray[np.uint64], start: int, stream: int, threads: int
) -> None: ...
def words(
    out: NDArray[np.uint32], seeds: NDArray[np.uint64], start: int, stream: int, threads: int
) -> None: ...
def truncated_normal(
    out: NDArray[np.float32],
    seeds: NDArray[np.uint64],
    start: int,
    stream: int,
    threads: int,
    threshold: float,
) -> None: ...
def levels(
    x: NDArray[Any],
    out: NDArray[np.unsignedinteger[Any]],
    lo: float,
    span: float,
    inverse: float,
    rounding: int,
    mean: NDArray[np.float32],
    std: NDArray[np.float32],
    swapped: bool,
    threads: int,
) -> int: ...
def values(
    x: NDArray[np.uint8],
    tables: NDArray[np.unsignedinteger[Any]],
    out: NDArray[np.unsignedinteger[Any]],
    planar: bool,
    swapped: bool,
    threads: int,
) -> None: ...
def png(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], chunks: list[list[bytes]], threads: int
) -> list[bytes]: ...
def png_of_floats(
    x: NDArray[Any],
    lo: float,
    span: float,
    inverse: float,
    rounding: int,
    mean: NDArray[np.float32],
    std: NDArray[np.float32],
    swapped: bool,
    chunks: list[list[bytes]],
    threads: int,
) -> tuple[list[bytes], int]: ...
def png_filtered(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], kind: int, threads: int
) -> list[bytes]: ...
def philox(
    counter: NDArray[np.uint32], key: NDArray[np.uint32], out: NDArray[np.uint32]
) -> None: ...
def isa() -> str: ...
def available_isas() -> list[str]: ...
