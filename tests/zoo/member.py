"""Member: one generator of the zoo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

from gansdk.spec import GeneratorSpec

ALL = ("onnx", "torchscript", "pt2")


@dataclass(frozen=True)
class Member:
    """One generator of the zoo, and what `export` is told of it.

    Parameters
    ----------
    name : str
        What the tests call it.
    build : callable
        Returns the module, with fixed weights, in the mode in which its authors leave it.
    spec : GeneratorSpec
        What it takes and gives.
    arguments : mapping, optional
        Constant keywords for its forward.
    call : callable, optional
        call(module, *inputs), for a forward that takes or gives something else.
    formats : tuple of str
        The formats that it can have.
    slow : bool
        Whether it is left to `make test-slow`.
    discriminator : callable, optional
        Returns the discriminator that is exported beside it.
    notes : str
        The trap that it stands for.
    statistics : "running" or "instance"
        What its batch norms normalise by.
    """

    name: str
    build: Callable[[], nn.Module]
    spec: GeneratorSpec
    arguments: Mapping[str, Any] | None = None
    call: Callable[..., Tensor] | None = None
    formats: tuple[str, ...] = ALL
    slow: bool = False
    discriminator: Callable[[], nn.Module] | None = None
    notes: str = ""
    statistics: Literal["running", "instance"] = "running"
