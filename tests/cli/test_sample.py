from __future__ import annotations

import hashlib
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from gansdk import Sampler, _core, images
from gansdk.cli.sample import command
from gansdk.errors import InvalidArgumentError, MissingDependencyError
from gansdk.images.recipe import Encoding, Grid, Runtime

from .conftest import Run


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_the_picture_is_the_grid_of_the_samples(gansdk: Run, tmp_path: Path) -> None:
    done = gansdk("sample", "digits", "-n", "12", "--seed", "7", "-o", "a.png", "--columns", "4")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "a.png: 12 images of digits\n"
    pixels = read(tmp_path / "a.png")
    expected = images.grid(Sampler("digits").sample(12, seed=7), columns=4)
    assert (pixels == expected[..., 0]).all()


def test_the_same_bytes_for_every_batch_size_thread_count_and_instruction_set(
    gansdk: Run, tmp_path: Path
) -> None:
    settings = [
        (f"{isa}-{threads}-{batch}.png", isa, threads, batch)
        for isa in _core.available_isas()
        for threads, batch in ((1, 1), (1, 7), (1, 64), (2, 1), (2, 7), (2, 64))
    ]
    for name, isa, threads, batch in settings:
        done = gansdk(
            *("sample", "digits", "-n", "100", "--seed", "7", "-o", name),
            *("--threads", str(threads), "--batch-size", str(batch)),
            GANSDK_ISA=isa,
        )
        assert done.returncode == 0, done.stderr
    contents = {(tmp_path / name).read_bytes() for name, *_ in settings}
    assert len(settings) >= 6
    assert len(contents) == 1


