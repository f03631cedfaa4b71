"""--truncation, and models with noise inputs: what their pictures say, and the same bytes again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gansdk import Sampler, images
from gansdk.spec import GeneratorSpec, Latent, Noise, Truncation

from .conftest import Run

onnx = pytest.importorskip("onnx")

Refused = Callable[..., str]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file whose 4 x 4 images are psi * z + 0.1 * noise, with a default psi of 0.7."""
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    spec = GeneratorSpec(
        latent=Latent(16),
        noise=(Noise((1, 4, 4)), Noise((1, 1, 1), input="more")),
        truncation=Truncation(default=0.7),
        name="truncated",
    )
    floats = onnx.TensorProto.FLOAT
    constants = {
        "square": np.array([-1, 1, 4, 4], np.int64),
        "column": np.array([-1, 1, 1, 1], np.int64),
        "tenth": np.array(0.1, np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["z", "square"], ["z4"]),
            helper.make_node("Reshape", ["psi", "column"], ["psi4"]),
            helper.make_node("Mul", ["z4", "psi4"], ["plain"]),
            helper.make_node("Add", ["noise", "more"], ["both"]),
            helper.make_node("Mul", ["both", "tenth"], ["weak"]),
            helper.make_node("Add", ["plain", "weak"], ["image"]),
        ],
        "truncated",
        [
            helper.make_tensor_value_info("z", floats, ["n", 16]),
            helper.make_tensor_value_info("noise", floats, ["n", 1, 4, 4]),
            helper.make_tensor_value_info("more", floats, ["n", 1, 1, 1]),
            helper.make_tensor_value_info("psi", floats, ["n"]),
        ],
        [helper.make_tensor_value_info("image", floats, ["n", 1, 4, 4])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(file, {"gansdk.spec": spec.to_json()})
    onnx.save(file, tmp_path / "truncated.onnx")
    return tmp_path / "truncated.onnx"


@pytest.mark.parametrize(
    ("words", "psi"),
    [
        (["-n", "6", "--truncation", "0.5"], 0.5),
        (["-n", "1", "--start", "9", "--truncation", "-0.5"], -0.5),
        (["--seeds", "3,14", "--truncation", "0.1"], 0.1),
        (["-n", "6"], 0.7),
        (["-n", "1", "--truncation", "1e-30"], 1e-30),
    ],
)
def test_a_picture_says_psi_and_is_made_again(
    gansdk: Run, model: Path, words: list[str], psi: float
) -> None:
    done = gansdk("sample", model, *words, "-o", "a.png")
    assert done.returncode == 0, done.stderr
    original = (model.parent / "a.png").read_bytes()
    recipe = images.read_recipe(model.parent / "a.png")
    assert recipe is not None
    assert recipe.truncation == psi

    done = gansdk("sample", model, "--like", "a.png", "-o", "b.png", "--batch-size", "1")
    assert done.returncode == 0, done.stderr
    assert (model.parent / "b.png").read_bytes() == original

    said = gansdk("info", "a.png").stdout
    assert f"truncation  {psi:g}" in said
    again = shlex.split(said.splitlines()[-1])
    assert again[:3] == ["gansdk", "sample", "MODEL"]
    assert gansdk("sample", model, *again[3:]).returncode == 0
    assert (model.parent / "samples.png").read_bytes() == original


def test_the_network_is_given_psi(gansdk: Run, model: Path) -> None:
    assert gansdk("sample", model, "-n", "1", "--truncation", "0", "-o", "a.png").returncode == 0
    zero = Sampler(model).sample(1, truncation=0)[0]
    assert zero.std() < 26  # the noise alone, a tenth of a standard normal, around level 127.5
    assert not np.array_equal(zero, Sampler(model).sample(1)[0])
    [shown] = read(model.parent / "a.png")
    assert (shown == zero[..., 0]).all()


def read(*paths: Path) -> list[np.ndarray]:
    from PIL import Image

    return [np.asarray(Image.open(path)) for path in paths]


def test_a_data_set_is_of_one_psi_and_each_picture_is_made_again(gansdk: Run, model: Path) -> None:
    words = ("generate", model, "-n", "3", "--seed", "5", "--start", "2")
    done = gansdk(*words, "--truncation", "0.5", "--out", "set")
    assert done.returncode == 0, done.stderr
    folder = model.parent / "set"
    assert json.loads((folder / "manifest.json").read_text())["truncation"] == 0.5
    files = sorted(folder.glob("*.png"))
    wanted = Sampler(model).sample(3, seed=5, start=2, truncation=0.5)
    assert all((a == b[..., 0]).all() for a, b in zip(read(*files), wanted, strict=True))
    done = gansdk("sample", model, "--like", files[1], "-o", "b.png")
    assert done.returncode == 0, done.stderr
    assert (model.parent / "b.png").read_bytes() == files[1].read_bytes()

    assert gansdk(*words, "--out", "default").returncode == 0
    document = json.loads((model.parent / "default" / "manifest.json").read_text())
    assert document["truncation"] == 0.7


def test_a_walk(gansdk: Run, model: Path) -> None:
    words = ("walk", model, "--seeds", "3,14", "--steps", "4", "--truncation", "0.5")
    done = gansdk(*words, "-o", "strip.png", "--columns", "4")
    assert done.returncode == 0, done.stderr
    frames = Sampler(model).interpolate(3, 14, steps=4, truncation=0.5)
    [strip] = read(model.parent / "strip.png")
    assert (strip == images.montage(frames, columns=4)[..., 0]).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sample", "digits", "--truncation", "0.5"], "'digits' has no truncation input"),
        (
            ["generate", "digits", "-n", "2", "--out", "set", "--truncation", "0.5"],
            "'digits' has no truncation input",
        ),
        (
            ["walk", "digits", "--seeds", "1,2", "--truncation", "0.5"],
            "'digits' has no truncation input",
        ),
        (["sample", "truncated.onnx", "--truncation", "1e39"], "at most 3.4e38; got 1e+39"),
        (["sample", "truncated.onnx", "--truncation", "nan"], "must be a finite number"),
        (["sample", "truncated.onnx", "--truncation", "much"], "'much' is not a valid float"),
        (
            ["sample", "truncated.onnx", "--like", "a.png", "--truncation", "0.5"],
            "--truncation cannot stand beside --like",
        ),
    ],
)
def test_what_is_wrong_is_one_line(
    refused: Refused, model: Path, words: list[str], message: str
) -> None:
    assert message in refused(*words)
