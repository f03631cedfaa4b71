from __future__ import annotations

import json

import pytest

from .conftest import Run

pytest.importorskip("sklearn")


def test_evaluate_prints_the_model_beside_its_controls(gansdk: Run) -> None:
    done = gansdk("evaluate", "digits", "--real", "digits")
    assert done.returncode == 0, done.stderr
    for text in ("svc accuracy", "coverage", "neighbour ratio", "class Gaussians"):
        assert text in done.stdout


def test_evaluate_as_json(gansdk: Run) -> None:
    rows = json.loads(gansdk("evaluate", "digits", "--real", "digits", "--json").stdout)
    assert [row["data"] for row in rows] == ["digits", "real (training set)", "class Gaussians"]
    assert rows[1]["neighbour_ratio"] < 1e-6
