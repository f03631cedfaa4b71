"""Proposals of the Metropolis-Hastings algorithm.

`RandomWalkProposal` knows nothing of the target but a scale, and is right for most; the best scale
accepts about 0.44 of the proposals in one dimension and 0.23 in many (Roberts, Gelman and Gilks
1997). `IndependenceProposal` ignores the state, and is better where a distribution close to the
target is at hand, one with tails no lighter. Anything else is a function: `Proposal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import InvalidArgumentError, NonFiniteError
from .callables import Array, Vectorised, evaluate, require_finite


class Proposal(Protocol):
    """A function of the states and random numbers, both (chains, dim), row by row.

    It returns the proposed states, (chains, dim), and log q(y, x) - log q(x, y) of a move from x to
    y, (chains,) or a number: 0 where the proposal is symmetric. The random numbers are standard
    normals; of an object with `noise = "random"` they are uniform on (0, 1).
    """

    def __call__(self, state: Array, noise: Array, /) -> tuple[npt.ArrayLike, npt.ArrayLike]:
        """Return the proposed states and the log of the Hastings correction."""
        ...


@dataclass(frozen=True, eq=False)
class RandomWalkProposal:
    """y = x + scale * z, with z standard normal: the symmetric proposal of Metropolis et al. 1953.

    Parameters
    ----------
    scale
        Finite and above 0: one number, or one for each element of the state.

    Raises
    ------
    InvalidArgumentError
        `scale` is not that.
    """

    scale: npt.ArrayLike
    noise: ClassVar[Literal["normal", "random"]] = "normal"

    def __post_init__(self) -> None:
        scale = np.asarray(self.scale)
        right = scale.dtype.kind in "iuf" and scale.ndim <= 1
        if not (right and np.isfinite(scale).all() and (scale > 0).all()):
            raise InvalidArgumentError(
                f"scale must be finite and above 0, one number or one an element; got {scale}"
            )

    def __call__(self, state: Array, noise: Array, /) -> tuple[Array, float]:
        """Return the proposed states and 0."""
        scale = np.asarray(self.scale, np.float64)
        if scale.ndim and len(scale) != state.shape[1]:
            raise InvalidArgumentError(
                f"scale holds {len(scale)} numbers for states of {state.shape[1]} elements"
            )
        return state + scale * noise, 0.0


@dataclass(frozen=True)
class IndependenceProposal:
    """y is drawn anew, whatever x: the independence sampler of Hastings 1970 and Tierney 1994.

    Parameters
    ----------
    quantile
        From uniforms inside (0, 1) to proposals, (n, dim) to (n, dim).
    log_density
        log q of the proposals up to a constant, (n, dim) to (n,).
    """

    quantile: Vectorised
    log_density: Vectorised
    noise: ClassVar[Literal["normal", "random"]] = "random"

    def __call__(self, state: Array, noise: Array, /) -> tuple[Array, Array]:
        """Return the proposed states and log q(x) - log q(y)."""
        proposed = evaluate(self.quantile, "proposal.quantile", noise, noise.shape)
        require_finite(proposed, "proposal.quantile", "in row {}")
        log_q = [
            evaluate(self.log_density, "proposal.log_density", x, (len(x),))
            for x in (state, proposed)
        ]
        for values, x in zip(log_q, (state, proposed), strict=True):
            if not np.isfinite(values).all():
                row = int(np.argmin(np.isfinite(values)))
                raise NonFiniteError(
                    f"proposal.log_density gave {values[row]} at {x[row]}: the proposal must reach "
                    "wherever a chain can be, its initial state included",
                    first=row,
                )
        return proposed, log_q[0] - log_q[1]
