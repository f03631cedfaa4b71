"""Progressive GAN (Karras et al. 2018): equalised learning rate, pixel norm, fade-in by `alpha`.

Traps: the scale of each weight worked out at run time, `steps` chooses layers by Python, a tanh in
the fade-in.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

FACTORS = [1, 1, 1, 1 / 2, 1 / 4, 1 / 8]


class WSConv2d(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int = 3, padding: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, 1, padding)
        self.scale = (2 / (inputs * (kernel**2))) ** 0.5
        self.bias = self.conv.bias
        self.conv.bias = None
        nn.init.normal_(self.conv.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x * self.scale) + self.bias.view(1, self.bias.shape[0], 1, 1)


class PixelNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.epsilon = 1e-8

    def forward(self, x: Tensor) -> Tensor:
        return x / torch.sqrt(torch.mean(x**2, dim=1, keepdim=True) + self.epsilon)


class ConvBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = WSConv2d(inputs, outputs), WSConv2d(outputs, outputs)
        self.leaky, self.pn = nn.LeakyReLU(0.2), PixelNorm()

    def forward(self, x: Tensor) -> Tensor:
        x = self.pn(self.leaky(self.conv1(x)))
        return self.pn(self.leaky(self.conv2(x)))


class Generator(nn.Module):
    def __init__(self, z_dim: int = 32, in_channels: int = 32, img_channels: int = 3) -> None:
        super().__init__()
        self.initial = nn.Sequential(
            PixelNorm(),
            nn.ConvTranspose2d(z_dim, in_channels, 4, 1, 0),
            nn.LeakyReLU(0.2),
            WSConv2d(in_channels, in_channels),
            nn.LeakyReLU(0.2),
            PixelNorm(),
        )
        self.initial_rgb = WSConv2d(in_channels, img_channels, 1, 0)
        self.prog_blocks, self.rgb_layers = nn.ModuleList(), nn.ModuleList([self.initial_rgb])
        for i in range(len(FACTORS) - 1):
            conv_in, conv_out = int(in_channels * FACTORS[i]), int(in_channels * FACTORS[i + 1])
            self.prog_blocks.append(ConvBlock(conv_in, conv_out))
            self.rgb_layers.append(WSConv2d(conv_out, img_channels, 1, 0))

    def fade_in(self, alpha: float, upscaled: Tensor, generated: Tensor) -> Tensor:
        return torch.tanh(alpha * generated + (1 - alpha) * upscaled)

    def forward(self, x: Tensor, alpha: float, steps: int) -> Tensor:
        out = self.initial(x)
        if steps == 0:
            return self.initial_rgb(out)
        for step in range(steps):
            upscaled = F.interpolate(out, scale_factor=2, mode="nearest")
            out = self.prog_blocks[step](upscaled)
        final_upscaled = self.rgb_layers[steps - 1](upscaled)
        final_out = self.rgb_layers[steps](out)
        return self.fade_in(alpha, final_upscaled, final_out)
