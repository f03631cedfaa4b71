"""The JSON beside a foreign file: `generator.json` for `generator.onnx`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import SpecError

_LIMIT = 16 << 20


def json_beside(path: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the JSON file beside a model that says what it is, and the object in it.

    Raises
    ------
    SpecError
        It cannot be read, or holds no JSON object.
    """
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return None
    return beside, read_json(beside)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object that a file holds; `SpecError` where it holds none."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_LIMIT).decode("utf-8"))
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:100]
        raise SpecError(f"{path} is no JSON that says what a model is: {why}") from None
    if not isinstance(document, dict):
        raise SpecError(f'{path} must hold a JSON object, for instance {{"latent": ...}}')
    return document
