from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from gansdk import Sampler
from gansdk.cli import adopt as command_module

from ..foreign import BFLOAT16, FLOAT, INT64, conditional, plain, translator, write
from .conftest import Run


def test_info_shows_the_guess_and_the_way_on(gansdk: Run, tmp_path: Path) -> None:
    path = conditional(tmp_path / "g.onnx", (INT64, ("N",)))
    done = gansdk("info", "g.onnx", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    for field, value, confidence in (
        ("latent.size", "8", "declared"),
        ("latent.law", "normal", "likely"),
        ("label.classes", "5", "likely"),
        ("output.layout", "NCHW", "declared"),
    ):
        assert any(row[:3] == [field, value, confidence] for row in rows), field
    assert "does not say what it is" in done.stdout
    assert "A guess, which nothing is sampled on" in done.stdout
    assert "its last operator is Sigmoid" in done.stdout
    assert "gansdk adopt g.onnx -o g-adopted.onnx" in done.stdout.splitlines()
    # What is printed to be put beside it is enough.
    (tmp_path / "g.json").write_text(done.stdout.splitlines()[-1])
    assert Sampler(path).sample(2).shape == (2, 4, 4, 1)
    assert "5 classes" in gansdk("info", "g.onnx").stdout


def test_info_as_json(gansdk: Run, tmp_path: Path) -> None:
    plain(tmp_path / "g.onnx")
    document = json.loads(gansdk("info", "g.onnx", "--json").stdout)
    assert document["spec"] is None
    assert document["inputs"] == [{"name": "z", "type": "float", "shape": [None, 8]}]
    assert document["outputs"][0]["shape"] == [None, 3, 4, 4]
    guess = document["guess"]
    assert guess["document"]["latent"] == {"input": "z", "size": 8, "law": "normal"}
    assert guess["to_say"] == {"latent": {"law": "normal"}, "output": {"value_range": [-1, 1]}}
    assert guess["problems"] == []
    program, *words = shlex.split(document["command"])
    assert program == "gansdk"
    assert gansdk(*words, "--yes").returncode == 0
    assert (Sampler(tmp_path / "g-adopted.onnx").sample(2)).any()


def test_info_says_why_not(gansdk: Run, tmp_path: Path) -> None:
    write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 8))},
        {"y": (FLOAT, ("N", 8))},
        [("RandomNormalLike", "z", "r"), ("Add", "z r", "y")],
    )
    done = gansdk("info", "g.onnx")
    assert "Not as it is: it gives another output each time" in done.stdout
    assert "gansdk adopt" not in done.stdout
    assert json.loads(gansdk("info", "g.onnx", "--json").stdout)["command"] is None


def test_adopt_shows_the_guess_and_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_module, "_is_terminal", lambda: True)
    path = plain(tmp_path / "g.onnx")
    out = tmp_path / "a.onnx"
    words = [str(path), "-o", str(out), "--latent-law", "uniform"]
    done = CliRunner().invoke(command_module.command, words, input="n\n")
    assert "latent.size" in done.output
    assert "you say so" in done.output
    assert "Is this what" in done.output
    assert "not confirmed, so nothing was written" in str(done.exception)
    assert not out.exists()
    done = CliRunner().invoke(command_module.command, words, input="y\n")
    assert done.exception is None
    assert Sampler(out).spec.latent.law == "uniform"  # type: ignore[union-attr]


def test_adopt_without_a_terminal_wants_yes(refused: Any, tmp_path: Path) -> None:
    plain(tmp_path / "g.onnx")
    assert "no terminal to confirm the guess at" in refused("adopt", "g.onnx", "-o", "a.onnx")


def test_options_correct_the_guess(gansdk: Run, tmp_path: Path) -> None:
    plain(tmp_path / "g.onnx")
    words = ["--value-range", "-0.5,1", "--latent-law", "uniform", "--color", "BGR", "--name", "x"]
    done = gansdk("adopt", "g.onnx", *words, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("g-adopted.onnx: g.onnx with its spec")
    spec = Sampler(tmp_path / "g-adopted.onnx").spec
    assert spec.latent is not None
    assert (spec.name, spec.latent.law) == ("x", "uniform")
    assert (spec.output.value_range, spec.output.color) == ((-0.5, 1), "BGR")
    done = gansdk("sample", "g-adopted.onnx", "-n", "2", "-o", "a.png")
    assert done.returncode == 0, done.stderr


def test_the_range_said_is_that_of_pictures_too(gansdk: Run, tmp_path: Path) -> None:
    translator(tmp_path / "g.onnx", scale=2, last="Identity")
    done = gansdk("adopt", "g.onnx", "--value-range", "0,255", "--yes")
    assert done.returncode == 0, done.stderr
    spec = Sampler(tmp_path / "g-adopted.onnx").spec
    assert spec.image is not None
    assert spec.image.value_range == spec.output.value_range == (0, 255)
    assert spec.image.scale == 2


def test_what_cannot_be_guessed_is_asked_for_by_option(
    refused: Any, gansdk: Run, tmp_path: Path
) -> None:
    write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", "d")), "y": (INT64, ("N",))},
        {"image": (FLOAT, ("N", 1, 2, 2)), "same": (INT64, ("N",))},
        [("Identity", "y", "same"), ("Reshape", "z s", "image")],
        {"s": np.array([-1, 1, 2, 2])},
    )
    said = refused("adopt", "g.onnx", "--yes")
    assert "latent.size, label.classes, output.value_range" in said
    assert "--latent-size N --classes N --value-range LOW,HIGH" in said
    words = ["--latent-size", "4", "--classes", "3", "--value-range", "-1,1"]
    done = gansdk("adopt", "g.onnx", *words, "--yes")
    assert done.returncode == 0, done.stderr
    assert Sampler(tmp_path / "g-adopted.onnx").sample(2).shape == (2, 2, 2, 1)


