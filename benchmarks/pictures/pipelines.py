"""From a network's floats to the bytes of files, on two threads, as people's code does it."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from gansdk import images

from ..peers import Absent, Floats
from . import ours
from .encoders import Encode, opencv_jpeg
from .inputs import Bytes
from .torch_converters import load_torch, stylegan

THREADS = 2
GANSDK = "gansdk"
PILLOW_POOL = "StyleGAN's way, a pool of Pillow"
OPENCV_POOL = "a pool of OpenCV"


@dataclass(frozen=True)
class Pipeline:
    """Something that turns float32 NCHW into files, on `THREADS` threads."""

    name: str
    family: str
    bind: Callable[[Floats, str], Encode]  # (x, format) -> a call
    formats: tuple[str, ...] = ("png", "jpeg")


def gansdk_pipelines() -> list[Pipeline]:
    """One call for the whole batch; threads are its own."""

    def bind(x: Floats, format: str) -> Encode:  # noqa: A002
        options: dict[str, Any] = {"quality": 95} if format == "jpeg" else {"compression": "fast"}
        return lambda: ours.encode_floats(x, format, threads=THREADS, **options)

    return [Pipeline(GANSDK, "", bind)]


def torch_pipelines() -> list[Pipeline]:
    """StyleGAN's line of torch, on both threads, then Pillow in a pool."""
    torch = load_torch()
    try:
        from PIL import Image
    except ImportError:
        raise Absent("`pip install pillow`") from None
    pool = ThreadPoolExecutor(THREADS)

    def bind(x: Floats, format: str) -> Encode:  # noqa: A002
        options = {"quality": 95, "subsampling": "4:2:0"} if format == "jpeg" else {}
        tensor = torch.from_numpy(x)

        def save(picture: Any) -> bytes:
            file = io.BytesIO()
            Image.fromarray(picture.cpu().numpy()).save(file, format, **options)
            return file.getvalue()

        def call() -> list[bytes]:
            torch.set_num_threads(THREADS)
            levels = stylegan(tensor)
            torch.set_num_threads(1)
            return list(pool.map(save, levels))

        return call

    return [Pipeline(PILLOW_POOL, "torch", bind)]


def opencv_pipelines() -> list[Pipeline]:
    """OpenCV converts and encodes image by image, in a pool."""
    try:
        import cv2
    except ImportError:
        raise Absent("`pip install opencv-python-headless`") from None
    cv2.setNumThreads(1)
    pool = ThreadPoolExecutor(THREADS)

    def bind(x: Floats, format: str) -> Encode:  # noqa: A002
        suffix, options = (".jpg", opencv_jpeg()) if format == "jpeg" else (".png", ())

        def one(chw: Floats) -> bytes:
            planes = [cv2.convertScaleAbs(hw, None, 127.5, 127.5) for hw in chw[::-1]]
            file: bytes = cv2.imencode(suffix, cv2.merge(planes), options)[1].tobytes()
            return file

        return lambda: list(pool.map(one, x))

    return [Pipeline(OPENCV_POOL, "opencv", bind)]


def simplejpeg_pipelines() -> list[Pipeline]:
    """Conversion by gansdk, then simplejpeg in a pool."""
    try:
        import simplejpeg
    except ImportError:
        raise Absent("`pip install simplejpeg`") from None
    pool = ThreadPoolExecutor(THREADS)

    def one(picture: Bytes) -> bytes:
        file: bytes = simplejpeg.encode_jpeg(picture, quality=95, colorsubsampling="420")
        return file

    def bind(x: Floats, format: str) -> Encode:  # noqa: A002
        n, channels, height, width = x.shape
        levels = np.zeros((n, height, width, channels), np.uint8)

        def call() -> list[bytes]:
            images.to_uint8(x, out=levels, threads=THREADS)
            return list(pool.map(one, levels))

        return call

    return [Pipeline("to_uint8 and a pool of simplejpeg", "simplejpeg", bind, ("jpeg",))]
