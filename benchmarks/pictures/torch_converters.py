"""The lines of torch by which others turn a network's floats into levels."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from typing import Any

from ..peers import Absent, Call, Floats
from .converters import Converter
from .inputs import Bytes

STYLEGAN = "StyleGAN's line of torch"
COMPILED = "torch.compile of the chain"


def torch_converters() -> list[Converter]:
    """Eager torch: the lines of four code bases, and the chain with buffers that stay."""
    torch = load_torch()

    def line(name: str, rounding: str, function: Callable[[Any], Any]) -> Converter:
        def bind(x: Floats, out: Bytes) -> Call:
            tensor = torch.from_numpy(x)
            return lambda: function(tensor)

        return Converter(name, "torch", rounding, bind)

    def bind_in_place(x: Floats, out: Bytes) -> Call:
        tensor, work, target = torch.from_numpy(x), torch.empty(x.shape), torch.from_numpy(out)
        moved = work.permute(0, 2, 3, 1)

        def call() -> Bytes:
            torch.add(tensor, 1, out=work)
            work.mul_(127.5).clamp_(0, 255).round_()
            target.copy_(moved)
            return out

        return call

    def diffusers(x: Any) -> Bytes:
        arrays = (x / 2 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).float().numpy()
        levels: Bytes = (arrays * 255).round().astype("uint8")
        return levels

    return [
        line(STYLEGAN, "up", stylegan),
        line(f"{STYLEGAN}, contiguous", "up", lambda x: stylegan(x).contiguous()),
        line("torch chain", "nearest", chain),
        Converter("torch chain, in place", "torch", "nearest", bind_in_place),
        line("guided-diffusion's line of torch", "truncate", guided_diffusion),
        line("diffusers' way", "nearest", diffusers),
    ]


def compiled_converters() -> list[Converter]:
    """Fuse the chain by TorchInductor, which writes C++ and calls the compiler."""
    torch = load_torch()
    if not (shutil.which("g++") or shutil.which("clang++")):
        raise Absent("torch.compile needs a C++ compiler: g++ on the path")
    # What another section's process compiled is for another instruction set.
    torch.compiler.config.force_disable_caches = True
    compiled = torch.compile(chain, dynamic=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that caches are disabled
            compiled(torch.zeros(1, 3, 8, 8))
    except Exception as error:  # whatever the toolchain lacks
        reason = " ".join(str(error).split())[:200]
        raise Absent(f"a toolchain that torch.compile can use; it says: {reason}") from None

    def bind(x: Floats, out: Bytes) -> Call:
        tensor = torch.from_numpy(x)
        compiled(tensor)
        return lambda: compiled(tensor)

    return [Converter(COMPILED, "compile", "nearest", bind)]


def load_torch() -> Any:
    """Return torch, held to one thread."""
    try:
        import torch
    except ImportError:
        raise Absent("`pip install torch`") from None
    torch.set_num_threads(1)
    return torch


def stylegan(x: Any) -> Any:
    """Return levels as gen_images.py makes them: a view of NHWC, the bytes still in planes."""
    import torch

    return (x.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8)


def guided_diffusion(x: Any) -> Any:
    """Return levels as image_sample.py makes them, truncated."""
    import torch

    return ((x + 1) * 127.5).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def chain(x: Any) -> Any:
    """Return levels rounded to nearest, contiguous."""
    import torch

    return (
        (x * 127.5 + 127.5).clamp(0, 255).round().permute(0, 2, 3, 1).contiguous().to(torch.uint8)
    )
