"""What is read from and written to ONNX files without the onnx package."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansdk.errors import ModelError
from gansdk.models.onnx_file import external_files, last_operator, write_metadata
from gansdk.models.onnx_float32 import write_float32
from gansdk.models.protobuf import bytes_field

from ..foreign import FLOAT, HALF, plain, write


def copied(path: Path, key: str, text: str) -> bytes:
    file = io.BytesIO()
    write_metadata(path, file, key, text)
    return file.getvalue()


@pytest.mark.parametrize("text", ["", "x", "ü" * 200, '{"format": "gansdk.spec"}' * 5000])
def test_metadata_is_what_the_onnx_package_reads(tmp_path: Path, text: str) -> None:
    path = plain(tmp_path / "g.onnx", metadata={"other": "kept", "gansdk.spec": "old"})
    before, after = onnx.load(str(path)), onnx.load_from_string(copied(path, "gansdk.spec", text))
    found = {entry.key: entry.value for entry in after.metadata_props}
    assert found == {"other": "kept", "gansdk.spec": text}
    onnx.checker.check_model(after, full_check=True)
    for model in (before, after):
        del model.metadata_props[:]
    assert before == after


def test_metadata_written_twice_is_written_once(tmp_path: Path) -> None:
    path = plain(tmp_path / "g.onnx")
    (tmp_path / "a.onnx").write_bytes(copied(path, "k", "first"))
    assert copied(tmp_path / "a.onnx", "k", "second") == copied(path, "k", "second")


def test_weights_beside_a_file_are_named(tmp_path: Path) -> None:
    assert external_files(plain(tmp_path / "a.onnx")) == ()
    assert external_files(plain(tmp_path / "b.onnx", external="b.data")) == ("b.data",)


def test_weights_of_branches_and_attributes_are_named(tmp_path: Path) -> None:
    def tensor(name: str, location: str) -> onnx.TensorProto:
        value = onnx.TensorProto(name=name, data_type=FLOAT, dims=[1], data_location=1)
        value.external_data.add(key="location", value=location)
        return value

    helper = onnx.helper
    inner = helper.make_node("Constant", [], ["c"], value=tensor("", "inner.bin"))
    branch = helper.make_graph([inner], "b", [], [helper.make_tensor_value_info("c", FLOAT, [1])])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph([node], "g", [], [], [tensor("w", "outer.bin")])
    path = tmp_path / "g.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    assert external_files(path) == ("inner.bin", "outer.bin")


@pytest.mark.parametrize("last", ["Tanh", "Sigmoid", "Identity"])
def test_the_last_operator_is_found_behind_what_moves_its_values(tmp_path: Path, last: str) -> None:
    path = plain(tmp_path / "g.onnx", dtype=HALF, last=last)
    assert last_operator(path, "image") == ("MatMul" if last == "Identity" else last)
    assert last_operator(path, "nothing") is None


def test_an_output_that_is_an_input_has_no_operator(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx", {"z": (FLOAT, ("N", 4))}, {"y": (FLOAT, ("N", 4))},
        [("Identity", "z", "y")],
    )  # fmt: skip
    assert last_operator(path, "y") is None


@pytest.mark.parametrize("cut", [1, 100, -1])
def test_a_cut_file_is_a_model_error(tmp_path: Path, cut: int) -> None:
    path = plain(tmp_path / "g.onnx")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ModelError, match="no whole ONNX file"):
        external_files(path)


@pytest.mark.parametrize("content", [b"", b"\x0f", bytes(range(128, 256))])
def test_what_is_no_onnx_file_is_a_model_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.onnx").write_bytes(content)
    with pytest.raises(ModelError):
        external_files(tmp_path / "g.onnx")
    with pytest.raises(ModelError):
        external_files(tmp_path / "missing.onnx")


def test_the_values_of_weights_are_not_read(tmp_path: Path) -> None:
    """Tensors are skipped by their length: garbage in one is never looked at."""
    path = plain(tmp_path / "g.onnx", size=64)
    content = path.read_bytes()
    weights = onnx.numpy_helper.to_array(onnx.load(str(path)).graph.initializer[0])
    at = content.index(weights.tobytes())
    path.write_bytes(content[:at] + b"\xff" * weights.nbytes + content[at + weights.nbytes :])
    assert external_files(path) == ()
    assert last_operator(path, "image") == "Tanh"


@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_file_is_a_model_error_or_none(data: st.DataObject, damaged: Path) -> None:
    whole = (damaged.parent / "whole.onnx").read_bytes()
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    damaged.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    for ask in (
        lambda: external_files(damaged),
        lambda: last_operator(damaged, "image"),
        lambda: write_metadata(damaged, io.BytesIO(), "k", "v"),
        lambda: write_float32(damaged, io.BytesIO()),
    ):
        with suppress(ModelError):
            ask()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged")
    plain(folder / "whole.onnx", dtype=HALF, size=2, metadata={"a": "b"})
    return folder / "damaged.onnx"


@pytest.mark.parametrize("ask", [external_files, lambda p: write_float32(p, io.BytesIO())])
def test_graphs_nested_without_end_are_a_model_error(
    tmp_path: Path, ask: Callable[[Path], Any]
) -> None:
    graph = b""
    for _ in range(400):  # a graph in an attribute of a node of a graph
        graph = bytes_field(1, bytes_field(5, bytes_field(6, graph)))
    (tmp_path / "g.onnx").write_bytes(bytes_field(7, graph))
    with pytest.raises(ModelError, match="nested without end"):
        ask(tmp_path / "g.onnx")
