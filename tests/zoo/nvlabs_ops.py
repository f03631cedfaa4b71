"""The plain-PyTorch paths of the custom operators that StyleGAN2-ADA and StyleGAN3 share.

On a CPU their repositories run these instead of CUDA kernels: resampling by zero insertion, padding
and a grouped convolution; bias with activation, gain and clamp. Their shape checks turn sizes into
`int`, which is what stops exporters.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "linear": (lambda x: x, 1.0),
    "lrelu": (lambda x: F.leaky_relu(x, 0.2), math.sqrt(2)),
    "sigmoid": (torch.sigmoid, 1.0),
}


def profiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Show the function by its name in profiles."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with torch.autograd.profiler.record_function(function.__name__):
            return function(*args, **kwargs)

    return wrapper


def assert_shape(tensor: Tensor, wanted: Sequence[Any]) -> None:
    if tensor.ndim != len(wanted):
        raise AssertionError(f"{tensor.ndim} axes, not {len(wanted)}")
    for axis, (size, ref) in enumerate(zip(tensor.shape, wanted, strict=True)):
        if ref is not None and size != ref:
            raise AssertionError(f"axis {axis} is {size}, not {ref}")


def sizes_of(tensor: Tensor) -> list[int]:
    return [int(size) for size in tensor.shape]


def setup_filter(taps: Sequence[float], *, separable: bool = False) -> Tensor:
    f = torch.as_tensor(taps, dtype=torch.float32)
    if not separable:
        f = f.ger(f)
    return f / f.sum()


@profiled
def bias_act(
    x: Tensor,
    b: Tensor | None = None,
    dim: int = 1,
    act: str = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Tensor:
    assert isinstance(x, torch.Tensor)
    function, default_gain = ACTIVATIONS[act]
    gain = float(gain if gain is not None else default_gain)
    if b is not None:
        assert isinstance(b, torch.Tensor)
        assert b.ndim == 1
        assert 0 <= dim < x.ndim
        assert b.shape[0] == x.shape[dim]
        x = x + b.reshape([-1 if axis == dim else 1 for axis in range(x.ndim)])
    x = function(x)
    if gain != 1:
        x = x * gain
    if clamp is not None and clamp >= 0:
        x = x.clamp(-clamp, clamp)
    return x


@profiled
def upfirdn2d(
    x: Tensor,
    f: Tensor | None,
    up: int = 1,
    down: int = 1,
    padding: int | Sequence[int] = 0,
    flip_filter: bool = False,
    gain: float = 1,
) -> Tensor:
    assert isinstance(x, torch.Tensor)
    assert x.ndim == 4
    if f is None:
        f = torch.ones([1, 1], dtype=torch.float32, device=x.device)
    assert f.ndim in (1, 2)
    assert not f.requires_grad
    batch_size, channels, height, width = x.shape
    px0, px1, py0, py1 = [padding] * 4 if isinstance(padding, int) else padding

    x = x.reshape([batch_size, channels, height, 1, width, 1])
    x = F.pad(x, [0, up - 1, 0, 0, 0, up - 1])
    x = x.reshape([batch_size, channels, height * up, width * up])
    x = F.pad(x, [max(px0, 0), max(px1, 0), max(py0, 0), max(py1, 0)])
    x = x[
        :,
        :,
        max(-py0, 0) : x.shape[2] - max(-py1, 0),
        max(-px0, 0) : x.shape[3] - max(-px1, 0),
    ]

    f = f * (gain ** (f.ndim / 2))
    f = f.to(x.dtype)
    if not flip_filter:
        f = f.flip(list(range(f.ndim)))
    f = f[np.newaxis, np.newaxis].repeat([channels, 1] + [1] * f.ndim)
    if f.ndim == 4:
        x = F.conv2d(input=x, weight=f, groups=channels)
    else:
        x = F.conv2d(input=x, weight=f.unsqueeze(2), groups=channels)
        x = F.conv2d(input=x, weight=f.unsqueeze(3), groups=channels)
    return x[:, :, ::down, ::down]


def upsample2d(x: Tensor, f: Tensor, up: int = 2) -> Tensor:
    size = f.shape[-1]
    p = [(size + up - 1) // 2, (size - up) // 2] * 2
    return upfirdn2d(x, f, up=up, padding=p, gain=up * up)


@profiled
def conv2d_resample(
    x: Tensor,
    w: Tensor,
    f: Tensor | None = None,
    up: int = 1,
    down: int = 1,
    padding: int = 0,
    groups: int = 1,
    flip_weight: bool = True,
) -> Tensor:
    """Convolve, doubling or halving the size on the way."""
    out_channels, in_channels, kernel, _ = sizes_of(w)
    taps = 1 if f is None else sizes_of(f)[-1]
    px0 = px1 = padding
    if not flip_weight and kernel > 1 and up == 1:
        w = w.flip([2, 3])
    if up > 1:
        px0 += (taps + up - 1) // 2
        px1 += (taps - up) // 2
        if groups == 1:
            w = w.transpose(0, 1)
        else:
            w = w.reshape(groups, out_channels // groups, in_channels, kernel, kernel)
            w = w.transpose(1, 2)
            w = w.reshape(groups * in_channels, out_channels // groups, kernel, kernel)
        px0 -= kernel - 1
        px1 -= kernel - up
        pt = max(min(-px0, -px1), 0)
        if flip_weight and kernel > 1:
            w = w.flip([2, 3])
        x = F.conv_transpose2d(x, w, stride=up, padding=[pt, pt], groups=groups)
        return upfirdn2d(x, f, padding=[px0 + pt, px1 + pt] * 2, gain=up**2)
    if down > 1:
        px0 += (taps - down + 1) // 2
        px1 += (taps - down) // 2
        x = upfirdn2d(x, f, padding=[px0, px1] * 2)
        return F.conv2d(x, w, stride=down, groups=groups)
    return F.conv2d(x, w, padding=[px0, px1], groups=groups)
