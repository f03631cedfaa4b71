"""Files hold their picture, or do not appear."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from gansdk import images, latents
from gansdk.errors import InvalidArgumentError, OutputError


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_files_hold_the_picture(channels: int, tmp_path: Path) -> None:
    image_module = pytest.importorskip("PIL.Image")
    x = latents.normal(9, 7 * channels, seed=1).astype(np.uint8).reshape(9, 7, channels)
    x[..., 3:] = 200
    for format_ in ("png", "webp"):
        content = images.encode(x, format_)
        assert content == images.encode(np.asfortranarray(x), format_)
        read = np.asarray(
            image_module.open(io.BytesIO(content)).convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
        )
        assert (read.reshape(x.shape) == x).all()
        images.save(tmp_path / f"a.{format_}", x)
        assert (tmp_path / f"a.{format_}").read_bytes() == content
    if channels < 4:
        images.save(str(tmp_path / "a.JPG"), x)
        with image_module.open(tmp_path / "a.JPG") as picture:
            assert picture.format == "JPEG"
    assert len(list(tmp_path.iterdir())) == (3 if channels < 4 else 2)
    mode = (tmp_path / "a.png").stat().st_mode & 0o777
    (tmp_path / "plain").touch()
    assert mode == (tmp_path / "plain").stat().st_mode & 0o777


def test_save_refuses(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    x = np.zeros((4, 4, 3), np.uint8)
    images.save(tmp_path / "a.png", x)
    images.save(tmp_path / "a.png", x)
    with pytest.raises(OutputError, match="exists"):
        images.save(tmp_path / "a.png", x, force=False)
    with pytest.raises(OutputError, match="is no folder: make it first"):
        images.save(tmp_path / "none" / "a.png", x)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="is a folder: name a file in it"):
        images.save(tmp_path / "folder.png", x)
    for name in ("a.gif", "a", ".png"):
        with pytest.raises(InvalidArgumentError, match="suffix"):
            images.save(tmp_path / name, x)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "folder.png"]
