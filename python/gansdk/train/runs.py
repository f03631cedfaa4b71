"""A run folder: what was asked for, the latest checkpoint, the sample sheets.

run.json                   recipe, options, versions: written first
checkpoint.pt              the latest state, replaced as a whole
samples/step-000500.png    the same latents at every step
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from .. import images
from ..errors import OutputError, TrainingError
from ..selection import LabelRule, Selection
from ..spec import GeneratorSpec
from .recipes import RECIPES, Recipe
from .trainer import Trainer, TrainerOptions

_SHEET_SEED = 7
_SHEET_ROWS = 8


class Run:
    """A training run in its folder; make one with `start_run` or `load_run`.

    Attributes
    ----------
    path : pathlib.Path
        The folder.
    recipe : Recipe
        What is trained.
    trainer : Trainer
        Its state; after `load_run` that of the latest checkpoint.
    """

    def __init__(self, path: Path, recipe: Recipe, options: TrainerOptions) -> None:
        self.path = path
        self.recipe = recipe
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            generator, discriminator = recipe.networks(options)
        self.trainer = Trainer(generator, discriminator, recipe.dataset(), options)

    @property
    def spec(self) -> GeneratorSpec:
        """The generator's description, with the command that trained it as provenance."""
        options = self.trainer.options
        return replace(
            self.recipe.spec(options),
            provenance={
                "training": {
                    "command": self.command,
                    "recipe": self.recipe.name,
                    "steps_done": self.trainer.step,
                    **_json_values(options),
                }
            },
        )

    @property
    def command(self) -> str:
        """The command that starts this run anew."""
        options = self.trainer.options
        words = ["gansdk", "train", self.recipe.name, "--steps", str(options.steps)]
        return shlex.join([*words, "--seed", str(options.seed)])

    def save_checkpoint(self) -> None:
        """Replace the checkpoint as a whole: a crash leaves the old one.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        temporary = self.path / "checkpoint.pt.tmp"
        try:
            torch.save(self.trainer.state_dict(), temporary)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(self.path / "checkpoint.pt")
        except (OSError, RuntimeError) as error:  # torch raises RuntimeError for a full disk
            temporary.unlink(missing_ok=True)
            raise OutputError(f"cannot write {self.path / 'checkpoint.pt'}: {error}") from None

    def save_sheet(self) -> Path:
        """Draw the moving average's images of fixed latents: one column a class, eight rows."""
        spec = self.spec
        columns = spec.label.classes if spec.label else _SHEET_ROWS
        count = columns * _SHEET_ROWS
        labels: LabelRule | None = "balanced" if spec.label else None
        selection = Selection.of_range(spec, count, _SHEET_SEED, 0, labels)
        arguments = map(torch.from_numpy, selection.inputs(0, count, None).values())
        with torch.inference_mode():
            pixels = images.to_uint8(
                self.trainer.ema(*arguments).contiguous().numpy(),
                **spec.output.conversion,
            )
        path = self.path / "samples" / f"step-{self.trainer.step:06d}.png"
        images.save(path, images.grid(pixels, columns=columns))
        return path


def start_run(
    recipe: Recipe, path: str | os.PathLike[str], options: TrainerOptions, *, force: bool = False
) -> Run:
    """Make a run folder and write `run.json` into it.

    Raises
    ------
    OutputError
        The folder holds a run already (and not `force`), or anything else, or cannot be written.
    """
    path = Path(path)
    try:
        is_run, is_new = (path / "run.json").is_file(), not path.exists() or not any(path.iterdir())
    except OSError as error:
        raise OutputError(f"cannot write into {path}: {error.strerror}") from None
    if is_run and not force:
        raise OutputError(
            f"{path} holds a run already: continue it with --resume, "
            "start it anew with --force, or choose another folder"
        )
    if not (is_run or is_new):
        raise OutputError(f"{path} exists and is no training run: choose another folder")
    run = Run(path, recipe, options)
    document = {"recipe": recipe.name, "options": _json_values(options), "torch": torch.__version__}
    try:
        (path / "samples").mkdir(parents=True, exist_ok=True)
        (path / "checkpoint.pt").unlink(missing_ok=True)
        for sheet in (path / "samples").glob("step-*.png"):
            sheet.unlink()
        (path / "run.json").write_text(json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise OutputError(f"cannot write into {path}: {error.strerror}") from None
    return run


def load_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder at its latest checkpoint.

    Raises
    ------
    TrainingError
        The folder holds no run, or one without a checkpoint, or a damaged one.
    """
    path = Path(path)
    try:
        document: dict[str, Any] = json.loads((path / "run.json").read_text())
        name = str(document["recipe"])
        options = TrainerOptions(**{k: _tuple(v) for k, v in dict(document["options"]).items()})
    except FileNotFoundError:
        raise TrainingError(
            f"{path} is no training run (it has no run.json): make one with `gansdk train`"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path / 'run.json'} cannot be read: {error!r}") from None
    if name not in RECIPES:
        raise TrainingError(
            f"{path} is a run of the recipe {name!r}, which this gansdk does not have: "
            f"it has {', '.join(sorted(RECIPES))}"
        )
    run = Run(path, RECIPES[name], options)
    try:
        run.trainer.load_state_dict(torch.load(path / "checkpoint.pt", weights_only=True))
    except FileNotFoundError:
        raise TrainingError(f"{path} has no checkpoint yet: start it anew with --force") from None
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise TrainingError(
            f"{path / 'checkpoint.pt'} cannot be read or is of another recipe: {reason}"
        ) from None
    return run


def set_threads(threads: int) -> None:
    """Set how many threads torch uses, in the whole process. Other counts give other last bits."""
    torch.set_num_threads(threads)


def _json_values(options: TrainerOptions) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(options).items()}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
