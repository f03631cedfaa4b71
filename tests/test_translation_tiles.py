"""Large pictures by overlapping tiles: exact where it can be, measured where not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from PIL import Image
from sklearn.datasets import load_sample_image

from gansdk import GeneratorSpec, Latent, Sampler
from gansdk.errors import InvalidArgumentError

from .conditioned import bicubic, convolutions, picture, spec_of, write

Make = Callable[..., Sampler]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A sampler of nodes and their weights."""

    def made(spec: GeneratorSpec, nodes: Any, weights: Any = (), **options: Any) -> Sampler:
        path = write(tmp_path / "model.onnx", spec, nodes, dict(weights))
        return Sampler(path, **options)

    return made


@pytest.mark.parametrize("layers", [1, 3, 6])
@pytest.mark.parametrize("scale", [1, 2])
def test_tiles_give_the_bytes_of_the_whole_picture(make: Make, layers: int, scale: int) -> None:
    sampler = make(spec_of(scale=scale), *convolutions(layers, scale=scale))
    x = picture(61, 83)
    whole = sampler.translate(x)
    for tile in (max(16, 2 * layers + 3), 32, 70, 100):
        options = {"tile": tile, "overlap": 2 * layers}
        assert (sampler.translate(x, **options) == whole).all()
        differences: list[float] = []
        sampler.translate(x, tile=tile, overlap=2 * layers + 2, on_tile=differences.append)
        assert set(differences) == {0}
        for batch_size in (1, 5):
            assert (sampler.translate(x, batch_size=batch_size, **options) == whole).all()
    values = sampler.translate(x, output="float", tile=32, overlap=2 * layers)
    assert abs(values - sampler.translate(x, output="float")).max() <= 1e-6


def test_seams_of_too_small_an_overlap_are_measured_and_shrink_with_it(make: Make) -> None:
    sampler = make(spec_of(scale=2), *convolutions(6, scale=2))
    x = picture(96, 96)
    whole = sampler.translate(x).astype(int)
    steps, errors = [], []
    for overlap in (2, 4, 8, 14):
        differences: list[float] = []
        made = sampler.translate(x, tile=32, overlap=overlap, on_tile=differences.append)
        steps.append(max(differences))
        error = abs(made - whole)
        errors.append(int(error.max()))
        # Nowhere but around the seams, as far as the network sees beyond the overlap.
        stride = 32 - overlap
        cuts = [stride * k + overlap // 2 for k in range(1, 96 // stride) if stride * k < 64]
        last = (64 + (stride * len(cuts)) + 32) // 2
        near = np.zeros(96, bool)
        for cut in [*cuts, last]:
            near[max(0, cut - 6 + overlap // 2) : cut + 6 - overlap // 2] = True
        far = ~near.repeat(2)
        assert (error[np.ix_(far, far)] == 0).all()
    assert steps[0] > steps[1] > steps[2] > steps[3] == 0
    assert errors[0] > errors[1] > errors[2] > errors[3] == 0
    assert steps[0] > 20  # so that the measure could have failed


def test_strided_networks_see_the_same_phase_in_every_tile(make: Make) -> None:
    spec = spec_of(multiple=4)
    rng = np.random.default_rng(0)
    weights = {
        "down": rng.normal(0, 0.3, (4, 3, 4, 4)).astype(np.float32),
        "up": rng.normal(0, 0.3, (4, 3, 4, 4)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["input_image", "down"], ["h"], strides=[4, 4]),
        helper.make_node("ConvTranspose", ["h", "up"], ["y"], strides=[4, 4]),
    ]
    sampler = make(spec, nodes, weights)
    x = picture(59, 74)
    assert (sampler.translate(x, tile=24, overlap=8) == sampler.translate(x)).all()
    for name, options in (("tile", {"tile": 30}), ("overlap", {"tile": 32, "overlap": 6})):
        with pytest.raises(InvalidArgumentError, match=f"{name} must be a multiple of 4"):
            sampler.translate(x, **options)


def test_tiles_share_their_pictures_latent(make: Make) -> None:
    x = [picture(20, 30, 1), picture(33, 9, 1)]
    spec = replace(spec_of(channels=1), latent=Latent(1))
    nodes = [
        helper.make_node("Reshape", ["z", "shape"], ["z4"]),
        helper.make_node("Add", ["input_image", "z4"], ["y"]),
    ]
    sampler = make(spec, nodes, {"shape": np.array([-1, 1, 1, 1])})
    whole = sampler.translate(x, seed=4, output="float")
    made = sampler.translate(x, seed=4, output="float", tile=16, overlap=4, batch_size=3)
    assert all((a == b).all() for a, b in zip(whole, made, strict=True))


def test_every_structure_and_fit_takes_tiles(make: Make) -> None:
    for rule in ("pad", "resize", "crop"):
        sampler = make(spec_of(scale=2, multiple=2, fit=rule), *convolutions(2, scale=2))
        batch = np.stack([picture(21, 35, seed=i) for i in range(3)])
        whole = sampler.translate(batch)
        assert (sampler.translate(batch, tile=12, overlap=4) == whole).all()
        many = sampler.translate([batch[0], batch[1, :9]], tile=12, overlap=4)
        assert (many[0] == whole[0]).all()
        assert (many[1] == sampler.translate(batch[1, :9])).all()


def test_a_photograph_enlarged_by_tiles(make: Make) -> None:
    photo = load_sample_image("china.jpg")[:200, :310]
    sampler = make(spec_of(scale=4), *bicubic(4))
    whole = sampler.translate(photo)
    assert whole.shape == (800, 1240, 3)
    differences: list[float] = []
    made = sampler.translate(photo, tile=96, overlap=8, on_tile=differences.append)
    assert (made == whole).all()
    assert len(differences) == 3 * 4
    assert set(differences) == {0}
    # And it is an enlargement: near Pillow's, which has another coefficient.
    pillow = np.asarray(Image.fromarray(photo).resize((1240, 800), Image.Resampling.BICUBIC))
    assert abs(made.astype(int) - pillow).mean() < 1.5


def test_the_network_never_sees_more_than_a_tile(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = make(spec_of(scale=2), *convolutions(1, scale=2))
    seen: list[tuple[int, ...]] = []
    backend = sampler._network.backend
    run = backend.run

    def recorded(inputs: Any) -> Any:
        seen.append(inputs["input_image"].shape)
        return run(inputs)

    monkeypatch.setattr(backend, "run", recorded)
    sampler.translate(picture(150, 201), tile=64, batch_size=2)
    assert {shape[1:] for shape in seen} == {(3, 64, 64)}
    assert max(shape[0] for shape in seen) == 2
    assert sum(shape[0] for shape in seen) == 4 * 6
