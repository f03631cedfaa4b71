"""The Metropolis-Hastings algorithm; use it as `gansdk.latents.metropolis_hastings`.

Proposals are in `proposals.py`, the measures of convergence in `diagnostics.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..arguments import INDEX_LIMIT, integer
from ..errors import InvalidArgumentError, NonFiniteError, OutOfMemoryError
from .callables import Array, Vectorised, as_shape, evaluate, require_finite
from .diagnostics import effective_sample_size, r_hat
from .draws import normal, random
from .proposals import Proposal
from .streams import ACCEPT_STREAM, LATENT_STREAM

_NOISE_BYTES = 64 << 20  # of random numbers drawn at once, where one chain needs no more
_MAX_ELEMENTS = 2**34  # of a row


@dataclass(frozen=True, eq=False)
class MarkovChains:
    """What the chains gave.

    Attributes
    ----------
    samples
        float64 of shape (chains, draws, dim): the states that were kept.
    acceptance_rate
        float64 of shape (chains,): accepted proposals over all, after the warm-up.
    """

    samples: Array
    acceptance_rate: Array

    @cached_property
    def effective_sample_size(self) -> Array:
        """Of each element of the state, (dim,); see `gansdk.latents.effective_sample_size`."""
        return effective_sample_size(self.samples)

    @cached_property
    def r_hat(self) -> Array:
        """Of each element of the state, (dim,); see `gansdk.latents.r_hat`."""
        return r_hat(self.samples)


def metropolis_hastings(
    log_density: Vectorised,
    proposal: Proposal,
    initial: npt.ArrayLike,
    steps: int,
    *,
    seed: int,
    start: int = 0,
    warmup: int = 0,
    thin: int = 1,
) -> MarkovChains:
    """Run Markov chains whose stationary distribution is a density known up to a factor.

    A step proposes y from the state x and moves there with probability min(1, p(y) q(y, x) /
    (p(x) q(x, y))). Chain `i` is index `start + i` of the seed and row `i` of `initial`, whatever
    the number of chains; more steps leave the earlier ones as they are.

    Parameters
    ----------
    log_density
        log p up to a constant, (n, dim) to (n,), each row on its own; -inf outside the support.
    proposal
        `RandomWalkProposal`, `IndependenceProposal`, or a function of your own: `Proposal`.
    initial
        The first states, (chains, dim), where p is not 0. Starts that lie apart let `r_hat` notice
        chains that have not met: `latents.normal(chains, dim, seed=seed,
        stream=latents.noise_stream(0))` draws some from a stream that nothing else here reads.
    steps
        Steps after the warm-up.
    seed, start
        0 ... 2^64 - 1; `start + chains` is at most 2^64.
    warmup
        Steps before the first that counts. Nothing is tuned in them: they are dropped.
    thin
        Keep every `thin`-th state, `steps // thin` in all.

    Returns
    -------
    MarkovChains

    Raises
    ------
    InvalidArgumentError
        An argument is out of range, a function gives the wrong shape, or p is 0 at an initial
        state.
    NonFiniteError
        `initial` or a proposed state is not finite, or `log_density` gives a NaN or +inf.
    OutOfMemoryError
        The states kept, or the random numbers of one chain, cannot be allocated.

    Notes
    -----
    Metropolis et al. 1953; Hastings, Biometrika 57, 1970. Step t (from 0, the warm-up included)
    takes elements t * dim ... t * dim + dim - 1 of stream 0 for the proposal and element t of
    stream 2, (word + 1/2) / 2^32, for the acceptance. Memory: the states kept, and the random
    numbers of 64 MiB of chains at once or of one chain, (4 dim + 8) bytes a step; `log_density` is
    called with at most as many rows.

    Examples
    --------
    >>> from gansdk import latents
    >>> chains = latents.metropolis_hastings(
    ...     lambda x: -(x * x).sum(axis=1) / 2,
    ...     latents.RandomWalkProposal(scale=2.4),
    ...     initial=latents.normal(100, 1, seed=7, stream=latents.noise_stream(0)),
    ...     steps=1000, warmup=100, seed=7,
    ... )
    >>> chains.samples.shape, round(float(chains.samples.std()), 1)
    ((100, 1000, 1), 1.0)
    >>> bool(chains.r_hat[0] < 1.01), bool(chains.effective_sample_size[0] > 10_000)
    (True, True)
    """
    first = _initial(initial)
    chains, dim = first.shape
    seed, start = integer(seed, "seed"), integer(start, "start")
    if start + chains > INDEX_LIMIT:
        raise InvalidArgumentError(f"start + chains must be at most 2^64, got {start} + {chains}")
    thin = integer(thin, "thin", least=1)
    steps = integer(steps, "steps", least=thin, most=_MAX_ELEMENTS // dim)
    warmup = integer(warmup, "warmup", most=_MAX_ELEMENTS // dim - steps)
    try:
        run = MarkovChains(np.empty((chains, steps // thin, dim)), np.empty(chains))
    except (MemoryError, ValueError):
        raise OutOfMemoryError(
            f"{chains} chains of {steps // thin} states of {dim} float64 do not fit into memory: "
            "keep fewer with thin=, or run the chains in parts with start="
        ) from None
    group = max(1, _NOISE_BYTES // ((warmup + steps) * (4 * dim + 8)))
    for i in range(0, chains, group):
        rows = slice(i, i + group)
        part = MarkovChains(run.samples[rows], run.acceptance_rate[rows])
        _fill(part, log_density, proposal, first[rows], steps, seed, start + i, warmup, thin)
    return run


def accepts(log_ratio: Array, u: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return where a move is made: with probability min(1, exp(log_ratio)), `u` uniform."""
    return np.asarray(np.log(u) <= log_ratio)


