"""Example inputs: what the exporters trace with and the parity check compares on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gansdk.errors import ExportError, InvalidArgumentError
from gansdk.selection import LabelRule, Selection
from gansdk.spec import GeneratorSpec, Latent

Inputs = dict[str, Tensor]


def generator_inputs(spec: GeneratorSpec, count: int) -> Inputs:
    """Return named inputs for images 0 ... count - 1 of seed 0, classes balanced."""
    labels: LabelRule | None = "balanced" if spec.label is not None else None
    inputs = Selection.of_range(spec, count, 0, 0, labels).inputs(0, count, None)
    return {name: torch.from_numpy(value) for name, value in inputs.items()}


def infer_spec(example_inputs: Mapping[str, Tensor]) -> GeneratorSpec:
    """Read a spec off example inputs: floats (batch, ...) are the latent; the label cannot be told.

    Raises
    ------
    ExportError
        There is anything but one float input; the message says what a spec would have to say.
    InvalidArgumentError
        They are no dict of tensors with a batch axis.
    """
    if not isinstance(example_inputs, Mapping) or not example_inputs:
        raise InvalidArgumentError(
            "example_inputs must be a dict of named tensors, for instance "
            f"{{'z': torch.randn(2, 128)}}; got {type(example_inputs).__name__}"
        )
    for name, value in example_inputs.items():
        if not isinstance(value, Tensor):
            raise InvalidArgumentError(
                f"example_inputs[{name!r}] must be a tensor; got {type(value).__name__}"
            )
    ((name, z), *others) = example_inputs.items()
    if others or not z.is_floating_point():
        raise ExportError(
            f"what the inputs {list(example_inputs)} mean cannot be told from examples: pass "
            "spec=GeneratorSpec(latent=Latent(...), label=Label(...))"
        )
    if z.ndim < 2:
        raise InvalidArgumentError(
            f"example_inputs[{name!r}] must have shape (batch, ...); got {tuple(z.shape)}"
        )
    shape = tuple(z.shape[1:])
    size = int(np.prod(shape))
    return GeneratorSpec(latent=Latent(size, input=name, shape=shape if len(shape) > 1 else None))


def run_module(module: nn.Module, inputs: Inputs) -> Tensor:
    """Run a module on its inputs; `ExportError` where it raises."""
    with torch.inference_mode():
        try:
            output: Tensor = module(*inputs.values())
        except Exception as error:  # the module may raise anything
            shapes = {name: tuple(value.shape) for name, value in inputs.items()}
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ExportError(
                f"the module fails on the inputs {shapes}, which the spec asks for: {reason[0]}"
            ) from error
    return output


def with_output_shape(spec: GeneratorSpec, output: Any, count: int) -> GeneratorSpec:
    """Return the spec with the shape of an eager output filled in; an error where they disagree."""
    if not isinstance(output, Tensor):
        raise ExportError(
            f"the generator returns {type(output).__name__}: it must return one tensor; "
            "wrap it in a module that picks the image"
        )
    if output.shape[:1] != (count,) or output.ndim < 2:
        raise ExportError(
            f"the generator returns shape {tuple(output.shape)} for a batch of {count}: "
            "the batch must be the first axis"
        )
    shape = tuple(output.shape[1:])
    if spec.output.shape not in (None, shape):
        raise ExportError(
            f"the spec says outputs of shape {list(spec.output.shape or ())}, "
            f"but the generator gives {list(shape)}"
        )
    if spec.output.kind == "image" and len(shape) != 3:
        raise ExportError(
            f"the generator gives outputs of shape {list(shape)}, which are no images: "
            "say Output(kind='array') in the spec"
        )
    channels = shape[0] if spec.output.layout == "NCHW" else shape[-1]
    if spec.output.kind == "image" and channels not in (1, 3, 4):
        raise ExportError(
            f"the generator gives images of {channels} channels (shape {list(shape)}, layout "
            f"{spec.output.layout}): an image has 1, 3 or 4; "
            "otherwise say Output(kind='array') in the spec"
        )
    return replace(spec, output=replace(spec.output, shape=shape))
