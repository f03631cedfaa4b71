"""What the two formats that torch runs have in common."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DeviceError, MissingDependencyError, ModelError, OutOfMemoryError
from ..spec import DISCRIMINATOR_METADATA_KEY, METADATA_KEY
from .backend import Tensor


class TorchModuleBackend:
    """A network that torch runs; a child says how its file is loaded.

    Unlike ONNX Runtime's CPU provider, torch may give other last bits for other batch sizes; the
    latents are the same either way. `threads` sets torch's own count, which is one for the whole
    process.
    """

    what = ""
    """The format's name, for messages."""
    inputs: tuple[Tensor, ...] | None = None
    """Not told by the file."""

    def __init__(self, path: Path, *, device: str, threads: int) -> None:
        torch = _import_torch(self.what)
        self._torch = torch
        self.path = path
        self.device = _device(torch, device)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        extra: dict[str, Any] = {METADATA_KEY: "", DISCRIMINATOR_METADATA_KEY: ""}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._module = self._load(torch, extra)
        except Exception as error:  # damaged files raise whatever the reader stumbles over
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(
                f"{path} is not a {self.what} file that torch loads: {lines[0]}"
            ) from None
        self.metadata: Mapping[str, str] = {
            key: text.decode() if isinstance(text, bytes) else text
            for key, text in extra.items()
            if text
        }

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Run the network on the inputs in the order given; returns its output as float32."""
        torch = self._torch
        with torch.inference_mode():
            try:
                tensors = [torch.from_numpy(x).to(self.device) for x in inputs.values()]
                output = self._module(*tensors).float().cpu().numpy()
            except (RuntimeError, AssertionError, MemoryError) as error:
                text = str(error).strip().splitlines() or [type(error).__name__]
                if (
                    isinstance(error, (MemoryError, torch.OutOfMemoryError))
                    or "allocate" in text[0]
                ):
                    batch = len(next(iter(inputs.values())))
                    raise OutOfMemoryError(
                        f"a batch of {batch} does not fit into memory: use a smaller batch_size"
                    ) from None
                raise ModelError(f"{self.path} failed in {self.what}: {text[-1]}") from None
        return np.asarray(output)

    def _load(self, torch: Any, extra: dict[str, Any]) -> Any:
        """Return the network on `self.device`, and fill the values of `extra` from the file."""
        raise NotImplementedError


def _device(torch: Any, device: str) -> str:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        return device
    device = device if ":" in device else "cuda:0"
    if int(device.partition(":")[2]) >= torch.cuda.device_count():
        raise DeviceError(
            f"device={device!r} cannot be had: torch {torch.__version__} sees "
            f"{torch.cuda.device_count()} CUDA devices; use device='cpu'"
        )
    return device


def _import_torch(what: str) -> Any:
    try:
        import torch
    except ImportError:
        raise MissingDependencyError(
            f"a {what} file needs torch, which is not installed: pip install torch, "
            "or sample from the ONNX file"
        ) from None
    return torch
