"""Weights from files: every one of them into the module and no other, and never any code."""

from __future__ import annotations

import argparse
import gzip
import pickle
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file, save_model  # noqa: E402
from torch import nn  # noqa: E402

from gansdk.errors import ExportError, GansdkError, InvalidArgumentError  # noqa: E402
from gansdk.export.weights import load_weights  # noqa: E402


class Network(nn.Module):
    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.linear = nn.Linear(4, width)
        self.norm = nn.BatchNorm1d(width)


def network(seed: int, width: int = 3) -> Network:
    torch.manual_seed(seed)
    return Network(width)


def state(seed: int = 1, **changes: Any) -> dict[str, Any]:
    return {**network(seed).state_dict(), **changes}


def prefixed(prefix: str, seed: int = 1) -> dict[str, Any]:
    return {prefix + name: value for name, value in state(seed).items()}


def assert_loaded(module: nn.Module, seed: int = 1) -> None:
    for name, value in state(seed).items():
        assert torch.equal(module.state_dict()[name], value), name


class Sly:
    """What a pickle brings along to run."""

    def __reduce__(self) -> Any:
        return (print, ("this must never be printed",))


@pytest.mark.parametrize("name", ["w.safetensors", "w.bin"])
def test_safetensors_whatever_the_name(tmp_path: Path, name: str) -> None:
    save_file(state(), tmp_path / name)
    module = network(0)
    load_weights(module, tmp_path / name)
    assert_loaded(module)


def test_safetensors_of_a_module_with_shared_weights(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
            self.b.weight = self.a.weight

    torch.manual_seed(1)
    there = Tied()
    save_model(there, str(tmp_path / "w.safetensors"))
    here = Tied()
    load_weights(here, tmp_path / "w.safetensors")
    assert torch.equal(here.b.weight, there.b.weight)


@pytest.mark.parametrize(
    ("content", "key", "prefix"),
    [
        (state(), None, None),
        ({"g_ema": state(), "step": 3, "mean": torch.zeros(2)}, None, None),
        ({"g_ema": state(), "g": state(2)}, "g_ema", None),
        ({"ema": {"generator": state()}, "g": state(2)}, "ema.generator", None),
        ({"ema.generator": state(), "g": state(2)}, "ema.generator", None),
        (prefixed("module."), None, None),
        (prefixed("_orig_mod."), None, None),
        (prefixed("_orig_mod.module."), None, None),
        (prefixed("module._orig_mod."), None, None),
        ({**prefixed("module."), "n_averaged": torch.tensor(3)}, None, None),
        ({k.replace("linear.", "linear._orig_mod."): v for k, v in state().items()}, None, None),
        ({"state_dict": {**prefixed("G."), **prefixed("D.", 2)}}, None, "G."),
        ({"state_dict": {**prefixed("G."), **prefixed("D.", 2)}}, "state_dict", "G"),
        ({**prefixed("G.module."), **prefixed("D.", 2)}, None, "G."),
        ({**prefixed("module.G."), **prefixed("module.D.", 2)}, None, "G."),
        ({**prefixed("module.G."), **prefixed("module.D.", 2)}, None, "module.G."),
        # As rosinality's training writes it, its options beside the weights.
        ({"g_ema": state(), "args": argparse.Namespace(size=256)}, None, None),
        # An optimizer's moments are no state dict of a module.
        (
            {"g": state(), "opt": {"state": {0: {"exp_avg": torch.ones(1)}}, "param_groups": []}},
            None,
            None,
        ),
    ],
)  # fmt: skip
def test_checkpoints(tmp_path: Path, content: Any, key: str | None, prefix: str | None) -> None:
    torch.save(content, tmp_path / "w.pt")
    module = network(0)
    load_weights(module, tmp_path / "w.pt", key=key, prefix=prefix)
    assert_loaded(module)


def test_a_module_that_is_itself_called_module(tmp_path: Path) -> None:
    torch.save(prefixed("module."), tmp_path / "w.pt")
    wrapped = nn.DataParallel(network(0))
    load_weights(wrapped, tmp_path / "w.pt")
    assert_loaded(wrapped.module)


def test_the_old_format_of_torch_save(tmp_path: Path) -> None:
    torch.save(state(), tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    module = network(0)
    load_weights(module, tmp_path / "w.pth")
    assert_loaded(module)


def test_half_precision_becomes_the_type_of_the_module(tmp_path: Path) -> None:
    halves = {k: v.half() if v.is_floating_point() else v for k, v in state().items()}
    save_file(halves, tmp_path / "w.safetensors")
    module = network(0)
    load_weights(module, tmp_path / "w.safetensors")
    assert module.linear.weight.dtype == torch.float32
    assert torch.equal(module.linear.weight, halves["linear.weight"].float())


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ({"g": state(), "d": state(2)}, {}, "several state dicts: choose --key g (7 tensors), "),
        ({"g": state()}, {"key": "g_ema"}, "has no key 'g_ema': choose --key g (7 tensors)"),
        ({"g": state(), "n": 3}, {"key": "n"}, "'n' in w.pt is no state dict"),
        (state(), {"key": "g"}, "no key 'g': it is one state dict, leave --key out"),
        ({"epoch": 3, "loss": 0.5}, {}, "no state dict (names and tensors): its keys are epoch"),
        ([1, 2], {}, "it is a list"),
        (state(), {"prefix": "G."}, "no name in w.pt starts with the prefix 'G.'"),
    ],
)
def test_where_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any, options: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, "w.pt")
    assert message in refusal(Path("w.pt"), **options)


