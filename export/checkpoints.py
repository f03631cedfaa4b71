"""What a file of weights holds: safetensors, or what torch.load reads without running code."""

from __future__ import annotations

import argparse
import pickle
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gansdk.errors import ExportError, InvalidArgumentError, MissingDependencyError

from .reasons import reason_of

StateDict = dict[str, Any]

_ZIP, _PICKLE, _GZIP = b"PK\x03\x04", b"\x80", b"\x1f\x8b"
_DEPTH = 4


def read_weights(path: Path) -> Any:
    """Return what a file holds, on the CPU: a state dict, or a checkpoint with several.

    The contents say what kind of file it is; names such as .bin and .ckpt say nothing.

    Raises
    ------
    InvalidArgumentError
        There is no such file.
    ExportError
        It is no weights, damaged, or needs code of its own to be read.
    MissingDependencyError
        It is a safetensors file, and that package is not installed.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be read: {error.strerror}") from None
    if not head:
        raise ExportError(f"{path} is empty: download or save it again")
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        raise ExportError(f"{path} is a Git LFS pointer, not the file itself: run `git lfs pull`")
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise ExportError(f"{path} is a web page, not weights: download the file itself")
    if head.startswith((_ZIP, _PICKLE)):
        return _read_pickle(path)
    if head[8:9] == b"{":
        return _read_safetensors(path)
    what = "a gzip archive, unpack it first" if head.startswith(_GZIP) else "none of these"
    raise ExportError(
        f"{path} is {what}: weights are a .safetensors file, or a .pt of torch.save(...)"
    )


def _read_safetensors(path: Path) -> StateDict:
    try:
        from safetensors.torch import load_file
    except ImportError:
        raise MissingDependencyError(
            "reading .safetensors needs safetensors: pip install 'gansdk[torch]'"
        ) from None
    try:
        return dict(load_file(path))
    except Exception as error:  # a Rust error without a class of its own in every version
        raise ExportError(f"{path} is no sound safetensors file: {reason_of(error)}") from None


def _read_pickle(path: Path) -> Any:
    try:
        # Training scripts keep their options beside the weights. Making a Namespace again sets
        # attributes and runs nothing else.
        with torch.serialization.safe_globals([argparse.Namespace]), warnings.catch_warnings():
            # That a pickle is of another protocol; what cannot be read for it is an error below.
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        needs = f"needs {found[1]}" if found else "torch.save did not write"
        raise ExportError(
            f"{path} is a pickle that {needs}, and reading that runs whatever code the file brings "
            "along, so it is refused; if you trust who made it, write the weights alone, once: "
            "safetensors.torch.save_file(module.state_dict(), 'weights.safetensors')"
        ) from None
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        if "TorchScript" in str(error):
            raise ExportError(
                f"{path} is a TorchScript file, not weights: save the state dict of the module"
            ) from None
        raise ExportError(f"{path} is damaged or no checkpoint: {_short(error)}") from None


def select_state_dict(content: Any, path: Path, key: str | None) -> StateDict:
    """Return the state dict that stands under a key, or the only one.

    Parameters
    ----------
    content
        As `read_weights` returns it.
    path : Path
        Where it was read, for messages.
    key : str or None
        A dotted path into it; a name may hold dots itself.

    Raises
    ------
    InvalidArgumentError
        There is no state dict under the key, or there are several and none was named.
    ExportError
        There is none at all.
    """
    if key is not None:
        found = _at(content, key)
        if found is None:
            raise InvalidArgumentError(
                f"{path} has no key {key!r}: {_candidates(content) or 'it holds no state dict'}"
            )
        if not _is_state_dict(found):
            raise InvalidArgumentError(
                f"{key!r} in {path} is no state dict (names and tensors): "
                f"{_candidates(content) or 'there is none in the file'}"
            )
        return dict(found)
    if _is_state_dict(content):
        return dict(content)
    states = list(_state_dicts(content))
    if len(states) == 1:
        return dict(states[0][1])
    if states:
        raise InvalidArgumentError(f"{path} holds several state dicts: {_candidates(content)}")
    raise ExportError(f"{path} holds no state dict (names and tensors): {_contents(content)}")


def _is_state_dict(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and all(isinstance(name, str) for name in value)
        and any(isinstance(v, Tensor) for v in value.values())
        and all(isinstance(v, Tensor) or k.endswith("_extra_state") for k, v in value.items())
    )


def _state_dicts(content: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    # An optimizer's moments are mappings of tensors too.
    if not isinstance(content, Mapping) or "param_groups" in content or depth > _DEPTH:
        return
    for name, value in content.items():
        where = f"{path}{name}"
        if _is_state_dict(value):
            yield where, value
        else:
            yield from _state_dicts(value, f"{where}.", depth + 1)


def _at(content: Any, key: str) -> Any:
    if not isinstance(content, Mapping):
        return None
    if key in content:
        return content[key]
    words = key.split(".")
    for count in range(1, len(words)):
        found = _at(content.get(".".join(words[:count])), ".".join(words[count:]))
        if found is not None:
            return found
    return None


def _candidates(content: Any) -> str:
    if _is_state_dict(content):
        return "it is one state dict, leave --key out"
    found = [f"--key {name} ({len(state)} tensors)" for name, state in _state_dicts(content)]
    return f"choose {', '.join(found[:8])}" if found else ""


def _contents(content: Any) -> str:
    if isinstance(content, Mapping):
        return f"its keys are {', '.join(map(str, list(content)[:8])) or 'none'}"
    return f"it is a {type(content).__name__}"


def _short(error: BaseException) -> str:
    return reason_of(error)[:200]
