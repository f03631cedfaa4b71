"""The digits that ship with gansdk: whole, honest about their origin, and good."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from gansdk import Sampler
from gansdk import __file__ as package_file
from gansdk.backends import open_backend

DIGITS = Sampler("digits")
FOLDER = DIGITS.path.parent


def test_the_files_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir() if path.is_file()}
    assert sizes["generator.onnx"] < 1_000_000
    assert sizes["discriminator.onnx"] < 1_000_000
    assert package_file is not None


def test_the_spec_records_the_command_and_seed_that_made_it() -> None:
    training = DIGITS.spec.provenance["training"]
    assert training["command"] == f"gansdk train digits --steps {training['steps']} --seed 0"
    assert training["steps_done"] == training["steps"]
    assert training["seed"] == 0


def test_the_recorded_options_are_the_recipes_defaults() -> None:
    pytest.importorskip("torch")
    from dataclasses import asdict

    from gansdk.train import RECIPES

    training = DIGITS.spec.provenance["training"]
    for name, value in asdict(RECIPES["digits"].options).items():
        kept = training[name]
        assert (tuple(kept) if isinstance(kept, list) else kept) == value, name


def test_the_golden_values_are_met() -> None:
    golden = DIGITS.spec.golden
    assert golden is not None
    values = DIGITS.sample(golden.count, seed=golden.seed, labels="balanced", output="float")
    assert values.mean(dtype=np.float64) == pytest.approx(golden.mean, abs=golden.tolerance)
    assert values.std(dtype=np.float64) == pytest.approx(golden.std, abs=golden.tolerance)


def test_the_discriminator_is_the_one_in_the_spec_and_knows_real_from_noise() -> None:
    link = DIGITS.spec.discriminator
    assert link is not None
    path = FOLDER / link.file
    assert hashlib.sha256(path.read_bytes()).hexdigest() == link.sha256
    discriminator = open_backend(path)
    labels = np.arange(50) % 10
    images = DIGITS.sample(50, labels=labels, output="float")
    noise = np.random.default_rng(0).uniform(-1, 1, images.shape).astype(np.float32)
    good = discriminator.run({"image": images, "label": labels})
    bad = discriminator.run({"image": noise, "label": labels})
    assert good.shape == (50,)
    assert good.mean() > bad.mean()


def test_its_figures_are_those_of_a_good_generator() -> None:
    """The floor under the figures in docs/training.md, with room for another CPU's last bits."""
    pytest.importorskip("sklearn")
    from gansdk.evaluate import compare_with_digits

    model, real, _ = compare_with_digits(DIGITS)
    assert model.svc_accuracy > 96
    assert model.nn_accuracy > 94.5
    assert model.coverage > 0.93
    assert model.recall > 0.8
    assert 0.9 < model.neighbour_ratio < 1.15
    assert model.variance_ratio > 0.75
    assert real.svc_accuracy > 98.5


def test_each_class_has_visible_variety() -> None:
    """Rows of identical digits are the failure of a generator that ignores its latent."""
    for label in range(10):
        pixels = DIGITS.sample(10, seed=7, labels=label).astype(float)
        differences = np.abs(pixels[:, None] - pixels[None]).mean(axis=(2, 3, 4))
        assert differences[~np.eye(10, dtype=bool)].min() > 2
