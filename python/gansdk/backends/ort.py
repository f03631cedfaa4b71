"""ONNX Runtime: what was asked for is what runs, or an error says why not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DeviceError, MissingDependencyError, ModelError, OutOfMemoryError
from .backend import Tensor

_ERRORS_ONLY = 3
_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"


class OrtBackend:
    """A network in ONNX Runtime. Thread-safe: `InferenceSession.run` is."""

    def __init__(self, path: Path, *, device: str, threads: int) -> None:
        ort = _import_onnxruntime()
        self.path = path
        providers = _providers(ort, device)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = ort.InferenceSession(str(path), options, providers=providers)
        except MemoryError:
            raise OutOfMemoryError(f"{path} does not fit into memory") from None
        except Exception as error:  # its exceptions share no base class
            raise ModelError(
                f"{path} is not a network that ONNX Runtime can load: {_first_line(error)}"
            ) from None
        # ONNX Runtime falls back to the CPU with no more than a warning.
        wanted = providers[0][0] if isinstance(providers[0], tuple) else providers[0]
        got = self._session.get_providers()[0]
        if got != wanted and device != "auto":
            raise DeviceError(
                f"device={device!r} asks for {wanted}, but ONNX Runtime could only start {got}: "
                "CUDA or cuDNN libraries are missing or of another version; "
                "install them with pip install 'gansdk[cuda]'"
            )
        self.device = "cpu" if got == _CPU else _cuda_device(device)
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        inputs = self._session.get_inputs()
        self.inputs: tuple[Tensor, ...] | None = tuple(_tensor(x) for x in inputs)
        self._output = self._session.get_outputs()[0].name

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Run the network; returns its first output as float32."""
        try:
            output = self._session.run([self._output], dict(inputs))[0]
        except MemoryError:
            raise OutOfMemoryError(_does_not_fit(inputs)) from None
        except Exception as error:  # as above
            message = _first_line(error)
            if "allocate memory" in message or "bad_alloc" in message:
                raise OutOfMemoryError(_does_not_fit(inputs)) from None
            raise ModelError(f"{self.path} failed in ONNX Runtime: {message}") from None
        return np.asarray(output, dtype=np.float32)


def _import_onnxruntime() -> Any:
    installed = [name for name in ("onnxruntime", "onnxruntime-gpu") if _is_installed(name)]
    if len(installed) == 2:
        raise MissingDependencyError(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other's files: "
            "pip uninstall -y onnxruntime onnxruntime-gpu, "
            "then pip install 'gansdk[cpu]' or 'gansdk[cuda]'"
        )
    try:
        import onnxruntime
    except ImportError as error:
        why = "is not installed" if not installed else f"cannot be imported ({error})"
        raise MissingDependencyError(
            f"ONNX Runtime {why}: pip install 'gansdk[cpu]', "
            "or 'gansdk[cuda]' on a machine with an NVIDIA GPU"
        ) from None
    return onnxruntime


def _is_installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _providers(ort: Any, device: str) -> list[Any]:
    available = ort.get_available_providers()
    if device == "cpu" or (device == "auto" and _CUDA not in available):
        return [_CPU]
    if _CUDA not in available:
        raise DeviceError(
            f"device={device!r} needs {_CUDA}, which this build of onnxruntime "
            f"{ort.__version__} lacks (it has {', '.join(available)}): "
            "pip uninstall -y onnxruntime, then pip install 'gansdk[cuda]'; or use device='cpu'"
        )
    number = _cuda_device(device).partition(":")[2]
    # TF32 would move results between GPU generations; it is a choice to make, not a default.
    return [(_CUDA, {"device_id": number, "use_tf32": "0"}), _CPU]


def _cuda_device(device: str) -> str:
    return device if ":" in device else "cuda:0"


def _tensor(value: Any) -> Tensor:
    shape = tuple(size if isinstance(size, int) else None for size in value.shape)
    return Tensor(value.name, shape, value.type)


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]


def _does_not_fit(inputs: Mapping[str, npt.NDArray[Any]]) -> str:
    batch = len(next(iter(inputs.values())))
    return f"a batch of {batch} does not fit into memory: use a smaller batch_size"
