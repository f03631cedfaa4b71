"""Weights from a file into a module: every one of them, and no other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gansdk.errors import ExportError, InvalidArgumentError

from .checkpoints import StateDict, read_weights, select_state_dict

# What other wrappers put before every name: nn.DataParallel and AveragedModel; torch.compile.
_WRAPPERS = ("module.", "_orig_mod.")


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
    state = select_state_dict(read_weights(path), path, key)
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
            reason = " ".join(str(error).split())[:300]
            raise ExportError(f"{path} cannot be loaded: {reason}") from error
        raise ExportError(
            f"{path} does not fit {type(module).__name__}: {len(shapes)} of {len(expected)} "
            f"values have another shape, first {shapes[0]}: is the network built with the "
            "arguments that it was trained with?"
        ) from None
    missing = _not_shared(module, result.missing_keys)
    if missing or result.unexpected_keys:
        raise ExportError(_misfit(path, module, state, missing, result.unexpected_keys))


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
