from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gansdk import images
from gansdk.errors import OutputError, TrainingError
from gansdk.spec import GeneratorSpec, Label, Latent
from gansdk.train import RECIPES, Recipe, TrainerOptions, load_run, start_run
from gansdk.train.networks import ConvGenerator, ProjectionDiscriminator

from ..toys import CLASSES, LATENT, SIZE, pictures

pytestmark = pytest.mark.usefixtures("one_torch_thread")

OPTIONS = TrainerOptions(steps=4, batch_size=4, latent_size=LATENT, gamma=(0.3, 0.1), seed=9)


def recipe_of(name: str, *, classes: int) -> Recipe:
    return Recipe(
        name=name,
        summary="A toy.",
        options=OPTIONS,
        networks=lambda options: (
            ConvGenerator(options.latent_size, classes, channels=(4,)),
            ProjectionDiscriminator(SIZE, classes, channels=(4,), features=4),
        ),
        dataset=lambda: pictures(8, labelled=bool(classes)),
        spec=lambda options: GeneratorSpec(
            name=name,
            latent=Latent(options.latent_size),
            label=Label(classes) if classes else None,
        ),
    )


TOY = recipe_of("toy", classes=CLASSES)
PLAIN = recipe_of("plain", classes=0)


@pytest.fixture(autouse=True)
def _toy_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    for recipe in (TOY, PLAIN):
        monkeypatch.setitem(RECIPES, recipe.name, recipe)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def weights_of(run: Any) -> dict[str, torch.Tensor]:
    return {
        f"{network}.{name}": value.clone()
        for network in ("generator", "discriminator", "ema")
        for name, value in run.trainer.state_dict()[network].items()
    }


def assert_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    assert all(torch.equal(value, b[name]) for name, value in a.items())


def test_a_run_resumed_from_its_folder_is_the_uninterrupted_one(
    folder: Path, tmp_path: Path
) -> None:
    straight = start_run(TOY, tmp_path / "straight", OPTIONS)
    straight.trainer.fit()
    first = start_run(TOY, folder, OPTIONS)
    first.trainer.fit(2)
    first.save_checkpoint()
    resumed = load_run(folder)
    assert resumed.trainer.step == 2
    assert resumed.trainer.options == OPTIONS
    resumed.trainer.fit()
    assert_equal(weights_of(resumed), weights_of(straight))


def test_initial_weights_follow_the_seed_and_leave_torchs_generator_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    a = start_run(TOY, tmp_path / "a", OPTIONS)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    b = start_run(TOY, tmp_path / "b", OPTIONS)
    c = start_run(TOY, tmp_path / "c", replace(OPTIONS, seed=10))
    assert_equal(weights_of(a), weights_of(b))
    assert not torch.equal(a.trainer.generator.first.weight, c.trainer.generator.first.weight)


def test_run_json_says_what_was_asked_for(folder: Path) -> None:
    start_run(TOY, folder, OPTIONS)
    document = json.loads((folder / "run.json").read_text())
    assert document["recipe"] == "toy"
    assert document["options"]["gamma"] == [0.3, 0.1]
    assert document["options"]["seed"] == 9
    assert document["torch"] == torch.__version__


def test_the_spec_names_the_command_and_the_seed_and_survives_json(folder: Path) -> None:
    run = start_run(TOY, folder, OPTIONS)
    run.trainer.fit(1)
    assert run.command == "gansdk train toy --steps 4 --seed 9"
    training = run.spec.provenance["training"]
    assert training["command"] == run.command
    assert training["recipe"] == "toy"
    assert training["seed"] == 9
    assert training["steps_done"] == 1
    assert training["gamma"] == [0.3, 0.1]
    assert GeneratorSpec.from_json(run.spec.to_json()) == run.spec


@pytest.mark.parametrize(("recipe", "columns"), [(TOY, CLASSES), (PLAIN, 8)])
def test_a_sample_sheet_has_a_column_a_class_and_eight_rows(
    recipe: Recipe, columns: int, folder: Path
) -> None:
    run = start_run(recipe, folder, OPTIONS)
    path = run.save_sheet()
    assert path == folder / "samples" / "step-000000.png"
    with Image.open(path) as sheet:
        cells = np.zeros((8 * columns, SIZE, SIZE, 1), np.uint8)
        height, width = images.grid(cells, columns=columns).shape[:2]
        assert sheet.size == (width, height)
    before = path.read_bytes()
    run.save_sheet()
    assert path.read_bytes() == before  # the same latents every time
    run.trainer.fit()
    assert run.save_sheet().name == "step-000004.png"
    assert (folder / "samples" / "step-000004.png").read_bytes() != before


