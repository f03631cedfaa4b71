from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from gansdk import GeneratorSpec, Latent, Sampler, latents
from gansdk.adoption import adopt
from gansdk.errors import ModelError
from gansdk.models.onnx_float32 import write_float32

from ..foreign import BFLOAT16, FLOAT, HALF, matrix, plain, write

NUMPY = {HALF: np.dtype(np.float16), BFLOAT16: np.dtype(ml_dtypes.bfloat16)}


def half_network(path: Path, dtype: int, *, raw: bool = True, external: str | None = None) -> Path:
    """All of it in half precision, as frameworks export a network of that type."""
    weights = matrix(8, 48).astype(NUMPY[dtype])
    write(
        path,
        {"z": (dtype, ("N", 8))},
        {"image": (dtype, ("N", 3, 4, 4))},
        [
            ("Constant", "", "one", {"value": numpy_helper.from_array(np.ones(1, NUMPY[dtype]))}),
            ("MatMul", "z w", "flat"),
            ("Mul", "flat one", "same"),
            ("Cast", "same", "cast", {"to": dtype}),
            ("Reshape", "cast shape", "raw"),
            ("Tanh", "raw", "image"),
        ],
        {"w": weights, "shape": np.array([-1, 3, 4, 4])},
    )
    model = onnx.load(str(path))
    if not raw:
        bits = weights.view(np.uint16).ravel().tolist()
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.int32_data.extend(bits)
    onnx.save_model(
        model,
        str(path),
        save_as_external_data=external is not None,
        location=external,
        size_threshold=512,
    )
    return path


def copied(path: Path) -> Any:
    file = io.BytesIO()
    write_float32(path, file)
    return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize("dtype", [HALF, BFLOAT16])
@pytest.mark.parametrize("form", [{}, {"raw": False}, {"external": "w.bin"}])
def test_the_copy_holds_the_same_weights_and_no_half(
    tmp_path: Path, dtype: int, form: dict[str, Any]
) -> None:
    model = copied(half_network(tmp_path / "g.onnx", dtype, **form))
    onnx.checker.check_model(model, full_check=True)
    (weights, shape) = model.graph.initializer
    assert weights.data_type == FLOAT
    expected = matrix(8, 48).astype(NUMPY[dtype]).astype(np.float32)
    assert (numpy_helper.to_array(weights) == expected).all()
    assert numpy_helper.to_array(shape).tolist() == [-1, 3, 4, 4]
    assert "float16" not in onnx.printer.to_text(model)
    assert model.graph.input[0].type.tensor_type.elem_type == FLOAT
    casts = [a.i for n in model.graph.node if n.op_type == "Cast" for a in n.attribute]
    assert casts == [FLOAT]


@pytest.mark.parametrize("dtype", [HALF, BFLOAT16])
@pytest.mark.parametrize("external", [None, "w.bin"])
def test_adopted_as_float32_it_runs_everywhere(
    tmp_path: Path, dtype: int, external: str | None
) -> None:
    source = half_network(tmp_path / "g.onnx", dtype, external=external)
    folder = tmp_path / "other"
    folder.mkdir()
    spec = adopt(source, folder / "a.onnx", spec=GeneratorSpec(latent=Latent(8)), float32=True)
    assert [p.name for p in folder.iterdir()] == ["a.onnx"]
    assert spec.provenance["adopted"]["float32"] is True
    assert spec.provenance["adopted"]["file"] == "g.onnx"
    weights = matrix(8, 48).astype(NUMPY[dtype]).astype(np.float32)
    expected = np.tanh(latents.normal(4, 8, seed=1) @ weights).reshape(4, 3, 4, 4)
    values = Sampler(folder / "a.onnx").sample(4, seed=1, output="float")
    assert np.abs(values - expected).max() < 1e-6


def test_types_inside_branches_are_changed(tmp_path: Path) -> None:
    value = numpy_helper.from_array(np.ones(2, np.float16), "c")
    inner = helper.make_node("Constant", [], ["c"], value=value)
    branch = helper.make_graph([inner], "b", [], [helper.make_tensor_value_info("c", HALF, [2])])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", 9, [])],
        [helper.make_tensor_value_info("y", HALF, [2])],
    )
    path = tmp_path / "g.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))
    model = copied(path)
    onnx.checker.check_model(model, full_check=True)
    for attribute in model.graph.node[0].attribute:
        assert attribute.g.output[0].type.tensor_type.elem_type == FLOAT
        tensor = attribute.g.node[0].attribute[0].t
        assert (numpy_helper.to_array(tensor) == 1).all()
        assert tensor.data_type == FLOAT


def test_what_holds_no_half_needs_no_copy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no float16 or bfloat16"):
        copied(plain(tmp_path / "g.onnx"))


def test_weights_that_are_cut_off_or_elsewhere_are_an_error(tmp_path: Path) -> None:
    path = half_network(tmp_path / "g.onnx", BFLOAT16, external="w.bin")
    (tmp_path / "w.bin").write_bytes((tmp_path / "w.bin").read_bytes()[:100])
    with pytest.raises(ModelError, match="shorter than the model says"):
        copied(path)
    (tmp_path / "w.bin").unlink()
    with pytest.raises(ModelError, match="w.bin cannot be read"):
        copied(path)
    model = onnx.load(str(path), load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../w.bin"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="outside the model's folder"):
        copied(path)


def test_messages_name_the_file_and_not_its_copy(tmp_path: Path) -> None:
    path = half_network(tmp_path / "g.onnx", BFLOAT16)
    with pytest.raises(ModelError, match=r"/g\.onnx takes z of shape \[None, 8\], but its spec"):
        adopt(path, tmp_path / "a.onnx", spec=GeneratorSpec(latent=Latent(9)), float32=True)
    assert [p.name for p in tmp_path.iterdir()] == ["g.onnx"]
