from __future__ import annotations

import copy
import io
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from gansdk.errors import InvalidArgumentError, TrainingError
from gansdk.train import ConvGenerator, ProjectionDiscriminator, Trainer, TrainerOptions

from ..toys import CLASSES, LATENT, SIZE, DropoutDiscriminator, pictures

pytestmark = pytest.mark.usefixtures("one_torch_thread")

OPTIONS = TrainerOptions(steps=6, batch_size=4, latent_size=LATENT, seed=3)


class BareImages(Dataset[Tensor]):
    def __init__(self, count: int) -> None:
        self.images = pictures(count, labelled=False).tensors[0]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


class NormGenerator(nn.Module):
    """Batch norm has buffers, one of them an integer; dropout draws random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(LATENT, 16)
        self.norm = nn.BatchNorm1d(16)
        self.dropout = nn.Dropout(0.3)
        self.last = nn.Linear(16, SIZE * SIZE)

    def forward(self, z: Tensor) -> Tensor:
        x = self.dropout(torch.relu(self.norm(self.first(z))))
        return torch.tanh(self.last(x)).unflatten(1, (1, SIZE, SIZE))


def trainer_of(kind: str, options: TrainerOptions = OPTIONS) -> Trainer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if kind == "conditional":
            generator: nn.Module = ConvGenerator(LATENT, CLASSES, channels=(4,))
            discriminator: nn.Module = ProjectionDiscriminator(
                SIZE, CLASSES, channels=(4, 4), features=4
            )
            # 10 images, 8 a step: the epoch ends in the middle of a step.
            return Trainer(generator, discriminator, pictures(10, labelled=True), options)
        return Trainer(NormGenerator(), DropoutDiscriminator(), BareImages(10), options)


def tensors_of(state: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(state, dict):
        for key, value in state.items():
            yield from tensors_of(value, f"{path}/{key}")
    elif isinstance(state, (list, tuple)):
        for key, value in enumerate(state):
            yield from tensors_of(value, f"{path}/{key}")
    else:
        yield path, state


def assert_same_state(a: Trainer, b: Trainer) -> None:
    left, right = dict(tensors_of(a.state_dict())), dict(tensors_of(b.state_dict()))
    assert left.keys() == right.keys()
    for name, value in left.items():
        same = (
            torch.equal(value, right[name]) if isinstance(value, Tensor) else value == right[name]
        )
        assert same, name


@pytest.mark.parametrize("kind", ["conditional", "unconditional"])
@pytest.mark.parametrize("first", [1, 3])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(kind: str, first: int) -> None:
    straight = trainer_of(kind)
    straight.fit()
    interrupted = trainer_of(kind)
    interrupted.fit(first)
    assert interrupted.step == first
    file = io.BytesIO()
    torch.save(interrupted.state_dict(), file)
    file.seek(0)
    resumed = trainer_of(kind)
    with torch.no_grad():
        for parameter in resumed.generator.parameters():
            parameter.zero_()
    torch.rand(17)  # torch's own generator stands elsewhere in another process
    resumed.load_state_dict(torch.load(file, weights_only=True))
    resumed.fit()
    assert straight.step == resumed.step == OPTIONS.steps
    assert_same_state(straight, resumed)


def test_training_leaves_torchs_generator_alone() -> None:
    trainer = trainer_of("unconditional")
    before = torch.get_rng_state()
    trainer.fit(2)
    assert torch.equal(torch.get_rng_state(), before)


def test_another_seed_trains_another_network() -> None:
    a, b = (
        trainer_of("conditional"),
        trainer_of("conditional", TrainerOptions(6, 4, LATENT, seed=4)),
    )
    a.fit(1)
    b.fit(1)
    assert not torch.equal(a.generator.first.weight, b.generator.first.weight)


def test_every_network_moves_and_the_average_lags_behind() -> None:
    trainer = trainer_of("conditional")
    before = copy.deepcopy(trainer.state_dict())
    trainer.fit(2)
    after = trainer.state_dict()
    for network in ("generator", "discriminator", "ema"):
        for name, value in after[network].items():
            assert not torch.equal(value, before[network][name]), f"{network}.{name}"
    assert not torch.equal(after["ema"]["first.weight"], after["generator"]["first.weight"])


def test_the_average_follows_its_definition() -> None:
    trainer = trainer_of("unconditional")
    average = copy.deepcopy(trainer.ema.state_dict())
    for step in range(3):
        trainer.fit(step + 1)
        decay = min(OPTIONS.ema_decay, (1 + step) / (10 + step))
        for name, value in trainer.generator.state_dict().items():
            if value.is_floating_point():
                average[name] = decay * average[name] + (1 - decay) * value
            else:
                average[name] = value.clone()
    for name, value in trainer.ema.state_dict().items():
        torch.testing.assert_close(value, average[name], rtol=1e-5, atol=1e-6)
    assert not trainer.ema.training
    assert not any(p.requires_grad for p in trainer.ema.parameters())


def test_a_shared_parameter_is_averaged_once() -> None:
    class Tied(NormGenerator):
        def __init__(self) -> None:
            super().__init__()
            self.again = self.first

    trainer = Trainer(Tied(), DropoutDiscriminator(), BareImages(8), OPTIONS)
    before = trainer.ema.first.weight.clone()
    trainer.fit(1)
    wanted = before.lerp(trainer.generator.first.weight.detach(), 1 - 1 / 10)
    torch.testing.assert_close(trainer.ema.first.weight, wanted)


def test_stop_ends_after_the_current_step() -> None:
    trainer = trainer_of("conditional")
    steps = []

    def on_step(result: Any) -> None:
        steps.append(result.step)
        if result.step == 2:
            trainer.stop()

    trainer.fit(on_step=on_step)
    assert steps == [1, 2]
    assert trainer.step == 2
    trainer.fit(on_step=on_step)  # goes on to the end
    assert steps == [1, 2, 3, 4, 5, 6]


def test_fit_stops_at_until_and_never_passes_the_last_step() -> None:
    trainer = trainer_of("conditional")
    trainer.fit(2)
    trainer.fit(1)
    assert trainer.step == 2
    trainer.fit(100)
    assert trainer.step == OPTIONS.steps


def test_a_loss_that_is_not_finite_is_an_error() -> None:
    class Broken(DropoutDiscriminator):
        def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
            return super().forward(image, label) * math.nan

    trainer = Trainer(NormGenerator(), Broken(), BareImages(8), OPTIONS)
    with pytest.raises(TrainingError, match="not finite at step 1: lower learning_rate"):
        trainer.fit()
    assert trainer.step == 0


def test_a_dataset_smaller_than_a_batch_is_refused() -> None:
    Trainer(NormGenerator(), DropoutDiscriminator(), BareImages(4), OPTIONS)
    with pytest.raises(InvalidArgumentError, match="has 3 items, fewer than batch_size=4"):
        Trainer(NormGenerator(), DropoutDiscriminator(), BareImages(3), OPTIONS)


def test_images_of_integers_are_refused() -> None:
    class Bytes(BareImages):
        def __getitem__(self, index: int) -> Tensor:
            return (self.images[index] * 255).to(torch.uint8)

    trainer = Trainer(NormGenerator(), DropoutDiscriminator(), Bytes(4), OPTIONS)
    with pytest.raises(InvalidArgumentError, match=r"must be floats .* got torch\.uint8"):
        trainer.fit(1)


def test_items_may_be_tuples_of_one_image() -> None:
    bare = trainer_of("unconditional")
    wrapped = trainer_of("unconditional")
    wrapped.dataset = pictures(10, labelled=False)
    bare.fit(1)
    wrapped.fit(1)
    assert_same_state(bare, wrapped)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("batch_size", 0),
        ("latent_size", 0),
        ("max_shift", -1),
        ("seed", -1),
        ("seed", 2**64),
        ("learning_rate", 0.0),
        ("learning_rate", math.nan),
        ("betas", (0.0, 1.0)),
        ("gamma", (0.5, 0.0)),
        ("ema_decay", 1.0),
    ],
)
def test_options_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{name} must be"):
        TrainerOptions(**{"steps": 1, name: value})


def test_each_step_changes_only_its_own_network() -> None:
    trainer = trainer_of("conditional")
    images, labels = next(trainer._real_batches())
    generator = copy.deepcopy(trainer.generator.state_dict())
    trainer._discriminator_step(images, labels)
    for name, value in trainer.generator.state_dict().items():
        assert torch.equal(value, generator[name]), name
    assert all(p.grad is None for p in trainer.generator.parameters())

    discriminator = copy.deepcopy(trainer.discriminator.state_dict())
    gradients = [p.grad.clone() for p in trainer.discriminator.parameters()]
    trainer._generator_step(images, labels)
    for name, value in trainer.discriminator.state_dict().items():
        assert torch.equal(value, discriminator[name]), name
    for parameter, gradient in zip(trainer.discriminator.parameters(), gradients, strict=True):
        assert torch.equal(parameter.grad, gradient)
        assert parameter.requires_grad
    changed = [
        not torch.equal(value, generator[name])
        for name, value in trainer.generator.state_dict().items()
    ]
    assert all(changed)


def test_parameters_that_the_caller_froze_stay_as_they_are() -> None:
    discriminator = DropoutDiscriminator()
    discriminator.hidden.requires_grad_(False)
    before = discriminator.hidden.weight.clone()
    trainer = Trainer(NormGenerator(), discriminator, BareImages(8), OPTIONS)
    trainer.fit(3)
    assert torch.equal(discriminator.hidden.weight, before)
    assert not discriminator.hidden.weight.requires_grad


def test_gradients_come_back_after_an_error_in_the_generators_step() -> None:
    class Failing(DropoutDiscriminator):
        def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
            if not self.logit.weight.requires_grad:
                raise ZeroDivisionError
            return super().forward(image, label)

    trainer = Trainer(NormGenerator(), Failing(), BareImages(8), OPTIONS)
    with pytest.raises(ZeroDivisionError):
        trainer.fit()
    assert all(p.requires_grad for p in trainer.discriminator.parameters())


def test_a_generator_left_in_eval_mode_trains_all_the_same() -> None:
    a, b = trainer_of("unconditional"), trainer_of("unconditional")
    b.generator.eval()
    b.discriminator.eval()
    a.fit(1)
    b.fit(1)
    assert_same_state(a, b)


def test_the_learning_rate_falls_along_a_half_cosine_to_a_hundredth() -> None:
    options = TrainerOptions(steps=100, batch_size=4, latent_size=LATENT, learning_rate=0.02)
    trainer = trainer_of("conditional", options)
    rates = {}
    for step in (0, 50, 99):
        trainer.step = step
        trainer._schedule()
        (rates[step],) = {g["lr"] for o in trainer._optimizers.values() for g in o.param_groups}
    assert rates[0] == pytest.approx(0.02)
    assert rates[50] == pytest.approx(0.02 * 0.505)
    last = 0.01 + 0.99 * (1 + math.cos(math.pi * 0.99)) / 2
    assert rates[99] == pytest.approx(0.02 * last)
    assert rates[99] == pytest.approx(0.0002, rel=0.03)


def test_gamma_falls_geometrically_from_the_first_number_to_the_second() -> None:
    options = TrainerOptions(steps=4, batch_size=4, latent_size=LATENT, gamma=(16.0, 1.0))
    trainer = trainer_of("conditional", options)
    found = []
    for step in range(5):
        trainer.step = step
        found.append(trainer._gamma())
    assert found == pytest.approx([16, 8, 4, 2, 1])


def test_the_penalty_is_gamma_over_two_times_the_sum_of_r1_and_r2() -> None:
    options = TrainerOptions(
        steps=1, batch_size=4, latent_size=LATENT, gamma=(0.5, 0.5), max_shift=0
    )

    class Linear(nn.Module):
        """Its input gradient is its weight everywhere, so R1 = R2 = |weight|^2."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.linspace(-1, 1, SIZE * SIZE))

        def forward(self, image: Tensor) -> Tensor:
            return image.flatten(1) @ self.weight

    discriminator = Linear()
    trainer = Trainer(NormGenerator(), discriminator, BareImages(4), options)
    images, _ = next(trainer._real_batches())
    captured: list[Tensor] = []
    trainer._optimizers["discriminator"].register_step_pre_hook(
        lambda *_: captured.append(discriminator.weight.grad.clone())
    )
    weight = discriminator.weight.detach().clone().requires_grad_(True)
    torch.manual_seed(1)
    trainer._discriminator_step(images, None)
    torch.manual_seed(1)  # the same dropout
    with torch.no_grad():
        fake = trainer._generate(None, 1 << 31)
    margin = (fake - images).flatten(1) @ weight
    total = nn.functional.softplus(margin).mean() + 0.5 / 2 * 2 * weight.square().sum()
    total.backward()
    torch.testing.assert_close(captured[0], weight.grad)
