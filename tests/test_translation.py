from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from PIL import Image

from gansdk import GeneratorSpec, Label, Latent, Output, Sampler, images, latents
from gansdk.errors import InvalidArgumentError, ModelError, NonFiniteError, OutOfMemoryError
from gansdk.spec import ImageInput, Noise, Truncation

from .conditioned import convolutions, negative, picture, spec_of, write

Make = Callable[..., Sampler]


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
    sampler = make(spec_of(**rule), [helper.make_node("Identity", ["input_image"], ["y"])])
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
    node = helper.make_node("ReduceMean", ["input_image", "axes"], ["y"], keepdims=0)
    sampler = make(spec, [node], {"axes": np.array([2, 3])})
    assert sampler.translate(np.stack([picture(5, 7)] * 3)).shape == (3, 3)
    with pytest.raises(InvalidArgumentError, match="gives arrays, not images"):
        sampler.translate(picture(5, 7), output="uint8")
    with pytest.raises(InvalidArgumentError, match="gives arrays, which no tiles make"):
        sampler.translate(picture(5, 7), tile=64)


def test_torchscript_takes_pictures_too(tmp_path: Path) -> None:
    import torch

    class Enlarged(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Conv2d(3, 12, 3, padding=1), torch.nn.PixelShuffle(2)
            )

        def forward(self, image: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
            return self.layers(image) + z[:, :, None, None]

    spec = replace(spec_of(scale=2, multiple=2), latent=Latent(3))
    network = Enlarged().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated as a whole
        traced = torch.jit.trace(network, (torch.zeros(2, 3, 8, 8), torch.zeros(2, 3)))
        extra = {"gansdk.spec": spec.to_json()}
        torch.jit.save(traced, str(tmp_path / "model.ts"), _extra_files=extra)
    x = picture(9, 14)
    made = Sampler(tmp_path / "model.ts", threads=1).translate(x, seed=3, start=5, output="float")
    padded = np.pad(x, [(0, 1), (0, 0), (0, 0)], mode="reflect")
    z = torch.from_numpy(latents.normal(1, 3, seed=3, start=5))
    wanted = network(torch.from_numpy(images.from_uint8(padded[None])), z).detach().numpy()
    assert made.shape == (3, 18, 28)
    assert abs(made - wanted[0, :, :18]).max() < 1e-5


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
        helper.make_node("Mul", ["input_image", "zero"], ["blank"]),
        helper.make_node("Add", ["all", "blank"], ["spread"]),
        helper.make_node("Concat", ["input_image", "spread"], ["y"], axis=1),
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


def test_models_with_noise_inputs_take_no_tiles(many_inputs: Sampler) -> None:
    with pytest.raises(InvalidArgumentError, match="has noise inputs, which every tile"):
        many_inputs.translate(picture(20, 30, 1), tile=16, overlap=4)


def test_a_picture_never_depends_on_its_batch(make: Make) -> None:
    spec = replace(spec_of(multiple=2, scale=2), latent=Latent(3))
    nodes, weights = convolutions(3, scale=2)
    nodes[0].input[0] = "both"
    nodes.insert(0, helper.make_node("Reshape", ["z", "shape"], ["z4"]))
    nodes.insert(1, helper.make_node("Add", ["input_image", "z4"], ["both"]))
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


# What is refused


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        ({"size": (8, 8)}, {"tile": 8}, "takes pictures of 8 x 8 alone; tile is for models"),
        ({}, {"overlap": 8}, "overlap is for tiles: give tile="),
        ({}, {"on_tile": print}, "on_tile is for tiles: give tile="),
        ({}, {"tile": 0}, "tile must be"),
        (
            {},
            {"tile": 32},
            "smaller than tile; got overlap=32 .the default. and tile=32",
        ),
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
    sampler = make(spec_of(), [helper.make_node("Log", ["input_image"], ["y"])])
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
