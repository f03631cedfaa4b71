"""To ONNX, by PyTorch's dynamo exporter, with a dynamic batch axis and everything in one file."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from gansdk.errors import ExportError

from .example import Inputs

OPSET = 20


def to_onnx(module: nn.Module, inputs: Inputs, output: str) -> onnx.ModelProto:
    """Translate the module, in eval mode, to an ONNX model of opset 20.

    `inputs` are named example inputs of a batch of at least 2: the exporter takes an axis of 1 for
    a constant.

    Raises
    ------
    ExportError
        PyTorch's exporter cannot translate the module.
    """
    batch = torch.export.Dim("batch", min=1)
    shapes = tuple({0: batch} for _ in inputs)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    try:
        with warnings.catch_warnings():
            # The exporter warns of its own internals; what matters of them, parity checks.
            warnings.simplefilter("ignore")
            logger.setLevel(logging.ERROR)
            program = torch.onnx.export(
                module,
                tuple(inputs.values()),
                input_names=list(inputs),
                output_names=[output],
                dynamic_shapes=shapes,
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # the exporter's errors share no base class
        raise ExportError(f"PyTorch cannot export the module to ONNX: {_reason(error)}") from error
    finally:
        logger.setLevel(level)
    assert program is not None  # noqa: S101 - dynamo=True returns one
    model = program.model_proto
    _strip(model)
    return model


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
        raise ExportError(f"{path.name} cannot be written: {_reason(error)}") from error


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


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = [line for line in str(cause).strip().splitlines() if line.strip()]
    return f"{type(cause).__name__}: {lines[0] if lines else 'no reason given'}"
