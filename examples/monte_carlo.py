"""Three ways to the same truncated normal, and what each costs."""

import numpy as np

from gansdk import latents

THRESHOLD, COUNT, SEED = 1.5, 50_000, 7


def log_density(x: np.ndarray) -> np.ndarray:
    """Return that of a standard normal on [-1.5, 1.5], up to a constant."""
    return np.where(np.abs(x) <= THRESHOLD, -x * x / 2, -np.inf)


def show(name: str, x: np.ndarray, price: str) -> None:
    """Print what was drawn, and what it cost."""
    print(f"{name:20} std {x.std():.3f}, largest {np.abs(x).max():.3f}, {price}")


inverse = latents.truncated_normal(COUNT, 1, threshold=THRESHOLD, seed=SEED)
show("inverse transform", inverse, "one word a sample")

# Uniform proposals on [-1.5, 1.5], under the density's peak of 1.
envelope = latents.Envelope(
    quantile=lambda u: THRESHOLD * (2 * u - 1),
    density=lambda x: np.full(len(x), 1 / (2 * THRESHOLD)),
    constant=2 * THRESHOLD,
)
drawn = latents.rejection_sample(lambda x: np.exp(log_density(x)), envelope, COUNT, seed=SEED)
show("rejection", drawn.samples, f"{drawn.attempts.mean():.2f} proposals a sample")

# Sample 12,345 on its own: the same number.
alone = latents.rejection_sample(
    lambda x: np.exp(log_density(x)), envelope, 1, seed=SEED, start=12_345
)
assert alone.samples[0] == drawn.samples[12_345]

chains = latents.metropolis_hastings(
    lambda x: log_density(x[:, 0]),
    latents.RandomWalkProposal(scale=1.5),
    initial=latents.inverse_transform(envelope.quantile, 50, seed=SEED + 1),
    steps=COUNT // 50,
    warmup=100,
    seed=SEED,
)
worth = chains.effective_sample_size[0]
show("Metropolis-Hastings", chains.samples, f"{COUNT} states are worth {worth:.0f} samples")
assert chains.r_hat[0] < 1.01

spread = [inverse.std(), drawn.samples.std(), chains.samples.std()]
assert max(spread) - min(spread) < 0.02
