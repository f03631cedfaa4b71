"""Sample the bundled model: by range, by seed, as a stream, between two seeds."""

import numpy as np

from gansdk import Sampler, images

sampler = Sampler("digits")
print(sampler)

pixels = sampler.sample(20, seed=7, labels="balanced")
images.save("range.png", images.grid(pixels, columns=10))

# Image 13 of the seed, on its own: the same bytes.
assert (sampler.sample(1, seed=7, start=13, labels=3) == pixels[13:14]).all()

images.save("seeds.png", images.grid(sampler.sample(seeds=[3, 14, 15], labels=8)))
images.save("walk.png", images.grid(sampler.interpolate(3, 14, steps=10, labels=8), columns=10))

total = sum(batch.mean() for batch in sampler.stream(1000, seed=7, batch_size=100))
print(f"mean level of a thousand digits: {total / 10:.1f}")

z = np.zeros((10, sampler.spec.latent.size), np.float32)
images.save("means.png", images.grid(sampler.generate(z, labels=range(10)), columns=10))
