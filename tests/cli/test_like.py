"""`gansdk sample --like`: byte for byte, or not at all."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansdk import Sampler, images
from gansdk.cli.recipes import default_columns
from gansdk.images.recipe import Encoding, Grid, Recipe, Runtime

from .conftest import Run

IMAGES = [
    ["-n", "12", "--seed", "7", "--columns", "4"],
    ["-n", "1", "--seed", str(2**64 - 1)],
    ["-n", "5", "--start", str(2**63), "--labels", "balanced", "--padding", "0"],
    ["--seeds", "3,14,15", "--labels", "1,2"],
    ["--seeds", "3", "--start", "9"],
    ["-n", "4", "--labels", "0,1,2", "--start", "1"],
    ["-n", "4", "--rounding", "truncate"],
]
FILES = [
    ("a.png", []),
    ("a.png", ["--compression", "small"]),
    ("a.jpg", []),
    ("a.jpg", ["--quality", "40"]),
    ("a.webp", []),
    ("a.webp", ["--quality", "40"]),
]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *(("a.png", words) for words in IMAGES),
        *(("a.jpg", words) for words in IMAGES[:2]),
        *(("a.webp", words) for words in IMAGES[2:4]),
    ],
)
def test_any_choice_of_images(gansdk: Run, tmp_path: Path, name: str, words: list[str]) -> None:
    assert gansdk("sample", "digits", *words, "-o", name).returncode == 0
    again = f"b{Path(name).suffix}"
    done = gansdk("sample", "--like", name, "-o", again)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{again}: {name} again, byte for byte\n"
    assert (tmp_path / again).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize(("name", "words"), FILES)
def test_any_encoding(gansdk: Run, tmp_path: Path, name: str, words: list[str]) -> None:
    assert gansdk("sample", "digits", "-n", "4", *words, "-o", name).returncode == 0
    path = Sampler("digits").path
    done = gansdk(
        *("sample", path, "--like", name, "--threads", "1", "--batch-size", "1", "--device", "cpu")
    )
    assert done.returncode == 0, done.stderr
    copy = tmp_path / f"samples{Path(name).suffix}"
    assert copy.read_bytes() == (tmp_path / name).read_bytes()


def test_a_picture_may_be_made_over_itself(gansdk: Run, refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert gansdk("sample", "digits", "-n", "4").returncode == 0
    content = (tmp_path / "samples.png").read_bytes()
    assert "samples.png exists" in refused("sample", "--like", "samples.png")
    assert gansdk("sample", "--like", "samples.png", "--force").returncode == 0
    assert (tmp_path / "samples.png").read_bytes() == content


def test_a_picture_of_any_name(gansdk: Run, tmp_path: Path) -> None:
    save(tmp_path / "a.jpeg", made())
    (tmp_path / "a.jpeg").rename(tmp_path / "picture")
    assert gansdk("sample", "--like", "picture").returncode == 0
    assert (tmp_path / "samples.jpg").read_bytes() == (tmp_path / "picture").read_bytes()


def test_an_image_of_a_data_set(gansdk: Run, tmp_path: Path) -> None:
    """The short form of the recipe: seed, index, label, model."""
    sampler = Sampler("digits")
    pixels = sampler.sample(3, seed=7, start=40)
    labels = sampler.labels(3, seed=7, start=40)
    assert labels is not None
    recipe = Recipe("digits", digest(), seed=7, start=42, label=int(labels[2]))
    for name in ("a.png", "a.jpg", "a.webp"):
        images.save(tmp_path / name, pixels[2], recipe=recipe)
        done = gansdk("sample", "--like", name, "-o", f"b-{name}")
        assert done.returncode == 0, done.stderr


def test_a_grid_of_another_background(gansdk: Run, tmp_path: Path) -> None:
    recipe = made(count=3, seed=7, grid=Grid(2, 1, 255))
    whole = images.grid(Sampler("digits").sample(3, seed=7), columns=2, padding=1, background=255)
    images.save(tmp_path / "a.png", whole, recipe=recipe)
    assert gansdk("sample", "--like", "a.png", "-o", "b.png").returncode == 0


def test_a_grid_with_row_labels(gansdk: Run, tmp_path: Path) -> None:
    recipe = made(count=3, seed=7, grid=Grid(2, 2, 0, ("a", "b")))
    pixels = Sampler("digits").sample(3, seed=7)
    images.save(
        tmp_path / "a.png", images.grid(pixels, columns=2, row_labels=["a", "b"]), recipe=recipe
    )
    assert gansdk("sample", "--like", "a.png", "-o", "b.png").returncode == 0
    assert "a, b" in gansdk("info", "a.png").stdout


def test_a_model_that_does_not_ship(gansdk: Run, refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    recipe = replace(made(), model="faces")
    images.save(tmp_path / "a.png", Sampler("digits").sample(1)[0], recipe=recipe)
    message = refused("sample", "--like", "a.png", "-o", "b.png")
    assert (
        f"'faces', which does not ship with gansdk: name the file with sha256 {digest()}" in message
    )
    shutil.copy(Sampler("digits").path, tmp_path / "faces.onnx")
    assert gansdk("sample", "faces.onnx", "--like", "a.png", "-o", "b.png").returncode == 0


def digest() -> str:
    import hashlib

    return hashlib.sha256(Sampler("digits").path.read_bytes()).hexdigest()


def made(**changes: Any) -> Recipe:
    return replace(Recipe("digits", digest(), seed=0), **changes)


def save(path: Path, recipe: Recipe, pixels: np.ndarray | None = None) -> None:
    images.save(path, Sampler("digits").sample(1)[0] if pixels is None else pixels, recipe=recipe)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_sha256": "ab" * 32}, "by 'digits' with sha256 abababab"),
        ({"latent_contract": 2}, "under version 2 of the latent contract"),
        ({"truncation": 0.7}, "'digits' has no truncation input; got truncation=0.7"),
        ({"count": 2}, "does not say as which grid"),
        ({"count": 10_001, "grid": Grid(100)}, "at most 10000 images"),
        ({"count": 4, "grid": Grid(2, 2**31 - 1)}, "pictures end at 2^31 - 1"),
        ({"count": 4, "grid": Grid(2, 2, (1, 2, 3))}, "background"),
        ({"labels": 10}, "labels must be 0 ... 9; got 10"),
        ({"encoding": Encoding("jpeg", 95)}, "is a png file, but its recipe says jpeg"),
        ({"encoding": Encoding("png", 95)}, "png is lossless and takes no quality"),
        ({"runtime": Runtime("cuda:9")}, "device='cuda:9'"),
        ({"seed": 1}, "cannot be made again here byte for byte"),
    ],
)
def test_recipes_that_cannot_be_followed(  # type: ignore[no-untyped-def]
    refused, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    save(tmp_path / "a.png", made(**changes))
    assert message in refused("sample", "--like", "a.png", "-o", "b.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_levels_that_differ_are_counted(refused, tmp_path: Path, suffix: str) -> None:  # type: ignore[no-untyped-def]
    """As another execution provider would have it."""
    pixels = Sampler("digits").sample(1)[0].copy()
    pixels[5:7, 5, 0] ^= 1
    pixels[9, 9, 0] = 100 if pixels[9, 9, 0] < 50 else pixels[9, 9, 0] - 30
    recipe = made(
        runtime=Runtime("cpu", "onnxruntime", "1.20.0"),
        gansdk="0.0.9",
        encoding=Encoding("png", None, "fast", "other 1.0") if suffix == "png" else None,
    )
    save(tmp_path / f"a.{suffix}", recipe, pixels)
    message = refused("sample", "--like", f"a.{suffix}", "-o", f"b.{suffix}")
    assert "levels differ, by at most " in message
    assert "it was made by gansdk 0.0.9, onnxruntime 1.20.0 on cpu" in message
    assert "; here are gansdk " in message
    if suffix == "png":
        assert ": 3 of 1024 levels differ" in message
        assert "on cpu, other 1.0; here" in message


def test_other_pictures(refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    save(tmp_path / "a.png", made(), Sampler("digits").sample(1)[0, :9])
    message = refused("sample", "--like", "a.png", "-o", "b.png")
    assert "it has the shape (9, 32), the copy (32, 32)" in message
    # Another program's file around the same pixels.
    save(tmp_path / "a.png", made())
    with Image.open(tmp_path / "a.png") as picture:
        picture.save(tmp_path / "a.png", "png", pnginfo=None, compress_level=1)
    assert "a.png carries no recipe" in refused("sample", "--like", "a.png", "-o", "b.png")
    save(tmp_path / "a.png", made())
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content + b"\0")
    message = refused("sample", "--like", "a.png", "-o", "b.png")
    assert "the pixels are the same, but not the file around them" in message
    at = content.index(b"IDAT")
    (tmp_path / "a.png").write_bytes(content[: at + 9] + b"\xff" * 9 + content[at + 18 :])
    message = refused("sample", "--like", "a.png", "-o", "b.png")
    assert "its pixels cannot be read" in message
    # A picture made to fill the memory.
    head = b"IHDR" + (10_000).to_bytes(4, "big") * 2 + content[24:29]
    bomb = content[:12] + head + zlib.crc32(head).to_bytes(4, "big") + content[33:]
    (tmp_path / "a.png").write_bytes(bomb)
    message = refused("sample", "--like", "a.png", "-o", "b.png")
    assert "its pixels cannot be read" in message
    assert "no PNG, JPEG or WebP" in refused("sample", "--like", Sampler("digits").path)
    assert "none.png cannot be read" in refused("sample", "--like", "none.png")
    assert "carries no recipe" not in refused("sample", "--like", tmp_path)


def test_another_model_names_both(refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    save(tmp_path / "a.png", made())
    content = Sampler("digits").path.read_bytes()
    (tmp_path / "other.onnx").write_bytes(content + b"\x82\x01\x00")  # an empty unknown field
    message = refused("sample", "other.onnx", "--like", "a.png", "-o", "b.png")
    assert f"by 'digits' with sha256 {digest()}" in message
    assert "other.onnx has sha256 " in message


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (["-n", "4"], "-n"),
        (["--seed", "0"], "--seed"),
        (["--seeds", "1"], "--seeds"),
        (["--start", "0", "--labels", "3"], "--start, --labels"),
        (["--columns", "2", "--padding", "2"], "--columns, --padding"),
        (["--quality", "3", "--compression", "fast"], "--quality, --compression"),
    ],
)
def test_what_the_recipe_says_is_not_said_again(refused, words: list[str], flags: str) -> None:  # type: ignore[no-untyped-def]
    message = refused("sample", "--like", "a.png", *words)
    assert f"{flags} cannot stand beside --like" in message


def test_the_copy_is_of_the_same_format(refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    save(tmp_path / "a.jpg", made())
    message = refused("sample", "--like", "a.jpg", "-o", "b.png")
    assert "a.jpg is a jpeg file and is made again as one: name the output b.jpg" in message


def test_the_default_columns_are_those_of_grid() -> None:
    for count in range(1, 70):
        x = np.zeros((count, 1, 1, 1), np.uint8)
        columns = default_columns(count)
        assert images.grid(x, padding=0).shape == images.grid(x, padding=0, columns=columns).shape
