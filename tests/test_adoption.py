from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from gansdk import GeneratorSpec, Latent, Sampler, adoption
from gansdk.adoption import adopt
from gansdk.errors import GansdkError, ModelError, NonFiniteError, OutputError, SpecError
from gansdk.provenance import digest_of, file_sha256
from gansdk.spec import ImageInput, Label, Output

from .foreign import BFLOAT16, FLOAT, INT64, conditional, plain, translator, write

SPEC = GeneratorSpec(latent=Latent(8))
CONDITIONAL = GeneratorSpec(
    latent=Latent(8, law="uniform"), label=Label(5), output=Output(value_range=(0, 1))
)


@pytest.mark.parametrize("options", [{}, {"dtype": BFLOAT16}, {"batch": 1}, {"batch": 4}])
def test_the_copy_is_enough_to_sample_from(tmp_path: Path, options: Any) -> None:
    source = plain(tmp_path / "g.onnx", **options)
    before = source.read_bytes()
    spec = adopt(source, tmp_path / "a.onnx", spec=SPEC)
    assert source.read_bytes() == before
    copy = Sampler(tmp_path / "a.onnx")
    assert copy.spec == spec
    assert (copy.sample(5, seed=3) == Sampler(source, spec=SPEC).sample(5, seed=3)).all()
    assert spec.output.shape == (3, 4, 4)
    assert spec.provenance["adopted"]["sha256"] == digest_of(source)
    assert spec.provenance["adopted"]["file"] == "g.onnx"
    onnx.checker.check_model(str(tmp_path / "a.onnx"), full_check=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.onnx", "g.onnx"]


def test_the_golden_values_are_those_of_the_images(tmp_path: Path) -> None:
    source = conditional(tmp_path / "g.onnx", (INT64, ("N",)))
    golden = adopt(source, tmp_path / "a.onnx", spec=CONDITIONAL).golden
    assert golden is not None
    copy = Sampler(tmp_path / "a.onnx")
    count, seed = golden.count, golden.seed
    pixels = copy.sample(count, seed=seed, labels="balanced")
    values = copy.sample(count, seed=seed, labels="balanced", output="float")
    assert golden.sha256 == hashlib.sha256(pixels.tobytes()).hexdigest()
    assert golden.mean == pytest.approx(values.mean(dtype=np.float64))
    assert golden.std == pytest.approx(values.std(dtype=np.float64))


@pytest.mark.parametrize("side", ["H", 32])
def test_a_network_of_pictures(tmp_path: Path, side: Any) -> None:
    size = None if side == "H" else (32, 32)
    spec = GeneratorSpec(image=ImageInput(input="input", size=size, scale=2))
    found = adopt(
        translator(tmp_path / "g.onnx", side=side, scale=2), tmp_path / "a.onnx", spec=spec
    )
    assert found.golden is None
    assert found.output.shape == ((3, None, None) if side == "H" else (3, 64, 64))
    copy = Sampler(tmp_path / "a.onnx")
    assert copy.spec == found
    assert copy.translate([np.zeros((32, 32, 3), np.uint8)])[0].shape == (64, 64, 3)


def test_weights_beside_the_file_go_beside_the_copy(tmp_path: Path) -> None:
    source = plain(tmp_path / "g.onnx", external="weights.bin")
    same = adopt(source, tmp_path / "a.onnx", spec=SPEC)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.onnx", "g.onnx", "weights.bin"]
    folder = tmp_path / "other"
    folder.mkdir()
    other = adopt(source, folder / "a.onnx", spec=SPEC)
    assert sorted(p.name for p in folder.iterdir()) == ["a.onnx", "weights.bin"]
    assert same == other
    expected = Sampler(source, spec=SPEC).sample(3)
    for path in (tmp_path / "a.onnx", folder / "a.onnx"):
        assert (Sampler(path).sample(3) == expected).all()
    (folder / "weights.bin").write_bytes(b"of another model")
    with pytest.raises(OutputError, match="holds other weights: .* another folder"):
        adopt(source, folder / "b.onnx", spec=SPEC, force=True)
    assert (folder / "weights.bin").read_bytes() == b"of another model"


def test_weights_beside_a_file_count_in_its_sha256(tmp_path: Path) -> None:
    """Two models of one graph differ in nothing but the file beside them."""
    sampler = Sampler(plain(tmp_path / "g.onnx", external="weights.bin"), spec=SPEC)
    hashes = [
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("g.onnx", "weights.bin")
    ]
    text = f"{hashes[0]}\n{hashes[1]}  weights.bin\n"
    digest = file_sha256(sampler)
    assert digest == hashlib.sha256(text.encode()).hexdigest()
    content = bytearray((tmp_path / "weights.bin").read_bytes())
    content[0] ^= 1
    (tmp_path / "weights.bin").write_bytes(content)
    assert file_sha256(sampler) != digest
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelError, match="weights.bin cannot be read"):
        file_sha256(sampler)
    whole = plain(tmp_path / "whole.onnx")
    assert digest_of(whole) == hashlib.sha256(whole.read_bytes()).hexdigest()


