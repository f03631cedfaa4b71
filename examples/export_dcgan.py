"""Export a DCGAN generator of your own, with batch norm and (100, 1, 1) latents, and sample it."""

import itertools

import torch
from torch import nn

from gansdk import GeneratorSpec, Latent, Sampler, images
from gansdk.export import export


class Generator(nn.Sequential):
    """Radford et al. 2015, for 32 x 32 RGB images."""

    def __init__(self, latent_size: int = 100, width: int = 16) -> None:
        layers: list[nn.Module] = []
        sizes = [latent_size, width * 4, width * 2, width]
        for i, (a, b) in enumerate(itertools.pairwise(sizes)):
            first = i == 0
            layers += [
                nn.ConvTranspose2d(a, b, 4, 1 if first else 2, 0 if first else 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
            ]
        super().__init__(*layers, nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh())


torch.manual_seed(0)
generator = Generator()  # yours would be trained: generator.load_state_dict(...)
spec = GeneratorSpec(latent=Latent(100, shape=(100, 1, 1)), name="dcgan")
print(export(generator, "dcgan/", spec=spec))
images.save("dcgan.png", images.grid(Sampler("dcgan/").sample(16, seed=7)))
