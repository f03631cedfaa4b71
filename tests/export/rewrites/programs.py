"""From a module to a captured program and an ONNX session, for tests of rewrites."""

from __future__ import annotations

import io
import math

import onnxruntime
import torch
from torch import Tensor, fx, nn
from torch.export import Dim

from gansdk.export.capture import capture, exported_program, quiet
from gansdk.export.example import free_batch
from gansdk.export.rewrites.builder import batch_extent, extents

BATCHES = (1, 3, 16)


def inputs_of(width: int, batch: int = 16) -> dict[str, Tensor]:
    """Return a batch of latents with an image or two far out."""
    z = torch.randn(batch, width, generator=torch.Generator().manual_seed(1))
    z[0] *= 4
    return {"z": z}


def captured(module: nn.Module, width: int) -> fx.GraphModule:
    inputs = inputs_of(width, 3)
    module.eval().requires_grad_(False)
    return capture(module, lambda module, z: module(z), inputs, free_batch(inputs))


def assert_equal_in_every_batch(program: fx.GraphModule, module: nn.Module, width: int) -> None:
    """Check a program against its module, and each image alone against that of the batch."""
    z = inputs_of(width)["z"]
    outputs = program(z)
    for batch in BATCHES:
        eager = module(z[:batch])
        assert largest(program(z[:batch]), eager) <= 1e-5
    for k in range(4):
        assert largest(program(z[k : k + 1]), outputs[k : k + 1]) <= 1e-5


def assert_equal_in_onnx(program: fx.GraphModule, module: nn.Module, width: int) -> None:
    inputs = inputs_of(width, 3)
    free = free_batch(inputs)
    exported = exported_program(program, inputs, free)
    with quiet():
        model = torch.onnx.export(
            exported,
            (),
            dynamo=True,
            opset_version=20,
            external_data=False,
            verbose=False,
            input_names=["z"],
        )
    assert model is not None
    stream = io.BytesIO()
    model.save(stream)
    session = onnxruntime.InferenceSession(stream.getvalue(), providers=["CPUExecutionProvider"])
    z = inputs_of(width)["z"]
    for batch in BATCHES:
        [output] = session.run(None, {session.get_inputs()[0].name: z[:batch].numpy()})
        assert largest(torch.from_numpy(output), module(z[:batch])) <= 1e-5


def captured_of_any_size(layer: nn.Module, channels: int, width: int) -> fx.GraphModule:
    """Capture a layer of (x, latent) with batch, height and width free."""
    batch, height, span = (
        Dim(name, min=least) for name, least in (("batch", 1), ("height", 4), ("span", 4))
    )
    inputs = {"x": torch.randn(3, channels, 6, 7), "z": torch.randn(3, width)}
    free = {"x": {0: batch, 2: height, 3: span}, "z": {0: batch}}
    return capture(layer, lambda layer, x, z: layer(x, z), inputs, free)


def assert_equal_for_any_size(
    program: fx.GraphModule, layer: nn.Module, channels: int, width: int
) -> None:
    for batch, height, span in ((1, 5, 9), (3, 8, 4), (5, 6, 6)):
        x, z = torch.randn(batch, channels, height, span), torch.randn(batch, width)
        assert largest(program(x, z), layer(x, z)) <= 1e-5


def largest(a: Tensor, b: Tensor) -> float:
    """Return the largest difference in units of the larger one's largest value."""
    assert a.shape == b.shape
    return float((a - b).abs().max() / b.abs().max())


def per_image(program: fx.GraphModule, numel: int) -> list[fx.Node]:
    """Return the nodes whose value has so many elements for each image of the batch."""
    batch = batch_extent(program)
    values = (n for n in program.graph.nodes if isinstance(n.meta.get("val"), Tensor))
    return [node for node in values if math.prod(extents(node)) == batch * numel]
