from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from gansdk import latents
from gansdk.train import draws
from gansdk.train.draws import Draws, EndlessSampler


def test_latents_are_a_pure_function_of_seed_and_step() -> None:
    a, b = Draws(5, 3), Draws(5, 3)
    late = a.latents(10, 4, draws.GENERATOR_LATENTS)
    a.latents(2, 4, draws.GENERATOR_LATENTS)
    b.shifts(1, 6, 2, draws.GENERATOR_SHIFTS)
    assert torch.equal(b.latents(10, 4, draws.GENERATOR_LATENTS), late)
    assert not torch.equal(b.latents(11, 4, draws.GENERATOR_LATENTS), late)
    assert not torch.equal(Draws(6, 3).latents(10, 4, draws.GENERATOR_LATENTS), late)


def test_steps_take_consecutive_latents_so_that_none_is_used_twice() -> None:
    many = latents.normal(9, 4, seed=5, stream=draws.DISCRIMINATOR_LATENTS)
    steps = [Draws(5, 3).latents(step, 4, draws.DISCRIMINATOR_LATENTS) for step in range(3)]
    assert np.array_equal(torch.cat(steps).numpy(), many)


def test_the_streams_of_training_are_distinct_and_none_that_sampling_uses() -> None:
    streams = {
        draws.DISCRIMINATOR_LATENTS,
        draws.GENERATOR_LATENTS,
        draws.DISCRIMINATOR_SHIFTS,
        draws.GENERATOR_SHIFTS,
    }
    assert len(streams) == 4
    # Sampling: 0, 1, 2, and 16 + k for the k-th noise input; no network has a thousand million.
    assert all(1 << 31 <= stream < 1 << 32 for stream in streams)
    found = [latents.normal(2, 4, seed=5, stream=stream) for stream in (0, *sorted(streams))]
    assert len({x.tobytes() for x in found}) == 5


@pytest.mark.parametrize("most", [1, 3])
def test_shifts_are_uniform_whole_pixels_within_the_limit(most: int) -> None:
    shifts = Draws(1, 8).shifts(0, 20_000, most, draws.GENERATOR_SHIFTS)
    assert shifts.shape == (20_000, 2)
    assert shifts.dtype == torch.int64
    values, counts = np.unique(shifts.numpy(), return_counts=True)
    assert values.tolist() == list(range(-most, most + 1))
    wanted = 40_000 / (2 * most + 1)
    assert np.abs(counts - wanted).max() < 5 * wanted**0.5


def test_torch_is_seeded_within_a_step_and_untouched_outside() -> None:
    before = torch.get_rng_state()
    found = []
    for draw, step in ((Draws(5, 3), 1), (Draws(5, 3), 1), (Draws(5, 3), 2), (Draws(6, 3), 1)):
        with draw.torch_seeded(step):
            found.append(tuple(torch.rand(3).tolist()))
    assert found[0] == found[1]
    assert len(set(found)) == 3
    assert torch.equal(torch.get_rng_state(), before)


def test_every_epoch_visits_everything_once_in_another_order() -> None:
    order = list(islice(EndlessSampler(7, seed=2), 21))
    epochs = [order[i : i + 7] for i in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


@pytest.mark.parametrize("position", [0, 3, 7, 15])
def test_the_order_continues_exactly_from_any_position(position: int) -> None:
    whole = list(islice(EndlessSampler(7, seed=2), 30))
    rest = list(islice(EndlessSampler(7, seed=2, position=position), 30 - position))
    assert rest == whole[position:]


def test_seeds_that_share_their_low_words_give_other_orders() -> None:
    a, b = (list(islice(EndlessSampler(50, seed=s), 50)) for s in (1, 1 + 2**32))
    assert a != b
