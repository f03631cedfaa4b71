"""What an ONNX file holds beside its operators: where its weights lie, and its metadata.

An ONNX file is one protobuf message, `ModelProto` of onnx.proto. What is asked of it here takes a
few of its fields, so the runtime needs no `onnx` package for them; tensors are skipped by their
length, never read.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelError

# The fields of each message that lead to other messages, by number.
_CHILDREN = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_GRAPH, _METADATA = 7, 14
_NODE, _NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR = 1, 1, 2, 4
_EXTERNAL_DATA = 13
_KEY, _VALUE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# What moves or retypes values, and leaves them as they are.
_MOVERS = {"Transpose", "Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten"}


def external_files(path: Path) -> tuple[str, ...]:
    """Return the files, relative to the model's folder, that hold weights of it, sorted.

    Raises
    ------
    ModelError
        The file is no ONNX file, or cannot be read.
    """
    found: set[str] = set()
    for tensor in _messages(_read(path), "model", "tensor"):
        for number, _, value in _fields(tensor):
            if number == _EXTERNAL_DATA:
                key, text = _entry(value)
                if key == "location":
                    found.add(text)
    return tuple(sorted(found))


def last_operator(path: Path, output: str) -> str | None:
    """Return the operator that gives an output its values, past those that only move them.

    None where it lies in a function or the output is an input's or a weight's own values.
    """
    graphs = [value for number, _, value in _fields(_read(path)) if number == _GRAPH]
    nodes: dict[str, tuple[str, str]] = {}
    for graph in graphs:
        for number, _, value in _fields(graph):
            if number == _NODE:
                operator, first, outputs = _node(value)
                nodes |= dict.fromkeys(outputs, (operator, first))
    seen: set[str] = set()
    while output in nodes and output not in seen:
        seen.add(output)
        operator, output = nodes[output]
        if operator not in _MOVERS:
            return operator
    return None


def write_metadata(source: Path, target: BinaryIO, key: str, text: str) -> None:
    """Write a copy of an ONNX file with one entry of its `metadata_props` set.

    Raises
    ------
    ModelError
        The file is no ONNX file, or cannot be read.
    """
    data = _read(source)
    end = 0
    for number, start, value in _fields(data):
        # A field ends where the next one starts; its value is the tail of it.
        length = start + len(value)
        if not (number == _METADATA and _entry(value)[0] == key):
            target.write(data[end:length])
        end = length
    entry = _field(_KEY, key.encode()) + _field(_VALUE, text.encode())
    target.write(_field(_METADATA, entry))


def _read(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            # Not closed by hand: views of it are handed out, and it goes with the last of them.
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:  # ValueError: an empty file
        reason = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"{path} cannot be read: {reason}") from None


def _messages(data: memoryview, kind: str, wanted: str) -> Iterator[memoryview]:
    if kind == wanted:
        yield data
        return
    children = _CHILDREN.get(kind, {})
    for number, _, value in _fields(data):
        if number in children:
            yield from _messages(value, children[number], wanted)


def _fields(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Yield each field's number, where its value starts, and its value's bytes."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        start = position
        wire = tag & 7
        if wire == _VARINT:
            _, position = _varint(data, position)
        elif wire == _BYTES:
            length, start = _varint(data, position)
            position = start + length
        elif wire in (_FIXED32, _FIXED64):
            position += 4 if wire == _FIXED32 else 8
        else:
            raise ModelError("the file is no ONNX file: it holds a field of an unknown kind")
        if position > len(data):
            raise ModelError("the file is no whole ONNX file: it ends within a field")
        yield tag >> 3, start, data[start:position]


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ModelError("the file is no whole ONNX file: it ends within a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _entry(data: memoryview) -> tuple[str, str]:
    texts = {number: _text(value) for number, _, value in _fields(data)}
    return texts.get(_KEY, ""), texts.get(_VALUE, "")


def _node(data: memoryview) -> tuple[str, str, list[str]]:
    operator, inputs, outputs = "", [], []
    for number, _, value in _fields(data):
        if number == _NODE_OPERATOR:
            operator = _text(value)
        elif number == _NODE_INPUT:
            inputs.append(_text(value))
        elif number == _NODE_OUTPUT:
            outputs.append(_text(value))
    return operator, inputs[0] if inputs else "", outputs


def _text(data: memoryview) -> str:
    return bytes(data).decode("utf-8", errors="replace")


def _field(number: int, value: bytes) -> bytes:
    return _number(number << 3 | _BYTES) + _number(len(value)) + value


def _number(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
