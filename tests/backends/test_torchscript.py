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
    export(generator, folder, spec=GeneratorSpec(latent=Latent(8), label=Label(3), name="tiny"))
    return folder


def test_torchscript_and_onnx_give_the_same_images(model: Path) -> None:
    script = Sampler(model, backend="torchscript", threads=1)
    assert script.path.name == "generator.ts"
    assert script.spec == Sampler(model).spec
    a = script.sample(5, seed=7, output="float")
    b = Sampler(model).sample(5, seed=7, output="float")
    assert np.abs(a - b).max() < 1e-5


def test_a_torchscript_file_is_known_by_its_content(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "anything.bin"
    path.write_bytes((model / "generator.ts").read_bytes())
    assert Sampler(path).sample(2).shape == (2, 16, 16, 1)
    with pytest.raises(InvalidArgumentError, match="is a TorchScript file"):
        Sampler(path, backend="onnxruntime")


def test_a_zip_that_is_no_torchscript_is_a_model_error(tmp_path: Path) -> None:
    path = tmp_path / "model.ts"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(ModelError, match="not a TorchScript file") as caught:
        Sampler(path)
    assert "\n" not in str(caught.value)


def test_without_torch_it_says_what_to_do(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="needs torch.*or sample from the ONNX file"):
        Sampler(model / "generator.ts")


def test_cuda_where_there_is_none_is_an_error(model: Path) -> None:
    import torch

    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(DeviceError, match="cannot be had"):
        Sampler(model / "generator.ts", device=missing)
