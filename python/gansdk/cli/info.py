"""gansdk info: what a model takes and gives, or how a picture was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..errors import ModelError
from ..images.formats import FORMATS
from ..images.metadata import picture_format
from ..images.recipe import Recipe
from ..models import bundled
from ..provenance import file_sha256
from ..sampler import Sampler
from ..spec import GeneratorSpec
from .guess import show_foreign
from .like import picture_kind, recipe_in
from .recipes import command_of, made_by


@click.command(
    "info",
    help="""Show what MODEL takes and gives, and where it came from; or, for a picture, how it was
    made and the command that makes it again; or, for an ONNX file that does not say what it is, a
    guess of that, from its inputs and from running it.

    MODEL is a file, a folder that `gansdk export` wrote, the name of a bundled model (digits), or
    a PNG, JPEG or WebP picture that gansdk wrote.
    """,
    epilog="""\b
Examples:
  gansdk info digits
  gansdk info model/ --json
  gansdk info samples.png
""",
)
@click.argument("model", metavar="MODEL")
@click.option("--json", "as_json", is_flag=True, help="The whole document as JSON.")
def command(model: str, as_json: bool) -> None:
    """Show a model or a picture."""
    if _is_picture(model):
        _show_picture(Path(model), as_json)
    else:
        _show_model(model, as_json)


def _is_picture(model: str) -> bool:
    path = Path(model)
    if model in bundled() or path.is_dir():
        return False
    if any(path.suffix.lower() in known.suffixes for known in FORMATS.values()):
        return True
    try:
        with path.open("rb") as file:
            return picture_format(file.read(12)) is not None
    except OSError:
        return False


def _show_picture(path: Path, as_json: bool) -> None:
    recipe = recipe_in(path)
    again = command_of(recipe, picture_kind(path))
    if as_json:
        document = {"file": str(path), "recipe": json.loads(recipe.to_json()), "command": again}
        click.echo(json.dumps(document, indent=2))
        return
    _print([("file", f"{path} ({path.stat().st_size / 1024:.0f} KiB)"), *_recipe_rows(recipe)])
    # Not in the table, which would break the line that is to be copied.
    click.echo(f"\n{again or 'No options of `gansdk sample` make this picture.'}")


def _show_model(model: str, as_json: bool) -> None:
    try:
        sampler = Sampler(model)
    except ModelError:
        if not show_foreign(model, as_json):
            raise
        return
    digest, size = file_sha256(sampler), sampler.path.stat().st_size
    if as_json:
        document = {"file": str(sampler.path), "bytes": size, "sha256": digest}
        click.echo(json.dumps({**document, "spec": sampler.spec.to_dict()}, indent=2))
        return
    file = f"{sampler.path} ({size / 1024:.0f} KiB)"
    _print([("file", file), ("sha256", digest), *_rows(sampler.spec)])


def _print(rows: list[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, text)
    # No markup and no highlighting: names in a file are data, not styles.
    Console(markup=False, highlight=False, soft_wrap=False).print(table)


def _recipe_rows(recipe: Recipe) -> list[tuple[str, str]]:
    rows = [("model", recipe.model), ("sha256", recipe.model_sha256)]
    if recipe.seeds is not None:
        rows += [("seeds", ", ".join(map(str, recipe.seeds))), ("index", str(recipe.start))]
    elif recipe.count == 1:
        rows += [("seed", str(recipe.seed)), ("index", str(recipe.start))]
    else:
        last = recipe.start + recipe.count - 1
        rows += [("seed", str(recipe.seed)), ("images", f"{recipe.start} ... {last}")]
    if recipe.labels is not None:
        many = isinstance(recipe.labels, tuple)
        text = ", ".join(map(str, recipe.labels)) if many else str(recipe.labels)  # type: ignore[arg-type]
        rows.append(("labels", text))
    if recipe.label is not None:
        rows.append(("label", str(recipe.label)))
    if recipe.truncation is not None:
        rows.append(("truncation", f"{recipe.truncation:g}"))
    rows.append(("rounding", recipe.rounding))
    if recipe.grid is not None:
        grid = recipe.grid
        text = f"{grid.columns} columns, padding {grid.padding}, background {grid.background}"
        rows.append(("grid", text))
        if grid.row_labels is not None:
            rows.append(("row labels", ", ".join(grid.row_labels)))
    if recipe.encoding is not None:
        quality = recipe.encoding.quality
        how = recipe.encoding.compression or "lossless" if quality is None else f"quality {quality}"
        rows.append(("encoding", f"{recipe.encoding.format}, {how}"))
    rows.append(("made by", f"{made_by(recipe)}; latent contract {recipe.latent_contract}"))
    return rows


def _rows(spec: GeneratorSpec) -> list[tuple[str, str]]:
    latent, label, output = spec.latent, spec.label, spec.output
    rows = [("name", spec.name)]
    if spec.image is not None:
        size = " x ".join(map(str, spec.image.size)) if spec.image.size else "any size"
        text = f"{spec.image.input}: {size}, {spec.image.channels} channels, {spec.image.fit}"
        rows.append(("image", text))
    if latent is not None:
        rows.append(("latent", f"{latent.input}: {latent.size} values, {latent.law}"))
    if label is not None:
        names = f": {', '.join(label.names)}" if label.names else ""
        rows.append(("label", f"{label.input}: {label.classes} classes{names}"))
    for noise in spec.noise:
        shape = " x ".join(map(str, noise.shape))
        rows.append(("noise", f"{noise.input}: {shape} values, {noise.law}"))
    if spec.truncation is not None:
        psi = spec.truncation
        rows.append(("truncation", f"{psi.input}: {psi.default:g} unless asked otherwise"))
    sizes = ("any" if size is None else str(size) for size in output.shape or ())
    shape = " x ".join(sizes) if output.shape else "unknown shape"
    low, high = output.value_range
    rows.append(
        (output.kind, f"{output.output}: {shape} ({output.layout[1:]}), [{low:g}, {high:g}]")
    )
    if spec.discriminator is not None:
        rows.append(("discriminator", spec.discriminator.file))
    rows += [(key, _text(value)) for key, value in spec.provenance.items()]
    return rows


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k} {_text(v)}" for k, v in value.items())
    return value if isinstance(value, str) else json.dumps(value)
