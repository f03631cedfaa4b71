"""What an ONNX file holds beside its operators: where its weights lie, and its metadata.

An ONNX file is one protobuf message, `ModelProto` of onnx.proto. What is asked of it here takes a
few of its fields, so the runtime needs no `onnx` package for them; tensors are skipped by their
length, never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelError
from .protobuf import bytes_field, fields, read_bytes

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
DEPTH = 100
"""Of messages within messages, as protobuf itself has it."""
_KEY, _VALUE = 1, 2
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
    for tensor in _messages(read_bytes(path), "model", "tensor"):
        for number, _, value in fields(tensor):
            if number == _EXTERNAL_DATA:
                key, text = entry_of(value)
                if key == "location":
                    found.add(text)
    return tuple(sorted(found))


def last_operator(path: Path, output: str) -> str | None:
    """Return the operator that gives an output its values, past those that only move them.

    None where it lies in a function or the output is an input's or a weight's own values.
    """
    graphs = [value for number, _, value in fields(read_bytes(path)) if number == _GRAPH]
    nodes: dict[str, tuple[str, str]] = {}
    for graph in graphs:
        for number, _, value in fields(graph):
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
    data = read_bytes(source)
    end = 0
    for number, start, value in fields(data):
        # A field ends where the next one starts; its value is the tail of it.
        length = start + len(value)
        if not (number == _METADATA and entry_of(value)[0] == key):
            target.write(data[end:length])
        end = length
    entry = bytes_field(_KEY, key.encode()) + bytes_field(_VALUE, text.encode())
    target.write(bytes_field(_METADATA, entry))


def _messages(data: memoryview, kind: str, wanted: str, depth: int = 0) -> Iterator[memoryview]:
    if kind == wanted:
        yield data
        return
    if depth > DEPTH:
        raise ModelError("the file is no ONNX file: its graphs are nested without end")
    children = _CHILDREN.get(kind, {})
    for number, _, value in fields(data):
        if number in children:
            yield from _messages(value, children[number], wanted, depth + 1)


def entry_of(data: memoryview) -> tuple[str, str]:
    """Return the key and the value of a StringStringEntryProto."""
    texts = {number: _text(value) for number, _, value in fields(data)}
    return texts.get(_KEY, ""), texts.get(_VALUE, "")


def _node(data: memoryview) -> tuple[str, str, list[str]]:
    operator, inputs, outputs = "", [], []
    for number, _, value in fields(data):
        if number == _NODE_OPERATOR:
            operator = _text(value)
        elif number == _NODE_INPUT:
            inputs.append(_text(value))
        elif number == _NODE_OUTPUT:
            outputs.append(_text(value))
    return operator, inputs[0] if inputs else "", outputs


def _text(data: memoryview) -> str:
    return bytes(data).decode("utf-8", errors="replace")
