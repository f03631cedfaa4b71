from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk import GansdkError, GeneratorSpec, Label, Latent, Output, Sampler, images, latents
from gansdk.backends import Tensor
from gansdk.errors import (
    InvalidArgumentError,
    ModelError,
    NonFiniteError,
    OutOfMemoryError,
    SpecError,
)


@pytest.fixture(scope="module")
def digits() -> Sampler:
    return Sampler("digits")


class Echo:
    """A network whose image is its latent, so that a test sees what the network was given."""

    path = Path("echo.onnx")
    device = "cpu"
    inputs: tuple[Tensor, ...] | None = None

    def __init__(self, spec: GeneratorSpec) -> None:
        self.metadata = {"gansdk.spec": spec.to_json()}
        self.calls: list[dict[str, Any]] = []

    def run(self, inputs: dict[str, Any]) -> Any:
        self.calls.append(inputs)
        return inputs["z"].reshape(len(inputs["z"]), 1, 1, -1)


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def make(spec: GeneratorSpec, **options: Any) -> tuple[Sampler, Echo]:
        backend = Echo(spec)
        monkeypatch.setattr("gansdk.sampler.open_backend", lambda *_, **__: backend)
        return Sampler("echo", **options), backend

    return make


# What comes out


def test_pixels_follow_the_spec_and_the_rounding(echo: Any) -> None:
    output = Output(value_range=(0, 1), mean=(0.5,), std=(0.25,))
    spec = GeneratorSpec(latent=Latent(64), output=output)
    z = latents.normal(3, 64, seed=5).reshape(3, 1, 1, 64)
    pixels = echo(spec)[0].sample(3, seed=5)
    assert (pixels == images.to_uint8(z, value_range=(0, 1), mean=[0.5], std=[0.25])).all()
    plain = GeneratorSpec(latent=Latent(64))
    for rounding in ("nearest", "truncate", "stylegan"):
        sampler = echo(plain, rounding=rounding)[0]
        assert sampler.rounding == rounding
        assert (sampler.sample(3, seed=5) == images.to_uint8(z, rounding=rounding)).all()
    with pytest.raises(InvalidArgumentError, match="defined for value_range"):
        echo(spec, rounding="stylegan")
    with pytest.raises(InvalidArgumentError, match="rounding must be one of"):
        echo(plain, rounding="up")


def test_sample_gives_uint8_images(digits: Sampler) -> None:
    pixels = digits.sample(5, seed=7)
    assert pixels.shape == (5, 32, 32, 1)
    assert pixels.dtype == np.uint8
    assert pixels.min() < 20
    assert pixels.max() > 200


def test_float_output_is_the_networks_own(digits: Sampler) -> None:
    values = digits.sample(5, seed=7, output="float")
    assert values.shape == (5, 1, 32, 32)
    assert values.dtype == np.float32
    assert (images.to_uint8(values) == digits.sample(5, seed=7)).all()


def test_a_generator_of_arrays_gives_floats(echo: Any) -> None:
    spec = GeneratorSpec(latent=Latent(4), output=Output(kind="array"))
    sampler, _ = echo(spec)
    assert sampler.sample(3).dtype == np.float32
    with pytest.raises(InvalidArgumentError, match="gives arrays, not images"):
        sampler.sample(3, output="uint8")


# Image i of seed s is a pure function of (model, s, i)


@pytest.mark.parametrize("batch_size", [1, 7, 64, 1000])
@pytest.mark.parametrize("threads", [1, 2])
def test_batch_size_and_threads_never_change_an_image(
    digits: Sampler, batch_size: int, threads: int
) -> None:
    expected = digits.sample(100, seed=7)
    again = Sampler("digits", threads=threads).sample(100, seed=7, batch_size=batch_size)
    assert (again == expected).all()


def test_any_range_of_a_seed_is_a_slice_of_the_same_images(digits: Sampler) -> None:
    whole = digits.sample(40, seed=7)
    assert (digits.sample(9, seed=7, start=13) == whole[13:22]).all()
    far = 2**64 - 3
    assert (digits.sample(3, seed=7, start=far)[2] == digits.sample(1, seed=7, start=far + 2)).all()


def test_seeds_gives_image_0_of_each_seed(digits: Sampler) -> None:
    seeds = [3, 2**64 - 1, 3, 0]
    expected = np.concatenate([digits.sample(1, seed=s) for s in seeds])
    assert (digits.sample(seeds=seeds, batch_size=3) == expected).all()
    assert (digits.sample(seeds=[5], start=9) == digits.sample(1, seed=5, start=9)).all()


def test_stream_gives_the_images_of_sample(digits: Sampler) -> None:
    batches = list(digits.stream(25, seed=7, start=5, labels="balanced", batch_size=10))
    assert [len(b) for b in batches] == [10, 10, 5]
    expected = digits.sample(25, seed=7, start=5, labels="balanced")
    assert (np.concatenate(batches) == expected).all()


