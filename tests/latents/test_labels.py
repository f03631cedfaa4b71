"""Labels: known answers, and the generalised inverse of the prior in every form of the search."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from gansdk import latents
from gansdk.errors import InvalidArgumentError

sys.path.insert(0, str(Path(__file__).parents[1]))
import reference
from known_answers import DATA

sys.path.pop(0)

LAST = 2**64 - 1
uint64 = st.integers(0, LAST)


def test_labels_known_answers() -> None:
    lines = (DATA / "laws_known_answers.txt").read_text().splitlines()
    found = [line.split(" -> ") for line in lines if line.startswith("labels")]
    assert len(found) == 3
    for question, answer in found:
        seed, start, *weights = (int(x, 16) for x in question.split()[1:])
        prior = np.array(weights, np.uint64).view(np.float64)
        labels = [int(x, 16) for x in answer.split()]
        drawn = latents.labels(len(labels), prior=prior, seed=seed, start=start)
        assert drawn.tolist() == labels


PRIORS = [[1.0], [0.2, 0.3, 0.5], [0, 1, 0, 2, 0], [1e-300, 1, 1e300], [0.1] * 10]


@pytest.mark.parametrize("prior", PRIORS)
def test_labels_equal_the_reference(prior: list[float]) -> None:
    drawn = latents.labels(500, prior=prior, seed=9, start=100)
    assert drawn.dtype == np.int64
    assert drawn.tolist() == reference.labels(500, prior, 9, 100)
    assert (np.array(prior)[drawn] > 0).all()


@pytest.mark.parametrize("count", [0, 1, 1023, 1024, 1025, 70_000])
@pytest.mark.parametrize("classes", [1, 2, 10, 1000, 100_000])
@pytest.mark.parametrize("kind", ["equal", "skewed", "one", "gaps"])
def test_labels_are_the_generalised_inverse(kind: str, classes: int, count: int) -> None:
    prior = np.ones(classes)
    if kind == "skewed":
        prior = np.random.default_rng(1).random(classes) ** 8
    elif kind == "one":  # so that one entry of the table holds nearly all classes
        prior = np.full(classes, 1e-12)
        prior[-1] = 1
    elif kind == "gaps":
        prior[1::3] = 0
    u = latents.random(count, 1, seed=5, start=2**40, stream=latents.LABEL_STREAM)[:, 0]
    sums = np.cumsum(prior)
    expected = np.searchsorted(sums / sums[-1], u, side="left")
    drawn = latents.labels(count, prior=prior, seed=5, start=2**40)
    assert drawn.dtype == np.int64
    assert (drawn == expected).all()


@pytest.mark.parametrize("word", [0, 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_labels_at_the_ends_of_classes(word: int) -> None:
    from gansdk.latents.labels import _ends, _first_above

    for shift in (-1, -0.5, -(2.0**-20), 0, 2.0**-20, 0.5, 1):
        first = (word + 0.5 + shift) / 2.0**32
        if not 0 < first < 1:
            continue
        ends = _ends(np.array([first, 1 - first]))
        sums = np.cumsum([first, 1 - first])
        expected = np.searchsorted(sums / sums[-1], (word + 0.5) / 2.0**32)
        for count in (1, 2000):
            assert (_first_above(ends, np.full(count, word, np.uint32)) == expected).all()


def test_labels_follow_the_prior() -> None:
    counts = np.bincount(latents.labels(100_000, prior=[1, 2, 0, 1], seed=0), minlength=4)
    assert counts[2] == 0
    assert np.abs(counts / 100_000 - [0.25, 0.5, 0, 0.25]).max() < 0.006


@pytest.mark.parametrize(
    "prior", [[], [0, 0], [-1, 2], [np.nan], [np.inf], [[1]], "ab", None, [1e308] * 5]
)
def test_bad_priors(prior: object) -> None:
    with pytest.raises(InvalidArgumentError, match="prior"):
        latents.labels(1, prior=prior, seed=0)  # type: ignore[arg-type]
