"""What export() refuses; and that a refusal leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from gansdk.errors import ExportError, InvalidArgumentError, OutputError
from gansdk.export import export, writer
from gansdk.spec import GeneratorSpec, ImageInput, Label, Latent, Output

from ..toys import LATENT, DropoutDiscriminator, Generator, OneHotGenerator
from ..zoo import spade

SPEC = GeneratorSpec(latent=Latent(LATENT))
FORMATS = ("onnx", "torchscript", "pt2")


def after(change: Callable[[Tensor], Any]) -> nn.Module:
    """Return a generator whose output is changed in its forward pass."""

    class Changed(Generator):
        def forward(self, z: Tensor) -> Any:
            return change(super().forward(z))

    return Changed()


def raise_error(x: Tensor) -> Tensor:
    raise ZeroDivisionError("my layer\nhas a bug")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        export(after(raise_error), tmp_path / "new" / "model", spec=SPEC)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (after(raise_error), r"fails on the inputs \{'z': \(16, 4\)\}.* my layer$"),
        (after(lambda x: (x, x)), "returns tuple: it must return one tensor"),
        (after(lambda x: {"image": x}), "returns dict"),
        (after(lambda x: x * torch.nan), "gives NaN or infinity"),
        (after(lambda x: x[0, :, 0, 0] / 0), r"shape \(3,\) for a batch of 16"),
        (after(lambda x: x.sum()), r"shape \(\) for a batch of 16"),
        (after(lambda x: x.flatten(1)), r"\[48\], which are no images: say Output\(kind='array'\)"),
        (after(lambda x: x[:, :2]), r"images of 2 channels \(shape \[2, 4, 4\], layout NCHW\)"),
        (nn.Sequential(nn.Linear(LATENT, 50), nn.Unflatten(1, (2, 5, 5))), "4; otherwise say"),
        (
            nn.Sequential(nn.Linear(LATENT, 75), nn.Unflatten(1, (5, 5, 3))),
            r"4; say Output\(layout='NHWC'\) in the spec",
        ),
        (
            after(lambda x: x if x.mean() > 0 else -x),
            r"turns on values \(test_refusals.py line \d+, .*torch\.where",
        ),
        (
            after(lambda x: x + float(np.random.default_rng().random())),
            "another output each time for the same inputs",
        ),
        (nn.Linear(LATENT + 1, 3), r"fails on the inputs \{'z': \(16, 4\)\}"),
    ],
)
def test_a_module_that_is_no_generator(module: nn.Module, message: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=message):
        export(module, tmp_path / "model", spec=SPEC)
    assert list(tmp_path.iterdir()) == []


def test_pytorch_prints_nothing_of_its_own(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ExportError, match="turns on values"):
        export(after(lambda x: x if x.mean() > 0 else -x), tmp_path / "model", spec=SPEC)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(
    ("module", "message"),
    [
        (after(lambda x: x - x.mean(0, keepdim=True)), "depends on the batch that it is in"),
        (after(lambda x: x - x[:1]), "depends on the batch that it is in"),
        (after(lambda x: x * x[0, 0, 0, 0].item()), "depends on the batch that it is in"),
        (after(lambda x: x.reshape(16, 3, 4, 4)), "fixes the batch to that of the example"),
        (
            after(lambda x: torch.zeros(16, 3, 4, 4) + x.mean() * 0),
            "the first axis|layer the outermost combines its images",
        ),
    ],
)
def test_a_batch_that_is_not_free(
    module: nn.Module, message: str, format_name: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=message):
        export(module, tmp_path / "model", spec=SPEC, formats=[format_name])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("times", [1.001, float("nan")])
def test_an_onnx_file_that_differs_names_the_first_layer_that_does(
    times: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_onnx = writer.to_onnx

    def wrong(*arguments: Any) -> onnx.ModelProto:
        model = to_onnx(*arguments)
        for weight in model.graph.initializer:
            if weight.name.endswith("convolution.weight"):
                values = onnx.numpy_helper.to_array(weight) * times
                weight.CopyFrom(onnx.numpy_helper.from_array(values.astype("float32"), weight.name))
        return model

    monkeypatch.setattr(writer, "to_onnx", wrong)
    message = "differs from PyTorch by .*; first at layer convolution, operator conv2d; nothing was"
    with pytest.raises(ExportError, match=message):
        export(Generator(), tmp_path / "model", spec=SPEC)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_module_that_does_otherwise_when_captured(format_name: str, tmp_path: Path) -> None:
    def otherwise(x: Tensor) -> Tensor:
        return x * (0.5 if torch.compiler.is_exporting() else 1)

    with pytest.raises(ExportError, match="the module does otherwise when captured; nothing was"):
        export(after(otherwise), tmp_path / "model", spec=SPEC, formats=[format_name])
    assert list(tmp_path.iterdir()) == []


def test_levels_that_move_are_refused_though_values_are_close(tmp_path: Path) -> None:
    class AtTheEdge(nn.Module):
        """Every value lies where rounding to a level turns: captured, half an ulp aside."""

        def forward(self, z: Tensor) -> Tensor:
            value = 100.5 / 255 * 2 - 1 + (1e-5 if torch.compiler.is_exporting() else -1e-5)
            return (z * 0 + value).reshape(-1, 1, 2, 2)

    with pytest.raises(ExportError, match="moves 80 of 80 8-bit levels"):
        export(AtTheEdge(), tmp_path / "model", spec=SPEC, formats=["torchscript"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (GeneratorSpec(latent=Latent(LATENT + 1)), r"fails on the inputs \{'z': \(16, 5\)\}"),
        (GeneratorSpec(latent=Latent(LATENT), label=Label(3)), "positional argument"),
        (
            GeneratorSpec(latent=Latent(LATENT), output=Output(shape=(3, 8, 8))),
            r"outputs of shape \[3, 8, 8\], but the generator gives \[3, 4, 4\]",
        ),
    ],
)
def test_a_spec_that_contradicts_the_module(
    spec: GeneratorSpec, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=message):
        export(Generator(), tmp_path / "model", spec=spec)
    assert list(tmp_path.iterdir()) == []


def test_a_label_in_the_wrong_encoding(tmp_path: Path) -> None:
    spec = GeneratorSpec(latent=Latent(LATENT, shape=(LATENT, 1, 1)), label=Label(3))
    with pytest.raises(ExportError, match=r"'label': \(16,\)"):
        export(OneHotGenerator(), tmp_path / "model", spec=spec)


class Squeezing(DropoutDiscriminator):
    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(image, label)[:, None].squeeze()


class Pair(DropoutDiscriminator):
    def forward(self, image: Tensor, label: Tensor | None = None) -> Any:
        return super().forward(image, label), image


@pytest.mark.parametrize(
    ("discriminator", "message"),
    [
        (DropoutDiscriminator(channels=1, size=4), r"fails on the inputs \{'image'"),
        (nn.Flatten(), r"one logit an image, shape \(16,\); got \(16, 48\)"),
        (Pair(3, 4), "one logit an image.* got tuple"),
        (Squeezing(3, 4), r"the discriminator gives shape \(\) at batch 1"),
    ],
)
def test_a_discriminator_that_cannot_judge(
    discriminator: nn.Module, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=message):
        export(Generator(), tmp_path / "model", spec=SPEC, discriminator=discriminator)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("formats", ["onnx", (), ("onnx", "tflite"), None])
def test_unknown_formats(formats: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="formats must be some of"):
        export(Generator(), tmp_path / "model", spec=SPEC, formats=formats)


def test_what_is_no_module(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="generator must be a torch.nn.Module; got func"):
        export(raise_error, tmp_path / "model", spec=SPEC)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="discriminator must be a torch.nn.Module"):
        export(Generator(), tmp_path / "model", spec=SPEC, discriminator=3)  # type: ignore[arg-type]


def test_autocast_inside_forward(tmp_path: Path) -> None:
    class Cast(Generator):
        def forward(self, z: Tensor) -> Tensor:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return super().forward(z)

    with pytest.raises(ExportError, match="switch torch.autocast off"):
        export(Cast(), tmp_path / "model", spec=SPEC, formats=["onnx"])
    assert list(tmp_path.iterdir()) == []


def test_noise_of_another_image_is_refused(tmp_path: Path) -> None:
    """Two rows an image, but those of one image do not stand together."""

    class Interleaved(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            noise = torch.randn(z.shape[0] * 2, 4).view(2, z.shape[0], 4)
            return z + noise[0] * noise[1]

    spec = GeneratorSpec(latent=Latent(4), output=Output(kind="array"))
    with pytest.raises(ExportError, match="depends on the batch that it is in"):
        export(Interleaved(), tmp_path / "model", spec=spec)


def test_a_label_map_of_no_class_is_refused_with_the_mend(tmp_path: Path) -> None:
    spec = GeneratorSpec(image=ImageInput(1, size=(64, 64), value_range=(0, 255)))
    with pytest.raises(ExportError, match=r"out of bounds.*any of 256 levels.* in call=") as caught:
        export(spade.Pix2PixModel(), tmp_path / "model", spec=spec)
    assert "\n" not in str(caught.value)


def test_neither_spec_nor_examples(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="needs spec=.* or example_inputs="):
        export(Generator(), tmp_path / "model")


@pytest.mark.parametrize(
    ("examples", "error", "message"),
    [
        ({}, InvalidArgumentError, "must be a dict of named tensors"),
        (torch.zeros(2, 4), InvalidArgumentError, "must be a dict of named tensors.* got Tensor"),
        ({"z": [1.0]}, InvalidArgumentError, r"example_inputs\['z'\] must be a tensor; got list"),
        (
            {"z": torch.zeros(4)},
            InvalidArgumentError,
            r"must have shape \(batch, ...\); got \(4,\)",
        ),
        ({"z": torch.zeros(2, 4, dtype=torch.int64)}, ExportError, r"pass spec="),
        (
            {"z": torch.zeros(2, 4), "label": torch.zeros(2, dtype=torch.int64)},
            ExportError,
            r"inputs \['z', 'label'\] mean cannot be told.* label=Label",
        ),
    ],
)
def test_examples_that_do_not_tell(
    examples: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        export(Generator(), tmp_path / "model", example_inputs=examples)
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_replaced_only_with_force(tmp_path: Path) -> None:
    out = tmp_path / "model"
    export(Generator(), out, spec=SPEC, formats=FORMATS)
    before = (out / "generator.onnx").read_bytes()
    with pytest.raises(OutputError, match="holds a model already: use --force"):
        export(Generator(), out, spec=SPEC, formats=["onnx"])
    with pytest.raises(ExportError):
        export(after(raise_error), out, spec=SPEC, formats=["onnx"], force=True)
    assert (out / "generator.onnx").read_bytes() == before
    export(Generator(), out, spec=SPEC, formats=["onnx"], force=True)
    assert (out / "generator.onnx").read_bytes() != before
    assert {p.name for p in out.iterdir()} == {"generator.onnx", "report.json"}
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path) -> None:
    out = tmp_path / "model"
    out.mkdir()
    (out / "weights.pt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds other files \(weights.pt\)"):
        export(Generator(), out, spec=SPEC, force=True)
    assert [p.name for p in out.iterdir()] == ["weights.pt"]
