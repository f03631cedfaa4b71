"""What cannot be encoded is refused."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from gansdk import images
from gansdk.errors import GansdkError, InvalidArgumentError, MissingDependencyError


def test_encode_refuses() -> None:
    x = np.zeros((4, 4, 3), np.uint8)
    for wrong in (x[None], x.astype(np.float32), x[..., :2], x[:0]):
        with pytest.raises(InvalidArgumentError, match="image"):
            images.encode(wrong)
    with pytest.raises(InvalidArgumentError, match="format"):
        images.encode(x, "gif")
    with pytest.raises(InvalidArgumentError, match="alpha"):
        images.encode(np.zeros((4, 4, 4), np.uint8), "jpeg")


def test_missing_pillow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=re.escape("gansdk[cli]")) as caught:
        images.encode(np.zeros((4, 4, 3), np.uint8))
    assert isinstance(caught.value, GansdkError)