def test_stream_is_lazy_and_goes_on_for_ever(digits: Sampler) -> None:
    first = next(digits.stream(2**64, seed=7, batch_size=2))
    assert (first == digits.sample(2, seed=7)).all()


def test_threads_may_share_a_sampler(digits: Sampler) -> None:
    expected = digits.sample(64, seed=7)
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda i: digits.sample(1, seed=7, start=i), range(64)))
    assert (np.concatenate(parts) == expected).all()


# What the network is given


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_the_latents_are_the_contracts(echo: Any, law: Any) -> None:
    sampler, backend = echo(GeneratorSpec(latent=Latent(6, law=law)))
    sampler.sample(5, seed=9, start=2)
    draw = getattr(latents, law)
    assert (backend.calls[0]["z"] == draw(5, 6, seed=9, start=2)).all()


def test_the_latent_has_the_networks_shape(echo: Any) -> None:
    sampler, backend = echo(GeneratorSpec(latent=Latent(6, shape=(6, 1, 1))))
    sampler.sample(2)
    assert backend.calls[0]["z"].shape == (2, 6, 1, 1)
    assert sampler.generate(np.ones((3, 6, 1, 1), np.float32)).shape == (3, 1, 6, 1)
    assert sampler.generate(np.ones((3, 6), np.float32)).shape == (3, 1, 6, 1)


def test_one_hot_labels(echo: Any) -> None:
    sampler, backend = echo(GeneratorSpec(latent=Latent(2), label=Label(3, encoding="one_hot")))
    sampler.sample(2, labels=[2, 0])
    assert backend.calls[0]["label"].dtype == np.float32
    assert backend.calls[0]["label"].tolist() == [[0, 0, 1], [1, 0, 0]]


def test_labels_are_int64_and_contiguous(echo: Any) -> None:
    sampler, backend = echo(GeneratorSpec(latent=Latent(2), label=Label(3)))
    for labels in (1, [0, 1, 2, 0], np.array([2, 2, 2, 2], np.uint8), "prior", "balanced", None):
        sampler.sample(4, labels=labels)
        given = backend.calls[-1]["label"]
        assert given.dtype == np.int64
        assert given.shape == (4,)
        assert given.flags.c_contiguous


# Labels


def test_labels_left_out_come_from_the_prior(echo: Any) -> None:
    prior = (0.5, 0.0, 0.5)
    sampler, backend = echo(GeneratorSpec(latent=Latent(2), label=Label(3, prior=prior)))
    sampler.sample(100, seed=3, start=7)
    expected = latents.labels(100, prior=prior, seed=3, start=7)
    assert (np.concatenate([c["label"] for c in backend.calls]) == expected).all()
    assert (sampler.labels(100, seed=3, start=7) == expected).all()
    assert set(expected) == {0, 2}


def test_balanced_labels_go_by_the_index(digits: Sampler) -> None:
    assert digits.labels(4, start=8, labels="balanced").tolist() == [8, 9, 0, 1]  # type: ignore[union-attr]
    edge = digits.labels(2, start=2**64 - 2, labels="balanced")
    assert edge is not None
    assert edge.tolist() == [(2**64 - 2) % 10, (2**64 - 1) % 10]