def test_labels_seeds_and_start(gansdk: Run, tmp_path: Path) -> None:
    sampler = Sampler("digits")
    for words, expected in (
        (["-n", "4", "--labels", "balanced", "--start", "8"],
         sampler.sample(4, start=8, labels="balanced")),
        (["-n", "4", "--labels", "3"], sampler.sample(4, labels=3)),
        (["-n", "4", "--labels", "0,1,2", "--start", "1"],
         sampler.sample(4, start=1, labels=[1, 2, 0, 1])),
        (["--seeds", "3,14,15"], sampler.sample(seeds=[3, 14, 15])),
        (["-n", "2", "--labels", "prior", "--seed", str(2**64 - 1)],
         sampler.sample(2, seed=2**64 - 1)),
    ):  # fmt: skip
        done = gansdk("sample", "digits", *words, "-o", "a.png", "--padding", "0", "--force")
        assert done.returncode == 0, done.stderr
        assert (read(tmp_path / "a.png") == images.grid(expected, padding=0)[..., 0]).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.onnx"], "no model at nowhere.onnx: expected a file, a folder"),
        (["digits", "-n", "0"], "n must be 1 ... 2^64; got 0"),
        (["digits", "-n", "-5"], "n must be 1 ... 2^64; got -5"),
        (["digits", "-n", str(2**65)], "a picture holds at most 10000 images"),
        (["digits", "-n", "2", "--start", str(2**64 - 1)], "start + n must be at most 2^64"),
        (["digits", "--start", str(2**64)], "start must be 0 ... 2^64 - 1"),
        (["digits", "--seed", "-1"], "seed must be 0 ... 2^64 - 1"),
        (["digits", "--labels", "10"], "labels must be 0 ... 9; got 10"),
        (["digits", "--labels", "three"], "--labels must be prior, balanced, a class such as 3"),
        (["digits", "--seeds", "1,x"], "--seeds must be integers such as 3,14,15"),
        (["digits", "--seeds", "1,2", "-n", "2"], "n or seeds, not both"),
        (["digits", "--batch-size", "0"], "batch_size must be"),
        (["digits", "--threads", "0"], "threads must be"),
        (["digits", "--columns", "0"], "columns must be"),
        (["digits", "--padding", "-1"], "padding must be"),
        (["digits", "--device", "gpu"], "device must be 'cpu'"),
        (["digits", "-o", "a.bmp"], "names no picture format; use .png, .jpg, .webp"),
        (["digits", "--quality", "90"], "png is lossless and takes no quality"),
        (["digits", "--quality", "101", "-o", "a.jpg"], "quality of jpeg must be 1 ... 100"),
        (["digits", "--compression", "small", "-o", "a.jpg"], "compression is for png alone"),
        (["digits", "--compression", "best"], "'best' is not one of 'fast', 'small'"),
        (["digits", "-n", "4", "-o", "a.qoi"], "qoi holds pictures of 3 or 4 channels"),
        (["digits", "-n", "4", "--padding", "2000000000"], "pictures end at 2^31 - 1"),
        (["digits", "--seeds", ",".join(["1"] * 10_001)], "at most 10000 images"),
        (["-n", "4"], "Missing argument 'MODEL'"),
        (["digits", "-o", "missing/a.png"], "is no folder: make it first"),
    ],
)
def test_bad_input_is_one_clear_line(refused, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    assert message in refused("sample", *words)


@pytest.mark.parametrize(
    ("name", "words", "options"),
    [
        ("a.png", ["--compression", "small"], {"compression": "small"}),
        ("a.jpg", [], {}),
        ("a.jpeg", ["--quality", "30"], {"quality": 30}),
        ("a.webp", [], {}),
        ("a.webp", ["--quality", "30"], {"quality": 30}),
        ("a.jxl", ["--quality", "30"], {"quality": 30}),
        ("a.npy", [], {}),
        ("a.npz", [], {}),
    ],
)
def test_the_suffix_and_the_options_say_how_it_is_written(
    gansdk: Run, tmp_path: Path, name: str, words: list[str], options: dict[str, Any]
) -> None:
    done = gansdk("sample", "digits", "-n", "4", "-o", name, *words)
    assert done.returncode == 0, done.stderr
    whole = images.grid(Sampler("digits").sample(4))
    kind = images.check_target(tmp_path / name)
    carries = kind in ("png", "jpeg", "webp")
    recipe = images.read_recipe(tmp_path / name) if carries else None
    assert (recipe is not None) == carries
    assert (tmp_path / name).read_bytes() == images.encode(whole, kind, recipe=recipe, **options)
    note = "" if carries else f" ({kind} carries no recipe)"
    assert done.stdout == f"{name}: 4 images of digits{note}\n"


def test_a_picture_carries_its_recipe(gansdk: Run, tmp_path: Path) -> None:
    words = ["--seed", "7", "--start", "5", "--labels", "0,1,2", "--columns", "3"]
    assert gansdk("sample", "digits", "-n", "7", *words, "-o", "a.png").returncode == 0
    path = Sampler("digits").path
    assert images.read_recipe(tmp_path / "a.png") == images.Recipe(
        "digits",
        hashlib.sha256(path.read_bytes()).hexdigest(),
        seed=7,
        start=5,
        count=7,
        labels=(0, 1, 2),
        grid=Grid(3, 2, 0),
        encoding=Encoding("png", None, "fast"),
        runtime=Runtime("cpu", "onnxruntime", metadata.version("onnxruntime")),
        gansdk=metadata.version("gansdk"),
    )
    assert str(path.parent).encode() not in (tmp_path / "a.png").read_bytes()


def test_an_existing_file_needs_force(gansdk: Run, refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.png").write_bytes(b"precious")
    assert "a.png exists: " in refused("sample", "digits", "-o", "a.png")
    # Told before anything is loaded, which may take minutes.
    assert "a.png exists: " in refused("sample", "nowhere.onnx", "-o", "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"precious"
    assert gansdk("sample", "digits", "-n", "1", "-o", "a.png", "--force").returncode == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a model", "is a text file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b"\x08\x0agarbage", "not a network that ONNX Runtime can load"),
    ],
)
def test_files_that_are_no_models(refused, tmp_path: Path, content: bytes, message: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.onnx").write_bytes(content)
    assert message in refused("sample", "model.onnx")


def test_folders_and_networks_that_are_no_generators(refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "empty").mkdir()
    assert "holds no model" in refused("sample", "empty")
    discriminator = Sampler("digits").path.with_name("discriminator.onnx")
    assert "is a discriminator, not a generator" in refused("sample", discriminator)


def test_an_unknown_instruction_set_is_one_clear_line(refused) -> None:  # type: ignore[no-untyped-def]
    assert "GANSDK_ISA" in refused("sample", "digits", GANSDK_ISA="mmx")


def test_what_the_file_cannot_hold_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: Any, **__: Any) -> None:
        raise AssertionError("sampled")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Sampler, "sample", work)
    invoke = CliRunner().invoke
    many = ",".join(str(2**64 - 1 - i) for i in range(4000))
    for words, message in (
        (["-o", "a.qoi"], "3 or 4 channels"),
        (["-o", "a.jpg", "--seeds", many], "does not fit into a JPEG"),
    ):
        error = invoke(command, ["digits", *words]).exception
        assert isinstance(error, InvalidArgumentError)
        assert message in str(error)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    error = invoke(command, ["digits", "-o", "a.jxl"]).exception
    assert isinstance(error, MissingDependencyError)
    assert list(tmp_path.iterdir()) == []
