"""Families written down after the rewrites: every format, batches of 1, 3 and 7, by `Sampler`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from gansdk import Sampler
from gansdk.errors import ExportError
from gansdk.export import export
from gansdk.models.locate import GENERATOR_FILES
from gansdk.selection import Selection
from gansdk.spec import GeneratorSpec, ImageInput, Latent, Output

from ..zoo import spade
from ..zoo.later_members import LATER
from ..zoo.member import Member

BATCHES = (1, 3, 7)
SEED = 5
TOLERANCE = 3e-5
"""Of the value range."""


@pytest.fixture(autouse=True)
def _one_thread(one_torch_thread: None) -> None:
    """Eager PyTorch and the exports see one thread, so that a busy machine changes nothing."""


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(member, id=member.name, marks=[pytest.mark.slow] if member.slow else [])
        for member in LATER
    ],
)
def test_every_file_samples_what_pytorch_gives(member: Member, tmp_path: Path) -> None:
    module = member.build()
    export(module, tmp_path / "model", spec=member.spec, call=member.call)
    for name in member.formats:
        sampler = Sampler(tmp_path / "model" / GENERATOR_FILES[name], threads=1)  # type: ignore[index]
        spec = sampler.spec
        wanted = eager(member, module, spec)
        span = spec.output.span
        # Every image differs from the others, and within itself.
        assert wanted.reshape(len(wanted), -1).std(axis=1).min() > 0.01 * span
        assert abs(wanted[0] - wanted[1]).max() > 0.01 * span
        for batch in BATCHES:
            given = sampled(sampler, batch)
            assert given.shape == (batch, *wanted.shape[1:])
            assert np.abs(given - wanted[:batch]).max() <= TOLERANCE * span, (name, batch)


def test_noise_of_another_image_is_refused() -> None:
    """Two rows an image, but those of one image do not stand together."""

    class Interleaved(torch.nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            noise = torch.randn(z.shape[0] * 2, 4).view(2, z.shape[0], 4)
            return z + noise[0] * noise[1]

    spec = GeneratorSpec(latent=Latent(4), output=Output(kind="array"))
    with pytest.raises(ExportError, match="depends on the batch that it is in"):
        export(Interleaved(), "never", spec=spec)


def test_a_label_map_of_no_class_is_refused_with_the_mend() -> None:
    spec = GeneratorSpec(image=ImageInput(1, size=(64, 64), value_range=(0, 255)))
    with pytest.raises(ExportError, match=r"out of bounds.*any of 256 levels.* in call=") as caught:
        export(spade.Pix2PixModel(), "never", spec=spec)
    assert "\n" not in str(caught.value)


def pictures(spec: GeneratorSpec) -> npt.NDArray[np.uint8]:
    assert spec.image is not None
    height, width = spec.image.size or (24, 32)
    shape = (max(BATCHES), height, width, spec.image.channels)
    # Of few levels, so that label maps hold classes.
    levels = np.random.default_rng(SEED).integers(0, 9, shape, np.uint8)
    return levels if spec.image.channels == 1 else levels * 31


def sampled(sampler: Sampler, count: int) -> npt.NDArray[np.float32]:
    if sampler.spec.image is None:
        return sampler.sample(count, seed=SEED, output="float")
    given = pictures(sampler.spec)[:count]
    return np.asarray(sampler.translate(given, seed=SEED, output="float"))


def eager(member: Member, module: torch.nn.Module, spec: GeneratorSpec) -> npt.NDArray[np.float32]:
    """Return what PyTorch gives for the same latents, labels, noise and pictures."""
    count = max(BATCHES)
    labels: Any = "prior" if spec.label is not None else None
    arrays = Selection.of_range(spec, count, SEED, 0, labels).inputs(0, count, None)
    inputs: dict[str, Any] = {name: torch.from_numpy(value) for name, value in arrays.items()}
    if spec.image is not None:
        low, high = spec.image.value_range
        levels = torch.from_numpy(pictures(spec)).permute(0, 3, 1, 2).float()
        inputs[spec.image.input] = levels if high == 255 else levels / 255 * (high - low) + low
    given = [inputs[part.input] for part in (spec.image, spec.latent, spec.label) if part]
    call = member.call or (lambda module, *given: module(*given))
    with torch.no_grad(), drawn([inputs[part.input] for part in spec.noise]):
        return call(module.eval(), *given).numpy()


@contextmanager
def drawn(noise: list[Tensor]) -> Iterator[None]:
    """Within, what a module draws at random is `noise`, in the order of its calls."""
    left = iter(noise)

    def randn(*size: Any, **_: Any) -> Tensor:
        shape = size[0] if isinstance(size[0], list) else size
        # An image's own rows stand together where the module has them in the batch.
        return next(left).reshape(*shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "randn", randn)
        patch.setattr(Tensor, "normal_", lambda self: self.copy_(next(left)))
        yield
    assert next(left, None) is None
