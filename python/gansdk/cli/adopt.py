"""gansdk adopt: a foreign ONNX file becomes one that says what it is, once a person confirms."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from ..adoption import adopt, check_foreign
from ..backends import open_backend
from ..backends.beside import json_beside, read_json
from ..backends.inference import Guess, infer
from ..backends.inference.guess import from_document, merged, rows
from ..errors import InvalidArgumentError, ModelError, SpecError
from ..models import locate
from ..models.onnx_float32 import write_float32
from ..spec import GeneratorSpec
from .guess import PLACEHOLDERS, copy_of, print_table


@click.command(
    "adopt",
    help="""Write a copy of a foreign ONNX FILE that says what it takes and gives.

    What the file does not declare is guessed, by names, shapes and running it; the guess is shown,
    and the copy is written when you confirm it. Options correct the guess. The copy is run before
    it is kept; weights in files beside FILE are copied beside it.
    """,
    epilog="""\b
Examples:
  gansdk adopt dcgan.onnx -o model.onnx
  gansdk adopt biggan.onnx --classes 1000 --value-range -1,1 --yes
  gansdk adopt half.onnx --float32
  gansdk adopt odd.onnx --spec odd.json -o model.onnx
""",
)
@click.argument("model", metavar="FILE")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The copy.  [default: FILE's name with -adopted]",
)
@click.option(
    "--spec",
    "spec_file",
    type=click.Path(path_type=Path),
    help="JSON: a whole gansdk.spec document, or fields of one.  [default: FILE's .json]",
)
@click.option("--name", help="The model's name.  [default: FILE's]")
@click.option("--latent-size", type=int, help="Values of a latent.")
@click.option("--latent-law", type=click.Choice(["normal", "uniform"]))
@click.option("--classes", type=int, help="Number of classes.")
@click.option(
    "--value-range",
    metavar="LOW,HIGH",
    help="The values that become levels 0 and 255; of pictures that go in too.",
)
@click.option("--layout", type=click.Choice(["NCHW", "NHWC"]), help="Of the output.")
@click.option("--color", type=click.Choice(["RGB", "BGR"]), help="Of the output.")
@click.option("--float32", is_flag=True, help="Make float32 of the file's float16 and bfloat16.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Replace the copy, and a spec that FILE carries.")
def command(
    model: str,
    output: Path | None,
    spec_file: Path | None,
    name: str | None,
    latent_size: int | None,
    latent_law: str | None,
    classes: int | None,
    value_range: str | None,
    layout: str | None,
    color: str | None,
    float32: bool,
    yes: bool,
    force: bool,
) -> None:
    """Adopt."""
    if not yes and not _is_terminal():
        raise InvalidArgumentError(
            "there is no terminal to confirm the guess at: look at it by `gansdk info "
            f"{shlex.quote(model)}`, then say --yes"
        )
    path = locate(model)[0]
    document = _said_in_file(spec_file, path)
    options: dict[str, dict[str, Any]] = {
        "latent": {"size": latent_size, "law": latent_law},
        "label": {"classes": classes},
        "output": {"value_range": _pair(value_range), "layout": layout, "color": color},
    }
    given = {
        part: {key: value for key, value in fields.items() if value is not None}
        for part, fields in options.items()
    }
    said = merged(document, {part: fields for part, fields in given.items() if fields})
    guess = _guess(path, float32=float32, force=force, whole="format" in document)
    if guess.problems and not document:
        raise ModelError(f"{path}: {guess.problems[0]}")
    if value_range is not None and any(f.field == "image.value_range" for f in guess.open):
        said = merged({"image": {}, **said}, {"image": {"value_range": _pair(value_range)}})
    if name is not None or "name" not in said:
        said["name"] = path.stem if name is None else name
    spec = _spec(guess, said)
    if not yes:
        print_table(["field", "value", "", "because"], _shown(guess, said, spec))
        if not click.confirm(f"\nIs this what {path} is?"):
            raise InvalidArgumentError(
                "not confirmed, so nothing was written: options such as --value-range correct the "
                "guess"
            )
    out = copy_of(path) if output is None else output
    adopt(path, out, spec=spec, float32=float32, force=force)
    click.echo(f"{out}: {path.name} with its spec; gansdk info {shlex.quote(str(out))} shows it")


def _guess(path: Path, *, float32: bool, force: bool, whole: bool) -> Guess:
    """Return the guess of a file; nothing of it is wanted where the whole spec is said."""
    with TemporaryDirectory() as folder:
        source = path
        if float32:
            source = Path(folder) / path.name
            with source.open("wb") as file:
                write_float32(path, file)
        backend = open_backend(source)
        check_foreign(backend, force=force)
        return Guess(()) if whole else infer(backend)


def _said_in_file(spec_file: Path | None, path: Path) -> dict[str, Any]:
    if spec_file is not None:
        return read_json(spec_file)
    beside = json_beside(path)
    return {} if beside is None else beside[1]


def _spec(guess: Guess, said: Mapping[str, Any]) -> GeneratorSpec:
    if "format" in said:
        return GeneratorSpec.from_dict(said)
    document = merged(guess.document, said)
    array = _field(document, "output.kind") == "array"
    missing = [
        field
        for field in guess.unknown
        if _field(document, field) is None and not (array and field.startswith("output."))
    ]
    if missing:
        ways = dict.fromkeys(PLACEHOLDERS[field] for field in missing if field in PLACEHOLDERS)
        raise SpecError(
            f"what could not be guessed has to be said: {', '.join(missing)}; "
            f"by {' '.join(ways) or '--spec FILE.json'}"
        )
    return from_document(document)


def _shown(
    guess: Guess, said: Mapping[str, Any], spec: GeneratorSpec
) -> Iterator[tuple[str, str, str, str]]:
    document = spec.to_dict()
    told = set()
    for part, fields in said.items():
        keys = [f"{part}.{key}" for key in fields] if isinstance(fields, Mapping) else [part]
        for field in keys:
            part, _, key = field.partition(".")
            value = document[part][key] if key else document[part]
            told.add(field)
            yield field, str(value), "said", "you say so"
    yield from (row for row in rows(guess) if row[0] not in told and row[1] != "?")


def _field(document: Mapping[str, Any], field: str) -> Any:
    part, _, key = field.partition(".")
    fields = document.get(part)
    return fields.get(key) if isinstance(fields, Mapping) else fields


def _pair(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        low, high = (float(word) for word in text.split(","))
    except ValueError:
        raise InvalidArgumentError(
            f"--value-range must be two numbers such as -1,1 or 0,255; got {text!r}"
        ) from None
    return [low, high]


def _is_terminal() -> bool:
    return sys.stdin.isatty()
