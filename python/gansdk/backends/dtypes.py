"""What a file takes and gives in other types than gansdk draws: float16, bfloat16, int32, ...

gansdk draws float32 and int64. An input is rounded to the file's own type, half to even, so that
the same latent bits give the same input bits everywhere; an output comes back as float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ModelError

BFLOAT16 = "tensor(bfloat16)"
BFLOAT16_CODE = 16
"""bfloat16 in ONNX's TensorProto.DataType; NumPy has no such type, its bits travel as uint16."""

_NUMPY: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int8)": np.int8,
    "tensor(int16)": np.int16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
    "tensor(uint16)": np.uint16,
    "tensor(uint32)": np.uint32,
    "tensor(uint64)": np.uint64,
}


def is_float(dtype: str) -> bool:
    """Whether a tensor type of ONNX Runtime is a floating one."""
    return dtype in ("tensor(float)", "tensor(float16)", "tensor(double)", BFLOAT16)


def is_integer(dtype: str) -> bool:
    """Whether a tensor type of ONNX Runtime is an integer one."""
    return dtype in _NUMPY and not is_float(dtype)


def cast(value: npt.NDArray[Any], dtype: str, name: str) -> npt.NDArray[Any]:
    """Return an input in a file's type; bfloat16 as its bits, uint16.

    Raises
    ------
    ModelError
        The type is none that gansdk gives: strings, booleans, sequences.
    """
    if dtype == BFLOAT16:
        return to_bfloat16_bits(value.astype(np.float32, copy=False))
    if dtype not in _NUMPY:
        raise ModelError(f"the input {name} is a {dtype}, which gansdk cannot give a network")
    wanted = np.dtype(_NUMPY[dtype])
    if wanted.kind in "iu" and value.dtype.kind == "f":
        value = np.rint(value)
    return value.astype(wanted, copy=False)


def to_bfloat16_bits(value: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Round finite float32 to bfloat16, half to even, and return its bits."""
    bits = np.ascontiguousarray(value).view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    rounded: npt.NDArray[np.uint32] = (bits + np.uint32(0x7FFF) + odd) >> np.uint32(16)
    return rounded.astype(np.uint16)


def from_bfloat16_bits(bits: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """Return the float32 of bfloat16's bits, exactly."""
    wide: npt.NDArray[np.uint32] = bits.astype(np.uint32) << np.uint32(16)
    return wide.view(np.float32)
