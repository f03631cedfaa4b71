from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

# No example is timed: a noisy machine would fail a right answer.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def one_torch_thread() -> Iterator[None]:
    """Bits of a training depend on torch's thread count."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
