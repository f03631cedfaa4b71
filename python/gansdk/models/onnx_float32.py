"""A float32 copy of a bfloat16 or float16 ONNX file, which any provider runs.

ONNX Runtime's CPU provider lacks nearly every operator in bfloat16, and before opset 22 ONNX itself
lacks convolutions in it. Weights become float32 exactly; what the network computes is then rounded
less, so its output is not that of the half-precision file to the last bit of a half.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from .onnx_file import DEPTH, entry_of
from .protobuf import bytes_field, fields, number_field, read_bytes, varint

_FLOAT, _FLOAT16, _BFLOAT16 = 1, 10, 16
_HALVES = (_FLOAT16, _BFLOAT16)
_LIMIT = 2**31 - 1  # of one protobuf message

# The fields of each message whose messages may hold a type or a tensor, by number.
_CHILDREN = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value", 15: "sparse"},
    "function": {7: "node", 11: "attribute", 12: "value"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        14: "type",
        15: "type",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "value": {2: "type"},
    "type": {1: "tensor type", 4: "of types", 8: "tensor type", 9: "of types"},
    "of types": {1: "type"},
}
_TENSOR_TYPE_ELEMENT = 1
_ATTRIBUTE_NAME, _ATTRIBUTE_INTEGER = 1, 3
_TYPED_ATTRIBUTES = (b"to", b"dtype", b"output_dtype")
_DATA_TYPE, _INT32_DATA, _RAW_DATA, _EXTERNAL, _LOCATION = 2, 5, 9, 13, 14


def write_float32(source: Path, target: BinaryIO) -> None:
    """Write a copy of an ONNX file in which each float16 and bfloat16 is a float32.

    Weights that lie in files beside it are taken into the copy.

    Raises
    ------
    ModelError
        The file is no ONNX file, has no such types, or would pass the 2 GiB of one file.
    """
    data = read_bytes(source)
    if not _holds_halves(data, "model"):
        raise ModelError(f"{source} holds no float16 or bfloat16: it needs no float32 copy")
    try:
        copy = _copied(data, "model", source.parent)
    except ValueError as error:  # weights of an odd length, an offset that is no number
        raise ModelError(f"{source} is no whole ONNX file: {error}") from None
    if len(copy) > _LIMIT:
        raise ModelError(f"{source} would have more than the 2 GiB of one file in float32")
    target.write(copy)


def _holds_halves(data: memoryview, kind: str, depth: int = 0) -> bool:
    if depth > DEPTH:
        raise ModelError("the file is no ONNX file: its graphs are nested without end")
    children = _CHILDREN.get(kind, {})
    typed = {"tensor": _DATA_TYPE, "tensor type": _TENSOR_TYPE_ELEMENT}.get(kind)
    return any(
        _holds_halves(value, children[number], depth + 1)
        if number in children
        else number == typed and varint(value)[0] in _HALVES
        for number, _, value in fields(data)
    )


def _copied(data: memoryview, kind: str, folder: Path, depth: int = 0) -> bytes:
    if depth > DEPTH:
        raise ModelError("the file is no ONNX file: its graphs are nested without end")
    if kind == "tensor":
        return _tensor(data, folder)
    if kind == "attribute" and not _is_typed(data):
        typed = None
    else:
        typed = {"attribute": _ATTRIBUTE_INTEGER, "tensor type": _TENSOR_TYPE_ELEMENT}.get(kind)
    children = _CHILDREN.get(kind, {})
    parts: list[bytes | memoryview] = []
    end = 0
    for number, start, value in fields(data):
        stop = start + len(value)
        if number in children:
            parts.append(bytes_field(number, _copied(value, children[number], folder, depth + 1)))
        elif number == typed and varint(value)[0] in _HALVES:
            parts.append(number_field(number, _FLOAT))
        else:
            parts.append(data[end:stop])
        end = stop
    return b"".join(parts)


def _is_typed(data: memoryview) -> bool:
    return any(
        number == _ATTRIBUTE_NAME and bytes(value) in _TYPED_ATTRIBUTES
        for number, _, value in fields(data)
    )


def _tensor(data: memoryview, folder: Path) -> bytes:
    parts, raw, numbers, kind, end = [], b"", b"", 0, 0
    entries: dict[str, str] = {}
    for number, start, value in fields(data):
        stop = start + len(value)
        if number == _DATA_TYPE:
            kind = varint(value)[0]
        elif number == _RAW_DATA:
            raw = bytes(value)
        elif number == _EXTERNAL:
            entries |= [entry_of(value)]
        elif number == _INT32_DATA:
            numbers += bytes(value)
            parts.append(bytes(data[end:stop]))
        elif number != _LOCATION:
            parts.append(bytes(data[end:stop]))
        end = stop
    if entries:
        raw = _external(entries, folder)
    elif kind not in _HALVES:
        return bytes(data)
    if kind in _HALVES:
        bits = np.frombuffer(raw, "<u2") if raw else _integers(memoryview(numbers))
        kind, raw = _FLOAT, _widened(bits, kind).tobytes()
        parts = [part for part in parts if varint(memoryview(part))[0] >> 3 != _INT32_DATA]
    return b"".join([*parts, number_field(_DATA_TYPE, kind), bytes_field(_RAW_DATA, raw)])


def _integers(data: memoryview) -> npt.NDArray[np.uint16]:
    values, position = [], 0
    while position < len(data):
        value, position = varint(data, position)
        values.append(value & 0xFFFF)
    return np.array(values, np.uint16)


def _external(entries: dict[str, str], folder: Path) -> bytes:
    name = PurePosixPath(entries.get("location", ""))
    if name.is_absolute() or ".." in name.parts:
        raise ModelError(f"weights in {name} lie outside the model's folder: put them beside it")
    data = read_bytes(folder / name)
    start = int(entries.get("offset", 0))
    length = int(entries.get("length", len(data) - start))
    if start + length > len(data):
        raise ModelError(f"{folder / name} is shorter than the model says: it was cut off")
    return bytes(data[start : start + length])


def _widened(bits: npt.NDArray[np.uint16], kind: int) -> npt.NDArray[np.float32]:
    if kind == _FLOAT16:
        return bits.view("<f2").astype("<f4")
    wide: npt.NDArray[np.uint32] = bits.astype("<u4") << np.uint32(16)
    return wide.view("<f4")
