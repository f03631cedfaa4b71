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

from gansdk import GeneratorSpec, Label, Latent, Output, Sampler, images, latents
from gansdk.errors import InvalidArgumentError, ModelError, NonFiniteError, OutOfMemoryError
from gansdk.spec import ImageInput, Noise, Truncation

from .conditioned import bicubic, convolutions, negative, write

Make = Callable[..., Sampler]


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    draws = np.random.default_rng([seed, height, width])
    return draws.integers(0, 256, (height, width, channels), np.uint8)


def spec_of(output: Output | None = None, **image: Any) -> GeneratorSpec:
    return GeneratorSpec(image=ImageInput(**image), output=output or Output())


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A sampler of nodes and their weights."""

    def made(spec: GeneratorSpec, nodes: Any, weights: Any = (), **options: Any) -> Sampler:
        path = write(tmp_path / "model.onnx", spec, nodes, dict(weights))
        return Sampler(path, **options)

    return made


@pytest.fixture
def inverter(tmp_path: Path) -> Callable[..., Sampler]:
    def made(**image: Any) -> Sampler:
        output = Output(
            value_range=tuple(-v for v in reversed(image.get("value_range", (-1, 1)))),
            layout=image.get("layout", "NCHW"),
            color=image.get("color", "RGB"),
        )
        return Sampler(negative(tmp_path / "negative.onnx", spec_of(output, **image)))

    return made


# What comes out


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"layout": "NHWC"},
        {"color": "BGR"},
        {"value_range": (0, 1)},
        {"value_range": (0, 255), "layout": "NHWC", "color": "BGR"},
        {"channels": 1},
        {"channels": 4},
        {"multiple": 8},
    ],
)
def test_levels_become_the_networks_values_and_levels_again(
    inverter: Callable[..., Sampler], image: dict[str, Any]
) -> None:
    x = picture(10, 13, image.get("channels", 3))
    made = inverter(**image).translate(x)
    assert made.dtype == np.uint8
    assert (made == 255 - x).all()


def test_mean_and_std_are_the_inputs(make: Make) -> None:
    rule = {"value_range": (0, 1), "mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.4)}
    sampler = make(spec_of(**rule), [helper.make_node("Identity", ["image"], ["y"])])
    x = picture(6, 7)
    values = sampler.translate(x, output="float")
    assert (values == images.from_uint8(x[None], **rule)[0]).all()  # type: ignore[arg-type]


def test_results_have_the_structure_of_the_pictures(inverter: Callable[..., Sampler]) -> None:
    sampler = inverter()
    x = picture(5, 6)
    assert sampler.translate(x).shape == (5, 6, 3)
    assert sampler.translate(x[None]).shape == (1, 5, 6, 3)
    assert sampler.translate(Image.fromarray(x)).shape == (5, 6, 3)
    many = sampler.translate([x])
    assert isinstance(many, list)
    assert [y.shape for y in many] == [(5, 6, 3)]
    assert sampler.translate(x[None], output="float").shape == (1, 3, 5, 6)
    assert sampler.translate(x, output="float").dtype == np.float32


def test_pictures_of_many_sizes_keep_their_order(inverter: Callable[..., Sampler]) -> None:
    many = [picture(h, w) for h, w in [(5, 6), (9, 2), (5, 6), (8, 8), (9, 2), (7, 5)]]
    many[2] = many[2][..., :1]  # grey among them
    for sampler in (inverter(), inverter(multiple=4), inverter(multiple=32)):
        for batch_size in (None, 1, 2):
            made = sampler.translate(many, batch_size=batch_size)
            for x, y in zip(many, made, strict=True):
                assert (y == np.broadcast_to(255 - x, (*x.shape[:2], 3))).all()


@pytest.mark.parametrize(
    ("image", "size", "shape"),
    [
        ({"size": (8, 12)}, (20, 31), (8, 12)),
        ({"size": (8, 12), "fit": "crop"}, (20, 31), (8, 12)),
        ({"size": (8, 12), "fit": "pad"}, (5, 7), (5, 7)),
        ({"multiple": 4, "fit": "resize"}, (5, 7), (4, 8)),
        ({"multiple": 4, "fit": "crop"}, (5, 7), (4, 4)),
        ({"multiple": 4, "fit": "error"}, (4, 8), (4, 8)),
    ],
)
def test_every_fit(
    inverter: Callable[..., Sampler],
    image: dict[str, Any],
    size: tuple[int, int],
    shape: tuple[int, int],
) -> None:
    x = picture(*size)
    made = inverter(**image).translate(x)
    assert made.shape == (*shape, 3)
    fitted = images.fitting.fit(x, ImageInput(**image))  # type: ignore[attr-defined]
    assert (made == 255 - fitted[: shape[0], : shape[1]]).all()


def test_super_resolution_is_cut_to_the_picture(make: Make) -> None:
    sampler = make(spec_of(multiple=4, scale=2), *convolutions(2, scale=2))
    x = picture(7, 10)
    padded = np.pad(x, [(0, 1), (0, 2), (0, 0)], mode="reflect")
    assert (sampler.translate(x) == sampler.translate(padded)[:14, :20]).all()
    values = sampler.translate(x, output="float")
    assert values.shape == (3, 14, 20)
    assert (images.to_uint8(values[None])[0] == sampler.translate(x)).all()


def test_arrays_are_handed_on(make: Make) -> None:
    spec = spec_of(Output(kind="array"), multiple=4)
    node = helper.make_node("ReduceMean", ["image", "axes"], ["y"], keepdims=0)
    sampler = make(spec, [node], {"axes": np.array([2, 3])})
    assert sampler.translate(np.stack([picture(5, 7)] * 3)).shape == (3, 3)
    with pytest.raises(InvalidArgumentError, match="gives arrays, not images"):
        sampler.translate(picture(5, 7), output="uint8")
    with pytest.raises(InvalidArgumentError, match="gives arrays, which no tiles make"):
        sampler.translate(picture(5, 7), tile=64)


# By seed and index


@pytest.fixture
def many_inputs(make: Make) -> Sampler:
    """y = image + 0.1 z + 0.01 label + 0.1 noise + psi, each in its own way in y's pixels."""
    spec = GeneratorSpec(
        image=ImageInput(channels=1, value_range=(0, 1)),
        latent=Latent(1),
        label=Label(5),
        noise=(Noise((1, 1, 1)),),
        truncation=Truncation(default=0.5),
        output=Output(value_range=(0, 1)),
    )
    nodes = [
        helper.make_node("Cast", ["label"], ["class"], to=1),
        *(
            helper.make_node("Reshape", [name, "shape"], [f"{name}4"])
            for name in ("z", "class", "psi")
        ),
        helper.make_node("Concat", ["z4", "class4", "noise", "psi4"], ["all"], axis=1),
        helper.make_node("Mul", ["image", "zero"], ["blank"]),
        helper.make_node("Add", ["all", "blank"], ["spread"]),
        helper.make_node("Concat", ["image", "spread"], ["y"], axis=1),
    ]
    return make(spec, nodes, {"shape": np.array([-1, 1, 1, 1]), "zero": np.float32(0)})


