from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansdk.errors import InvalidArgumentError, MissingDependencyError
from gansdk.images.reading import read_picture


@pytest.fixture
def colours() -> Any:
    return np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("LA", 2), ("P", 3), ("RGB", 3), ("RGBA", 4)],
)
def test_modes(tmp_path: Path, colours: Any, mode: str, channels: int) -> None:
    image = Image.fromarray(colours).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(colours[..., 1]))
    image.save(tmp_path / "a.png")
    read = read_picture(tmp_path / "a.png")
    assert (read.dtype, read.shape) == (np.uint8, (6, 9, channels))
    wanted = image.convert({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels])
    assert (read == np.asarray(wanted).reshape(read.shape)).all()


def test_cmyk_becomes_rgb(tmp_path: Path, colours: Any) -> None:
    Image.fromarray(colours).convert("CMYK").save(tmp_path / "a.tif")
    assert (read_picture(tmp_path / "a.tif") == colours).all()


def test_an_opaque_alpha_is_left_out(tmp_path: Path, colours: Any) -> None:
    Image.fromarray(colours).convert("RGBA").save(tmp_path / "a.png")
    assert (read_picture(tmp_path / "a.png") == colours).all()
    Image.fromarray(colours).convert("LA").save(tmp_path / "b.png")
    assert read_picture(tmp_path / "b.png").shape == (6, 9, 1)


def test_a_transparent_colour_is_alpha(tmp_path: Path) -> None:
    levels = np.array([[0, 7], [7, 255]], np.uint8)
    Image.fromarray(levels).save(tmp_path / "grey.png", transparency=7)
    assert read_picture(tmp_path / "grey.png")[..., -1].tolist() == [[255, 0], [0, 255]]
    palette = Image.fromarray(levels).convert("P")
    palette.save(tmp_path / "palette.png", transparency=7)
    assert read_picture(tmp_path / "palette.png")[..., -1].tolist() == [[255, 0], [0, 255]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(tmp_path: Path, colours: Any, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(colours).save(tmp_path / "a.png", exif=exif)
    turned = {
        1: colours,
        2: colours[:, ::-1],
        3: colours[::-1, ::-1],
        4: colours[::-1],
        5: colours.transpose(1, 0, 2),
        6: np.rot90(colours, -1),
        7: colours.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(colours),
    }
    read = read_picture(tmp_path / "a.png")
    assert read.shape == turned[orientation].shape
    assert (read == turned[orientation]).all()


def test_what_cannot_be_read_is_told(tmp_path: Path, colours: Any) -> None:
    good = tmp_path / "good.png"
    Image.fromarray(colours).save(good)
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    Image.new("I;16", (4, 4)).save(tmp_path / "deep.png")
    Image.new("F", (4, 4)).save(tmp_path / "float.tif")
    frames = [Image.new("L", (8, 8), level) for level in (0, 255)]
    for name in ("film.gif", "film.png", "film.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    for name, message in {
        "missing.png": "cannot be read: No such file",
        "text.png": "no picture that Pillow reads",
        "empty.png": "no picture that Pillow reads",
        "deep.png": "mode I;16, not of 8 bits a channel",
        "float.tif": "mode F, not of 8 bits a channel",
        "film.gif": "a film of 2 frames",
        "film.png": "a film of 2 frames",
        "film.webp": "a film of 2 frames",
        ".": "cannot be read",
        "a\0b.png": "null",
    }.items():
        with pytest.raises(InvalidArgumentError, match=message) as caught:
            read_picture(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tif"])
def test_damaged_files_never_fail_otherwise(tmp_path: Path, suffix: str) -> None:
    draws = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(40), np.arange(40)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / f"good.{suffix}")
    whole = (tmp_path / f"good.{suffix}").read_bytes()
    path = tmp_path / f"bad.{suffix}"
    refused = 0
    for i in range(60):
        damaged = bytearray(whole)
        for place in draws.integers(0, len(whole), 1 + i % 4):
            damaged[place] = draws.integers(256)
        path.write_bytes(bytes(damaged[: len(whole) - (i % 3) * len(whole) // 4]))
        try:
            read = read_picture(path)
        except InvalidArgumentError:
            refused += 1
        else:
            assert read.dtype == np.uint8
            assert read.ndim == 3
    assert refused


def test_large_pictures_are_read_up_to_pillows_limit(
    tmp_path: Path, colours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(colours).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)  # Pillow warns, and from twice it refuses
    assert read_picture(tmp_path / "a.png").shape == (6, 9, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(InvalidArgumentError, match="larger than Pillow reads"):
        read_picture(tmp_path / "a.png")


def test_without_pillow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'gansdk\[images\]'"):
        read_picture("a.png")
