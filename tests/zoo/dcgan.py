"""DCGAN as PyTorch's examples have it (Radford et al. 2016): latents (100, 1, 1), batch norm.

It is handed over in train mode, as training leaves it. The discriminator ends in `view` and
`squeeze`.
"""

from __future__ import annotations

from torch import Tensor, nn


def weights_init(m: nn.Module) -> None:
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight, 0.0, 0.08)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


class Generator(nn.Module):
    def __init__(self, nz: int = 100, ngf: int = 8, nc: int = 3, size: int = 64) -> None:
        super().__init__()
        times = size // 8
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(nz, ngf * times, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * times),
            nn.ReLU(True),
        ]
        while times > 1:
            layers += [
                nn.ConvTranspose2d(ngf * times, ngf * times // 2, 4, 2, 1, bias=False),
                nn.BatchNorm2d(ngf * times // 2),
                nn.ReLU(True),
            ]
            times //= 2
        layers += [nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)
        self.apply(weights_init)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - their name
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self, ndf: int = 8, nc: int = 3) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 4),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 4, 1, 8, 1, 0, bias=False),
        )
        self.apply(weights_init)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        output = self.main(input)
        return output.view(-1, 1).squeeze(1)
