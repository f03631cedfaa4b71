"""Augmentation that the discriminator sees on real and on generated images alike.

Applied to both it cannot leak into the generator's images (Zhao et al. 2020, DiffAugment).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def shift(images: Tensor, offsets: Tensor) -> Tensor:
    """Shift each image by whole pixels; the border is repeated. Differentiable in the images.

    Parameters
    ----------
    images : Tensor
        (batch, C, H, W).
    offsets : Tensor
        int64 (batch, 2): rows down, columns right.
    """
    most = int(offsets.abs().max())
    if most == 0:
        return images
    n, _, height, width = images.shape
    padded = F.pad(images, (most,) * 4, mode="replicate")
    rows = torch.arange(height) + most - offsets[:, :1]
    columns = torch.arange(width) + most - offsets[:, 1:]
    batch = torch.arange(n)[:, None, None]
    # Advanced indices around the slice put the channels last: (batch, H, W, C).
    shifted = padded[batch, :, rows[:, :, None], columns[:, None, :]]
    return shifted.permute(0, 3, 1, 2)
