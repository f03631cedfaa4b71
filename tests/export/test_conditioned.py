"""Export of generators that start from pictures, are truncated, or draw noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gansdk import ImageInput, Latent, Output, Sampler, Truncation, latents
from gansdk.errors import ExportError, InvalidArgumentError, SpecError
from gansdk.export import export
from gansdk.spec import GeneratorSpec, Noise

FILES = ["generator.onnx", "generator.ts", "generator.pt2"]


class Translator(nn.Module):
    """Pictures of any size that is a multiple of 2, as CycleGAN's but small."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(
            self.up(torch.relu(self.down(functional.pad(x, (2, 2, 2, 2), "reflect"))))
        )[:, :, 2:-2, 2:-2]


class Enlarger(nn.Module):
    """Twice as large."""

    def __init__(self) -> None:
        super().__init__()
        self.only = nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(self.only(x), 2).sigmoid()


class Truncated(nn.Module):
    """A mapping, truncated towards its mean, and noise of its own."""

    def __init__(self, noise: bool = False) -> None:
        super().__init__()
        self.noise = noise
        self.mapping = nn.Linear(4, 6)
        self.synthesis = nn.Linear(6, 3 * 16)
        self.register_buffer("w_avg", torch.randn(6))

    def forward(self, z: Tensor, truncation_psi: float = 1) -> Tensor:
        w = self.mapping(z)
        if truncation_psi != 1:
            w = self.w_avg.lerp(w, truncation_psi)  # type: ignore[operator]
        x = self.synthesis(w).reshape(z.shape[0], 3, 4, 4)
        if self.noise:
            x = x + 0.3 * torch.randn(z.shape[0], 1, 4, 4) + 0.1 * torch.rand_like(x)
        return torch.tanh(x)


def pictures(count: int, height: int, width: int) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    torch.manual_seed(0)
    module, folder = Translator().eval(), tmp_path_factory.mktemp("models") / "translator"
    export(module, folder, spec=GeneratorSpec(image=ImageInput(3, multiple=2)))
    return module, folder


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("count", "height", "width"), [(1, 32, 48), (3, 64, 64), (2, 110, 38)])
def test_pictures_of_any_size_give_what_pytorch_gives(
    translator: tuple[nn.Module, Path], file: str, count: int, height: int, width: int
) -> None:
    module, folder = translator
    given = pictures(count, height, width)
    found = Sampler(folder / file, threads=1).translate(given, output="float")
    floats = torch.from_numpy(given).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        wanted = module(floats).numpy()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_the_scale_of_an_enlarging_network_is_found(tmp_path: Path) -> None:
    spec = GeneratorSpec(image=ImageInput(3, value_range=(0, 1)), output=Output(value_range=(0, 1)))
    report = export(Enlarger(), tmp_path / "model", spec=spec, formats=["onnx"])
    assert report.differences[0].compared[3:] == ("extreme pictures", "another size")
    sampler = Sampler(tmp_path / "model", threads=1)
    assert sampler.spec.image is not None
    assert sampler.spec.image.scale == 2
    assert sampler.spec.output.shape == (3, None, None)
    assert sampler.translate(pictures(1, 21, 33)).shape == (1, 42, 66, 3)
    with pytest.raises(InvalidArgumentError, match=r"starts from pictures: use translate"):
        sampler.sample(1)


