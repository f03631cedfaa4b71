"""What the cases of one process share: how long to measure, and which peers are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from ..peers import Absent
from . import converters, encoders, pipelines, torch_converters
from .converters import Converter
from .encoders import Encoder
from .pipelines import Pipeline

Peer = TypeVar("Peer", Converter, Encoder, Pipeline)
CONVERTERS: dict[str, Callable[[], list[Converter]]] = {
    "opencv": converters.opencv_converters,
    "compile": torch_converters.compiled_converters,
    "onnxruntime": converters.onnxruntime_converters,
    "torch": torch_converters.torch_converters,
    "numpy": converters.numpy_converters,
    "pillow": converters.pillow_converters,
}
ENCODERS: dict[str, Callable[[], list[Encoder]]] = {
    "pillow": encoders.pillow_encoders,
    "opencv": encoders.opencv_encoders,
    "imagecodecs": encoders.imagecodecs_encoders,
    "simplejpeg": encoders.simplejpeg_encoders,
    "isal": encoders.isal_encoders,
}
PIPELINES: dict[str, Callable[[], list[Pipeline]]] = {
    "torch": pipelines.torch_pipelines,
    "opencv": pipelines.opencv_pipelines,
    "simplejpeg": pipelines.simplejpeg_pipelines,
}
EVERY_FAMILY = list(dict.fromkeys([*CONVERTERS, *ENCODERS, *PIPELINES]))


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int
    sample_seconds: float
    case_seconds: float  # about as long at most, but never below three rounds
    quick: bool = False

    def batch(self, count: int, side: int) -> tuple[int, int]:
        """Return how many pictures of which side to measure in place of those asked for."""
        return (max(2, count // 12), side // 2) if self.quick else (count, side)


FULL = Effort(rounds=51, sample_seconds=2e-3, case_seconds=30)
QUICK = Effort(rounds=2, sample_seconds=0, case_seconds=1, quick=True)


@dataclass
class Bench:
    """One process's peers; `absent` says of those not installed how to get them."""

    effort: Effort
    families: list[str]
    absent: dict[str, str] = field(default_factory=dict)

    @cached_property
    def converters(self) -> list[Converter]:
        """Return the peers that convert floats to levels."""
        return self._load(CONVERTERS)

    @cached_property
    def encoders(self) -> list[Encoder]:
        """Return the peers that write files."""
        return self._load(ENCODERS)

    @cached_property
    def pipelines(self) -> list[Pipeline]:
        """Return the peers that make files of floats."""
        return self._load(PIPELINES)

    def _load(self, loaders: dict[str, Callable[[], list[Peer]]]) -> list[Peer]:
        found: list[Peer] = []
        for family, load in loaders.items():
            if family in self.families:
                try:
                    found += load()
                except Absent as how:
                    self.absent[family] = str(how)
        return found
