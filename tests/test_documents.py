"""Documents are read as they were written, or refused in one line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gansdk.documents import DocumentFormat, shown
from gansdk.errors import SpecError

FORMAT = DocumentFormat("toy", 3, "a toy", SpecError)


@dataclass(frozen=True)
class Wheel:
    size: int


@dataclass(frozen=True)
class Toy:
    name: str
    wheel: Wheel | None = None


def read(text: str) -> Toy:
    return FORMAT.build(Toy, FORMAT.parse(text), {"wheel": Wheel})


def test_values_and_parts() -> None:
    head = '{"format": "toy", "version": 3, "name": "car"'
    assert read(head + "}") == Toy("car")
    assert read(head + ', "wheel": null}') == Toy("car")
    assert read(head + ', "wheel": {"size": 7}}') == Toy("car", Wheel(7))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the toy document is not JSON"),
        ("[" * 100_000, "the toy document is not JSON"),
        ('{"format": "toy", "version": 3, "name": NaN}', "not JSON: it holds NaN"),
        ("[]", 'a toy is a JSON object with "format": "toy"'),
        ('{"format": "spec"}', 'a toy is a JSON object with "format": "toy"'),
        ('{"format": "toy", "version": 4}', "reads version 3 of toy, the document has version 4"),
        ('{"format": "toy", "version": true}', "has version True"),
        ('{"format": "toy", "version": 3}', "a toy lacks a required field"),
        ('{"format": "toy", "version": 3, "name": "", "age": 1}', "does not know: 'age'"),
        ('{"format": "toy", "version": 3, "name": "", "wheel": 7}', "wheel must be a JSON object"),
        ('{"format": "toy", "version": 3, "name": "", "wheel": {}}', "wheel lacks a required"),
    ],
)
def test_what_is_wrong_is_one_line_of_its_own_error(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_shown_values_are_short() -> None:
    assert shown("é\n") == r"'\xe9\n'"
    assert len(shown("a" * 1000)) == 60
    assert shown(10**10_000) == "an int too long to show"