def test_a_spec_from_a_file(gansdk: Run, refused: Any, tmp_path: Path) -> None:
    plain(tmp_path / "g.onnx")
    (tmp_path / "s.json").write_text('{"latent": {"law": "uniform"}, "name": "from a file"}')
    assert gansdk("adopt", "g.onnx", "--spec", "s.json", "--yes").returncode == 0
    spec = Sampler(tmp_path / "g-adopted.onnx").spec
    assert spec.name == "from a file"
    (tmp_path / "whole.json").write_text(spec.to_json())
    words = ["--spec", "whole.json", "--yes", "-o", "b.onnx"]
    assert gansdk("adopt", "g.onnx", *words).returncode == 0
    again = Sampler(tmp_path / "b.onnx").spec
    assert (again.latent, again.golden, again.name) == (spec.latent, spec.golden, spec.name)
    assert "cannot be read" in refused("adopt", "g.onnx", "--spec", "no.json", "--yes", "-o", "c")
    (tmp_path / "odd.json").write_text('{"output": 3, "image": 4}')
    said = refused("adopt", "g.onnx", "--spec", "odd.json", "--yes", "-o", "c")
    assert "must be a JSON object" in said


def test_what_is_not_adopted(gansdk: Run, refused: Any, tmp_path: Path) -> None:
    plain(tmp_path / "g.onnx")
    plain(tmp_path / "d.onnx", metadata={"gansdk.discriminator": "{}"})
    write(
        tmp_path / "judge.onnx",
        {"image": (FLOAT, ("N", 3, 8, 8))},
        {"logit": (FLOAT, ("N",))},
        [("ReduceMean", "image", "logit", {"axes": [1, 2, 3], "keepdims": 0})],
    )
    assert "is a discriminator: only generators" in refused("adopt", "d.onnx", "--yes")
    assert "it is a discriminator or a critic" in refused("adopt", "judge.onnx", "--yes")
    assert "carries a gansdk.spec document already" in refused("adopt", "digits", "--yes")
    assert "no model at nothing.onnx" in refused("adopt", "nothing.onnx", "--yes")
    bad = refused("adopt", "g.onnx", "--value-range", "black", "--yes")
    assert "--value-range must be two numbers" in bad
    assert gansdk("adopt", "g.onnx", "--yes").returncode == 0
    assert "exists: use --force" in refused("adopt", "g.onnx", "--yes")
    assert gansdk("adopt", "g.onnx", "--yes", "--force").returncode == 0


def test_neither_torch_nor_onnx_is_needed(gansdk: Run, tmp_path: Path) -> None:
    plain(tmp_path / "g.onnx")
    (tmp_path / "run.py").write_text(
        "import sys\nfrom gansdk.cli import main\nsys.argv = ['gansdk', 'adopt', 'g.onnx', '--yes']"
        "\ntry: main()\nexcept SystemExit as e: assert not e.code\n"
        "assert not {'torch', 'onnx'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "run.py"], cwd=tmp_path, check=True)


def test_half_precision_becomes_float32_where_asked_for(
    gansdk: Run, refused: Any, tmp_path: Path
) -> None:
    write(
        tmp_path / "g.onnx",
        {"z": (BFLOAT16, ("N", 48))},
        {"image": (BFLOAT16, ("N", 3, 4, 4))},
        [("Reshape", "z s", "r"), ("Tanh", "r", "image")],
        {"s": np.array([-1, 3, 4, 4])},
    )
    assert "`gansdk adopt g.onnx --float32`" in refused("info", "g.onnx")
    assert "--float32" in refused("adopt", "g.onnx", "--yes")
    done = gansdk("adopt", "g.onnx", "--float32", "--yes")
    assert done.returncode == 0, done.stderr
    assert Sampler(tmp_path / "g-adopted.onnx").sample(2).shape == (2, 4, 4, 3)
