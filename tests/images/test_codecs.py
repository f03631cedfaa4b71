"""Packages that encode: what is missing is named, what was used is recorded."""

from __future__ import annotations

import re
import sys
from importlib import metadata

import numpy as np
import pytest

from gansdk import images
from gansdk.errors import GansdkError, MissingDependencyError
from gansdk.images.codecs import encoder_version, jxl_distance
from gansdk.images.encoding import encoding_of


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("jpeg", "simplejpeg", "images"),
        ("webp", "PIL", "images"),
        ("jxl", "imagecodecs", "codecs"),
        ("qoi", "imagecodecs", "codecs"),
    ],
)
def test_a_missing_package_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    message = re.escape(f"pip install 'gansdk[{extra}]'")
    with pytest.raises(MissingDependencyError, match=message) as caught:
        images.encode(np.zeros((4, 4, 3), np.uint8), name)
    assert isinstance(caught.value, GansdkError)
    assert "\n" not in str(caught.value)
    with pytest.raises(MissingDependencyError, match=message):
        images.encode_batch(np.zeros((4, 4, 4, 3), np.uint8), name, threads=2)


@pytest.mark.parametrize("name", ["png", "npy", "npz"])
def test_the_others_need_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for module in ("PIL", "simplejpeg", "imagecodecs", "deflate"):
        monkeypatch.setitem(sys.modules, module, None)
    assert images.encode(np.zeros((4, 4, 3), np.uint8), name)


def test_what_encodes_is_recorded() -> None:
    assert encoder_version("jpeg") == f"simplejpeg {metadata.version('simplejpeg')}"
    assert encoder_version("webp") == f"pillow {metadata.version('pillow')}"
    assert encoder_version("png", "small") == f"deflate {metadata.version('deflate')}"
    assert encoder_version("png", "fast") is None
    encoding = encoding_of("jpeg")
    assert (encoding.quality, encoding.compression) == (95, None)
    assert encoding_of("png").compression == "fast"


def test_distances_are_those_of_libjxl() -> None:
    # JxlEncoderDistanceFromQuality, from its documentation.
    for quality, distance in ((99, 0.19), (90, 1.0), (68, 2.98), (30, 6.4), (0, 25.0)):
        assert jxl_distance(quality) == pytest.approx(distance)
    falling = [jxl_distance(quality) for quality in range(101)]
    assert falling == sorted(set(falling), reverse=True)