def refused(
    tmp_path: Path, error: type[GansdkError], match: str, *args: Any, **options: Any
) -> None:
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(error, match=match) as caught:
        adopt(*args, **options)
    assert "\n" not in str(caught.value)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_spec_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    source = plain(tmp_path / "g.onnx")
    adopt(source, tmp_path / "a.onnx", spec=SPEC)
    out = tmp_path / "b.onnx"
    other = replace(SPEC, latent=Latent(8, law="uniform"))
    refused(tmp_path, ModelError, "carries a gansdk.spec", tmp_path / "a.onnx", out, spec=other)
    adopt(tmp_path / "a.onnx", out, spec=other, force=True)
    assert Sampler(out).spec.latent == Latent(8, law="uniform")
    refused(tmp_path, OutputError, "exists: use --force", source, out, spec=SPEC)
    adopt(source, out, spec=SPEC, force=True)
    assert Sampler(out).spec.latent == Latent(8)


def test_what_is_refused(tmp_path: Path) -> None:
    source = plain(tmp_path / "g.onnx")
    out = tmp_path / "a.onnx"
    judge = plain(tmp_path / "d.onnx", metadata={"gansdk.discriminator": "{}"})
    refused(tmp_path, ModelError, "is a discriminator", judge, out, spec=SPEC, force=True)
    refused(tmp_path, OutputError, "is the file itself", source, source, spec=SPEC, force=True)
    refused(tmp_path, OutputError, "exists and is no file", source, tmp_path, spec=SPEC)
    refused(tmp_path, OutputError, "cannot write", source, tmp_path / "no" / "a.onnx", spec=SPEC)
    wrong = GeneratorSpec(latent=Latent(9))
    refused(tmp_path, SpecError, "takes z of shape", source, out, spec=wrong)
    wrong = replace(SPEC, output=Output(layout="NHWC", shape=(4, 3, 4)))
    refused(tmp_path, SpecError, "gives outputs of shape", source, out, spec=wrong)
    grey = write(
        tmp_path / "grey.onnx", {"z": (FLOAT, ("N", 8))}, {"image": (FLOAT, ("N", 8))},
        [("Tanh", "z", "image")],
    )  # fmt: skip
    refused(tmp_path, SpecError, "no images of 1, 3 or 4 channels", grey, out, spec=SPEC)


@pytest.mark.parametrize(
    ("operator", "match"),
    [("RandomNormalLike", "draws random numbers itself"), ("ReduceMean", "others of its batch")],
)
def test_images_that_are_no_function_are_refused(tmp_path: Path, operator: str, match: str) -> None:
    attributes = {"axes": [0]} if operator == "ReduceMean" else {}
    source = write(
        tmp_path / "g.onnx",
        {"z": (FLOAT, ("N", 8))},
        {"y": (FLOAT, ("N", 8))},
        [(operator, "z", "r", attributes), ("Sub", "z r", "y")],
    )
    spec = replace(SPEC, output=Output(kind="array"))
    refused(tmp_path, ModelError, match, source, tmp_path / "a.onnx", spec=spec)


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    source = write(
        tmp_path / "g.onnx", {"z": (FLOAT, ("N", 8))}, {"y": (FLOAT, ("N", 8))},
        [("Log", "z", "y")],
    )  # fmt: skip
    spec = replace(SPEC, output=Output(kind="array"))
    refused(tmp_path, NonFiniteError, "NaN or inf", source, tmp_path / "a.onnx", spec=spec)


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = plain(tmp_path / "g.onnx", external="weights.bin")
    folder = tmp_path / "other"
    folder.mkdir()

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for name in ("write_metadata", "_copy_weights"):
        with monkeypatch.context() as patch:
            patch.setattr(adoption, name, fail)
            refused(tmp_path, OutputError, "No space", source, folder / "a.onnx", spec=SPEC)
    real = adoption.open_backend

    def fail_on_the_copy(path: Path) -> Any:
        if Path(path) != source:
            assert (folder / "weights.bin").exists()
            raise ModelError("broken")
        return real(path)

    monkeypatch.setattr(adoption, "open_backend", fail_on_the_copy)
    refused(tmp_path, ModelError, "broken", source, folder / "a.onnx", spec=SPEC)
    assert not list(folder.iterdir())


def test_weights_outside_the_folder_are_refused(tmp_path: Path) -> None:
    source = plain(tmp_path / "g.onnx", external="weights.bin")
    model = onnx.load(str(source), load_external_data=False)
    for weight in model.graph.initializer:
        for entry in weight.external_data:
            if entry.key == "location":
                entry.value = "../weights.bin"
    source.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="weights.bin"):
        adopt(source, tmp_path / "a.onnx", spec=SPEC)


def test_the_document_in_the_copy_is_version_1(tmp_path: Path) -> None:
    adopt(plain(tmp_path / "g.onnx"), tmp_path / "a.onnx", spec=SPEC)
    props = {p.key: p.value for p in onnx.load(str(tmp_path / "a.onnx")).metadata_props}
    document = json.loads(props["gansdk.spec"])
    assert (document["format"], document["version"]) == ("gansdk.spec", 1)
