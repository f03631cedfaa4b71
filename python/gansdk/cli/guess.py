"""A guess of what a foreign file is, shown: the table, the JSON, the command that adopts it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from ..backends import Tensor, is_foreign, open_backend
from ..backends.inference import Guess, infer
from ..backends.inference.guess import rows
from ..backends.ort import OrtBackend
from ..provenance import digest_of

PLACEHOLDERS = {
    "latent.size": "--latent-size N",
    "label.classes": "--classes N",
    "output.value_range": "--value-range LOW,HIGH",
    "image.value_range": "--value-range LOW,HIGH",
    "output.layout": "--layout NCHW",
}
"""The options of `gansdk adopt` for what could not be guessed."""


def show_foreign(model: str, as_json: bool) -> bool:
    """Show a guess of a file that says nothing of itself; False where it is none of these."""
    backend = open_backend(model)
    if not is_foreign(backend) or not isinstance(backend, OrtBackend):
        return False
    guess = infer(backend)
    if as_json:
        click.echo(json.dumps(_document(backend, guess), indent=2))
        return True
    path = backend.path
    click.echo(f"{path} ({path.stat().st_size / 1024:.0f} KiB) does not say what it is.\n")
    print_table(
        ["", "name", "type", "shape"],
        [
            *(("input", *_words(x)) for x in backend.inputs or ()),
            *(("output", *_words(x)) for x in backend.outputs),
        ],
    )
    click.echo("\nA guess, which nothing is sampled on before you confirm it:\n")
    print_table(["field", "value", "", "because"], rows(guess))
    for problem in guess.problems:
        click.echo(f"\nNot as it is: {problem}")
    if not guess.problems:
        # Not in a table, which would break the lines that are to be copied.
        click.echo(
            f"\nTo write it into a copy, after you confirm it:\n{adopt_command(path, guess)}"
        )
    click.echo(f"\nOr say what the file does not, in {path.with_suffix('.json').name} beside it:")
    click.echo(json.dumps(open_document(guess)))
    return True


def print_table(head: list[str], body: Iterable[tuple[str, ...]]) -> None:
    """Print rows under a head, as wide as the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold", header_style="bold")
    for row in body:
        table.add_row(*row)
    # Names in a file are data, not styles.
    Console(markup=False, highlight=False, soft_wrap=False).print(table)


def adopt_command(path: Path, guess: Guess) -> str:
    """Return the command that adopts a file, with a place for each thing that is not known."""
    options = dict.fromkeys(PLACEHOLDERS[f] for f in guess.unknown if f in PLACEHOLDERS)
    words = ["gansdk", "adopt", shlex.quote(str(path)), "-o", shlex.quote(str(copy_of(path)))]
    return " ".join([*words, *options])


def copy_of(path: Path) -> Path:
    """Return the name of a file's adopted copy where none was given."""
    return path.with_name(f"{path.stem}-adopted.onnx")


def open_document(guess: Guess) -> dict[str, Any]:
    """Return the fields that a JSON beside the file has to hold; null where nothing is known."""
    document: dict[str, Any] = {}
    for finding in guess.open:
        part, _, key = finding.field.partition(".")
        if key:
            document.setdefault(part, {})[key] = finding.value
        else:
            document[part] = finding.value
    return document


def _document(backend: OrtBackend, guess: Guess) -> Mapping[str, Any]:
    path = backend.path
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": digest_of(path),
        "spec": None,
        "inputs": [_tensor(x) for x in backend.inputs or ()],
        "outputs": [_tensor(x) for x in backend.outputs],
        "guess": {
            "document": guess.document,
            "findings": [vars(finding) for finding in guess.findings],
            "problems": list(guess.problems),
            "to_say": open_document(guess),
        },
        "command": None if guess.problems else adopt_command(path, guess),
    }


def _tensor(x: Tensor) -> dict[str, Any]:
    return {"name": x.name, "type": _type(x), "shape": list(x.shape)}


def _words(x: Tensor) -> tuple[str, str, str]:
    shape = " x ".join("any" if size is None else str(size) for size in x.shape)
    return x.name, _type(x), shape or "scalar, or not declared"


def _type(x: Tensor) -> str:
    return x.dtype.removeprefix("tensor(").removesuffix(")")
