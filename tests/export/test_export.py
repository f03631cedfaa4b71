"""Whole exports of small networks, each made once."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from gansdk import Sampler, images, latents
from gansdk.export import ExportReport, export
from gansdk.spec import (
    DISCRIMINATOR_METADATA_KEY,
    METADATA_KEY,
    GeneratorSpec,
    Label,
    Latent,
    Output,
)
from gansdk.train import ConvGenerator, ProjectionDiscriminator

from ..toys import CLASSES, LATENT, Generator, OneHotGenerator

SPEC = GeneratorSpec(name="plain", latent=Latent(LATENT))
FILES = ["generator.onnx", "generator.ts", "generator.pt2"]


class Exported:
    """A module, what became of it, and where."""

    def __init__(self, folder: Path, module: nn.Module, spec: GeneratorSpec, **options: object):
        self.folder, self.module, self.spec = folder, module, spec
        self.before = copy.deepcopy(module.state_dict())
        self.report: ExportReport = export(module, folder, spec=spec, **options)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    torch.manual_seed(0)
    return Exported(tmp_path_factory.mktemp("models") / "plain", Generator(), SPEC)


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    torch.manual_seed(0)
    generator = ConvGenerator(LATENT, CLASSES, channels=(8, 4))
    spec = GeneratorSpec(
        name="conditional",
        latent=Latent(LATENT, law="uniform"),
        label=Label(CLASSES, names=("a", "b", "c")),
        provenance={"training": {"seed": 3}},
    )
    discriminator = ProjectionDiscriminator(16, CLASSES, channels=(4, 4), features=4)
    folder = tmp_path_factory.mktemp("models") / "conditional"
    return Exported(folder, generator, spec, discriminator=discriminator)


@pytest.fixture(scope="module")
def dcgan(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Exported from train mode, with running statistics that batches have moved."""
    torch.manual_seed(0)
    generator = OneHotGenerator()
    z, label = torch.randn(32, LATENT, 1, 1), torch.eye(CLASSES)[torch.arange(32) % CLASSES]
    for _ in range(20):
        generator(3 * z + 1, label)
    spec = GeneratorSpec(
        name="dcgan",
        latent=Latent(LATENT, input="noise", shape=(LATENT, 1, 1)),
        label=Label(CLASSES, encoding="one_hot", input="class"),
        output=Output(value_range=(-1, 1), output="picture"),
    )
    return Exported(tmp_path_factory.mktemp("models") / "dcgan", generator.train(), spec)


@pytest.fixture(params=["plain", "conditional", "dcgan"])
def exported(request: pytest.FixtureRequest) -> Exported:
    fixture: Exported = request.getfixturevalue(request.param)
    return fixture