def test_a_folder_with_a_run_is_refused_and_left_as_it_is(folder: Path) -> None:
    run = start_run(TOY, folder, OPTIONS)
    run.save_checkpoint()
    before = (folder / "checkpoint.pt").read_bytes()
    with pytest.raises(OutputError, match=r"holds a run already: .*--resume"):
        start_run(TOY, folder, OPTIONS)
    assert (folder / "checkpoint.pt").read_bytes() == before


def test_force_starts_anew_without_the_old_checkpoint_and_sheets(folder: Path) -> None:
    run = start_run(TOY, folder, OPTIONS)
    run.trainer.fit(1)
    run.save_checkpoint()
    run.save_sheet()
    (folder / "notes.txt").write_text("mine")
    start_run(TOY, folder, replace(OPTIONS, seed=1), force=True)
    assert json.loads((folder / "run.json").read_text())["options"]["seed"] == 1
    assert sorted(p.name for p in folder.iterdir()) == ["notes.txt", "run.json", "samples"]
    assert not any((folder / "samples").iterdir())


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_anything_else_is_refused_even_with_force(folder: Path, force: bool) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="is no training run"):
        start_run(TOY, folder, OPTIONS, force=force)
    assert [p.name for p in folder.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_taken(folder: Path) -> None:
    folder.mkdir()
    start_run(TOY, folder, OPTIONS)
    assert (folder / "run.json").is_file()


@pytest.mark.parametrize("below", ["", "run"])
def test_a_file_in_the_way_is_an_output_error(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write into"):
        start_run(TOY, tmp_path / "file" / below, OPTIONS)


def test_a_checkpoint_that_cannot_be_written_is_an_output_error_and_keeps_the_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run(TOY, folder, OPTIONS)
    run.save_checkpoint()
    before = (folder / "checkpoint.pt").read_bytes()

    def full_disk(state: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OutputError, match="file write failed"):
        run.save_checkpoint()
    assert (folder / "checkpoint.pt").read_bytes() == before
    assert not (folder / "checkpoint.pt.tmp").exists()


def test_loading_needs_a_run(folder: Path) -> None:
    with pytest.raises(TrainingError, match=r"is no training run \(it has no run.json\)"):
        load_run(folder)


def test_loading_needs_a_checkpoint(folder: Path) -> None:
    start_run(TOY, folder, OPTIONS)
    with pytest.raises(TrainingError, match="has no checkpoint yet"):
        load_run(folder)


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "list", "no keys"])
def test_a_damaged_checkpoint_is_a_training_error(folder: Path, damage: str) -> None:
    run = start_run(TOY, folder, OPTIONS)
    run.save_checkpoint()
    path = folder / "checkpoint.pt"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_text("hello")
    else:
        torch.save([1] if damage == "list" else {}, path)
    with pytest.raises(TrainingError, match=r"checkpoint.pt cannot be read or is of another"):
        load_run(folder)


def test_a_checkpoint_of_other_networks_names_the_difference(folder: Path, tmp_path: Path) -> None:
    start_run(TOY, folder, OPTIONS)
    other = start_run(PLAIN, tmp_path / "other", OPTIONS)
    other.save_checkpoint()
    (folder / "checkpoint.pt").write_bytes((tmp_path / "other" / "checkpoint.pt").read_bytes())
    with pytest.raises(TrainingError, match=r"embedding\.weight"):
        load_run(folder)


def test_a_checkpoint_cannot_run_code(folder: Path) -> None:
    class Payload:
        def __reduce__(self) -> Any:
            return (Path.touch, (folder / "touched",))

    start_run(TOY, folder, OPTIONS)
    torch.save(Payload(), folder / "checkpoint.pt")
    with pytest.raises(TrainingError):
        load_run(folder)
    assert not (folder / "touched").exists()


def test_a_run_of_an_unknown_recipe_says_which_are_known(folder: Path) -> None:
    start_run(TOY, folder, OPTIONS)
    document = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**document, "recipe": "faces"}))
    with pytest.raises(TrainingError, match=r"recipe 'faces', which .* it has digits"):
        load_run(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"recipe": "toy"}',
        '{"recipe": "toy", "options": []}',
        '{"recipe": "toy", "options": 3}',
        '{"recipe": "toy", "options": {"steps": 1, "speed": 9}}',
        '{"recipe": "toy", "options": {"steps": 0}}',
        '{"recipe": "toy", "options": {"steps": 1, "gamma": 3}}',
    ],
)
def test_a_damaged_run_json_is_a_training_error(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "run.json").write_text(text)
    with pytest.raises(TrainingError, match=r"run.json cannot be read"):
        load_run(folder)
