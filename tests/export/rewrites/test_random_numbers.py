"""Random operators inside forward become noise inputs; eager PyTorch takes the same noise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from itertools import product

import pytest
import torch
from torch import Tensor, fx, nn
from torch.export import Dim
from torch.nn import functional

from gansdk.errors import ExportError
from gansdk.export.capture import capture
from gansdk.export.graphs import placeholders
from gansdk.export.injected_noise import injected_noise, run_with_noise
from gansdk.export.rewrites.random_numbers import declare_noise, is_random, noise_axes
from gansdk.spec import Noise

from .captures import BATCHES, captured, run, run_onnx

SHAPE = (2, 3, 5)  # no two axes alike, and none a batch


class Layer(nn.Module):
    def __init__(self, work: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.work = work
        self.strength = nn.Parameter(torch.full((2, 1, 1), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        y = self.work(x)
        return y * self.strength if y.ndim == 4 else y


def draw(noises: Sequence[Noise], batch: int) -> list[Tensor]:
    """Return the noise inputs of a batch, on the grid that gansdk draws uniform numbers from."""
    values = []
    for noise in noises:
        shape = (batch, *noise.shape)
        normal = torch.randn(shape)
        uniform = torch.randint(0, 2**24, shape).float() * 2.0**-23 - 1
        values.append(normal if noise.law == "normal" else uniform)
    return values


def declared(work: Callable[[Tensor], Tensor]) -> tuple[nn.Module, fx.GraphModule, list[Noise]]:
    module = nn.Sequential(Layer(work)).eval().requires_grad_(False)
    program = captured(module, torch.randn(4, *SHAPE))
    noises = declare_noise(program, ("x0",))
    assert not [node for node in program.graph.nodes if is_random(node)]
    return module, program, list(noises)


def drawn_by_hand(x: Tensor) -> Tensor:
    z = torch.randn(x.shape[0], 1, 3, 5)
    return x + 0.1 * z + torch.rand(x.shape[0], 2, 1, 1)


WORKS: dict[str, tuple[Callable[[Tensor], Tensor], list[tuple[str, tuple[int, ...]]]]] = {
    "randn and rand": (drawn_by_hand, [("normal", (1, 3, 5)), ("uniform", (2, 1, 1))]),
    "randn_like": (lambda x: x + torch.randn_like(x), [("normal", SHAPE)]),
    "randn_like of a slice": (lambda x: x + torch.randn_like(x[:, :1]), [("normal", (1, 3, 5))]),
    "rand_like": (lambda x: x * torch.rand_like(x), [("uniform", SHAPE)]),
    "normal_ on new_empty": (
        lambda x: x + x.new_empty(x.shape[0], 1, 3, 5).normal_(),
        [("normal", (1, 3, 5))],
    ),
    "normal_ with mean and deviation": (
        lambda x: x + torch.zeros_like(x).normal_(0.5, 2.0),
        [("normal", SHAPE)],
    ),
    "uniform_": (lambda x: x + torch.empty_like(x).uniform_(-1, 3), [("uniform", SHAPE)]),
    "normal of tensor and float": (lambda x: torch.normal(x, 0.3), [("normal", SHAPE)]),
    "normal of float and tensor": (lambda x: torch.normal(0.0, x.abs()), [("normal", SHAPE)]),
    "normal of tensors": (lambda x: torch.normal(x, x.abs()), [("normal", SHAPE)]),
    "a distribution": (
        lambda x: x + torch.distributions.Normal(x.new_tensor(1.0), 0.5).sample(x.shape),
        [("normal", SHAPE)],
    ),
    "dropout": (lambda x: functional.dropout(x, 0.3, True), [("uniform", SHAPE)]),
    "dropout of all": (lambda x: functional.dropout(x, 1.0, True), []),
    "dropout of channels": (lambda x: functional.dropout2d(x, 0.3, True), [("uniform", (2, 1, 1))]),
    "alpha dropout": (lambda x: functional.alpha_dropout(x, 0.3, True), [("uniform", SHAPE)]),
    "bernoulli": (lambda x: torch.bernoulli(x.sigmoid()) + x, [("uniform", SHAPE)]),
    "bernoulli_": (lambda x: torch.empty_like(x).bernoulli_(0.4) + x, [("uniform", SHAPE)]),
    "rrelu": (lambda x: functional.rrelu(x, training=True), [("uniform", SHAPE)]),
    "gumbel softmax": (lambda x: functional.gumbel_softmax(x, dim=1), [("uniform", SHAPE)]),
    "one number an image": (
        lambda x: x * torch.rand(x.shape[0])[:, None, None, None],
        [("uniform", (1,))],
    ),
    "the batch behind": (
        lambda x: x + torch.randn(3, x.shape[0], 5).transpose(0, 1)[:, None],
        [("normal", (3, 5))],
    ),
    "rows of an image in the batch": (
        lambda x: x + torch.randn(x.shape[0] * 2, 3, 5).view(-1, 2, 3, 5),
        [("normal", SHAPE)],
    ),
    "one number a row": (
        lambda x: x + torch.randn(x.shape[0] * 2).view(-1, 2, 1, 1),
        [("normal", (2,))],
    ),
    "rows of an image in the batch behind": (
        lambda x: x + torch.randn(3, x.shape[0] * 2, 5).transpose(0, 1).reshape(-1, 2, 3, 5),
        [("normal", SHAPE)],
    ),
    "double": (
        lambda x: x + torch.randn(x.shape[0], 2, 3, 5, dtype=torch.float64).float(),
        [("normal", SHAPE)],
    ),
    "none": (lambda x: functional.dropout(x, 0.5, False), []),
    "dropout of none": (lambda x: functional.dropout(x, 0.0, True), []),
}


# PyTorch comes to the same operators by other ways in each.
MODES = (torch.no_grad, torch.inference_mode, contextlib.nullcontext)


@pytest.mark.parametrize("kind", WORKS)
def test_the_program_is_eager_pytorch_on_the_same_noise(kind: str) -> None:
    torch.manual_seed(0)
    work, expected = WORKS[kind]
    module, program, noises = declared(work)
    assert [(noise.law, noise.shape) for noise in noises] == expected
    names = [f"noise_{k}" for k in range(len(noises))]
    assert [noise.input for noise in noises] == names
    assert [node.target for node in placeholders(program)][1:] == names
    for batch, mode in product(BATCHES, MODES):
        x, values = torch.randn(batch, *SHAPE), draw(noises, batch)
        with mode(), injected_noise(values, axes=noise_axes(program)):
            eager = module(x)
        given = run(program, x, *values)
        torch.testing.assert_close(given, eager, rtol=0, atol=0)
        alone = run(program, x[-1:], *(value[-1:] for value in values))
        torch.testing.assert_close(alone, given[-1:], rtol=0, atol=0)


SHARED: dict[str, tuple[Callable[[Tensor], Tensor], tuple[int, ...]]] = {
    "first axis 1": (lambda x: x + torch.randn(1, 1, 3, 5) * 0.5, (1, 3, 5)),
    "height and width": (lambda x: x + torch.randn(3, 5), (3, 5)),
    "height and width, then axes": (lambda x: x + torch.randn(3, 5)[None, None], (3, 5)),
    "reshaped": (lambda x: x + torch.randn(1, 15).view(1, 1, 3, 5).sigmoid(), (15,)),
    "sliced": (lambda x: x + torch.randn(1, 4, 3, 5)[:, 1:3], (4, 3, 5)),
    "permuted": (lambda x: x + torch.randn(1, 3, 5, 2).permute(0, 3, 1, 2), (3, 5, 2)),
    "spread over the batch": (
        lambda x: x + torch.randn(1, 2, 1, 1).expand(x.shape[0], -1, 3, 5),
        (2, 1, 1),
    ),
    "repeated over the batch": (
        lambda x: x + torch.randn(1, 2, 1, 1).repeat(x.shape[0], 1, 3, 1),
        (2, 1, 1),
    ),
    "one number": (lambda x: x * torch.rand(()), (1,)),
}


@pytest.mark.parametrize("kind", SHARED)
def test_noise_that_the_batch_shares_becomes_each_images_own(kind: str) -> None:
    torch.manual_seed(0)
    work, shape = SHARED[kind]
    module, program, noises = declared(work)
    assert [noise.shape for noise in noises] == [shape]
    assert noise_axes(program) == (None,)
    for batch in BATCHES:
        x, values = torch.randn(batch, *SHAPE), draw(noises, batch)
        eager = run_with_noise(module, [x], values, noise_axes(program))
        torch.testing.assert_close(run(program, x, *values), eager, rtol=1e-6, atol=1e-6)
    if batch > 1:
        with (
            pytest.raises(ExportError, match="once for the whole batch"),
            injected_noise(values, axes=noise_axes(program)),
        ):
            module(x)


def test_two_shared_draws_that_meet_each_other_first() -> None:
    module, program, noises = declared(
        lambda x: x + (torch.randn(1, 1, 3, 5) * torch.rand(5)).tanh()
    )
    x, values = torch.randn(3, *SHAPE), draw(noises, 3)
    eager = run_with_noise(module, [x], values, noise_axes(program))
    torch.testing.assert_close(run(program, x, *values), eager, rtol=0, atol=0)


REFUSED: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "randint": (lambda x: x + torch.randint(0, 3, x.shape), "aten.randint"),
    "randperm": (lambda x: x[:, torch.randperm(2)], "aten.randperm"),
    "multinomial": (lambda x: x[:, torch.multinomial(torch.ones(2), 2)], "aten.multinomial"),
    "cauchy": (lambda x: x + torch.empty_like(x).cauchy_(), "aten.cauchy"),
    "poisson": (lambda x: torch.poisson(x.abs()), "aten.poisson"),
    "two axes of the batch": (
        lambda x: x + torch.randn(x.shape[0], x.shape[0], 3, 5).mean(1, keepdim=True),
        "not known beforehand",
    ),
    "more than the batch": (
        lambda x: x + torch.randn(x.shape[0] + 1, 1, 3, 5)[1:],
        "not known beforehand",
    ),
    "statistics of shared noise": (
        lambda x: x + torch.randn(1, 1, 3, 5).softmax(-1),
        "aten.softmax.*for each image",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_an_input_is_refused_by_name(kind: str) -> None:
    work, words = REFUSED[kind]
    with pytest.raises(ExportError, match=words) as caught:
        declared(work)
    assert "layer '0'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_noise_of_a_picture_of_any_size_is_refused() -> None:
    module = nn.Sequential(Layer(lambda x: x + torch.randn_like(x)))
    free = {"x": {0: Dim("batch", min=1), 2: Dim("height", min=2)}}
    inputs = {"x": torch.randn(4, *SHAPE)}
    program = capture(module, lambda m, x: m(x), inputs, free)
    with pytest.raises(ExportError, match="layer '0' draws .* not known beforehand"):
        declare_noise(program, ("x",))


def test_names_in_use_are_left_alone() -> None:
    module = Layer(lambda x: x + torch.randn_like(x))
    program = captured(module.eval(), torch.randn(4, *SHAPE))
    (noise,) = declare_noise(program, ("x0", "noise_0"))
    assert noise.input == "noise_0_"


def test_what_is_drawn_and_not_used_is_no_input() -> None:
    def work(x: Tensor) -> Tensor:
        torch.randn_like(x)
        return x + torch.rand_like(x)

    module, _, noises = declared(work)
    assert [noise.law for noise in noises] == ["uniform"]
    with (
        pytest.raises(ExportError, match="draws more random tensors than the 1"),
        injected_noise(draw(noises, 3)),
    ):
        module(torch.randn(3, *SHAPE))


def test_noise_that_does_not_fit_is_refused() -> None:
    module = Layer(lambda x: x + torch.randn_like(x))
    x = torch.randn(3, *SHAPE)
    words = r"draws 1 random tensors where"
    with pytest.raises(ExportError, match=words), injected_noise([torch.randn(3, *SHAPE)] * 2):
        module(x)
    words = r"shape \(3, 2, 3, 5\) where .* \(3, 1, 3, 5\)"
    with pytest.raises(ExportError, match=words), injected_noise([torch.randn(3, 1, 3, 5)]):
        module(x)
    with pytest.raises(ExportError, match=r"aten\.randint"), injected_noise([]):
        torch.randint(0, 2, (3,))


def test_pytorchs_own_generator_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    with injected_noise([torch.randn(3, 2)]):
        torch.randn(3, 2)
    torch.manual_seed(0)
    torch.randn(3, 2)
    assert not torch.equal(torch.get_rng_state(), state)
    before = torch.get_rng_state()
    with injected_noise([torch.zeros(3, 2)]):
        assert torch.equal(torch.randn(3, 2), torch.zeros(3, 2))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_program_with_noise_exports_with_a_free_batch() -> None:
    torch.manual_seed(0)

    def work(x: Tensor) -> Tensor:
        x = functional.dropout(drawn_by_hand(x), 0.4, True)
        return functional.gumbel_softmax(x, dim=1) + torch.randn(1, 1, 3, 5)

    module, program, noises = declared(work)
    inputs = [[torch.randn(b, *SHAPE), *draw(noises, b)] for b in (4, *BATCHES)]
    for (x, *values), y in zip(inputs, run_onnx(program, *inputs), strict=True):
        eager = run_with_noise(module, [x], values, noise_axes(program))
        torch.testing.assert_close(y, eager, rtol=1e-5, atol=1e-5)
