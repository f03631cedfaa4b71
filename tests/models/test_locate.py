from __future__ import annotations

from pathlib import Path

import pytest

from gansdk.errors import ModelError
from gansdk.models import bundled, locate


def test_digits_is_bundled() -> None:
    assert bundled() == ("digits",)
    path, kind = locate("digits")
    assert path.name == "generator.onnx"
    assert kind == "onnx"


def test_a_bundled_name_wins_over_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert locate("digits")[0].is_file()
    with pytest.raises(ModelError, match="holds no model"):
        locate("./digits")


def test_a_folder_gives_the_preferred_format(tmp_path: Path) -> None:
    (tmp_path / "generator.onnx").write_bytes(b"\x08\x0a")
    assert locate(tmp_path, prefer="torchscript") == (tmp_path / "generator.onnx", "onnx")
    (tmp_path / "generator.ts").write_bytes(b"PK\x03\x04")
    assert locate(tmp_path) == (tmp_path / "generator.onnx", "onnx")
    assert locate(tmp_path, prefer="torchscript") == (tmp_path / "generator.ts", "torchscript")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello, I am a model\n", "is a text file, not a model"),
        ("h\u00e9llo ".encode() * 200, "is a text file, not a model"),
        (b"\xef\xbb\xbfbyte order mark", "is a text file"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
            "Git LFS pointer.*git lfs pull",
        ),
        (b"\n<!DOCTYPE html><html>404</html>", "is a web page"),
        (b"<?xml version='1.0'?><Error/>", "is a web page"),
    ],
)
def test_what_is_visibly_no_model_is_told_apart(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        locate(path)


def test_what_is_missing_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model at .*nowhere.*bundled model .digits"):
        locate(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="holds no model .*name the file itself"):
        locate(tmp_path)


def test_a_training_run_says_how_to_export_it(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(ModelError, match=r"is a training run: `gansdk export .* --out model/`"):
        locate(tmp_path)
