from __future__ import annotations

import hashlib
import json

from gansdk import GeneratorSpec, Sampler

from .conftest import Run


def test_info_shows_what_a_model_is(gansdk: Run) -> None:
    done = gansdk("info", "digits")
    assert done.returncode == 0
    for text in ("z: 64 values, normal", "10 classes: zero, one", "1 x 32 x 32", "gansdk train"):
        assert text in done.stdout


def test_info_as_json_holds_the_whole_spec(gansdk: Run) -> None:
    document = json.loads(gansdk("info", "digits", "--json").stdout)
    sampler = Sampler("digits")
    assert GeneratorSpec.from_dict(document["spec"]) == sampler.spec
    assert document["sha256"] == hashlib.sha256(sampler.path.read_bytes()).hexdigest()


def test_info_of_nothing_is_one_clear_line(refused) -> None:  # type: ignore[no-untyped-def]
    assert "no model at nowhere" in refused("info", "nowhere")
