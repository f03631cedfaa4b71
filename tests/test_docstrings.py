"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import gansdk

RUNTIME = [
    name
    for _, name, _ in pkgutil.walk_packages(gansdk.__path__, "gansdk.")
    if not name.startswith(("gansdk.train", "gansdk.export", "gansdk.cli"))
]


@pytest.mark.parametrize("name", RUNTIME)
def test_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


def test_the_public_names_have_examples() -> None:
    finder = doctest.DocTestFinder()
    for module in ("sampler", "latents.draws", "images.encoding", "spec.generator"):
        found = finder.find(importlib.import_module(f"gansdk.{module}"))
        assert any(test.examples for test in found), module
