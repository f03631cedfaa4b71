"""gansdk export: from a training run, or from a factory and its weights, to a model folder."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ..errors import GansdkError, InvalidArgumentError, MissingDependencyError
from ..spec import GeneratorSpec
from .export_options import export_options, parse_pairs
from .export_spec import SPEC_OPTIONS, read_spec, spec_of
from .grouped import GroupedCommand

# What a training run has no need of: it knows its network, and what that takes.
_OWN = {
    "weights": "--weights",
    "key": "--key",
    "prefix": "--prefix",
    "factory_args": "--factory-arg",
    "arguments": "--argument",
    "call": "--call",
    **SPEC_OPTIONS,
    "spec_file": "--spec",
    "discriminator": "--discriminator",
    "discriminator_weights": "--discriminator-weights",
    "discriminator_key": "--discriminator-key",
    "discriminator_prefix": "--discriminator-prefix",
    "discriminator_args": "--discriminator-arg",
    "statistics": "--statistics",
}


@click.command(
    "export",
    cls=GroupedCommand,
    help="""Export a generator to files that describe themselves: ONNX, TorchScript, torch.export.

    SOURCE is a FACTORY, written package.module:name or path/to/file.py:name: a subclass of
    nn.Module, a function that returns a module, or a module. Or it is the folder of a training RUN:
    then the moving average of its latest checkpoint is exported, with its discriminator.
    Every file is compared with PyTorch before anything is kept. Needs `pip install
    'gansdk[torch]'`.

    A factory is code, and is run, with the working directory on Python's path: name only code that
    you would run. Weights are data: a file that needs code of its own to be read is refused.
    """,
    epilog="""\b
Examples:
  gansdk export models.dcgan:Generator --weights dcgan.safetensors --latent 100,1,1 --out model/
  gansdk export net.py:Generator --weights ckpt.pt --key g_ema --latent 512 --out model/
  gansdk export net.py:G --factory-arg size=256 --latent 512 --truncation --out model/
  gansdk export net.py:G --latent 128 --classes 10 --argument noise_mode=const --out model/
  gansdk export pix2pix.py:Unet --weights unet.pt --no-latent --image-size 256x256 --out model/
  gansdk export run/ --out model/ --format onnx --force
""",
)
@click.argument("source", metavar="SOURCE")
@export_options
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of code that fails.")
@click.pass_context
def command(
    context: click.Context,
    /,
    source: str,
    out: Path,
    formats: tuple[str, ...],
    opset: int | None,
    force: bool,
    verbose: bool,
    **what: Any,
) -> None:
    """Export a run, or a generator of the user's own."""
    how: dict[str, Any] = {"force": force}
    if formats:
        how["formats"] = formats
    if opset is not None:
        how["opset"] = opset
    given = [
        name for name in what if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    try:
        if ":" in source and not Path(source).exists():
            _export_factory(source, out, how, given, **what)
        else:
            _export_run(source, out, how, given)
    except GansdkError as error:
        if verbose and error.__cause__ is not None:
            click.echo("".join(traceback.format_exception(error.__cause__)), err=True, nl=False)
        raise


def _export_run(source: str, out: Path, how: dict[str, Any], given: list[str]) -> None:
    if given:
        raise InvalidArgumentError(
            f"{', '.join(_OWN[name] for name in given)}: these are for a generator of your own; "
            f"name it package.module:factory or path/to/file.py:factory, not {source}"
        )
    if not Path(source).is_dir():
        raise InvalidArgumentError(
            f"{source} is no training run, which is a folder; a generator of your own is named "
            f"with what makes it after a colon: {source}:Generator"
        )
    with _torch_needed():
        from ..export import export
        from ..train import load_run
    loaded = load_run(source)
    report = export(
        loaded.trainer.ema,
        out,
        spec=loaded.spec,
        discriminator=loaded.trainer.discriminator,
        **how,
    )
    click.echo(str(report))
    click.echo(f"{out}: step {loaded.trainer.step} of {source}")


def _export_factory(
    source: str,
    out: Path,
    how: dict[str, Any],
    given: list[str],
    *,
    weights: Path | None,
    key: str | None,
    prefix: str | None,
    factory_args: tuple[str, ...],
    arguments: tuple[str, ...],
    call: str | None,
    spec_file: Path | None,
    discriminator: str | None,
    discriminator_weights: Path | None,
    discriminator_key: str | None,
    discriminator_prefix: str | None,
    discriminator_args: tuple[str, ...],
    statistics: str | None,
    **described: Any,
) -> None:
    if weights is None:
        _check_alone(given, ("key", "prefix"), "--weights FILE")
    if discriminator_weights is None:
        _check_alone(
            given, ("discriminator_key", "discriminator_prefix"), "--discriminator-weights FILE"
        )
    if discriminator is None:
        _check_alone(
            given, ("discriminator_weights", "discriminator_args"), "--discriminator FACTORY"
        )
    spec = _spec(source, weights, spec_file, given, described)
    own = parse_pairs(factory_args, "--factory-arg")
    others = parse_pairs(discriminator_args, "--discriminator-arg")
    if arguments:
        how["arguments"] = parse_pairs(arguments, "--argument")
    if statistics is not None:
        how["statistics"] = statistics
    with _torch_needed():
        from ..export import export
        from ..export.factory import build_module, find_function, importable
        from ..export.weights import load_weights
    with importable(Path.cwd()):
        generator = build_module(source, own)
        if weights is not None:
            load_weights(generator, weights, key=key, prefix=prefix)
        if call is not None:
            how["call"] = find_function(call)
        if discriminator is not None:
            judge = build_module(discriminator, others)
            if discriminator_weights is not None:
                load_weights(
                    judge, discriminator_weights, key=discriminator_key, prefix=discriminator_prefix
                )
            how["discriminator"] = judge
        report = export(generator, out, spec=spec, **how)
    click.echo(str(report))
    origin = "with the weights that it was made with" if weights is None else f"with {weights}"
    click.echo(f"{out}: {spec.name}, made by {source} {origin}")


def _check_alone(given: list[str], names: tuple[str, ...], needed: str) -> None:
    alone = [_OWN[name] for name in names if name in given]
    if alone:
        raise InvalidArgumentError(f"{alone[0]} needs {needed} beside it")


def _spec(
    source: str,
    weights: Path | None,
    file: Path | None,
    given: list[str],
    described: dict[str, Any],
) -> GeneratorSpec:
    beside = [SPEC_OPTIONS[name] for name in given if name in SPEC_OPTIONS]
    if file is not None and beside:
        raise InvalidArgumentError(
            f"{', '.join(beside)} cannot stand beside --spec: the document says it all"
        )
    spec = spec_of(described) if file is None else read_spec(file)
    # Names without folders: where the files lay is nobody's business who has the model.
    origin = {"factory": source.rpartition("/")[2]}
    if weights is not None:
        origin["weights"] = weights.name
    return replace(spec, provenance={**spec.provenance, **origin})


@contextmanager
def _torch_needed() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        if (error.name or "").startswith("gansdk"):
            raise
        raise MissingDependencyError(
            f"export needs {error.name}, which is not installed: pip install 'gansdk[torch]'"
        ) from None
