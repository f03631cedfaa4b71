from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gansdk.errors import ExportError
from gansdk.export.graphs import layer_of
from gansdk.export.rewrites.modulated_convolution import batch_free_modulated_convolutions
from gansdk.export.rewrites.per_sample_convolution import no_batch_in_groups

from .modulated import (
    IN,
    WIDTH,
    Audio,
    Depthwise,
    Einsum,
    Frames,
    Generator,
    Lucidrains,
    Normalised,
    NVlabs,
    Rosinality,
    Several,
    StyleGAN3,
    Unfused,
    Volume,
)
from .programs import (
    assert_equal_for_any_size,
    assert_equal_in_every_batch,
    assert_equal_in_onnx,
    captured,
    captured_of_any_size,
    per_image,
)

# Each with the number of convolutions that have the batch in their groups.
FORMS = {
    "NVlabs": (NVlabs, {}, 1),
    "NVlabs up": (NVlabs, {"up": True}, 2),
    "NVlabs to RGB": (NVlabs, {"kernel": 1, "demodulate": False, "out": 3}, 1),
    "NVlabs float16 form": (NVlabs, {"prenormalised": True}, 1),
    "rosinality": (Rosinality, {}, 1),
    "rosinality up": (Rosinality, {"up": True}, 1),
    "rosinality down": (Rosinality, {"down": True}, 1),
    "rosinality to RGB": (Rosinality, {"kernel": 1, "demodulate": False, "out": 3}, 1),
    "StyleGAN3": (StyleGAN3, {}, 1),
    "StyleGAN3 1x1": (StyleGAN3, {"kernel": 1}, 1),
    "StyleGAN3 to RGB": (StyleGAN3, {"kernel": 1, "demodulate": False, "out": 3}, 1),
    "lucidrains": (Lucidrains, {}, 1),
    "F.normalize, bias, 2 groups": (Normalised, {}, 1),
    "einsum, norm, convolution": (Einsum, {}, 1),
    "frames": (Frames, {}, 1),
    "depthwise": (Depthwise, {}, 1),
    "unfused": (Unfused, {}, 0),
    "1-d": (Audio, {}, 1),
    "1-d up": (Audio, {"up": True}, 1),
    "3-d": (Volume, {}, 1),
}
WRITTEN = ("NVlabs up", "rosinality", "rosinality up", "StyleGAN3", "lucidrains", "1-d up")


def generator(form: str) -> tuple[nn.Module, int]:
    torch.manual_seed(0)
    layer, options, count = FORMS[form]
    return Generator(layer(**options)), count


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_module_and_has_no_weight_per_image(form: str) -> None:
    module, count = generator(form)
    program = captured(module, WIDTH)
    numel = module.get_parameter("layer.weight").numel()
    if form.startswith("1-d"):
        numel //= 3
    elif form.startswith("F.normalize"):
        numel //= 2
    elif form == "frames":
        numel *= 2
    elif form == "depthwise":
        numel = IN * 3 * 3
    assert per_image(program, numel)
    assert batch_free_modulated_convolutions(program) == count
    assert not per_image(program, numel)
    no_batch_in_groups(program)
    assert_equal_in_every_batch(program, module, WIDTH)


def test_the_forms_are_the_module_in_onnx() -> None:
    module = Several([generator(form)[0] for form in WRITTEN])
    program = captured(module, WIDTH)
    batch_free_modulated_convolutions(program)
    assert_equal_in_onnx(program, module, WIDTH)


def test_an_image_of_stylegan3_does_not_depend_on_its_neighbours() -> None:
    module, _ = generator("StyleGAN3")
    program = captured(module, WIDTH)
    batch_free_modulated_convolutions(program)
    for node in program.graph.nodes:
        assert node.target is not torch.ops.aten.mean.default
    z = torch.randn(2, WIDTH)
    z[1] = 1e4
    far = program(z)[0]
    z[1] = 1e-4
    torch.testing.assert_close(program(z)[0], far, rtol=0, atol=0)


class _Uncancelled(StyleGAN3):
    """The mean over the batch is used beside the demodulated weight."""

    def forward(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return super().forward(x, z) * self.affine(z).square().mean().rsqrt()


def test_a_mean_over_the_batch_that_nothing_cancels_stays() -> None:
    module = Generator(_Uncancelled())
    program = captured(module, WIDTH)
    batch_free_modulated_convolutions(program)
    targets = [node.target for node in program.graph.nodes]
    assert targets.count(torch.ops.aten.mean.default) == 1
    z = torch.randn(3, WIDTH)
    torch.testing.assert_close(program(z), module(z))


def test_new_nodes_keep_the_layer() -> None:
    module, _ = generator("rosinality")
    program = captured(module, WIDTH)
    batch_free_modulated_convolutions(program)
    convolutions = [n for n in program.graph.nodes if n.target is torch.ops.aten.conv2d.default]
    assert [layer_of(node) for node in convolutions] == ["layer"]
    assert all("val" in node.meta for node in program.graph.nodes if node.op != "output")


def test_pictures_of_any_size() -> None:
    torch.manual_seed(0)
    module = Rosinality().eval().requires_grad_(False)
    program = captured_of_any_size(module, IN, WIDTH)
    assert batch_free_modulated_convolutions(program) == 1
    assert_equal_for_any_size(program, module, IN, WIDTH)


class _PerTap(Rosinality):
    """A style for each tap of the kernel: no product of channels."""

    def forward(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        taps = self.affine(z)[:, :3].reshape(-1, 1, 1, 3, 1)
        w = (self.weight * taps).flatten(0, 1)
        x = x.flatten(0, 1).unsqueeze(0)
        x = torch.nn.functional.conv2d(x, w, groups=z.shape[0])
        return x.unflatten(1, (z.shape[0], -1))[0]


def test_what_is_no_such_product_is_left_and_named() -> None:
    program = captured(Generator(_PerTap()), WIDTH)
    assert batch_free_modulated_convolutions(program) == 0
    with pytest.raises(ExportError, match=r"^conv2d in layer has groups=s\d+, .*\(torch\.bmm"):
        no_batch_in_groups(program)


@settings(max_examples=4)
@given(
    layer=st.sampled_from([NVlabs, Rosinality, Lucidrains, StyleGAN3]),
    kernel=st.sampled_from([1, 3, 5]),
    out=st.integers(1, 4),
    demodulate=st.booleans(),
    size=st.integers(5, 7),
)
def test_any_shape(
    layer: type[nn.Module], kernel: int, out: int, demodulate: bool, size: int
) -> None:
    torch.manual_seed(0)
    module = Generator(layer(kernel=kernel, out=out, demodulate=demodulate), size)
    program = captured(module, WIDTH)
    assert batch_free_modulated_convolutions(program) == 1
    assert_equal_in_every_batch(program, module, WIDTH)
