from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from gansdk.backends import open_backend, ort
from gansdk.errors import (
    DeviceError,
    InvalidArgumentError,
    MissingDependencyError,
    ModelError,
    OutOfMemoryError,
)

HAS_CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
INPUTS = {"z": np.zeros((2, 64), np.float32), "label": np.array([3, 5])}


def test_the_bundled_model_runs() -> None:
    backend = open_backend("digits")
    assert backend.device == "cpu"
    assert [x.name for x in backend.inputs or ()] == ["z", "label"]
    assert (backend.inputs or ())[0].shape == (None, 64)
    out = backend.run(INPUTS)
    assert out.shape == (2, 1, 32, 32)
    assert out.dtype == np.float32


@pytest.mark.parametrize("content", [b"\x08\x0a\x12\x07garbage", bytes(range(256)) * 4])
def test_what_is_no_onnx_file_is_a_model_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="not a network that ONNX Runtime can load") as caught:
        open_backend(tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)


def test_a_model_with_damaged_text_is_told_without_a_print(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Its message is no UTF-8, at which ONNX Runtime's wrapper would print and try again.
    path = tmp_path / "damaged.onnx"
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[1] x) => (float[1] y) '
        "{ y = DamagedOperator(x) }"
    )
    content = model.SerializeToString()
    path.write_bytes(
        content.replace(b"DamagedOperator", b"Damaged\xd1\xd1\xd1\xd1\xd1\xd1\xd1\xd1")
    )
    with pytest.raises(ModelError, match="ONNX Runtime can load"):
        open_backend(path)
    assert capfd.readouterr() == ("", "")


def test_a_truncated_model_is_a_model_error(tmp_path: Path) -> None:
    whole = open_backend("digits").path.read_bytes()
    (tmp_path / "model.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="ONNX Runtime can load"):
        open_backend(tmp_path / "model.onnx")


def test_wrong_inputs_at_run_time_are_a_model_error() -> None:
    backend = open_backend("digits")
    with pytest.raises(ModelError, match="failed in ONNX Runtime"):
        backend.run({"z": np.zeros((2, 63), np.float32), "label": np.array([3, 5])})


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "CPU", "", "cuda:-1"])
def test_an_unknown_device_is_named(device: str) -> None:
    with pytest.raises(DeviceError, match="device must be 'cpu', 'cuda', 'cuda:N' or 'auto'"):
        open_backend("digits", device=device)


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(InvalidArgumentError, match="backend must be one of 'auto'"):
        open_backend("digits", backend="tensorrt")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="is an ONNX file"):
        open_backend("digits", backend="torchscript")


@pytest.mark.skipif(HAS_CUDA, reason="this onnxruntime has CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:7"])
def test_cuda_where_there_is_none_is_an_error_with_the_mend(device: str) -> None:
    with pytest.raises(DeviceError, match=r"lacks .*CPUExecutionProvider.*gansdk\[cuda\]"):
        open_backend("digits", device=device)


@pytest.mark.skipif(HAS_CUDA, reason="this onnxruntime has CUDA")
def test_auto_takes_the_cpu_where_there_is_no_cuda() -> None:
    assert open_backend("digits", device="auto").device == "cpu"


@pytest.mark.skipif(not HAS_CUDA, reason="needs onnxruntime-gpu and an NVIDIA GPU")
def test_cuda_gives_the_same_images_within_a_level() -> None:
    cpu = open_backend("digits").run(INPUTS)
    backend = open_backend("digits", device="cuda")
    assert backend.device == "cuda:0"
    assert np.abs(backend.run(INPUTS) - cpu).max() < 2 / 255


def test_a_provider_that_silently_fell_back_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime answers a broken CUDA installation with a warning and the CPU."""
    real = onnxruntime.InferenceSession

    def fall_back(path: str, options: Any, providers: Any, **how: Any) -> Any:
        return real(path, options, providers=["CPUExecutionProvider"])

    fake = SimpleNamespace(
        __version__="1.0",
        get_available_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
        SessionOptions=onnxruntime.SessionOptions,
        RunOptions=onnxruntime.RunOptions,
        InferenceSession=fall_back,
    )
    monkeypatch.setattr(ort, "_import_onnxruntime", lambda: fake)
    with pytest.raises(DeviceError, match="asks for CUDAExecutionProvider, but .* only start CPU"):
        open_backend("digits", device="cuda")
    assert open_backend("digits", device="auto").device == "cpu"


def test_both_distributions_of_onnxruntime_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "_is_installed", lambda name: True)
    with pytest.raises(MissingDependencyError, match="both installed .*pip uninstall -y"):
        open_backend("digits")


def test_no_onnxruntime_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "_is_installed", lambda name: False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match=r"is not installed: pip install 'gansdk\[cpu"):
        open_backend("digits")


@pytest.mark.parametrize("message", ["Failed to allocate memory for requested buffer", "bad_alloc"])
def test_an_allocation_that_fails_is_an_out_of_memory_error(
    monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    backend = open_backend("digits")

    def fail(*_: Any) -> None:
        raise RuntimeError(message)

    monkeypatch.setattr(backend, "_session", SimpleNamespace(run=fail))
    with pytest.raises(OutOfMemoryError, match="batch of 2 does not fit.*smaller batch_size"):
        backend.run(INPUTS)
