"""Latents, labels and interpolation; latents are pure functions of (seed, index).

What to use when: `normal` and `uniform` for a generator's input, `labels` for the classes that go
with it, `slerp` between two normal latents and `lerp` between two uniform ones, `interpolate` for a
walk through several; `inverse_transform`, `rejection_sample` and `metropolis_hastings` for other
distributions, by what is known of them (docs/monte_carlo.md); `philox` to check another
implementation against this one. Row `i` of a call is index `start + i` of the seed whatever the
count, the number of threads or the machine: docs/latents.md gives the contract bit for bit.
"""

from .diagnostics import effective_sample_size as effective_sample_size
from .diagnostics import r_hat as r_hat
from .draws import normal as normal
from .draws import random as random
from .draws import truncated_normal as truncated_normal
from .draws import uniform as uniform
from .interpolation import interpolate as interpolate
from .interpolation import lerp as lerp
from .interpolation import slerp as slerp
from .inversion import inverse_transform as inverse_transform
from .labels import labels as labels
from .metropolis import MarkovChains as MarkovChains
from .metropolis import metropolis_hastings as metropolis_hastings
from .proposals import IndependenceProposal as IndependenceProposal
from .proposals import Proposal as Proposal
from .proposals import RandomWalkProposal as RandomWalkProposal
from .rejection import Envelope as Envelope
from .rejection import RejectionSample as RejectionSample
from .rejection import rejection_sample as rejection_sample
from .streams import ACCEPT_STREAM as ACCEPT_STREAM
from .streams import CONTRACT as CONTRACT
from .streams import LABEL_STREAM as LABEL_STREAM
from .streams import LATENT_STREAM as LATENT_STREAM
from .streams import noise_stream as noise_stream
from .words import philox as philox
