"""A guess of foreign files: each form that exporters and tools are known to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk.backends import open_backend
from gansdk.backends.inference import Guess, completed, infer
from gansdk.errors import SpecError
from gansdk.spec import GeneratorSpec

from ..foreign import (
    BFLOAT16,
    FLOAT,
    HALF,
    INT32,
    INT64,
    UINT8,
    conditional,
    matrix,
    plain,
    shaped,
    translator,
    truncated,
    write,
)


def guess_of(path: Path, *, probe: bool = True) -> Guess:
    return infer(open_backend(path), probe=probe)


def found(guess: Guess) -> dict[str, tuple[Any, str]]:
    return {f.field: (f.value, f.confidence) for f in guess.findings}


def test_a_plain_generator(tmp_path: Path) -> None:
    guess = guess_of(plain(tmp_path / "g.onnx"))
    assert found(guess) == {
        "latent.input": ("z", "declared"),
        "latent.size": (8, "declared"),
        "latent.law": ("normal", "likely"),
        "output.output": ("image", "declared"),
        "output.kind": ("image", "declared"),
        "output.layout": ("NCHW", "declared"),
        "output.shape": ([3, 4, 4], "declared"),
        "output.value_range": ([-1, 1], "likely"),
    }
    assert not guess.problems
    assert all(finding.reason for finding in guess.findings)
    assert isinstance(guess.spec(), GeneratorSpec)


@pytest.mark.parametrize("dtype", [HALF, BFLOAT16])
@pytest.mark.parametrize("batch", ["unk__12", 1, 4])
def test_half_types_and_fixed_batches(tmp_path: Path, dtype: int, batch: Any) -> None:
    guess = guess_of(plain(tmp_path / "g.onnx", dtype=dtype, batch=batch))
    assert guess.document == guess_of(plain(tmp_path / "h.onnx")).document
    assert not guess.problems


@pytest.mark.parametrize(
    ("name", "z", "latent"),
    [
        ("z", ("N", 48), {"size": 48}),
        ("input.1", ("N", 48, 1, 1), {"size": 48, "shape": [48, 1, 1]}),
        ("dense_input:0", ("N", 1, 1, 48), {"size": 48, "shape": [1, 1, 48]}),
        ("onnx::Gemm_0", ("N", 48), {"size": 48}),
        ("noise", ("N", 48), {"size": 48}),
        ("w_plus", ("N", 6, 8), {"size": 48, "shape": [6, 8]}),
        ("z", (48,), {"size": 48}),
        ("spatial", ("N", 12, 2, 2), {"size": 48, "shape": [12, 2, 2]}),
    ],
)
def test_latents_of_every_shape(tmp_path: Path, name: str, z: Any, latent: Any) -> None:
    image = (1, 3, 4, 4) if len(z) == 1 else ("N", 3, 4, 4)
    guess = guess_of(shaped(tmp_path / "g.onnx", z, image, name=name))
    assert guess.document["latent"] == {"input": name, "law": "normal", **latent}
    assert not guess.problems


@pytest.mark.parametrize(
    ("image", "layout", "confidence"),
    [
        (("N", 3, 4, 4), "NCHW", "declared"),
        (("N", 4, 4, 3), "NHWC", "declared"),
        (("N", 48, 1, 1), "NHWC", "declared"),
        (("N", 1, 6, 8), "NCHW", "declared"),
        (("N", 4, 3, 4), "NCHW", "unsure"),
    ],
)
def test_layouts(tmp_path: Path, image: Any, layout: str, confidence: str) -> None:
    guess = guess_of(shaped(tmp_path / "g.onnx", ("N", 48), image))
    assert found(guess)["output.layout"] == (layout, confidence)


def test_an_output_of_no_declared_shape_is_seen_by_running_it(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"StatefulPartitionedCall_args_0": (FLOAT, ("unk__1", 48))},
        {"StatefulPartitionedCall:0": (FLOAT, ("unk__2", "unk__3", "unk__4", "unk__5"))},
        [
            ("Shape", "StatefulPartitionedCall_args_0", "size"),
            ("Slice", "size zero one", "n"),
            # So that ONNX Runtime cannot infer the shape itself.
            ("ReduceSum", "StatefulPartitionedCall_args_0", "sum", {"keepdims": 0}),
            ("Sub", "sum sum", "nothing"),
            ("Cast", "nothing", "none", {"to": INT64}),
            ("Add", "sides none", "rest"),
            ("Concat", "n rest", "shape", {"axis": 0}),
            ("Reshape", "StatefulPartitionedCall_args_0 shape", "r"),
            ("Sigmoid", "r", "StatefulPartitionedCall:0"),
        ],
        {
            "zero": np.array([0]),
            "one": np.array([1]),
            "sides": np.array([4, 4, 3]),
        },
    )
    before = found(guess_of(path, probe=False))
    assert before["output.layout"] == (None, "unknown")
    after = found(guess_of(path))
    assert after["output.layout"] == ("NHWC", "declared")
    assert after["output.shape"] == ([4, 4, 3], "declared")
    assert after["output.value_range"] == ([0, 1], "likely")


@pytest.mark.parametrize(
    ("last", "scale", "offset", "value_range", "confidence"),
    [
        ("Tanh", 0.01, 0, [-1, 1], "likely"),
        ("Sigmoid", 1, 0, [0, 1], "likely"),
        ("Identity", 1, 0, [-1, 1], "unsure"),
        ("Identity", 0.4, 0, [-1, 1], "unsure"),
        ("Identity", 0.01, 0.5, [0, 1], "unsure"),
        ("Identity", 60, 128, [0, 255], "unsure"),
        ("Identity", 20, 128, [0, 255], "likely"),
        ("Identity", 1000, 0, None, "unknown"),
    ],
)
def test_value_ranges(
    tmp_path: Path, last: str, scale: float, offset: float, value_range: Any, confidence: str
) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 48))},
        {"image": (FLOAT, ("N", 3, 4, 4))},
        [
            ("Mul", "z scale", "m"),
            ("Add", "m offset", "a"),
            ("Reshape", "a s", "r"),
            (last, "r", "b"),
            ("Identity", "b", "image"),
        ],
        {
            "scale": np.float32(scale),
            "offset": np.float32(offset),
            "s": np.array([-1, 3, 4, 4]),
        },
    )
    assert found(guess_of(path))["output.value_range"] == (value_range, confidence)


def test_bytes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 48))},
        {"image": (UINT8, ("N", 4, 4, 3))},
        [("Reshape", "z s", "r"), ("Abs", "r", "a"), ("Cast", "a", "image", {"to": UINT8})],
        {"s": np.array([-1, 4, 4, 3])},
    )
    assert found(guess_of(path))["output.value_range"] == ([0, 255], "declared")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ((INT64, ("N",)), "y"),
        ((INT32, ("N",)), "whatever"),
        ((INT64, ("N", 1)), "c"),
        ((FLOAT, ("N", 1)), "class_input:0"),
        ((INT64, ()), "label"),
    ],
)
@pytest.mark.parametrize("classes", [1, 5, 8])
def test_classes_are_counted(tmp_path: Path, label: Any, name: str, classes: int) -> None:
    guess = guess_of(conditional(tmp_path / "g.onnx", label, name=name, classes=classes))
    expected = {"input": name, "encoding": "index", "classes": classes}
    assert guess.document["label"] == expected
    assert found(guess)["label.classes"][1] == "likely"
    assert found(guess_of(tmp_path / "g.onnx", probe=False))["label.classes"][1] == "unknown"


def test_classes_of_a_network_that_compares_are_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 4)), "y": (INT64, ("N",))},
        {"image": (FLOAT, ("N", 1, 2, 2))},
        [
            ("OneHot", "y depth values", "hot"),
            ("MatMul", "hot table", "shift"),
            ("Add", "z shift", "sum"),
            ("Reshape", "sum s", "r"),
            ("Tanh", "r", "image"),
        ],
        {
            "depth": np.int64(6),
            "values": np.array([0, 1], np.float32),
            "table": matrix(6, 4),
            "s": np.array([-1, 1, 2, 2]),
        },
    )
    assert found(guess_of(path))["label.classes"] == (6, "likely")


def test_a_label_that_changes_nothing_has_no_classes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 4)), "y": (INT64, ("N",))},
        {"image": (FLOAT, ("N", 1, 2, 2)), "same": (INT64, ("N",))},
        [("Reshape", "z s", "r"), ("Tanh", "r", "image"), ("Identity", "y", "same")],
        {"s": np.array([-1, 1, 2, 2])},
    )
    guess = guess_of(path)
    assert found(guess)["label.classes"] == (None, "unknown")
    assert found(guess)["output.output"] == ("image", "likely")


@pytest.mark.parametrize("name", ["y", "c", "one_hot", "labels", "input_2"])
@pytest.mark.parametrize("dtype", [FLOAT, INT32])
def test_one_hot_labels(tmp_path: Path, name: str, dtype: int) -> None:
    guess = guess_of(conditional(tmp_path / "g.onnx", (dtype, ("N", 5)), name=name, one_hot=True))
    assert guess.document["label"] == {"input": name, "encoding": "one_hot", "classes": 5}
    assert guess.document["latent"]["input"] == "z"
    assert not guess.problems


@pytest.mark.parametrize("name", ["psi", "truncation_psi", "trunc", "truncation"])
@pytest.mark.parametrize("psi", [(), (1,), ("N",), ("N", 1)])
def test_truncation(tmp_path: Path, name: str, psi: Any) -> None:
    guess = guess_of(truncated(tmp_path / "g.onnx", psi, name=name))
    assert guess.document["truncation"] == {"input": name}
    assert guess.document["latent"]["size"] == 8
    assert not guess.problems


def test_noise_beside_the_latent(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {
            "noise0": (FLOAT, ("N", 1, 2, 2)),
            "z": (FLOAT, ("N", 4)),
            "noise1": (FLOAT, ("N", 1, 2, 2)),
        },
        {"image": (FLOAT, ("N", 1, 2, 2))},
        [
            ("Reshape", "z s", "r"),
            ("Add", "r noise0", "a"),
            ("Add", "a noise1", "b"),
            ("Tanh", "b", "image"),
        ],
        {"s": np.array([-1, 1, 2, 2])},
    )
    guess = guess_of(path)
    assert [noise["input"] for noise in guess.document["noise"]] == ["noise0", "noise1"]
    assert guess.document["noise"][0] == {"shape": [1, 2, 2], "law": "normal", "input": "noise0"}
    assert not guess.problems


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("side", ["H", 32])
def test_pictures_to_pictures(tmp_path: Path, channels_last: bool, side: Any) -> None:
    guess = guess_of(
        translator(tmp_path / "g.onnx", side=side, channels_last=channels_last, scale=2)
    )
    image = guess.document["image"]
    assert image["layout"] == ("NHWC" if channels_last else "NCHW")
    assert image.get("size") == (None if side == "H" else [32, 32])
    assert image["scale"] == 2
    assert found(guess)["image.value_range"] == ([-1, 1], "unsure")
    assert found(guess)["output.value_range"] == ([-1, 1], "likely")
    size = [None, None] if side == "H" else [64, 64]
    assert guess.document["output"]["shape"] == ([*size, 3] if channels_last else [3, *size])
    assert "latent" not in guess.document
    assert not guess.problems


def test_what_goes_in_decides_what_comes_out_where_nothing_bounds_it(tmp_path: Path) -> None:
    larger = found(guess_of(translator(tmp_path / "a.onnx", scale=4, last="Identity")))
    assert larger["output.value_range"] == larger["image.value_range"] == ([0, 1], "unsure")
    same = found(guess_of(translator(tmp_path / "b.onnx", last="Identity")))
    assert same["output.value_range"] == same["image.value_range"] == ([-1, 1], "unsure")


# A person's word


def test_what_is_declared_is_completed_by_what_is_said(tmp_path: Path) -> None:
    guess = guess_of(conditional(tmp_path / "g.onnx", (INT64, ("N",))), probe=False)
    said = {
        "latent": {"law": "uniform"},
        "label": {"classes": 5},
        "output": {"value_range": [0, 1]},
    }
    spec = completed(guess, said)
    assert (spec.latent.size, spec.latent.law) == (8, "uniform")  # type: ignore[union-attr]
    assert spec.label is not None
    assert spec.label.classes == 5
    assert spec.output.value_range == (0, 1)
    assert spec.output.shape == (1, 4, 4)
    for part, key in (("latent", "law"), ("label", "classes"), ("output", "value_range")):
        less = {p: {k: v for k, v in f.items() if (p, k) != (part, key)} for p, f in said.items()}
        with pytest.raises(SpecError, match=f"must also say {part}.{key}"):
            completed(guess, less)


def test_a_part_of_another_input_replaces_the_guessed_one(tmp_path: Path) -> None:
    path = conditional(tmp_path / "g.onnx", (FLOAT, ("N", 5)), name="y", one_hot=True)
    said = {
        "latent": {"input": "y", "size": 5, "law": "uniform"},
        "label": None,
        "noise": [{"input": "z", "shape": [8]}],
        "output": {"value_range": [0, 1]},
    }
    spec = completed(guess_of(path, probe=False), said)
    assert spec.input_names == ("y", "z")
    assert spec.label is None


def test_an_array_needs_no_value_range(tmp_path: Path) -> None:
    guess = guess_of(plain(tmp_path / "g.onnx"), probe=False)
    said = {"latent": {"law": "normal"}, "output": {"kind": "array"}}
    assert completed(guess, said).output.kind == "array"
