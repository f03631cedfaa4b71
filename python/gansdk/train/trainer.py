"""Trainer: any generator and discriminator, any dataset; exact when resumed.

One step is one discriminator update and one generator update (alternating), then a step of the
exponential moving average (EMA) of the generator's weights, which is what is sampled and exported.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..arguments import integer
from ..errors import InvalidArgumentError, TrainingError
from . import draws
from .augment import shift
from .objectives import (
    gradient_penalty,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
)


@dataclass(frozen=True)
class TrainerOptions:
    """The numbers of a run.

    Parameters
    ----------
    steps : int
        Updates of each network.
    batch_size : int
        Real images a step.
    latent_size : int
        Values in a latent; standard normal.
    learning_rate : float
        At the first step; it falls to a hundredth of itself along a half cosine.
    betas : pair of float
        Adam's; no momentum by default.
    gamma : pair of float
        Weight of R1 and R2 at the first step and after the last, geometric between; above 0.
    max_shift : int
        Largest shift of the augmentation, in pixels.
    ema_decay : float
        Of the generator's moving average; it warms up over the first steps.
    seed : int
        Of the initial weights (where a recipe builds the networks) and of every draw.

    Raises
    ------
    InvalidArgumentError
        A number is out of range.
    """

    steps: int
    batch_size: int = 64
    latent_size: int = 64
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.0, 0.99)
    gamma: tuple[float, float] = (0.5, 0.1)
    max_shift: int = 1
    ema_decay: float = 0.999
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "latent_size"):
            integer(getattr(self, name), name, least=1)
        integer(self.max_shift, "max_shift")
        integer(self.seed, "seed")
        for name, good, wanted in (
            ("learning_rate", self.learning_rate > 0, "above 0"),
            ("betas", all(0 <= b < 1 for b in self.betas), "at least 0 and below 1"),
            ("gamma", min(self.gamma) > 0, "above 0"),
            ("ema_decay", 0 <= self.ema_decay < 1, "at least 0 and below 1"),
        ):
            if not good:
                raise InvalidArgumentError(f"{name} must be {wanted}; got {getattr(self, name)}")


@dataclass(frozen=True)
class StepResult:
    """What a step reports: its number, counted from 1, and the two losses."""

    step: int
    discriminator_loss: float
    generator_loss: float


class Trainer:
    """Train a generator against a discriminator.

    Parameters
    ----------
    generator : nn.Module
        Called as generator(z), or generator(z, label) where the dataset has labels.
    discriminator : nn.Module
        Called as discriminator(image) or discriminator(image, label); gives logits (batch,).
    dataset : torch Dataset
        Map-style; items are an image (C, H, W) of floats in the generator's range, or (image,), or
        (image, label). Without shifts (`max_shift=0`) they may have any shape: points, spectra.
    options : TrainerOptions
        The numbers of the run.

    Attributes
    ----------
    ema : nn.Module
        The generator's moving average.
    step : int
        Steps done.

    Raises
    ------
    InvalidArgumentError
        The dataset is smaller than a batch.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        dataset: Dataset[Any],
        options: TrainerOptions,
    ) -> None:
        size = len(dataset)  # type: ignore[arg-type]
        if size < options.batch_size:
            raise InvalidArgumentError(
                f"the dataset has {size} items, fewer than batch_size={options.batch_size}: "
                "use a smaller batch_size"
            )
        # channels_last: oneDNN's convolutions on few channels run at twice the speed in it.
        self.generator = generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.discriminator = discriminator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = copy.deepcopy(generator).eval().requires_grad_(False)
        self.dataset = dataset
        self.options = options
        self.step = 0
        self._stopping = False
        self._draws = draws.Draws(options.seed, options.batch_size)
        self._optimizers = {
            "generator": self._adam(generator),
            "discriminator": self._adam(discriminator),
        }

    def fit(
        self, until: int | None = None, *, on_step: Callable[[StepResult], None] | None = None
    ) -> None:
        """Train up to step `until`, or to the end; `on_step` is called after each step.

        `stop`, called from `on_step`, a signal handler or another thread, ends it after the
        current step, which is where a checkpoint can continue exactly.

        Raises
        ------
        TrainingError
            A loss is no longer finite.
        """
        until = self.options.steps if until is None else min(until, self.options.steps)
        batches = self._real_batches()
        self.generator.train()
        self.discriminator.train()
        self._stopping = False
        while self.step < until and not self._stopping:
            self._schedule()
            with self._draws.torch_seeded(self.step):
                result = StepResult(
                    self.step + 1,
                    self._discriminator_step(*next(batches)),
                    self._generator_step(*next(batches)),
                )
            if not math.isfinite(result.discriminator_loss + result.generator_loss):
                raise TrainingError(
                    f"the loss is not finite at step {result.step}: "
                    "lower learning_rate or raise gamma"
                )
            self._ema_step()
            self.step += 1
            if on_step is not None:
                on_step(result)

    def stop(self) -> None:
        """End `fit` after the current step."""
        self._stopping = True

    def state_dict(self) -> dict[str, Any]:
        """Return all that a resumed run needs to continue exactly."""
        return {
            "step": self.step,
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizers": {name: o.state_dict() for name, o in self._optimizers.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`."""
        self.generator.load_state_dict(state["generator"])
        self.discriminator.load_state_dict(state["discriminator"])
        self.ema.load_state_dict(state["ema"])
        for name, optimizer in self._optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.step = int(state["step"])

    def _adam(self, module: nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(
            module.parameters(), lr=self.options.learning_rate, betas=self.options.betas
        )

    def _real_batches(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        size = self.options.batch_size
        order = draws.EndlessSampler(
            len(self.dataset),  # type: ignore[arg-type]
            self.options.seed,
            position=self.step * 2 * size,  # two batches a step
        )
        # A generator of its own: starting to load would draw from torch's, at a resumed step only.
        unused = torch.Generator()
        for batch in DataLoader(self.dataset, batch_size=size, sampler=order, generator=unused):
            images, *labels = batch if isinstance(batch, (list, tuple)) else (batch,)
            if not images.is_floating_point():
                raise InvalidArgumentError(
                    f"the dataset's images must be floats in the generator's range; got "
                    f"{images.dtype}: gansdk.images.from_uint8 turns pictures into floats"
                )
            if images.ndim == 4:
                images = images.contiguous(memory_format=torch.channels_last)
            yield images, labels[0] if labels else None

    def _schedule(self) -> None:
        done = self.step / self.options.steps
        rate = self.options.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)
        for optimizer in self._optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate

    def _gamma(self) -> float:
        first, last = self.options.gamma
        return float(first * (last / first) ** (self.step / self.options.steps))

    def _generate(self, labels: Tensor | None, stream: int) -> Tensor:
        z = self._draws.latents(self.step, self.options.latent_size, stream)
        return _call(self.generator, z, labels)

    def _shift(self, images: Tensor, stream: int) -> Tensor:
        most = self.options.max_shift
        if most == 0:
            return images
        return shift(images, self._draws.shifts(self.step, len(images), most, stream))

    def _discriminator_step(self, real: Tensor, labels: Tensor | None) -> float:
        with torch.no_grad():
            fake = self._generate(labels, draws.DISCRIMINATOR_LATENTS)
        # One pass for both halves: the penalty differentiates them together.
        images = self._shift(torch.cat([real, fake]), draws.DISCRIMINATOR_SHIFTS)
        images.requires_grad_(True)
        both = None if labels is None else torch.cat([labels, labels])
        logits = _call(self.discriminator, images, both)
        loss = relativistic_discriminator_loss(*logits.chunk(2))
        # gamma / 2 * (R1 + R2), the two being halves of one mean.
        total = loss + self._gamma() * gradient_penalty(logits, images)
        _update(self._optimizers["discriminator"], total)
        return float(loss.detach())

    def _generator_step(self, real: Tensor, labels: Tensor | None) -> float:
        fake = self._generate(labels, draws.GENERATOR_LATENTS)
        images = self._shift(torch.cat([real, fake]), draws.GENERATOR_SHIFTS)
        real, fake = images.chunk(2)
        with _frozen(self.discriminator):
            with torch.no_grad():
                logits = _call(self.discriminator, real, labels)
            loss = relativistic_generator_loss(logits, _call(self.discriminator, fake, labels))
            _update(self._optimizers["generator"], loss)
        return float(loss.detach())

    @torch.no_grad()
    def _ema_step(self) -> None:
        decay = min(self.options.ema_decay, (1 + self.step) / (10 + self.step))
        for average, value in zip(_tensors(self.ema), _tensors(self.generator), strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    # Only what is trainable: parameters that the caller froze stay frozen.
    trainable = [p for p in module.parameters() if p.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    # Not state_dict(), which names a shared tensor once for each of its owners.
    return chain(module.parameters(), module.buffers())


def _call(module: nn.Module, x: Tensor, labels: Tensor | None) -> Tensor:
    result: Tensor = module(x) if labels is None else module(x, labels)
    return result


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
