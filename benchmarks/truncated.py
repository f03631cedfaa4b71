"""The ways in which others draw a normal restricted to [-threshold, threshold], as float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .peers import Absent, Call, Floats

Bind = Callable[[Floats, float], Call]


def numpy_redraw() -> tuple[str, Bind]:
    """Draw, then redraw what fell outside until nothing does."""

    def bind(out: Floats, threshold: float) -> Call:
        draw = np.random.Generator(np.random.SFC64(1)).standard_normal

        def call() -> None:
            draw(dtype=np.float32, out=out)
            outside = np.flatnonzero(np.abs(out) > threshold)
            while outside.size:
                again = draw(outside.size, dtype=np.float32)
                out[outside] = again
                outside = outside[np.abs(again) > threshold]

        return call

    return "numpy SFC64, redraw", bind


def scipy_truncnorm() -> tuple[str, Bind]:
    """BigGAN's way: scipy.stats.truncnorm."""
    try:
        from scipy.stats import truncnorm
    except ImportError:
        raise Absent("`pip install scipy`") from None

    def bind(out: Floats, threshold: float) -> Call:
        random = np.random.Generator(np.random.SFC64(1))
        law = truncnorm(-threshold, threshold)

        def call() -> None:
            out[:] = law.rvs(out.size, random_state=random)

        return call

    return "scipy truncnorm.rvs", bind


def torch_trunc_normal() -> tuple[str, Bind]:
    """torch.nn.init.trunc_normal_, an initialiser of weights that serves for latents too."""
    try:
        import torch
    except ImportError:
        raise Absent("`pip install torch`") from None

    def bind(out: Floats, threshold: float) -> Call:
        tensor = torch.from_numpy(out)
        generator = torch.Generator().manual_seed(1)

        def call() -> None:
            torch.nn.init.trunc_normal_(tensor, a=-threshold, b=threshold, generator=generator)

        return call

    return "torch trunc_normal_", bind


FAMILIES = {"numpy": numpy_redraw, "scipy": scipy_truncnorm, "torch": torch_trunc_normal}
