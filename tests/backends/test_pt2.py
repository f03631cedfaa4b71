"""`.pt2` files behind the same Sampler."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gansdk import GeneratorSpec, Label, Latent, Sampler
from gansdk.errors import DeviceError, InvalidArgumentError, MissingDependencyError, ModelError


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from gansdk.export import export
    from gansdk.train import ConvGenerator

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "model"
    generator = ConvGenerator(8, 3, channels=(4, 4))
    spec = GeneratorSpec(latent=Latent(8), label=Label(3), name="tiny")
    export(generator, folder, spec=spec, formats=["onnx", "pt2"])
    return folder


def test_pt2_and_onnx_give_the_same_images(model: Path) -> None:
    program = Sampler(model, backend="pt2", threads=1)
    assert program.path.name == "generator.pt2"
    assert program.spec == Sampler(model).spec
    a = program.sample(5, seed=7, output="float")
    b = Sampler(model).sample(5, seed=7, output="float")
    assert np.abs(a - b).max() < 1e-5


def test_a_pt2_file_is_known_by_its_content(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "anything.bin"
    path.write_bytes((model / "generator.pt2").read_bytes())
    assert Sampler(path).sample(2).shape == (2, 16, 16, 1)
    with pytest.raises(InvalidArgumentError, match="is a torch.export file, which backend='onnxr"):
        Sampler(path, backend="onnxruntime")


def test_the_file_holds_no_batch_of_inputs_and_no_source_path(model: Path) -> None:
    with zipfile.ZipFile(model / "generator.pt2") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"site-packages" not in content
    assert b".py" not in content
    assert len(content) < 60_000


def test_a_damaged_file_is_a_model_error(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    with (
        zipfile.ZipFile(model / "generator.pt2") as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in old.namelist():
            if not name.endswith("model.json"):
                new.writestr(name, old.read(name))
    with pytest.raises(ModelError, match="is not a torch.export file that torch loads") as caught:
        Sampler(path)
    assert "\n" not in str(caught.value)


def test_without_torch_it_says_what_to_do(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="needs torch.*or sample from the ONNX file"):
        Sampler(model / "generator.pt2")


def test_cuda_where_there_is_none_is_an_error(model: Path) -> None:
    import torch

    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(DeviceError, match="cannot be had"):
        Sampler(model / "generator.pt2", device=missing)
