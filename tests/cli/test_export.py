"""`gansdk export` of a generator of the user's own, from its code and its weights."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402

from gansdk import Sampler  # noqa: E402
from gansdk.cli import main  # noqa: E402
from gansdk.spec import GeneratorSpec, ImageInput, Latent, Output  # noqa: E402

from .conftest import Run  # noqa: E402

Refused = Callable[..., str]

CODE = """\
import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.linear = nn.Linear(4, 3 * 16)

    def forward(self, z):
        from shades import shade

        return shade(self.linear(z).unflatten(1, (3, 4, 4)))


class Discriminator(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.logit = nn.Linear(channels * 16, 1)

    def forward(self, image):
        return self.logit(image.flatten(1)).squeeze(1)


class Labelled(Generator):
    def forward(self, z, label):
        return super().forward(z) * label.sum(1)[:, None, None, None]


class Truncated(Generator):
    def forward(self, z, noise_mode="random", truncation_psi=1):
        if noise_mode == "random":
            z = z + torch.randn_like(z)
        return super().forward(z * truncation_psi), None


def picture(module, z, psi):
    return module(z, noise_mode="const", truncation_psi=psi)[0]


class Upscaler(nn.Module):
    def forward(self, image):
        return nn.functional.interpolate(image, scale_factor=2)


def broken():
    raise KeyError("g_ema")
"""
FAST = ("--format", "onnx")


@pytest.fixture
def gansdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """As the fixture of the same name elsewhere, but in this process, which has torch already."""

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["gansdk", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(sys.argv, int(ended.value.code or 0), *said)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield run
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)) or name == "nets":
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working directory with a network's code, and its weights as training left them."""
    (tmp_path / "nets").mkdir()
    for name in ("nets/tiny.py", "tiny.py"):
        (tmp_path / name).write_text(CODE)
    (tmp_path / "shades.py").write_text(
        "import torch\n\n\ndef shade(x):\n    return torch.tanh(x)\n"
    )
    torch.manual_seed(5)
    linear, judge = torch.nn.Linear(4, 48), torch.nn.Linear(48, 1)
    weights = {f"linear.{k}": v for k, v in linear.state_dict().items()}
    save_file(weights, tmp_path / "g.safetensors")
    checkpoint = {
        "g_ema": {f"module.{k}": v for k, v in weights.items()},
        "g": {k: v * 0 for k, v in weights.items()},
        "d": {f"logit.{k}": v for k, v in judge.state_dict().items()},
    }
    torch.save(checkpoint, tmp_path / "ckpt.pt")
    return tmp_path


def test_code_and_weights_to_pictures(folder: Path) -> None:
    def gansdk(*words: str) -> subprocess.CompletedProcess[str]:
        start = [sys.executable, "-c", "from gansdk.cli import main; main()"]
        return subprocess.run([*start, *words], cwd=folder, capture_output=True, text=True)

    done = gansdk(
        *("export", "nets.tiny:Generator", "--weights", "ckpt.pt", "--key", "g_ema"),
        *("--latent", "4", "--name", "tiny", "--out", "model", *FAST),
        *("--discriminator", "nets/tiny.py:Discriminator", "--discriminator-weights", "ckpt.pt"),
        *("--discriminator-key", "d", "--discriminator-arg", "channels=3"),
    )
    assert done.returncode == 0, done.stderr
    assert "levels moved" in done.stdout
    assert done.stdout.endswith("model: tiny, made by nets.tiny:Generator with ckpt.pt\n")
    names = ["discriminator.onnx", "generator.onnx", "report.json"]
    assert sorted(p.name for p in (folder / "model").iterdir()) == names
    assert gansdk("sample", "model", "-n", "2", "-o", "a.png").returncode == 0

    sampler = Sampler(folder / "model")
    assert sampler.spec.latent == Latent(4)
    assert sampler.spec.provenance["factory"] == "nets.tiny:Generator"
    assert sampler.spec.provenance["weights"] == "ckpt.pt"
    weights = load_file(folder / "g.safetensors")
    wanted = torch.tanh(weights["linear.weight"].sum(1) + weights["linear.bias"])
    made = torch.from_numpy(sampler.generate(np.ones((1, 4), np.float32), output="float"))
    assert torch.allclose(made.flatten(), wanted, atol=1e-5)


def test_the_same_weights_as_safetensors_give_the_same_network(gansdk: Run, folder: Path) -> None:
    words = ("export", "tiny.py:Generator", "--latent", "4", *FAST)
    one = gansdk(*words, "--weights", "g.safetensors", "--out", "a")
    two = gansdk(*words, "--weights", "ckpt.pt", "--key", "g_ema", "--out", "b")
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert json.loads((folder / "a" / "report.json").read_text())
    digests = {Sampler(folder / x).spec.provenance["weights_sha256"] for x in ("a", "b")}
    assert len(digests) == 1


def test_every_part_of_the_spec_has_an_option(gansdk: Run, folder: Path) -> None:
    done = gansdk(
        *("export", "tiny.py:Labelled", "--latent", "2,2", "--law", "uniform"),
        *("--class-names", "cat,dog", "--one-hot", "--value-range", "0,1", "--color", "BGR"),
        *("--out", "model", *FAST),
    )
    # The latent has a shape that this network cannot take.
    assert "the module fails on the inputs" in done.stderr
    done = gansdk(
        *("export", "tiny.py:Labelled", "--latent", "4", "--law", "uniform"),
        *("--class-names", "cat,dog", "--one-hot", "--value-range", "0,1", "--color", "BGR"),
        *("--out", "model", *FAST),
    )
    assert done.returncode == 0, done.stderr
    spec = Sampler(folder / "model").spec
    assert spec.latent is not None
    assert spec.label is not None
    assert spec.latent.law == "uniform"
    assert (spec.label.names, spec.label.encoding) == (("cat", "dog"), "one_hot")
    assert (spec.output.value_range, spec.output.color) == ((0.0, 1.0), "BGR")


def test_truncation_with_and_without_a_default(gansdk: Run, folder: Path) -> None:
    words = ("export", "tiny.py:Truncated", "--call", "tiny.py:picture", "--latent", "4", *FAST)
    for name, default, asked in (("one", 1.0, ()), ("half", 0.5, ("0.5",))):
        done = gansdk(*words, "--truncation", *asked, "--out", name)
        assert done.returncode == 0, done.stderr
        spec = Sampler(folder / name).spec
        assert spec.truncation is not None
        assert spec.truncation.default == default
        assert spec.noise == ()


def test_constant_arguments_of_forward(gansdk: Run, folder: Path) -> None:
    code = CODE.replace("truncation_psi), None", "truncation_psi)")
    (folder / "one.py").write_text(code)
    words = ("export", "one.py:Truncated", "--latent", "4", *FAST)
    done = gansdk(*words, "--argument", "noise_mode=const", "--out", "model")
    assert done.returncode == 0, done.stderr
    assert Sampler(folder / "model").spec.noise == ()
    assert gansdk(*words, "--out", "random").returncode == 0
    assert len(Sampler(folder / "random").spec.noise) == 1


def test_a_network_that_takes_nothing_but_a_picture(gansdk: Run, folder: Path) -> None:
    done = gansdk(
        *("export", "tiny.py:Upscaler", "--no-latent", "--image-size", "any", "--value-range"),
        *("0,1", "--image-scale", "2", "--image-multiple", "2", "--out", "model", *FAST),
    )
    assert done.returncode == 0, done.stderr
    spec = Sampler(folder / "model").spec
    assert spec.latent is None
    assert spec.image == ImageInput(multiple=2, scale=2, value_range=(0.0, 1.0))


def test_a_spec_from_a_file(gansdk: Run, refused: Refused, folder: Path) -> None:
    spec = GeneratorSpec(latent=Latent(4), output=Output(std=(0.5, 0.5, 0.5)), name="written")
    (folder / "spec.json").write_text(spec.to_json(indent=2))
    words = ("export", "tiny.py:Generator", "--spec", "spec.json", "--out", "model", *FAST)
    assert gansdk(*words).returncode == 0
    kept = Sampler(folder / "model").spec
    assert (kept.name, kept.output.std) == ("written", (0.5, 0.5, 0.5))
    assert "--latent, --name cannot stand beside --spec" in refused(
        *words, "--latent", "4", "--name", "x"
    )
    (folder / "spec.json").write_text("{}")
    assert 'spec.json: a spec document is a JSON object with "format"' in refused(*words)
    (folder / "spec.json").write_bytes(b"\xff\xfe")
    assert "spec.json is no text" in refused(*words)
    (folder / "spec.json").unlink()
    assert "spec.json cannot be read: No such file" in refused(*words)


def test_a_factory_that_fails_is_one_line_and_with_verbose_its_traceback(
    gansdk: Run, refused: Refused, folder: Path
) -> None:
    words = ("export", "tiny.py:broken", "--latent", "4", "--out", "model")
    line = CODE.splitlines().index('    raise KeyError("g_ema")') + 1
    assert f"KeyError: 'g_ema' ({folder / 'tiny.py'}:{line})" in refused(*words)
    done = gansdk(*words, "--verbose")
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.splitlines()[-1].startswith("gansdk: error: tiny.py:broken fails: KeyError")


LATENT = ["--latent", "4"]
G = "tiny.py:Generator"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tiny.py", *LATENT], "--latent: these are for a generator of your own"),
        (["tiny.py"], "named with what makes it after a colon: tiny.py:Generator"),
        (["tiny:Nothing", *LATENT], "it has Generator, Discriminator"),
        (["nets.nowhere:G", *LATENT], "there is no module 'nets.nowhere'"),
        (["tiny.py:Discriminator", *LATENT], "missing a required argument: 'channels'"),
        ([G], "say what the generator takes: --latent SIZE"),
        ([G, "--latent", "many"], "--latent is written such as 512 or 100,1,1; got 'many'"),
        ([G, "--latent", "0"], "latent.size must be an integer of at least 1"),
        ([G, *LATENT, "--no-latent"], "contradict each other"),
        ([G, "--no-latent"], "say --image-size HxW"),
        ([G, *LATENT, "--image-scale", "4"], "--image-scale needs --image-size"),
        ([G, "--no-latent", "--image-size", "big"], "--image-size is written such as 256x256"),
        ([G, "--no-latent", "--image-size", "2x2x2"], "--image-size is written such as 256x256"),
        ([G, "--no-latent", "--image-size", "any", "--image-channels", "0"], "1, 3 or 4; got 0"),
        ([G, *LATENT, "--one-hot"], "--one-hot needs --classes N"),
        ([G, *LATENT, "--classes", "3", "--class-names", "a,b"], "label.names must hold 3 values"),
        ([G, *LATENT, "--value-range", "1"], "--value-range is written such as -1,1; got '1'"),
        ([G, *LATENT, "--value-range", "1,-1"], "value_range must rise"),
        ([G, *LATENT, "--factory-arg", "width"], "--factory-arg is written NAME=VALUE"),
        ([G, *LATENT, "--factory-arg", "width=True"], "write true, as in JSON"),
        ([G, *LATENT, "--factory-arg", "width=[1"], "--factory-arg width=[1 is no JSON"),
        ([G, *LATENT, *["--argument", "a=1"] * 2], "--argument gives a twice"),
        ([G, *LATENT, "--factory-arg", "depth=3"], "got an unexpected keyword argument 'depth'"),
        ([G, *LATENT, "--key", "g"], "--key needs --weights FILE beside it"),
        ([G, *LATENT, "--weights", "none.pt"], "none.pt cannot be read: No such file"),
        ([G, *LATENT, "--weights", "ckpt.pt"], "several state dicts: choose --key g_ema (2"),
        ([G, *LATENT, "--weights", "ckpt.pt", "--key", "d"], "values are missing, first linear"),
        ([G, *LATENT, "--weights", "tiny.py"], "weights are a .safetensors file"),
        ([G, *LATENT, "--discriminator-key", "d"], "--discriminator-key needs --discriminator-w"),
        ([G, *LATENT, "--discriminator-arg", "a=1"], "needs --discriminator FACTORY beside it"),
        ([G, *LATENT, "--format", "tflite"], "'tflite' is not one of"),
    ],
)
def test_what_is_wrong_is_one_line(
    refused: Refused, folder: Path, words: list[str], message: str
) -> None:
    assert message in refused("export", *words, "--out", "model")
