"""Weights as a training would leave them: fixed, no layer at its initial zeros."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def seeded(
    build: Callable[[], nn.Module], then: Callable[[nn.Module], nn.Module] | None = None
) -> nn.Module:
    """Return what `build` makes with fixed weights, prepared; the caller's seed is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = prepare(build())
        return then(module) if then else module


def prepare(module: nn.Module) -> nn.Module:
    """Give what starts at zero or one other values: norms and their running statistics, biases."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if not parameter.any() or bool((parameter == 1).all()):
                scale = 0.3 if name.endswith(("strength", "gamma")) else 0.1
                parameter.add_(scale * torch.randn_like(parameter))
        for part in module.modules():
            if isinstance(part, _BatchNorm) and part.running_mean is not None:
                part.running_mean.normal_(0, 0.2)
                part.running_var.uniform_(0.5, 1.5)
    return module


def trained(module: nn.Module, *inputs: Tensor) -> nn.Module:
    """Run a batch in train mode, so that running statistics and spectral norms settle."""
    module.train()
    with torch.no_grad():
        for _ in range(30):
            module(*inputs)
    return module


def within_range(
    module: nn.Module, images: Callable[[nn.Module], Tensor], *, scale: Sequence[str]
) -> nn.Module:
    """Scale the parameters of the last, linear layers so that the images lie within [-1, 1].

    For networks without a tanh: `images` runs the module, `scale` holds parts of the parameters'
    names.
    """
    with torch.no_grad():
        largest = images(module).abs().max()
        for name, parameter in module.named_parameters():
            if any(part in name for part in scale):
                parameter.mul_(0.9 / largest)
    return module