def test_each_picture_has_the_inputs_of_its_index(many_inputs: Sampler) -> None:
    many = [picture(4, 5, 1, i) if i % 2 else picture(3, 3, 1, i) for i in range(7)]
    made = many_inputs.translate(many, seed=9, start=100, output="float")
    z = latents.normal(7, 1, seed=9, start=100)
    noise = latents.normal(7, 1, seed=9, start=100, stream=latents.noise_stream(0))
    classes = many_inputs.labels(7, seed=9, start=100)
    assert classes is not None
    for i, y in enumerate(made):
        assert (y[0] == images.from_uint8(many[i][None], value_range=(0, 1))[0, 0]).all()
        assert (y[1] == z[i]).all()
        assert (y[2] == classes[i]).all()
        assert (y[3] == noise[i]).all()
        assert (y[4] == 0.5).all()
    one = many_inputs.translate(many[4], seed=9, start=104, output="float")
    assert (one == made[4]).all()
    asked = many_inputs.translate(many, labels=[4, 3, 2, 1, 0, 4, 3], truncation=2, output="float")
    assert [y[2, 0, 0] for y in asked] == [4, 3, 2, 1, 0, 4, 3]
    assert {y[4, 0, 0] for y in asked} == {2}


def test_a_picture_never_depends_on_its_batch(make: Make) -> None:
    spec = replace(spec_of(multiple=2, scale=2), latent=Latent(3))
    nodes, weights = convolutions(3, scale=2)
    nodes[0].input[0] = "both"
    nodes.insert(0, helper.make_node("Reshape", ["z", "shape"], ["z4"]))
    nodes.insert(1, helper.make_node("Add", ["image", "z4"], ["both"]))
    sampler = make(spec, nodes, {**weights, "shape": np.array([-1, 3, 1, 1])})
    many = [picture(9 + i % 3, 8, seed=i) for i in range(12)]
    whole = sampler.translate(many, seed=3)
    for batch_size in (1, 3, 100):
        again = sampler.translate(many, seed=3, batch_size=batch_size)
        assert all((a == b).all() for a, b in zip(whole, again, strict=True))
    for i in (0, 5, 11):
        assert (sampler.translate(many[i], seed=3, start=i) == whole[i]).all()
        assert (sampler.translate(many[i], seed=3, start=i + 1) != whole[i]).any()
    tail = sampler.translate(many[::-1][:4], seed=3)
    assert (tail[0] != whole[11]).any()  # it is image 0 there


# Tiles


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
        helper.make_node("Conv", ["image", "down"], ["h"], strides=[4, 4]),
        helper.make_node("ConvTranspose", ["h", "up"], ["y"], strides=[4, 4]),
    ]
    sampler = make(spec, nodes, weights)
    x = picture(59, 74)
    assert (sampler.translate(x, tile=24, overlap=8) == sampler.translate(x)).all()
    for name, options in (("tile", {"tile": 30}), ("overlap", {"tile": 32, "overlap": 6})):
        with pytest.raises(InvalidArgumentError, match=f"{name} must be a multiple of 4"):
            sampler.translate(x, **options)


