"""Every random number of a training run, as a pure function of (seed, step).

Nothing here has a state, so a resumed run draws what the uninterrupted one would have drawn
without a single generator in its checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler

from .. import latents

# Streams of the latent contract far from those that sampling uses (0, 1, 2 and 16 upwards).
_TRAINING = 1 << 31
DISCRIMINATOR_LATENTS = _TRAINING
GENERATOR_LATENTS = _TRAINING + 1
DISCRIMINATOR_SHIFTS = _TRAINING + 2
GENERATOR_SHIFTS = _TRAINING + 3


class Draws:
    """Latents and shifts of each step of one run."""

    def __init__(self, seed: int, batch_size: int) -> None:
        self.seed = seed
        self.batch_size = batch_size

    def latents(self, step: int, size: int, stream: int) -> Tensor:
        """Return float32 (batch, size), standard normal."""
        start = step * self.batch_size
        return torch.from_numpy(
            latents.normal(self.batch_size, size, seed=self.seed, start=start, stream=stream)
        )

    def shifts(self, step: int, count: int, most: int, stream: int) -> Tensor:
        """Return int64 (count, 2), uniform on -most ... most."""
        u = latents.uniform(count, 2, seed=self.seed, start=step * count, stream=stream)
        # float64: in float32 the largest u would round up to a shift of most + 1.
        steps = np.floor((u.astype(np.float64) + 1) / 2 * (2 * most + 1))
        return torch.from_numpy(steps.astype(np.int64) - most)

    @contextmanager
    def torch_seeded(self, step: int) -> Iterator[None]:
        """Seed torch's own generator within: what dropout in a network draws from."""
        (seed,) = np.random.SeedSequence([self.seed, step]).generate_state(1, np.uint64)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(int(seed))
            yield


class EndlessSampler(Sampler[int]):
    """Indices of a data set of `length` items: permutation after permutation, from `position`."""

    def __init__(self, length: int, seed: int, position: int = 0) -> None:
        self.length = length
        self.seed = seed
        self.position = position

    def __iter__(self) -> Iterator[int]:
        epoch, offset = divmod(self.position, self.length)
        while True:
            # NumPy's generator: torch's own keeps only the low 32 bits of a seed on the CPU.
            order = np.random.default_rng([self.seed, epoch]).permutation(self.length)
            yield from order[offset:].tolist()
            epoch, offset = epoch + 1, 0
