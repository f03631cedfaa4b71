"""From a model argument to the generator's file.

A model argument is the path of a file, the path of a folder that `export` wrote, or the name of a
model that ships inside the package. A bundled name wins over a file or folder of the same name in
the working directory, so that it means the same wherever it is typed: write ./digits for those.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile, ZipFile

from ..errors import ModelError

Format = Literal["onnx", "torchscript", "pt2"]

GENERATOR_FILES: dict[Format, str] = {
    "onnx": "generator.onnx",
    "torchscript": "generator.ts",
    "pt2": "generator.pt2",
}
DISCRIMINATOR_FILES: dict[Format, str] = {
    kind: name.replace("generator", "discriminator") for kind, name in GENERATOR_FILES.items()
}
WHAT: dict[Format, str] = {
    "onnx": "an ONNX file",
    "torchscript": "a TorchScript file",
    "pt2": "a torch.export file",
}

_BUNDLED = Path(__file__).parent
# The first bytes by which a file is told apart; ONNX, a bare protobuf, has none.
_ZIP = b"PK\x03\x04"
_LFS = b"version https://git-lfs.github.com/spec/"


def bundled() -> tuple[str, ...]:
    """Return the names of the models that ship with gansdk."""
    return tuple(sorted(p.parent.name for p in _BUNDLED.glob(f"*/{GENERATOR_FILES['onnx']}")))


def locate(model: str | os.PathLike[str], prefer: Format = "onnx") -> tuple[Path, Format]:
    """Return the generator's file for a model argument, and the file's format.

    `prefer` is the format taken from a folder that has both.

    Raises
    ------
    ModelError
        The model does not exist, or is visibly no model file.
    """
    path = _BUNDLED / model if model in bundled() else Path(model)
    try:
        if path.is_dir():
            path = _in_folder(path, prefer)
        if not path.exists():
            raise ModelError(
                f"no model at {path}: expected a file, a folder that `gansdk export` wrote, or a "
                f"bundled model ({', '.join(bundled())})"
            )
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from None
    return path, _format(path, head)


def _in_folder(folder: Path, prefer: Format) -> Path:
    order = sorted(GENERATOR_FILES, key=lambda name: name != prefer)
    for name in order:
        if (folder / GENERATOR_FILES[name]).is_file():
            return folder / GENERATOR_FILES[name]
    mend = "name the file itself, or a folder that `gansdk export` wrote"
    if (folder / "run.json").is_file():
        mend = f"it is a training run: `gansdk export {folder} --out model/` makes a model of it"
    raise ModelError(
        f"the folder {folder} holds no model ({' or '.join(GENERATOR_FILES.values())}): {mend}"
    )


def _format(path: Path, head: bytes) -> Format:
    if not head:
        raise ModelError(f"{path} is empty: expected an ONNX, TorchScript or .pt2 file")
    if head.startswith(_LFS):
        raise ModelError(
            f"{path} is a Git LFS pointer, not the model itself: fetch it with `git lfs pull`"
        )
    if head.startswith(_ZIP):
        return _archive(path)
    start = head.lstrip()[:15].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ModelError(
            f"{path} is a web page, not a model: the download went wrong, fetch it again"
        )
    if _is_text(head):
        raise ModelError(
            f"{path} is a text file, not a model: expected an ONNX, TorchScript or .pt2 file"
        )
    return "onnx"


def _archive(path: Path) -> Format:
    # Both of torch's formats are ZIP archives; each says in a record which one it is.
    try:
        with ZipFile(path) as archive:
            records = [n for n in archive.namelist() if n.endswith("archive_format")]
            is_pt2 = any(archive.read(name) == b"pt2" for name in records)
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        is_pt2 = path.suffix == ".pt2"  # damaged: whoever reads it says how
    return "pt2" if is_pt2 else "torchscript"


def _is_text(head: bytes) -> bool:
    # An ONNX file starts with the byte 0x08 (its ir_version field), which no text holds.
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < 512 else "ignore")
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\t\r\n\f\ufeff" for c in text)
