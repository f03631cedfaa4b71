from __future__ import annotations

import json
from pathlib import Path

import pytest

from gansdk import images

from .conftest import Run


def test_a_folder_of_images_and_its_manifest(gansdk: Run, tmp_path: Path) -> None:
    done = gansdk("generate", "digits", "-n", "70", "--seed", "7", "--out", "data", "--labels", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "data: 70 images of digits; manifest.json says how\n"
    assert done.stderr == ""  # no progress bar where nobody watches
    assert len(list((tmp_path / "data").glob("*.png"))) == 70
    assert json.loads((tmp_path / "data" / "manifest.json").read_text())["labels"] == 3


def test_rounding_reaches_the_pictures(gansdk: Run, tmp_path: Path) -> None:
    for rounding in ("nearest", "truncate"):
        words = ["-n", "2", "--labels", "3", "--rounding", rounding, "--out", rounding]
        assert gansdk("generate", "digits", *words).returncode == 0
    first = images.read_recipe(tmp_path / "truncate" / "00000000.png")
    assert first is not None
    assert first.rounding == "truncate"
    contents = [(tmp_path / r / "00000001.png").read_bytes() for r in ("nearest", "truncate")]
    assert contents[0] != contents[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-n", "0"], "n must be 1 ... 2^64; got 0"),
        (["-n", str(2**64 + 1)], "n must be 1 ... 2^64"),
        (["-n", "2", "--start", str(2**64 - 1)], "start + n must be at most 2^64"),
        (["-n", "2", "--labels", "11"], "labels must be 0 ... 9; got 11"),
        (["-n", "2", "--device", "cuda:99"], "device='cuda:99'"),
    ],
)
def test_bad_input_is_one_clear_line(refused, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    assert message in refused("generate", "digits", "--out", "data", *words)


def test_folders_in_the_way(refused, gansdk: Run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text("precious")
    assert "exists and is no folder" in refused("generate", "digits", "-n", "1", "--out", "file")
    # Not even root can make a folder in a file, so this stands for any unwritable place.
    assert "cannot" in refused("generate", "digits", "-n", "1", "--out", "file/data")
    assert gansdk("generate", "digits", "-n", "1", "--out", "data").returncode == 0
    assert "use --force" in refused("generate", "digits", "-n", "2", "--out", "data")
    assert gansdk("generate", "digits", "-n", "2", "--out", "data", "--force").returncode == 0
    assert len(list((tmp_path / "data").glob("*.png"))) == 2
