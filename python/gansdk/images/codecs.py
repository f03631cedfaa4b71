"""Who encodes which format: one function each; all but NumPy's drop the GIL while they work.

PNG is not here: `png.encode_png` takes a whole batch at once.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from importlib import metadata
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import MissingDependencyError
from .metadata import exif_block, with_exif
from .recipe import Recipe

Encoder: TypeAlias = Callable[["npt.NDArray[Any]", "int | None", "Recipe | None"], bytes]

# Of 1 ... 9, lossless: 2 takes 2 to 15 times as long for 2 to 20 % fewer bytes.
_JXL_EFFORT = 1


def encoder(format: str) -> Encoder:  # noqa: A002 - Pillow's name for it
    """Return what encodes one picture (height, width, channels) at a quality, with a recipe."""
    return _ENCODERS[format]


def encoder_version(format: str, compression: str | None = None) -> str | None:  # noqa: A002
    """Return the package that encodes a format beside gansdk itself, with its version."""
    distribution = "deflate" if compression == "small" else _DISTRIBUTIONS.get(format)
    if distribution is None:
        return None
    try:
        return f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return None


def jxl_distance(quality: int) -> float:
    """Return libjxl's distance for a quality, by the formula of its own `cjxl`.

    0.1 + 0.09 (100 - quality) from 30 on, 53/3000 quality^2 - 23/20 quality + 25 below; 1 is
    about the least difference that is seen.

    Examples
    --------
    >>> round(jxl_distance(90), 6)
    1.0
    """
    if quality >= 30:
        return 0.1 + 0.09 * (100 - quality)
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25


def _jpeg(image: npt.NDArray[Any], quality: int | None, recipe: Recipe | None) -> bytes:
    try:
        from simplejpeg import encode_jpeg
    except ImportError:
        raise _missing("JPEG", "simplejpeg", "images") from None
    grey = image.shape[2] == 1
    content: bytes = encode_jpeg(
        np.ascontiguousarray(image),
        quality=quality,
        colorspace="GRAY" if grey else "RGB",
        # Half the chroma resolution, as Pillow and StyleGAN's tools write it at any quality.
        colorsubsampling="Gray" if grey else "420",
        # From quality 96 on. Below, TurboJPEG takes its fast DCT even so: .15 to .17 dB at 95.
        fastdct=False,
    )
    return content if recipe is None else with_exif(content, exif_block(recipe))


def _webp(image: npt.NDArray[Any], quality: int | None, recipe: Recipe | None) -> bytes:
    try:
        from PIL import Image
    except ImportError:
        raise _missing("WebP", "Pillow", "images") from None
    pixels = image[..., 0] if image.shape[2] == 1 else image
    # exact: WebP else changes the colours of pixels that are fully transparent.
    how: dict[str, Any] = {"lossless": True} if quality is None else {"quality": quality}
    if recipe is not None:
        how["exif"] = exif_block(recipe)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "webp", exact=True, **how)
    return buffer.getvalue()


def _jxl(image: npt.NDArray[Any], quality: int | None, _: Recipe | None) -> bytes:
    try:
        from imagecodecs import jpegxl_encode
    except ImportError:
        raise _missing("JPEG XL", "imagecodecs", "codecs") from None
    pixels = np.ascontiguousarray(image[..., 0] if image.shape[2] == 1 else image)
    # One thread a picture: a batch is spread over the cores picture by picture.
    if quality is None:
        return bytes(jpegxl_encode(pixels, lossless=True, effort=_JXL_EFFORT, numthreads=1))
    distance = jxl_distance(quality)
    return bytes(jpegxl_encode(pixels, lossless=False, distance=distance, numthreads=1))


def _qoi(image: npt.NDArray[Any], _: int | None, __: Recipe | None) -> bytes:
    try:
        from imagecodecs import qoi_encode
    except ImportError:
        raise _missing("QOI", "imagecodecs", "codecs") from None
    return bytes(qoi_encode(np.ascontiguousarray(image)))


def _npy(image: npt.NDArray[Any], _: int | None, __: Recipe | None) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(image), allow_pickle=False)
    return buffer.getvalue()


def _npz(image: npt.NDArray[Any], _: int | None, __: Recipe | None) -> bytes:
    content = _npy(image, None, None)
    # np.savez leaves the time stamp and the system to zipfile, which changed them before.
    member = zipfile.ZipInfo("arr_0.npy", (1980, 1, 1, 0, 0, 0))
    member.create_system = 3
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, content)
    return buffer.getvalue()


def _missing(what: str, package: str, extra: str) -> MissingDependencyError:
    return MissingDependencyError(f"writing {what} needs {package}: pip install 'gansdk[{extra}]'")


_ENCODERS: dict[str, Encoder] = {
    "jpeg": _jpeg,
    "webp": _webp,
    "jxl": _jxl,
    "qoi": _qoi,
    "npy": _npy,
    "npz": _npz,
}
_DISTRIBUTIONS = {
    "jpeg": "simplejpeg",
    "webp": "pillow",
    "jxl": "imagecodecs",
    "qoi": "imagecodecs",
    "npy": "numpy",
    "npz": "numpy",
}
