"""Image-conditioned networks small enough to be read off: ONNX files with their spec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gansdk import GeneratorSpec, Output
from gansdk.spec import METADATA_KEY, ImageInput

Nodes = tuple[list[onnx.NodeProto], dict[str, np.ndarray]]


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    draws = np.random.default_rng([seed, height, width])
    return draws.integers(0, 256, (height, width, channels), np.uint8)


def spec_of(output: Output | None = None, **image: Any) -> GeneratorSpec:
    return GeneratorSpec(image=ImageInput(**image), output=output or Output())


def write(path: Path, spec: GeneratorSpec, nodes: Sequence[Any], weights: dict[str, Any]) -> Path:
    """Write nodes that turn the spec's inputs into "y" as a model."""
    shapes: dict[str, list[Any]] = {}
    if spec.image is not None:
        sides = list(spec.image.size or ("h", "w"))
        planar = spec.image.layout == "NCHW"
        shapes[spec.image.input] = (
            [spec.image.channels, *sides] if planar else [*sides, spec.image.channels]
        )
    if spec.latent is not None:
        shapes[spec.latent.input] = [spec.latent.size]
    if spec.label is not None:
        shapes[spec.label.input] = []
    for noise in spec.noise:
        shapes[noise.input] = list(noise.shape)
    if spec.truncation is not None:
        shapes[spec.truncation.input] = []
    kinds = {spec.label.input: TensorProto.INT64} if spec.label is not None else {}
    graph = helper.make_graph(
        list(nodes),
        "network",
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), ["n", *shape])
            for name, shape in shapes.items()
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(w), name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {METADATA_KEY: spec.to_json()})
    onnx.save(model, path)
    return path


def negative(path: Path, spec: GeneratorSpec) -> Path:
    """The picture's negative, value by value."""
    return write(path, spec, [helper.make_node("Neg", ["input_image"], ["y"])], {})


def convolutions(layers: int, *, scale: int = 1, channels: int = 3, width: int = 6) -> Nodes:
    """`layers` convolutions of 3 x 3 with random weights: a pixel sees `layers` pixels around it.

    The last gives scale * scale pixels for one.
    """
    draws = np.random.default_rng(layers)
    nodes, weights, given = [], {}, "input_image"
    sizes = [channels, *[width] * (layers - 1), channels * scale * scale]
    for i in range(layers):
        shape = (sizes[i + 1], sizes[i], 3, 3)
        # Large enough for far pixels to matter.
        weights[f"w{i}"] = draws.normal(0, 1.6 / np.sqrt(9 * sizes[i]), shape).astype(np.float32)
        nodes.append(helper.make_node("Conv", [given, f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Tanh", [f"c{i}"], [f"t{i}"]))
        given = f"t{i}"
    nodes.append(helper.make_node("DepthToSpace", [given], ["y"], blocksize=scale))
    return nodes, weights


def bicubic(scale: int) -> Nodes:
    """The picture enlarged: a pixel sees two pixels around it."""
    node = helper.make_node(
        "Resize",
        ["input_image", "", "scales"],
        ["y"],
        mode="cubic",
        coordinate_transformation_mode="half_pixel",
    )
    return [node], {"scales": np.array([1, 1, scale, scale], np.float32)}
