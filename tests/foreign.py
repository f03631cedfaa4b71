"""Small ONNX files as other tools write them, made without gansdk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Axes = Sequence[int | str] | None
FLOAT, HALF, DOUBLE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE
BFLOAT16, UINT8 = TensorProto.BFLOAT16, TensorProto.UINT8
INT32, INT64 = TensorProto.INT32, TensorProto.INT64


def write(
    path: Path,
    inputs: Mapping[str, tuple[int, Axes]],
    outputs: Mapping[str, tuple[int, Axes]],
    nodes: Sequence[tuple[Any, ...]],
    weights: Mapping[str, Any] | None = None,
    *,
    metadata: Mapping[str, str] | None = None,
    external: str | None = None,
) -> Path:
    """Write a graph: a node is (operator, inputs, outputs, attributes); - is no input."""

    def values(parts: Mapping[str, tuple[int, Axes]]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, *part) for name, part in parts.items()]

    graph = helper.make_graph(
        [
            helper.make_node(
                operator,
                ["" if name == "-" else name for name in ins.split()],
                outs.split(),
                **(rest[0] if rest else {}),
            )
            for operator, ins, outs, *rest in nodes
        ],
        "foreign",
        values(inputs),
        values(outputs),
        [numpy_helper.from_array(np.asarray(w), name) for name, w in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, dict(metadata or {}))
    if external is None:
        onnx.save_model(model, str(path))
    else:
        onnx.save_model(
            model, str(path), save_as_external_data=True, location=external, size_threshold=512
        )
    return path


def matrix(rows: int, columns: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(rows).standard_normal((rows, columns)).astype(np.float32)


def plain(
    path: Path,
    *,
    dtype: int = FLOAT,
    batch: int | str = "N",
    size: int = 8,
    last: str = "Tanh",
    **options: Any,
) -> Path:
    """Latents z to RGB pictures of 4 x 4."""
    to = {"to": dtype}
    return write(
        path,
        {"z": (dtype, (batch, size))},
        {"image": (dtype, (batch, 3, 4, 4))},
        [
            ("Cast", "z", "z32", {"to": FLOAT}),
            ("MatMul", "z32 w", "flat"),
            ("Reshape", "flat shape", "raw"),
            (last, "raw", "bounded"),
            ("Cast", "bounded", "image", to),
        ],
        {"w": matrix(size, 48), "shape": np.array([-1, 3, 4, 4])},
        **options,
    )


def conditional(
    path: Path,
    label: tuple[int, Axes],
    *,
    classes: int = 5,
    name: str = "label",
    one_hot: bool = False,
) -> Path:
    """Latents and a class to grey pictures of 4 x 4; the class is looked up, or one-hot."""
    look_up = [
        ("Cast", name, "index", {"to": INT64}),
        ("Reshape", "index flat", "rows"),
        ("Gather", "table rows", "shift"),
    ]
    multiply = [("Cast", name, "hot", {"to": FLOAT}), ("MatMul", "hot table", "shift")]
    return write(
        path,
        {"z": (FLOAT, ("N", 8)), name: label},
        {"image": (FLOAT, ("N", 1, 4, 4))},
        [
            *(multiply if one_hot else look_up),
            ("MatMul", "z w", "mixed"),
            ("Add", "mixed shift", "sum"),
            ("Reshape", "sum shape", "raw"),
            ("Sigmoid", "raw", "image"),
        ],
        {
            "w": matrix(8, 16),
            "table": matrix(classes, 16),
            "flat": np.array([-1]),
            "shape": np.array([-1, 1, 4, 4]),
        },
    )


def truncated(path: Path, psi: Axes, *, name: str = "psi", batch: int | str = "N") -> Path:
    """Latents and psi of some rank to pictures of 4 x 4: tanh(psi z w)."""
    return write(
        path,
        {"z": (FLOAT, (batch, 8)), name: (FLOAT, psi)},
        {"image": (FLOAT, (batch, 1, 4, 4))},
        [
            *([("Reshape", f"{name} column", "p")] if psi else [("Identity", name, "p")]),
            ("Mul", "z p", "scaled"),
            ("MatMul", "scaled w", "mixed"),
            ("Reshape", "mixed shape", "raw"),
            ("Tanh", "raw", "image"),
        ],
        {"w": matrix(8, 16), "column": np.array([-1, 1]), "shape": np.array([-1, 1, 4, 4])},
    )


def translator(
    path: Path,
    *,
    scale: int = 1,
    side: int | str = "H",
    channels_last: bool = False,
    last: str = "Tanh",
) -> Path:
    """Pictures to pictures, `scale` times as large, of any size or of one."""
    sides = (side, side if isinstance(side, int) else "W")
    larger = [side * scale if isinstance(side, int) else f"{side}2" for side in sides]
    scales = [1, scale, scale, 1] if channels_last else [1, 1, scale, scale]
    order = (lambda s: ("N", *s, 3)) if channels_last else (lambda s: ("N", 3, *s))
    return write(
        path,
        {"input": (FLOAT, order(sides))},
        {"output": (FLOAT, order(larger))},
        [
            ("Resize", "input - scales", "large", {"mode": "nearest"}),
            (last, "large", "output"),
        ],
        {"scales": np.array(scales, np.float32)},
    )


def shaped(path: Path, z: Any, image: Any, *, name: str = "z", out: str = "image") -> Path:
    """A network of one input whose values become an output of another shape."""
    target = [-1 if isinstance(size, str) else size for size in image]
    return write(
        path,
        {name: (FLOAT, z)},
        {out: (FLOAT, image)},
        [("Reshape", f"{name} s", "r"), ("Tanh", "r", out)],
        {"s": np.array(target)},
    )
