"""TorchScript: for those who run torch anyway. The only file of the runtime that imports torch."""

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


class TorchScriptBackend:
    """A network in TorchScript.

    Unlike ONNX Runtime's CPU provider, torch may give other last bits for other batch sizes; the
    latents are the same either way. `threads` sets torch's own count, which is one for the whole
    process.
    """

    inputs: tuple[Tensor, ...] | None = None  # a traced file does not tell

    def __init__(self, path: Path, *, device: str, threads: int) -> None:
        torch = _import_torch()
        self._torch = torch
        self.path = path
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if device != "cpu":
            device = device if ":" in device else "cuda:0"
            if int(device.partition(":")[2]) >= torch.cuda.device_count():
                raise DeviceError(
                    f"device={device!r} cannot be had: torch {torch.__version__} sees "
                    f"{torch.cuda.device_count()} CUDA devices; use device='cpu'"
                )
        self.device = device
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        extra: dict[str, Any] = {METADATA_KEY: "", DISCRIMINATOR_METADATA_KEY: ""}
        try:
            with warnings.catch_warnings():
                # torch.jit is deprecated as a whole; a file in its format still wants reading.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._module = torch.jit.load(str(path), map_location=device, _extra_files=extra)
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelError(
                f"{path} is not a TorchScript file that torch loads: {reason}"
            ) from None
        self._module.eval()
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
            except (RuntimeError, MemoryError) as error:
                text = str(error).strip().splitlines()
                if (
                    isinstance(error, (MemoryError, torch.OutOfMemoryError))
                    or "allocate" in text[0]
                ):
                    batch = len(next(iter(inputs.values())))
                    raise OutOfMemoryError(
                        f"a batch of {batch} does not fit into memory: use a smaller batch_size"
                    ) from None
                raise ModelError(f"{self.path} failed in TorchScript: {text[-1]}") from None
        return np.asarray(output)


def _import_torch() -> Any:
    try:
        import torch
    except ImportError:
        raise MissingDependencyError(
            "a TorchScript file needs torch, which is not installed: pip install torch, "
            "or sample from the ONNX file"
        ) from None
    return torch
