"""MUNIT's decoder (Huang et al. 2018): a content code redrawn in a style by adaptive instance norm.

The trap is AdaptiveInstanceNorm2d: batch norm in training mode over (1, batch * channels), whose
weight and bias an MLP assigns as attributes before the decoder runs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class AdaptiveInstanceNorm2d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight: Tensor | None = None
        self.bias: Tensor | None = None
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        assert self.weight is not None, "assign weight and bias first"
        b, c = x.size(0), x.size(1)
        running_mean = self.running_mean.repeat(b)
        running_var = self.running_var.repeat(b)
        x_reshaped = x.contiguous().view(1, b * c, *x.size()[2:])
        out = F.batch_norm(
            x_reshaped,
            running_mean,
            running_var,
            self.weight,
            self.bias,
            True,
            self.momentum,
            self.eps,
        )
        return out.view(b, c, *x.size()[2:])


class LayerNorm(nn.Module):
    """Over channels, height and width of one image; the standard deviation is unbiased."""

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.num_features, self.eps = num_features, eps
        self.gamma = nn.Parameter(torch.Tensor(num_features).uniform_())
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x: Tensor) -> Tensor:
        shape = [-1] + [1] * (x.dim() - 1)
        if x.size(0) == 1:
            # Reducing the whole tensor was faster.
            mean = x.view(-1).mean().view(*shape)
            std = x.view(-1).std().view(*shape)
        else:
            mean = x.view(x.size(0), -1).mean(1).view(*shape)
            std = x.view(x.size(0), -1).std(1).view(*shape)
        x = (x - mean) / (std + self.eps)
        shape = [1, -1] + [1] * (x.dim() - 2)
        return x * self.gamma.view(*shape) + self.beta.view(*shape)


class Conv2dBlock(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, kernel: int, padding: int, norm: str, activation: str
    ) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(padding)
        norms = {"ln": LayerNorm, "adain": AdaptiveInstanceNorm2d}
        self.norm = norms[norm](outputs) if norm != "none" else None
        activations = {"relu": nn.ReLU(inplace=True), "tanh": nn.Tanh(), "none": None}
        self.activation = activations[activation]
        self.conv = nn.Conv2d(inputs, outputs, kernel)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.pad(x))
        if self.norm:
            x = self.norm(x)
        if self.activation:
            x = self.activation(x)
        return x


class ResBlock(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            Conv2dBlock(dim, dim, 3, 1, "adain", "relu"),
            Conv2dBlock(dim, dim, 3, 1, "adain", "none"),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual = x
        out = self.model(x)
        out += residual
        return out


class MLP(nn.Module):
    def __init__(self, inputs: int, outputs: int, dim: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(inputs, dim), nn.ReLU(inplace=True), nn.Linear(dim, outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x.view(x.size(0), -1))


class AdaINGen(nn.Module):
    """From a picture (its content) and a style latent (8, 1, 1) to a picture."""

    def __init__(self, style_dim: int = 8, dim: int = 8) -> None:
        super().__init__()
        self.enc_content = nn.Sequential(
            Conv2dBlock(3, dim, 7, 3, "none", "relu"), nn.AvgPool2d(2), ResBlockIn(dim)
        )
        self.dec = nn.Sequential(
            ResBlock(dim),
            ResBlock(dim),
            nn.Upsample(scale_factor=2),
            Conv2dBlock(dim, dim // 2, 5, 2, "ln", "relu"),
            Conv2dBlock(dim // 2, 3, 7, 3, "none", "tanh"),
        )
        self.mlp = MLP(style_dim, self.get_num_adain_params(self.dec), 16)

    def forward(self, images: Tensor, style: Tensor) -> Tensor:
        return self.decode(self.enc_content(images), style)

    def decode(self, content: Tensor, style: Tensor) -> Tensor:
        adain_params = self.mlp(style)
        self.assign_adain_params(adain_params, self.dec)
        return self.dec(content)

    def assign_adain_params(self, adain_params: Tensor, model: nn.Module) -> None:
        for m in model.modules():
            if m.__class__.__name__ == "AdaptiveInstanceNorm2d":
                mean = adain_params[:, : m.num_features]
                std = adain_params[:, m.num_features : 2 * m.num_features]
                m.bias = mean.contiguous().view(-1)
                m.weight = std.contiguous().view(-1)
                if adain_params.size(1) > 2 * m.num_features:
                    adain_params = adain_params[:, 2 * m.num_features :]

    def get_num_adain_params(self, model: nn.Module) -> int:
        num_adain_params = 0
        for m in model.modules():
            if m.__class__.__name__ == "AdaptiveInstanceNorm2d":
                num_adain_params += 2 * m.num_features
        return num_adain_params


class ResBlockIn(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1, padding_mode="reflect")
        self.norm = nn.InstanceNorm2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv(x))
