"""Recipes of what a sampler makes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk import Sampler, images
from gansdk.errors import InvalidArgumentError, ModelError
from gansdk.images.recipe import Grid, Runtime
from gansdk.provenance import file_sha256, recipe_of, runtime_of


@pytest.fixture(scope="module")
def digits() -> Sampler:
    return Sampler("digits", rounding="stylegan")


def test_a_recipe_says_what_was_asked_for(digits: Sampler) -> None:
    recipe = recipe_of(digits, seed=7, start=42, labels=(4, 2, 9))
    assert (recipe.model, recipe.rounding, recipe.label) == ("digits", "stylegan", 4)
    assert (recipe.seed, recipe.start, recipe.count) == (7, 42, 1)
    assert recipe.model_sha256 == hashlib.sha256(digits.path.read_bytes()).hexdigest()
    assert recipe.runtime == runtime_of(digits)
    drawn = recipe_of(digits, seed=7, start=42)
    assert drawn.labels == "prior"
    assert drawn.label == digits.labels(1, seed=7, start=42)[0]  # type: ignore[index]
    many = recipe_of(digits, count=3, seeds=[5, 6, 7], labels="prior", grid=Grid(3))
    assert (many.seeds, many.seed, many.label, many.grid) == ((5, 6, 7), None, None, Grid(3))


def test_runtime_and_digest(digits: Sampler) -> None:
    runtime = runtime_of(digits)
    assert isinstance(runtime, Runtime)
    assert (runtime.device, runtime.backend) == ("cpu", "onnxruntime")
    assert runtime.version is not None
    assert file_sha256(digits) == hashlib.sha256(digits.path.read_bytes()).hexdigest()


def test_a_picture_keeps_it(digits: Sampler, tmp_path: Path) -> None:
    recipe = recipe_of(digits, seed=1, start=2, labels=3)
    images.save(tmp_path / "a.png", digits.sample(1, seed=1, start=2, labels=3)[0], recipe=recipe)
    assert images.read_recipe(tmp_path / "a.png") == recipe


def test_an_image_is_named_with_the_class_that_it_has(digits: Sampler) -> None:
    for start in range(20):
        drawn = digits.labels(1, seed=7, start=start)
        assert drawn is not None
        recipe = recipe_of(digits, seed=7, start=start)
        assert (recipe.seed, recipe.start, recipe.count) == (7, start, 1)
        assert (recipe.labels, recipe.label) == ("prior", drawn[0])
    assert recipe_of(digits, start=4, labels=(5, 6, 7)).label == 6
    assert recipe_of(digits, seeds=[9], start=4, labels=(5, 6, 7)).label == 5
    assert recipe_of(digits, start=14, labels="balanced").label == 4
    assert recipe_of(digits, count=2, labels=3).label is None


def test_seeds_say_how_many(digits: Sampler) -> None:
    recipe = recipe_of(digits, seeds=[3, 14, 15])
    assert (recipe.seed, recipe.seeds, recipe.count) == (None, (3, 14, 15), 3)


def test_integers_of_numpy_are_integers(digits: Sampler) -> None:
    plain = recipe_of(digits, count=2, seed=7, start=1, labels=(4, 2))
    numbers: dict[str, Any] = {"count": np.int8(2), "seed": np.uint64(7), "start": np.int16(1)}
    recipe = recipe_of(digits, **numbers, labels=(np.int64(4), np.uint8(2)))  # type: ignore[arg-type]
    assert recipe == plain
    assert recipe.to_json() == plain.to_json()
    seeds: Any = np.array([3, 2**64 - 1], np.uint64)
    assert recipe_of(digits, seeds=seeds) == recipe_of(digits, seeds=[3, 2**64 - 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed must be"),
        ({"count": 0}, "n must be"),
        ({"seeds": []}, "the number of seeds must be"),
        ({"seeds": 5}, "seeds must be a sequence"),
        ({"seeds": [1, 2], "count": 3}, "count is that of seeds, 2; got 3"),
        ({"seeds": [1, 2], "labels": "balanced"}, "balanced"),
        ({"labels": ()}, "the number of labels must be"),
        ({"labels": 10, "count": 2}, "labels must be 0 ... 9"),
        ({"labels": (1, 10), "count": 2}, r"labels\[1\] must be 0 ... 9"),
        # For `Sampler.sample` one an image; here it would be repeated from index 0 on.
        ({"labels": [1, 2, 3], "count": 3, "start": 1}, "or a tuple of classes"),
        ({"labels": "best"}, "labels must be one of"),
    ],
)
def test_what_the_sampler_does_not_make_has_no_recipe(
    digits: Sampler, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        recipe_of(digits, **arguments)


def test_a_model_is_read_again_only_when_it_changed(
    digits: Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.onnx"
    shutil.copy(digits.path, copy)
    sampler = Sampler(copy)
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    assert file_sha256(sampler) == digest
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", None)  # reading would be a TypeError
        assert file_sha256(sampler) == digest
    with copy.open("ab") as file:
        file.write(b"more")
    assert file_sha256(sampler) == hashlib.sha256(copy.read_bytes()).hexdigest()
    copy.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        file_sha256(sampler)
