from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from gansdk.errors import InvalidArgumentError
from gansdk.train.networks import StyleGenerator
from gansdk.train.networks.style import _ModulatedConvolution


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("demodulate", [False, True])
def test_the_convolution_is_that_with_each_images_own_weights(demodulate: bool) -> None:
    convolution = _ModulatedConvolution(5, 4, 3, 6, demodulate=demodulate)
    x, w = torch.randn(3, 5, 8, 8), torch.randn(3, 6)
    style = convolution.style(w)
    wanted = []
    for i in range(3):
        weight = convolution.weight * convolution.scale * style[i, None, :, None, None]
        if demodulate:
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        wanted.append(F.conv2d(x[i : i + 1], weight, padding=1))
    torch.testing.assert_close(convolution(x, w), torch.cat(wanted), rtol=1e-5, atol=1e-5)


def test_psi_draws_styles_towards_their_mean() -> None:
    generator = StyleGenerator(8, 8, style_size=8, channels=4)
    generator.set_mean_style(torch.randn(500, 8))
    z = torch.randn(3, 8)
    w = generator.styles(z)
    torch.testing.assert_close(generator.mean_style, w.mean(0), rtol=0, atol=1.0)
    assert generator.mean_style.any()
    torch.testing.assert_close(generator(z, psi=1.0), generator.synthesise(w))
    halfway = generator.synthesise((w + generator.mean_style) / 2)
    torch.testing.assert_close(generator(z, psi=0.5), halfway)
    torch.testing.assert_close(generator(z, psi=torch.full((3,), 0.5)), halfway)
    mean = generator.synthesise(generator.mean_style[None])
    torch.testing.assert_close(generator(z, psi=torch.zeros(3)), mean.expand(3, -1, -1, -1))


def test_each_image_may_have_its_own_psi() -> None:
    generator = StyleGenerator(8, 8, style_size=8, channels=4)
    z = torch.randn(2, 8)
    images = generator(z, psi=torch.tensor([0.3, 0.9]))
    torch.testing.assert_close(images[:1], generator(z[:1], psi=0.3))
    torch.testing.assert_close(images[1:], generator(z[1:], psi=0.9))


def test_noise_is_a_fixed_pattern_at_a_learned_strength() -> None:
    generator = StyleGenerator(8, 8, style_size=8, channels=4)
    z = torch.randn(2, 8)
    without = generator(z)
    assert generator.first.strength is not None
    with torch.no_grad():
        generator.first.strength.fill_(1.0)
    assert not torch.equal(generator(z), without)
    assert torch.equal(generator(z), generator(z))
    plain = StyleGenerator(8, 8, style_size=8, channels=4, noise="none")
    assert not [name for name in plain.state_dict() if "pattern" in name or "strength" in name]


def test_images_start_near_the_value_range() -> None:
    generator = StyleGenerator(32, 32, style_size=32, channels=16)
    assert 0.2 < generator(torch.randn(16, 32)).std() < 2.5


def test_noise_of_no_kind_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="noise must be one of 'const', 'none'"):
        StyleGenerator(8, 8, noise="random")  # type: ignore[arg-type]
