from __future__ import annotations

import math

import torch

from gansdk.train.objectives import (
    gradient_penalty,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
)


def test_the_losses_are_softplus_of_the_margin_between_pairs() -> None:
    real, fake = torch.tensor([0.0, 2.0]), torch.tensor([0.0, 5.0])
    wanted = (math.log(2) + math.log1p(math.exp(3))) / 2
    torch.testing.assert_close(relativistic_discriminator_loss(real, fake), torch.tensor(wanted))
    wanted = (math.log(2) + math.log1p(math.exp(-3))) / 2
    torch.testing.assert_close(relativistic_generator_loss(real, fake), torch.tensor(wanted))


def test_the_penalty_of_a_quadratic_is_that_by_hand() -> None:
    # D(x) = sum(a x^2): dD/dx = 2 a x, the penalty is the mean of sum(4 a^2 x^2).
    a = torch.tensor([[[1.0, 2.0], [3.0, 0.5]]], requires_grad=True)
    x = torch.tensor([[[[1.0, 0.0], [2.0, 4.0]]], [[[0.0, 1.0], [0.0, 0.0]]]], requires_grad=True)
    penalty = gradient_penalty((a * x.square()).flatten(1).sum(1), x)
    first = 4 * (1 * 1 + 0 + 9 * 4 + 0.25 * 16)
    second = 4 * (4 * 1)
    torch.testing.assert_close(penalty, torch.tensor((first + second) / 2))
    # And by a, for the discriminator's update: d/da of mean(sum(4 a^2 x^2)) = mean(8 a x^2).
    penalty.backward()
    torch.testing.assert_close(a.grad, (8 * a * x.square()).mean(0).detach())