def test_a_picture_and_a_latent(tmp_path: Path) -> None:
    class Both(nn.Module):
        def forward(self, x: Tensor, z: Tensor) -> Tensor:
            return torch.tanh(x + z[:, :3, None, None])

    spec = GeneratorSpec(image=ImageInput(3, size=(8, 8)), latent=Latent(3))
    export(Both(), tmp_path / "model", spec=spec)
    given = pictures(2, 8, 8)
    z = latents.normal(2, 3, seed=5, start=7)
    wanted = np.tanh(given.transpose(0, 3, 1, 2) / np.float32(127.5) - 1 + z[..., None, None])
    for file in FILES:
        sampler = Sampler(tmp_path / "model" / file, threads=1)
        found = sampler.translate(given, seed=5, start=7, output="float")
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_a_size_that_the_network_fixes_is_told(tmp_path: Path) -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.only = nn.Linear(64 * 64, 64 * 64)

        def forward(self, x: Tensor) -> Tensor:
            return self.only(x.flatten(2)).reshape(-1, 3, 64, 64)

    with pytest.raises(ExportError, match=r"fails on the inputs .*45, 75\)"):
        export(Fixed(), tmp_path / "model", spec=GeneratorSpec(image=ImageInput(3)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", FILES)
def test_psi_is_an_input_though_the_module_takes_a_number(file: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Truncated().eval()
    spec = GeneratorSpec(latent=Latent(4), truncation=Truncation(default=0.6))
    name = {"onnx": "onnx", "ts": "torchscript", "pt2": "pt2"}[file.partition(".")[2]]
    export(module, tmp_path / "model", spec=spec, formats=[name])
    sampler = Sampler(tmp_path / "model" / file, threads=1)
    z = torch.from_numpy(latents.normal(5, 4, seed=1))
    for psi in (None, 0.0, 0.35, 1.0, -0.5, 1.5):
        found = sampler.sample(5, seed=1, truncation=psi, output="float")
        with torch.no_grad():
            wanted = module(z, truncation_psi=0.6 if psi is None else psi).numpy()
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_truncation_can_be_folded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Truncated().eval()
    spec = GeneratorSpec(latent=Latent(4))
    export(module, tmp_path / "model", spec=spec, arguments={"truncation_psi": 0.5})
    z = torch.from_numpy(latents.normal(2, 4, seed=1))
    with torch.no_grad():
        wanted = module(z, truncation_psi=0.5).numpy()
    for file in FILES:
        sampler = Sampler(tmp_path / "model" / file, threads=1)
        found = sampler.sample(2, seed=1, output="float")
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
        with pytest.raises(InvalidArgumentError, match="has no truncation input"):
            sampler.sample(2, truncation=0.5)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "noisy"
    spec = GeneratorSpec(latent=Latent(4), truncation=Truncation())
    export(Truncated(noise=True), folder, spec=spec)
    return folder


def test_what_a_module_draws_becomes_noise_inputs_on_streams_of_their_own(noisy: Path) -> None:
    sampler = Sampler(noisy, threads=1)
    names = [part.input for part in sampler.spec.noise]
    assert sampler.spec.noise == (
        Noise((1, 4, 4), "normal", names[0]),
        Noise((3, 4, 4), "uniform", names[1]),
    )
    assert sampler.spec.input_names == ("z", *names, "psi")


@pytest.mark.parametrize("file", FILES)
def test_noise_is_repeatable_by_index(noisy: Path, file: str) -> None:
    sampler = Sampler(noisy / file, threads=1)
    whole = sampler.sample(9, seed=3, batch_size=9)
    assert np.array_equal(whole, sampler.sample(9, seed=3, batch_size=2))
    assert np.array_equal(whole[4:6], sampler.sample(2, seed=3, start=4))
    assert np.array_equal(whole[7:8], sampler.sample(1, seed=3, start=7))
    # The latents alone do not make the image: without noise of its own it would be another.
    z = latents.normal(1, 4, seed=3, start=4)
    assert np.array_equal(whole[4:5], sampler.generate(z, seed=3, start=4))
    assert not np.array_equal(whole[4:5], sampler.generate(z, seed=3, start=5))


def test_frames_of_a_walk_keep_the_noise_of_their_first_seed(noisy: Path) -> None:
    sampler = Sampler(noisy, threads=1)
    frames = sampler.interpolate(3, 8, steps=5)
    assert np.array_equal(frames[0], sampler.sample(1, seed=3)[0])
    z = latents.normal(1, 4, seed=8)
    assert np.array_equal(frames[-1], sampler.generate(z, seed=3)[0])


def test_noise_in_the_spec_is_not_the_callers_to_give(tmp_path: Path) -> None:
    spec = GeneratorSpec(latent=Latent(4), noise=[Noise((1, 4, 4))])  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="leave noise out of the spec"):
        export(Truncated(noise=True), tmp_path / "model", spec=spec)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"call": 3}, InvalidArgumentError, "call must be a function; got int"),
        (
            {"call": lambda g, z: g(z), "arguments": {"truncation_psi": 1}},
            InvalidArgumentError,
            "give call or arguments, not both",
        ),
        ({"arguments": {"psy": 1}}, ExportError, "unexpected keyword argument 'psy'"),
        ({"statistics": "batch"}, InvalidArgumentError, "depend on"),
        ({"statistics": "none"}, InvalidArgumentError, "statistics must be one of 'running'"),
        ({"opset": 17}, InvalidArgumentError, r"opset must be 18 \.\.\. 23; got 17"),
    ],
)
def test_options_that_do_not_fit(
    options: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        export(Truncated(), tmp_path / "model", spec=GeneratorSpec(latent=Latent(4)), **options)
    assert list(tmp_path.iterdir()) == []


def test_truncation_needs_an_argument_that_is_it(tmp_path: Path) -> None:
    spec = GeneratorSpec(latent=Latent(4), truncation=Truncation())
    with pytest.raises(InvalidArgumentError, match="forward.. takes none of truncation_psi"):
        export(nn.Linear(4, 3), tmp_path / "model", spec=spec)

    class Strength(Truncated):
        def forward(self, z: Tensor, strength: float = 1) -> Tensor:
            return super().forward(z, strength)

    module = Strength().eval()
    call = lambda generator, z, psi: generator(z, strength=psi)  # noqa: E731 - as users write it
    export(module, tmp_path / "model", spec=spec, call=call, formats=["onnx"])
    found = Sampler(tmp_path / "model", threads=1).sample(1, truncation=0.3, output="float")
    with torch.no_grad():
        wanted = module(torch.from_numpy(latents.normal(1, 4, seed=0)), 0.3).numpy()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_the_opset_that_was_asked_for_is_the_one_written(tmp_path: Path) -> None:
    import onnx

    spec = GeneratorSpec(latent=Latent(4))
    for opset in (18, 21):
        export(Truncated(), tmp_path / str(opset), spec=spec, formats=["onnx"], opset=opset)
        model = onnx.load(tmp_path / str(opset) / "generator.onnx")
        assert {x.domain: x.version for x in model.opset_import}[""] == opset
        assert Sampler(tmp_path / str(opset)).spec.provenance["opset"] == opset


def test_names_of_inputs_and_output_differ() -> None:
    with pytest.raises(SpecError, match="names of inputs and output must differ; got image, image"):
        GeneratorSpec(image=ImageInput(3, input="image"))


class Pooled(nn.Module):
    """Four numbers a side, spread over the picture: windows differ where 4 does not divide it."""

    def forward(self, x: Tensor) -> Tensor:
        mean = functional.adaptive_avg_pool2d(x, 4)
        return functional.interpolate(mean, size=x.shape[2:])


@pytest.mark.parametrize("multiple", [1, 2])
def test_a_file_that_is_right_at_even_sizes_alone(multiple: int, tmp_path: Path) -> None:
    spec = GeneratorSpec(image=ImageInput(3, multiple=multiple))
    with pytest.raises(ExportError, match=r"at another size|at batch 2"):
        export(Pooled(), tmp_path / "model", spec=spec, formats=["onnx"])
    assert list(tmp_path.iterdir()) == []


def test_a_multiple_that_the_spec_does_not_say(tmp_path: Path) -> None:
    spec = GeneratorSpec(image=ImageInput(3))
    message = r"\[45, 75\] becomes one of \[46, 76\].*say image.multiple \(--image-multiple\)"
    with pytest.raises(ExportError, match=message):
        export(Translator(), tmp_path / "model", spec=spec, formats=["onnx"])
    assert list(tmp_path.iterdir()) == []
