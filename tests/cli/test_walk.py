from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gansdk import Sampler, images

from .conftest import Run


def frames_of(path: Path) -> np.ndarray:
    with Image.open(path) as film:
        return np.array([np.asarray(f.convert("L")) for f in ImageSequence.Iterator(film)])


def test_films_and_strips_show_the_walk(gansdk: Run, tmp_path: Path) -> None:
    done = gansdk("walk", "digits", "--seeds", "3,14", "--label", "8", "--fps", "12.5")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "walk.webp: 60 steps through 2 seeds of digits\n"
    sampler = Sampler("digits")
    walk = sampler.interpolate(3, 14, steps=60, labels=8)
    assert (frames_of(tmp_path / "walk.webp") == walk[..., 0]).all()
    content = images.encode_animation(walk, fps=12.5)
    assert (tmp_path / "walk.webp").read_bytes() == content

    words = ("--seeds", "3,14,15", "--steps", "9", "--loop")
    walk = sampler.interpolate(3, 14, 15, steps=9, loop=True)
    for name in ("a.gif", "a.apng"):
        assert gansdk("walk", "digits", *words, "-o", name).returncode == 0
        assert (frames_of(tmp_path / name) == walk[..., 0]).all()
    assert gansdk("walk", "digits", *words, "-o", "a.png", "--columns", "5").returncode == 0
    [strip] = frames_of(tmp_path / "a.png")
    assert (strip == images.montage(walk, columns=5)[..., 0]).all()


def test_mp4(gansdk: Run, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    words = ("--seeds", "1,2", "--steps", "7", "-o", "a.mp4", "--crf", "30", "--fps", "60")
    done = gansdk("walk", "digits", *words)
    assert done.returncode == 0, done.stderr
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert film.streams.video[0].frames == 7
        assert film.streams.video[0].average_rate == 60


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.onnx", "--seeds", "1,2"], "no model at nowhere.onnx"),
        (["digits"], "Missing option '--seeds'"),
        (["digits", "--seeds", "1"], "two or more seeds"),
        (["digits", "--seeds", "1,x"], "--seeds must be integers"),
        (["digits", "--seeds", "1,2", "--steps", "1"], "steps must be"),
        (["digits", "--seeds", "1,2", "--label", "10"], "labels must be 0 ... 9"),
        (["digits", "--seeds", "1,2", "-o", "a.avi"], "use .webp, .png, .gif or .mp4"),
        (["digits", "--seeds", "1,2", "-o", "missing/a.gif"], "is no folder: make it first"),
        (["nowhere", "--seeds", "1,2", "-o", "a.gif", "--fps", "51"], "fps must be 0.01 ... 50"),
        (["digits", "--seeds", "1,2", "-o", "a.gif", "--quality", "5"], "quality is for WebP"),
        (["digits", "--seeds", "1,2", "-o", "a.png", "--fps", "5"], "which has no --fps"),
        (["digits", "--seeds", "1,2", "-o", "a.gif", "--columns", "5"], "which has no --columns"),
        (
            ["digits", "--seeds", "1,2", "-o", "a.png", "--columns", "61"],
            "columns must be 2 ... 60",
        ),
    ],
)
def test_bad_input_is_one_clear_line(refused, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    assert message in refused("walk", *words)


def test_an_existing_file_needs_force(gansdk: Run, refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.gif").write_bytes(b"precious")
    assert "a.gif exists: " in refused("walk", "nowhere.onnx", "--seeds", "1,2", "-o", "a.gif")
    words = ("--seeds", "1,2", "--steps", "3", "-o", "a.gif")
    assert gansdk("walk", "digits", *words, "--force").returncode == 0
    assert len(frames_of(tmp_path / "a.gif")) == 3
