"""Train any pair of modules on any Dataset: here two small networks on a ring of Gaussians."""

import math

import torch
from torch import nn
from torch.utils.data import TensorDataset

from gansdk import GeneratorSpec, Latent, Output, Sampler
from gansdk.export import export
from gansdk.train import Trainer, TrainerOptions


def mlp(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers."""
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.LeakyReLU(0.2),
        nn.Linear(64, 64), nn.LeakyReLU(0.2),
        nn.Linear(64, outputs), nn.Flatten(0) if outputs == 1 else nn.Identity(),
    )  # fmt: skip


torch.manual_seed(0)
angle = torch.randint(8, (4096,)) * (math.pi / 4)
ring = torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(4096, 2)

options = TrainerOptions(steps=20, batch_size=256, latent_size=2, max_shift=0)  # more for a result
trainer = Trainer(mlp(2, 2), mlp(2, 1), TensorDataset(ring), options)
trainer.fit(on_step=lambda result: print(result) if result.step % 10 == 0 else None)

spec = GeneratorSpec(latent=Latent(2), output=Output(kind="array"), name="ring")
print(export(trainer.ema, "ring/", spec=spec))
print(Sampler("ring/").sample(4, seed=7))
