"""gansdk train: a recipe into a run folder."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InvalidArgumentError, MissingDependencyError, TrainingError
from .progress import progress_bar

if TYPE_CHECKING:
    from ..train import Run, StepResult


@click.command(
    "train",
    help="""Train RECIPE into a run folder: checkpoint and sample sheets.

    The only recipe so far is digits: handwritten digits (scikit-learn's, nothing is downloaded),
    32 x 32, ten classes. Needs `pip install 'gansdk[torch]'`.
    Ctrl-C saves a checkpoint; --resume continues exactly as if nothing had happened.
    """,
    epilog="""\b
Examples:
  gansdk train digits --out run/
  gansdk train digits --out run/ --resume
  gansdk train digits --out quick/ --steps 500 --seed 1
""",
)
@click.argument("recipe")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run's folder.")
@click.option("--steps", type=click.IntRange(min=1), help="Default: the recipe's.")
@click.option("--seed", type=click.IntRange(min=0, max=2**64 - 1), help="Default: 0.")
@click.option("--resume", is_flag=True, help="Continue the run in the folder.")
@click.option("--force", is_flag=True, help="Start anew in a folder that holds a run.")
@click.option(
    "--every", type=click.IntRange(min=1), default=500, show_default=True,
    help="Steps between checkpoints with a sample sheet.",
)  # fmt: skip
@click.option("--threads", type=click.IntRange(min=1), help="Default: torch's.")
def command(
    recipe: str,
    out: Path,
    steps: int | None,
    seed: int | None,
    resume: bool,
    force: bool,
    every: int,
    threads: int | None,
) -> None:
    """Train a recipe."""
    try:
        from .. import train
    except ImportError as error:
        raise MissingDependencyError(
            f"training needs {error.name}, which is not installed: pip install 'gansdk[torch]'"
        ) from None
    if recipe not in train.RECIPES:
        raise InvalidArgumentError(
            f"no recipe {recipe!r}: choose from {', '.join(sorted(train.RECIPES))}"
        )
    if threads is not None:
        train.set_threads(threads)
    if resume:
        run = train.load_run(out)
        _check_resume(run, recipe, steps, seed)
    else:
        options = train.RECIPES[recipe].options
        options = replace(
            options,
            steps=options.steps if steps is None else steps,
            seed=options.seed if seed is None else seed,
        )
        run = train.start_run(train.RECIPES[recipe], out, options, force=force)
    _fit(run, every)
    trainer = run.trainer
    click.echo(
        f"{out}: step {trainer.step} of {trainer.options.steps}; "
        f"next: gansdk export {out} --out model/"
    )


def _check_resume(run: Run, recipe: str, steps: int | None, seed: int | None) -> None:
    options = run.trainer.options
    for name, given, kept in (
        ("recipe", recipe, run.recipe.name),
        ("--steps", steps, options.steps),
        ("--seed", seed, options.seed),
    ):
        if given not in (None, kept):
            raise TrainingError(
                f"the run in {run.path} was started with {name} {kept}, not {given}: "
                "resume it without, or start another in a new folder"
            )


def _fit(run: Run, every: int) -> None:
    trainer = run.trainer
    total = trainer.options.steps
    with progress_bar("steps", total=total, done=trainer.step) as advance:

        def on_step(result: StepResult) -> None:
            note = f"D {result.discriminator_loss:.3f}  G {result.generator_loss:.3f}"
            advance(1, note=note)
            if result.step % every == 0 or result.step == total:
                run.save_checkpoint()
                run.save_sheet()

        with _stop_on_interrupt(trainer.stop):
            trainer.fit(on_step=on_step)
    if trainer.step < total:
        run.save_checkpoint()
        click.echo(f"stopped at step {trainer.step}: --resume continues", err=True)
        raise KeyboardInterrupt


@contextmanager
def _stop_on_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Turn the first Ctrl-C into a request, so that no step is cut in half; a second one kills."""

    def handler(number: int, frame: object) -> None:
        stop()
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