def without(*names: str) -> dict[str, Any]:
    return {k: v for k, v in state().items() if k not in names}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            without("linear.bias", "norm.weight"),
            "2 of 7 values are missing, first linear.bias: is this the network",
        ),
        (state(extra=torch.ones(1)), "1 of 8 are unexpected, first extra"),
        (
            {**without("linear.bias"), "extra": torch.ones(1)},
            "1 of 7 values are missing, first linear.bias; 1 of 7 are unexpected, first extra",
        ),
        (
            network(1, width=5).state_dict(),
            "6 of 7 values have another shape, first linear.weight is (5, 4), not (3, 4)",
        ),
        (
            {**prefixed("G."), **prefixed("D.")},
            ": give --prefix D. or give --prefix G.",
        ),
    ],
)
def test_weights_that_do_not_fit(tmp_path: Path, content: Any, message: str) -> None:
    save_file(content, tmp_path / "w.safetensors")
    said = refusal(tmp_path / "w.safetensors")
    assert "does not fit Network: " in said
    assert message in said


def test_what_a_module_itself_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    # As the CycleGAN checkpoints of old have it.
    values = torch.ones(3)
    save_file({"running_mean": values, "running_var": values.clone()}, tmp_path / "w.safetensors")
    with pytest.raises(ExportError, match=r"cannot be loaded: .*track_running_stats=False"):
        load_weights(nn.InstanceNorm2d(3), tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "is a Git LFS pointer"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (b"\n <html>", "is a web page"),
        (gzip.compress(b"weights"), "is a gzip archive, unpack it first"),
        (b"some text about weights", "none of these: weights are a .safetensors file"),
        (b"PK\x03\x04damaged", "is damaged or no checkpoint"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00{damaged", "is no sound safetensors file"),
        (b"\x80\x04damaged", "so it is refused"),
    ],
)
def test_files_that_are_no_weights(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    assert message in refusal(tmp_path / "w.pt")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(InvalidArgumentError, match="cannot be read: "):
            load_weights(network(0), path)


def test_a_pickle_that_brings_code_is_refused_unread(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.save({"g": state(), "sly": Sly()}, tmp_path / "zip.pt")
    torch.save(network(1), tmp_path / "module.pt")
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"G_ema": Sly()}))
    for name, needs in (
        ("zip.pt", "print"),
        ("module.pt", "test_weights.Network"),
        ("plain.pkl", "torch.save did not write"),
    ):
        said = refusal(tmp_path / name)
        assert needs in said, said
        assert "safetensors.torch.save_file" in said
    assert "never be printed" not in capfd.readouterr().out


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_torchscript_file_is_no_checkpoint(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "w.pt"))
    assert "is a TorchScript file, not weights" in refusal(tmp_path / "w.pt")


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(GansdkError) as caught:
        load_weights(network(0), path, **options)
    assert isinstance(caught.value, (ExportError, InvalidArgumentError))
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    return message
