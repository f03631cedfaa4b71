"""What a guess of a foreign file cannot tell, and what it finds wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk.backends import open_backend
from gansdk.backends.inference import Guess, infer

from ..foreign import FLOAT, plain, shaped, write


def guess_of(path: Path) -> Guess:
    return infer(open_backend(path))


def test_inputs_that_mean_nothing_known(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"a": (FLOAT, ("N", 8)), "b": (FLOAT, ("N", 8)), "flag": (9, ())},
        {"image": (FLOAT, ("N", 8))},
        [("Where", "flag a b", "image")],
    )
    problems = " ".join(guess_of(path).problems)
    assert "input flag is a tensor(bool), which gansdk cannot give" in problems
    assert "input a ['batch', 8] was not understood" in problems
    assert "no input was understood as a latent or a picture" in problems


@pytest.mark.parametrize(
    ("name", "shape"), [("c", ("N", 0)), ("map", ("N", 1, 2, 2)), ("strength", ("N",))]
)
def test_an_input_beside_the_latent_that_is_nothing_known(
    tmp_path: Path, name: str, shape: Any
) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 4)), name: (FLOAT, shape)},
        {"image": (FLOAT, ("N", 1, 2, 2)), "same": (FLOAT, shape)},
        [("Reshape", "z s", "r"), ("Tanh", "r", "image"), ("Identity", name, "same")],
        {"s": np.array([-1, 1, 2, 2])},
    )
    (problem,) = guess_of(path).problems
    assert f"the input {name} {['batch', *shape[1:]]} was not understood" in problem


def test_a_free_axis_may_be_written_as_minus_one(tmp_path: Path) -> None:
    path = plain(tmp_path / "g.onnx", batch=-1)
    backend = open_backend(path)
    assert backend.inputs is not None
    assert backend.inputs[0].shape == (None, 8)
    assert not infer(backend).problems


def test_a_latent_of_no_declared_size(tmp_path: Path) -> None:
    guess = guess_of(shaped(tmp_path / "g.onnx", ("N", "d"), ("N", 3, 4, 4)))
    assert guess.unknown == ("latent.size", "output.value_range")


@pytest.mark.parametrize("shape", [("N",), ("N", 1)])
def test_a_discriminator(tmp_path: Path, shape: Any) -> None:
    path = write(
        tmp_path / "d.onnx",
        {"image": (FLOAT, ("N", 3, 8, 8))},
        {"logit": (FLOAT, shape)},
        [
            ("ReduceMean", "image", "m", {"axes": [1, 2, 3], "keepdims": 0}),
            ("Reshape", "m s", "logit"),
        ],
        {"s": np.array([-1, *shape[1:]])},
    )
    assert "it is a discriminator or a critic" in " ".join(guess_of(path).problems)


def test_random_numbers_inside_are_a_problem(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 4))},
        {"image": (FLOAT, ("N", 1, 2, 2))},
        [
            ("RandomNormalLike", "z", "noise"),
            ("Add", "z noise", "a"),
            ("Reshape", "a s", "r"),
            ("Tanh", "r", "image"),
        ],
        {"s": np.array([-1, 1, 2, 2])},
    )
    assert "draws random numbers itself" in " ".join(guess_of(path).problems)


@pytest.mark.parametrize("batch", ["N", 4])
def test_statistics_of_the_batch_are_a_problem(tmp_path: Path, batch: Any) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, (batch, 4))},
        {"image": (FLOAT, (batch, 1, 2, 2))},
        [
            ("ReduceMean", "z", "mean", {"axes": [0]}),
            ("Sub", "z mean", "a"),
            ("Reshape", "a s", "r"),
            ("Tanh", "r", "image"),
        ],
        {"s": np.array([-1, 1, 2, 2])},
    )
    assert "depends on the others of its batch" in " ".join(guess_of(path).problems)


def test_a_network_that_fails_says_so(tmp_path: Path) -> None:
    path = shaped(tmp_path / "g.onnx", ("N", 7), ("N", 3, 4, 4))
    assert "does not run on what it seems to take" in " ".join(guess_of(path).problems)


@pytest.mark.parametrize("batch", ["N", 4])
def test_what_is_taken_from_the_first_image_is_a_problem(tmp_path: Path, batch: Any) -> None:
    path = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, (batch, 4))},
        {"image": (FLOAT, (batch, 1, 2, 2))},
        [
            ("Gather", "z first", "of_first", {"axis": 0}),
            ("Mul", "z of_first", "a"),
            ("Reshape", "a s", "r"),
            ("Tanh", "r", "image"),
        ],
        {"first": np.array([0]), "s": np.array([-1, 1, 2, 2])},
    )
    assert "depends on the others of its batch" in " ".join(guess_of(path).problems)