def test_labels_decide_the_class(digits: Sampler) -> None:
    one = digits.sample(3, seed=7, labels=1)
    assert (digits.sample(3, seed=7, labels=[1, 1, 1]) == one).all()
    assert (digits.sample(3, seed=7, labels=0) != one).any()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (10, r"labels must be 0 \.\.\. 9; got 10"),
        (-1, r"labels must be 0 \.\.\. 9; got -1"),
        (1.5, "labels must be an integer"),
        (True, "labels must be an integer"),
        ([1, 2], "one for each of the 3 images; got 2"),
        ([1, 2, 99], r"labels\[2\] must be 0 \.\.\. 9; got 99"),
        ([1, 2, 0.5], r"labels\[2\] must be an integer"),
        ("three", "labels must be one of 'prior', 'balanced', or a class"),
    ],
)
def test_wrong_labels_are_refused(digits: Sampler, labels: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        digits.sample(3, labels=labels)


def test_an_unconditional_model_takes_no_label(echo: Any) -> None:
    sampler, _ = echo(GeneratorSpec(latent=Latent(4), name="plain"))
    assert sampler.labels(3) is None
    for labels in (0, [0, 0], "prior", "balanced"):
        with pytest.raises(InvalidArgumentError, match="'plain' is unconditional"):
            sampler.sample(2, labels=labels)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"say how many images: sample\(n\)"),
        ({"n": 0}, r"n must be 1 \.\.\. 2\^64; got 0"),
        ({"n": -3}, "n must be"),
        ({"n": 2**64 + 1}, r"n must be 1 \.\.\. 2\^64"),
        ({"n": 1.0}, "n must be an integer"),
        ({"n": 1, "seed": -1}, r"seed must be 0 \.\.\. 2\^64 - 1"),
        ({"n": 1, "seed": 2**64}, r"seed must be 0 \.\.\. 2\^64 - 1"),
        ({"n": 1, "start": 2**64}, r"start must be 0 \.\.\. 2\^64 - 1"),
        ({"n": 2, "start": 2**64 - 1}, r"start \+ n must be at most 2\^64"),
        ({"n": 2, "seeds": [1, 2]}, "n or seeds, not both"),
        ({"seeds": []}, "the number of seeds must be"),
        ({"seeds": [1, -1]}, r"seeds\[1\] must be"),
        ({"seeds": 7}, "seeds must be a sequence"),
        ({"seeds": [1], "labels": "balanced"}, "give one label a seed"),
        ({"n": 1, "batch_size": 0}, "batch_size must be"),
        ({"n": 1, "output": "png"}, "output must be one of 'uint8', 'float'"),
    ],
)
def test_wrong_arguments_are_refused(
    digits: Sampler, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        digits.sample(**arguments)


def test_stream_refuses_at_the_call(digits: Sampler) -> None:
    with pytest.raises(InvalidArgumentError, match="n must be"):
        digits.stream(0)


def test_more_images_than_memory_is_an_error_that_names_stream(digits: Sampler) -> None:
    with pytest.raises(OutOfMemoryError, match=r"GiB at once: .*stream\(\)"):
        digits.sample(2**60, labels=3)
    assert issubclass(OutOfMemoryError, MemoryError)


@pytest.mark.parametrize("threads", [0, -1, 1.5, 5000])
def test_threads_are_checked(threads: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="threads must be"):
        Sampler("digits", threads=threads)


# generate and interpolate


def test_generate_gives_the_images_of_these_latents(digits: Sampler) -> None:
    z = latents.normal(70, 64, seed=7)
    classes = np.arange(70) % 10
    expected = digits.sample(70, seed=7, labels=classes)
    assert (digits.generate(z, labels=classes) == expected).all()
    assert (digits.generate(z, labels=classes, batch_size=9) == expected).all()
    assert (digits.generate(z.astype(np.float64), labels=classes) == expected).all()
    assert (digits.generate(np.asfortranarray(z), labels=classes) == expected).all()


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((2, 63), np.float32), r"z must have shape \(n, 64\); got \(2, 63\)"),
        (np.zeros(64, np.float32), r"got \(64,\)"),
        (np.zeros((0, 64), np.float32), r"got \(0, 64\)"),
        (np.zeros((2, 64), np.int64), "z must hold floats; got dtype int64"),
        (np.zeros((2, 64), complex), "z must hold floats"),
        (np.full((2, 64), "x"), "z must hold floats"),
        (None, "z must hold floats"),
        ([[0.0] * 64, [0.0]], "z is no array"),
    ],
)
def test_generate_refuses_other_latents(digits: Sampler, z: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        digits.generate(z, labels=0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_generate_refuses_what_is_not_finite(digits: Sampler, value: float) -> None:
    z = np.zeros((5, 64))
    z[3, 7] = value
    with pytest.raises(NonFiniteError, match="NaN or an infinity, first in row 3"):
        digits.generate(z, labels=0)


def test_generate_needs_labels_where_the_model_is_conditional(digits: Sampler) -> None:
    z = np.zeros((2, 64), np.float32)
    for labels in (None, "prior", "balanced"):
        with pytest.raises(InvalidArgumentError, match=r"generate\(\) needs labels="):
            digits.generate(z, labels=labels)  # type: ignore[arg-type]


def test_an_image_that_is_not_finite_is_an_error_that_names_it(echo: Any) -> None:
    sampler, backend = echo(GeneratorSpec(latent=Latent(4)))
    run = backend.run
    bad = latents.normal(1, 4, seed=7, start=1013)

    def fail_once(inputs: dict[str, Any]) -> Any:
        values = run(inputs)
        values[(inputs["z"] == bad).all(axis=1)] = np.nan
        return values

    backend.run = fail_once
    with pytest.raises(NonFiniteError, match="image 1013 of seed 7 holds a NaN") as caught:
        sampler.sample(20, seed=7, start=1000, batch_size=5)
    assert caught.value.first == 13
    with pytest.raises(NonFiniteError, match=r"the image of z\[1\] holds a NaN"):
        sampler.generate(np.concatenate([bad + 1, bad]))
    with pytest.raises(NonFiniteError, match="image 1013 of seed 7 holds"):
        sampler.sample(seeds=[6, 7], start=1013)
    assert np.isnan(sampler.sample(20, seed=7, start=1000, output="float")).any()


def test_interpolate_goes_from_one_image_to_the_other(digits: Sampler) -> None:
    walk = digits.interpolate(3, 14, steps=8, labels=5)
    assert walk.shape == (8, 32, 32, 1)
    ends = digits.sample(seeds=[3, 14], labels=5)
    assert np.abs(walk[[0, -1]].astype(int) - ends).max() <= 1
    assert (digits.interpolate(3, 14, steps=2)[0] == digits.sample(1, seed=3)[0]).mean() > 0.99
    classes = [0, 1, 2]
    assert (
        digits.interpolate(3, 14, steps=3, labels=classes)[0]
        == digits.sample(1, seed=3, labels=0)[0]
    ).mean() > 0.99
    with pytest.raises(InvalidArgumentError, match="steps must be"):
        digits.interpolate(3, 14, steps=1)
    for seeds in ((), (3,)):
        with pytest.raises(InvalidArgumentError, match="two or more seeds"):
            digits.interpolate(*seeds, steps=4)
    with pytest.raises(InvalidArgumentError, match="steps counts"):
        digits.interpolate(1, 2, 3, steps=2)
    with pytest.raises(InvalidArgumentError, match="seeds"):
        digits.interpolate(3, 2**64, steps=2)


def test_interpolate_goes_through_many_seeds_and_round(digits: Sampler) -> None:
    ends = digits.sample(seeds=[3, 14, 15], labels=8).astype(int)
    walk = digits.interpolate(3, 14, 15, steps=9, labels=8)
    assert np.abs(walk[::4] - ends).max() <= 1
    assert (walk[1:4] != walk[:3]).any((1, 2, 3)).all()
    closed = digits.interpolate(3, 14, 15, steps=12, loop=True, labels=8)
    assert np.abs(closed[::4] - ends).max() <= 1
    assert np.abs(closed[:9].astype(int) - walk).max() <= 1
    back = digits.interpolate(15, 3, steps=5, labels=8)
    assert np.abs(closed[8:].astype(int) - back[:4]).max() <= 1


# The spec against the file


def test_a_discriminator_is_no_generator(digits: Sampler) -> None:
    with pytest.raises(ModelError, match="is a discriminator, not a generator"):
        Sampler(digits.path.with_name("discriminator.onnx"))


def test_a_file_without_a_spec_is_refused_or_described(digits: Sampler, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")

    model = onnx.load(str(digits.path))
    del model.metadata_props[:]
    path = tmp_path / "foreign.onnx"
    onnx.save(model, str(path))
    with pytest.raises(ModelError, match=r"carries no gansdk.spec .*z \[None, 64\].*spec=Gen"):
        Sampler(path)
    described = Sampler(path, spec=GeneratorSpec(latent=Latent(64), label=Label(10)))
    assert (described.sample(3, seed=7) == digits.sample(3, seed=7)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent": Latent(65)}, r"takes z of shape \[None, 64\], but its spec says"),
        ({"latent": Latent(64, input="w")}, r"takes the inputs \['label', 'z'\]"),
        ({"latent": Latent(64, shape=(64, 1, 1))}, "takes z of shape"),
        ({"label": None}, r"but its spec names \['z'\]"),
        ({"label": Label(10, encoding="one_hot")}, "takes label of shape"),
    ],
)
def test_a_spec_that_contradicts_the_file_is_refused(
    digits: Sampler, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        Sampler(digits.path, spec=replace(digits.spec, **change))


def test_a_fixed_batch_is_an_error_that_says_so(echo: Any) -> None:
    sampler, backend = echo(GeneratorSpec(latent=Latent(4)))
    backend.run = lambda inputs: np.zeros((1, 1, 2, 2), np.float32)
    with pytest.raises(ModelError, match="1 outputs for a batch of 3.*dynamic batch"):
        sampler.sample(3)


def test_an_output_that_is_no_image_is_an_error(echo: Any) -> None:
    sampler, backend = echo(GeneratorSpec(latent=Latent(4)))
    backend.run = lambda inputs: np.zeros((3, 4), np.float32)
    with pytest.raises(ModelError, match="which are no images: use output='float'"):
        sampler.sample(3)
    assert sampler.sample(3, output="float").shape == (3, 4)


def test_a_damaged_spec_names_the_file(echo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, backend = echo(GeneratorSpec(latent=Latent(4)))
    backend.metadata["gansdk.spec"] = "{"
    with pytest.raises(SpecError, match=r"echo.onnx: the gansdk.spec document is not JSON"):
        Sampler("echo")


def test_every_error_here_is_a_gansdk_error(digits: Sampler) -> None:
    with pytest.raises(GansdkError):
        digits.sample(0)


def test_repr_says_what_it_is(digits: Sampler) -> None:
    assert repr(digits) == f"Sampler({str(digits.path)!r}, device='cpu', name='digits')"
