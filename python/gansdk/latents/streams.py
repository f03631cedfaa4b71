"""Streams: independent draws of the same (seed, index), by what they are for."""

from __future__ import annotations

from ..arguments import integer

CONTRACT = 1
"""Version of the rule that turns a seed and an index into a latent: docs/latents.md."""

LATENT_STREAM = 0
LABEL_STREAM = 1
ACCEPT_STREAM = 2
_FIRST_NOISE_STREAM = 16


def noise_stream(k: int) -> int:
    """Return the stream of a generator's k-th named noise input: 16 + k.

    Parameters
    ----------
    k
        0 ... 2^32 - 17, in the order of the inputs in the model's spec.

    Raises
    ------
    InvalidArgumentError
        `k` is out of range.

    Examples
    --------
    >>> from gansdk import latents
    >>> noise = latents.normal(4, 32 * 32, seed=7, stream=latents.noise_stream(0))
    """
    return _FIRST_NOISE_STREAM + integer(k, "k", most=2**32 - 1 - _FIRST_NOISE_STREAM)
