"""Rejection sampling; use it as `gansdk.latents.rejection_sample`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arguments import INDEX_LIMIT, integer
from ..errors import InvalidArgumentError, NonFiniteError, OutOfMemoryError
from .callables import Array, Vectorised, evaluate, require_finite
from .streams import ACCEPT_STREAM, LATENT_STREAM
from .words import philox

_CHUNK = 1 << 15  # indices at once: their words and values stay in the cache
_MAX_ELEMENTS = 2**34  # of a row: four for each of 2^32 blocks
# A ratio above 1 by less than the acceptance uniform resolves is rounding at a point where density
# and envelope touch, and changes no decision.
_ROUNDING = 2.0**-32


@dataclass(frozen=True)
class Envelope:
    """What rejection sampling draws from, and the promise density(x) <= constant * g(x).

    Parameters
    ----------
    quantile
        From uniforms inside (0, 1) to proposals: (n,) to (n,), or (n, dim) to (n, dim) where `dim`
        is given. For a proposal of independent elements it is the quantile function of each.
    density
        g, the proposals' probability density: (n,) or (n, dim) to (n,). It integrates to 1.
    constant
        The rejection constant M, above 0. A density that integrates to 1 is accepted at the rate
        1 / M, so M is at least 1 then, and best as small as it can be.
    dim
        None for numbers, or the length of vectors.

    Raises
    ------
    InvalidArgumentError
        `constant` is not finite and above 0, or `dim` is not 1 or more.
    """

    quantile: Vectorised
    density: Vectorised
    constant: float
    dim: int | None = None

    def __post_init__(self) -> None:
        constant = np.asarray(self.constant)
        if constant.dtype.kind not in "iuf" or constant.ndim or not 0 < constant < np.inf:
            raise InvalidArgumentError(
                f"constant must be finite and above 0; got {self.constant!r}"
            )
        if self.dim is not None:
            integer(self.dim, "dim", least=1, most=_MAX_ELEMENTS // 4)


@dataclass(frozen=True, eq=False)
class RejectionSample:
    """Accepted samples, and what they cost.

    Attributes
    ----------
    samples
        float64 of shape (count,), or (count, dim).
    attempts
        int64 of shape (count,): proposals drawn for each sample, the accepted one included.
    """

    samples: Array
    attempts: npt.NDArray[np.int64]

    @property
    def acceptance_rate(self) -> float:
        """Accepted over drawn; NaN where nothing was drawn."""
        total = int(self.attempts.sum())
        return len(self.attempts) / total if total else float("nan")


def rejection_sample(
    density: Vectorised,
    envelope: Envelope,
    count: int,
    *,
    seed: int,
    start: int = 0,
    max_attempts: int = 10_000,
) -> RejectionSample:
    """Draw from a density that can be evaluated, by accepting proposals under an envelope.

    A proposal x is accepted where u * constant * g(x) <= density(x), u uniform on (0, 1); else the
    next one is tried. Row `i` is index `start + i` of the seed, whatever the count.

    Parameters
    ----------
    density
        The target, (n,) or (n, dim) to (n,), each row on its own. It need not integrate to 1.
    envelope
        What to propose from.
    count
        Samples, 0 or more.
    seed, start
        0 ... 2^64 - 1; `start + count` is at most 2^64.
    max_attempts
        Proposals for one sample before it is an error.

    Returns
    -------
    RejectionSample

    Raises
    ------
    InvalidArgumentError
        The density is above the envelope or negative, the envelope's density is 0 at its own
        proposal, a sample is not accepted within `max_attempts`, a shape or an argument is wrong.
    NonFiniteError
        A function gives a NaN or an infinity.
    OutOfMemoryError
        The result cannot be allocated.

    Notes
    -----
    von Neumann 1951; Devroye, "Non-Uniform Random Variate Generation", 1986, section II.3. Attempt
    a of index i takes elements a * dim ... a * dim + dim - 1 of row i of stream 0 for the proposal
    and element a of stream 2 for the acceptance, each (word + 1/2) / 2^32. The envelope is checked
    only where proposals fall: no sample can show that it holds everywhere.

    Examples
    --------
    The normal distribution from Laplace's (M = sqrt(2 e / pi), 76 % accepted):

    >>> import numpy as np
    >>> from gansdk import latents
    >>> laplace = latents.Envelope(
    ...     quantile=lambda u: -np.sign(u - 0.5) * np.log1p(-2 * np.abs(u - 0.5)),
    ...     density=lambda x: np.exp(-np.abs(x)) / 2,
    ...     constant=np.sqrt(2 * np.e / np.pi),
    ... )
    >>> normal = lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    >>> drawn = latents.rejection_sample(normal, laplace, 100_000, seed=7)
    >>> round(float(drawn.samples.std()), 2), round(drawn.acceptance_rate, 2)
    (1.0, 0.76)
    """
    count = integer(count, "count", most=INDEX_LIMIT)
    seed, start = integer(seed, "seed"), integer(start, "start")
    if start + count > INDEX_LIMIT:
        raise InvalidArgumentError(f"start + count must be at most 2^64, got {start} + {count}")
    max_attempts = integer(
        max_attempts, "max_attempts", least=1, most=_MAX_ELEMENTS // (envelope.dim or 1)
    )
    shape = (count,) if envelope.dim is None else (count, envelope.dim)
    try:
        drawn = RejectionSample(np.empty(shape), np.empty(count, np.int64))
    except (MemoryError, ValueError):
        raise OutOfMemoryError(
            f"{count} samples of {envelope.dim or 1} float64 do not fit into memory: draw them in "
            "parts with start="
        ) from None
    for first in range(0, count, _CHUNK):
        rows = slice(first, min(first + _CHUNK, count))
        part = RejectionSample(drawn.samples[rows], drawn.attempts[rows])
        _fill(part, density, envelope, seed, start + first, max_attempts)
    return drawn


def _fill(
    part: RejectionSample,
    density: Vectorised,
    envelope: Envelope,
    seed: int,
    start: int,
    max_attempts: int,
) -> None:
    """Fill `part`, whose first row is index `start`: one round for each attempt still needed."""
    vector = part.samples.shape[1:]
    dim = envelope.dim or 1
    index = np.uint64(start) + np.arange(len(part.samples), dtype=np.uint64)
    left = np.arange(len(index))  # rows not yet accepted
    for attempt in range(max_attempts):
        block, word = divmod(attempt, 4)
        if word == 0:  # four attempts use up `dim` blocks of proposals and one of acceptances
            proposals = _words(seed, index[left], LATENT_STREAM, block * dim, dim)
            proposals = proposals.reshape(-1, 4, *vector)
            acceptances = _words(seed, index[left], ACCEPT_STREAM, block, 1)
            at = np.arange(len(left))  # where they stand in these four's words
        u = _uniform(proposals[at, word])
        x = evaluate(envelope.quantile, "envelope.quantile", u, u.shape)
        accepted = _uniform(acceptances[at, word]) <= _ratio(density, envelope, x)
        rows = left[accepted]
        part.samples[rows] = x[accepted]
        part.attempts[rows] = attempt + 1
        left, at = left[~accepted], at[~accepted]
        if not left.size:
            return
    tried = int(np.delete(part.attempts, left).sum()) + left.size * max_attempts
    rate = (len(index) - left.size) / tried
    raise InvalidArgumentError(
        f"index {start + int(left[0])} was not accepted in {max_attempts} attempts; the acceptance "
        f"rate so far is {rate:.3g}: take an envelope closer to the density, or raise max_attempts"
    )


def _ratio(density: Vectorised, envelope: Envelope, x: Array) -> Array:
    """density(x) / (constant * g(x)), each part checked."""
    n = (len(x),)
    require_finite(x, "envelope.quantile", "in row {} of the proposals")
    f = evaluate(density, "density", x, n)
    g = evaluate(envelope.density, "envelope.density", x, n)
    for values, name in ((f, "density"), (g, "envelope.density")):
        if not np.isfinite(values).all():
            first = int(np.argmin(np.isfinite(values)))
            raise NonFiniteError(
                f"{name} gave {values[first]} at x = {x[first]}: it must be finite", first=first
            )
    if (f < 0).any():
        first = int(np.argmax(f < 0))
        raise InvalidArgumentError(f"density must be 0 or more; it is {f[first]} at x = {x[first]}")
    if (g <= 0).any():
        first = int(np.argmax(g <= 0))
        raise InvalidArgumentError(
            f"envelope.density must be above 0 where envelope.quantile leads; it is {g[first]} at "
            f"x = {x[first]}: the two are not of one distribution"
        )
    ratio = f / (envelope.constant * g)
    worst = int(np.argmax(ratio)) if ratio.size else 0
    if ratio[worst] > 1 + _ROUNDING:
        raise InvalidArgumentError(
            f"density is above its envelope at x = {x[worst]}: {f[worst]:.6g} is {ratio[worst]:.9g}"
            f" times constant * g(x); the constant must be at least "
            f"{envelope.constant * ratio[worst]:.9g}"
        )
    return ratio


def _words(
    seed: int, index: npt.NDArray[np.uint64], stream: int, block: int, blocks: int
) -> npt.NDArray[np.uint32]:
    """Return the words of some blocks of scattered rows, (rows, 4 * blocks)."""
    counter = np.empty((len(index), blocks, 4), np.uint32)
    counter[..., 0] = np.arange(block, block + blocks)
    counter[..., 1] = stream
    counter[..., 2] = (index & np.uint64(0xFFFFFFFF))[:, None]
    counter[..., 3] = (index >> np.uint64(32))[:, None]
    return philox(counter, [seed & 0xFFFFFFFF, seed >> 32]).reshape(len(index), -1)


def _uniform(words: npt.NDArray[np.uint32]) -> Array:
    return (words.astype(np.float64) + 0.5) * 2.0**-32