def _fill(
    part: MarkovChains,
    log_density: Vectorised,
    proposal: Proposal,
    state: Array,
    steps: int,
    seed: int,
    start: int,
    warmup: int,
    thin: int,
) -> None:
    """Fill `part`, whose first chain is index `start`, one step of all its chains at a time."""
    chains, dim = state.shape
    total = warmup + steps
    draw = random if getattr(proposal, "noise", "normal") == "random" else normal
    try:
        noise = draw(chains, total * dim, seed=seed, start=start, stream=LATENT_STREAM)
        u = random(chains, total, seed=seed, start=start, stream=ACCEPT_STREAM)
    except OutOfMemoryError:
        raise OutOfMemoryError(
            f"the random numbers of {total} steps of {dim} elements do not fit into memory: run "
            "fewer, and go on from the last states with another seed"
        ) from None
    noise = noise.reshape(chains, total, dim)
    log_p = _log_density(log_density, state, start, 0)
    if np.isneginf(log_p).any():
        row = int(np.argmin(log_p))
        raise InvalidArgumentError(
            f"the density is 0 at the initial state {state[row]} of chain {start + row}: start "
            "inside its support"
        )
    accepted = np.zeros(chains, np.int64)
    for step in range(total):
        given = proposal(state.copy(), noise[:, step].astype(np.float64))
        try:
            proposed, correction = given
        except (TypeError, ValueError):
            raise InvalidArgumentError(
                "proposal must return two things, the states and the log of the Hastings "
                f"correction; it gave {type(given).__name__}"
            ) from None
        proposed = as_shape(proposed, "proposal's state", state.shape, state.shape)
        require_finite(proposed, "proposal", f"in step {step} of chain {{}}", start)
        new_log_p = _log_density(log_density, proposed, start, step)
        move = accepts(new_log_p - log_p + _correction(correction, chains, start, step), u[:, step])
        state = np.where(move[:, None], proposed, state)
        log_p = np.where(move, new_log_p, log_p)
        done = step - warmup + 1
        if done > 0:
            accepted += move
            if done % thin == 0:
                part.samples[:, done // thin - 1] = state
    part.acceptance_rate[:] = accepted / steps


def _log_density(function: Vectorised, state: Array, start: int, step: int) -> Array:
    values = evaluate(function, "log_density", state, (len(state),))
    bad = ~(values < np.inf)  # a NaN is not less either
    if bad.any():
        row = int(np.argmax(bad))
        raise NonFiniteError(
            f"log_density gave {values[row]} at {state[row]}, step {step} of chain {start + row}: "
            "it must be finite, or -inf outside the support",
            first=row,
        )
    return values


def _correction(values: npt.ArrayLike, chains: int, start: int, step: int) -> Array:
    shape = () if np.ndim(values) == 0 else (chains,)
    array = as_shape(values, "proposal's correction", (chains,), shape)
    bad = ~(array < np.inf)
    if bad.any():
        row = int(np.argmax(bad))
        raise NonFiniteError(
            f"proposal's correction is {array.flat[row]} in step {step} of chain {start + row}: it "
            "must be finite, or -inf where the way back is impossible",
            first=row,
        )
    return array


def _initial(initial: npt.ArrayLike) -> Array:
    states = np.asarray(initial)
    if states.dtype.kind not in "iuf" or states.ndim != 2 or 0 in states.shape:
        raise InvalidArgumentError(
            f"initial must be numbers of shape (chains, dim); got {states.dtype} {states.shape}"
        )
    states = states.astype(np.float64)
    require_finite(states, "initial", "in row {}")
    return states
