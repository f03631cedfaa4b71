"""Files that gansdk did not write, sampled with a spec: types, batches, psi, outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk import GeneratorSpec, Latent, Sampler, images, latents
from gansdk.backends import batch_of, open_backend
from gansdk.errors import ModelError, SpecError
from gansdk.spec import Label, Noise, Output, Truncation

from ..foreign import (
    BFLOAT16,
    DOUBLE,
    FLOAT,
    HALF,
    INT32,
    INT64,
    UINT8,
    conditional,
    matrix,
    plain,
    truncated,
    write,
)

SPEC = GeneratorSpec(latent=Latent(8))


def expected(count: int, *, seed: int = 0) -> Any:
    z = latents.normal(count, 8, seed=seed)
    return np.tanh(z @ matrix(8, 48)).reshape(-1, 3, 4, 4)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(FLOAT, 1e-6), (DOUBLE, 1e-6), (HALF, 3e-3), (BFLOAT16, 3e-2)]
)
def test_every_float_type_comes_back_as_float32(
    tmp_path: Path, dtype: int, tolerance: float
) -> None:
    sampler = Sampler(plain(tmp_path / "g.onnx", dtype=dtype), spec=SPEC)
    values = sampler.sample(5, output="float")
    assert values.dtype == np.float32
    assert np.abs(values - expected(5)).max() < tolerance
    # In a type of fewer bits the network's values are of these bits exactly.
    if dtype == BFLOAT16:
        assert not (values.view(np.uint32) & 0xFFFF).any()
    assert sampler.sample(5).dtype == np.uint8


def test_bfloat16_operators_that_the_device_lacks_are_one_clear_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (BFLOAT16, ("N", 8))},
        {"image": (BFLOAT16, ("N", 8))},
        [("Tanh", "z", "image")],
    )
    with pytest.raises(ModelError, match="lacks most of bfloat16 on the CPU: .* --float32") as e:
        open_backend(path)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("batch", [1, 2, 4, 48])
@pytest.mark.parametrize("dtype", [FLOAT, BFLOAT16])
def test_a_fixed_batch_gives_the_images_of_a_free_one(
    tmp_path: Path, batch: int, dtype: int
) -> None:
    free = Sampler(plain(tmp_path / "free.onnx", dtype=dtype), spec=SPEC)
    fixed = Sampler(plain(tmp_path / "fixed.onnx", dtype=dtype, batch=batch), spec=SPEC)
    assert batch_of(fixed._backend, SPEC) == batch
    assert batch_of(free._backend, SPEC) is None
    for count in (1, 3, 4, 9):
        assert (fixed.sample(count, seed=7) == free.sample(count, seed=7)).all()
    assert (fixed.sample(9, batch_size=5) == fixed.sample(9, batch_size=1)).all()
    # Whole runs, where a call does not say how many.
    assert len(next(fixed.stream(200))) % batch == 0
    assert len(next(fixed.stream(200, batch_size=5))) == 5


def test_the_runs_of_a_fixed_batch_are_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend(plain(tmp_path / "g.onnx", batch=4))
    seen = []
    real = backend._run  # type: ignore[attr-defined]
    monkeypatch.setattr(backend, "_run", lambda feeds: seen.append(feeds["z"]) or real(feeds))
    z = latents.normal(6, 8, seed=1)
    backend.run({"z": z})
    assert [len(part) for part in seen] == [4, 4]
    # The last is filled up with its last row.
    assert (np.concatenate(seen)[:6] == z).all()
    assert (seen[1][2:] == z[5]).all()


def test_a_latent_without_a_batch_axis(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, (8,))},
        {"image": (FLOAT, (3, 4, 4))},
        [("MatMul", "z w", "f"), ("Reshape", "f s", "r"), ("Tanh", "r", "image")],
        {"w": matrix(8, 48), "s": np.array([3, 4, 4])},
    )
    sampler = Sampler(path, spec=SPEC)
    assert np.abs(sampler.sample(3, output="float") - expected(3)).max() < 1e-6
    assert sampler.sample(3).shape == (3, 4, 4, 3)


def test_an_output_of_a_fixed_batch_behind_a_free_input_is_an_error(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 8))},
        {"image": (FLOAT, (1, 1, 1, 8))},
        [("ReduceMean", "z", "m", {"axes": [0]}), ("Reshape", "m s", "image")],
        {"s": np.array([1, 1, 1, 8])},
    )
    with pytest.raises(ModelError, match="1 outputs for a batch of 3"):
        Sampler(path, spec=SPEC).sample(3)


def test_inputs_that_fix_the_batch_differently_are_an_error(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, (2, 8)), "noise": (FLOAT, (3, 8))},
        {"image": (FLOAT, (2, 8)), "other": (FLOAT, (3, 8))},
        [("Tanh", "z", "image"), ("Tanh", "noise", "other")],
    )
    with pytest.raises(SpecError, match="fix the batch to 2 and to 3"):
        Sampler(path, spec=GeneratorSpec(latent=Latent(8), noise=(Noise((8,)),)))


@pytest.mark.parametrize("batch", ["N", 1, 4])
@pytest.mark.parametrize("psi", [(), (1,), ("N",), (1, 1), ("N", 1)])
def test_psi_of_every_rank(tmp_path: Path, psi: Any, batch: Any) -> None:
    if batch == 4 and psi and psi[0] == "N":
        psi = (4, *psi[1:])
    spec = GeneratorSpec(latent=Latent(8), truncation=Truncation(default=0.5))
    sampler = Sampler(truncated(tmp_path / "g.onnx", psi, batch=batch), spec=spec)
    z = latents.normal(5, 8, seed=3)
    for truncation, scale in ((None, 0.5), (0.0, 0.0), (1.0, 1.0)):
        values = sampler.sample(5, seed=3, truncation=truncation, output="float")
        wanted = np.tanh(scale * z @ matrix(8, 16)).reshape(5, 1, 4, 4)
        assert np.abs(values - wanted).max() < 1e-6


def test_noise_that_a_batch_shares_is_each_images_own(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 4)), "noise": (FLOAT, (1, 1, 2, 2))},
        {"image": (FLOAT, ("N", 1, 2, 2))},
        [("Reshape", "z s", "r"), ("Add", "r noise", "image")],
        {"s": np.array([-1, 1, 2, 2])},
    )
    spec = GeneratorSpec(latent=Latent(4), noise=(Noise((1, 2, 2)),))
    z = latents.normal(3, 4, seed=0).reshape(3, 1, 2, 2)
    noise = latents.normal(3, 4, seed=0, stream=16).reshape(3, 1, 2, 2)
    assert (Sampler(path, spec=spec).sample(3, output="float") == z + noise).all()


@pytest.mark.parametrize(
    ("label", "one_hot"),
    [
        ((INT64, ("N",)), False),
        ((INT32, ("N",)), False),
        ((INT32, ("N", 1)), False),
        ((FLOAT, ("N", 1)), False),
        ((UINT8, ("N",)), False),
        ((INT64, (1,)), False),
        ((INT64, ()), False),
        ((FLOAT, ("N", 5)), True),
        ((HALF, ("N", 5)), True),
        ((INT32, ("N", 5)), True),
    ],
)
def test_labels_of_every_type(tmp_path: Path, label: Any, one_hot: bool) -> None:
    path = conditional(tmp_path / "g.onnx", label, one_hot=one_hot)
    spec = GeneratorSpec(
        latent=Latent(8),
        label=Label(5, encoding="one_hot" if one_hot else "index"),
        output=Output(value_range=(0, 1)),
    )
    sampler = Sampler(path, spec=spec)
    classes = [4, 0, 2]
    x = latents.normal(3, 8, seed=2) @ matrix(8, 16) + matrix(5, 16)[classes]
    values = sampler.sample(3, seed=2, labels=classes, output="float")
    assert np.abs(values - (1 / (1 + np.exp(-x))).reshape(3, 1, 4, 4)).max() < 1e-6


@pytest.mark.parametrize("rounding", ["nearest", "truncate"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_bytes_that_a_network_gives_are_the_pixels(
    tmp_path: Path, rounding: Any, layout: Any
) -> None:
    channels_last = layout == "NHWC"
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 256))},
        {"image": (UINT8, ("N", 16, 16, 1) if channels_last else ("N", 1, 16, 16))},
        [
            ("Add", "z ramp", "sum"),
            ("Cast", "sum", "b", {"to": UINT8}),
            ("Reshape", "b s", "image"),
        ],
        {
            "ramp": np.arange(256, dtype=np.float32) + 0.5,
            "s": np.array([-1, 16, 16, 1] if channels_last else [-1, 1, 16, 16]),
        },
    )
    output = Output(value_range=(0, 255), layout=layout)
    sampler = Sampler(
        path, spec=GeneratorSpec(latent=Latent(256), output=output), rounding=rounding
    )
    # Latents of nothing: every byte from 0 to 255, each the level that it is.
    pixels = sampler.generate(np.zeros((2, 256), np.float32))
    assert (pixels.reshape(2, 256) == np.arange(256)).all()


def test_the_output_that_the_spec_names_is_taken(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 4))},
        {"w": (FLOAT, ("N", 4)), "rgb": (FLOAT, ("N", 1, 2, 2))},
        [("Neg", "z", "w"), ("Reshape", "z s", "rgb")],
        {"s": np.array([-1, 1, 2, 2])},
    )
    z = latents.normal(2, 4, seed=0)
    rgb = Sampler(path, spec=GeneratorSpec(latent=Latent(4), output=Output(output="rgb")))
    assert (rgb.sample(2, output="float") == z.reshape(2, 1, 2, 2)).all()
    w = Sampler(path, spec=GeneratorSpec(latent=Latent(4), output=Output(kind="array", output="w")))
    assert (w.sample(2) == -z).all()
    with pytest.raises(ModelError, match=r"gives the outputs w .*, rgb .*names 'image'.*Output\("):
        Sampler(path, spec=GeneratorSpec(latent=Latent(4)))


def test_weights_among_the_inputs_are_no_inputs(tmp_path: Path) -> None:
    """Exporters before IR version 4 list every weight as an input too."""
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 8)), "w": (FLOAT, (8, 16))},
        {"image": (FLOAT, ("N", 16))},
        [("MatMul", "z w", "image")],
        {"w": matrix(8, 16)},
    )
    backend = open_backend(path)
    assert [x.name for x in backend.inputs or ()] == ["z"]
    z = np.ones((2, 8), np.float32)
    assert np.allclose(backend.run({"z": z}), z @ matrix(8, 16))


def test_inputs_that_gansdk_cannot_give_are_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 8)), "psi": (9, ())},
        {"image": (FLOAT, ("N", 8))},
        [("Where", "psi z z", "image")],
    )
    spec = GeneratorSpec(latent=Latent(8), truncation=Truncation(), output=Output(kind="array"))
    with pytest.raises(
        ModelError, match=r"input psi is a tensor\(bool\), which gansdk cannot give"
    ):
        Sampler(path, spec=spec).sample(1)


def test_weights_beside_the_file(tmp_path: Path) -> None:
    whole = Sampler(plain(tmp_path / "whole.onnx"), spec=SPEC)
    path = plain(tmp_path / "split.onnx", external="split.bin")
    assert (tmp_path / "split.bin").exists()
    assert (Sampler(path, spec=SPEC).sample(3) == whole.sample(3)).all()
    (tmp_path / "split.bin").rename(tmp_path / "other.bin")
    with pytest.raises(ModelError, match="keeps its weights in split.bin, which is not there") as e:
        Sampler(path, spec=SPEC)
    assert "\n" not in str(e.value)


def test_images_of_a_half_precision_file_do_not_depend_on_the_batch_asked_for(
    tmp_path: Path,
) -> None:
    sampler = Sampler(plain(tmp_path / "g.onnx", dtype=HALF), spec=SPEC)
    whole = sampler.sample(8, seed=1)
    assert (sampler.sample(3, seed=1, start=4) == whole[4:7]).all()
    assert (images.to_uint8(sampler.sample(8, seed=1, output="float")) == whole).all()
