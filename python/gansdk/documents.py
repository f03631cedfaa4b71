"""Versioned JSON documents that a file carries: the spec in a model, the recipe in a picture.

A document is a dataclass of values and of parts, dataclasses again. It may come from anyone's file:
whatever is wrong with it is one error of its own kind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from .errors import GansdkError

_T = TypeVar("_T")


@dataclass(frozen=True)
class DocumentFormat:
    """A format's name and version, what it is called in messages, and the error that they are."""

    name: str
    version: int
    what: str
    error: type[GansdkError]

    def parse(self, text: str) -> Any:
        """Return the JSON value of a text."""
        try:
            return json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            why = " ".join(str(error).split())[:100]
            raise self.error(f"the {self.name} document is not JSON: {why}") from None

    def build(
        self,
        kind: type[_T],
        document: Any,
        parts: Mapping[str, type[Any]],
        lists: Mapping[str, type[Any]] | None = None,
    ) -> _T:
        """Return the document as a dataclass, its `parts` by name as dataclasses too.

        A field in `lists` holds a list of parts of one kind.
        """
        if not isinstance(document, Mapping) or document.get("format") != self.name:
            raise self.error(f'{self.what} is a JSON object with "format": "{self.name}"')
        version = document.get("version")
        if type(version) is not int or version != self.version:
            raise self.error(
                f"this gansdk reads version {self.version} of {self.name}, the document has "
                f"version {shown(version)}: update gansdk, or make it again"
            )
        values = {k: v for k, v in document.items() if k not in ("format", "version")}
        for key, part in parts.items():
            if values.get(key) is not None:
                values[key] = self._part(part, values[key], key)
        for key, part in (lists or {}).items():
            if values.get(key) is not None:
                if not isinstance(values[key], (list, tuple)):
                    raise self.error(f"{key} must be a JSON list; got {shown(values[key])}")
                values[key] = [self._part(part, value, key) for value in values[key]]
        return self._part(kind, values, self.what)

    def _part(self, kind: type[_T], values: Any, where: str) -> _T:
        if not isinstance(values, Mapping):
            raise self.error(f"{where} must be a JSON object; got {shown(values)}")
        unknown = sorted(set(values) - {f.name for f in fields(kind)})  # type: ignore[arg-type]
        if unknown:
            raise self.error(
                f"{where} has a field that version {self.version} does not know: "
                f"{shown(unknown[0])}"
            )
        try:
            return kind(**values)
        except TypeError:  # of the call: the dataclass itself raises its own error alone
            raise self.error(f"{where} lacks a required field; it has {sorted(values)}") from None


def shown(value: Any) -> str:
    """Return a value for a message: short, and without control characters."""
    try:
        text = ascii(value)
    except ValueError:  # an integer of more digits than Python prints
        text = f"an {type(value).__name__} too long to show"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _no_constant(name: str) -> None:
    raise ValueError(f"it holds {name}")
