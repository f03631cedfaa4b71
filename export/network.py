"""A module with the way it is called: what the exported files must equal."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from gansdk.errors import ExportError, InvalidArgumentError
from gansdk.spec import GeneratorSpec, Noise

from .example import Inputs
from .injected_noise import run_with_noise
from .rewrites.batch_statistics import instance_statistics

Call = Callable[..., Any]
# What code bases name the strength of truncation in their forward().
_PSI_NAMES = ("truncation_psi", "truncation", "psi")


@dataclass(frozen=True)
class Drawn:
    """What a module draws at random, as noise inputs.

    Parameters
    ----------
    inputs : tuple of Noise
        In the order in which they are drawn.
    axes : tuple of int or None
        Where the module has the batch in each; None where it draws once for the whole batch.
    """

    inputs: tuple[Noise, ...] = ()
    axes: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Network:
    """A frozen module, the names of its inputs, and how it is called on them.

    Parameters
    ----------
    module : nn.Module
        In eval mode, on the CPU, in float32.
    call : callable
        call(module, *tensors) -> Tensor; with truncation, psi is one more argument, a float.
    what : str
        "generator" or "discriminator".
    inputs : tuple of str
        Names of the tensors, in order.
    drawn : Drawn
        The noise inputs, which take the place of what the module draws at random.
    psi : str or None
        Name of the truncation input.
    instance : bool
        Whether batch norms compute each image's own statistics.
    """

    module: nn.Module
    call: Call
    what: str
    inputs: tuple[str, ...]
    drawn: Drawn = Drawn()
    psi: str | None = None
    instance: bool = False

    def eager(self, inputs: Inputs) -> Any:
        """Run the module on named inputs in PyTorch; `ExportError` where it raises.

        One psi holds for the whole batch: the first image's.
        """
        tensors = [inputs[name] for name in self.inputs]
        psi = [] if self.psi is None else [float(inputs[self.psi][0])]
        noise = [inputs[part.input] for part in self.drawn.inputs]
        own = instance_statistics() if self.instance else nullcontext()
        with torch.inference_mode(), own:
            try:
                return (
                    run_with_noise(
                        lambda *given: self.call(self.module, *given, *psi),
                        tensors,
                        noise,
                        self.drawn.axes,
                    )
                    if noise
                    else self.call(self.module, *tensors, *psi)
                )
            except ExportError:
                raise
            except Exception as error:  # the module may raise anything
                shapes = {name: tuple(inputs[name].shape) for name in self.inputs}
                reason = str(error).strip().splitlines() or [type(error).__name__]
                raise ExportError(
                    f"the module fails on the inputs {shapes}, which the spec asks for: {reason[0]}"
                    f"{_advice(reason[0])}"
                ) from error

    def in_float64(self) -> Network:
        """Return the network in double precision, to tell PyTorch's own rounding errors."""
        return replace(self, module=copy.deepcopy(self.module).double())


def _advice(reason: str) -> str:
    if not re.search(r"index .*out of (bounds|range)", reason):
        return ""
    return (
        "; the spec's classes must be those of the module, and a picture may hold any of 256 "
        "levels: map those of a label map that are no class in call="
    )


def generator_network(
    module: nn.Module,
    spec: GeneratorSpec,
    arguments: Mapping[str, Any] | None,
    call: Call | None,
    statistics: str,
) -> Network:
    """Return a frozen generator, called as its spec and the caller say."""
    psi = spec.truncation.input if spec.truncation is not None else None
    return Network(
        module=frozen(module),
        call=generator_call(module, spec, arguments, call),
        what="generator",
        inputs=tuple(name for name in spec.input_names if name != psi),
        psi=psi,
        instance=statistics == "instance",
    )


def generator_call(
    module: nn.Module, spec: GeneratorSpec, arguments: Mapping[str, Any] | None, call: Call | None
) -> Call:
    """Return how a generator is called: the caller's way, or forward with constant keywords.

    Raises
    ------
    InvalidArgumentError
        Both ways are given, or truncation is asked for and no argument of forward is it.
    """
    if call is not None:
        if arguments:
            raise InvalidArgumentError("give call or arguments, not both: call names them itself")
        if not callable(call):
            raise InvalidArgumentError(f"call must be a function; got {type(call).__name__}")
        return call
    constants = dict(arguments or {})
    if spec.truncation is None:
        return lambda module, *inputs: module(*inputs, **constants)
    known = inspect.signature(module.forward).parameters
    name = next((name for name in _PSI_NAMES if name in known), None)
    if name is None:
        raise InvalidArgumentError(
            f"the spec has truncation, but forward() takes none of {', '.join(_PSI_NAMES)}: pass "
            "call=lambda generator, z, psi: ..."
        )
    return lambda module, *inputs: module(*inputs[:-1], **constants, **{name: inputs[-1]})


def frozen(module: nn.Module) -> nn.Module:
    """Return a copy in eval mode, on the CPU, in float32: the caller's module keeps its own.

    Raises
    ------
    ExportError
        It cannot be copied, is TorchScript, or has lazy layers that were never called.
    """
    if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        module = module.module
    lazy = next((name for name, value in module.named_parameters() if is_lazy(value)), None)
    if lazy is not None:
        raise ExportError(
            f"the weight {lazy} has no shape yet, its layer being a lazy one: call the module "
            "once, or load its weights, before it is exported"
        )
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        raise ExportError(
            "the module, or a part of it, is TorchScript, which hides its code from PyTorch's "
            "exporter: leave torch.jit.script out where the module is made"
        )
    try:
        module = copy.deepcopy(module, _detached(module))
    except Exception as error:  # a module may hold anything
        raise ExportError(f"the module cannot be copied: {error}") from error
    # channels_last weights would reach the files as transposes.
    contiguous: nn.Module = (
        module.eval().requires_grad_(False).cpu().float().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    )
    return contiguous


def _detached(module: nn.Module) -> dict[int, Tensor]:
    # deepcopy's memo: it refuses tensors with a gradient history, such as the weight that the hook
    # of a legacy torch.nn.utils.spectral_norm or weight_norm leaves after a forward pass.
    values = [v for m in module.modules() for v in vars(m).values() if isinstance(v, Tensor)]
    return {id(v): v.detach().clone() for v in values if not v.is_leaf}
