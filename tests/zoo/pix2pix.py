"""pix2pix's U-Net (Isola et al. 2017), built from the innermost block outwards.

Traps: the skip is a `torch.cat` in a module that holds its child; an in-place activation comes
first in each block and so changes what the skip carries; dropout and batch norm, which the authors
leave in train mode at test time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn


def get_norm_layer(norm_type: str) -> Callable[..., nn.Module]:
    if norm_type == "batch":
        return functools.partial(nn.BatchNorm2d, affine=True, track_running_stats=True)
    return functools.partial(nn.InstanceNorm2d, affine=False, track_running_stats=False)


class UnetSkipConnectionBlock(nn.Module):
    def __init__(
        self,
        outer_nc: int,
        inner_nc: int,
        input_nc: int | None = None,
        submodule: nn.Module | None = None,
        outermost: bool = False,
        innermost: bool = False,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
        use_dropout: bool = False,
    ) -> None:
        super().__init__()
        self.outermost = outermost
        if isinstance(norm_layer, functools.partial):
            use_bias = norm_layer.func is nn.InstanceNorm2d
        else:
            use_bias = norm_layer is nn.InstanceNorm2d
        if input_nc is None:
            input_nc = outer_nc
        downconv = nn.Conv2d(input_nc, inner_nc, 4, stride=2, padding=1, bias=use_bias)
        downrelu, uprelu = nn.LeakyReLU(0.2, True), nn.ReLU(True)
        if outermost:
            upconv = nn.ConvTranspose2d(inner_nc * 2, outer_nc, 4, stride=2, padding=1)
            model = [downconv, submodule, uprelu, upconv, nn.Tanh()]
        elif innermost:
            upconv = nn.ConvTranspose2d(inner_nc, outer_nc, 4, 2, 1, bias=use_bias)
            model = [downrelu, downconv, uprelu, upconv, norm_layer(outer_nc)]
        else:
            upconv = nn.ConvTranspose2d(inner_nc * 2, outer_nc, 4, 2, 1, bias=use_bias)
            down = [downrelu, downconv, norm_layer(inner_nc)]
            up = [uprelu, upconv, norm_layer(outer_nc)]
            model = [*down, submodule, *up] + ([nn.Dropout(0.5)] if use_dropout else [])
        self.model = nn.Sequential(*model)

    def forward(self, x: Tensor) -> Tensor:
        if self.outermost:
            return self.model(x)
        return torch.cat([x, self.model(x)], 1)


class UnetGenerator(nn.Module):
    def __init__(
        self, norm: str, num_downs: int = 8, ngf: int = 4, use_dropout: bool = True
    ) -> None:
        super().__init__()
        norm_layer = get_norm_layer(norm)
        block = functools.partial(UnetSkipConnectionBlock, norm_layer=norm_layer)
        # Instance norm of the innermost 1 x 1 would be 0: one halving less, as people do.
        unet = block(ngf * 8, ngf * 8, innermost=True)
        for _ in range(num_downs - 5):
            unet = block(ngf * 8, ngf * 8, submodule=unet, use_dropout=use_dropout)
        unet = block(ngf * 4, ngf * 8, submodule=unet)
        unet = block(ngf * 2, ngf * 4, submodule=unet)
        unet = block(ngf, ngf * 2, submodule=unet)
        self.model = block(3, ngf, input_nc=3, submodule=unet, outermost=True)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - their name
        return self.model(input)
