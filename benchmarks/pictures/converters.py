"""The ways in which others turn a network's floats into levels, torch's apart.

Where a library takes a buffer to write to, it is given one; where people's code makes a new array
at each step, so does the row that bears its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..peers import Absent, Call, Floats
from .inputs import Bytes

OPENCV = "OpenCV convertScaleAbs and merge"


@dataclass(frozen=True)
class Converter:
    """Something that turns float32 NCHW in [-1, 1] into levels, NHWC, on one thread."""

    name: str
    family: str
    rounding: str  # of `answers.ROUNDINGS`
    bind: Callable[[Floats, Bytes], Call]  # (x, out) -> a call whose result is the levels


def numpy_converters() -> list[Converter]:
    """NumPy: the expression that people write, and the same without new arrays."""

    def bind(x: Floats, out: Bytes) -> Call:
        return lambda: (
            np.rint((x + 1) * 127.5).clip(0, 255).transpose(0, 2, 3, 1).astype(np.uint8, order="C")
        )

    def bind_in_place(x: Floats, out: Bytes) -> Call:
        work = np.empty_like(x)

        def call() -> Bytes:
            np.add(x, 1, out=work)
            np.multiply(work, 127.5, out=work)
            np.rint(work, out=work)
            np.clip(work, 0, 255, out=work)
            np.copyto(out, work.transpose(0, 2, 3, 1), casting="unsafe")
            return out

        return call

    return [
        Converter("numpy", "numpy", "nearest", bind),
        Converter("numpy, in place", "numpy", "nearest", bind_in_place),
    ]


def pillow_converters() -> list[Converter]:
    """NumPy image by image into Pillow's images, and Pillow's own arithmetic plane by plane."""
    try:
        from PIL import Image
    except ImportError:
        raise Absent("`pip install pillow`") from None

    def picture(chw: Floats) -> Any:
        levels = ((chw.transpose(1, 2, 0) + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
        return Image.fromarray(levels)

    def bind(x: Floats, out: Bytes) -> Call:
        return lambda: [picture(chw) for chw in x]

    def plane(hw: Floats) -> Any:
        return Image.fromarray(hw).point(lambda v: v * 127.5 + 128).convert("L")

    def bind_planes(x: Floats, out: Bytes) -> Call:
        return lambda: [Image.merge("RGB", [plane(hw) for hw in chw]) for chw in x]

    return [
        Converter("numpy and Image.fromarray, image by image", "pillow", "nearest", bind),
        Converter("Pillow point and merge, plane by plane", "pillow", "up", bind_planes),
    ]


def opencv_converters() -> list[Converter]:
    """OpenCV's saturating conversion plane by plane; merge interleaves."""
    try:
        import cv2
    except ImportError:
        raise Absent("`pip install opencv-python-headless`") from None
    cv2.setNumThreads(1)

    def bind(x: Floats, out: Bytes) -> Call:
        planes = [np.empty(x.shape[2:], np.uint8) for _ in range(x.shape[1])]

        def call() -> Bytes:
            for chw, hwc in zip(x, out, strict=True):
                for hw, plane in zip(chw, planes, strict=True):
                    cv2.convertScaleAbs(hw, plane, 127.5, 127.5)
                cv2.merge(planes, hwc)
            return out

        return call

    return [Converter(OPENCV, "opencv", "nearest", bind)]


def onnxruntime_converters() -> list[Converter]:
    """ONNX Runtime: the steps as the end of a graph, which is how some models ship them."""
    try:
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise Absent("`pip install onnxruntime onnx`") from None

    def graph(x: Floats, out: Bytes) -> bytes:
        constants = {"scale": 127.5, "zero": 0.0, "most": 255.0}
        steps = [
            helper.make_node("Mul", ["x", "scale"], ["scaled"]),
            helper.make_node("Add", ["scaled", "scale"], ["moved"]),
            helper.make_node("Clip", ["moved", "zero", "most"], ["clipped"]),
            helper.make_node("Round", ["clipped"], ["rounded"]),
            helper.make_node("Cast", ["rounded"], ["levels"], to=TensorProto.UINT8),
            helper.make_node("Transpose", ["levels"], ["out"], perm=[0, 2, 3, 1]),
        ]
        whole = helper.make_graph(
            steps,
            "levels",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
            [helper.make_tensor_value_info("out", TensorProto.UINT8, out.shape)],
            [numpy_helper.from_array(np.float32(v), name) for name, v in constants.items()],
        )
        opset = [helper.make_opsetid("", 18)]
        model: bytes = helper.make_model(
            whole, opset_imports=opset, ir_version=10
        ).SerializeToString()
        return model

    def bind(x: Floats, out: Bytes) -> Call:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            graph(x, out), options, providers=["CPUExecutionProvider"]
        )
        io = session.io_binding()
        io.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        io.bind_output("out", "cpu", 0, np.uint8, out.shape, out.ctypes.data)

        def call() -> Bytes:
            session.run_with_iobinding(io)
            return out

        return call

    return [Converter("ONNX Runtime, at the end of a graph", "onnxruntime", "nearest", bind)]
