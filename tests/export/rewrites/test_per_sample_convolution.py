from __future__ import annotations

import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from gansdk.errors import ExportError
from gansdk.export.rewrites.modulated_convolution import batch_free_modulated_convolutions
from gansdk.export.rewrites.per_sample_convolution import (
    batch_free_convolutions,
    no_batch_in_groups,
)

from .modulated import Several
from .programs import (
    assert_equal_for_any_size,
    assert_equal_in_every_batch,
    assert_equal_in_onnx,
    captured,
    captured_of_any_size,
)

WIDTH = 8


class Hypernetwork(nn.Module):
    """A kernel for each image out of a linear layer, and a bias where wanted."""

    def __init__(
        self,
        spatial: int,
        kernel: tuple[int, ...],
        *,
        transposed: bool = False,
        groups: int = 1,
        bias: bool = False,
        **options: object,
    ) -> None:
        super().__init__()
        self.transposed, self.groups, self.options = transposed, groups, options
        self.shape = (4 * groups, 6, *kernel) if transposed else (6 * groups, 4, *kernel)
        self.const = nn.Parameter(torch.randn(1, 4 * groups, *(7, 6, 5)[:spatial]))
        self.kernels = nn.Linear(WIDTH, torch.Size(self.shape).numel())
        self.bias = nn.Linear(WIDTH, 6 * groups) if bias else None
        name = f"conv_transpose{spatial}d" if transposed else f"conv{spatial}d"
        self.convolution = getattr(functional, name)

    def forward(self, z: Tensor) -> Tensor:
        batch = z.shape[0]
        x = self.const.expand(batch, *self.const.shape[1:])
        weight = self.kernels(z).reshape(batch * self.shape[0], *self.shape[1:])
        bias = self.bias(z).reshape(-1) if self.bias else None
        x = x.reshape(1, -1, *x.shape[2:])
        x = self.convolution(x, weight, bias, groups=batch * self.groups, **self.options)
        return x.reshape(batch, -1, *x.shape[2:])


class Mixture(nn.Module):
    """A mixture of kernels chosen by each image, then demodulated (GigaGAN)."""

    def __init__(self) -> None:
        super().__init__()
        self.const = nn.Parameter(torch.randn(1, 4, 5, 5))
        self.weight = nn.Parameter(torch.randn(2, 6, 4, 3, 3))
        self.choice = nn.Linear(WIDTH, 2)
        self.affine = nn.Linear(WIDTH, 4)

    def forward(self, z: Tensor) -> Tensor:
        batch = z.shape[0]
        choice = self.choice(z).softmax(dim=1)[:, :, None, None, None, None]
        weight = (self.weight * choice).sum(1) * self.affine(z)[:, None, :, None, None]
        weight = weight * (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        x = self.const.expand(batch, -1, -1, -1).reshape(1, -1, 5, 5)
        x = functional.conv2d(x, weight.flatten(0, 1), padding=1, groups=batch)
        return x.reshape(batch, -1, 5, 5)


class Blur(nn.Module):
    """A kernel for each image, the same for all its channels."""

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.kernels = nn.Linear(WIDTH, 9)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        b, c, h, w = x.shape
        kernel = self.kernels(z).softmax(1).view(b, 1, 3, 3).repeat(1, c, 1, 1)
        x, kernel = x.reshape(1, b * c, h, w), kernel.view(b * c, 1, 3, 3)
        x = functional.conv2d(x, kernel, padding=1, stride=self.stride, groups=b * c)
        return x.view(b, c, *x.shape[2:])


class Experts(nn.Module):
    """CondConv: kernels and biases mixed by a matrix product."""

    def __init__(self) -> None:
        super().__init__()
        self.const = nn.Parameter(torch.randn(1, 4, 5, 5))
        self.weight = nn.Parameter(torch.randn(3, 6 * 4 * 9))
        self.bias = nn.Parameter(torch.randn(3, 6))
        self.route = nn.Linear(WIDTH, 3)

    def forward(self, z: Tensor) -> Tensor:
        route = self.route(z).softmax(1)
        weight = torch.mm(route, self.weight).view(-1, 4, 3, 3)
        bias = torch.mm(route, self.bias).view(-1)
        x = self.const.repeat(z.shape[0], 1, 1, 1).view(1, -1, 5, 5)
        x = functional.conv2d(x, weight, bias, groups=z.shape[0])
        return x.view(z.shape[0], 6, x.size(-2), x.size(-1))


FORMS = {
    "2-d": lambda: Hypernetwork(2, (3, 3), padding=1),
    "bias, stride, dilation": lambda: Hypernetwork(2, (3, 2), bias=True, stride=2, dilation=(1, 2)),
    "2 groups, same": lambda: Hypernetwork(2, (4, 3), groups=2, padding="same"),
    "valid": lambda: Hypernetwork(2, (3, 3), padding="valid"),
    "1x1": lambda: Hypernetwork(2, (1, 1), bias=True),
    "up": lambda: Hypernetwork(
        2, (3, 3), transposed=True, bias=True, stride=2, padding=1, output_padding=(1, 0)
    ),
    "up, 2 groups": lambda: Hypernetwork(2, (2, 3), transposed=True, groups=2, dilation=2),
    "1-d": lambda: Hypernetwork(1, (3,), bias=True, padding=2, stride=2),
    "1-d same": lambda: Hypernetwork(1, (4,), padding="same"),
    "1-d up": lambda: Hypernetwork(1, (4,), transposed=True, stride=2, padding=1),
    "mixture": Mixture,
    "experts": Experts,
}
WRITTEN = ("2-d", "1x1", "up", "1-d", "1-d up", "mixture")


def generator(form: str) -> nn.Module:
    torch.manual_seed(0)
    return FORMS[form]()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_module_for_any_batch(form: str) -> None:
    module = generator(form)
    program = captured(module, WIDTH)
    assert batch_free_modulated_convolutions(program) == 0
    assert batch_free_convolutions(program) == 1
    no_batch_in_groups(program)
    assert_equal_in_every_batch(program, module, WIDTH)


def test_the_forms_are_the_module_in_onnx() -> None:
    module = Several([generator(form) for form in WRITTEN])
    program = captured(module, WIDTH)
    assert batch_free_convolutions(program) == len(WRITTEN)
    assert_equal_in_onnx(program, module, WIDTH)


@pytest.mark.parametrize("stride", [1, 2])
def test_pictures_of_any_size(stride: int) -> None:
    torch.manual_seed(0)
    module = Blur(stride).requires_grad_(False)
    program = captured_of_any_size(module, 4, WIDTH)
    assert batch_free_convolutions(program) == 1
    no_batch_in_groups(program)
    assert_equal_for_any_size(program, module, 4, WIDTH)


def test_3d_is_left_and_named() -> None:
    program = captured(Several([Hypernetwork(3, (1, 2, 2))]), WIDTH)
    assert batch_free_convolutions(program) == 0
    with pytest.raises(ExportError, match=r"^conv3d in each\.0 has groups=s\d+, which varies"):
        no_batch_in_groups(program)
