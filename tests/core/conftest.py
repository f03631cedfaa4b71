from __future__ import annotations

from collections.abc import Iterator

import pytest

from .builds import remove_builds


@pytest.fixture(scope="session", autouse=True)
def _builds_are_removed() -> Iterator[None]:
    yield
    remove_builds()
