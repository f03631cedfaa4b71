"""Every architecture of the zoo, in every format, through `Sampler`: equal to eager PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from gansdk import Sampler
from gansdk.errors import ExportError
from gansdk.export import export
from gansdk.models.locate import GENERATOR_FILES
from gansdk.selection import Selection
from gansdk.spec import GeneratorSpec

from ..zoo.later_members import LATER
from ..zoo.member import Member
from ..zoo.members import MEMBERS, REFUSED

COUNT, SEED = 3, 5
TOLERANCE = 3e-5
"""Of the value range."""


@pytest.fixture(autouse=True)
def _one_thread(one_torch_thread: None) -> None:
    """Eager PyTorch and the exports see one thread, so that a busy machine changes nothing."""


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(member, id=member.name, marks=[pytest.mark.slow] if member.slow else [])
        for member in (*MEMBERS, *LATER)
    ],
)
def test_every_file_of_a_member_samples_what_pytorch_gives(member: Member, tmp_path: Path) -> None:
    module = member.build()
    export(
        module,
        tmp_path / "model",
        spec=member.spec,
        arguments=member.arguments,
        call=member.call,
        formats=member.formats,
        statistics=member.statistics,
        discriminator=member.discriminator() if member.discriminator else None,
    )
    for name in member.formats:
        sampler = Sampler(tmp_path / "model" / GENERATOR_FILES[name], threads=1)  # type: ignore[index]
        spec = sampler.spec
        wanted = eager(member, module, spec)
        assert np.isfinite(wanted).all()
        span = spec.output.span if spec.output.kind == "image" else float(np.ptp(wanted))
        # Every output differs from the others, and within itself.
        assert wanted.reshape(COUNT, -1).std(axis=1).min() > 0.01 * span
        assert abs(wanted[0] - wanted[1]).max() > 0.01 * span

        together = sampled(sampler, 0, COUNT)
        assert together.shape == wanted.shape
        assert np.abs(together - wanted).max() <= TOLERANCE * span, name
        alone = np.concatenate([sampled(sampler, i, 1) for i in range(COUNT)])
        assert np.abs(alone - wanted).max() <= TOLERANCE * span, name


@pytest.mark.parametrize("member", REFUSED, ids=lambda member: member.name)
def test_what_depends_on_the_batch_is_refused(member: Member, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="batch"):
        export(
            member.build(),
            tmp_path / "model",
            spec=member.spec,
            arguments=member.arguments,
            formats=["onnx"],
            discriminator=member.discriminator() if member.discriminator else None,
        )
    assert not (tmp_path / "model").exists()


def pictures(spec: GeneratorSpec) -> npt.NDArray[np.uint8]:
    assert spec.image is not None
    height, width = spec.image.size or (24, 32)
    shape = (COUNT, height, width, spec.image.channels)
    # Grey ones are label maps, of few levels, so that they hold classes.
    levels = 9 if spec.image.channels == 1 else 256
    return np.random.default_rng(SEED).integers(0, levels, shape, np.uint8)


def sampled(sampler: Sampler, start: int, count: int) -> npt.NDArray[np.float32]:
    """Return outputs start ... start + count - 1, in the network's own layout."""
    if sampler.spec.image is None:
        return sampler.sample(count, seed=SEED, start=start, output="float")
    given = pictures(sampler.spec)[start : start + count]
    return np.asarray(sampler.translate(given, seed=SEED, start=start, output="float"))


def eager(member: Member, module: nn.Module, spec: GeneratorSpec) -> npt.NDArray[np.float32]:
    """Return what PyTorch gives for the same latents, labels, noise and pictures."""
    labels: Any = "prior" if spec.label is not None else None
    arrays = Selection.of_range(spec, COUNT, SEED, 0, labels).inputs(0, COUNT, None)
    inputs: dict[str, Any] = {name: torch.from_numpy(value) for name, value in arrays.items()}
    if spec.image is not None:
        low, high = spec.image.value_range
        levels = torch.from_numpy(pictures(spec)).permute(0, 3, 1, 2).float()
        inputs[spec.image.input] = levels / 255 * (high - low) + low
    given = [inputs[part.input] for part in (spec.image, spec.latent, spec.label) if part]
    keywords = dict(member.arguments or {})
    if spec.truncation is not None and member.call is None:
        keywords["truncation_psi"] = spec.truncation.default
    elif spec.truncation is not None:
        given.append(spec.truncation.default)
    module = module.eval()
    if member.statistics == "instance":
        # One image at a time in training mode: its own statistics.
        module.train()
        given = [part.split(1) for part in given]
    else:
        given = [[part] for part in given]
    outputs = []
    with torch.no_grad(), drawn([inputs[part.input] for part in spec.noise]):
        for row in zip(*given, strict=True):
            output = member.call(module, *row) if member.call else module(*row, **keywords)
            outputs.append(output)
    return torch.cat(outputs).numpy()


@contextmanager
def drawn(noise: list[Tensor]) -> Iterator[None]:
    """Within, what a module draws at random is `noise`, in the order of its calls."""
    left = iter(noise)

    def randn(*size: Any, **_: Any) -> Tensor:
        shape = size[0] if isinstance(size[0], (list, tuple)) else size
        # An image's own rows stand together where the module has them in the batch.
        return next(left).reshape(*shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "randn", randn)
        patch.setattr(Tensor, "normal_", lambda self: self.copy_(next(left)))
        yield
    assert next(left, None) is None
