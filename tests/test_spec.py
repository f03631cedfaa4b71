from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansdk.errors import SpecError
from gansdk.spec import Discriminator, GeneratorSpec, Golden, Label, Latent, Output

FULL = GeneratorSpec(
    latent=Latent(100, law="uniform", input="noise", shape=(100, 1, 1)),
    label=Label(3, names=("a", "b", "c"), prior=(0.5, 0.25, 0.25), encoding="one_hot"),
    output=Output(
        value_range=(0, 1),
        layout="NHWC",
        shape=(64, 64, 3),
        color="BGR",
        mean=(0.5, 0.4, 0.3),
        std=(0.25, 0.5, 0.25),
    ),
    name="full",
    discriminator=Discriminator("discriminator.onnx", "0" * 64),
    golden=Golden(0, 8, "f" * 64, 0.25, 0.5, 1e-4),
    provenance={"gansdk": "0.1", "training": {"seed": 7}},
)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The full document with one value replaced."""
    document: dict[str, Any] = json.loads(FULL.to_json())
    *parents, last = path.split(".")
    part = document
    for key in parents:
        part = part[key]
    part[last] = value
    return document


@pytest.mark.parametrize("spec", [FULL, GeneratorSpec(latent=Latent(1))], ids=["full", "least"])
def test_a_document_survives_the_round_trip(spec: GeneratorSpec) -> None:
    again = GeneratorSpec.from_json(spec.to_json())
    assert again == spec
    assert again.to_json() == spec.to_json()


@given(st.integers(1, 2**20), st.sampled_from(["normal", "uniform"]), st.text(min_size=1))
def test_any_latent_survives_the_round_trip(size: int, law: Any, name: str) -> None:
    spec = GeneratorSpec(latent=Latent(size, law=law, input=name), name=name)
    assert GeneratorSpec.from_json(spec.to_json()) == spec


def test_the_document_says_its_format_and_version() -> None:
    document = FULL.to_dict()
    assert document["format"] == "gansdk.spec"
    assert document["version"] == 1


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("format", "other", '"format": "gansdk.spec"'),
        ("version", 2, "reads version 1 .* has version 2: update gansdk"),
        ("surprise", 1, "field that version 1 does not know: 'surprise'"),
        ("latent", None, "starts from a latent or a picture"),
        ("latent", 128, "latent must be a JSON object"),
        ("latent.size", 0, "latent.size must be an integer of at least 1; got 0"),
        ("latent.size", 1.5, "latent.size must be an integer"),
        ("latent.size", True, "latent.size must be an integer"),
        ("latent.law", "cauchy", "latent.law must be one of normal, uniform"),
        ("latent.shape", [99, 1, 1], r"latent.shape is \[99, 1, 1\], 99 values, .* is 100"),
        ("latent.shape", "100", "latent.shape must be a list of positive integers"),
        ("latent.unknown", 1, "latent has a field .* 'unknown'"),
        ("label.classes", 0, "label.classes"),
        ("label.names", ["a"], "label.names must hold 3 values"),
        ("label.prior", [0.5, 0.5, 0.5], "label.prior must hold probabilities.*the sum is 1.5"),
        ("label.prior", [1.5, -0.5, 0], "the smallest -0.5"),
        ("label.encoding", "binary", "label.encoding"),
        ("output.kind", "sound", "output.kind"),
        ("output.value_range", [1, -1], "output.value_range must rise"),
        ("output.value_range", [0, float("inf")], "finite number"),
        ("output.shape", [64, 64], "output.shape of an image has 3 axes"),
        ("output.color", "rgb", "output.color must be one of RGB, BGR"),
        ("output.shape", [64, 64, 1], "BGR needs 3 or 4 channels; the image has 1"),
        ("output.mean", [0.5], "output.mean must hold 3 values"),
        ("output.mean", 0.5, "output.mean must hold a number a channel"),
        ("output.std", [1, 1, "a"], "output.std must be a finite number"),
        ("output.std", [1, 1, 0], "output.std must be above 0"),
        ("discriminator.file", "../x.onnx", "name in the generator's folder"),
        ("discriminator.sha256", "abc", "64 lower-case hexadecimal digits"),
        ("golden.count", 0, "golden.count"),
        ("golden.mean", "x", "golden.mean must be a finite number"),
        ("provenance", [1], "provenance must be a mapping"),
        ("name", "", "name must be a string"),
    ],
)
def test_a_wrong_document_is_refused_by_name(path: str, value: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        GeneratorSpec.from_dict(changed(path, value))


def test_a_missing_field_is_named_with_what_is_there() -> None:
    document = FULL.to_dict()
    document["golden"] = {"seed": 0}
    with pytest.raises(SpecError, match=r"golden lacks a required field; it has \['seed'\]"):
        GeneratorSpec.from_dict(document)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"gansdk.spec"', "{}"])
def test_text_that_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        GeneratorSpec.from_json(text)


def test_a_prior_left_out_is_uniform() -> None:
    assert Label(4).probabilities == (0.25,) * 4
    assert Label(2, prior=(0.25, 0.75)).probabilities == (0.25, 0.75)


def test_what_an_output_says_of_its_conversion() -> None:
    assert FULL.output.conversion == {
        "value_range": (0, 1),
        "layout": "NHWC",
        "color": "BGR",
        "mean": (0.5, 0.4, 0.3),
        "std": (0.25, 0.5, 0.25),
    }
    assert FULL.output.span == 2  # 1 / 0.5
    assert Output(value_range=(-1, 1)).span == 2
