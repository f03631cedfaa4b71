"""A guess of a spec: each field with its reason, and how it becomes a spec when a person says so.

Nothing is sampled on a guess: what the file does not declare itself has to be said, in the JSON
beside it, by `spec=`, or by the confirmation that `gansdk adopt` asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...documents import shown
from ...errors import SpecError
from ...spec import FORMAT_VERSION, METADATA_KEY, GeneratorSpec

Confidence = Literal["declared", "likely", "unsure", "unknown"]
"""The file says so; much speaks for it; a coin toss or a custom; nothing is known."""

_PARTS = {
    "image": "a picture",
    "latent": "a latent",
    "label": "a label",
    "noise": "noise",
    "truncation": "psi",
}


@dataclass(frozen=True)
class Finding:
    """One field of a spec, by its path such as "latent.size", as JSON, and why it is so."""

    field: str
    value: Any
    confidence: Confidence
    reason: str


@dataclass(frozen=True)
class Guess:
    """What a file seems to be."""

    findings: tuple[Finding, ...]
    problems: tuple[str, ...] = ()
    """Why it cannot be sampled as it seems to be."""

    @property
    def document(self) -> dict[str, Any]:
        """The fields that are known or guessed, nested as in a `gansdk.spec` document."""
        document: dict[str, Any] = {}
        for finding in self.findings:
            if finding.confidence != "unknown":
                _put(document, finding.field, finding.value)
        return document

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that a person has to confirm or to give."""
        return tuple(f for f in self.findings if f.confidence != "declared")

    @property
    def unknown(self) -> tuple[str, ...]:
        """The fields of which nothing is known."""
        return tuple(f.field for f in self.findings if f.confidence == "unknown")

    @property
    def summary(self) -> str:
        """What was inferred and what is missing, in a line for an error."""
        present = {finding.field.partition(".")[0] for finding in self.findings}
        parts = [words for part, words in _PARTS.items() if part in present]
        seems = f"it seems to take {' and '.join(parts)}" if parts else "no input was understood"
        missing = ", ".join(finding.field for finding in self.open)
        return f"{seems}; to be said: {missing}" if missing else seems

    def spec(self) -> GeneratorSpec:
        """Return the guess as a spec; `SpecError` where it does not suffice."""
        return from_document(self.document)


def from_document(document: Mapping[str, Any]) -> GeneratorSpec:
    """Return a spec from a document that may lack its format and version."""
    return GeneratorSpec.from_dict({"format": METADATA_KEY, "version": FORMAT_VERSION, **document})


def completed(guess: Guess, said: Mapping[str, Any]) -> GeneratorSpec:
    """Return the spec that a person's fields make with what the file declares.

    Parameters
    ----------
    guess : Guess
        What was inferred; only what the file declares is taken from it.
    said : mapping
        Fields of a `gansdk.spec` document, nested as in one.

    Raises
    ------
    SpecError
        They leave a field open that the file does not declare, or are malformed.
    """
    document = merged(guess.document, said)
    silent = [f for f in guess.open if not _says(said, f.field) and _applies(document, f)]
    if silent:
        first = silent[0]
        hint = "" if first.confidence == "unknown" else f", perhaps {shown(first.value)}"
        raise SpecError(
            f"it must also say {', '.join(f.field for f in silent)} ({first.field}{hint}: "
            f"{first.reason}): `gansdk info` shows the whole guess"
        )
    return from_document(document)


def merged(guessed: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the guessed document with a person's fields over it.

    A part that is of another input than the guessed one replaces it; null removes it.
    """
    document = dict(guessed)
    for key, value in said.items():
        old = document.get(key)
        same = isinstance(value, Mapping) and isinstance(old, Mapping)
        if same and value.get("input", old.get("input")) == old.get("input"):  # type: ignore[union-attr]
            document[key] = {**old, **value}  # type: ignore[dict-item]
        else:
            document[key] = value
    return document


def _says(said: Mapping[str, Any], field: str) -> bool:
    part, _, key = field.partition(".")
    if part not in said:
        return False
    value = said[part]
    # A part left out by null, and a list, are said as a whole.
    return not isinstance(value, Mapping) or not key or key in value


def _applies(document: Mapping[str, Any], finding: Finding) -> bool:
    """Whether a finding is still about the document: its part is there, of the same input."""
    part, _, key = finding.field.partition(".")
    value = document.get(part)
    if part == "output" and isinstance(value, Mapping) and value.get("kind") == "array":
        return False  # no pixels, so no range and no layout of them
    if finding.confidence == "unknown":
        return True
    return not key or (isinstance(value, Mapping) and value.get(key) == finding.value)


def _put(document: dict[str, Any], field: str, value: Any) -> None:
    part, _, key = field.partition(".")
    if key:
        document.setdefault(part, {})[key] = value
    else:
        document[part] = value


def rows(guess: Guess) -> Iterator[tuple[str, str, str, str]]:
    """Yield field, value, confidence and reason of each finding, as text."""
    for finding in guess.findings:
        value = "?" if finding.confidence == "unknown" else _text(finding.value)
        yield finding.field, value, finding.confidence, finding.reason


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(v) for v in value)
    if isinstance(value, Mapping):
        return " ".join(_text(v) for v in value.values())
    return f"{value:g}" if isinstance(value, float) else str(value)
