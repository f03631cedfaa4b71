"""Walk through latents: a film strip a class, a film that goes round, one that turns back."""

import numpy as np

from gansdk import Sampler, images

sampler = Sampler("digits")

# Between the same two latents, whatever the class: the class decides what the walk draws.
walks = np.stack([sampler.interpolate(3, 14, steps=57, labels=label) for label in range(5)])
strips = images.montage(walks, columns=15, row_labels=["zero", "one", "two", "three", "four"])
images.save("strips.png", strips)

# Through four seeds and back to the first: 30 steps from each to the next.
way = sampler.interpolate(3, 14, 15, 92, steps=120, loop=True, labels=8)
images.save_animation("walk.webp", way, fps=30)

# There and back, without showing either end twice.
there = sampler.interpolate(3, 14, steps=30, labels=8)
images.save_animation("there_and_back.gif", np.concatenate([there, there[-2:0:-1]]), fps=25)

# One way, every class beside the others: a grid a frame.
ways = [sampler.interpolate(3, 14, 15, steps=60, loop=True, labels=label) for label in range(10)]
frames = np.stack([images.grid(step, columns=5) for step in np.stack(ways, axis=1)])
images.save_animation("classes.webp", frames, fps=15, quality=80)
print(
    f"strips.png, walk.webp, there_and_back.gif and classes.webp: {len(way) + len(frames)} frames"
)
