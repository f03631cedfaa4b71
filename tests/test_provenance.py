"""Recipes of what a sampler makes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gansdk import Sampler, images
from gansdk.errors import GansdkError
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
    with pytest.raises(GansdkError):
        recipe_of(digits, seed=1, labels=10)
