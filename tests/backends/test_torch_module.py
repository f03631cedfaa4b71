"""TorchScript and `.pt2` files behind the same Sampler."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gansdk import GeneratorSpec, Label, Latent, Sampler
from gansdk.errors import DeviceError, InvalidArgumentError, MissingDependencyError, ModelError

FILES = {"torchscript": "generator.ts", "pt2": "generator.pt2"}
WHAT = {"torchscript": "a TorchScript file", "pt2": "a torch.export file"}

pytestmark = pytest.mark.parametrize("backend", FILES)


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


def test_it_gives_the_images_of_the_onnx_file(model: Path, backend: str) -> None:
    sampler = Sampler(model, backend=backend, threads=1)  # type: ignore[arg-type]
    assert sampler.path.name == FILES[backend]
    assert sampler.spec == Sampler(model).spec
    a = sampler.sample(5, seed=7, output="float")
    b = Sampler(model).sample(5, seed=7, output="float")
    assert np.abs(a - b).max() < 1e-5


def test_a_file_is_known_by_its_content(model: Path, backend: str, tmp_path: Path) -> None:
    path = tmp_path / "anything.bin"
    path.write_bytes((model / FILES[backend]).read_bytes())
    assert Sampler(path).sample(2).shape == (2, 16, 16, 1)
    with pytest.raises(InvalidArgumentError, match=f"is {WHAT[backend]}, which backend='onnxr"):
        Sampler(path, backend="onnxruntime")


def test_it_holds_no_batch_of_inputs_and_no_source_path(model: Path, backend: str) -> None:
    with zipfile.ZipFile(model / FILES[backend]) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    texts = [data for name, data in content.items() if "/code/" not in name]
    assert not any(b"site-packages" in data or b".py" in data for data in texts)
    assert sum(map(len, content.values())) < 60_000


def test_a_zip_that_is_neither_is_a_model_error(backend: str, tmp_path: Path) -> None:
    path = tmp_path / FILES[backend]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(ModelError, match="is not a TorchScript file that torch loads") as caught:
        Sampler(path)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_a_model_error(model: Path, backend: str, tmp_path: Path) -> None:
    path = tmp_path / FILES[backend]
    with zipfile.ZipFile(model / FILES[backend]) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if not name.endswith(("model.json", "data.pkl")):
                new.writestr(name, old.read(name))
    with pytest.raises(ModelError, match="file that torch loads") as caught:
        Sampler(path)
    assert "\n" not in str(caught.value)


def test_without_torch_it_says_what_to_do(
    model: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="needs torch.*or sample from the ONNX file"):
        Sampler(model / FILES[backend])


def test_cuda_where_there_is_none_is_an_error(model: Path, backend: str) -> None:
    import torch

    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(DeviceError, match="cannot be had"):
        Sampler(model / FILES[backend], device=missing)
