"""ONNX Runtime: what was asked for is what runs, or an error says why not."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import (
    DeviceError,
    GansdkError,
    MissingDependencyError,
    ModelError,
    OutOfMemoryError,
)
from ..models.onnx_file import external_files
from .backend import Tensor
from .dtypes import BFLOAT16, BFLOAT16_CODE, cast, from_bfloat16_bits
from .micro_batches import run_in_parts

_ERRORS_ONLY = 3
_SILENT = 4
_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"


class OrtBackend:
    """A network in ONNX Runtime. Thread-safe: `InferenceSession.run` is."""

    def __init__(self, path: Path, *, device: str, threads: int) -> None:
        ort = _import_onnxruntime()
        self._ort = ort
        self.path = path
        providers = _providers(ort, device)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        try:
            # Its Python wrapper falls back too, and prints that on stdout.
            self._session = ort.InferenceSession(
                str(path), options, providers=providers, enable_fallback=int(len(providers) > 1)
            )
            self._session.disable_fallback()
        except MemoryError:
            raise OutOfMemoryError(f"{path} does not fit into memory") from None
        except Exception as error:  # its exceptions share no base class
            raise ModelError(_why_not_loaded(path, error)) from None
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
        self.inputs: tuple[Tensor, ...] | None = tuple(map(_tensor, self._session.get_inputs()))
        self.outputs = tuple(map(_tensor, self._session.get_outputs()))
        self._declared = {x.name: x for x in self.inputs}
        self._output = self.outputs[0]
        # What a run logs as an error it raises too; told twice, it would not be one line.
        self._quiet = ort.RunOptions()
        self._quiet.log_severity_level = _SILENT

    def choose_output(self, name: str) -> None:
        """Make `run` return the output of this name; a file's only output needs no right name.

        Raises
        ------
        ModelError
            The file has several outputs, and none of this name.
        """
        named = [x for x in self.outputs if x.name == name]
        if not named and len(self.outputs) > 1:
            found = ", ".join(f"{x.name} {list(x.shape)}" for x in self.outputs)
            raise ModelError(
                f"{self.path} gives the outputs {found}, but its spec names {name!r}: say which "
                "by Output(output=...)"
            )
        self._output = named[0] if named else self.outputs[0]

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Run the network; returns its output as float32.

        Inputs are float32 or int64, one row an image, and are cast to the file's own types; any
        number of rows is taken, whatever batch the file has.
        """
        try:
            output = run_in_parts(self._run, inputs, self._declared)
        except MemoryError:
            raise OutOfMemoryError(_does_not_fit(inputs)) from None
        except GansdkError as error:
            raise ModelError(f"{self.path}: {error}") from None
        except Exception as error:  # as above
            message = _first_line(error)
            if "allocate memory" in message or "bad_alloc" in message:
                raise OutOfMemoryError(_does_not_fit(inputs)) from None
            raise ModelError(f"{self.path} failed in ONNX Runtime: {message}") from None
        return np.asarray(output, dtype=np.float32)

    def _run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        dtypes = {name: self._declared[name].dtype for name in inputs if name in self._declared}
        feeds = {
            name: cast(value, dtypes[name], name) if name in dtypes else value
            for name, value in inputs.items()
        }
        if BFLOAT16 not in (*dtypes.values(), self._output.dtype):
            output: npt.NDArray[Any] = self._session.run([self._output.name], feeds, self._quiet)[0]
            return output
        # NumPy has no bfloat16: its bits go in and come out as OrtValues.
        make = self._ort.OrtValue
        values = {
            name: make.ortvalue_from_numpy_with_onnx_type(
                np.ascontiguousarray(value), BFLOAT16_CODE
            )
            if dtypes.get(name) == BFLOAT16
            else make.ortvalue_from_numpy(np.ascontiguousarray(value))
            for name, value in feeds.items()
        }
        result = self._session.run_with_ort_values([self._output.name], values, self._quiet)[0]
        return _floats(result)


def _floats(value: Any) -> npt.NDArray[Any]:
    if value.element_type() != BFLOAT16_CODE:
        array: npt.NDArray[Any] = value.numpy()
        return array
    bits = np.empty(value.shape(), np.uint16)
    ctypes.memmove(bits.ctypes.data, value.data_ptr(), bits.nbytes)
    return from_bfloat16_bits(bits)


def _why_not_loaded(path: Path, error: Exception) -> str:
    message = _first_line(error)
    try:
        missing = [name for name in external_files(path) if not (path.parent / name).is_file()]
    except ModelError:
        missing = []
    if missing:
        return (
            f"{path} keeps its weights in {missing[0]}, which is not there: put that file beside "
            f"it, as {path.parent / missing[0]}"
        )
    if "bfloat16" in message or "Could not find an implementation for" in message:
        return (
            f"{path} computes in a type that ONNX Runtime lacks here, as it lacks most of bfloat16 "
            f"on the CPU: use another device, or `gansdk adopt {path} --float32` to make a float32 "
            f"copy of half precision ({message})"
        )
    return f"{path} is not a network that ONNX Runtime can load: {message}"


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
    # A free axis is a name or None; some exporters write -1.
    shape = tuple(size if isinstance(size, int) and size >= 0 else None for size in value.shape)
    return Tensor(value.name, shape, value.type)


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]


def _does_not_fit(inputs: Mapping[str, npt.NDArray[Any]]) -> str:
    batch = len(next(iter(inputs.values())))
    return f"a batch of {batch} does not fit into memory: use a smaller batch_size"