def eager(case: Exported, z: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    spec = case.spec
    arguments = [torch.from_numpy(z).reshape(len(z), *(spec.latent.shape or (spec.latent.size,)))]
    if spec.label is not None and labels is not None:
        label = torch.from_numpy(labels)
        one_hot = spec.label.encoding == "one_hot"
        arguments.append(torch.eye(spec.label.classes)[label] if one_hot else label)
    module = copy.deepcopy(case.module).eval()
    with torch.no_grad():
        return module(*arguments).numpy()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("batch", [1, 2, 5, 33])
def test_any_batch_gives_what_pytorch_gives_in_eval_mode(
    exported: Exported, file: str, batch: int
) -> None:
    sampler = Sampler(exported.folder / file, threads=1)
    spec = exported.spec
    draw = latents.normal if spec.latent.law == "normal" else latents.uniform
    z = draw(batch, spec.latent.size, seed=11)
    labels = None if spec.label is None else np.arange(batch) % CLASSES
    rule = {} if labels is None else {"labels": "balanced"}
    found = sampler.sample(batch, seed=11, output="float", batch_size=batch, **rule)
    np.testing.assert_allclose(found, eager(exported, z, labels), rtol=0, atol=1e-5)


@pytest.mark.parametrize("file", FILES)
def test_every_file_carries_the_whole_spec(exported: Exported, file: str) -> None:
    spec = Sampler(exported.folder / file, threads=1).spec
    assert (spec.name, spec.latent, spec.label) == (
        exported.spec.name,
        exported.spec.latent,
        exported.spec.label,
    )
    shape = {"plain": (3, 4, 4), "conditional": (1, 16, 16), "dcgan": (1, 8, 8)}[spec.name]
    assert spec.output == replace(exported.spec.output, shape=shape)
    assert spec.golden is not None
    assert spec.provenance["opset"] == 20
    assert spec.provenance["torch"] == torch.__version__
    for key, value in exported.spec.provenance.items():
        assert spec.provenance[key] == value


def test_all_files_carry_the_same_document(exported: Exported) -> None:
    first, *others = (Sampler(exported.folder / file, threads=1).spec for file in FILES)
    assert all(other == first for other in others)


def test_the_callers_module_is_left_as_it_was(exported: Exported) -> None:
    after = exported.module.state_dict()
    assert after.keys() == exported.before.keys()
    assert all(torch.equal(value, exported.before[name]) for name, value in after.items())
    assert exported.module.training
    assert all(p.requires_grad for p in exported.module.parameters())


def test_the_golden_values_are_those_of_the_onnx_file(exported: Exported) -> None:
    sampler = Sampler(exported.folder, threads=1)
    golden = sampler.spec.golden
    rule = {} if exported.spec.label is None else {"labels": "balanced"}
    pixels = sampler.sample(golden.count, seed=golden.seed, **rule)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == golden.sha256
    values = sampler.sample(golden.count, seed=golden.seed, output="float", **rule)
    assert values.mean(dtype=np.float64) == pytest.approx(golden.mean, abs=1e-9)
    assert values.std(dtype=np.float64) == pytest.approx(golden.std, abs=1e-9)
    assert golden.tolerance == pytest.approx(1e-4 * 2)


def test_the_report_measures_every_file(exported: Exported) -> None:
    by_file = {d.file: d for d in exported.report.differences}
    with_discriminator = exported.spec.name == "conditional"
    beside = [name.replace("generator", "discriminator") for name in FILES]
    assert list(by_file) == FILES + beside * with_discriminator
    pixels = int(np.prod(Sampler(exported.folder, threads=1).spec.output.shape))
    for file in FILES:
        difference = by_file[file]
        assert difference.network == "generator"
        assert difference.size == (exported.folder / file).stat().st_size
        assert 0 <= difference.mean <= difference.largest <= difference.tolerance == 2e-4
        assert difference.levels == (1 + 3 + 16) * pixels
        assert difference.levels_moved == 0
        assert difference.extreme is not None
        assert difference.extreme <= 1e-5
        assert difference.compared == ("batch 1", "batch 3", "batch 16", "extreme latents")
        assert difference.milliseconds > 0
        assert difference.milliseconds_pytorch > 0
        assert sum(difference.operators.values()) > 2
    assert [d.format for d in exported.report.differences][:3] == ["onnx", "torchscript", "pt2"]
    text = str(exported.report)
    assert all(file in text for file in by_file)
    assert "compared with PyTorch at batch 1, batch 3, batch 16, extreme latents;" in text


def test_report_json_is_the_report_without_the_folder(exported: Exported) -> None:
    document = json.loads((exported.folder / "report.json").read_text())
    assert document["name"] == exported.spec.name
    assert [d["file"] for d in document["differences"]] == [
        d.file for d in exported.report.differences
    ]
    assert str(exported.folder) not in (exported.folder / "report.json").read_text()


def test_the_folder_holds_these_files_and_nothing_beside(exported: Exported) -> None:
    wanted = {*FILES, "report.json"}
    if exported.spec.name == "conditional":
        wanted |= {name.replace("generator", "discriminator") for name in FILES}
    assert {p.name for p in exported.folder.iterdir()} == wanted
    assert [p.name for p in exported.folder.parent.iterdir()] == [exported.folder.name]


def test_no_file_names_a_folder_of_the_exporting_machine(exported: Exported) -> None:
    content = [p.read_bytes() for p in exported.folder.glob("*.onnx")]
    for file in FILES[1:]:
        with ZipFile(exported.folder / file) as archive:
            content += [archive.read(name) for name in archive.namelist()]
    here = Path(__file__).resolve().parent.parent
    for private in (here, Path(torch.__file__).parent, exported.folder.parent):
        assert not any(str(private).encode() in data for data in content)


def test_the_discriminator_says_what_it_is_and_the_spec_how_to_know_it(
    conditional: Exported,
) -> None:
    path = conditional.folder / "discriminator.onnx"
    link = Sampler(conditional.folder, threads=1).spec.discriminator
    assert link.file == path.name
    assert link.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    model = onnx.load(path)
    (entry,) = model.metadata_props
    assert entry.key == DISCRIMINATOR_METADATA_KEY
    assert json.loads(entry.value) == {
        "generator": "conditional",
        "inputs": ["image", "label"],
        "output": "logit",
    }
    assert [x.name for x in model.graph.input] == ["image", "label"]


def test_the_onnx_file_has_one_free_axis_the_batch(exported: Exported) -> None:
    model = onnx.load(exported.folder / "generator.onnx")
    for value in (*model.graph.input, *model.graph.output):
        first, *rest = value.type.tensor_type.shape.dim
        assert first.dim_param
        assert all(dim.dim_value > 0 for dim in rest)
    assert [x.name for x in model.graph.output] == [exported.spec.output.output]
    assert [p.key for p in model.metadata_props] == [METADATA_KEY]


def test_the_same_module_gives_the_same_onnx_file_again(plain: Exported, tmp_path: Path) -> None:
    export(plain.module, tmp_path / "again", spec=SPEC, formats=["onnx"])
    again = (tmp_path / "again" / "generator.onnx").read_bytes()
    assert again == (plain.folder / "generator.onnx").read_bytes()


@pytest.mark.parametrize("file", FILES)
def test_formats_says_what_to_write(file: str, tmp_path: Path) -> None:
    name = {".onnx": "onnx", ".ts": "torchscript", ".pt2": "pt2"}[Path(file).suffix]
    report = export(Generator(), tmp_path / "model", spec=SPEC, formats=[name, name])
    assert [d.format for d in report.differences] == [name]
    assert {p.name for p in (tmp_path / "model").iterdir()} == {file, "report.json"}
    sampler = Sampler(tmp_path / "model", threads=1)
    pixels = sampler.sample(sampler.spec.golden.count, seed=0)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == sampler.spec.golden.sha256


def test_a_spec_is_inferred_from_the_example_of_an_unconditional_generator(tmp_path: Path) -> None:
    class Dcgan(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.only = nn.ConvTranspose2d(6, 1, 4)

        def forward(self, z: Tensor) -> Tensor:
            return torch.tanh(self.only(z))

    example = {"noise": torch.randn(2, 6, 1, 1)}
    export(Dcgan(), tmp_path / "model", example_inputs=example, formats=["onnx"])
    spec = Sampler(tmp_path / "model", threads=1).spec
    assert spec.latent == Latent(6, input="noise", shape=(6, 1, 1))
    assert spec.output.shape == (1, 4, 4)


def test_arrays_are_judged_by_their_own_size(tmp_path: Path) -> None:
    class Points(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.only = nn.Linear(LATENT, 2)

        def forward(self, z: Tensor) -> Tensor:
            return 1000 * self.only(z)

    spec = GeneratorSpec(latent=Latent(LATENT), output=Output(kind="array", output="points"))
    report = export(Points(), tmp_path / "model", spec=spec)
    sampler = Sampler(tmp_path / "model", threads=1)
    values = sampler.sample(sampler.spec.golden.count, seed=0)
    assert values.dtype == np.float32
    assert hashlib.sha256(values.tobytes()).hexdigest() == sampler.spec.golden.sha256
    assert sampler.spec.golden.tolerance == pytest.approx(1e-4 * np.abs(values).max(), rel=1e-6)
    for difference in report.differences:
        assert difference.levels is None
        assert difference.levels_moved is None
        assert difference.tolerance > 1e-2
    assert " -" in str(report)


def test_images_may_have_their_channels_last(tmp_path: Path) -> None:
    class ChannelsLast(Generator):
        def forward(self, z: Tensor) -> Tensor:
            return super().forward(z).permute(0, 2, 3, 1)

    spec = replace(SPEC, output=Output(layout="NHWC"))
    module = ChannelsLast()
    export(module, tmp_path / "model", spec=spec)
    z = latents.normal(2, LATENT, seed=1)
    with torch.no_grad():
        wanted = module(torch.from_numpy(z)).contiguous().numpy()
    pixels = images.to_uint8(wanted, layout="NHWC")
    for file in FILES:
        found = Sampler(tmp_path / "model" / file, threads=1).sample(2, seed=1)
        assert np.abs(found.astype(int) - pixels).max() <= 1


def test_exporting_leaves_torchs_thread_count_alone(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(before + 5)
    try:
        export(Generator(), tmp_path / "model", spec=SPEC, formats=["torchscript"])
        assert torch.get_num_threads() == before + 5
    finally:
        torch.set_num_threads(before)
