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
    """Check the model and write it as one file; `metadata` becomes its `metadata_props`."""
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    onnx.save_model(model, str(path))


def _strip(model: onnx.ModelProto) -> None:
    # Stack traces and source paths of the exporting machine: no use to who runs the file.
    del model.metadata_props[:]
    graphs = [model.graph, *model.functions]
    for graph in graphs:
        graph.doc_string = ""
        del graph.metadata_props[:]
        for node in graph.node:
            node.doc_string = ""
            del node.metadata_props[:]
        for value in graph.value_info:
            del value.metadata_props[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = [line for line in str(cause).strip().splitlines() if line.strip()]
    return f"{type(cause).__name__}: {lines[0] if lines else 'no reason given'}"
