"""The document comes back as it went in, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansdk.errors import GansdkError, RecipeError
from gansdk.images.recipe import LONGEST, Encoding, Grid, Recipe, Runtime

SHA = "0123456789abcdef" * 4
WORD = st.integers(0, 2**64 - 1)
NAME = st.text(min_size=1, max_size=200).filter(str.isprintable)
CLASS = st.integers(0, 2**31)
VERSION = st.none() | NAME

GRIDS = st.builds(
    Grid,
    columns=st.integers(1, 2**31 - 1),
    padding=st.integers(0, 2**31 - 1),
    background=st.integers(0, 255) | st.lists(st.integers(0, 255), min_size=1).map(tuple),
    row_labels=st.none() | st.lists(NAME, min_size=1, max_size=4).map(tuple),
)
ENCODINGS = st.builds(
    Encoding,
    format=st.sampled_from(["png", "jpeg", "webp", "jxl"]),
    quality=st.none() | st.integers(0, 100),
    compression=st.sampled_from([None, "fast", "small"]),
    encoder=VERSION,
)
RUNTIMES = st.builds(
    Runtime,
    device=st.sampled_from(["cpu", "cuda:0", "cuda:12"]),
    backend=st.sampled_from(["onnxruntime", "torchscript"]),
    version=VERSION,
)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    seeds = draw(st.none() | st.lists(WORD, min_size=1, max_size=9).map(tuple))
    start = draw(WORD)
    count = draw(st.integers(1, 2**64 - start)) if seeds is None else len(seeds)
    rule: st.SearchStrategy[Any] = st.sampled_from([None, "prior", "balanced"])
    return Recipe(
        model=draw(NAME),
        model_sha256=draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
        latent_contract=draw(st.integers(1, 9)),
        seed=draw(WORD) if seeds is None else None,
        seeds=seeds,
        start=start,
        count=count,
        labels=draw(rule | CLASS | st.lists(CLASS, min_size=1, max_size=9).map(tuple)),
        label=draw(st.none() | CLASS) if count == 1 else None,
        truncation=draw(st.none() | st.floats(0, 10)),
        rounding=draw(st.sampled_from(["nearest", "stylegan", "truncate"])),
        grid=draw(st.none() | GRIDS),
        encoding=draw(st.none() | ENCODINGS),
        runtime=draw(st.none() | RUNTIMES),
        gansdk=draw(VERSION),
    )


@given(recipes())
def test_a_recipe_comes_back(recipe: Recipe) -> None:
    text = recipe.to_json()
    assert text.isascii()
    assert text.isprintable()
    assert Recipe.from_json(text) == recipe
    assert Recipe.from_json(text).to_json() == text
    assert None not in json.loads(text).values()


def test_the_short_form_of_an_image_of_a_data_set() -> None:
    recipe = Recipe("digits", SHA, seed=2**64 - 1, start=42, label=3)
    assert recipe.to_json() == (
        '{"format":"gansdk.recipe","version":1,"model":"digits","model_sha256":"' + SHA + '",'
        '"latent_contract":1,"seed":18446744073709551615,"start":42,"count":1,"label":3,'
        '"rounding":"nearest"}'
    )


def test_lists_may_be_given_for_tuples() -> None:
    recipe = Recipe("digits", SHA, seeds=[3, 14], count=2, labels=[1, 2], grid=Grid(1, 0, [0, 9]))  # type: ignore[arg-type]
    assert recipe.seeds == (3, 14)
    assert recipe.labels == (1, 2)
    assert recipe.grid == Grid(1, 0, (0, 9))
    assert hash(recipe) == hash(replace(recipe))


GOOD = {
    "format": "gansdk.recipe",
    "version": 1,
    "model": "digits",
    "model_sha256": SHA,
    "latent_contract": 1,
    "seed": 7,
    "start": 0,
    "count": 64,
    "rounding": "nearest",
    "grid": {"columns": 8, "padding": 2, "background": 0},
    "encoding": {"format": "png", "compression": "fast"},
    "runtime": {"device": "cpu", "backend": "onnxruntime", "version": "1.31.1"},
}


def test_the_good_document_is_good() -> None:
    assert Recipe.from_json(json.dumps(GOOD)).seed == 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "gansdk.spec"}, '"format": "gansdk.recipe"'),
        ({"version": 2}, "reads version 1 of gansdk.recipe, the document has version 2"),
        ({"version": True}, "has version True"),
        ({"version": 1.0}, "has version 1.0"),
        ({"version": None}, "has version None"),
        ({"model": ""}, "model must be 1 ... 200 printable"),
        ({"model": "a\nb"}, "model must be 1 ... 200 printable"),
        ({"model": "\x1b[2J"}, "model must be 1 ... 200 printable"),
        ({"model": "\ud800"}, "model must be 1 ... 200 printable"),
        ({"model": "m" * 201}, "model must be 1 ... 200 printable"),
        ({"model": ["digits"]}, "model must be"),
        ({"model_sha256": SHA.upper()}, "model_sha256 must be 64 lower-case hexadecimal"),
        ({"model_sha256": SHA + "\n"}, "model_sha256 must be 64 lower-case hexadecimal"),
        ({"latent_contract": 0}, "latent_contract must be an integer, 1 ..."),
        ({"seed": -1}, "seed must be an integer, 0 ... 2^64 - 1; got -1"),
        ({"seed": 2**64}, "seed must be an integer, 0 ... 2^64 - 1"),
        ({"seed": 7.0}, "seed must be an integer, 0 ... 2^64 - 1; got 7.0"),
        ({"seed": True}, "seed must be an integer"),
        ({"seed": "7"}, "seed must be an integer"),
        ({"seed": None}, "either seed or seeds"),
        ({"seeds": [1, 2]}, "either seed or seeds"),
        ({"seed": None, "seeds": []}, "seeds must be a list of integers"),
        ({"seed": None, "seeds": "12"}, "seeds must be a list of integers"),
        ({"seed": None, "seeds": [1, 2.0]}, "seeds must be an integer"),
        ({"seed": None, "seeds": [1, 2]}, "count is 64, but there are 2 seeds"),
        ({"start": -1}, "start must be"),
        ({"start": 2**64 - 1}, "start + count must be at most 2^64"),
        ({"count": 0}, "count must be an integer, 1 ... 2^64; got 0"),
        ({"labels": "random"}, "labels must be prior, balanced"),
        ({"labels": -1}, "labels must be an integer"),
        ({"labels": []}, "labels must be a list"),
        ({"labels": [1, None]}, "labels must be an integer"),
        ({"labels": {"a": 1}}, "labels must be an integer"),
        ({"label": 3}, "label is the class of a single image, but count is 64"),
        ({"truncation": "0.7"}, "truncation must be a finite number"),
        ({"truncation": 10**400}, "truncation must be a finite number"),
        ({"rounding": "up"}, "rounding must be one of nearest, truncate, stylegan; got 'up'"),
        ({"rounding": ["up"]}, "rounding must be one of"),
        ({"grid": 8}, "grid must be a JSON object; got 8"),
        ({"grid": {}}, "grid lacks a required field"),
        ({"grid": {"columns": 0}}, "grid.columns must be"),
        ({"grid": {"columns": 8, "padding": -1}}, "grid.padding must be"),
        ({"grid": {"columns": 8, "background": [0, -1]}}, "grid.background must be"),
        ({"grid": {"columns": 8, "row_labels": []}}, "grid.row_labels must be a list of texts"),
        ({"grid": {"columns": 8, "row_labels": "ab"}}, "grid.row_labels must be a list of texts"),
        ({"grid": {"columns": 8, "row_labels": ["a", 1]}}, "grid.row_labels must be 1 ... 200"),
        ({"grid": {"columns": 8, "rows": 8}}, "grid has a field that version 1 does not know"),
        ({"encoding": {"format": "png", "quality": 101}}, "encoding.quality must be"),
        ({"encoding": {"format": "png", "compression": "best"}}, "encoding.compression must be"),
        ({"encoding": {"format": "png", "encoder": "\0"}}, "encoding.encoder must be"),
        ({"encoding": {}}, "encoding lacks a required field"),
        ({"runtime": {"device": "/dev/null"}}, "runtime.device must be cpu or cuda:N"),
        ({"runtime": {"device": "cpu\n"}}, "runtime.device must be cpu or cuda:N"),
        ({"runtime": {"device": "cpu", "backend": 1}}, "runtime.backend must be"),
        ({"path": "/home/me"}, "a recipe has a field that version 1 does not know: 'path'"),
        ({"_parts": {}}, "a recipe has a field that version 1 does not know: '_parts'"),
    ],
)
def test_other_documents_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(json.dumps({**GOOD, **change}))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
    assert isinstance(caught.value, (GansdkError, ValueError))


@pytest.mark.parametrize("field", ["model", "model_sha256"])
def test_required_fields(field: str) -> None:
    with pytest.raises(RecipeError, match="lacks a required field"):
        Recipe.from_json(json.dumps({k: v for k, v in GOOD.items() if k != field}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        '"gansdk.recipe"',
        "{",
        "\0",
        '{"format": "gansdk.recipe", "version": 1, "seed": NaN}',
        '{"format": "gansdk.recipe", "version": 1, "seed": Infinity}',
        '{"format": "gansdk.recipe", "version": 1, "seed": ' + "1" * 5000 + "}",
        "[" * 100_000,
        '{"a":' * 100_000,
        " " * (LONGEST + 1),
    ],
    ids=range(13),
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_an_integer_that_python_does_not_print() -> None:
    with pytest.raises(RecipeError, match="seed must be an integer"):
        Recipe("digits", SHA, seed=10**5000)


def test_a_document_too_long_to_be_read_is_not_written() -> None:
    seeds = (2**64 - 1,) * 60_000
    recipe = Recipe("digits", "0" * 64, seeds=seeds, count=len(seeds))
    with pytest.raises(RecipeError, match="at most 1048576 characters, this would have 12"):
        recipe.to_json()
