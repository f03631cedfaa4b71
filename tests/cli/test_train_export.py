"""From nothing to pictures by the commands alone; the networks are the recipe's own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from gansdk import Sampler

from .conftest import Run

pytest.importorskip("torch")


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


KINDS = ("onnx", "pt2", "ts")
FEW = ("--steps", "4", "--every", "2", "--threads", "1", "--seed", "3")


def test_train_resume_export_sample(gansdk: Run, refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = gansdk("train", "digits", "--out", "run", *FEW)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "run: step 4 of 4; next: gansdk export run --out model/\n"
    sheets = sorted(p.name for p in (tmp_path / "run" / "samples").iterdir())
    assert sheets == ["step-000002.png", "step-000004.png"]
    assert size_of(tmp_path / "run" / "samples" / sheets[0]) == (338, 270)

    assert "holds a run already" in refused("train", "digits", "--out", "run", *FEW)
    assert "started with --seed 3, not 4" in refused(
        "train", "digits", "--out", "run", "--resume", "--seed", "4"
    )
    assert gansdk("train", "digits", "--out", "run", "--resume").returncode == 0

    done = gansdk("export", "run", "--out", "model")
    assert done.returncode == 0, done.stderr
    assert "levels moved" in done.stdout
    networks = [f"{name}.{kind}" for name in ("discriminator", "generator") for kind in KINDS]
    names = sorted([*networks, "report.json"])
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == names
    assert "holds a model already: use --force" in refused("export", "run", "--out", "model")
    assert gansdk("export", "run", "--out", "model", "--force", "--format", "onnx").returncode == 0
    assert not (tmp_path / "model" / "generator.ts").exists()

    assert gansdk("sample", "model", "-n", "2", "-o", "a.png").returncode == 0
    sampler = Sampler(tmp_path / "model")
    assert size_of(tmp_path / "a.png") == (66, 32)
    training = sampler.spec.provenance["training"]
    assert training["command"] == "gansdk train digits --steps 4 --seed 3"
    assert training["steps_done"] == 4


def test_an_interrupted_run_resumes_to_the_same_weights(gansdk: Run, tmp_path: Path) -> None:
    import torch

    straight = gansdk("train", "digits", "--out", "straight", *FEW[:2], "--threads", "1")
    assert straight.returncode == 0, straight.stderr
    words = ["train", "digits", "--out", "cut", "--steps", "4", "--threads", "1", "--every", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from gansdk.cli import main; main()", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = tmp_path / "cut" / "samples" / "step-000001.png"
    while not first.exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    if process.returncode == 130:
        assert "--resume continues" in errors
        assert (
            gansdk("train", "digits", "--out", "cut", "--resume", "--threads", "1").returncode == 0
        )
    else:  # the machine trained the last steps before the signal came
        assert process.returncode == 0
    states = [
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)
        for name in ("straight", "cut")
    ]
    for part in ("generator", "discriminator", "ema"):
        for name, value in states[0][part].items():
            assert torch.equal(value, states[1][part][name]), (part, name)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "faces", "--out", "run"], "no recipe 'faces': choose from digits"),
        (["train", "digits", "--out", "run", "--resume"], "is no training run"),
        (["train", "digits", "--out", "run", "--steps", "0"], "0 is not in the range x>=1"),
        (["export", "run", "--out", "model"], "run is no training run"),
    ],
)
def test_bad_input_is_one_clear_line(refused, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    assert message in refused(*words)


def test_export_of_a_run_without_a_checkpoint(refused, gansdk: Run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert gansdk("train", "digits", "--out", "run", *FEW).returncode == 0
    (tmp_path / "run" / "checkpoint.pt").unlink()
    assert "has no checkpoint yet" in refused("export", "run", "--out", "model")
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"damaged")
    assert "checkpoint.pt cannot be read" in refused("export", "run", "--out", "model")


def test_train_into_a_folder_of_other_files(refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    assert "is no training run: choose another" in refused("train", "digits", "--out", "home")
