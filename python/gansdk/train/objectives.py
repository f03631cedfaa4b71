"""What the two networks minimise.

The relativistic pairing loss with zero-centred gradient penalties on real and on generated
images (R1 and R2) is the one objective here: it converges without tricks and keeps all modes
(Huang et al. 2024, "The GAN is dead; long live the GAN!").
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def relativistic_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Mean of softplus(D(fake) - D(real)) over pairs of logits (Jolicoeur-Martineau 2019)."""
    return F.softplus(fake - real).mean()


def relativistic_generator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Mean of softplus(D(real) - D(fake)) over pairs of logits."""
    return F.softplus(real - fake).mean()


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Mean over the images of |d logit / d image|^2 (Mescheder et al. 2018).

    R1 where the images are real, R2 where they are generated; of both in one batch, half their
    sum. `images` must require gradients, and the result can be differentiated again.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()