def test_tiles_share_their_pictures_latent_and_class(many_inputs: Sampler, make: Make) -> None:
    x = [picture(20, 30, 1), picture(33, 9, 1)]
    with pytest.raises(InvalidArgumentError, match="has noise inputs, which every tile"):
        many_inputs.translate(x, tile=16, overlap=4)
    spec = replace(spec_of(channels=1), latent=Latent(1))
    nodes = [
        helper.make_node("Reshape", ["z", "shape"], ["z4"]),
        helper.make_node("Add", ["image", "z4"], ["y"]),
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
        seen.append(inputs["image"].shape)
        return run(inputs)

    monkeypatch.setattr(backend, "run", recorded)
    sampler.translate(picture(150, 201), tile=64, batch_size=2)
    assert {shape[1:] for shape in seen} == {(3, 64, 64)}
    assert max(shape[0] for shape in seen) == 2
    assert sum(shape[0] for shape in seen) == 4 * 6


# What is refused


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        ({"size": (8, 8)}, {"tile": 8}, "takes pictures of 8 x 8 alone; tile is for models"),
        ({}, {"overlap": 8}, "overlap is for tiles: give tile="),
        ({}, {"on_tile": print}, "on_tile is for tiles: give tile="),
        ({}, {"tile": 0}, "tile must be"),
        ({}, {"tile": 32}, "overlap must be smaller than tile; got overlap=32 and tile=32"),
        ({}, {"tile": 32, "overlap": 1}, "overlap must be"),
        ({}, {"tile": 32.0}, "tile must be an integer"),
        ({}, {"batch_size": 0}, "batch_size must be"),
        ({}, {"tile": 64, "batch_size": 0}, "batch_size must be"),
        ({}, {"seed": -1}, "seed must be"),
        ({}, {"labels": 3}, "is unconditional and takes no labels"),
        ({}, {"truncation": 0.5}, "has no truncation input"),
        ({}, {"output": "int"}, "output must be one of"),
    ],
)
def test_bad_arguments(
    inverter: Callable[..., Sampler], image: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        inverter(**image).translate(picture(8, 8), **options)


def test_a_bad_picture_is_told_before_the_first_run(
    inverter: Callable[..., Sampler], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = inverter(size=(8, 8), fit="error")
    monkeypatch.setattr(sampler._network.backend, "run", None)
    with pytest.raises(InvalidArgumentError, match=r"images\[2\] is 8 x 9"):
        sampler.translate([picture(8, 8), picture(8, 8), picture(8, 9)])
    with pytest.raises(InvalidArgumentError, match=r"images\[1\] is RGBA"):
        sampler.translate([picture(8, 8), picture(8, 8, 4)])


def test_each_kind_of_model_says_how_it_is_called(inverter: Callable[..., Sampler]) -> None:
    with pytest.raises(InvalidArgumentError, match="starts from pictures: use translate"):
        inverter().sample(3)
    with pytest.raises(InvalidArgumentError, match="starts from pictures: use translate"):
        inverter().stream(3)
    with pytest.raises(InvalidArgumentError, match="'digits' starts from latents: use sample"):
        Sampler("digits").translate(picture(8, 8))


def test_a_wrong_scale_is_the_specs_fault(make: Make) -> None:
    sampler = make(spec_of(scale=2), *convolutions(1, scale=4))
    for options in ({}, {"tile": 8, "overlap": 2}, {"output": "float"}):
        with pytest.raises(ModelError, match=r"gives outputs of \d+ x \d+ .*image.scale = 2"):
            sampler.translate(picture(8, 9), **options)


def test_a_nan_names_the_picture(make: Make) -> None:
    sampler = make(spec_of(), [helper.make_node("Log", ["image"], ["y"])])
    bright = np.full((4, 4, 3), 255, np.uint8)
    assert sampler.translate(bright).shape == (4, 4, 3)
    for options in ({}, {"batch_size": 1}, {"tile": 4, "overlap": 2}):
        with pytest.raises(NonFiniteError, match=r"the output for images\[2\] holds a NaN") as e:
            sampler.translate([bright, bright, bright * 0], **options)
        assert e.value.first == 2


def test_what_is_too_large_is_told_to_take_tiles(
    inverter: Callable[..., Sampler], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(inputs: Any) -> Any:
        raise OutOfMemoryError("a batch of 1 does not fit into memory: use a smaller batch_size")

    sampler = inverter()
    monkeypatch.setattr(sampler._network.backend, "run", full)
    with pytest.raises(OutOfMemoryError, match="1 pictures of 300 x 400 .*or tile=512"):
        sampler.translate(picture(300, 400))
    with pytest.raises(OutOfMemoryError, match="pictures of 64 x 64 .*: use a smaller tile"):
        sampler.translate(picture(300, 400), tile=64)
