"""gansdk export: from a training run to a model folder."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import MissingDependencyError


@click.command(
    "export",
    help="""Export the generator of a training RUN to ONNX and TorchScript.

    The moving average of the generator's latest checkpoint is exported, with its discriminator
    beside it. Every file is compared with PyTorch before anything is kept.
    Needs `pip install 'gansdk[torch]'`. For a module of your own: gansdk.export.export().
    """,
    epilog="""\b
Examples:
  gansdk export run/ --out model/
  gansdk export run/ --out model/ --format onnx --force
""",
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to make.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(["onnx", "torchscript"]),
    multiple=True,
    default=("onnx", "torchscript"),
    show_default=True,
    help="May be given twice.",
)
@click.option("--force", is_flag=True, help="Replace a model that the folder holds.")
def command(run: Path, out: Path, formats: tuple[str, ...], force: bool) -> None:
    """Export a run."""
    try:
        from ..export import export
        from ..train import load_run
    except ImportError as error:
        raise MissingDependencyError(
            f"export needs {error.name}, which is not installed: pip install 'gansdk[torch]'"
        ) from None
    loaded = load_run(run)
    report = export(
        loaded.trainer.ema,
        out,
        spec=loaded.spec,
        formats=formats,
        discriminator=loaded.trainer.discriminator,
        force=force,
    )
    click.echo(str(report))
    click.echo(f"{out}: step {loaded.trainer.step} of {run}")
