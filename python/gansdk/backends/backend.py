"""The interface that every backend keeps, and the choice between them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from ..arguments import choice
from ..cpus import usable_cpus
from ..errors import DeviceError, InvalidArgumentError
from ..models.locate import WHAT, Format, locate

BackendName = Literal["auto", "onnxruntime", "torchscript", "pt2"]
_BACKENDS: dict[Format, str] = {"onnx": "onnxruntime", "torchscript": "torchscript", "pt2": "pt2"}


@dataclass(frozen=True)
class Tensor:
    """An input or output of the network; a free axis, such as the batch, is None."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Backend(Protocol):
    """A loaded network. `run` may be called from many threads at once."""

    path: Path
    device: str
    metadata: Mapping[str, str]
    inputs: tuple[Tensor, ...] | None
    """None where the file format does not tell (those of torch)."""

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Run the network on named inputs, in the order of its arguments."""
        ...


def open_backend(
    model: str | os.PathLike[str],
    *,
    device: str = "cpu",
    threads: int | None = None,
    backend: BackendName = "auto",
) -> Backend:
    """Load a network.

    Parameters
    ----------
    model : str or path
        A file, a folder that export wrote, or a bundled model's name.
    device : "cpu", "cuda", "cuda:N" or "auto"
        "auto" is CUDA where it can be had, else the CPU.
    threads : int, optional
        Threads for one run on the CPU. Default: the cores that this process may use.
    backend : "auto", "onnxruntime", "torchscript" or "pt2"
        "auto" follows the file's format.

    Raises
    ------
    ModelError
        The file is missing, unreadable or no network.
    DeviceError
        The device cannot be had.
    MissingDependencyError
        The package that runs this format is not installed.
    """
    choice(backend, "backend", get_args(BackendName))
    if not re.fullmatch(r"cpu|auto|cuda(:\d{1,3})?", device):
        raise DeviceError(f"device must be 'cpu', 'cuda', 'cuda:N' or 'auto'; got {device!r}")
    formats: dict[str, Format] = {name: kind for kind, name in _BACKENDS.items()}
    path, kind = locate(model, prefer=formats.get(backend, "onnx"))
    if backend not in ("auto", _BACKENDS[kind]):
        raise InvalidArgumentError(
            f"{path} is {WHAT[kind]}, which backend={backend!r} cannot run: leave backend out"
        )
    threads = usable_cpus() if threads is None else threads
    # Imported here: each costs its runtime's start-up, and torch may not be installed at all.
    if kind == "torchscript":
        from .torchscript import TorchScriptBackend

        return TorchScriptBackend(path, device=device, threads=threads)
    if kind == "pt2":
        from .pt2 import Pt2Backend

        return Pt2Backend(path, device=device, threads=threads)
    from .ort import OrtBackend

    return OrtBackend(path, device=device, threads=threads)
