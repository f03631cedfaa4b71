"""To ONNX, by PyTorch's dynamo exporter, with a dynamic batch axis and everything in one file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from torch.export import ExportedProgram

from gansdk.errors import ExportError

from .capture import quiet
from .reasons import reason_of
from .rewrites.places import place_of
from .simplify import simplify

OPSETS = range(18, 24)
"""The dynamo exporter writes nothing older than 18."""


def to_onnx(
    program: ExportedProgram, inputs: Sequence[str], output: str, opset: int
) -> onnx.ModelProto:
    """Translate an exported program to an ONNX model; `inputs` are the names of its inputs.

    Raises
    ------
    ExportError
        PyTorch's exporter cannot translate the program, or not to this opset.
    """
    try:
        with quiet():
            translated = torch.onnx.export(
                program,
                (),
                input_names=list(inputs),
                output_names=[output],
                opset_version=opset,
                dynamo=True,
                external_data=False,
                verbose=False,
                optimize=False,
            )
            assert translated is not None  # noqa: S101 - dynamo=True returns one
            simplify(translated.model)
    except Exception as error:  # the exporter's errors share no base class
        raise ExportError(
            f"PyTorch cannot export the module to ONNX: {_why(error, program)}"
        ) from error
    model = translated.model_proto
    versions = {x.domain: x.version for x in model.opset_import}
    if versions[""] != opset:
        raise ExportError(
            f"PyTorch's exporter wrote opset {versions['']} where {opset} was asked for: "
            f"some operator has no form in opset {opset}"
        )
    _strip(model)
    return model


def operators(model: onnx.ModelProto) -> dict[str, int]:
    """Return how often each operator stands in the model, the most frequent first."""
    counts = Counter(node.op_type for node in model.graph.node)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def save_onnx(model: onnx.ModelProto, path: Path, metadata: dict[str, str]) -> None:
    """Check the model and write it as one file; `metadata` becomes its `metadata_props`.

    Raises
    ------
    ExportError
        The model is no valid ONNX, or larger than the 2 GiB of one file.
    """
    onnx.helper.set_model_props(model, metadata)
    try:
        onnx.checker.check_model(model, full_check=True)
        onnx.save_model(model, str(path))
    except OSError:
        raise
    except Exception as error:  # ONNX's and protobuf's errors share no base class
        reason = reason_of(error)
        if "float16" in reason:
            reason += "; the files are float32: switch torch.autocast off inside forward"
        raise ExportError(f"{path.name} cannot be written: {reason}") from error


def _why(error: BaseException, program: ExportedProgram) -> str:
    reason = reason_of(error)
    unknown = re.search(r"No ONNX function found for <OpOverload\(op='([\w.]+)'", reason)
    if unknown is None:
        return reason
    nodes = (n for n in program.graph.nodes if str(n.target).startswith(unknown[1] + "."))
    where = next((f", which {place_of(node)} uses" for node in nodes), "")
    return (
        f"its exporter has no form of {unknown[1]}{where}: write other operators in the module, "
        "or leave 'onnx' out of formats"
    )


def _strip(model: onnx.ModelProto) -> None:
    # Stack traces and source paths of the exporting machine: no use to who runs the file.
    del model.metadata_props[:]
    model.doc_string = ""
    for function in model.functions:
        function.doc_string = ""
        _strip_nodes(function)
    _strip_graph(model.graph)


def _strip_graph(graph: onnx.GraphProto) -> None:
    graph.doc_string = ""
    for value in (*graph.input, *graph.output, *graph.initializer):
        del value.metadata_props[:]
    _strip_nodes(graph)


def _strip_nodes(owner: onnx.GraphProto | onnx.FunctionProto) -> None:
    del owner.metadata_props[:]
    for value in owner.value_info:
        del value.metadata_props[:]
    for node in owner.node:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            if attribute.HasField("g"):  # a branch of an If, the body of a loop
                _strip_graph(attribute.g)
