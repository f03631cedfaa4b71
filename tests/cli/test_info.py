from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansdk import GeneratorSpec, Sampler, images
from gansdk.cli.recipes import command_of
from gansdk.images.recipe import Encoding, Grid, Recipe, Runtime

from .conftest import Run

X = np.zeros((4, 4, 3), np.uint8)


def test_info_shows_what_a_model_is(gansdk: Run) -> None:
    done = gansdk("info", "digits")
    assert done.returncode == 0
    for text in ("z: 64 values, normal", "10 classes: zero, one", "1 x 32 x 32", "gansdk train"):
        assert text in done.stdout


def test_info_as_json_holds_the_whole_spec(gansdk: Run) -> None:
    document = json.loads(gansdk("info", "digits", "--json").stdout)
    sampler = Sampler("digits")
    assert GeneratorSpec.from_dict(document["spec"]) == sampler.spec
    assert document["sha256"] == hashlib.sha256(sampler.path.read_bytes()).hexdigest()


def test_info_of_nothing_is_one_clear_line(refused) -> None:  # type: ignore[no-untyped-def]
    assert "no model at nowhere" in refused("info", "nowhere")
    assert "nowhere.png cannot be read: No such file" in refused("info", "nowhere.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_info_of_a_picture_shows_its_recipe(gansdk: Run, tmp_path: Path, suffix: str) -> None:
    name = f"a.{suffix}"
    assert gansdk("sample", "digits", "-n", "1", "--seed", "99", "-o", name).returncode == 0
    shown = gansdk("info", name, COLUMNS="200").stdout
    sampler = Sampler("digits")
    digest = hashlib.sha256(sampler.path.read_bytes()).hexdigest()
    label = sampler.labels(1, seed=99)
    assert label is not None
    rows = dict(line.split(maxsplit=1) for line in shown.splitlines()[:-2])
    assert rows["model"].strip() == "digits"
    assert rows["sha256"].strip() == digest
    assert (rows["seed"].strip(), rows["index"].strip()) == ("99", "0")
    assert (rows["labels"].strip(), rows["label"].strip()) == ("prior", str(label[0]))
    assert "onnxruntime" in rows["made"]
    document = json.loads(gansdk("info", name, "--json").stdout)
    recipe = images.read_recipe(tmp_path / name)
    assert recipe is not None
    assert Recipe.from_json(json.dumps(document["recipe"])) == recipe
    assert document["command"] == shown.splitlines()[-1] == command_of(recipe)
    # Whatever its name.
    (tmp_path / name).rename(tmp_path / "picture")
    assert gansdk("info", "picture", "--json").returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["-n", "6", "--seed", "7", "--columns", "2", "--padding", "0"],
        ["-n", "5", "--start", "1000", "--labels", "balanced", "--compression", "small"],
        ["-n", "1", "--labels", "3"],
        ["--seeds", "3,14,15", "--labels", "1,2", "-o", "samples.jpg", "--quality", "50"],
        ["-n", "4", "-o", "samples.webp", "--rounding", "truncate"],
        ["-n", "4", "-o", "samples.webp", "--quality", "0"],
    ],
)
def test_the_command_of_a_picture_makes_it(gansdk: Run, tmp_path: Path, words: list[str]) -> None:
    assert gansdk("sample", "digits", *words).returncode == 0
    (made,) = tmp_path.iterdir()
    content = made.read_bytes()
    command = json.loads(gansdk("info", made.name, "--json").stdout)["command"]
    program, *again = shlex.split(command)
    assert program == "gansdk"
    assert gansdk(*again, "--force").returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == [made.name]
    assert made.read_bytes() == content


SHORT = Recipe("digits", "ab" * 32, seed=7, start=42, label=3)


def test_a_command_is_shown_only_where_there_is_one() -> None:
    assert command_of(SHORT) == (
        "gansdk sample digits -n 1 --seed 7 --start 42 --labels 3 -o samples.png"
    )
    foreign = Recipe("$(rm -rf /)", "ab" * 32, seed=7, runtime=Runtime("cuda:1"))
    assert command_of(foreign) == "gansdk sample MODEL -n 1 --seed 7 --device cuda:1 -o samples.png"
    truncated = Recipe("faces", "ab" * 32, seed=7, truncation=0.7)
    assert command_of(truncated) == (
        "gansdk sample MODEL -n 1 --seed 7 --truncation 0.7 -o samples.png"
    )
    for out_of_reach in (
        Recipe("digits", "ab" * 32, seed=7, latent_contract=2),
        Recipe("digits", "ab" * 32, seed=7, count=2),
        Recipe("digits", "ab" * 32, seed=7, count=20_000, grid=Grid(100)),
        Recipe("digits", "ab" * 32, seed=7, count=2, grid=Grid(2, 2, 255)),
        Recipe("digits", "ab" * 32, seed=7, count=2, grid=Grid(2, 2, 0, ("a",))),
        Recipe("digits", "ab" * 32, seed=7, encoding=Encoding("avif")),
    ):
        assert command_of(out_of_reach) is None


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_a_recipe_of_no_encoding_is_of_its_pictures_format(
    gansdk: Run, tmp_path: Path, suffix: str
) -> None:
    pixels = Sampler("digits").sample(1, seed=7, start=42, labels=3)[0]
    images.save(tmp_path / f"a.{suffix}", pixels, recipe=SHORT)
    words = shlex.split(gansdk("info", f"a.{suffix}").stdout.splitlines()[-1])
    assert words[-1] == f"samples.{suffix}"
    assert gansdk(*words[1:]).returncode == 0
    again = Image.open(tmp_path / words[-1])
    assert (np.asarray(again) == np.asarray(Image.open(tmp_path / f"a.{suffix}"))).all()


def test_a_picture_of_no_command(gansdk: Run, tmp_path: Path) -> None:
    recipe = Recipe("[bold]digits", "ab" * 32, seed=7, latent_contract=2)
    images.save(tmp_path / "a.png", X, recipe=recipe)
    done = gansdk("info", "a.png")
    assert done.returncode == 0
    assert "[bold]digits" in done.stdout
    assert "No options of `gansdk sample` make this picture." in done.stdout
    assert json.loads(gansdk("info", "a.png", "--json").stdout)["command"] is None


def test_pictures_without_a_recipe(refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("a.png", "a.jpg", "a.webp"):
        images.save(tmp_path / name, X)
        assert f"{name} carries no recipe: gansdk did not make it" in refused("info", name)
    for name in ("a.jxl", "a.qoi", "a.npy", "a.npz"):
        images.save(tmp_path / name, X)
        assert f"{name} is no PNG, JPEG or WebP file" in refused("info", name)
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    assert "cut.png: it ends too early" in refused("info", "cut.png")
    assert "ends too early" in refused("info", "cut.png", "--json")
