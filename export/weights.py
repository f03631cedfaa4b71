"""Weights from a file into a module: safetensors, or what torch.load reads without running code."""

from __future__ import annotations

import argparse
import os
import pickle
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gansdk.errors import ExportError, InvalidArgumentError, MissingDependencyError

from .reasons import reason_of

StateDict = dict[str, Any]

# What other wrappers put before every name: nn.DataParallel and AveragedModel; torch.compile.
_WRAPPERS = ("module.", "_orig_mod.")
_ZIP, _PICKLE, _GZIP = b"PK\x03\x04", b"\x80", b"\x1f\x8b"
_DEPTH = 4


def load_weights(
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    prefix: str | None = None,
) -> None:
    """Load a file's weights into a module, every one of them and no other.

    Parameters
    ----------
    module : nn.Module
        It is changed, where the weights do not fit possibly in part.
    path : str or path
        A safetensors file, or a checkpoint of torch.save, which is read with weights_only=True.
    key : str, optional
        Where in a checkpoint the weights are, for instance "g_ema" or "ema.generator"; to be given
        where it holds several state dicts.
    prefix : str, optional
        What is cut off the names; names without it are left out. "module." and "_orig_mod.", which
        nn.DataParallel and torch.compile put there, are found without it.

    Raises
    ------
    InvalidArgumentError
        There is no such file, key or prefix, or a key has to be given.
    ExportError
        The file is damaged, needs code of its own to be read, or does not fit the module.
    """
    path = Path(path)
    state = _select(read_weights(path), path, key)
    expected = module.state_dict()
    state = _without_prefix(state, expected, path, prefix)
    try:
        result = module.load_state_dict(state, strict=False)
    except Exception as error:  # its hooks may raise anything
        shapes = [
            f"{name} is {tuple(state[name].shape)}, not {tuple(value.shape)}"
            for name, value in expected.items()
            if isinstance(value, Tensor)
            and isinstance(state.get(name), Tensor)
            and state[name].shape != value.shape
        ]
        if not shapes:
            raise ExportError(f"{path} cannot be loaded: {reason_of(error)}") from error
        raise ExportError(
            f"{path} does not fit {type(module).__name__}: {len(shapes)} of {len(expected)} "
            f"values have another shape, first {shapes[0]}: is the network built with the "
            "arguments that it was trained with?"
        ) from None
    missing = _not_shared(module, result.missing_keys)
    if missing or result.unexpected_keys:
        raise ExportError(_misfit(path, module, state, missing, result.unexpected_keys))


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


def _select(content: Any, path: Path, key: str | None) -> StateDict:
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


def _without_prefix(
    state: StateDict, expected: Mapping[str, Any], path: Path, prefix: str | None
) -> StateDict:
    if prefix is not None:
        if any(f"{prefix}." in name for name in state) and not prefix.endswith("."):
            prefix += "."
        cut = _cut(state, prefix) or _cut(_unwrapped(state, {}), prefix)
        if not cut:
            raise InvalidArgumentError(
                f"no name in {path} starts with the prefix {prefix!r}: they are such as "
                f"{', '.join(list(state)[:3])}"
            )
        state = cut
    return _unwrapped(state, expected)


def _unwrapped(state: StateDict, expected: Mapping[str, Any]) -> StateDict:
    while state:
        wrapper = next((w for w in _WRAPPERS if _all_start(_but_counter(state), w)), None)
        if wrapper is None or _all_start(expected, wrapper):
            break
        state = _cut(state, wrapper)
    if not any("_orig_mod." in name for name in expected):  # a part that was compiled
        state = {name.replace("_orig_mod.", ""): value for name, value in state.items()}
    return state


def _cut(state: StateDict, prefix: str) -> StateDict:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _but_counter(state: StateDict) -> list[str]:
    # torch.optim.swa_utils.AveragedModel counts its updates beside the module.
    return [name for name in state if name != "n_averaged"]


def _all_start(names: Any, prefix: str) -> bool:
    return bool(names) and all(name.startswith(prefix) for name in names)


def _not_shared(module: nn.Module, missing: list[str]) -> list[str]:
    # safetensors keeps a tensor that two names share under one of them.
    values = module.state_dict()
    loaded = {v.data_ptr() for k, v in values.items() if isinstance(v, Tensor) and k not in missing}
    return [
        name
        for name in missing
        if not (isinstance(values.get(name), Tensor) and values[name].numel() > 0)
        or values[name].data_ptr() not in loaded
    ]


def _misfit(
    path: Path, module: nn.Module, state: StateDict, missing: list[str], unexpected: list[str]
) -> str:
    expected = module.state_dict()
    parts = []
    if missing:
        parts.append(f"{len(missing)} of {len(expected)} values are missing, first {missing[0]}")
    if unexpected:
        parts.append(f"{len(unexpected)} of {len(state)} are unexpected, first {unexpected[0]}")
    hint = "is this the network, built with the arguments, that it was trained with?"
    name = next(iter(expected), "")
    fronts = [known.removesuffix(name) for known in state if known.endswith(f".{name}")]
    fitting = [front for front in fronts if all(front + other in state for other in expected)]
    if fitting:
        hint = " or ".join(f"give --prefix {front}" for front in fitting)
    return f"{path} does not fit {type(module).__name__}: {'; '.join(parts)}: {hint}"


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
