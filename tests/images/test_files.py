"""Files hold their picture, or do not appear."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansdk import images
from gansdk.errors import InvalidArgumentError, MissingDependencyError, OutputError
from gansdk.images import files
from gansdk.images.formats import FORMATS

X = (np.arange(16 * 12 * 3).reshape(16, 12, 3) * 7 % 256).astype(np.uint8)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("suffix", [s for f in FORMATS.values() for s in f.suffixes])
def test_files_hold_what_encode_gives(suffix: str, tmp_path: Path) -> None:
    kind = images.check_target(tmp_path / f"a{suffix}")
    images.save(tmp_path / f"a{suffix}", X)
    images.save(str(tmp_path / f"B{suffix.upper()}"), X)
    expected = images.encode(X, kind)
    assert (tmp_path / f"a{suffix}").read_bytes() == expected
    assert (tmp_path / f"B{suffix.upper()}").read_bytes() == expected
    assert len(names(tmp_path)) == 2


def test_options_reach_the_encoder(tmp_path: Path) -> None:
    recipe = images.Recipe("digits", "0" * 64, seed=3)
    images.save(tmp_path / "a.jpg", X, quality=40, recipe=recipe)
    assert (tmp_path / "a.jpg").read_bytes() == images.encode(X, "jpeg", quality=40, recipe=recipe)
    images.save(tmp_path / "a.png", X, compression="small")
    assert (tmp_path / "a.png").read_bytes() == images.encode(X, compression="small")


def test_files_follow_the_umask(tmp_path: Path) -> None:
    images.save(tmp_path / "a.png", X)
    (tmp_path / "plain").touch()
    mode = (tmp_path / "plain").stat().st_mode
    assert (tmp_path / "a.png").stat().st_mode == mode


def test_save_refuses(tmp_path: Path) -> None:
    images.save(tmp_path / "a.png", X)
    images.save(tmp_path / "a.png", X)
    with pytest.raises(OutputError, match="exists"):
        images.save(tmp_path / "a.png", X, force=False)
    with pytest.raises(OutputError, match="is no folder: make it first"):
        images.save(tmp_path / "none" / "a.png", X)
    with pytest.raises(OutputError, match="is no folder: make it first"):
        images.save(tmp_path / "a.png" / "b.png", X)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="is a folder: name a file in it"):
        images.save(tmp_path / "folder.png", X)
    for name in ("a.gif", "a", ".png"):
        with pytest.raises(InvalidArgumentError, match="suffix"):
            images.save(tmp_path / name, X)
    with pytest.raises(InvalidArgumentError, match="null"):
        images.save(tmp_path / "a\0b.png", X)
    with pytest.raises(OutputError, match="cannot be written"):
        images.save(tmp_path / ("n" * 300 + ".png"), X)
    assert names(tmp_path) == ["a.png", "folder.png"]


def test_a_pipe_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("pipe")
    for name in ("link.png", "pipe.png"):
        with pytest.raises(OutputError, match="is a device or a pipe: name a file"):
            images.save(tmp_path / name, X)
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "pipe.png").is_fifo()
    assert names(tmp_path) == ["link.png", "pipe", "pipe.png"]


def test_a_name_as_long_as_a_name_can_be(tmp_path: Path) -> None:
    name = "n" * 251 + ".png"
    images.save(tmp_path / name, X)
    assert names(tmp_path) == [name]


def test_what_cannot_be_encoded_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"precious")
    for wrong in (X.astype(np.float32), X[..., :2], X[:0]):
        with pytest.raises(InvalidArgumentError):
            images.save(tmp_path / "a.jpg", wrong)
    with pytest.raises(InvalidArgumentError):
        images.save(tmp_path / "a.jpg", X, quality=101)
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    with pytest.raises(MissingDependencyError):
        images.save(tmp_path / "a.jpg", X)
    assert (tmp_path / "a.jpg").read_bytes() == b"precious"
    assert names(tmp_path) == ["a.jpg"]


def test_a_folder_of_the_system_is_no_place_for_files() -> None:
    # Not a mode of a folder of our own: root may write into any of those.
    with pytest.raises(OutputError, match="/proc.*cannot be written"):
        images.save("/proc/gansdk.png", X)


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "a.png").symlink_to(tmp_path / "far" / "b.png")
    images.save(tmp_path / "a.png", X)
    assert (tmp_path / "a.png").is_symlink()
    assert names(tmp_path / "far") == ["b.png"]
    assert names(tmp_path) == ["a.png", "far"]


def test_a_file_that_came_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*args: object, **options: object) -> bytes:
        (tmp_path / "a.png").write_bytes(b"precious")
        return b"late"

    monkeypatch.setattr(files, "encode", slow)
    with pytest.raises(OutputError, match="exists"):
        images.save(tmp_path / "a.png", X, force=False)
    assert (tmp_path / "a.png").read_bytes() == b"precious"
    assert names(tmp_path) == ["a.png"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stops the write halfway, as a full disk does."""
    script = """
import resource, signal, sys
import numpy as np
from gansdk import images
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
x = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
try:
    images.save(sys.argv[1], x)
except images.files.OutputError as error:
    print(error)
"""
    for old in (None, b"precious"):
        if old is not None:
            (tmp_path / "a.png").write_bytes(old)
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "a.png")], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{tmp_path / 'a.png'} cannot be written: File too large\n"
        assert names(tmp_path) == ([] if old is None else ["a.png"])
    assert (tmp_path / "a.png").read_bytes() == b"precious"


def test_no_space_left_on_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full refuses every byte."""
    opened = Path.open

    def full(self: Path, mode: str = "r", *args: object, **options: object) -> object:
        if "x" in mode:
            self.symlink_to("/dev/full")
            return opened(Path("/dev/full"), "wb", buffering=0)
        return opened(self, mode, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        images.save(tmp_path / "a.png", X)
    assert names(tmp_path) == []


def test_pillow_reads_every_picture(tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "webp", "qoi"):
        images.save(tmp_path / f"a.{suffix}", X)
        with Image.open(tmp_path / f"a.{suffix}") as picture:
            back = np.asarray(picture).astype(int)
        assert np.abs(back - X).max() <= (0 if suffix != "jpg" else 255)
        assert back.shape == X.shape
