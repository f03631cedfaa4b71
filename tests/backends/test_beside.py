"""The JSON beside a foreign file, and that nothing is sampled on a guess."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from gansdk import GeneratorSpec, Latent, Sampler
from gansdk.backends import is_foreign, open_backend
from gansdk.errors import ModelError, SpecError

from ..foreign import INT64, conditional, plain, translator

SAID = {"latent": {"law": "uniform"}, "output": {"value_range": [-1, 1]}}


def say(path: Path, document: Any) -> None:
    path.with_suffix(".json").write_text(
        document if isinstance(document, str) else json.dumps(document)
    )


def test_nothing_is_sampled_on_a_guess(tmp_path: Path) -> None:
    path = plain(tmp_path / "g.onnx")
    with pytest.raises(ModelError) as caught:
        Sampler(path)
    text = str(caught.value)
    assert "\n" not in text
    for part in (
        "it takes z [None, 8]",
        "seems to take a latent; to be said: latent.law, output.value_range",
        f"`gansdk info {path}` shows a guess",
        f"`gansdk adopt {path}` writes it",
        "Sampler(..., spec=GeneratorSpec(latent=Latent(size)))",
    ):
        assert part in text
    assert is_foreign(open_backend(path))


def test_the_fields_that_cannot_be_inferred_suffice(tmp_path: Path) -> None:
    path = plain(tmp_path / "g.onnx")
    say(path, SAID)
    spec = GeneratorSpec(latent=Latent(8, law="uniform"))
    assert (Sampler(path).sample(3) == Sampler(path, spec=spec).sample(3)).all()
    assert not is_foreign(open_backend(path))
    for part in SAID:
        say(path, {key: value for key, value in SAID.items() if key != part})
        with pytest.raises(SpecError, match=r"g\.json: it must also say " + part):
            Sampler(path)


def test_a_whole_document_is_taken_as_it_is(tmp_path: Path) -> None:
    path = plain(tmp_path / "g.onnx")
    spec = GeneratorSpec(latent=Latent(8, law="uniform"), name="whole")
    say(path, spec.to_json())
    assert Sampler(path).spec == spec
    assert Sampler(str(path)).sample(2).shape == (2, 4, 4, 3)


def test_a_format_that_declares_nothing_needs_the_whole_document(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "g.ts"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.trace(torch.nn.Unflatten(1, (1, 2, 2)), torch.zeros(2, 4))
        torch.jit.save(module, str(path))
    say(path, {"latent": {"size": 4}})
    with pytest.raises(SpecError, match='"format": "gansdk.spec"'):
        Sampler(path)
    spec = GeneratorSpec(latent=Latent(4))
    say(path, spec.to_json())
    assert Sampler(path).spec == spec


def test_classes_have_to_be_said(tmp_path: Path) -> None:
    path = conditional(tmp_path / "g.onnx", (INT64, ("N",)))
    say(path, SAID)
    with pytest.raises(SpecError, match=r"must also say label\.classes"):
        Sampler(path)
    say(path, {**SAID, "label": {"classes": 5}})
    assert Sampler(path).sample(3, labels="balanced").shape == (3, 4, 4, 1)


def test_pictures_need_their_range_and_scale(tmp_path: Path) -> None:
    path = translator(tmp_path / "g.onnx", scale=2)
    said = {"image": {"value_range": [0, 1], "scale": 2}, "output": {"value_range": [0, 1]}}
    say(path, said)
    spec = Sampler(path).spec
    assert spec.image is not None
    assert (spec.image.scale, spec.image.size, spec.image.value_range) == (2, None, (0, 1))
    say(path, {"image": {"value_range": [0, 1]}, "output": {"value_range": [0, 1]}})
    with pytest.raises(SpecError, match=r"must also say image\.scale"):
        Sampler(path)


def test_what_is_given_and_what_the_file_carries_win(tmp_path: Path) -> None:
    carried = GeneratorSpec(latent=Latent(8), name="carried")
    path = plain(tmp_path / "g.onnx", metadata={"gansdk.spec": carried.to_json()})
    say(path, "not even JSON")
    assert Sampler(path).spec == carried
    given = GeneratorSpec(latent=Latent(8), name="given")
    assert Sampler(path, spec=given).spec == given
    foreign = plain(tmp_path / "f.onnx")
    say(foreign, "not even JSON")
    assert Sampler(foreign, spec=given).spec == given


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "is no JSON that says what a model is"),
        ("\x00\xff", "is no JSON that says what a model is"),
        ("[1]", "must hold a JSON object"),
        ({**SAID, "latent": {"law": "cauchy"}}, "latent.law must be one of"),
        ({**SAID, "latent": {"law": "normal", "size": 9}}, "takes z of shape"),
        ({**SAID, "colour": "RGB"}, "has a field that version 1 does not know: 'colour'"),
        ({**SAID, "output": 3}, "output must be a JSON object"),
        ({"format": "other"}, '"format": "gansdk.spec"'),
    ],
)
def test_what_is_wrong_in_it_is_named(tmp_path: Path, document: Any, message: str) -> None:
    path = plain(tmp_path / "g.onnx")
    say(path, document)
    with pytest.raises(SpecError, match=message) as caught:
        Sampler(path)
    assert "\n" not in str(caught.value)
