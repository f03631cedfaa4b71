from __future__ import annotations

import numpy as np
import torch

from gansdk.train.augment import shift


def reference(images: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    n, _, height, width = images.shape
    out = np.empty_like(images)
    for i in range(n):
        down, right = offsets[i]
        for y in range(height):
            for x in range(width):
                source_y = min(max(y - down, 0), height - 1)
                source_x = min(max(x - right, 0), width - 1)
                out[i, :, y, x] = images[i, :, source_y, source_x]
    return out


def test_shift_is_the_reference_with_a_repeated_border() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(6, 3, 5, 4)).astype(np.float32)
    offsets = np.array([[0, 0], [1, 0], [0, -1], [2, 3], [-3, -2], [-2, 3]])
    shifted = shift(torch.from_numpy(images), torch.from_numpy(offsets))
    assert np.array_equal(shifted.numpy(), reference(images, offsets))


def test_shift_by_nothing_is_the_image() -> None:
    images = torch.rand(2, 1, 3, 3)
    assert torch.equal(shift(images, torch.zeros(2, 2, dtype=torch.int64)), images)


def test_gradients_flow_to_the_pixels_that_are_seen() -> None:
    images = torch.rand(1, 1, 3, 3, requires_grad=True)
    shift(images, torch.tensor([[1, 0]])).sum().backward()
    # One row down: the top row is seen twice, the bottom row never.
    assert images.grad[0, 0].tolist() == [[2, 2, 2], [1, 1, 1], [0, 0, 0]]
