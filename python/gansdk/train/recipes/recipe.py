"""Recipe: all that a training run is made of, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.utils.data import Dataset

from ...spec import GeneratorSpec
from ..trainer import TrainerOptions


@dataclass(frozen=True)
class Recipe:
    """Networks, data and numbers that belong together.

    Parameters
    ----------
    name : str
        As typed after `gansdk train`.
    summary : str
        One line for the command line's help.
    options : TrainerOptions
        Numbers that give the recipe's published figures.
    networks : callable
        Builds a new (generator, discriminator) for given options; weights from torch's default
        generator.
    dataset : callable
        Loads the training data.
    spec : callable
        Describes the generator for given options.
    """

    name: str
    summary: str
    options: TrainerOptions
    networks: Callable[[TrainerOptions], tuple[nn.Module, nn.Module]]
    dataset: Callable[[], Dataset[Any]]
    spec: Callable[[TrainerOptions], GeneratorSpec]
